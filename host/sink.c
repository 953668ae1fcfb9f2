/* SPDX-License-Identifier: MIT */
#include "sink.h"

#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "core/record/message.h"
#include "quiet.h"
#include "sink_int.h"

/* A journal entry's bytes besides the line, at most. */
#define ENTRY_MORE (16 * 1024)

static bool to_journald(const struct a407_record *r,
                        const struct a407_buf *line)
{
    struct a407_buf entry;
    a407_buf_init(&entry, line->n + ENTRY_MORE);
    bool ok = a407_journal_entry(r, line, &entry) && a407_sink_journald(&entry);
    a407_buf_free(&entry);
    return ok;
}

static bool deliver(const struct a407_config *c,
                    const struct a407_log_target *to,
                    const struct a407_record *r, struct a407_buf *line)
{
    switch (to->kind) {
    case A407_TO_STDERR:
        return a407_sink_stderr(r, line);
    case A407_TO_SYSLOG:
    case A407_TO_UDP:
        return a407_sink_syslog(to, r, line);
    case A407_TO_JOURNALD:
        return to_journald(r, line);
    default:
        return a407_sink_file(to->path, c->log_max_size, r, line);
    }
}

void a407_sink_put(const struct a407_config *c, struct a407_record *r)
{
    struct a407_log_target to;
    struct a407_buf line;
    struct a407_quiet quiet;
    if (!a407_log_target(c->log, &to) || to.kind == A407_TO_NOWHERE)
        return;
    a407_quiet_begin(&quiet);
    a407_buf_init(&line, A407_EVENT_LINE_MAX);
    r->lost = a407_lost_take(c);
    r->run = c->run;
    bool ok = a407_record_json(r, A407_EVENT_LINE_MAX, &line) &&
              deliver(c, &to, r, &line);
    if (!ok)
        a407_lost_add(c, r->lost + 1);
    a407_buf_free(&line);
    a407_quiet_end(&quiet, !ok);
}

void a407_sink_problem(const struct a407_config *c, const char *text)
{
    struct a407_record r = {.problem = text,
                            .time_us = a407_clock_us(CLOCK_REALTIME),
                            .pid = (int)getpid()};
    a407_sink_put(c, &r);
}
