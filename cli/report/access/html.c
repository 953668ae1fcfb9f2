/* SPDX-License-Identifier: MIT */
#include <inttypes.h>

#include "cli/report/write/html.h"
#include "words.h"

/* Rows of a list in a page; JSON and CSV have all. */
#define ROWS 50

static void key(FILE *f, const char *text)
{
    fputs("<bdi class=\"key\">", f);
    a407_html_text(f, text);
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
static void our_side(sqlite3_stmt *row, FILE *f)
{
    a407_html_row(f, "ww");
    a407_html_time(f, sqlite3_column_int64(row, A407_PAIR_TIME));
    fputs("<br>", f);
    a407_html_text(f, a407_access_text(row, A407_PAIR_METHOD));
    fputs(" ", f);
    key(f, a407_access_text(row, A407_PAIR_TARGET));
    fputs("</th>", f);
    a407_html_cell(f, "Program", "ww");
    key(f, a407_access_text(row, A407_PAIR_BINARY));
    fprintf(f, ", pid %lld<br>sent <bdi>",
            sqlite3_column_int64(row, A407_PAIR_PID));
    a407_html_text(f, a407_access_text(row, A407_PAIR_SENT_WORDS));
    fputs("</bdi><br>to ", f);
    key(f, a407_access_text(row, A407_PAIR_PROXY));
    fputs("</td>", f);
}

static void outcome(sqlite3_stmt *row, FILE *f)
{
    int status = sqlite3_column_int(row, A407_PAIR_FINAL);

    a407_html_cell(f, "Outcome", "w");
    fprintf(f, "<span class=\"%s\">",
            sqlite3_column_int(row, A407_PAIR_UNRESOLVED) ? "bad" : "good");
    a407_html_text(f, a407_access_text(row, A407_PAIR_OUTCOME));
    fputs("</span>", f);
    if (status)
        fprintf(f, ", read %d", status);
    fputs("<br><code>", f);
    a407_html_text(f, a407_access_text(row, A407_PAIR_CAUSE));
    fputs("</code></td></tr>\n", f);
}

static void proxy_side(struct a407_access_rows *r, FILE *f)
{
    char text[A407_ACCESS_WORDS];
    bool first = true;

    a407_html_cell(f, "The proxy&#39;s log", "ww");
    for (; a407_access_rows_part(r); first = false) {
        const char *who = a407_access_text(r->part, A407_LEG_WHO);

        if (!sqlite3_column_int(r->part, A407_LEG_FOUND))
            continue;
        fputs(first ? "<bdi>" : "<br>then <bdi>", f);
        a407_html_text(f, a407_access_text(r->part, A407_LEG_WORDS));
        fputs("</bdi>", f);
        if (!first)
            continue;
        a407_access_say_seconds(
            sqlite3_column_int64(r->part, A407_LEG_DIFFERENCE), text);
        fprintf(f, "<br><span class=\"dim\">%s%s%s, by %s</span>", who,
                *who ? "; " : "", text,
                a407_access_text(r->part, A407_LEG_MATCHED_BY));
    }
    fputs("</td>", f);
}

/* How many are left. */
static uint64_t put_pairs(struct a407_report_access *a,
                          enum a407_access_which which, uint64_t total, FILE *f)
{
    struct a407_access_rows r;

    a407_access_rows_start(&r, a, which, ROWS);
    while (a407_access_rows_next(&r)) {
        our_side(r.row, f);
        if (which == A407_PAIRS_FOUND)
            proxy_side(&r, f);
        outcome(r.row, f);
    }
    a407_access_rows_end(&r);
    return total > ROWS ? total - ROWS : 0;
}

static void put_client(struct a407_access_rows *r, FILE *f)
{
    const char *user = a407_access_text(r->row, A407_CLIENT_USER);

    a407_html_row(f, "");
    key(f, a407_access_text(r->row, A407_CLIENT_CLIENT));
    fputs("</th>", f);
    a407_html_cell(f, "User", "");
    if (*user) {
        fputs("<bdi>", f);
        a407_html_text(f, user);
        fputs("</bdi></td>", f);
    } else {
        fputs("<span class=\"dim\">none</span></td>", f);
    }
    a407_html_cell(f, "407s", "n");
    a407_html_count(f, a407_access_count(r->row, A407_CLIENT_TOTAL));
    fputs("</td>", f);
    a407_html_cell(f, "First", "t");
    a407_html_time(f, sqlite3_column_int64(r->row, A407_CLIENT_FIRST));
    fputs("</td>", f);
    a407_html_cell(f, "Last", "t");
    a407_html_time(f, sqlite3_column_int64(r->row, A407_CLIENT_LAST));
    fputs("</td>", f);
    a407_html_cell(f, "For", "ww");
    key(f, a407_access_text(r->row, A407_CLIENT_TARGETS));
    fputs("</td></tr>\n", f);
}

static void put_strangers(struct a407_report_access *a, FILE *f)
{
    static const char *const columns[] = {"Client", "User", "#407s",
                                          "First",  "Last", "For"};
    struct a407_access_rows r;

    if (a->sums.without_record == 0)
        return;
    table_start(f, "strangers", "In the proxy&#39;s log alone", columns, 6);
    a407_access_rows_start(&r, a, A407_CLIENTS, ROWS);
    while (a407_access_rows_next(&r))
        put_client(&r, f);
    a407_access_rows_end(&r);
    table_end(f, a->sums.clients > ROWS ? a->sums.clients - ROWS : 0);
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
    char text[A407_ACCESS_WORDS];
    size_t i;

    fputs("<ul>\n", f);
    for (i = 0; i < A407_ACCESS_SAYINGS; i++) {
        a407_access_say[i](a, text);
        item(f, text);
    }
    fputs("</ul>\n", f);
}

void a407_report_access_html(struct a407_report_access *a, FILE *f)
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
        table_end(f, put_pairs(a, A407_PAIRS_FOUND, a->sums.matched, f));
    }
    if (a->sums.without_line) {
        table_start(f, "missing", "In the records alone", ours, 3);
        table_end(f, put_pairs(a, A407_PAIRS_MISSING, a->sums.without_line, f));
    }
    put_strangers(a, f);
    fputs("</section>\n", f);
}
