/* SPDX-License-Identifier: MIT */
#include "html.h"

/* The lists of programs, each with what to do; and the programs' bars. */

static void put_range(const struct a407_report_tally *t, FILE *o)
{
    a407_html_time(o, t->first_us);
    if (t->last_us / 1000000 != t->first_us / 1000000) {
        fputs(" to ", o);
        a407_html_time(o, t->last_us);
    }
}

static void put_place(const struct a407_report_finding *f, FILE *o)
{
    const char *at = *f->module ? f->module : "an unknown module";

    fputs("<li>in <bdi class=\"key\">", o);
    a407_html_text(o, at);
    fputs("</bdi>, at proxy <bdi class=\"key\">", o);
    a407_html_text(o, f->proxy);
    fputs("</bdi>: ", o);
    a407_html_outcomes(o, f->tally.outcome);
    fputs("<br>", o);
    put_range(&f->tally, o);
    if (f->after_sending) {
        fputs("<br>", o);
        a407_html_count(o, f->after_sending);
        fputs(" of them after it had sent a header before: dropped on the way",
              o);
    }
    if (*f->detail) {
        fputs("<br><span class=\"dim\">evidence: <bdi>", o);
        a407_html_text(o, f->detail);
        fputs("</bdi></span>", o);
    }
    fputs("</li>\n", o);
}

#define PLACES_OPEN 2 /* shown without a click */
#define PLACES_MAX  20

static void put_places(const struct a407_report_finding *f, size_t n, FILE *o)
{
    bool fold = n > PLACES_OPEN;
    size_t i;

    if (fold)
        fprintf(o,
                "<details class=\"places\"><summary>%zu modules and "
                "proxies</summary>\n<ul>\n",
                n);
    else
        fputs("<ul class=\"places\">\n", o);
    for (i = 0; i < n && i < PLACES_MAX; i++)
        put_place(&f[i], o);
    if (i < n)
        fprintf(o, "<li>and %zu more</li>\n", n - i);
    fputs(fold ? "</ul></details>\n" : "</ul>\n", o);
}

/* In a paragraph that is open: what to do with the lines; then they follow. */
static void put_lines(const char *what, const char *lines, FILE *o)
{
    a407_html_text(o, what);
    fputs(":</p>\n<pre><code>", o);
    a407_html_text_lines(o, lines);
    fputs("</code></pre>\n", o);
}

static void put_advice(const struct a407_report_finding *f, FILE *o)
{
    struct a407_report_advice a;
    char place[A407_REPORT_KEY_MAX + 32];

    a407_report_advise(f, &a);
    if (!*a.line && !*a.text && !*a.command)
        return;
    fputs("<div class=\"fix\"><p><strong>Fix:</strong> ", o);
    if (*a.line) {
        a407_report_place(a.where, place, sizeof place);
        put_lines(place, a.line, o);
        if (*a.text) {
            fputs("<p>", o);
            a407_html_text(o, a.text);
            fputs("</p>\n", o);
        }
        if (*a.command) {
            fputs("<p>", o);
            put_lines(a.command_needs_line ? "Then run"
                                           : "Or change nothing, and run",
                      a.command, o);
        }
    } else {
        if (*a.command)
            put_lines("run it as", a.command, o);
        fputs(*a.command ? "<p>" : "", o);
        a407_html_text(o, a.text);
        fputs("</p>\n", o);
    }
    fputs("</div>\n", o);
}

/* How many of the n findings are of the first one's program and cause. */
static size_t run_of(const struct a407_report_finding *f, size_t n)
{
    size_t i;

    for (i = 1; i < n; i++)
        if (strcmp(f[i].binary, f->binary) != 0 ||
            strcmp(f[i].cause, f->cause) != 0)
            break;
    return i;
}

/* All of one program under one cause. */
static void put_program(const struct a407_report_finding *f, size_t n, FILE *o)
{
    uint64_t unresolved = 0;
    size_t i, same;

    for (i = 0; i < n; i++)
        unresolved += f[i].tally.unresolved;
    fputs("<article class=\"finding\">\n<div class=\"top\"><h3><bdi "
          "class=\"key\">",
          o);
    a407_html_text(o, f->binary);
    fputs("</bdi></h3><div>", o);
    a407_html_count(o, f->weight);
    fprintf(o, "&times; 407, <span class=\"%s\">", unresolved ? "bad" : "good");
    a407_html_count(o, unresolved);
    fputs(" unresolved</span></div></div>\n", o);
    for (i = 0; i < n; i += same) {
        for (same = 1; i + same < n; same++)
            if (!a407_report_same_advice(&f[i], &f[i + same]))
                break;
        if (!a407_report_is_fine(f->cause_id))
            put_advice(&f[i], o);
        put_places(&f[i], same, o);
    }
    fputs("</article>\n", o);
}

static void put_cause(const struct a407_report_finding *f, FILE *o)
{
    fputs("<p class=\"cause\"><code>", o);
    a407_html_text(o, f->cause);
    fputs("</code>: ", o);
    a407_html_text(o, f->cause_id == A407_CAUSE_COUNT
                          ? "is unknown to this version."
                          : a407_cause_info(f->cause_id)->meaning);
    fputs("</p>\n", o);
}

/* One group. An empty one is only told of if there is a text for it. */
static void put_group(const struct a407_report_view *v,
                      enum a407_report_group group, const char *id,
                      const char *title, const char *none, FILE *o)
{
    const struct a407_report *r = v->report;
    const char *cause = "";
    size_t i, n, programs = 0;

    for (i = 0; i < r->n_findings; i += n) {
        const struct a407_report_finding *f = &r->findings[i];

        n = run_of(f, r->n_findings - i);
        if (a407_report_group(f) != group)
            continue;
        if (programs++ == 0)
            fprintf(o,
                    "<section id=\"%s\" aria-labelledby=\"h-%s\">\n"
                    "<h2 id=\"h-%s\">%s</h2>\n",
                    id, id, id, title);
        if (v->top && programs > v->top)
            continue;
        if (strcmp(cause, f->cause) != 0)
            put_cause(f, o);
        cause = f->cause;
        put_program(f, n, o);
    }
    if (programs == 0 && !none)
        return;
    if (programs == 0)
        fprintf(o,
                "<section id=\"%s\" aria-labelledby=\"h-%s\">\n"
                "<h2 id=\"h-%s\">%s</h2>\n<p class=\"good\">%s</p>\n",
                id, id, id, title, none);
    if (v->top && programs > v->top)
        a407_html_more(o, programs - v->top);
    fputs("</section>\n", o);
}

void a407_html_dropped(const struct a407_report_view *v, FILE *f)
{
    put_group(v, A407_REPORT_DROPPED, "dropped", "Dropped the header",
              "No program dropped a header that it had the login for.", f);
}

void a407_html_findings(const struct a407_report_view *v, FILE *f)
{
    const uint64_t others = v->report->findings_others.total;

    put_group(v, A407_REPORT_NEVER_SENT, "never", "Never sent one", NULL, f);
    put_group(v, A407_REPORT_OTHER, "other", "Other causes", NULL, f);
    if (others) {
        fputs("<p class=\"more\">", f);
        a407_html_count(f, others);
        fprintf(f,
                " more 407%s not in these lists, which keep %d combinations, "
                "dropped headers before others</p>\n",
                others == 1 ? " is" : "s are", A407_REPORT_FINDINGS);
    }
}

static void put_bar(const struct a407_report_row *row, uint64_t most, FILE *f)
{
    size_t i;

    fputs("<li><div class=\"top\"><bdi class=\"key\">", f);
    a407_html_text(f, row->key);
    fputs("</bdi><span>", f);
    a407_html_count(f, row->tally.total);
    fputs("</span></div><div class=\"bar\" role=\"img\" aria-label=\"", f);
    a407_html_outcomes(f, row->tally.outcome);
    fputs("\">", f);
    for (i = 0; i < A407_REPORT_OUTCOMES; i++) {
        enum a407_outcome o = a407_html_stack[i];
        double share = 100.0 * (double)row->tally.outcome[o] / (double)most;

        if (row->tally.outcome[o])
            fprintf(f, "<span class=\"%s\" style=\"width:%.2f%%\"></span>",
                    a407_html_class(o), share);
    }
    fputs("</div></li>\n", f);
}

#define BARS 15

void a407_html_bars(const struct a407_report_view *v, FILE *f)
{
    const struct a407_report_table *t = &v->report->tables[A407_REPORT_BINARY];
    size_t i;

    if (t->n == 0)
        return;
    fputs("<section id=\"programs\" aria-labelledby=\"h-programs\">\n"
          "<h2 id=\"h-programs\">Programs with most 407s</h2>\n"
          "<ul class=\"bars\">\n",
          f);
    for (i = 0; i < t->n && i < BARS; i++)
        put_bar(&t->rows[i], t->rows[0].tally.total, f);
    fputs("</ul>\n", f);
    if (t->n > BARS)
        fputs("<p class=\"more\">The table below has more.</p>\n", f);
    fputs("</section>\n", f);
}
