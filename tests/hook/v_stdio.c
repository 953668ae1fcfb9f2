/* SPDX-License-Identifier: MIT */
/*
 * stdio over the socket, as busybox wget does it. libc's streams call none of
 * the names that a preloaded library can hook. MODE: one stream for both
 * directions ("r+"), or pair: one for each, over a dup.
 */

#include "tests/fixtures/victim.h"

int main(int argc, char **argv)
{
    static struct answer a;
    char rq[REQUEST_MAX], part[512];
    victim_args(argc, argv);
    int fd = victim_connect();
    bool pair = in_mode("pair");
    FILE *out = fdopen(pair ? dup(fd) : fd, pair ? "w" : "r+");
    FILE *in = pair ? fdopen(fd, "r") : out;
    if (!in || !out)
        fail("fdopen");
    say("fileno %s", fileno(in) == fd ? "as given" : "changed");
    size_t n = make_get("/bytes/20000", rq);
    if (fwrite(rq, 1, n, out) != n || fflush(out) != 0)
        fail("fwrite");
    answer_start(&a, "GET");
    while (!a.head_done && fgets(part, sizeof part, in))
        answer_feed(&a, part, strlen(part));
    while (!a.done && !feof(in)) {
        size_t room = answer_room(&a, sizeof part);
        answer_feed(&a, part, fread(part, 1, room, in));
    }
    answer_end(&a);
    if (ferror(in))
        say("stream error");
    if (pair)
        fclose(out);
    say("fclose %d", fclose(in));
    say("closed: %d", close(fd) < 0);
    return 0;
}
