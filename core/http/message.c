/* SPDX-License-Identifier: MIT */
#include "lex.h"

/* What the fields say about the body's end and the connection. */
struct framing {
    bool length_seen;
    uint64_t length;
    bool bad_length;    /* no number, or two that differ */
    bool coded;         /* there is a Transfer-Encoding */
    bool chunked_last;  /* and its last coding is chunked */
    unsigned n_chunked; /* how often chunked is named */
    bool close;
    bool keep;
};

/* A NUL, or a CR that ends no line, makes two readers see different lines: such
   a head is refused whole (RFC 9112 section 2.2, RFC 9110 section 5.5). */
static bool bytes_ok(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] == '\0' || (p[i] == '\r' && (i + 1 == n || p[i + 1] != '\n')))
            return false;
    return true;
}

static void note_length(struct framing *m, struct a407_span list)
{
    struct a407_span item;
    for (size_t at = 0; a407_list_next(list, &at, &item);) {
        uint64_t v;
        if (!a407_span_number(item, UINT64_MAX, &v) ||
            (m->length_seen && v != m->length)) {
            m->bad_length = true;
            return;
        }
        m->length_seen = true;
        m->length = v;
    }
}

static void note_coding(struct framing *m, struct a407_span list)
{
    struct a407_span item;
    m->coded = true;
    for (size_t at = 0; a407_list_next(list, &at, &item);) {
        if (item.n == 0)
            continue;
        m->chunked_last = a407_span_ieq(item, "chunked");
        m->n_chunked += m->chunked_last;
    }
}

static void note_connection(struct framing *m, struct a407_span list)
{
    struct a407_span item;
    for (size_t at = 0; a407_list_next(list, &at, &item);) {
        m->close |= a407_span_ieq(item, "close");
        m->keep |= a407_span_ieq(item, "keep-alive");
    }
}

static void note_field(struct framing *m, const struct a407_field *f)
{
    if (a407_span_ieq(f->name, "Content-Length"))
        note_length(m, f->value);
    else if (a407_span_ieq(f->name, "Transfer-Encoding"))
        note_coding(m, f->value);
    else if (a407_span_ieq(f->name, "Connection") ||
             a407_span_ieq(f->name, "Proxy-Connection"))
        note_connection(m, f->value);
}

static bool is_framing_name(struct a407_span name)
{
    return a407_span_ieq(name, "Content-Length") ||
           a407_span_ieq(name, "Transfer-Encoding");
}

/* RFC 9112 section 9.3. */
static bool persists(const struct framing *m, int minor)
{
    return !m->close && (minor > 0 || m->keep);
}

/* The start line without its end, and the head's true length in *n; p NULL when
   the head is incomplete or holds what none may hold. */
static struct a407_span start_line(const char *p, size_t *n)
{
    size_t from = 0;
    size_t end = a407_head_end(p, *n, &from);
    if (!end || !bytes_ok(p, end))
        return a407_span(NULL, 0);
    *n = end;
    size_t skip = a407_empty_line(p, end);
    const char *lf = memchr(p + skip, '\n', end - skip);
    size_t len = (size_t)(lf - p) - skip;
    if (len && lf[-1] == '\r')
        len--;
    return a407_span(p + skip, len);
}

/* "HTTP/1." and one digit, nothing else; -1 if it isn't that. */
static int parse_version(struct a407_span s)
{
    if (s.n != 8 || memcmp(s.p, "HTTP/1.", 7) != 0 || !a407_is_digit(s.p[7]))
        return -1;
    return s.p[7] - '0';
}

/* method SP request-target SP HTTP-version (RFC 9112 section 3). */
static bool request_line(struct a407_span l, struct a407_request *out)
{
    size_t i = 0;
    while (i < l.n && a407_is_tchar(l.p[i]))
        i++;
    if (i == 0 || i > A407_METHOD_MAX || i == l.n || l.p[i] != ' ')
        return false;
    out->method = a407_span(l.p, i);
    size_t from = ++i;
    while (i < l.n && (unsigned char)l.p[i] > ' ' && l.p[i] != 0x7f)
        i++;
    if (i == from || i == l.n || l.p[i] != ' ')
        return false;
    out->target = a407_span(l.p + from, i - from);
    out->minor = parse_version(a407_span(l.p + i + 1, l.n - i - 1));
    return out->minor >= 0;
}

static void note_request_field(struct a407_request *out, struct framing *m,
                               const struct a407_field *f)
{
    struct a407_span item;
    note_field(m, f);
    if (a407_span_ieq(f->name, "Proxy-Authorization")) {
        if (!out->n_proxy_authorization++)
            out->proxy_authorization = f->value;
    } else if (a407_span_ieq(f->name, "Expect")) {
        for (size_t at = 0; a407_list_next(f->value, &at, &item);)
            out->expect_continue |= a407_span_ieq(item, "100-continue");
    }
}

/* RFC 9112 section 6.3, rules 3 to 7. Where we see the end decides which bytes
   get a credential: so nothing that can be understood in two ways passes. */
static bool request_body(struct a407_request *out, const struct framing *m)
{
    if (m->bad_length)
        return false;
    if (m->coded) {
        /* HTTP/1.0 knows no codings (RFC 9112 section 6.1). */
        out->body = A407_BODY_CHUNKED;
        return m->chunked_last && m->n_chunked == 1 && out->minor > 0;
    }
    out->body = m->length_seen ? A407_BODY_LENGTH : A407_BODY_NONE;
    out->length = m->length;
    return true;
}

bool a407_request_parse(const char *p, size_t n, struct a407_request *out)
{
    *out = (struct a407_request){.form = A407_FORM_OTHER};
    struct a407_span line = start_line(p, &n);
    if (!line.p || !request_line(line, out))
        return false;
    struct framing m = {0};
    struct a407_field f;
    enum a407_line kind;
    size_t at = 0;
    while ((kind = a407_line_next(p, n, &at, &f)) == A407_LINE_FIELD) {
        /* RFC 9112 section 5.2 lets a server refuse any folded field. */
        if (is_framing_name(f.name) && memchr(f.line.p, '\n', f.line.n - 1))
            return false;
        note_request_field(out, &m, &f);
    }
    if (kind == A407_LINE_JUNK || !request_body(out, &m))
        return false;
    out->form = a407_target_form(out->method, out->target);
    out->is_head = a407_span_eq(out->method, "HEAD");
    out->is_connect = a407_span_eq(out->method, "CONNECT");
    out->keep_alive = persists(&m, out->minor);
    /* RFC 9110 section 10.1.1: from HTTP/1.0 it means nothing. */
    out->expect_continue = out->expect_continue && out->minor > 0;
    return true;
}

/* HTTP-version SP status-code [ SP [ reason-phrase ] ] (section 4). */
static bool status_line(struct a407_span l, struct a407_response *out)
{
    if (l.n < 12 || l.p[8] != ' ')
        return false;
    out->minor = parse_version(a407_span(l.p, 8));
    if (out->minor < 0 || l.p[9] == '0')
        return false;
    for (size_t i = 9; i < 12; i++) {
        if (!a407_is_digit(l.p[i]))
            return false;
        out->status = out->status * 10 + (l.p[i] - '0');
    }
    return l.n == 12 || l.p[12] == ' ' || l.p[12] == '\t';
}

/* RFC 9112 section 6.3, rules 1 to 5 and 8. More forgiving than requests: the
   program reads the same bytes, and proxies are as they are. */
static bool response_body(struct a407_response *out, const struct framing *m,
                          bool no_content)
{
    out->body = A407_BODY_NONE;
    if (no_content || out->status < 200 || out->status == 204 ||
        out->status == 304)
        return true;
    if (m->bad_length)
        return false;
    if (m->coded) {
        out->body = m->chunked_last ? A407_BODY_CHUNKED : A407_BODY_CLOSE;
    } else {
        out->body = m->length_seen ? A407_BODY_LENGTH : A407_BODY_CLOSE;
        out->length = m->length;
    }
    return true;
}

bool a407_response_parse(const char *p, size_t n, bool is_head, bool is_connect,
                         struct a407_response *out)
{
    *out = (struct a407_response){0};
    struct a407_span line = start_line(p, &n);
    /* An empty line is skipped before a request only (section 2.2). */
    if (!line.p || line.p != p || !status_line(line, out))
        return false;
    struct framing m = {0};
    struct a407_field f;
    enum a407_line kind;
    size_t at = 0;
    while ((kind = a407_line_next(p, n, &at, &f)) != A407_LINE_END) {
        if (kind == A407_LINE_FIELD)
            note_field(&m, &f);
        else if (is_framing_name(f.name))
            m.bad_length = true;
    }
    bool tunnel = is_connect && out->status / 100 == 2;
    if (!response_body(out, &m, is_head || tunnel))
        return false;
    /* After a tunnel or an upgrade the connection speaks something else; a
       coding in HTTP/1.0 is faulty framing (RFC 9112 section 6.1). */
    out->keep_alive = persists(&m, out->minor) && !tunnel &&
                      out->status != 101 && out->body != A407_BODY_CLOSE &&
                      !(m.coded && out->minor == 0);
    return true;
}
