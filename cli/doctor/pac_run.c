/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/stream.h"
#include "core/base/text.h"
#include "core/record/redact.h"
#include "host/clock.h"
#include "host/match.h"
#include "host/object.h"
#include "host/talk.h"
#include "pac.h"

#define HELPER "auth407-pac"
/* All of it: the names, and a machine with much to do. */
#define ALL_MS 20000
/* More is asked for only by a script in a loop. */
#define QUESTIONS 100

/* ---- what the script may know ---- */

static void add_address(struct a407_buf *b, const struct a407_endpoint *e)
{
    a407_buf_fmt(b, "%s%s", b->n ? ";" : "", e->host);
}

/* False: no name server answers. */
static bool resolve(const char *name, int64_t until, struct a407_buf *b)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *all, *a;
    struct a407_endpoint e;
    int error = a407_look_up_until(name, NULL, &hints, until, &all);

    if (error)
        return error != EAI_AGAIN;
    for (a = all; a; a = a->ai_next)
        if (a407_endpoint_of(a->ai_addr, &e))
            add_address(b, &e);
    freeaddrinfo(all);
    return true;
}

/* This machine's addresses on the way to others: UDP sends nothing by connect.
   The other ends are for examples (RFC 5737, RFC 3849). */
static void find_own(struct a407_buf *b)
{
    static const char *const far[] = {"192.0.2.1", "2001:db8::1"};
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST,
                             .ai_socktype = SOCK_DGRAM};
    struct a407_endpoint own;

    for (size_t i = 0; i < 2; i++) {
        struct addrinfo *a;
        int fd;

        if (getaddrinfo(far[i], "9", &hints, &a) != 0)
            continue;
        fd = a407_connect_begin(a);
        if (fd >= 0 && a407_socket_source(fd, &own))
            add_address(b, &own);
        if (fd >= 0)
            close(fd);
        freeaddrinfo(a);
    }
}

/* ---- the talk with the helper ---- */

static void say_end(const struct a407_talk *t, struct a407_pac_answer *out)
{
    bool killed = t->status == 128 + SIGXCPU || t->status == 128 + SIGKILL;

    if (t->error || t->status == 127)
        out->state = A407_PAC_UNREADABLE;
    if (t->late && *out->unanswered) {
        snprintf(out->text, sizeof out->text,
                 "it looks up %s, and no name server answers", out->unanswered);
        return;
    }
    snprintf(out->text, sizeof out->text, "%s%s",
             t->error            ? HELPER " can't be started: "
             : t->late || killed ? "it runs for ever"
             : t->status == 127  ? HELPER " does not run: is libduktape "
                                          "installed?"
                                 : HELPER " ended too early",
             t->error ? strerror(t->error) : "");
}

/* "LINE WORDS" of the helper. */
static int take_number(struct a407_span *rest)
{
    struct a407_span number = {"", 0};
    uint64_t line = 0;

    a407_span_cut(rest, ' ', &number);
    a407_span_number(number, 1u << 20, &line);
    return (int)line;
}

/* A login that a script holds is not shown. */
static void keep(char *out, size_t cap, struct a407_span said)
{
    char whole[A407_PAC_LINE];

    a407_put(whole, sizeof whole, said);
    a407_redact_arg(NULL, whole, out, cap);
}

/* True: it wants an answer, which is in `b`. `until`: names are looked up so
   long; 0: none is. */
static bool read_line(struct a407_span rest, int64_t until, struct a407_buf *b,
                      struct a407_pac_answer *out)
{
    struct a407_span word = {"", 0};
    char *name = out->unanswered;

    rest.n--;
    a407_span_cut(&rest, ' ', &word);
    if (a407_span_eq(word, A407_PAC_RESULT))
        out->state = A407_PAC_SAYS;
    else if (a407_span_eq(word, A407_PAC_UNPARSED))
        out->state = A407_PAC_UNREADABLE;
    if (out->state != A407_PAC_BROKEN || a407_span_eq(word, A407_PAC_FAILED)) {
        if (out->state != A407_PAC_SAYS)
            out->line = take_number(&rest);
        keep(out->text, sizeof out->text, rest);
        return false;
    }
    if (a407_span_eq(word, A407_PAC_ALERT)) {
        keep(out->alert, sizeof out->alert, rest);
    } else if (++out->asked > QUESTIONS) {
        snprintf(out->text, sizeof out->text,
                 "it asks for more than %d addresses", QUESTIONS);
        return false;
    } else if (until && a407_span_eq(word, A407_PAC_OWN)) {
        find_own(b);
    } else if (until && rest.n && rest.n < sizeof out->unanswered) {
        a407_put(name, sizeof out->unanswered, rest);
        if (resolve(name, until, b))
            *name = '\0';
    }
    return a407_buf_str(b, "\n");
}

/* Of https: the script is told no path, as browsers do. */
static void write_question(struct a407_buf *b, const struct a407_wanted *target,
                           size_t script)
{
    char root[512];

    a407_wanted_root(target, root, sizeof root);
    a407_buf_str(b, target->tls ? root : target->url);
    a407_buf_fmt(b, "\n%s\n%zu\n", target->at.host, script);
}

void a407_pac_run(struct a407_span script, const struct a407_wanted *target,
                  bool look_up, struct a407_pac_answer *out)
{
    static const char *const argv[] = {HELPER, NULL};
    struct a407_talk t = {.upto = "\n", .until = a407_now_ms() + ALL_MS};
    char path[PATH_MAX];
    bool more;

    *out = (struct a407_pac_answer){.state = A407_PAC_BROKEN};
    a407_buf_init(&t.question, A407_PAC_SCRIPT + 4096);
    a407_buf_init(&t.answer, A407_PAC_LINE);
    if (!a407_file_beside(HELPER, path, sizeof path) ||
        !a407_child_start(&t.child, path, argv, true)) {
        t.error = errno;
        say_end(&t, out);
        return;
    }
    write_question(&t.question, target, script.n);
    a407_buf_span(&t.question, script);
    do {
        a407_talk_wait(&t); /* each thing said has an answer */
        t.late = t.late || a407_now_ms() >= t.until; /* with looking up */
        if (!t.complete || t.late || t.full) {
            say_end(&t, out);
            break;
        }
        a407_buf_clear(&t.question);
        more = read_line(a407_span(t.answer.p, t.answer.n),
                         look_up ? t.until : 0, &t.question, out);
        a407_buf_clear(&t.answer);
        t.state = A407_TALK_SENDING;
        t.complete = false;
        t.sent = 0;
    } while (more);
    a407_talk_drop(&t);
}
