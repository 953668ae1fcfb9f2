/* SPDX-License-Identifier: MIT */
#include "html.h"

#include <time.h>

static void put_head(FILE *f)
{
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
          "<meta charset=\"utf-8\">\n"
          "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src "
          "'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action "
          "'none'\">\n"
          "<meta name=\"referrer\" content=\"no-referrer\">\n"
          "<meta name=\"viewport\" content=\"width=device-width, "
          "initial-scale=1\">\n"
          "<title>auth407 report</title>\n",
          f);
    a407_html_style(f);
    fputs("</head>\n<body>\n", f);
}

/* "curl, wget and 3 more": those that dropped the header; how many. */
static size_t dropped(const struct a407_report *r, FILE *f)
{
    const char *last = "";
    size_t i, n = 0;

    for (i = 0; i < r->n_findings; i++) {
        const struct a407_report_finding *x = &r->findings[i];

        if (a407_report_group(x) != A407_REPORT_DROPPED ||
            strcmp(last, x->binary) == 0)
            continue;
        last = x->binary;
        n++;
        if (!f || n > 3)
            continue;
        fputs(n > 1 ? ", " : "", f);
        fputs("<bdi class=\"key\">", f);
        a407_html_text(f, last);
        fputs("</bdi>", f);
    }
    if (f && n > 3)
        fprintf(f, " and %zu more", n - 3);
    return n;
}

/* The report in one sentence. */
static void put_lead(const struct a407_report_view *v, FILE *f)
{
    const struct a407_report *r = v->report;
    size_t n = dropped(r, NULL);

    fputs("<p class=\"lead\">", f);
    if (r->all.total == 0) {
        fputs("No exchange met a 407.</p>\n", f);
        return;
    }
    a407_html_count(f, r->all.total);
    fprintf(f, " exchange%s met a 407, <span class=\"%s\">",
            r->all.total == 1 ? "" : "s", r->all.unresolved ? "bad" : "good");
    if (r->all.unresolved) {
        a407_html_count(f, r->all.unresolved);
        fputs(r->all.unresolved == 1 ? " was" : " were", f);
        fputs(" left unresolved</span>", f);
    } else {
        fputs("none was left unresolved</span>", f);
    }
    if (n) {
        fprintf(f, ", and %zu program%s dropped the header: ", n,
                n == 1 ? "" : "s");
        dropped(r, f);
    }
    fputs(".</p>\n", f);
}

static void put_range(const struct a407_report_view *v, FILE *f)
{
    const struct a407_report_tally *all = &v->report->all;
    char zone[64];

    if (all->total) {
        fputs("<p class=\"dim\">", f);
        a407_html_time(f, all->first_us);
        if (all->last_us / 1000000 != all->first_us / 1000000) {
            fputs(" to ", f);
            a407_html_time(f, all->last_us);
        }
        a407_html_zone(all->first_us, zone);
        fputs(", ", f);
        a407_html_text(f, zone);
        fputs("</p>\n", f);
    }
    if (*v->filters) {
        fputs("<p class=\"dim\">Shown: <bdi>", f);
        a407_html_text(f, v->filters);
        fputs("</bdi></p>\n", f);
    }
}

/* `more`: there were others, beyond what is kept. */
static void put_sum(const char *name, uint64_t n, bool more, const char *class,
                    FILE *f)
{
    fprintf(f, "<li><span>%s</span><b%s%s%s>%s", name,
            *class ? " class=\"" : "", class, *class ? "\"" : "",
            more ? "over " : "");
    a407_html_count(f, n);
    fputs("</b></li>\n", f);
}

static void put_keys(const char *name, const struct a407_report_table *t,
                     FILE *f)
{
    put_sum(name, t->n, t->others.total != 0, "", f);
}

static void put_sums(const struct a407_report_view *v, FILE *f)
{
    const struct a407_report *r = v->report;

    if (r->all.total == 0)
        return;
    fputs("<ul class=\"sums\">\n", f);
    put_sum("407s", r->all.total, false, "", f);
    put_sum("Unresolved", r->all.unresolved, false,
            r->all.unresolved ? "bad" : "good", f);
    put_sum("Resolved", r->all.outcome[A407_RESOLVED], false, "", f);
    put_keys("Programs", &r->tables[A407_REPORT_BINARY], f);
    put_sum("Dropped the header", dropped(r, NULL), false, "", f);
    put_keys("Proxies", &r->tables[A407_REPORT_PROXY], f);
    fputs("</ul>\n", f);
}

static void put_link(const char *id, const char *text, FILE *f)
{
    fprintf(f, "<li><a href=\"#%s\">%s</a></li>\n", id, text);
}

static void put_nav(const struct a407_report_view *v, FILE *f)
{
    const struct a407_report *r = v->report;
    bool group[3] = {false, false, false};
    size_t i;

    if (r->all.total == 0)
        return;
    for (i = 0; i < r->n_findings; i++)
        group[a407_report_group(&r->findings[i])] = true;
    fputs("<nav aria-label=\"On this page\"><ul>\n", f);
    put_link("dropped", "Dropped the header", f);
    put_link("time", "407s over time", f);
    put_link("programs", "Programs", f);
    if (group[A407_REPORT_NEVER_SENT])
        put_link("never", "Never sent one", f);
    if (group[A407_REPORT_OTHER])
        put_link("other", "Other causes", f);
    if (v->access)
        put_link("access", "The proxy&#39;s own log", f);
    put_link("by-binary", "Tables", f);
    fputs("</ul></nav>\n", f);
}

/* One thing that was read and is not counted; nothing for 0. */
static void put_note(uint64_t n, const char *one, const char *many, FILE *f)
{
    if (n == 0)
        return;
    fputs("<br>", f);
    a407_html_count(f, n);
    fprintf(f, " %s\n", n == 1 ? one : many);
}

static void put_foot(const struct a407_report_view *v, FILE *f)
{
    const struct a407_report_input *in = &v->report->input;

    fputs("<footer>\n<p>", f);
    a407_html_count(f, in->lines);
    fprintf(f, " line%s of ", in->lines == 1 ? "" : "s");
    a407_html_count(f, in->files);
    fprintf(f, " file%s %s read\n", in->files == 1 ? "" : "s",
            in->lines == 1 ? "was" : "were");
    put_note(in->filtered, "407 is left out by the filters",
             "407s are left out by the filters", f);
    put_note(in->without_407, "request met no 407", "requests met no 407", f);
    put_note(in->torn, "line is torn, or no JSON", "lines are torn, or no JSON",
             f);
    put_note(in->foreign - in->newer - in->unknown,
             "line is JSON, but none of auth407's",
             "lines are JSON, but none of auth407's", f);
    put_note(in->newer, "line is " A407_REPORT_NEWER_LINE,
             "lines are " A407_REPORT_NEWER_LINE, f);
    put_note(in->unknown, "line is " A407_REPORT_UNKNOWN_LINE,
             "lines are " A407_REPORT_UNKNOWN_LINE, f);
    put_note(in->lost, "line could not be written by the programs",
             "lines could not be written by the programs", f);
    fputs("</p>\n<p>Made by auth407 " A407_VERSION " at ", f);
    a407_html_time(f, (int64_t)time(NULL) * 1000000);
    fputs(". The page loads nothing and runs no script.</p>\n</footer>\n", f);
}

bool a407_report_html(const struct a407_report_view *v, FILE *f)
{
    bool any = v->report->all.total != 0;

    put_head(f);
    fputs("<header>\n<h1>Proxy logins: who met a 407</h1>\n", f);
    put_lead(v, f);
    put_range(v, f);
    put_sums(v, f);
    put_nav(v, f);
    fputs("</header>\n<main>\n", f);
    if (any) {
        a407_html_dropped(v, f);
        a407_html_timeline(v, f);
        a407_html_bars(v, f);
        a407_html_findings(v, f);
    }
    if (!any)
        fputs("<section><p>There is nothing to show. Programs that run under "
              "<code>auth407</code> leave a line for each 407.</p></section>\n",
              f);
    if (v->access)
        a407_report_access_html(v->access, f);
    a407_html_tables(v, f);
    fputs("</main>\n", f);
    put_foot(v, f);
    fputs("</body>\n</html>\n", f);
    return true;
}
