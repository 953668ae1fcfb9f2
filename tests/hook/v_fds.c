/* SPDX-License-Identifier: MIT */
/*
 * Descriptor numbers that change their meaning while something is known about
 * them. MODE is one of the table at the end.
 */
#include <spawn.h>
#include <sys/mman.h>

#include "tests/fixtures/victim.h"

extern char **environ;

/* A file whose content would be taken for a 407 if it came from a proxy. */
static const char trap[] = "HTTP/1.1 407 Proxy Authentication Required\r\n"
                           "Proxy-Authenticate: Basic realm=\"file\"\r\n"
                           "Content-Length: 0\r\n\r\n";

static int trap_file(void)
{
    int fd = memfd_create("trap", MFD_CLOEXEC);
    if (fd < 0 || write(fd, trap, sizeof trap - 1) != sizeof trap - 1)
        fail("memfd");
    lseek(fd, 0, SEEK_SET);
    return fd;
}

static void check_file(int fd)
{
    char part[512];
    ssize_t k = read(fd, part, sizeof part);
    say("file: %zd bytes, %s", k,
        k == sizeof trap - 1 && memcmp(part, trap, sizeof trap - 1) == 0
            ? "as written"
            : "changed");
    k = write(fd, "CONNECT a:1 HTTP/1.1\r\n\r\n", 24);
    say("file took %zd", k);
}

/* Closed, then a file gets the number, then a connection again. */
static void reuse(void)
{
    for (int i = 0; i < 3; i++) {
        int fd = victim_connect();
        if (i != 1)
            do_get(fd, "/bytes/3000");
        close(fd);
        int file = trap_file();
        say("same number: %d", file == fd);
        check_file(file);
        close(file);
    }
}

/* A request is on its way when the number changes its meaning. */
static void reuse_early(void)
{
    int fd = victim_connect();
    send_get(fd, "/bytes/3000");
    close(fd);
    int file = trap_file();
    say("same number: %d", file == fd);
    check_file(file);
    close(file);
    fd = victim_connect();
    do_get(fd, "/bytes/3000");
    close(fd);
}

/* dup2() and dup3() put a file over a connection, and the other way round. */
static void dup2_over(void)
{
    int fd = victim_connect(), file = trap_file();
    say("dup2 %d", dup2(file, fd) == fd);
    check_file(fd);
    int other = victim_connect();
    say("dup3 %d", dup3(other, fd, O_CLOEXEC) == fd);
    close(other);
    do_get(fd, "/bytes/3000");
    say("dup2 on itself %d", dup2(fd, fd) == fd);
    close(fd);
    close(file);
}

/* The request goes through one number, the answer through another. */
static void dup_read(void)
{
    static struct answer a;
    int fd = victim_connect(), copy = dup(fd);
    send_get(fd, "/bytes/3000");
    read_answer(copy, &a, "GET");
    if (!a.keep) {
        close(copy);
        close(fd);
        fd = victim_connect();
        copy = fcntl(fd, F_DUPFD_CLOEXEC, 50);
    }
    send_get(copy, "/bytes/4000");
    read_answer(fd, &a, "GET");
    close(fd);
    if (a.keep)
        do_get(copy, "/bytes/5000");
    else
        say("closed by the proxy");
    close(copy);
}

/* The original is closed while its copy lives on with the exchange. */
static void dup_close(void)
{
    static struct answer a;
    int fd = victim_connect();
    send_get(fd, "/bytes/3000");
    int copy = fcntl(fd, F_DUPFD, 100);
    close(fd);
    int file = trap_file();
    check_file(file);
    read_answer(copy, &a, "GET");
    close(copy);
    close(file);
}

/* The child of a fork makes the whole request, then the parent another. */
static void fork_child(void)
{
    int fd = victim_connect();
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        do_get(fd, "/bytes/3000");
        _exit(0);
    }
    close(fd);
    say_end("child", pid);
    fd = victim_connect();
    do_get(fd, "/bytes/4000");
    close(fd);
}

/* The parent writes the request, the child reads the answer. */
static void fork_reader(void)
{
    static struct answer a;
    int fd = victim_connect();
    send_get(fd, "/bytes/3000");
    pid_t pid = fork();
    if (pid == 0) {
        read_answer(fd, &a, "GET");
        _exit(0);
    }
    say_end("child", pid);
    close(fd);
}

/* Children that connect by themselves, three at once. */
static void fork_many(void)
{
    for (int i = 0; i < 3; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            get_anew((void *)"/bytes/3000");
            _exit(0);
        }
        say_end("child", pid);
    }
}

/*
 * A spawned child shares this process's memory until it execs. It is told to
 * close, and to put something else in place of, a connection in use.
 */
static void spawn_meanwhile(void)
{
    static struct answer a;
    char name[] = "true";
    pid_t pid;
    posix_spawn_file_actions_t acts;
    int fd = victim_connect(), null = open("/dev/null", O_RDWR | O_CLOEXEC);
    send_get(fd, "/bytes/3000");
    posix_spawn_file_actions_init(&acts);
    posix_spawn_file_actions_addclose(&acts, fd);
    posix_spawn_file_actions_adddup2(&acts, null, fd);
    errno = posix_spawn(&pid, "/bin/true", &acts, NULL, (char *[]){name, NULL},
                        environ);
    if (errno)
        fail("posix_spawn");
    say_end("child", pid);
    pid = vfork();
    if (pid == 0) {
        close(fd);
        execl("/bin/true", "true", (char *)NULL);
        _exit(127);
    }
    say_end("child", pid);
    read_answer(fd, &a, "GET");
    posix_spawn_file_actions_destroy(&acts);
    close(null);
    close(fd);
}

/* All connections are closed by ranges, as daemons do. */
static void ranges(void)
{
    for (int i = 0; i < 3; i++) {
        int fd = victim_connect();
        send_get(fd, "/bytes/3000");
        if (i == 0)
            close_range((unsigned)fd, ~0u, 0);
        else if (i == 1)
            closefrom(fd);
        else
            close(fd);
        int file = trap_file();
        say("same number: %d", file == fd);
        check_file(file);
        close(file);
    }
    int fd = victim_connect();
    do_get(fd, "/bytes/3000");
    close(fd);
}

VICTIM_MODES({"reuse", reuse}, {"reuse-early", reuse_early},
             {"dup2", dup2_over}, {"dup-read", dup_read},
             {"dup-close", dup_close}, {"fork-child", fork_child},
             {"fork-reader", fork_reader}, {"fork-many", fork_many},
             {"spawn", spawn_meanwhile}, {"ranges", ranges})
