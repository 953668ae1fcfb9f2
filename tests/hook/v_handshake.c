/* SPDX-License-Identifier: MIT */
/*
 * One request, of each kind, in each way to do input and output: MODE is
 * WAY:REQUEST, of the two tables below. A loop tells whether it was woken for
 * nothing more often than a handshake of a few legs explains, and each run
 * whether a descriptor was left behind.
 */
#include <dirent.h>
#include <sys/mman.h>
#include <sys/sendfile.h>

#include "tests/fixtures/victim.h"

#define MIB      (1u << 20)
#define WAIT_MS  12000
#define PAUSE_US 80000
#define ALL      SIZE_MAX

/* Two 407s of some 400 bytes may come one by one; what spins is woken
   thousands of times in each millisecond. */
#define IDLE_MAX 2000

/* ---- requests ---- */

struct request {
    const char *name, *method;
    size_t body;
    size_t first; /* bytes of the body in the head's write */
    size_t step;  /* ... and in each later one, after a pause */
    enum { PLAIN, CHUNKED, EXPECT, OLD, CLOSE, TWICE } kind;
    bool at_once; /* no pause, nor a wait for a 100 */
};

static const struct request requests[] = {
    {"get", "GET", 0, 0, 0, PLAIN, false},
    {"head", "HEAD", 0, 0, 0, PLAIN, false},
    {"post", "POST", 6, ALL, 0, PLAIN, false},
    {"apart", "POST", 6, 0, ALL, PLAIN, false},
    {"big", "POST", MIB, ALL, 0, PLAIN, false},
    {"chunked", "POST", 5000, ALL, 0, CHUNKED, false},
    {"chunks", "POST", 5000, 0, 1800, CHUNKED, false},
    {"pieces", "POST", 6000, 500, 1800, PLAIN, false},
    {"late", "POST", 300000, 0, ALL, PLAIN, false},
    {"expect", "POST", 30000, 0, ALL, EXPECT, false},
    {"old", "GET", 0, 0, 0, OLD, false},
    {"old-post", "POST", 6, ALL, 0, OLD, false},
    {"close", "GET", 0, 0, 0, CLOSE, false},
    {"close-post", "POST", 6, 0, ALL, CLOSE, false},
    {"connect", "CONNECT", 0, 0, 0, PLAIN, false},
    {"twice", "GET", 0, ALL, 0, TWICE, false},
    {"huge", "POST", 8 * MIB, ALL, 0, PLAIN, false},
    {"two-posts", "POST", MIB, ALL, 0, TWICE, false},
    {"head-first", "POST", 5000, 0, ALL, PLAIN, true},
    {"stream", "POST", 300000, 0, 7777, CHUNKED, true},
    {"expect-hasty", "POST", 100000, 0, ALL, EXPECT, true},
};

/* ---- ways ---- */

struct io;

struct way {
    const char *name;
    enum { BLOCKS, DUPLEX, POLL, SELECT, LEVEL, EDGE, ONESHOT } loop;
    /* as much as one call moves; NULL: send, recv */
    ssize_t (*put)(struct io *io, const char *p, size_t n);
    ssize_t (*get)(struct io *io, char *p, size_t n);
    void (*set_up)(struct io *io);
};

struct io {
    const struct way *way;
    const struct request *rq;
    int fd;
    int other; /* a copy of it, an epoll set, a pipe's end, a file: or -1 */
    int source;
    FILE *in, *out;
    char *text; /* the request */
    size_t head, n, sent;
    bool opened; /* the tunnel */
    struct answer *a;
    unsigned idle; /* wake-ups after which no byte was moved */
};

static ssize_t put_send(struct io *io, const char *p, size_t n)
{
    return send(io->fd, p, n, MSG_NOSIGNAL);
}

static ssize_t get_recv(struct io *io, char *p, size_t n)
{
    return recv(io->fd, p, n, 0);
}

static ssize_t put_writev(struct io *io, const char *p, size_t n)
{
    struct iovec v[3] = {{(void *)(uintptr_t)p, n / 3},
                         {NULL, 0},
                         {(void *)(uintptr_t)(p + n / 3), n - n / 3}};
    return writev(io->fd, v, 3);
}

static ssize_t get_readv(struct io *io, char *p, size_t n)
{
    struct iovec v[2] = {{p, 5}, {p + 5, n - 5}};
    return readv(io->fd, v, 2);
}

static ssize_t put_sendmsg(struct io *io, const char *p, size_t n)
{
    struct iovec v = {(void *)(uintptr_t)p, n};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};
    return sendmsg(io->fd, &m, MSG_NOSIGNAL);
}

static ssize_t get_recvmsg(struct io *io, char *p, size_t n)
{
    struct iovec v = {p, n};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};
    return recvmsg(io->fd, &m, 0);
}

static ssize_t put_byte(struct io *io, const char *p, size_t n)
{
    (void)n;
    return write(io->fd, p, 1);
}

static ssize_t get_byte(struct io *io, char *p, size_t n)
{
    (void)n;
    return read(io->fd, p, 1);
}

static ssize_t get_peeked(struct io *io, char *p, size_t n)
{
    char seen[4096];
    size_t most = n < sizeof seen ? n : sizeof seen;
    ssize_t k = recv(io->fd, seen, most, MSG_PEEK);
    if (k <= 0)
        return k;
    ssize_t got = recv(io->fd, p, (size_t)k, 0);
    if (got != k || memcmp(p, seen, (size_t)k) != 0)
        say("read %zd bytes that differ from %zd peeked ones", got, k);
    return got;
}

/* PHP: it has seen POLLIN, and takes EAGAIN for the end. */
static ssize_t get_dontwait(struct io *io, char *p, size_t n)
{
    struct pollfd pfd = {.fd = io->fd, .events = POLLIN};
    if (poll(&pfd, 1, WAIT_MS) != 1)
        say("poll saw nothing");
    return recv(io->fd, p, n, MSG_DONTWAIT);
}

static void limit_time(struct io *io)
{
    struct timeval t = {WAIT_MS / 1000, 0};
    if (setsockopt(io->fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t) < 0 ||
        setsockopt(io->fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof t) < 0)
        fail("setsockopt");
}

static void make_copy(struct io *io)
{
    io->other = dup(io->fd);
}

static ssize_t put_copy(struct io *io, const char *p, size_t n)
{
    return write(io->other, p, n);
}

static void make_streams(struct io *io)
{
    io->other = dup(io->fd);
    io->in = fdopen(io->fd, "r");
    io->out = fdopen(io->other, "w");
    if (!io->in || !io->out)
        fail("fdopen");
}

static ssize_t put_stream(struct io *io, const char *p, size_t n)
{
    size_t k = fwrite(p, 1, n, io->out);
    return fflush(io->out) == 0 ? (ssize_t)k : -1;
}

static ssize_t get_stream(struct io *io, char *p, size_t n)
{
    int c = fgetc(io->in);
    (void)n;
    *p = (char)c;
    return c != EOF ? 1 : ferror(io->in) ? -1 : 0;
}

static void make_file(struct io *io)
{
    io->other = memfd_create("request", MFD_CLOEXEC);
    if (io->other < 0)
        fail("memfd_create");
}

/* The kernel queues the file's own pages, which must stay as they are until
   the proxy has read them: each piece has a place of its own there. */
static ssize_t put_file(struct io *io, const char *p, size_t n)
{
    off_t at = (off_t)io->sent;
    if (pwrite(io->other, p, n, at) != (ssize_t)n)
        fail("pwrite");
    return sendfile(io->fd, io->other, &at, n);
}

static ssize_t put_body_file(struct io *io, const char *p, size_t n)
{
    return io->sent < io->head ? send(io->fd, p, io->head, MSG_NOSIGNAL)
                               : put_file(io, p, n);
}

static void make_pipe(struct io *io)
{
    int end[2];
    if (pipe(end) < 0)
        fail("pipe");
    io->source = end[0];
    io->other = end[1];
}

static ssize_t put_spliced(struct io *io, const char *p, size_t n)
{
    size_t k = n < 4096 ? n : 4096;
    if (write(io->other, p, k) != (ssize_t)k)
        fail("write to a pipe");
    for (size_t done = 0; done < k;) {
        ssize_t m = splice(io->source, NULL, io->fd, NULL, k - done, 0);
        if (m <= 0)
            return m;
        done += (size_t)m;
    }
    return (ssize_t)k;
}

static void make_set(struct io *io)
{
    struct epoll_event ev = {.events = EPOLLOUT};
    if (io->way->loop == EDGE)
        ev.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    else if (io->way->loop == ONESHOT)
        ev.events |= EPOLLONESHOT;
    io->other = epoll_create1(EPOLL_CLOEXEC);
    if (io->other < 0 || epoll_ctl(io->other, EPOLL_CTL_ADD, io->fd, &ev) < 0)
        fail("epoll_ctl");
}

static const struct way ways[] = {
    {"block", BLOCKS, put_send, get_recv, NULL},
    {"vec", BLOCKS, put_writev, get_readv, NULL},
    {"msg", BLOCKS, put_sendmsg, get_recvmsg, NULL},
    {"bytes", BLOCKS, put_byte, get_byte, NULL},
    {"peek", BLOCKS, put_send, get_peeked, NULL},
    {"dontwait", BLOCKS, put_send, get_dontwait, NULL},
    {"limits", BLOCKS, put_send, get_recv, limit_time},
    {"copy", BLOCKS, put_copy, get_recv, make_copy},
    {"stdio", BLOCKS, put_stream, get_stream, make_streams},
    {"sendfile", BLOCKS, put_file, get_recv, make_file},
    {"sendfile-body", BLOCKS, put_body_file, get_recv, make_file},
    {"splice", BLOCKS, put_spliced, get_recv, make_pipe},
    {"threads", DUPLEX, put_send, get_recv, NULL},
    {"poll", POLL, put_send, get_recv, NULL},
    {"poll-bytes", POLL, put_byte, get_byte, NULL},
    {"poll-peek", POLL, put_send, get_peeked, NULL},
    {"select", SELECT, put_send, get_recv, NULL},
    {"epoll", LEVEL, put_send, get_recv, make_set},
    {"edge", EDGE, put_send, get_recv, make_set},
    {"edge-vec", EDGE, put_writev, get_readv, make_set},
    {"oneshot", ONESHOT, put_send, get_recv, make_set},
};

/* ---- one exchange ---- */

static bool waits_for_100(const struct io *io)
{
    return io->rq->kind == EXPECT && !io->rq->at_once && io->sent >= io->head &&
           io->a->status / 100 != 1 && !io->a->head_done;
}

/* Where the write ends that begins at io->sent. */
static size_t piece_end(const struct io *io)
{
    const struct request *rq = io->rq;
    size_t first = rq->first < io->n - io->head ? io->head + rq->first : io->n;
    if (io->sent < first)
        return first;
    size_t done = rq->step ? (io->sent - first) / rq->step : 0;
    size_t left = io->n - first - done * rq->step;
    return left > rq->step ? first + (done + 1) * rq->step : io->n;
}

/* One call. False: it can't be done now. */
static bool put_some(struct io *io, size_t end)
{
    ssize_t k = io->way->put(io, io->text + io->sent, end - io->sent);
    if (k < 0 && errno == EAGAIN && io->way->loop >= POLL)
        return false;
    if (k < 0)
        fail("write");
    io->sent += (size_t)k;
    return true;
}

static bool get_some(struct io *io)
{
    static __thread char part[4096];
    ssize_t k = io->way->get(io, part, sizeof part);
    if (k < 0 && errno == EAGAIN && io->way->loop >= POLL)
        return false;
    if (k < 0)
        fail("read");
    take_part(io->a, part, k);
    return true;
}

/* Writes what may be written now. False: the socket takes no more. */
static bool push(struct io *io)
{
    bool pause = io->sent > 0;
    while (io->sent < io->n && !waits_for_100(io)) {
        size_t end = piece_end(io);
        if (pause && !io->rq->at_once)
            usleep(PAUSE_US);
        pause = true;
        while (io->sent < end)
            if (!put_some(io, end))
                return false;
    }
    return true;
}

static void *read_all(void *arg)
{
    struct io *io = arg;
    while (!io->a->done)
        get_some(io);
    return NULL;
}

static void exchange_blocking(struct io *io)
{
    pthread_t reader;
    if (io->way->loop == DUPLEX) {
        pthread_create(&reader, NULL, read_all, io);
        push(io);
        pthread_join(reader, NULL);
        return;
    }
    while (!io->a->done) {
        push(io);
        get_some(io);
    }
}

static void wait_in_set(struct io *io, bool out)
{
    struct epoll_event ev = {.events = EPOLLIN | (out ? EPOLLOUT : 0u)};
    if (io->way->loop == ONESHOT)
        ev.events |= EPOLLONESHOT;
    if (io->way->loop != EDGE &&
        epoll_ctl(io->other, EPOLL_CTL_MOD, io->fd, &ev) < 0)
        fail("epoll_ctl");
    if (epoll_wait(io->other, &ev, 1, WAIT_MS) != 1) {
        errno = ETIME;
        fail("epoll_wait");
    }
}

static void wait_for(struct io *io, bool out)
{
    struct pollfd pfd = {.fd = io->fd, .events = POLLIN};
    struct timeval t = {WAIT_MS / 1000, 0};
    fd_set in, into;
    if (io->way->loop == POLL) {
        pfd.events = (short)(POLLIN | (out ? POLLOUT : 0));
        if (poll(&pfd, 1, WAIT_MS) == 1)
            return;
    } else if (io->way->loop == SELECT) {
        FD_ZERO(&in);
        FD_ZERO(&into);
        FD_SET(io->fd, &in);
        if (out)
            FD_SET(io->fd, &into);
        if (select(io->fd + 1, &in, &into, NULL, &t) > 0)
            return;
    } else {
        wait_in_set(io, out);
        return;
    }
    errno = ETIME;
    fail("wait");
}

/* A loop reads once each time that it is woken, but for an edge: to the end. */
static void exchange_looping(struct io *io)
{
    bool edge = io->way->loop == EDGE;
    while (!io->a->done) {
        size_t sent = io->sent;
        bool out = !push(io), read = false;
        if (!edge)
            wait_for(io, out);
        while (!io->a->done && get_some(io)) {
            read = true;
            if (!edge)
                break;
        }
        if (edge && !io->a->done && (!push(io) || io->sent == sent))
            wait_for(io, false);
        io->idle += !read && io->sent == sent;
    }
}

static void exchange(struct io *io)
{
    if (io->way->loop >= POLL)
        exchange_looping(io);
    else
        exchange_blocking(io);
    if (io->sent < io->n)
        say("stopped writing");
}

/* ---- the request's text ---- */

static size_t make_head(struct io *io, const char *method, size_t body)
{
    static const char *const more[] = {[CHUNKED] =
                                           "Transfer-Encoding: chunked\r\n",
                                       [EXPECT] = "Expect: 100-continue\r\n",
                                       [CLOSE] = "Connection: close\r\n",
                                       [TWICE] = ""};
    const struct request *rq = io->rq;
    const char *path = body ? "/sha" : "/bytes/20000";
    char fields[256] = "";
    if (strcmp(method, "CONNECT") == 0)
        return make_connect(io->text);
    if (body && rq->kind != CHUNKED)
        snprintf(fields, sizeof fields, "Content-Length: %zu\r\n", body);
    strcat(fields, more[rq->kind] ? more[rq->kind] : "");
    size_t n = make_request(method, path, fields, io->text);
    if (rq->kind == OLD)
        memcpy(strstr(io->text, "HTTP/1.1"), "HTTP/1.0", 8);
    return n;
}

static void make_text(struct io *io, const char *method, size_t body)
{
    io->sent = 0;
    io->head = io->n = make_head(io, method, body);
    size_t chunk = io->rq->kind == CHUNKED ? 700 : body;
    for (size_t at = 0, k; at < body; at += k) {
        k = body - at < chunk ? body - at : chunk;
        if (io->rq->kind == CHUNKED)
            io->n += (size_t)sprintf(io->text + io->n, "%zx\r\n", k);
        for (size_t i = 0; i < k; i++)
            io->text[io->n++] = pattern(at + i);
        if (io->rq->kind == CHUNKED)
            io->n += (size_t)sprintf(io->text + io->n, "\r\n");
    }
    if (io->rq->kind == CHUNKED)
        io->n += (size_t)sprintf(io->text + io->n, "0\r\n\r\n");
    answer_start(io->a, method);
}

/* ---- a run ---- */

static void open_io(struct io *io)
{
    io->fd = victim_connect();
    io->other = io->source = -1;
    io->in = io->out = NULL;
    if (io->way->loop >= POLL)
        set_nonblocking(io->fd, true);
    if (io->way->set_up)
        io->way->set_up(io);
}

static void close_io(struct io *io)
{
    if (io->in) {
        fclose(io->out);
        fclose(io->in);
        return;
    }
    if (io->source >= 0)
        close(io->source);
    if (io->other >= 0)
        close(io->other);
    close(io->fd);
}

/* A few bytes there and back, in the same way. */
static void use_tunnel(struct io *io)
{
    char back[64];
    size_t got = 0;
    io->n = (size_t)sprintf(io->text, "HTTP/1.1 407 in the tunnel\r\n\r\n");
    for (io->sent = 0; io->sent < io->n;)
        if (!put_some(io, io->n))
            wait_for(io, true);
    while (got < io->n) {
        ssize_t k = io->way->get(io, back + got, sizeof back - got);
        if (k < 0 && errno == EAGAIN && io->way->loop >= POLL) {
            wait_for(io, false);
            continue;
        }
        if (k <= 0)
            fail("tunnel");
        got += (size_t)k;
    }
    say("echoed %zu bytes: %s", got,
        memcmp(back, io->text, got) == 0 ? "the same" : "others");
}

static unsigned descriptors(void)
{
    unsigned n = 0;
    DIR *d = opendir("/proc/self/fd");
    while (d && readdir(d))
        n++;
    if (d)
        closedir(d);
    return n;
}

static void run(struct io *io)
{
    const struct request *rq = io->rq;
    open_io(io);
    make_text(io, rq->method, rq->body);
    exchange(io);
    if (rq->kind == TWICE) {
        if (!io->a->keep) {
            close_io(io);
            open_io(io);
        }
        make_text(io, "POST", rq->body ? 100000 : 6);
        exchange(io);
    }
    if (strcmp(rq->method, "CONNECT") == 0 && io->a->status == 200)
        use_tunnel(io);
    close_io(io);
}

int main(int argc, char **argv)
{
    struct io io = {.a = calloc(1, sizeof(struct answer))};
    victim_args(argc, argv);
    size_t n = strcspn(victim.mode, ":");
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        if (strlen(ways[i].name) == n &&
            memcmp(ways[i].name, victim.mode, n) == 0)
            io.way = &ways[i];
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++)
        if (victim.mode[n] &&
            strcmp(requests[i].name, victim.mode + n + 1) == 0)
            io.rq = &requests[i];
    io.text = malloc(9 * MIB);
    if (!io.way || !io.rq || !io.text || !io.a)
        return 2;
    unsigned before = descriptors();
    run(&io);
    say("descriptors: %+d", (int)(descriptors() - before));
    say("woken for nothing: %s", io.idle < IDLE_MAX ? "seldom" : "often");
    free(io.text);
    free(io.a);
    return 0;
}
