/* SPDX-License-Identifier: MIT */
#include "record.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "ask.h"
#include "complain.h"
#include "core/base/json.h"
#include "gate.h"
#include "process.h"
#include "sink.h"

static void write_record(struct a407_conn *c, struct a407_event *ev)
{
    struct a407_buf line, store;
    a407_buf_init(&line, A407_EVENT_LINE_MAX);
    a407_buf_init(&store, A407_EVENT_LINE_MAX);
    a407_process_fill(&ev->process, &store,
                      __atomic_load_n(&c->caller, __ATOMIC_RELAXED),
                      __atomic_load_n(&c->opener, __ATOMIC_RELAXED));
    if (a407_event_json(ev, &line))
        a407_sink_put(c->site->proxy.config, ev, NULL, &line);
    else
        a407_sink_missed(c->site->proxy.config);
    a407_buf_free(&line);
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
    struct a407_buf line;
    struct timespec now;
    struct tm tm;
    char when[40] = "";
    clock_gettime(CLOCK_REALTIME, &now);
    if (gmtime_r(&now.tv_sec, &tm))
        strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", &tm);
    a407_buf_init(&line, A407_EVENT_LINE_MAX);
    a407_buf_fmt(&line, "{\"timestamp\":\"%s.%06ldZ\",\"schema\":1,", when,
                 now.tv_nsec / 1000);
    a407_buf_str(&line, "\"event\":{\"name\":\"auth407.problem\"},");
    a407_buf_str(&line, "\"message\":");
    a407_json_string(&line, a407_span_str(text));
    a407_buf_fmt(&line, ",\"process\":{\"pid\":%d}}\n", (int)getpid());
    if (!line.failed)
        a407_sink_put(c, NULL, text, &line);
    a407_buf_free(&line);
}
