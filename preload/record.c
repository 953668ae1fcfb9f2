/* SPDX-License-Identifier: MIT */
#include "record.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "ask.h"
#include "complain.h"
#include "gate.h"
#include "process.h"
#include "sink.h"

static void write_record(struct a407_conn *c, struct a407_event *ev)
{
    struct a407_record r = {.event = ev, .pid = (int)getpid()};
    struct a407_buf store;
    a407_buf_init(&store, A407_EVENT_LINE_MAX);
    a407_process_fill(&ev->process, &store,
                      __atomic_load_n(&c->caller, __ATOMIC_RELAXED),
                      __atomic_load_n(&c->opener, __ATOMIC_RELAXED));
    a407_sink_put(c->site->proxy.config, &r);
    a407_buf_free(&store);
    free(ev);
}

void a407_record_flush(struct a407_conn *c)
{
    int saved = errno;
    a407_deliver_verdicts(c); /* first: who reads the record may start anew */
    for (;;) {
        a407_engine_lock(c);
        struct a407_event *ev = a407_engine_event(c->engine);
        a407_engine_unlock(c);
        if (!ev)
            break;
        write_record(c, ev);
    }
    errno = saved;
}

void a407_complain(const struct a407_config *c, const char *text)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t us = (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
    struct a407_record r = {
        .problem = text, .time_us = us, .pid = (int)getpid()};
    a407_sink_put(c, &r);
}
