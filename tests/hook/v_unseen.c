/* SPDX-License-Identifier: MIT */
/*
 * A tunnel is opened in a way that the library does not see, or sees in part.
 * Then a request in absolute form goes through it to an origin that asks for a
 * login: nothing in there is the proxy's. Or the socket is taken apart and
 * connected to the origin ("move"). MODE: one of the table at the end,
 * and with "+known" the program has logged in on another connection before, so
 * that a header would go along unasked. Without, it gives its own credential
 * to the proxy where it opens the tunnel; with "+open" the proxy wants none.
 */
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "victim.h"

static const struct victim *the;
static bool known, open_to_all;
static struct answer answer;

/* With a credential of its own where the library adds none. */
static size_t connect_head(bool own, char out[REQUEST_MAX])
{
    if (!own || open_to_all)
        return make_connect(the, out);
    return (size_t)snprintf(out, REQUEST_MAX,
                            "CONNECT %s HTTP/1.1\r\nHost: %s\r\n"
                            "Proxy-Authorization: Basic %s\r\n\r\n",
                            the->authority, the->authority,
                            getenv("VICTIM_BASIC"));
}

static ssize_t by_recv(int fd, char *byte)
{
    return recv(fd, byte, 1, 0);
}

static ssize_t by_raw_read(int fd, char *byte)
{
    return syscall(SYS_read, fd, byte, 1);
}

static ssize_t by_recv_urgent(int fd, char *byte)
{
    struct pollfd p = {.fd = fd, .events = POLLPRI};
    bool last = answer.head_len >= 3 &&
                memcmp(answer.head + answer.head_len - 3, "\r\n\r", 3) == 0;
    if (!last)
        return recv(fd, byte, 1, 0);
    return poll(&p, 1, 5000) == 1 ? recv(fd, byte, 1, MSG_OOB) : -1;
}

/* Reads the answer to CONNECT a byte at a time, so that none is lost. */
static void read_200(int fd, ssize_t (*call)(int fd, char *byte))
{
    char c;
    answer_start(&answer, "CONNECT");
    while (!answer.done) {
        ssize_t k = call(fd, &c);
        if (k < 0)
            fail("read");
        if (k == 0)
            answer_end(&answer);
        else
            answer_feed(&answer, &c, 1);
    }
    if (answer.status / 100 != 2)
        exit(1);
}

/* The origin's answer to both is 407; to a leak it would be 500. */
static void use(int fd)
{
    do_get(the, fd, "/407");
    do_get(the, fd, "/407");
    close(fd);
}

static int ask(bool own)
{
    char rq[REQUEST_MAX];
    int fd = victim_connect(the);
    send_all(fd, rq, connect_head(own, rq));
    return fd;
}

static int ask_raw(void)
{
    char rq[REQUEST_MAX];
    int fd = victim_connect(the);
    size_t n = connect_head(true, rq), half = n / 2;
    if (syscall(SYS_sendto, fd, rq, half, MSG_NOSIGNAL, NULL, 0) !=
            (long)half ||
        syscall(SYS_write, fd, rq + half, n - half) != (long)(n - half))
        fail("raw send");
    return fd;
}

/* As use(), but the request is written past the library. */
static void use_unseen(int fd)
{
    char rq[REQUEST_MAX];
    size_t n = make_get(the, "/407", rq);
    for (int i = 0; i < 2; i++) {
        if (syscall(SYS_write, fd, rq, n) != (long)n)
            fail("raw write");
        read_answer(fd, &answer, "GET");
    }
    close(fd);
}

/* ---- one process ---- */

static void raw(void)
{
    int fd = ask_raw();
    read_200(fd, by_raw_read);
    use(fd);
}

static void raw_write(void)
{
    int fd = ask_raw();
    read_200(fd, by_recv);
    use(fd);
}

static void raw_read(void)
{
    int fd = ask(!known);
    read_200(fd, by_raw_read);
    use(fd);
}

/* Of all this the library sees CONNECT and the origin's 407. */
static void raw_inside(void)
{
    int fd = ask(!known);
    read_200(fd, by_raw_read);
    use_unseen(fd);
}

/* Whole for the proxy, which leaves the urgent byte aside; and the library is
   not concerned with calls that send one. */
static void urgent_out(void)
{
    char rq[REQUEST_MAX];
    int fd = victim_connect(the);
    size_t n = connect_head(true, rq);
    rq[n++] = '!';
    if (send(fd, rq, n, MSG_OOB | MSG_NOSIGNAL) != (ssize_t)n)
        fail("send");
    read_200(fd, by_raw_read);
    use(fd);
}

static void urgent_in(void)
{
    int fd = ask(!known);
    read_200(fd, by_recv_urgent);
    use(fd);
}

/* lynx and ruby ask in this way whether a connection is there. */
static void connect_again(void)
{
    int fd = ask(!known);
    read_200(fd, by_recv);
    int rc = connect(fd, (const void *)&the->addr, the->addr_len);
    say("connect: %d %s", rc, rc < 0 ? errno_name(errno) : "");
    use(fd);
}

/* The same socket, connected to the origin itself. */
static void move(int fd)
{
    struct addrinfo *to,
        hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
    struct sockaddr none = {.sa_family = AF_UNSPEC};
    const char *colon = strrchr(the->authority, ':');
    char host[64] = "";
    memcpy(host, the->authority, (size_t)(colon - the->authority));
    if (getaddrinfo(host, colon + 1, &hints, &to) != 0)
        exit(2);
    if (syscall(SYS_connect, fd, &none, sizeof none) != 0 ||
        syscall(SYS_connect, fd, to->ai_addr, to->ai_addrlen) != 0)
        fail("connect");
    freeaddrinfo(to);
}

static void moved(void)
{
    int fd = victim_connect(the);
    do_get(the, fd, "/bytes/4000");
    move(fd);
    use(fd);
}

static void moved_fresh(void)
{
    int fd = victim_connect(the);
    move(fd);
    use(fd);
}

/* ---- two processes ---- */

static void wait_child(pid_t pid)
{
    int status;
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        fail("waitpid");
    say("child: %#x", (unsigned)status);
}

static void child_opens(void)
{
    char rq[REQUEST_MAX];
    int fd = victim_connect(the);
    pid_t pid = fork();
    if (pid == 0) {
        send_all(fd, rq, connect_head(!known, rq));
        read_200(fd, by_recv);
        _exit(0);
    }
    wait_child(pid);
    use(fd);
}

static void child_moves(void)
{
    int fd = victim_connect(the);
    pid_t pid = fork();
    if (pid == 0) {
        move(fd);
        _exit(0);
    }
    wait_child(pid);
    use(fd);
}

static void child_reads(void)
{
    int fd = ask(!known);
    pid_t pid = fork();
    if (pid == 0) {
        read_200(fd, by_recv);
        _exit(0);
    }
    wait_child(pid);
    use(fd);
}

/* The parent reads what a request of the child's was answered. */
static void child_asks(void)
{
    char rq[REQUEST_MAX];
    int fd = ask(!known);
    pid_t pid = fork();
    if (pid == 0) {
        read_200(fd, by_recv);
        send_all(fd, rq, make_get(the, "/407", rq));
        _exit(0);
    }
    wait_child(pid);
    read_answer(fd, &answer, "GET");
    use(fd);
}

/* A worker that has connected somewhere before, and is then given something.
   Returns the socket for it. */
static int start_worker(void (*work)(int fd), pid_t *pid)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
        fail("socketpair");
    *pid = fork();
    if (*pid == 0) {
        int fd = victim_connect(the);
        close(pair[0]);
        if (known)
            do_get(the, fd, "/bytes/3000");
        close(fd);
        if (write(pair[1], "", 1) != 1)
            fail("write");
        work(take_right(pair[1]));
        exit(0);
    }
    char ready;
    close(pair[1]);
    if (read(pair[0], &ready, 1) != 1)
        fail("the worker");
    return pair[0];
}

static void hand(void (*work)(int fd), int (*open)(void))
{
    pid_t pid;
    int to = start_worker(work, &pid), fd = open();
    send_right(to, fd);
    close(fd);
    wait_child(pid);
}

static int open_tunnel(void)
{
    int fd = ask(true);
    read_200(fd, by_recv);
    return fd;
}

/* Its 407 is not read yet: that is seen to before it is handed over. */
static int open_half(void)
{
    return ask(false);
}

static int open_fresh(void)
{
    return victim_connect(the);
}

static int open_used(void)
{
    int fd = victim_connect(the);
    do_get(the, fd, "/bytes/3000");
    return fd;
}

static void read_and_use(int fd)
{
    read_200(fd, by_recv);
    use(fd);
}

static void get_through_it(int fd)
{
    do_get(the, fd, "/bytes/4000");
    close(fd);
}

static void handed(void)
{
    hand(use, open_tunnel);
}

static void handed_half(void)
{
    hand(read_and_use, open_half);
}

static void handed_fresh(void)
{
    hand(get_through_it, open_fresh);
}

static void handed_used(void)
{
    hand(get_through_it, open_used);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*call)(void);
        bool hands; /* the worker is the one that logs in before */
    } modes[] = {{"raw", raw, false},
                 {"raw-write", raw_write, false},
                 {"raw-read", raw_read, false},
                 {"raw-inside", raw_inside, false},
                 {"urgent-out", urgent_out, false},
                 {"urgent-in", urgent_in, false},
                 {"again", connect_again, false},
                 {"moved", moved, false},
                 {"moved-fresh", moved_fresh, false},
                 {"child-moves", child_moves, false},
                 {"child-opens", child_opens, false},
                 {"child-reads", child_reads, false},
                 {"child-asks", child_asks, false},
                 {"handed", handed, true},
                 {"handed-half", handed_half, true},
                 {"handed-fresh", handed_fresh, true},
                 {"handed-used", handed_used, true}};
    static struct victim v;
    victim_args(&v, argc, argv);
    the = &v;
    size_t n = strcspn(v.mode, "+");
    known = strcmp(v.mode + n, "+known") == 0;
    open_to_all = strcmp(v.mode + n, "+open") == 0;
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        if (strlen(modes[i].name) != n || strncmp(modes[i].name, v.mode, n))
            continue;
        if (known && !modes[i].hands) {
            int fd = victim_connect(&v);
            do_get(&v, fd, "/bytes/3000");
            close(fd);
        }
        modes[i].call();
        say("done");
        return 0;
    }
    return 2;
}
