/* SPDX-License-Identifier: MIT */
#ifndef VICTIM_H
#define VICTIM_H

/* Of the system what most of them call. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/*
 * What the victims share. A victim is a small program that speaks HTTP to a
 * proxy by hand, in its own way of doing input and output, and prints what it
 * noticed. Behind a proxy that asks for a login, under the library, it must
 * print what it prints without the library behind one that does not.
 *
 * So nothing is printed that may differ between two runs: no times, ports,
 * counts of wake-ups, nor sizes of single reads.
 */
extern struct victim {
    const char *proxy_host, *proxy_port;
    const char *authority; /* host:port of the origin */
    char *mode;            /* "" if none was given */
    struct sockaddr_storage addr;
    socklen_t addr_len;
} victim; /* of this process */

/* What a victim can do, by the name of the mode. */
struct victim_mode {
    const char *name;
    void (*call)(void);
};

/* Is that the mode? */
bool in_mode(const char *name);

/* Calls the one of that name, and says "done". Returns the exit status. */
int run_mode(const char *name, const struct victim_mode *modes, size_t n);

/* The same as the whole of main(). */
#define VICTIM_MODES(...)                                                      \
    int main(int argc, char **argv)                                            \
    {                                                                          \
        static const struct victim_mode modes[] = {__VA_ARGS__};               \
        victim_args(argc, argv);                                               \
        return run_mode(victim.mode, modes, sizeof modes / sizeof *modes);     \
    }

/* A blocking connection past the proxy, to the origin; and the address for it.
   End the program on failure. authority: HOST:PORT, in numbers of IPv4. */
int connect_direct(const char *authority);
void direct_address(const char *authority, struct sockaddr_in *out);

/* Arguments: PROXY-HOST PROXY-PORT AUTHORITY [MODE]. Ends on bad ones. */
void victim_args(int argc, char **argv);

/* Of these the first two. */
void victim_proxy(const char *host, const char *port);

/* A stream socket of the proxy's family; ends the program on failure. */
int victim_socket(int flags);

/* Connects a socket to the proxy; ends the program on failure. */
void victim_join(int fd);

/* A blocking connection to the proxy; ends the program on failure. */
int victim_connect(void);

/* One line of output, at once: a victim that hangs has still told its way. */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Says "WHAT: ERRNO-NAME" for errno and ends with status 1. */
void fail(const char *what) __attribute__((noreturn));

/* "EAGAIN", ...; never a message that a locale could change. */
const char *errno_name(int e);

/* The byte that the origin serves at an offset, n of them in memory of the
   caller's, and a sum over bytes. */
char pattern(size_t i);
char *make_content(size_t n);
uint64_t sum_add(uint64_t sum, const void *p, size_t n);
#define SUM_START 14695981039346656037u

#define REQUEST_MAX 4096

/* Requests of one head each; they return its length. */
size_t make_get(const char *path, char out[REQUEST_MAX]);
size_t make_request(const char *method, const char *path, const char *fields,
                    char out[REQUEST_MAX]);
size_t make_connect(char out[REQUEST_MAX]);

/*
 * An answer, as its bytes come in any portions: says its status, a sum over
 * its head (without the fields that only a login proxy adds), a sum over its
 * content, and how it ended. With VICTIM_RAW=FILE in the environment the bytes
 * themselves are appended there.
 */
struct answer {
    char head[128 * 1024];
    size_t head_len; /* bytes so far; the whole head once head_done */
    bool head_done, done, bodiless, chunked, until_close, keep;
    int status;
    int chunk_state;
    uint64_t left, body_len, sum;
};

/* Reads as many bytes as there are at p, and says "WHAT: " and whether they are
   the same. */
void read_same(int fd, const char *what, const void *p, size_t n);

/* Sends GETs in the form for an origin, and reads each answer. */
void get_direct(int fd, const char *path, int times);

/* From now on, or no more, say() says nothing. */
void mute(bool on);

/* Starts an answer to a request of that method. */
void answer_start(struct answer *a, const char *method);

/* Takes n bytes. Returns how many belong to it; a->done tells its end. */
size_t answer_feed(struct answer *a, const void *p, size_t n);

/* The stream has ended; says so if the answer was not complete. */
void answer_end(struct answer *a);

/* How many bytes can be read without taking some of the next answer. */
size_t answer_room(const struct answer *a, size_t max);

/* Sends all, one GET, one CONNECT / reads one answer, with plain send() and
   recv(). */
void send_all(int fd, const void *p, size_t n);
void send_get(int fd, const char *path);
void send_connect(int fd);
void read_answer(int fd, struct answer *a, const char *method);

/* The same with calls of the caller's own, each for at most n bytes. */
void read_answer_by(int fd, struct answer *a, const char *method,
                    ssize_t (*call)(int fd, char *p, size_t n));

/* For that: one byte, so that nothing behind the answer is lost. */
ssize_t by_byte(int fd, char *p, size_t n);

/* What one recv() gave: k bytes at p, the end, EAGAIN, or an error, which ends
   the program. */
void take_part(struct answer *a, const void *p, ssize_t k);

/* Reads the rest of an answer with poll() and recv(). False: nothing was there
   for so many milliseconds. */
bool read_by_poll(int fd, struct answer *a, int ms);

/* The same, or the program says that nothing happens any more, and ends. */
void read_polled(int fd, struct answer *a, int ms);

void set_nonblocking(int fd, bool on);

/* Sends one GET and reads its answer, blocking. */
void do_get(int fd, const char *path);

/* The same on a connection of its own; fit for a thread. */
void *get_anew(void *path);

/* Waits for a child and says "WHAT: " and how it has ended. */
void say_end(const char *what, pid_t pid);

/* Hands so many copies of a descriptor, at most 256, over a local socket, and
   takes one (SCM_RIGHTS). Returns what sendmsg() does. */
ssize_t send_right(int to, int fd, size_t copies);
int take_right(int from);

/*
 * Returns when the proxy's log (VICTIM_PROXY_LOG) holds the text: what another
 * thread waits for has been asked for by then. Ends the program after 10 s.
 */
void await_log(const char *text);

/* Says "WHAT: at once", or "late" if more than a second has gone by since. */
void say_promptness(const char *what, double since);

/* Seconds of a clock that nobody sets. */
double seconds(void);

#endif
