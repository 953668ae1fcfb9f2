/* SPDX-License-Identifier: MIT */
/*
 * What goes on around a call that waits. MODE is CALL:ACTION. The proxy writes
 * "waiting" into its log when it stands still in the middle of the exchange.
 *
 * CALL: get (a GET, and recv), post (a whole POST, and recv), body (send() of a
 * body after its head was refused), head (send() of a head of 60 KB, after a
 * request that was let in), full (send() of a body that nobody reads), settle
 * (sendmsg() that hands the connection on).
 *
 * ACTION, in the main thread while another one is in the call: close, dup2,
 * shutdown, fork, other (a request on another connection), alarm (a signal for
 * the waiting thread). By the call's own thread: limit (SO_RCVTIMEO and
 * SO_SNDTIMEO of 1 s), eintr (ITIMER_REAL without SA_RESTART), jump (its
 * handler leaves the call for good, and the answer is polled for).
 */
#include <netinet/tcp.h>
#include <setjmp.h>

#include "tests/fixtures/victim.h"

#define LIMIT_S 1.0
#define HEAD_N  60000
#define BODY_N  (8u << 20)

static int fd = -1, other = -1;
static const char *call_name;
static char *bytes; /* of a long head, or a body */

/* ---- the call ---- */

static ssize_t result;
static int error;
static double began, ended;
static atomic_bool over;

static void ask_other(const char *path)
{
    mute(true);
    do_get(other, path);
    mute(false);
}

/* Everything that comes before the call that is to wait. */
static void prepare(void)
{
    char rq[REQUEST_MAX];
    bytes = malloc(BODY_N);
    if (!bytes)
        fail("malloc");
    memset(bytes, 'x', BODY_N);
    if (strcmp(call_name, "get") == 0 || strcmp(call_name, "settle") == 0)
        send_get(fd, "/wait");
    else if (strcmp(call_name, "head") == 0)
        ask_other("/login");
    else
        send_all(fd, rq,
                 make_request("POST", "/wait",
                              strcmp(call_name, "full") == 0
                                  ? "Content-Length: 8388608\r\n"
                                  : "Content-Length: 300000\r\n",
                              rq));
    if (strcmp(call_name, "body") == 0) {
        await_log("refused");
        usleep(50000); /* it is here as well */
    } else if (strcmp(call_name, "post") == 0) {
        send_all(fd, bytes, 300000);
    }
}

static ssize_t send_long_head(void)
{
    int n = snprintf(bytes, HEAD_N,
                     "GET http://%s/wait HTTP/1.1\r\nX: ", victim.authority);
    bytes[n] = 'x';
    memcpy(bytes + HEAD_N - 4, "\r\n\r\n", 4);
    return send(fd, bytes, HEAD_N, MSG_NOSIGNAL);
}

static ssize_t hand_on(void)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
        fail("socketpair");
    return send_right(pair[0], fd, 1);
}

static void make_call(void)
{
    began = seconds();
    if (strcmp(call_name, "head") == 0)
        result = send_long_head();
    else if (strcmp(call_name, "body") == 0)
        result = send(fd, bytes, 6000, MSG_NOSIGNAL);
    else if (strcmp(call_name, "full") == 0)
        result = send(fd, bytes, BODY_N, MSG_NOSIGNAL);
    else if (strcmp(call_name, "settle") == 0)
        result = hand_on();
    else
        result = recv(fd, bytes, 1, 0);
    error = errno;
    ended = seconds();
    over = true;
}

static void *caller(void *arg)
{
    (void)arg;
    prepare();
    make_call();
    return NULL;
}

static void say_result(void)
{
    if (result >= 0)
        say("the call: some bytes");
    else
        say("the call: %s", errno_name(error));
}

/* ---- what others do meanwhile ---- */

static void say_time(const char *what, double took)
{
    const char *prompt = getenv("WAITS_PROMPT");
    if (took <= (prompt ? atof(prompt) : 0.3))
        say("%s: at once", what);
    else
        say("%s: held up for %.1f s", what, took);
}

static void fork_and_wait(void)
{
    int status = -1;
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
        say("fork: status %d", status);
}

static _Atomic double handled;

static void on_alarm(int s)
{
    (void)s;
    if (!(handled > 0))
        handled = seconds();
}

static void disturb(pthread_t t)
{
    double start = seconds();
    pthread_kill(t, SIGALRM);
    while (!(handled > 0) && seconds() - start < 4)
        usleep(1000);
    say_time("the handler", (handled > 0 ? handled : seconds()) - start);
}

/* The call of a thread whose connection is gone is over in time, too. */
static void see_it_end(pthread_t t, double timeout_s)
{
    struct timespec until;
    double start = seconds();
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += (time_t)timeout_s + 1;
    if (pthread_timedjoin_np(t, NULL, &until) == 0)
        say("the call: over");
    else
        say("the call: goes on after %.1f s", seconds() - start);
}

static void act(const char *action, pthread_t t)
{
    double start = seconds();
    if (strcmp(action, "fork") == 0) {
        fork_and_wait();
    } else if (strcmp(action, "other") == 0) {
        ask_other("/other");
    } else if (strcmp(action, "dup2") == 0) {
        dup2(STDIN_FILENO, fd);
    } else if (strcmp(action, "shutdown") == 0) {
        shutdown(fd, SHUT_RDWR);
    } else if (strcmp(action, "alarm") == 0) {
        disturb(t);
        return;
    } else {
        close(fd);
    }
    say_time(action, seconds() - start);
}

static void beside(const char *action)
{
    const char *timeout = getenv("WAITS_END");
    struct sigaction sa = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
    pthread_t t;
    sigaction(SIGALRM, &sa, NULL);
    if (pthread_create(&t, NULL, caller, NULL) != 0)
        fail("pthread_create");
    await_log("waiting");
    usleep(150000); /* until it sits there */
    if (over)
        say("the call did not wait");
    act(action, t);
    if (*timeout && strcmp(action, "close") == 0)
        see_it_end(t, atof(timeout));
}

/* ---- by the thread itself ---- */

static void limited(void)
{
    struct timeval limit = {(time_t)LIMIT_S, 0};
    prepare();
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    make_call();
    double took = ended - began;
    if (took < LIMIT_S - 0.1)
        say("limit: %.2f s early", LIMIT_S - took);
    else if (took > LIMIT_S + 0.5)
        say("limit: %.1f s too late", took - LIMIT_S);
    else
        say("limit: kept");
    say_result();
}

static void interrupted(void)
{
    struct itimerval often = {{0, 200000}, {0, 700000}}, never = {0};
    struct sigaction sa = {.sa_handler = on_alarm};
    prepare();
    sigaction(SIGALRM, &sa, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    make_call();
    setitimer(ITIMER_REAL, &never, NULL);
    if (handled > 0)
        say_time("interrupted", ended - handled);
    else
        say("the call did not wait");
    say_result();
}

static sigjmp_buf out_of_call;

static void jump_out(int s)
{
    (void)s;
    siglongjmp(out_of_call, 1);
}

static void jumped(void)
{
    struct itimerval soon = {.it_value.tv_usec = 300000};
    struct pollfd pfd = {.fd = fd, .events = POLLIN};
    prepare();
    signal(SIGALRM, jump_out);
    if (!sigsetjmp(out_of_call, 1)) {
        setitimer(ITIMER_REAL, &soon, NULL);
        make_call();
    }
    say("then: %s", poll(&pfd, 1, 9000) == 1 ? "an answer" : "nothing");
}

/* Little of what is written and not read fits into the socket. */
static void make_small(int s)
{
    bool head = strcmp(call_name, "head") == 0;
    int room = head ? 4096 : 16384, segment = 1000;
    setsockopt(s, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    if (head)
        setsockopt(s, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof segment);
}

/* ThreadSanitizer: to close what another thread reads is meant here, and that
   thread may not end. */
__attribute__((visibility("default"))) const char *
__tsan_default_suppressions(void);
__attribute__((visibility("default"))) const char *__tsan_default_options(void);

const char *__tsan_default_suppressions(void)
{
    return "race:^act$\n";
}

const char *__tsan_default_options(void)
{
    return "report_thread_leaks=0";
}

int main(int argc, char **argv)
{
    victim_args(argc, argv);
    char *action = strchr(argv[4], ':');
    if (!action)
        return 2;
    *action++ = 0;
    call_name = victim.mode;
    other = victim_connect();
    fd = victim_socket(0);
    make_small(fd);
    victim_join(fd);
    if (strcmp(action, "limit") == 0)
        limited();
    else if (strcmp(action, "eintr") == 0)
        interrupted();
    else if (strcmp(action, "jump") == 0)
        jumped();
    else
        beside(action);
    say("done");
    _exit(0); /* a thread may be in its call for ever */
}
