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

#include "tests/fixtures/victim.h"

static bool known, open_to_all, answer_to_child;
static struct answer answer;

/* With a credential of its own where the library adds none. */
static size_t connect_head(bool own, char out[REQUEST_MAX])
{
    if (!own || open_to_all)
        return make_connect(out);
    return (size_t)snprintf(out, REQUEST_MAX,
                            "CONNECT %s HTTP/1.1\r\nHost: %s\r\n"
                            "Proxy-Authorization: Basic %s\r\n\r\n",
                            victim.authority, victim.authority,
                            getenv("VICTIM_BASIC"));
}

static ssize_t by_raw_read(int fd, char *p, size_t n)
{
    (void)n;
    return syscall(SYS_read, fd, p, 1);
}

static ssize_t by_recv_urgent(int fd, char *p, size_t n)
{
    struct pollfd pfd = {.fd = fd, .events = POLLPRI};
    bool last = answer.head_len >= 3 &&
                memcmp(answer.head + answer.head_len - 3, "\r\n\r", 3) == 0;
    if (!last)
        return by_byte(fd, p, n);
    return poll(&pfd, 1, 5000) == 1 ? recv(fd, p, 1, MSG_OOB) : -1;
}

static void read_200(int fd, ssize_t (*call)(int fd, char *p, size_t n))
{
    read_answer_by(fd, &answer, "CONNECT", call);
    if (answer.status / 100 != 2)
        exit(1);
}

/* The origin's answer to both is 407; to a leak it would be 500. */
static void use(int fd)
{
    if (answer_to_child)
        read_answer(fd, &answer, "GET");
    do_get(fd, "/407");
    do_get(fd, "/407");
    close(fd);
}

static int ask(bool own)
{
    char rq[REQUEST_MAX];
    int fd = victim_connect();
    send_all(fd, rq, connect_head(own, rq));
    return fd;
}

static int ask_raw(void)
{
    char rq[REQUEST_MAX];
    int fd = victim_connect();
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
    size_t n = make_get("/407", rq);
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
    read_200(fd, by_byte);
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
    int fd = victim_connect();
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
    read_200(fd, by_byte);
    int rc = connect(fd, (const void *)&victim.addr, victim.addr_len);
    say("connect: %d %s", rc, rc < 0 ? errno_name(errno) : "");
    use(fd);
}

/* The same socket, connected to the origin itself. */
static void move(int fd)
{
    struct sockaddr none = {.sa_family = AF_UNSPEC};
    struct sockaddr_in to;
    direct_address(victim.authority, &to);
    if (syscall(SYS_connect, fd, &none, sizeof none) != 0 ||
        syscall(SYS_connect, fd, &to, sizeof to) != 0)
        fail("connect");
}

static void moved(void)
{
    int fd = victim_connect();
    do_get(fd, "/bytes/4000");
    move(fd);
    use(fd);
}

static void moved_fresh(void)
{
    int fd = victim_connect();
    move(fd);
    use(fd);
}

/* ---- two processes ---- */

/* Forks, waits for what the child does with fd, and uses it then. */
static void after_child(int fd, void (*call)(int fd))
{
    pid_t pid = fork();
    if (pid == 0) {
        call(fd);
        _exit(0);
    }
    say_end("child", pid);
    use(fd);
}

static void read_it(int fd)
{
    read_200(fd, by_byte);
}

static void open_it(int fd)
{
    char rq[REQUEST_MAX];
    send_all(fd, rq, connect_head(!known, rq));
    read_it(fd);
}

static void read_and_ask(int fd)
{
    read_it(fd);
    send_get(fd, "/407");
}

static void child_opens(void)
{
    after_child(victim_connect(), open_it);
}

static void child_moves(void)
{
    after_child(victim_connect(), move);
}

static void child_reads(void)
{
    after_child(ask(!known), read_it);
}

/* The parent reads what a request of the child's was answered. */
static void child_asks(void)
{
    answer_to_child = true;
    after_child(ask(!known), read_and_ask);
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
        close(pair[0]);
        if (known)
            get_anew((void *)"/bytes/3000");
        else
            close(victim_connect());
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
    if (send_right(to, fd, 1) != 1)
        fail("sendmsg");
    close(fd);
    say_end("child", pid);
}

static int open_tunnel(void)
{
    int fd = ask(true);
    read_200(fd, by_byte);
    return fd;
}

/* Its 407 is not read yet: that is seen to before it is handed over. */
static int open_half(void)
{
    return ask(false);
}

static int open_fresh(void)
{
    return victim_connect();
}

static int open_used(void)
{
    int fd = victim_connect();
    do_get(fd, "/bytes/3000");
    return fd;
}

static void read_and_use(int fd)
{
    read_200(fd, by_byte);
    use(fd);
}

static void get_through_it(int fd)
{
    do_get(fd, "/bytes/4000");
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

/* The worker that is handed something is the one that logs in before. */
static void log_in(void)
{
    if (known && strncmp(victim.mode, "handed", 6) != 0)
        get_anew((void *)"/bytes/3000");
}

int main(int argc, char **argv)
{
    static const struct victim_mode modes[] = {{"raw", raw},
                                               {"raw-write", raw_write},
                                               {"raw-read", raw_read},
                                               {"raw-inside", raw_inside},
                                               {"urgent-out", urgent_out},
                                               {"urgent-in", urgent_in},
                                               {"again", connect_again},
                                               {"moved", moved},
                                               {"moved-fresh", moved_fresh},
                                               {"child-moves", child_moves},
                                               {"child-opens", child_opens},
                                               {"child-reads", child_reads},
                                               {"child-asks", child_asks},
                                               {"handed", handed},
                                               {"handed-half", handed_half},
                                               {"handed-fresh", handed_fresh},
                                               {"handed-used", handed_used}};
    victim_args(argc, argv);
    char *more = strchr(victim.mode, '+');
    if (more) {
        known = strcmp(more, "+known") == 0;
        open_to_all = !known;
        *more = 0;
    }
    log_in();
    return run_mode(victim.mode, modes, sizeof modes / sizeof *modes);
}
