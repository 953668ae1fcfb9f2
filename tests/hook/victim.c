/* SPDX-License-Identifier: MIT */
#include "victim.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdarg.h>
#include <strings.h>

#define ENDLESS (4u << 20) /* more content than any test asks for */

struct victim victim;

void victim_proxy(const char *host, const char *port)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    struct addrinfo *ai;
    victim.proxy_host = host;
    victim.proxy_port = port;
    if (getaddrinfo(host, port, &hints, &ai) != 0) {
        fprintf(stderr, "%s %s: not an address\n", host, port);
        exit(2);
    }
    memcpy(&victim.addr, ai->ai_addr, ai->ai_addrlen);
    victim.addr_len = ai->ai_addrlen;
    freeaddrinfo(ai);
}

void victim_args(int argc, char **argv)
{
    static char none[1];
    if (argc < 4 || argc > 5) {
        fprintf(stderr, "usage: %s PROXY-HOST PROXY-PORT AUTHORITY [MODE]\n",
                argv[0]);
        exit(2);
    }
    victim_proxy(argv[1], argv[2]);
    victim.authority = argv[3];
    victim.mode = argc > 4 ? argv[4] : none;
}

int victim_socket(int flags)
{
    int fd = socket(victim.addr.ss_family, SOCK_STREAM | flags, 0);
    if (fd < 0)
        fail("socket");
    return fd;
}

void victim_join(int fd)
{
    if (connect(fd, (const void *)&victim.addr, victim.addr_len) < 0)
        fail("connect");
}

int victim_connect(void)
{
    int fd = victim_socket(0);
    victim_join(fd);
    return fd;
}

static bool muted;

void mute(bool on)
{
    muted = on;
}

void say(const char *fmt, ...)
{
    va_list ap;
    if (muted)
        return;
    flockfile(stdout); /* one line, whatever other threads say */
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    putchar('\n');
    fflush(stdout);
    funlockfile(stdout);
}

void fail(const char *what)
{
    mute(false);
    say("%s: %s", what, errno_name(errno));
    exit(1);
}

const char *errno_name(int e)
{
    const char *name = strerrorname_np(e);
    return name ? name : "unknown";
}

char pattern(size_t i)
{
    return (char)(i * 167 + (i >> 8) * 13 + (i >> 16) * 7);
}

char *make_content(size_t n)
{
    char *p = malloc(n);
    if (!p)
        fail("malloc");
    for (size_t i = 0; i < n; i++)
        p[i] = pattern(i);
    return p;
}

uint64_t sum_add(uint64_t sum, const void *data, size_t n)
{
    const unsigned char *p = data;
    for (size_t i = 0; i < n; i++)
        sum = (sum ^ p[i]) * 1099511628211u; /* FNV-1a */
    return sum;
}

size_t make_request(const char *method, const char *path, const char *fields,
                    char out[REQUEST_MAX])
{
    return (size_t)snprintf(out, REQUEST_MAX,
                            "%s http://%s%s HTTP/1.1\r\nHost: %s\r\n"
                            "User-Agent: victim\r\n%s\r\n",
                            method, victim.authority, path, victim.authority,
                            fields);
}

size_t make_get(const char *path, char out[REQUEST_MAX])
{
    return make_request("GET", path, "Accept: */*\r\n", out);
}

size_t make_connect(char out[REQUEST_MAX])
{
    return (size_t)snprintf(out, REQUEST_MAX,
                            "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n",
                            victim.authority, victim.authority);
}

/* ---- answers ---- */

enum { CHUNK_SIZE, CHUNK_DATA, CHUNK_END, CHUNK_TRAILER, CHUNK_BLANK };

void answer_start(struct answer *a, const char *method)
{
    *a = (struct answer){.bodiless = strcmp(method, "HEAD") == 0,
                         .sum = SUM_START};
    /* A success of CONNECT has no content whatever its head says. */
    if (strcmp(method, "CONNECT") == 0)
        a->chunk_state = -1;
}

static void keep_raw(const void *p, size_t n)
{
    const char *path = getenv("VICTIM_RAW");
    if (!path)
        return;
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, p, n) != (ssize_t)n)
        fail("VICTIM_RAW");
    close(fd);
}

static void finish(struct answer *a, const char *how)
{
    a->done = true;
    say("  content %llu bytes, sum %016llx, end: %s",
        (unsigned long long)a->body_len, (unsigned long long)a->sum, how);
}

/* Reads the complete head line by line; a->head stays as it is. */
static void read_fields(struct answer *a)
{
    uint64_t sum = SUM_START;
    bool has_length = false;
    a->keep = memcmp(a->head, "HTTP/1.0", 8) != 0;
    for (char *line = a->head, *end; line < a->head + a->head_len;
         line = end + 1) {
        end = memchr(line, '\n', a->head_len - (size_t)(line - a->head));
        size_t n = (size_t)(end - line) + 1;
        if (strncasecmp(line, "Proxy-Authentication-Info:", 26) == 0)
            continue;
        sum = sum_add(sum, line, n);
        if (strncasecmp(line, "Content-Length:", 15) == 0) {
            has_length = true;
            a->left = strtoull(line + 15, NULL, 10);
        } else if (strncasecmp(line, "Transfer-Encoding: chunked", 26) == 0) {
            a->chunked = true;
        } else if (strncasecmp(line, "Connection: close", 17) == 0) {
            a->keep = false;
        }
    }
    a->until_close = !has_length && !a->chunked;
    say("answer %d, head %016llx%s", a->status, (unsigned long long)sum,
        a->keep ? "" : ", will close");
}

static void head_complete(struct answer *a)
{
    a->status = atoi(a->head + sizeof "HTTP/1.1 " - 1);
    if (a->status / 100 == 1) {
        say("interim %d", a->status);
        a->head_len = 0;
        return;
    }
    a->head_done = true;
    read_fields(a);
    if (a->bodiless || a->status == 204 || a->status == 304 ||
        (a->chunk_state == -1 && a->status / 100 == 2))
        finish(a, "head");
    else if (!a->until_close && !a->chunked && !a->left)
        finish(a, "length");
    if (a->chunk_state == -1)
        a->chunk_state = CHUNK_SIZE;
}

static size_t feed_head(struct answer *a, const char *p, size_t n)
{
    size_t i = 0;
    while (i < n && !a->head_done) {
        if (a->head_len + 1 >= sizeof a->head) {
            finish(a, "head too long");
            return n;
        }
        a->head[a->head_len++] = p[i++];
        a->head[a->head_len] = 0;
        if (a->head_len >= 4 &&
            memcmp(a->head + a->head_len - 4, "\r\n\r\n", 4) == 0)
            head_complete(a);
    }
    return i;
}

/* One byte of chunk framing: sizes, line ends, trailers. */
static void feed_framing(struct answer *a, char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *d = c ? strchr(digits, c | 0x20) : NULL;
    switch (a->chunk_state) {
    case CHUNK_SIZE:
        if (d)
            a->left = a->left * 16 + (uint64_t)(d - digits);
        else if (c == '\n')
            a->chunk_state = a->left ? CHUNK_DATA : CHUNK_BLANK;
        break;
    case CHUNK_END:
        if (c == '\n')
            a->chunk_state = CHUNK_SIZE;
        break;
    case CHUNK_TRAILER:
        if (c == '\n')
            a->chunk_state = CHUNK_BLANK;
        break;
    case CHUNK_BLANK:
        if (c == '\n')
            finish(a, "chunks");
        else if (c != '\r')
            a->chunk_state = CHUNK_TRAILER;
        break;
    }
}

static void take(struct answer *a, const char *p, size_t n)
{
    a->sum = sum_add(a->sum, p, n);
    a->body_len += n;
}

static size_t feed_chunked(struct answer *a, const char *p, size_t n)
{
    size_t i = 0;
    while (i < n && !a->done) {
        if (a->chunk_state != CHUNK_DATA) {
            feed_framing(a, p[i++]);
            continue;
        }
        size_t k = a->left < n - i ? a->left : n - i;
        take(a, p + i, k);
        i += k;
        a->left -= k;
        if (!a->left)
            a->chunk_state = CHUNK_END;
    }
    return i;
}

size_t answer_feed(struct answer *a, const void *data, size_t n)
{
    const char *p = data;
    size_t i = feed_head(a, p, n);
    if (a->head_done && !a->done && i < n) {
        if (a->chunked) {
            i += feed_chunked(a, p + i, n - i);
        } else if (a->until_close) {
            take(a, p + i, n - i);
            i = n;
            if (a->body_len > ENDLESS)
                finish(a, "too much");
        } else {
            size_t k = a->left < n - i ? a->left : n - i;
            take(a, p + i, k);
            i += k;
            a->left -= k;
            if (!a->left)
                finish(a, "length");
        }
    }
    keep_raw(p, i);
    return i;
}

void answer_end(struct answer *a)
{
    if (a->done)
        return;
    if (a->head_done)
        finish(a, a->until_close ? "close" : "cut short");
    else
        say("no answer: stream ended after %zu bytes", a->head_len);
    a->done = true;
    a->keep = false;
}

size_t answer_room(const struct answer *a, size_t max)
{
    if (!a->head_done || a->chunked)
        return 1;
    return a->until_close || a->left > max ? max : (size_t)a->left;
}

/* ---- plain blocking use ---- */

void direct_address(const char *authority, struct sockaddr_in *out)
{
    char host[64] = "";
    const char *colon = strrchr(authority, ':');
    size_t n = colon ? (size_t)(colon - authority) : sizeof host;
    *out = (struct sockaddr_in){.sin_family = AF_INET};
    if (n < sizeof host) {
        memcpy(host, authority, n);
        out->sin_port = htons((uint16_t)atoi(colon + 1));
    }
    if (inet_pton(AF_INET, host, &out->sin_addr) != 1)
        exit(2);
}

int connect_direct(const char *authority)
{
    struct sockaddr_in to;
    direct_address(authority, &to);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (void *)&to, sizeof to) < 0)
        fail("connect");
    return fd;
}

void send_all(int fd, const void *data, size_t n)
{
    const char *p = data;
    while (n) {
        ssize_t k = send(fd, p, n, MSG_NOSIGNAL);
        if (k < 0)
            fail("send");
        p += k;
        n -= (size_t)k;
    }
}

void send_get(int fd, const char *path)
{
    char rq[REQUEST_MAX];
    send_all(fd, rq, make_get(path, rq));
}

void send_connect(int fd)
{
    char rq[REQUEST_MAX];
    send_all(fd, rq, make_connect(rq));
}

void read_answer_by(int fd, struct answer *a, const char *method,
                    ssize_t (*call)(int fd, char *p, size_t n))
{
    char part[16384];
    answer_start(a, method);
    while (!a->done) {
        ssize_t k = call(fd, part, sizeof part);
        if (k < 0)
            fail("recv");
        take_part(a, part, k);
    }
}

static ssize_t by_recv(int fd, char *p, size_t n)
{
    return recv(fd, p, n, 0);
}

ssize_t by_byte(int fd, char *p, size_t n)
{
    (void)n;
    return read(fd, p, 1);
}

void read_answer(int fd, struct answer *a, const char *method)
{
    read_answer_by(fd, a, method, by_recv);
}

void read_same(int fd, const char *what, const void *p, size_t n)
{
    char *back = malloc(n);
    size_t at = 0;
    ssize_t k = 1;
    while (back && at < n && (k = read(fd, back + at, n - at)) > 0)
        at += (size_t)k;
    say("%s: %zu of %zu bytes, %s", what, at, n,
        back && memcmp(back, p, at) == 0 ? "the same" : "different");
    free(back);
}

void get_direct(int fd, const char *path, int times)
{
    static struct answer a;
    char rq[REQUEST_MAX];
    int n = snprintf(rq, sizeof rq, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", path,
                     victim.authority);
    while (times--) {
        send_all(fd, rq, (size_t)n);
        read_answer(fd, &a, "GET");
    }
}

/* ---- without blocking ---- */

void set_nonblocking(int fd, bool on)
{
    int flags = fcntl(fd, F_GETFL);
    fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK);
}

void take_part(struct answer *a, const void *p, ssize_t k)
{
    if (k < 0 && errno != EAGAIN)
        fail("recv");
    if (k == 0)
        answer_end(a);
    else if (k > 0 && answer_feed(a, p, (size_t)k) != (size_t)k)
        say("bytes after the answer");
}

bool read_by_poll(int fd, struct answer *a, int ms)
{
    char part[4096];
    while (!a->done) {
        struct pollfd pfd = {.fd = fd, .events = POLLIN};
        if (poll(&pfd, 1, ms) != 1)
            return false;
        take_part(a, part, recv(fd, part, sizeof part, 0));
    }
    return true;
}

void read_polled(int fd, struct answer *a, int ms)
{
    if (read_by_poll(fd, a, ms))
        return;
    say("nothing happens any more");
    exit(1);
}

void do_get(int fd, const char *path)
{
    struct answer *a = malloc(sizeof *a); /* for any thread, of any stack */
    if (!a)
        fail("malloc");
    send_get(fd, path);
    read_answer(fd, a, "GET");
    free(a);
}

void *get_anew(void *path)
{
    int fd = victim_connect();
    do_get(fd, path);
    close(fd);
    return NULL;
}

/* ---- modes ---- */

bool in_mode(const char *name)
{
    return strcmp(victim.mode, name) == 0;
}

int run_mode(const char *name, const struct victim_mode *modes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(modes[i].name, name) != 0)
            continue;
        modes[i].call();
        say("done");
        return 0;
    }
    return 2;
}

/* ---- children ---- */

void say_end(const char *what, pid_t pid)
{
    int status;
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        fail("waitpid");
    if (WIFSIGNALED(status))
        say("%s: ended by signal %d", what, WTERMSIG(status));
    else
        say("%s: ended with %d", what, WEXITSTATUS(status));
}

/* ---- descriptors for another process ---- */

ssize_t send_right(int to, int fd, size_t copies)
{
    char room[CMSG_SPACE(256 * sizeof fd)] = {0}, byte = 0;
    struct iovec v = {&byte, 1};
    struct msghdr m = {.msg_iov = &v,
                       .msg_iovlen = 1,
                       .msg_control = room,
                       .msg_controllen = CMSG_SPACE(copies * sizeof fd)};
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(copies * sizeof fd);
    for (size_t i = 0; i < copies; i++)
        memcpy(CMSG_DATA(c) + i * sizeof fd, &fd, sizeof fd);
    return sendmsg(to, &m, 0);
}

int take_right(int from)
{
    int fd;
    char room[CMSG_SPACE(sizeof fd)], byte;
    struct iovec v = {&byte, 1};
    struct msghdr m = {.msg_iov = &v,
                       .msg_iovlen = 1,
                       .msg_control = room,
                       .msg_controllen = sizeof room};
    if (recvmsg(from, &m, 0) != 1 || !CMSG_FIRSTHDR(&m))
        fail("recvmsg");
    memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof fd);
    return fd;
}

/* ---- time ---- */

double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void say_promptness(const char *what, double since)
{
    say("%s: %s", what, seconds() - since > 1 ? "late" : "at once");
}

void await_log(const char *text)
{
    enum { MOST = 65536 };
    char *log = malloc(MOST); /* too much for a small stack */
    const char *path = getenv("VICTIM_PROXY_LOG");
    if (!log)
        fail("malloc");
    for (double start = seconds(); path && seconds() - start < 10;) {
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t k = fd < 0 ? 0 : read(fd, log, MOST - 1);
        if (fd >= 0)
            close(fd);
        log[k > 0 ? k : 0] = 0;
        if (strstr(log, text)) {
            free(log);
            return;
        }
        usleep(5000);
    }
    free(log);
    say("the proxy never logged \"%s\"", text);
    exit(1);
}
