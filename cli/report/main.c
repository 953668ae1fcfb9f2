/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <locale.h>
#include <poll.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/last_run.h"
#include "cli/msg.h"
#include "cli/report/read/read.h"
#include "core/config/log_target.h"
#include "host/clock.h"
#include "host/settings.h"
#include "options.h"
#include "report.h"

/* The settings, whose log (AUTH407_LOG, or the default one) is a file. NULL: it
   is none, said. */
static struct a407_config *settings_of_log(void)
{
    struct a407_diag diag = {{0}};
    struct a407_config *c = a407_config_new(a407_environment, NULL, &diag);

    if (!c)
        a407_error("out of memory");
    else if (!a407_log_is_word(c->log))
        return c;
    else if (strcmp(c->log, "none") == 0)
        a407_error("no log is kept (AUTH407_LOG is none, or there is no HOME): "
                   "name a file");
    else
        a407_error("the log goes to %s, not to a file: name a file", c->log);
    a407_config_free(c);
    return NULL;
}

/* The file of that name and its length. False: it is not there. */
static bool find(char out[static PATH_MAX], const char *a, const char *b,
                 uint64_t *length)
{
    struct stat st;

    if (snprintf(out, PATH_MAX, "%s%s", a, b) >= PATH_MAX ||
        stat(out, &st) != 0)
        return false;
    *length = (uint64_t)st.st_size;
    return true;
}

/* Lines may come from it: it is no terminal, and not /dev/null. */
static bool stdin_given(void)
{
    struct stat st;

    return fstat(STDIN_FILENO, &st) == 0 &&
           (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode) ||
            (S_ISREG(st.st_mode) && st.st_size > 0));
}

/* Nothing in a file is a line that this version can read: why. */
static void say_what_it_is(bool packed, const char *path, uint64_t newer)
{
    bool input = strcmp(path, "-") == 0;
    const char *name = input ? "standard input" : path;

    if (packed)
        a407_error("%s is compressed: zcat %s | auth407 report -", name,
                   input ? "FILE" : path);
    else if (newer)
        a407_error("%s is " A407_REPORT_NEWER_LINE, name);
    else
        a407_error("no line of %s is auth407's: is it the right file?", name);
}

/* One file, to its end. False: said, or memory ran out. */
static bool read_file(struct a407_report_run *r, const char *path)
{
    struct a407_report_input *in = &r->report.input, before = *in;
    struct a407_splitter s;
    bool good = a407_read_lines(&s, "", path, a407_report_line, r);

    in->bytes += s.bytes;
    in->files += good || s.bytes;
    if (!good || in->lines == before.lines || in->ours != before.ours)
        return good;
    say_what_it_is(s.packed, path, in->newer - before.newer);
    return false;
}

/* The log of the settings, and before it the generation that it keeps when it
   has a limit. One that is not there yet is an empty one. */
static bool read_default(struct a407_report_run *r)
{
    static const char *const generations[] = {".1", ""};
    struct a407_config *c = settings_of_log();
    bool good = c != NULL, there = false;
    char path[PATH_MAX];
    uint64_t length;
    size_t i;

    /* not written, and no line tells of them yet */
    if (c && c->state_dir && find(path, c->state_dir, "/lost", &length))
        r->report.input.lost += length;
    for (i = 0; c && i < 2; i++)
        if (find(path, c->log, generations[i], &length) ||
            (i == 1 && errno != ENOENT)) {
            there = true;
            good = read_file(r, path) && good;
        }
    if (c && !there)
        a407_note("%s is not there: no program has met a 407 under auth407 "
                  "yet; try `auth407 observe -- COMMAND`",
                  c->log);
    a407_config_free(c);
    return good;
}

static void warn_of(uint64_t n, const char *what)
{
    if (n)
        a407_warning("%" PRIu64 " line%s %s %s", n, n == 1 ? "" : "s",
                     n == 1 ? "is" : "are", what);
}

/* A report is not whole where lines could not be read. */
static void say_what_was_left(const struct a407_report *r,
                              const struct a407_report_options *o)
{
    const struct a407_report_input *in = &r->input;

    if (in->filtered && r->all.total == 0 && !o->filter.run)
        a407_note("the filters left out all 407s (%" PRIu64 ")", in->filtered);
    warn_of(in->newer, A407_REPORT_NEWER_LINE);
    warn_of(in->unknown, A407_REPORT_UNKNOWN_LINE);
}

/* Of a pipe without a byte: who started this may not know of it, as a remote
   shell makes one. */
#define IDLE_MS 2000

static bool has_default(void)
{
    struct a407_config *c = settings_of_log();
    char path[PATH_MAX];
    uint64_t length;
    bool there = c && find(path, c->log, "", &length);

    a407_config_free(c);
    return there;
}

static bool read_all(struct a407_report_run *r,
                     const struct a407_report_options *o)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    bool good = true;
    size_t i;

    for (i = 0; i < o->n_files && !r->report.out_of_memory; i++)
        good = read_file(r, o->files[i]) && good;
    if (o->n_files)
        return good;
    if (o->last || o->stdin_is_access_log || !stdin_given())
        return read_default(r);
    if (poll(&input, 1, IDLE_MS) == 0) {
        if (has_default()) {
            a407_note("nothing comes on standard input; this is on the log");
            return read_default(r);
        }
        a407_note("reading standard input");
    }
    good = read_file(r, "-");
    if (good && r->report.input.bytes == 0)
        a407_note("standard input is empty, and the log was not read; "
                  "`auth407 report </dev/null` reads it");
    return good;
}

/* What `each` needs. */
struct live {
    struct a407_term term;
    bool json;
    bool cut; /* to the width of a terminal */
};

#define SPAN(s) (int)(s).n, (s).p

/* --follow: one line for one 407: when, the outcome, and "rejected,
   /usr/bin/wget in wget at proxy.test:3128: GET http://a/, 407"; what is not
   known is left out. */
static void print_live(void *ctx, const struct a407_report_record *l,
                       const char *json, size_t n)
{
    const struct live *live = ctx;
    char binary[A407_REPORT_KEY_MAX + 1], proxy[A407_REPORT_KEY_MAX + 1];
    char time[32], status[16] = "", text[4096];

    if (live->json) {
        a407_report_json_put(live->term.f, json, n);
        fputc('\n', live->term.f);
        return;
    }
    a407_report_time_show(false, l->time_us, time);
    a407_report_key(l, A407_REPORT_BINARY, binary);
    a407_report_key(l, A407_REPORT_PROXY, proxy);
    if (l->final_status)
        snprintf(status, sizeof status, ", %d", l->final_status);
    snprintf(text, sizeof text, "%.*s, %s%s%.*s at %s%s%.*s%s%.*s%s",
             SPAN(l->cause), binary, l->module.n ? " in " : "", SPAN(l->module),
             proxy, l->method.n || l->target.n ? ": " : "", SPAN(l->method),
             l->method.n && l->target.n ? " " : "", SPAN(l->target), status);
    fprintf(live->term.f, "%s ", time);
    a407_term_style(&live->term, l->unresolved ? A407_RED : A407_GREEN);
    fprintf(live->term.f, "%-11s ", a407_outcome_name(l->outcome));
    a407_term_style(&live->term, A407_PLAIN);
    if (live->cut && live->term.width > 32)
        a407_term_cell(&live->term, text, live->term.width - 32, false);
    else
        a407_term_put(&live->term, text);
    fputc('\n', live->term.f);
}

static bool follow(struct a407_report_run *r,
                   const struct a407_report_options *o, FILE *f)
{
    struct a407_config *c = NULL;
    const char *only = "-", *const *files = &only;
    size_t n = 1;
    bool good = true;

    if (o->n_files) {
        files = (const char *const *)o->files;
        n = o->n_files;
    } else if (stdin_given()) {
        a407_note("reading standard input");
    } else {
        c = settings_of_log();
        good = c != NULL;
        only = good ? c->log : "";
    }
    good = good && a407_report_follow(r, files, n,
                                      o->filter.since_us != A407_TIME_FIRST);
    a407_config_free(c);
    a407_report_run_finish(r);
    if (good && o->format == A407_FORMAT_TEXT)
        fprintf(
            f, "%" PRIu64 " exchange%s with a 407, %" PRIu64 " still failing\n",
            r->report.all.total, r->report.all.total == 1 ? "" : "s",
            r->report.all.unresolved);
    return good;
}

static bool print(struct a407_report_run *r,
                  const struct a407_report_options *o,
                  const struct a407_last_run *last,
                  const struct a407_term *term)
{
    char filters[1024];
    struct a407_report_view view = {.report = &r->report,
                                    .access = r->access,
                                    .top = o->top,
                                    .tables = o->tables,
                                    .last = o->filter.run ? last : NULL,
                                    .filters = filters};

    a407_filter_words(&o->filter, filters, sizeof filters);
    a407_report_run_finish(r);
    if (r->report.out_of_memory)
        return false;
    if (o->format == A407_FORMAT_HTML)
        return a407_report_html(&view, term->f);
    if (o->format == A407_FORMAT_TEXT && !o->tables)
        a407_report_brief(&view, term);
    else if (o->format == A407_FORMAT_TEXT)
        a407_report_text(&view, term);
    else if (o->format == A407_FORMAT_JSON)
        a407_report_json(&view, false, term->f);
    else
        a407_report_csv(&view, term->f);
    return true;
}

static int run(struct a407_report_run *r, const struct a407_report_options *o,
               const struct a407_last_run *last, const struct a407_term *term)
{
    bool good, *no_memory = &r->report.out_of_memory;

    if (o->access.files.n && !(r->access = a407_report_access_open(&o->access)))
        return A407_EXIT_PART;
    good = o->follow ? follow(r, o, term->f) : read_all(r, o);
    if (r->access && !a407_report_access_finish(r->access))
        return A407_EXIT_PART;
    if (!o->follow && !*no_memory) {
        if (!good && r->report.input.ours == 0)
            return A407_EXIT_PART; /* said; there is nothing to report on */
        good = print(r, o, last, term) && good;
    }
    good = good && (!r->access || a407_report_access_ok(r->access));
    say_what_was_left(&r->report, o);
    if (*no_memory)
        a407_error("out of memory");
    else if (a407_msg_flush() && good)
        return r->report.all.unresolved ? 1 : 0;
    return A407_EXIT_PART;
}

/* Without one, as of a version that kept none, all is shown. */
static void find_last(struct a407_filter *f, struct a407_last_run *last)
{
    struct a407_config *c = settings_of_log();

    *last = (struct a407_last_run){.time_us = 0};
    if (c)
        a407_last_run_read(c, last);
    a407_config_free(c);
    f->run = *last->id ? last->id : NULL;
}

/* Exit statuses are those of grep(1): 1 if a 407 was still fails. */
int main(int argc, char **argv)
{
    static char buffer[64 << 10];
    struct a407_report_options o;
    struct a407_report_run r;
    struct a407_last_run last;
    struct live live;
    int status;

    (void)setlocale(LC_CTYPE, ""); /* how wide a character is */
    (void)argc;
    if (!a407_report_options_parse(argv, a407_clock_us(CLOCK_REALTIME), &o))
        return A407_EXIT_PART;
    (void)setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
    if (o.help)
        return a407_help(A407_CMD_REPORT, false) ? 0 : A407_EXIT_PART;
    if (o.last)
        find_last(&o.filter, &last);
    if (!a407_report_run_init(&r, &o.filter)) {
        a407_error("out of memory");
        return A407_EXIT_PART;
    }
    a407_term_init(&live.term, stdout, (enum a407_term_color)o.color);
    live.json = o.format == A407_FORMAT_JSON;
    live.cut = isatty(STDOUT_FILENO);
    if (o.follow)
        r.each = print_live;
    r.ctx = &live;
    status = run(&r, &o, &last, &live.term);
    a407_report_access_free(r.access);
    a407_report_run_free(&r);
    return status;
}
