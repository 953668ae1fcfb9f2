/* SPDX-License-Identifier: MIT */
/*
 * burst HOST PORT COUNT TAG [WORD...]: COUNT requests to a proxy, one after the
 * other, for http://origin.test/TAG/1, .../2 and so on, over connections that
 * are kept. Words change nothing; they make its command line, and so its
 * records, longer. Prints how many answers there were of each kind, which is
 * all that a program under the library may tell from one without it.
 * BURST_ERROR=PATH: that file is at 2 for every request with an odd number, and
 * for the others what was there before, or nothing. BURST_FOLDER=PATH: the
 * folder that it goes to after the first.
 */
#include "tests/fixtures/victim.h"

/* A program may have any file of its own at 2. */
static void change_error(int i, int before)
{
    const char *path = getenv("BURST_ERROR");
    if (!path)
        return;
    close(STDERR_FILENO);
    if (i % 2 == 0 && before >= 0)
        dup2(before, STDERR_FILENO);
    else if (i % 2 && open(path, O_WRONLY | O_CREAT, 0600) != STDERR_FILENO)
        fail("it is not at 2");
}

int main(int argc, char **argv)
{
    static struct answer a;
    char text[1024];
    int refused = 0, other = 0, fd = -1;
    int before = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10);
    const char *folder = getenv("BURST_FOLDER");
    if (argc < 5)
        return 2;
    victim_proxy(argv[1], argv[2]);
    mute(true);
    for (int i = 1; i <= atoi(argv[3]); i++) {
        change_error(i, before);
        if (fd < 0)
            fd = victim_connect();
        int n = snprintf(text, sizeof text,
                         "GET http://origin.test/%s/%d HTTP/1.1\r\n"
                         "Host: origin.test\r\n\r\n",
                         argv[4], i);
        send_all(fd, text, (size_t)n);
        read_answer(fd, &a, "GET");
        if (folder && chdir(folder) != 0)
            fail(folder);
        refused += a.status == 407;
        other += a.status != 407;
        if (!a.keep) {
            close(fd);
            fd = -1;
        }
    }
    printf("%d refused, %d other\n", refused, other);
    return 0;
}
