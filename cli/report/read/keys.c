/* SPDX-License-Identifier: MIT */
#include "keys.h"

#include "cli/report/model/script.h"

/* Appends what fits. */
static void add(char *out, struct a407_span s)
{
    size_t at = strlen(out), n = s.n;

    if (n > A407_REPORT_KEY_MAX - at) {
        n = A407_REPORT_KEY_MAX - at;
        while (n && ((unsigned char)s.p[n] & 0xc0) == 0x80)
            n--;
    }
    if (n)
        memcpy(out + at, s.p, n);
    out[at + n] = '\0';
}

static void add_text(char *out, const char *z)
{
    add(out, a407_span_str(z));
}

/* The span, or a word in parentheses where there is nothing to tell. */
static void set(char *out, struct a407_span s, const char *otherwise)
{
    out[0] = '\0';
    if (s.n)
        add(out, s);
    else
        add_text(out, otherwise);
}

void a407_report_binary_key(const struct a407_report_record *l, char *out)
{
    struct a407_span script = a407_report_script(l);

    set(out, l->executable, "(unknown)");
    if (script.p) {
        add_text(out, " (");
        add(out, script);
        add_text(out, ")");
    }
}

void a407_report_module_key(const struct a407_report_record *l, char *out)
{
    set(out, l->module, "(unknown)");
}

void a407_report_proxy_key(const struct a407_report_record *l, char *out)
{
    struct a407_span host = l->proxy_address;
    bool bare = host.n && memchr(host.p, ':', host.n) && host.p[0] != '[';
    char port[16];

    out[0] = '\0';
    if (bare)
        add_text(out, "[");
    add(out, host);
    if (bare)
        add_text(out, "]");
    snprintf(port, sizeof port, ":%d", l->proxy_port);
    add_text(out, port);
}

void a407_report_cause_key(const struct a407_report_record *l, char *out)
{
    set(out, l->cause, "(unknown)");
}

void a407_report_user_key(const struct a407_report_record *l, char *out)
{
    if (l->client_user.n || l->user.n) {
        set(out, l->client_user.n ? l->client_user : l->user, "");
    } else if (l->credential.n) {
        out[0] = '\0';
        add_text(out, "(credential of ");
        add(out, l->credential);
        add_text(out, ")");
    } else {
        set(out, l->client_user, l->client_sent ? "(not told)" : "(nobody)");
    }
}
