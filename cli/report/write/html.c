/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <time.h>

#include "cli/report/report.h"

/* The page goes out as it is, with the report as JSON in it: whatever a log
   holds is data to its script, and never markup. scripts/page-policy is to be
   run when the script has changed. */
A407_EMBED(a407_report_page, "cli/report/write/page.html");

/* "<" could end the data's element; JSON has it in strings alone. */
static ssize_t write_escaped(void *to, const char *bytes, size_t n)
{
    FILE *f = to;
    size_t i;

    for (i = 0; i < n; i++)
        if (bytes[i] == '<')
            fputs("\\u003c", f);
        else
            fputc(bytes[i], f);
    return (ssize_t)n;
}

static long offset_at(int64_t s, struct tm *tm)
{
    time_t t = (time_t)s;

    if (!localtime_r(&t, tm))
        memset(tm, 0, sizeof *tm);
    return tm->tm_gmtoff;
}

/* [since when, seconds ahead of UTC, "CET (UTC+01:00)"] */
static void put_zone(int64_t s, const char *between, FILE *f)
{
    char name[32] = "";
    struct tm tm;
    long offset = offset_at(s, &tm),
         minutes = (offset < 0 ? -offset : offset) / 60;

    strftime(name, sizeof name, "%Z", &tm);
    fprintf(f, "%s[%" PRId64 ",%ld,\"%s", between, s, offset,
            *name ? name : "UTC");
    if (minutes || (*name && strcmp(name, "UTC") != 0))
        fprintf(f, " (UTC%c%02ld:%02ld)", offset < 0 ? '-' : '+', minutes / 60,
                minutes % 60);
    fputs("\"]", f);
}

#define DAY   INT64_C(86400)
#define STEPS 20000 /* of a range that is longer than any log's */

/* The local time zone, and each change of it that the report's times span. */
static void put_zones(const struct a407_report_tally *all, FILE *f)
{
    int64_t s = all->first_us / 1000000 - DAY, end = all->last_us / 1000000;
    int64_t step = (end - s) / STEPS > DAY ? (end - s) / STEPS : DAY;
    struct tm tm;

    fputs(",\"zones\":[", f);
    put_zone(s, "", f);
    for (; s < end; s += step) {
        int64_t low = s, high = s + step;
        long before = offset_at(s, &tm);

        if (offset_at(high, &tm) == before)
            continue;
        while (high - low > 1) { /* the first second of the new one */
            int64_t middle = low + (high - low) / 2;

            *(offset_at(middle, &tm) == before ? &low : &high) = middle;
        }
        put_zone(high, ",", f);
    }
    fputc(']', f);
}

/* Meaning and remedy of each cause in the table, and whether it asks for
   nothing. */
static void put_causes(const struct a407_report_table *t, FILE *f)
{
    const char *between = "";
    size_t i;

    fputs(",\"causes\":{", f);
    for (i = 0; i < t->n; i++) {
        const char *code = t->rows[i].key;
        enum a407_cause id = a407_cause_from_code(code, strlen(code));

        if (id == A407_CAUSE_COUNT)
            continue;
        fprintf(f, "%s\"%s\":[\"%s\",\"%s\",%s]", between, code,
                a407_cause_info(id)->meaning, a407_cause_info(id)->remedy,
                a407_report_is_fine(id) ? "true" : "false");
        between = ",";
    }
    fputs("}", f);
}

/* What the page needs besides the report. */
static void put_rest(const struct a407_report *r, FILE *f)
{
    char made[32];

    a407_report_time_show(true, (int64_t)time(NULL) * 1000000, made);
    fprintf(f,
            "{\"version\":\"" A407_VERSION "\",\"made\":\"%s\","
            "\"programs\":{\"dropped\":%zu,\"never_sent\":%zu,\"other\":%zu},"
            "\"findings_max\":%d,\"timeline_offset\":%" PRId64
            ",\"uncounted\":[[%" PRIu64 ",\"" A407_REPORT_NEWER_LINE
            "\"],[%" PRIu64 ",\"" A407_REPORT_UNKNOWN_LINE "\"]]",
            made, r->programs[A407_REPORT_DROPPED],
            r->programs[A407_REPORT_NEVER_SENT], r->programs[A407_REPORT_OTHER],
            A407_REPORT_FINDINGS, r->timeline.zone_us / 1000000, r->input.newer,
            r->input.unknown);
    put_zones(&r->all, f);
    put_causes(&r->tables[A407_REPORT_CAUSE], f);
    fputc('}', f);
}

bool a407_report_html(const struct a407_report_view *v, FILE *f)
{
    static const char mark[] = "@DATA@";
    const char *data = strstr(a407_report_page, mark);
    FILE *json =
        fopencookie(f, "w", (cookie_io_functions_t){.write = write_escaped});

    if (!json)
        return false;
    fwrite(a407_report_page, 1, (size_t)(data - a407_report_page), f);
    fputs("{\"report\":", json);
    a407_report_json(v, true, json);
    fputs(",\"page\":", json);
    put_rest(v->report, json);
    fputs("}", json);
    if (fclose(json) != 0)
        return false;
    fputs(data + sizeof mark - 1, f);
    return true;
}
