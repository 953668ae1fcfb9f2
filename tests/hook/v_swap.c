/* SPDX-License-Identifier: MIT */
/*
 * The number of a connection to the proxy becomes another socket's while a
 * call on it is under way. MODE: WHEN:HOW or WHEN:HOW:silent.
 *
 * WHEN: asleep (in recv(), before the proxy has answered), helper (while the
 * library runs a credential helper), apart, again, anew (with lib_slowagain.c:
 * when it is about to take the connection apart, to make it again, or to make a
 * new one because the old one can't be taken apart). Without the library it is
 * always in recv().
 * HOW: one of the table at the end.
 *
 * What the number leads to then is a stranger, who has asked for a login
 * already (silent: who says nothing). It must get what the program writes to
 * it and nothing else, and the program must get all that it has sent. Of the
 * call that was under way only the time is prescribed.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <sys/stat.h>

#include "tests/fixtures/victim.h"

#define HELPER_S 2 /* how long the helper takes */
#define LIMIT_S  5 /* for the call, once its socket is lost */

static const char challenge[] =
    "HTTP/1.1 407 Stranger\r\n"
    "Proxy-Authenticate: Basic realm=\"stranger\"\r\n"
    "Content-Length: 9\r\nConnection: keep-alive\r\n\r\nstranger\n";
static const char mark[] = "the program's own bytes\n";

static int fd = -1; /* the number in question */
static FILE *stream;
static int listener, theirs = -1, ours = -1;
static size_t told; /* bytes that the stranger says: all, or none */
static struct sockaddr_in place;
static bool helped;
static int stage; /* of lib_slowagain.c; 0: not to be waited for */

static pthread_t reader;
static atomic_int reader_id;
static char got[4096];
static ssize_t got_n;
static atomic_bool reader_ended;

/* How many times longer things take on this machine now (the harness). */
static double busy(void)
{
    const char *factor = getenv("VICTIM_FACTOR");
    return factor ? atof(factor) : 1;
}

/* ---- the stranger: bare system calls, of no concern to any hook ---- */

static void stranger_speaks(void)
{
    if (syscall(SYS_sendto, theirs, challenge, told, 0, NULL, 0) != (long)told)
        fail("the stranger's send");
}

/* It connects, and has said its piece before it is accepted. */
static void stranger_listens(void)
{
    socklen_t n = sizeof place;
    place = (struct sockaddr_in){.sin_family = AF_INET};
    place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (void *)&place, n) || listen(listener, 4) ||
        getsockname(listener, (void *)&place, &n))
        fail("listener");
}

static void stranger_comes(void)
{
    theirs = socket(AF_INET, SOCK_STREAM, 0);
    if (syscall(SYS_connect, theirs, &place, sizeof place) < 0)
        fail("the stranger's connect");
    stranger_speaks();
}

static void check_stranger(void)
{
    char all[8192];
    size_t n = 0;
    struct pollfd p = {.fd = theirs, .events = POLLIN};
    if (send(fd, mark, sizeof mark - 1, MSG_NOSIGNAL) < 0)
        say("  send: %s", errno_name(errno));
    while (n < sizeof all &&
           poll(&p, 1, n < sizeof mark - 1 ? 1000 : 100) > 0) {
        long k = syscall(SYS_recvfrom, theirs, all + n, sizeof all - n, 0, NULL,
                         NULL);
        if (k <= 0) {
            say("  it has lost its connection");
            break;
        }
        n += (size_t)k;
    }
    if (n == sizeof mark - 1 && memcmp(all, mark, n) == 0)
        say("  it got what the program wrote");
    else
        say("  it got %zu bytes that are not the program's, %s", n,
            memmem(all, n, "Proxy-Authorization", 19)
                ? "A CREDENTIAL AMONG THEM"
                : "no credential");
}

/* What the call that was under way has read of it counts as well. */
static void check_bytes(void)
{
    char all[sizeof challenge];
    size_t n = 0;
    struct pollfd p = {.fd = fd, .events = POLLIN};
    if (got_n > 0 && (size_t)got_n <= told &&
        memcmp(got, challenge, (size_t)got_n) == 0)
        memcpy(all, got, n = (size_t)got_n);
    while (n < told && poll(&p, 1, 1000) > 0) {
        ssize_t k = recv(fd, all + n, sizeof all - n, 0);
        if (k <= 0)
            break;
        n += (size_t)k;
    }
    if (n == told && memcmp(all, challenge, n) == 0)
        say("  all of its bytes were read");
    else
        say("  of its %zu bytes %zu were read", told, n);
}

/* ---- how the number is taken; each returns who has it then ---- */

static int take_accept(void)
{
    return accept4(listener, NULL, NULL, SOCK_CLOEXEC);
}

static int by_connecting(void)
{
    close(fd);
    int s = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(s, (void *)&place, sizeof place) < 0)
        fail("connect");
    theirs = accept(listener, NULL, NULL);
    stranger_speaks();
    return s;
}

/* In the thread whose call it is. */
static volatile sig_atomic_t handled = -1;

static void on_signal(int s)
{
    int saved = errno;
    (void)s;
    close(fd);
    handled = take_accept();
    errno = saved;
}

static int by_signal(int flags)
{
    struct sigaction sa = {.sa_handler = on_signal, .sa_flags = flags};
    sigaction(SIGUSR1, &sa, NULL);
    pthread_kill(reader, SIGUSR1);
    for (double start = seconds();
         handled < 0 && seconds() - start < LIMIT_S * busy();)
        usleep(1000);
    return handled;
}

/* Of those from DUP2 on the stranger has been accepted before, and from SOCKET
   on it comes later. */
enum how {
    FCLOSE,
    RAW_CLOSE,
    CLOSE,
    CLOSE_RANGE,
    SIGNAL,
    SIGNAL_RESTART,
    DUP2,
    DUP3,
    RAW_DUP3,
    DUPFD,
    SOCKET,
    OPEN,
    HOWS
};
static const char *const names[HOWS] = {
    "fclose",   "raw-close",      "accept", "close-range",
    "signal",   "signal-restart", "dup2",   "dup3",
    "raw-dup3", "dupfd",          "socket", "open"};

/* Returns who has the number then. */
static int take_number(enum how how)
{
    switch (how) {
    case FCLOSE:
        fclose(stream);
        return take_accept();
    case RAW_CLOSE:
        syscall(SYS_close, fd);
        return take_accept();
    case CLOSE_RANGE:
        close_range((unsigned)fd, (unsigned)fd, 0);
        return take_accept();
    case SIGNAL:
        return by_signal(0);
    case SIGNAL_RESTART:
        return by_signal(SA_RESTART);
    case DUP2:
        return dup2(ours, fd);
    case DUP3:
        return dup3(ours, fd, O_CLOEXEC);
    case RAW_DUP3:
        return (int)syscall(SYS_dup3, ours, fd, 0);
    case DUPFD:
        close(fd);
        return fcntl(ours, F_DUPFD, fd);
    case SOCKET:
        return by_connecting();
    case OPEN:
        close(fd);
        return open("taken", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    default:
        close(fd);
        return take_accept();
    }
}

/* ---- the call that is under way ---- */

static void *ask_and_read(void *arg)
{
    (void)arg;
    send_get(fd, "/bytes/3000");
    atomic_store(&reader_id, gettid());
    got_n = recv(fd, got, sizeof got, 0);
    atomic_store(&reader_ended, true);
    return NULL;
}

/* Has the reader's thread nothing to do, as far as the kernel knows? */
static bool sleeps(void)
{
    char path[64], text[256] = "";
    snprintf(path, sizeof path, "/proc/self/task/%d/stat",
             atomic_load(&reader_id));
    FILE *f = fopen(path, "re");
    bool is = f && fgets(text, sizeof text, f) && strstr(text, ") S ");
    if (f)
        fclose(f);
    return is;
}

/* Is the call where it is to be? */
static bool is_time(void)
{
    const volatile int *at = dlsym(RTLD_DEFAULT, "again_stage");
    if (helped && getenv("AUTH407_CREDENTIALS"))
        return access("helping", F_OK) == 0; /* the helper makes it */
    return !stage || !at || *at >= stage;
}

static void start_reader(void)
{
    fd = victim_socket(0);
    /* before connect(): what a stream is made of then is no connection yet */
    stream = fdopen(fd, "r+");
    victim_join(fd);
    pthread_create(&reader, NULL, ask_and_read, NULL);
    for (double start = seconds(); !is_time() && !atomic_load(&reader_ended) &&
                                   seconds() - start < LIMIT_S * busy();)
        usleep(1000);
    /* it may sleep on the way there, but not for so long */
    int looks = 0;
    for (double start = seconds();
         looks < 20 && seconds() - start < LIMIT_S * busy();
         looks = sleeps() ? looks + 1 : 0)
        usleep(5000);
}

static bool reader_returns(void)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += (int)(LIMIT_S * busy()) + (helped ? HELPER_S : 0);
    bool in_time = pthread_timedjoin_np(reader, NULL, &until) == 0;
    say("the call that was under way: %s", in_time ? "in time" : "STAYS");
    return in_time;
}

static void check_file(void)
{
    struct stat st = {0};
    long at = (long)lseek(fd, 0, SEEK_CUR);
    fstat(fd, &st);
    say("  file: %ld bytes, at %ld", (long)st.st_size, at);
}

static void swap(enum how how)
{
    stranger_listens();
    if (how < SOCKET)
        stranger_comes();
    if (how >= DUP2 && how < SOCKET)
        ours = take_accept();
    start_reader();
    double start = seconds();
    int now = take_number(how);
    say_promptness("taken", start);
    if (now != fd)
        say("the number %d is not %d's", now, fd);
    bool ended = reader_returns();
    if (how == OPEN)
        check_file();
    else if (ended)
        check_bytes();
    if (how != OPEN)
        check_stranger();
    say("done");
    _exit(ended ? 0 : 1); /* the stream's descriptor is another's by now */
}

/* Is that the mode's beginning? */
static bool at(const char *when)
{
    size_t n = strlen(when);
    return strncmp(victim.mode, when, n) == 0 && victim.mode[n] == ':';
}

int main(int argc, char **argv)
{
    victim_args(argc, argv);
    volatile int *refused = dlsym(RTLD_DEFAULT, "again_refused");
    char *how = strchr(victim.mode, ':');
    char *silent = how ? strchr(how + 1, ':') : NULL;
    told = silent ? 0 : sizeof challenge - 1;
    helped = at("helper");
    stage = at("apart") ? 1 : at("again") || at("anew") ? 2 : 0;
    if (refused && at("anew"))
        *refused = 1;
    if (silent)
        *silent = 0;
    for (int i = 0; how && i < HOWS; i++)
        if (strcmp(names[i], how + 1) == 0)
            swap((enum how)i);
    return 2;
}
