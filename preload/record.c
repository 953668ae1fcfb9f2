/* SPDX-License-Identifier: MIT */
#include "record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "complain.h"
#include "gate.h"
#include "paths.h"
#include "process.h"
#include "real.h"

/* Why 256 KiB: 64 long arguments and 16 parents fit with room to spare. */
#define LINE_MAX_BYTES (256 * 1024)

static atomic_uint lost; /* lines that no sink took */

/* One write() of one line: with O_APPEND lines of many processes don't mix. */
static void put_line(const struct a407_config *c, const struct a407_buf *line)
{
    int fd = 2;
    bool file = strcmp(c->log, "stderr") != 0;
    if (strcmp(c->log, "none") == 0)
        return;
    if (file) {
        const int how = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY |
                        O_NONBLOCK;
        fd = open(c->log, how, 0600);
        if (fd < 0 && errno == ENOENT) {
            a407_make_parents(c->log);
            fd = open(c->log, how, 0600);
        }
    }
    if (fd < 0 || real()->write(fd, line->p, line->n) != (ssize_t)line->n)
        atomic_fetch_add(&lost, 1);
    if (file && fd >= 0)
        real()->close(fd);
}

void a407_record_flush(struct a407_conn *c)
{
    int saved = errno;
    a407_engine_lock(c);
    struct a407_event *ev = a407_engine_event(c->engine);
    a407_engine_unlock(c);
    if (ev) {
        struct a407_buf line, store;
        a407_buf_init(&line, LINE_MAX_BYTES);
        a407_buf_init(&store, LINE_MAX_BYTES);
        a407_process_fill(&ev->process, &store, c->caller);
        if (a407_event_json(ev, &line))
            put_line(c->site->proxy.config, &line);
        else
            atomic_fetch_add(&lost, 1);
        a407_buf_free(&line);
        a407_buf_free(&store);
        free(ev);
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
    a407_buf_init(&line, LINE_MAX_BYTES);
    a407_buf_fmt(&line, "{\"timestamp\":\"%s.%06ldZ\",", when,
                 now.tv_nsec / 1000);
    a407_buf_str(&line, "\"event\":{\"name\":\"auth407.problem\"},");
    a407_buf_str(&line, "\"message\":");
    a407_json_string(&line, a407_span_str(text));
    a407_buf_fmt(&line, ",\"process\":{\"pid\":%d}}\n", (int)getpid());
    if (!line.failed)
        put_line(c, &line);
    a407_buf_free(&line);
}
