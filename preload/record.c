/* SPDX-License-Identifier: MIT */
#include "record.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/auxv.h>

#include "core/base/text.h"
#include "core/config/log_target.h"
#include "core/http/http.h"
#include "host/memory.h"
#include "host/notify.h"
#include "host/object.h"
#include "host/process.h"
#include "host/sink.h"
#include "host/verdict.h"

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* This library's own streams, or libc, make the call for somebody. */
static bool is_between(const Dl_info *object)
{
    static const char here = 'h';
    const char *name = base_name(object->dli_fname);
    return a407_object_is(object, &here) || strncmp(name, "libc.so", 7) == 0 ||
           strncmp(name, "libc-2", 6) == 0;
}

/* A part of Python (_socket.cpython-311-x86_64-linux-gnu.so, x.abi3.so) or Ruby
   (ruby/3.1.0/socket.so) that may as well be linked into the interpreter: a
   script made the call. */
static bool is_extension(const char *path)
{
    const char *name = base_name(path);
    return strstr(name, ".cpython-") || strstr(name, ".abi3.so") ||
           (strstr(path, "/ruby/") && strncmp(name, "lib", 3) != 0);
}

/* The module that made the call. For one that libc made (stdio) the one that
   has opened the stream stands for it. */
static void caller_module(struct a407_event_process *p, const void *caller,
                          const void *opener)
{
    Dl_info object;
    bool known = a407_object_of(caller, &object);
    if (known && opener && is_between(&object))
        known = a407_object_of(opener, &object);
    if (!known)
        return;
    /* The loader's name for the program itself is what that calls itself, and
       may be anything. */
    const void *program = (const void *)getauxval(AT_PHDR);
    const char *path =
        a407_object_is(&object, program) || is_extension(object.dli_fname)
            ? p->executable
            : object.dli_fname;
    a407_put(p->caller_module, sizeof p->caller_module,
             a407_span_str(base_name(path)));
}

static void write_record(struct a407_conn *c, struct a407_event *ev)
{
    const struct a407_config *config = c->site->proxy.config;
    struct a407_record r = {.event = ev};
    struct a407_log_target to;
    struct a407_buf store;
    if (!config->notify && a407_log_target(config->log, &to) &&
        to.kind == A407_TO_NOWHERE) {
        free(ev);
        return;
    }
    a407_buf_init(&store, A407_EVENT_LINE_MAX);
    a407_process_fill(&ev->process, 0, &store);
    r.pid = ev->process.pid;
    caller_module(&ev->process, __atomic_load_n(&c->caller, __ATOMIC_RELAXED),
                  __atomic_load_n(&c->opener, __ATOMIC_RELAXED));
    a407_sink_put(config, &r);
    a407_notify(config, ev); /* last: it tells where to read of it */
    a407_buf_free(&store);
    free(ev);
}

void a407_news_take(struct a407_conn *c, struct a407_news *news)
{
    struct a407_proxy *p = &c->site->proxy;
    news->n_verdicts = news->n = 0;
    a407_buf_init(&news->memory, A407_HEAD_MAX);
    a407_must_hold(c->site);
    news->cred = NULL;
    news->configured = NULL;
    if (a407_proxy_has_news(p) &&
        a407_proxy_remember(p, c->driver.wall_us / 1000000, &news->memory)) {
        news->configured = p->standing[p->cred_index].configured;
        news->cred = a407_credential_copy(p->creds[p->cred_index]);
    }
    while (news->n_verdicts < A407_NEWS_MAX / 4 &&
           a407_engine_verdict(c->driver.engine,
                               &news->verdicts[news->n_verdicts]))
        news->n_verdicts++;
    while (news->n < A407_NEWS_MAX &&
           (news->events[news->n] = a407_engine_event(c->driver.engine)))
        news->n++;
}

void a407_news_write(struct a407_conn *c, struct a407_news *news)
{
    int saved = errno;
    const struct a407_proxy *proxy = &c->site->proxy;
    /* first: who reads the record may start anew */
    struct a407_owner owner = {proxy->config, &proxy->endpoint,
                               news->configured, news->cred};
    if (news->cred)
        a407_memory_keep(&owner, a407_span(news->memory.p, news->memory.n));
    a407_credentials_free(news->cred);
    a407_buf_free(&news->memory);
    for (size_t i = 0; i < news->n_verdicts; i++)
        a407_verdict_tell(proxy->config, &proxy->endpoint, &news->verdicts[i]);
    for (size_t i = 0; i < news->n; i++)
        write_record(c, news->events[i]);
    errno = saved;
}
