/* SPDX-License-Identifier: MIT */
#include <inttypes.h>

#include "cli/report/write/html.h"
#include "words.h"

/* Rows of a list in a page; JSON and CSV have all. */
#define ROWS 50

static void key(FILE *f, struct a407_span s)
{
    fputs("<bdi class=\"key\">", f);
    a407_html_span(f, s);
    fputs("</bdi>", f);
}

static void table_start(FILE *f, const char *id, const char *title,
                        const char *const *columns, size_t n)
{
    fprintf(f, "<h3 id=\"h-%s\">%s</h3>\n", id, title);
    a407_html_table(f, id, columns, n);
}

static void table_end(FILE *f, uint64_t more)
{
    a407_html_table_end(f);
    if (more)
        fprintf(f,
                "<p class=\"more\">and %" PRIu64 " more: <code>--format "
                "json</code> has all</p>\n",
                more);
}

/* When and what, and who asked for it with what. */
static void our_side(const struct a407_access_record *r, FILE *f)
{
    char text[A407_ACCESS_WORDS];

    a407_html_row(f, "ww");
    a407_html_time(f, r->time_us);
    fputs("<br>", f);
    a407_html_span(f, r->method);
    fputs(" ", f);
    key(f, r->target);
    fputs("</th>", f);
    a407_html_cell(f, "Program", "ww");
    key(f, r->binary);
    fprintf(f, ", pid %" PRId64 "<br>sent <bdi>", r->pid);
    a407_access_say_sent(r, text);
    a407_html_text(f, text);
    fputs("</bdi><br>to ", f);
    key(f, r->proxy);
    fputs("</td>", f);
}

static void outcome(const struct a407_access_record *r, FILE *f)
{
    a407_html_cell(f, "Outcome", "w");
    fprintf(f, "<span class=\"%s\">", r->unresolved ? "bad" : "good");
    a407_html_span(f, r->outcome);
    if (r->final_status)
        fprintf(f, "</span>, read %d<br><code>", r->final_status);
    else
        fputs("</span><br><code>", f);
    a407_html_span(f, r->cause);
    fputs("</code></td></tr>\n", f);
}

static void proxy_side(const struct a407_access_row *row, FILE *f)
{
    char text[A407_ACCESS_WORDS];
    const char *who = a407_access_say_who(&row->legs[0].line);
    size_t i;

    a407_html_cell(f, "The proxy&#39;s log", "ww");
    fputs("<bdi>", f);
    a407_access_say_line(&row->legs[0].line, text);
    a407_html_text(f, text);
    fputs("</bdi>", f);
    a407_access_say_seconds(row->legs[0].difference_us, text);
    fprintf(f, "<br><span class=\"dim\">%s%s%s, by %s</span>", who,
            *who ? "; " : "", text, row->legs[0].by_port ? "port" : "time");
    for (i = 1; i < row->record.n_legs; i++)
        if (row->legs[i].found) {
            fputs("<br>then <bdi>", f);
            a407_access_say_line(&row->legs[i].line, text);
            a407_html_text(f, text);
            fputs("</bdi>", f);
        }
    fputs("</td>", f);
}

/* Those that were found, or those that were not. How many are left. */
static uint64_t put_rows(const struct a407_report_access *a, bool matched,
                         FILE *f)
{
    uint64_t total = matched ? a->sums.matched : a->sums.without_line, seen;
    struct a407_access_rows r;
    struct a407_access_row row;

    a407_access_rows_start(&r, a,
                           matched ? A407_ROWS_FOUND : A407_ROWS_MISSING);
    for (seen = 0; seen < ROWS; seen++) {
        if (!a407_access_rows_next(&r, &row))
            break;
        our_side(&row.record, f);
        if (matched)
            proxy_side(&row, f);
        outcome(&row.record, f);
    }
    a407_access_rows_end(&r);
    return total - seen;
}

static void put_group(const struct a407_access_group *g, FILE *f)
{
    size_t i;

    a407_html_row(f, "");
    key(f, a407_span_str(g->client));
    fputs("</th>", f);
    a407_html_cell(f, "User", "");
    if (*g->user) {
        fputs("<bdi>", f);
        a407_html_text(f, g->user);
        fputs("</bdi></td>", f);
    } else {
        fputs("<span class=\"dim\">none</span></td>", f);
    }
    a407_html_cell(f, "407s", "n");
    a407_html_count(f, g->total);
    fputs("</td>", f);
    a407_html_cell(f, "First", "t");
    a407_html_time(f, g->first_us);
    fputs("</td>", f);
    a407_html_cell(f, "Last", "t");
    a407_html_time(f, g->last_us);
    fputs("</td>", f);
    a407_html_cell(f, "For", "ww");
    for (i = 0; i < g->n_targets; i++) {
        fputs(i ? ", " : "", f);
        key(f, a407_span_str(g->targets[i]));
    }
    fputs(g->more_targets ? ", &hellip;</td></tr>\n" : "</td></tr>\n", f);
}

static void put_strangers(const struct a407_report_access *a, FILE *f)
{
    static const char *const columns[] = {"Client", "User", "#407s",
                                          "First",  "Last", "For"};
    size_t i;

    if (a->sums.without_record == 0)
        return;
    table_start(f, "strangers", "In the proxy&#39;s log alone", columns, 6);
    for (i = 0; i < a->n_groups && i < ROWS; i++)
        put_group(&a->groups[i], f);
    table_end(f, a->n_groups - i);
}

static void item(FILE *f, const char *text)
{
    if (!*text)
        return;
    fputs("<li>", f);
    a407_html_text(f, text);
    fputs("</li>\n", f);
}

static void put_sums(const struct a407_report_access *a, FILE *f)
{
    static void (*const say[])(const struct a407_report_access *, char *) = {
        a407_access_say_files, a407_access_say_matches, a407_access_say_clock,
        a407_access_say_missing, a407_access_say_strangers};
    char text[A407_ACCESS_WORDS];
    size_t i;

    fputs("<ul>\n", f);
    for (i = 0; i < sizeof say / sizeof *say; i++) {
        say[i](a, text);
        item(f, text);
    }
    fputs("</ul>\n", f);
}

void a407_report_access_html(const struct a407_report_access *a, FILE *f)
{
    static const char *const both[] = {"Request", "Program",
                                       "The proxy&#39;s log", "Outcome"};
    static const char *const ours[] = {"Request", "Program", "Outcome"};

    fputs("<section id=\"access\" aria-labelledby=\"h-access\">\n"
          "<h2 id=\"h-access\">The proxy&#39;s own log</h2>\n",
          f);
    put_sums(a, f);
    if (a->sums.matched) {
        table_start(f, "both", "Both sides of each 407", both, 4);
        table_end(f, put_rows(a, true, f));
    }
    if (a->sums.without_line) {
        table_start(f, "missing", "In the records alone", ours, 3);
        table_end(f, put_rows(a, false, f));
    }
    put_strangers(a, f);
    fputs("</section>\n", f);
}
