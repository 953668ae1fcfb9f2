/* SPDX-License-Identifier: MIT */
#include <inttypes.h>

#include "report_access_words.h"
#include "report_html.h"

/* Rows of a list in a page; JSON and CSV have all. */
#define ROWS 200

static void paragraph(FILE *f, const char *text)
{
    if (!*text)
        return;
    fputs("<p>", f);
    a407_html_text(f, text);
    fputs("</p>\n", f);
}

static void key(FILE *f, struct a407_span s)
{
    fputs("<bdi class=\"key\">", f);
    a407_html_span(f, s);
    fputs("</bdi>", f);
}

static void table_start(FILE *f, const char *id, const char *title,
                        const char *head)
{
    fprintf(f,
            "<h3 id=\"h-%s\">%s</h3>\n<div class=\"scroll\" tabindex=\"0\" "
            "role=\"region\" aria-labelledby=\"h-%s\">\n<table>\n<thead><tr>"
            "%s</tr></thead>\n<tbody>\n",
            id, title, id, head);
}

static void table_end(FILE *f, uint64_t more)
{
    fputs("</tbody>\n</table>\n</div>\n", f);
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

    fputs("<tr><th scope=\"row\" class=\"ww\">", f);
    a407_html_time(f, r->time_us);
    fputs("<br>", f);
    a407_html_span(f, r->method);
    fputs(" ", f);
    key(f, r->target);
    fputs("</th><td class=\"ww\">", f);
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
    fprintf(f, "<td class=\"w\"><span class=\"%s\">",
            r->unresolved ? "bad" : "good");
    a407_html_span(f, r->outcome);
    fputs("</span><br><code>", f);
    a407_html_span(f, r->cause);
    fputs("</code></td></tr>\n", f);
}

static void proxy_side(const struct a407_access_row *row, FILE *f)
{
    char text[A407_ACCESS_WORDS];
    const char *who = a407_access_say_who(&row->legs[0].line);
    size_t i;

    fputs("<td class=\"ww\"><bdi>", f);
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

/* Those that were found, or those that were not. */
static uint64_t put_rows(const struct a407_report_access *a, bool matched,
                         FILE *f)
{
    struct a407_access_rows r;
    struct a407_access_row row;
    uint64_t seen = 0;

    a407_access_rows_start(&r, a);
    while (a407_access_rows_next(&r, &row)) {
        if (row.matched != matched || seen++ >= ROWS)
            continue;
        our_side(&row.record, f);
        if (matched)
            proxy_side(&row, f);
        outcome(&row.record, f);
    }
    a407_access_rows_end(&r);
    return seen > ROWS ? seen - ROWS : 0;
}

static void put_group(const struct a407_access_group *g, FILE *f)
{
    size_t i;

    fputs("<tr><th scope=\"row\"><bdi class=\"key\">", f);
    a407_html_text(f, g->client);
    fputs("</bdi></th><td>", f);
    if (*g->user) {
        fputs("<bdi>", f);
        a407_html_text(f, g->user);
        fputs("</bdi>", f);
    } else {
        fputs("<span class=\"dim\">none</span>", f);
    }
    fputs("</td><td class=\"n\">", f);
    a407_html_count(f, g->total);
    fputs("</td><td class=\"t\">", f);
    a407_html_time(f, g->first_us);
    fputs("</td><td class=\"t\">", f);
    a407_html_time(f, g->last_us);
    fputs("</td><td class=\"ww\">", f);
    for (i = 0; i < g->n_targets; i++) {
        fputs(i ? ", " : "", f);
        key(f, a407_span_str(g->targets[i]));
    }
    fputs(g->more_targets ? ", &hellip;</td></tr>\n" : "</td></tr>\n", f);
}

static void put_strangers(const struct a407_report_access *a, FILE *f)
{
    char text[A407_ACCESS_WORDS];
    size_t i;

    a407_access_say_strangers(a, text);
    if (!*text)
        return;
    table_start(f, "strangers", "In the proxy&#39;s log alone",
                "<th scope=\"col\">Client</th><th scope=\"col\">User</th>"
                "<th scope=\"col\" class=\"n\">407s</th><th scope=\"col\">First"
                "</th><th scope=\"col\">Last</th><th scope=\"col\">For</th>");
    for (i = 0; i < a->n_groups && i < ROWS; i++)
        put_group(&a->groups[i], f);
    table_end(f, a->n_groups - i);
    paragraph(f, text);
}

void a407_report_access_html(const struct a407_report_access *a, FILE *f)
{
    char text[A407_ACCESS_WORDS];

    fputs("<section id=\"access\" aria-labelledby=\"h-access\">\n"
          "<h2 id=\"h-access\">The proxy&#39;s own log</h2>\n",
          f);
    a407_access_say_files(a, text);
    paragraph(f, text);
    a407_access_say_matches(a, text);
    paragraph(f, text);
    a407_access_say_clock(a, text);
    paragraph(f, text);
    a407_access_say_missing(a, text);
    if (*text) {
        paragraph(f, text);
        table_start(f, "missing", "In the records alone",
                    "<th scope=\"col\">Request</th><th scope=\"col\">Program"
                    "</th><th scope=\"col\">Outcome</th>");
        table_end(f, put_rows(a, false, f));
    }
    if (a->sums.matched) {
        table_start(f, "both", "Both sides of each 407",
                    "<th scope=\"col\">Request</th><th scope=\"col\">Program"
                    "</th><th scope=\"col\">The proxy&#39;s log</th>"
                    "<th scope=\"col\">Outcome</th>");
        table_end(f, put_rows(a, true, f));
    }
    put_strangers(a, f);
    fputs("</section>\n", f);
}
