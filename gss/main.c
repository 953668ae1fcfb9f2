/* SPDX-License-Identifier: MIT */
/* auth407-gss: makes the tokens of one handshake. libauth407.so starts it, and
   speaks with it as core/auth/gss_protocol.h says. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include "core/base/text.h"
#include "session.h"

/* A connection may rest in the middle of a handshake, but not for ever. */
#define IDLE_MS (10 * 60 * 1000L)

#define LIMIT_MAX_MS (60 * 60 * 1000L)

/* ---- the time ---- */

/* What is said if the time is over, ready to be written by the handler. */
static char late[256];
static volatile sig_atomic_t late_n;

static void on_alarm(int sig)
{
    (void)sig;
    if (late_n && write(1, late, (size_t)late_n) < 0)
        _exit(2);
    _exit(1);
}

static void set_timer(long ms)
{
    struct itimerval t = {
        .it_value = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000}};
    setitimer(ITIMER_REAL, &t, NULL);
}

/* From now on only a KDC can take long, or what comes before one is asked. */
static void expect(const struct a407_gss_session *s)
{
    const char *code = a407_cause_info(A407_CAUSE_NO_TICKET)->code;
    late_n = 0;
    int n = snprintf(late, sizeof late,
                     "state=failed\ncause=%s\ntext=%s%s answered within %ld s"
                     "\n\n",
                     code, s->asked[0] ? "no KDC of " : "",
                     s->asked[0] ? s->asked : "neither ticket cache nor DNS",
                     (s->limit_ms + 999) / 1000);
    late_n = n < (int)sizeof late ? n : 0;
}

/* It may be another realm's with each step. */
static krb5_error_code on_send(krb5_context k, void *data,
                               const krb5_data *realm, const krb5_data *message,
                               krb5_data **other_message, krb5_data **reply)
{
    struct a407_gss_session *s = data;
    (void)k, (void)message;
    *other_message = *reply = NULL;
    s->asked[0] = '\0';
    a407_put(s->asked, sizeof s->asked, a407_span(realm->data, realm->length));
    a407_gss_to_line(s->asked);
    expect(s);
    return 0;
}

static void arrange(void)
{
    struct sigaction act;
    struct rlimit none = {0, 0};
    memset(&act, 0, sizeof act);
    act.sa_handler = on_alarm;
    sigaction(SIGALRM, &act, NULL);
    signal(SIGPIPE, SIG_IGN);
    /* a password is in our memory */
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    setrlimit(RLIMIT_CORE, &none);
}

/* ---- messages ---- */

static bool read_message(struct a407_buf *m)
{
    a407_buf_clear(m);
    for (;;) {
        if (!a407_buf_reserve(m, m->n + 1))
            return false;
        ssize_t k = read(0, m->p + m->n, m->cap - m->n);
        if (k <= 0)
            return false;
        m->n += (size_t)k;
        if (a407_span_ends(a407_span(m->p, m->n), A407_GSS_END))
            return true;
    }
}

static bool say(struct a407_buf *m)
{
    bool ok = a407_buf_str(m, "\n");
    for (size_t at = 0; ok && at < m->n;) {
        ssize_t k = write(1, m->p + at, m->n - at);
        ok = k > 0;
        at += ok ? (size_t)k : 0;
    }
    a407_buf_clear(m);
    return ok;
}

static void say_trouble(struct a407_buf *m, const struct a407_gss_trouble *t)
{
    a407_buf_clear(m);
    a407_gss_put(m, "state", "failed");
    a407_gss_put(m, "cause", a407_cause_info(t->cause)->code);
    a407_gss_put(m, "text", t->text);
    say(m);
}

/* ---- the handshake ---- */

static char *text_of(struct a407_span m, const char *key)
{
    struct a407_span value = a407_gss_field(m, key);
    return value.n ? a407_strdup_span(value) : NULL;
}

static void forget_request(struct a407_gss_request *r)
{
    a407_free_secret(r->service);
    a407_free_secret(r->username);
    a407_free_secret(r->domain);
    a407_free_secret(r->password);
    a407_free_secret(r->keytab);
    memset(r, 0, sizeof *r);
}

static long limit_of(struct a407_span m)
{
    char *text = text_of(m, "limit-ms");
    long ms = text ? strtol(text, NULL, 10) : 0;
    a407_free_secret(text);
    return ms > 0 && ms < LIMIT_MAX_MS ? ms : 10000;
}

static bool begin(struct a407_gss_session *s, struct a407_span m)
{
    struct a407_gss_request *r = &s->request;
    *r = (struct a407_gss_request){
        .service = text_of(m, "service"),
        .username = text_of(m, "username"),
        .domain = text_of(m, "domain"),
        .password = text_of(m, "password"),
        .keytab = text_of(m, "keytab"),
        .canonicalize = a407_span_eq(a407_gss_field(m, "canonicalize"), "yes")};
    if (!r->service)
        return a407_gss_fail(s, A407_CAUSE_PROTOCOL, "no service was named");
    if (krb5_init_context(&s->k) != 0)
        return a407_gss_fail(s, A407_CAUSE_NO_TICKET,
                             "krb5.conf can't be read");
    krb5_set_kdc_send_hook(s->k, on_send, s);
    if (r->username && !a407_gss_user(s))
        return false;
    bool ok = a407_gss_service(s) && a407_gss_ticket(s);
    forget_request(r);
    return ok && a407_gss_ticket_for_service(s);
}

/* Whose ticket it is: for the record. */
static bool put_user(struct a407_buf *m, const struct a407_gss_session *s)
{
    char *name;
    if (!s->client || krb5_unparse_name(s->k, s->client, &name) != 0)
        return true;
    /* one with a line end in it is not told */
    bool ok = a407_gss_put(m, "user", name) || !m->failed;
    krb5_free_unparsed_name(s->k, name);
    return ok;
}

static bool answer(struct a407_gss_session *s, struct a407_span in,
                   struct a407_buf *m)
{
    gss_buffer_desc token = GSS_C_EMPTY_BUFFER;
    OM_uint32 ignored;
    if (!a407_gss_step(s, in, &token))
        return false;
    a407_buf_clear(m);
    bool ok = a407_gss_put(m, "state", s->complete ? "complete" : "continue") &&
              put_user(m, s) &&
              (!token.length ||
               a407_gss_put_token(m, a407_span(token.value, token.length))) &&
              say(m);
    gss_release_buffer(&ignored, &token);
    if (!ok)
        a407_gss_fail(s, A407_CAUSE_PROTOCOL, "the token is too long");
    return ok;
}

/* Reads and answers until there is no more to be said. */
static bool serve(struct a407_gss_session *s, struct a407_buf *m,
                  struct a407_buf *in)
{
    for (bool first = true;; first = false) {
        late_n = 0;
        set_timer(IDLE_MS);
        if (!read_message(m))
            return true;
        struct a407_span message = a407_span(m->p, m->n);
        if (first)
            s->limit_ms = limit_of(message);
        expect(s);
        set_timer(s->limit_ms);
        a407_buf_clear(in);
        if (!first && !a407_gss_token(message, in))
            return a407_gss_fail(s, A407_CAUSE_PROTOCOL, "no token was given");
        if (first && !begin(s, message))
            return false;
        if (!answer(s, a407_span(first ? NULL : in->p, in->n), m))
            return false;
    }
}

int main(int argc, char **argv)
{
    struct a407_gss_session s = {.trouble.cause = A407_CAUSE_PROTOCOL};
    struct a407_buf m, in;
    if (getauxval(AT_SECURE))
        return 2;
    if (argc > 1 && strcmp(argv[1], "--list") == 0)
        return a407_gss_list(argv[2]);
    if (argc > 1 || isatty(0)) {
        fputs("auth407-gss makes Kerberos tokens for libauth407.so, which "
              "starts it.\nSee auth407(1).\n",
              stderr);
        return 2;
    }
    arrange();
    a407_buf_init(&m, A407_GSS_MESSAGE_MAX);
    a407_buf_init(&in, A407_GSS_MESSAGE_MAX);
    bool ok = serve(&s, &m, &in);
    late_n = 0;
    if (!ok)
        say_trouble(&m, &s.trouble);
    forget_request(&s.request);
    a407_gss_session_end(&s);
    a407_buf_free(&m);
    a407_buf_free(&in);
    return !ok;
}
