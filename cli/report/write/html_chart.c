/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <time.h>

#include "cli/report/model/timeline.h"
#include "html.h"

/*
 * 407s over time, in two sizes: a drawing that is scaled down to a phone's
 * width has letters that nobody can read, so the style shows one or the other.
 */

#define SECOND_US ((int64_t)1000000)

struct chart {
    const char *class;
    int width, height, left, bottom;
    size_t bars_max;
    int ticks_max;
};

static const struct chart wide = {"chart wide", 1000, 240, 52, 28, 100, 10};
static const struct chart narrow = {"chart narrow", 340, 220, 38, 28, 40, 5};

#define TOP      8
#define BARS_MIN 12 /* one bar alone would tell of no time */

/* Buckets added up, in the least of their widths that there is room for. */
struct bars {
    uint64_t count[A407_REPORT_BUCKETS][A407_REPORT_OUTCOMES];
    uint64_t most; /* of all bars */
    size_t n;
    int64_t start_us, width_us;
};

static uint64_t sum_of(const uint64_t *count)
{
    uint64_t sum = 0;
    size_t i;

    for (i = 0; i < A407_REPORT_OUTCOMES; i++)
        sum += count[i];
    return sum;
}

/* How many bars of a width there are, and the number of the first. */
static size_t bars_of(const struct a407_report_timeline *t, int64_t width_us,
                      int64_t *first)
{
    int64_t end = t->start_us + (int64_t)(t->n - 1) * t->width_us;

    *first = a407_timeline_number(t, t->start_us, width_us);
    return (size_t)(a407_timeline_number(t, end, width_us) - *first) + 1;
}

/* A short range gets empty bars on both sides. */
static void add_up(const struct a407_report_timeline *t, size_t bars_max,
                   struct bars *out)
{
    size_t i, k;
    int64_t first;

    memset(out, 0, sizeof *out);
    out->width_us = t->width_us;
    while ((out->n = bars_of(t, out->width_us, &first)) > bars_max)
        out->width_us = a407_timeline_wider(out->width_us);
    if (out->n < BARS_MIN) {
        first -= (int64_t)(BARS_MIN - out->n) / 2;
        out->n = BARS_MIN;
    }
    out->start_us = first * out->width_us - t->zone_us;
    for (i = 0; i < t->n; i++) {
        int64_t us = t->start_us + (int64_t)i * t->width_us;
        uint64_t *bar =
            out->count[a407_timeline_number(t, us, out->width_us) - first];

        for (k = 0; k < A407_REPORT_OUTCOMES; k++)
            bar[k] += t->count[i][k];
    }
    for (i = 0; i < out->n; i++)
        if (sum_of(out->count[i]) > out->most)
            out->most = sum_of(out->count[i]);
}

/* The least of 1, 2, 5, 10, 20, ... that is not below v. */
static uint64_t round_up(uint64_t v)
{
    uint64_t ten = 1;

    while (ten <= UINT64_MAX / 100) {
        if (v <= ten)
            return ten;
        if (v <= 2 * ten)
            return 2 * ten;
        if (v <= 5 * ten)
            return 5 * ten;
        ten *= 10;
    }
    return v;
}

#define YEAR ((int64_t)31536000)

/* How far apart the labels of the time axis are, in seconds. */
static int64_t time_step(int64_t range_s, int ticks_max)
{
    static const int64_t steps[] = {
        1,     2,     5,      10,     15,      30,      60,     120,
        300,   600,   900,    1800,   3600,    7200,    10800,  21600,
        43200, 86400, 172800, 604800, 1209600, 2592000, 7776000};
    size_t i;

    for (i = 0; i < sizeof steps / sizeof steps[0]; i++)
        if (range_s / steps[i] < ticks_max)
            return steps[i];
    return (range_s / ticks_max / YEAR + 1) * YEAR;
}

static void local(int64_t s, struct tm *tm)
{
    time_t t = (time_t)s;

    if (!localtime_r(&t, tm))
        memset(tm, 0, sizeof *tm);
}

/* "14:05", or the day where it is midnight or a step is a day or more. The
   names are English (no LC_TIME was set). */
static void tick_label(int64_t s, int64_t step, char *out, size_t cap)
{
    struct tm tm;

    local(s, &tm);
    if (step >= 30 * 86400)
        strftime(out, cap, "%b %Y", &tm);
    else if (step >= 86400 ||
             (tm.tm_hour == 0 && tm.tm_min == 0 && tm.tm_sec == 0))
        strftime(out, cap, "%d %b", &tm);
    else
        strftime(out, cap, step < 60 ? "%H:%M:%S" : "%H:%M", &tm);
}

static double x_of(const struct chart *c, const struct bars *b, int64_t us)
{
    double share =
        (double)(us - b->start_us) / ((double)b->width_us * (double)b->n);

    return c->left + share * (c->width - c->left);
}

#define LETTER 7 /* the width of one, at most */

/* A tick, and its label if there is room behind the last one. */
static void put_tick(const struct chart *c, double x, const char *label,
                     double *taken, FILE *f)
{
    int base = c->height - c->bottom;
    double width = LETTER * (double)strlen(label), left = x - width / 2;

    fprintf(f, "<path class=\"axis\" d=\"M%.1f %dv4\"/>", x, base);
    if (left + width > c->width)
        left = c->width - width;
    if (left < c->left)
        left = c->left;
    if (left < *taken)
        return;
    *taken = left + width + LETTER;
    fprintf(f, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>\n",
            left + width / 2, base + 18, label);
}

static void time_axis(const struct chart *c, const struct bars *b, FILE *f)
{
    int64_t start = b->start_us / SECOND_US;
    int64_t end = start + b->width_us / SECOND_US * (int64_t)b->n;
    int64_t step = time_step(end - start, c->ticks_max), s, at;
    double taken = 0;
    char label[32];
    struct tm tm;
    long zone;

    fprintf(f, "<path class=\"axis\" d=\"M%d %d.5H%d\"/>\n", c->left,
            c->height - c->bottom, c->width);
    local(start, &tm);
    zone = tm.tm_gmtoff;
    /* round times of the local clock, also behind a change of its zone */
    s = start + (step - (start + zone) % step) % step;
    for (; s <= end; s += step) {
        local(s, &tm);
        at = step > 3600 ? s - (tm.tm_gmtoff - zone) : s;
        if (at < start || at > end)
            continue;
        tick_label(at, step, label, sizeof label);
        put_tick(c, x_of(c, b, at * SECOND_US), label, &taken, f);
    }
}

static void count_axis(const struct chart *c, uint64_t top, uint64_t step,
                       FILE *f)
{
    int base = c->height - c->bottom;
    uint64_t v;

    for (v = 0; v <= top; v += step) {
        double y = base - (double)v / (double)top * (base - TOP);

        if (v)
            fprintf(f, "<path class=\"grid\" d=\"M%d %.1fH%d\"/>", c->left, y,
                    c->width);
        fprintf(f, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">",
                c->left - 6, y + 4);
        a407_html_count(f, v);
        fputs("</text>\n", f);
    }
}

static void put_bar(const struct chart *c, const struct bars *b, size_t i,
                    uint64_t top, FILE *f)
{
    int64_t from = b->start_us + b->width_us * (int64_t)i;
    double x = x_of(c, b, from), w = x_of(c, b, from + b->width_us) - x;
    double y = c->height - c->bottom, room = y - TOP;
    char first[32], last[32];
    size_t k;

    if (sum_of(b->count[i]) == 0)
        return;
    a407_report_time_local(from, first);
    a407_report_time_local(from + b->width_us, last);
    fprintf(f, "<g><title>%s to %s: ", first, last);
    a407_html_outcomes(f, b->count[i]);
    fputs("</title>", f);
    if (w > 4)
        w -= 1; /* a gap between bars */
    for (k = 0; k < A407_REPORT_OUTCOMES; k++) {
        enum a407_outcome o = a407_html_stack[k];
        double h = (double)b->count[i][o] / (double)top * room;

        if (b->count[i][o] == 0)
            continue;
        if (h < 1.5)
            h = 1.5; /* one among thousands is to be seen, too */
        y -= h;
        fprintf(f,
                "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
                "height=\"%.1f\"/>",
                a407_html_class(o), x, y, w > 40 ? 40 : w, h);
    }
    fputs("</g>\n", f);
}

static void put_chart(const struct a407_report_view *v, const struct chart *c,
                      FILE *f)
{
    const struct a407_report_tally *all = &v->report->all;
    struct bars b;
    uint64_t step, top;
    char first[32], last[32];
    size_t i;

    add_up(&v->report->timeline, c->bars_max, &b);
    step = round_up((b.most + 3) / 4);
    top = (b.most + step - 1) / step * step;
    a407_report_time_local(all->first_us, first);
    a407_report_time_local(all->last_us, last);
    fprintf(f,
            "<svg class=\"%s\" viewBox=\"0 0 %d %d\" role=\"img\" "
            "aria-label=\"407s over time, from %s to %s: ",
            c->class, c->width, c->height, first, last);
    a407_html_outcomes(f, all->outcome);
    fprintf(f, "; at most %" PRIu64 " in one bar\">\n", b.most);
    count_axis(c, top, step, f);
    for (i = 0; i < b.n; i++)
        put_bar(c, &b, i, top, f);
    time_axis(c, &b, f);
    fputs("</svg>\n", f);
}

/* What the style fills bars with; one for the whole page. */
static void put_patterns(FILE *f)
{
    fputs("<svg class=\"defs\" aria-hidden=\"true\"><defs>"
          "<pattern id=\"p-unr\" width=\"4\" height=\"4\" "
          "patternUnits=\"userSpaceOnUse\"><rect class=\"f-unr\" width=\"4\" "
          "height=\"4\"/><path class=\"s-ink\" d=\"M0 1h4\"/></pattern>"
          "<pattern id=\"p-obs\" width=\"6\" height=\"6\" "
          "patternUnits=\"userSpaceOnUse\"><rect class=\"f-obs\" width=\"6\" "
          "height=\"6\"/><circle class=\"f-ink\" cx=\"3\" cy=\"3\" "
          "r=\"1.1\"/></pattern>"
          "<pattern id=\"p-not\" width=\"6\" height=\"6\" "
          "patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">"
          "<rect class=\"f-not\" width=\"6\" height=\"6\"/><path "
          "class=\"s-ink\" d=\"M1 0v6\"/></pattern></defs></svg>\n",
          f);
}

static void put_legend(const struct a407_report_view *v, FILE *f)
{
    static const char *const meaning[] = {
        "the program got through", "a login was tried and refused",
        "only watched, nothing was tried", "no login could be tried"};
    size_t i;

    fputs("<ul class=\"legend\">\n", f);
    for (i = 0; i < A407_REPORT_OUTCOMES; i++) {
        if (v->report->all.outcome[i] == 0)
            continue;
        fprintf(f,
                "<li><span class=\"swatch %s\"></span><span>%s <span "
                "class=\"dim\">(%s)</span></span></li>\n",
                a407_html_class((enum a407_outcome)i),
                a407_html_outcome((enum a407_outcome)i), meaning[i]);
    }
    fputs("</ul>\n", f);
}

void a407_html_timeline(const struct a407_report_view *v, FILE *f)
{
    char zone[64], last_zone[64];

    if (v->report->timeline.n == 0)
        return;
    a407_html_zone(v->report->all.first_us, zone);
    a407_html_zone(v->report->all.last_us, last_zone);
    fputs("<section id=\"time\" aria-labelledby=\"h-time\">\n"
          "<h2 id=\"h-time\">407s over time</h2>\n",
          f);
    put_patterns(f);
    put_legend(v, f);
    fputs("<figure>\n", f);
    put_chart(v, &wide, f);
    put_chart(v, &narrow, f);
    fputs("<figcaption>Times in ", f);
    a407_html_text(f, zone);
    if (strcmp(zone, last_zone) != 0) {
        fputs(", later ", f);
        a407_html_text(f, last_zone);
    }
    fputs("</figcaption>\n</figure>\n</section>\n", f);
}
