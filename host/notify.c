/* SPDX-License-Identifier: MIT */
#include "notify.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "core/base/text.h"
#include "memory_folder.h"
#include "quiet.h"

#define LINE_MAX_BYTES 800

/* Of the rest. Nobody waits for it: a process may have been forked while it was
   taken. */
static atomic_flag taken = ATOMIC_FLAG_INIT;
static bool told;
static struct {
    char text[LINE_MAX_BYTES]; /* "": nothing */
    const struct a407_config *config;
    struct a407_endpoint proxy;
    pid_t pid; /* not that of a process that was forked meanwhile */
} pending;

/* ---- the words ---- */

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* "refused alice (credentials:1)" */
static void put_refused(const struct a407_event *ev, char *out, size_t cap)
{
    const struct a407_event_attempt *last =
        ev->n_attempts ? &ev->attempts[ev->n_attempts - 1] : NULL;
    const char *user = last ? last->username : ev->client_user;
    const char *from = last ? base_name(last->credential) : "its own login";
    snprintf(out, cap, "refused %.128s (%.160s)", *user ? user : "the login",
             from);
}

static void put_words(const struct a407_event *ev, const char *proxy, char *out,
                      size_t cap)
{
    switch (ev->cause) {
    case A407_CAUSE_REJECTED:
    case A407_CAUSE_REJECTED_LATER:
    case A407_CAUSE_CLIENT_REJECTED:
        put_refused(ev, out, cap);
        break;
    case A407_CAUSE_NO_CREDENTIAL:
        snprintf(out, cap, "wants a login: auth407 login %s", proxy);
        break;
    case A407_CAUSE_NOT_CONFIGURED:
        snprintf(out, cap, "wants a login: auth407 --proxy %s -- COMMAND",
                 proxy);
        break;
    default: {
        const char *why = a407_cause_info(ev->cause)->meaning;
        snprintf(out, cap, "says 407. %.*s", (int)strcspn(why, ".;"), why);
    }
    }
}

static void put_line(const struct a407_event *ev,
                     char out[static LINE_MAX_BYTES])
{
    const char *program = base_name(ev->process.executable);
    char words[400], proxy[A407_HOST_MAX + 16];
    a407_endpoint_text(&ev->proxy, proxy, sizeof proxy);
    put_words(ev, proxy, words, sizeof words);
    /* no full stop: the command before it may be copied */
    snprintf(out, LINE_MAX_BYTES,
             "auth407: %.64s: %s %s (more: auth407 report)",
             *program ? program : "a program", proxy, words);
    a407_text_make_plain(out);
}

/* ---- telling ---- */

/* A raw terminal needs the CR. */
static void tell(const char *text)
{
    char line[LINE_MAX_BYTES + 2];
    struct a407_quiet quiet;
    int n = snprintf(line, sizeof line, "%s\r\n", text);
    a407_quiet_begin(&quiet);
    int fd = open("/dev/tty", O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    ssize_t written = fd < 0 ? -1 : write(fd, line, (size_t)n);
    if (fd >= 0)
        close(fd);
    a407_quiet_end(&quiet, written < 0);
}

static bool same(const struct a407_endpoint *a, const struct a407_endpoint *b)
{
    return a->port == b->port && strcmp(a->host, b->host) == 0;
}

/* Takes what is to be told from there, once. */
static const struct a407_config *take(char out[static LINE_MAX_BYTES])
{
    const struct a407_config *due = NULL;
    if (atomic_flag_test_and_set(&taken))
        return NULL;
    if (!told && *pending.text && pending.pid == getpid())
        due = pending.config;
    told = told || due;
    memcpy(out, pending.text, LINE_MAX_BYTES);
    *pending.text = '\0';
    atomic_flag_clear(&taken);
    return due;
}

static void tell_first(void)
{
    char text[LINE_MAX_BYTES];
    const struct a407_config *c = take(text);
    if (c && a407_folder_first(c, ""))
        tell(text);
}

/* Keeps it, or drops what is there, which was answered. */
static void keep(const struct a407_config *c, const struct a407_event *ev,
                 bool stays)
{
    if (atomic_flag_test_and_set(&taken))
        return;
    if (stays && !told) {
        put_line(ev, pending.text);
        pending.config = c;
        pending.proxy = ev->proxy;
        pending.pid = getpid();
    } else if (!stays && same(&pending.proxy, &ev->proxy)) {
        *pending.text = '\0';
    }
    atomic_flag_clear(&taken);
}

/* The program has sent no login, and nothing of ours was tried: it may have one
   that it sends when asked. */
static bool may_go_on(const struct a407_event *ev)
{
    return !ev->client_sent && !ev->n_attempts;
}

void a407_notify(const struct a407_config *c, const struct a407_event *ev)
{
    if (!c->notify || c->mode != A407_MODE_INJECT)
        return;
    bool stays = ev->outcome != A407_RESOLVED && ev->outcome != A407_OBSERVED &&
                 ev->final_status != 0;
    keep(c, ev, stays);
    if (stays && !may_go_on(ev))
        tell_first();
}

void a407_notify_end(void)
{
    tell_first();
}
