/* SPDX-License-Identifier: MIT */
#include "answers.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "memory_folder.h"

/* It is asked for anew before it ends. */
#define MARGIN_S 60

static bool open_for(const struct a407_owner *o, struct a407_folder *f,
                     a407_file_name name)
{
    a407_file_name owner;
    if (!o->config->helper_memory || !o->configured->helper ||
        !a407_folder_open(o->config, A407_FOLDER_SESSION, f))
        return false;
    a407_folder_name(f, o, owner);
    snprintf(name, sizeof(a407_file_name), "%.240s.answer", owner);
    return true;
}

/* The first line: whose answer it is, and until when. */
static bool header(const struct a407_owner *o, int64_t ends,
                   struct a407_buf *out)
{
    return a407_buf_fmt(out, "auth407 1 %s:%u %lld\n", o->proxy->host,
                        o->proxy->port, (long long)ends);
}

void a407_answers_keep(const struct a407_owner *o, struct a407_span answer,
                       int64_t ends)
{
    struct a407_folder f;
    struct a407_buf all;
    a407_file_name name;
    if (ends - MARGIN_S <= time(NULL) || !open_for(o, &f, name))
        return;
    a407_buf_init(&all, A407_MEMORY_MAX);
    if (header(o, ends, &all) && a407_buf_span(&all, answer))
        a407_folder_write(&f, name, true, a407_span(all.p, all.n));
    a407_buf_free(&all);
    a407_at_close(&f.at);
}

static bool read_answer(const struct a407_owner *o, struct a407_span text,
                        struct a407_buf *out)
{
    struct a407_span line, word = {0};
    struct a407_buf first;
    uint64_t ends = 0;
    if (!a407_span_cut(&text, '\n', &line))
        return false;
    struct a407_span left = line;
    while (a407_span_cut(&left, ' ', &word))
        continue;
    a407_buf_init(&first, A407_MEMORY_MAX);
    bool ok = a407_span_number(word, INT64_MAX, &ends) &&
              header(o, (int64_t)ends, &first) && first.n == line.n + 1 &&
              memcmp(first.p, line.p, line.n) == 0 &&
              (int64_t)ends - MARGIN_S > time(NULL);
    a407_buf_free(&first);
    return ok && a407_buf_span(out, text);
}

bool a407_answers_find(const struct a407_owner *o, struct a407_buf *out)
{
    struct a407_folder f;
    struct a407_buf text;
    a407_file_name name;
    int64_t age;
    if (!open_for(o, &f, name))
        return false;
    a407_buf_init(&text, A407_MEMORY_MAX);
    bool found = a407_folder_read(&f, name, &text, &age) && age >= 0 &&
                 age < A407_DAY_S &&
                 read_answer(o, a407_span(text.p, text.n), out);
    a407_buf_free(&text);
    a407_at_close(&f.at);
    return found;
}

void a407_answers_drop(const struct a407_owner *o)
{
    struct a407_folder f;
    a407_file_name name;
    if (!open_for(o, &f, name))
        return;
    unlinkat(f.at.folder, name, 0);
    a407_at_close(&f.at);
}
