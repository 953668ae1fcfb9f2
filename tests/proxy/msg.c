/* SPDX-License-Identifier: MIT */
#include "msg.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BODY_MAX (256u << 20)

static char *trim(char *z)
{
    while (*z == ' ' || *z == '\t')
        z++;
    size_t n = strlen(z);
    while (n && strchr(" \t\r", z[n - 1]))
        z[--n] = 0;
    return z;
}

/* Cuts the head into its lines; the first blank-separated words are kept. */
static bool cut(struct msg *m)
{
    char *save = NULL, *line = strtok_r(m->head, "\n", &save);
    if (!line)
        return false;
    line[strcspn(line, "\r")] = 0;
    m->word[0] = line;
    m->word[1] = m->word[2] = line + strlen(line);
    for (int i = 1; i < 3; i++) {
        char *blank = strchr(m->word[i - 1], ' ');
        if (!blank)
            break;
        *blank = 0;
        m->word[i] = blank + 1;
    }
    while ((line = strtok_r(NULL, "\n", &save)) != NULL) {
        char *colon = strchr(line, ':');
        if (!colon || m->n_fields == MSG_FIELDS)
            continue;
        *colon = 0;
        m->field[m->n_fields].name = trim(line);
        m->field[m->n_fields++].value = trim(colon + 1);
    }
    return true;
}

static bool read_head(struct msg *m, struct wire *w, int version_at)
{
    *m = (struct msg){.head = wire_head(w)};
    if (!m->head || !cut(m))
        return false;
    m->version = m->word[version_at];
    return strncmp(m->version, "HTTP/1.", 7) == 0;
}

bool msg_request(struct msg *m, struct wire *w)
{
    return read_head(m, w, 2);
}

bool msg_response(struct msg *m, struct wire *w)
{
    return read_head(m, w, 0);
}

void msg_free(struct msg *m)
{
    free(m->head);
    text_free(&m->body);
    *m = (struct msg){0};
}

const char *msg_field(const struct msg *m, const char *name)
{
    for (size_t i = 0; i < m->n_fields; i++)
        if (strcasecmp(m->field[i].name, name) == 0)
            return m->field[i].value;
    return NULL;
}

size_t msg_count(const struct msg *m, const char *name)
{
    size_t n = 0;
    for (size_t i = 0; i < m->n_fields; i++)
        n += strcasecmp(m->field[i].name, name) == 0;
    return n;
}

bool msg_has_token(const struct msg *m, const char *name, const char *token)
{
    size_t want = strlen(token);
    for (size_t i = 0; i < m->n_fields; i++) {
        if (strcasecmp(m->field[i].name, name) != 0)
            continue;
        for (const char *p = m->field[i].value; *p;) {
            p += strspn(p, ", \t");
            size_t n = strcspn(p, ", \t;");
            if (n == want && strncasecmp(p, token, n) == 0)
                return true;
            p += strcspn(p, ",");
        }
    }
    return false;
}

static uint64_t content_length(const struct msg *m)
{
    const char *z = msg_field(m, "Content-Length");
    return z ? strtoull(z, NULL, 10) : 0;
}

bool msg_has_body(const struct msg *m)
{
    return msg_field(m, "Transfer-Encoding") || content_length(m) > 0;
}

static bool take(struct msg *m, struct wire *w, uint64_t n)
{
    char part[65536];
    if (n > BODY_MAX - m->body.n)
        return false;
    while (n) {
        size_t k = wire_read(w, part, n < sizeof part ? n : sizeof part);
        if (!k)
            return false;
        text_add(&m->body, part, k);
        n -= k;
    }
    return true;
}

static bool take_chunks(struct msg *m, struct wire *w)
{
    char line[1024], *end;
    for (;;) {
        if (!wire_line(w, line, sizeof line) ||
            !isxdigit((unsigned char)line[0]))
            return false;
        uint64_t n = strtoull(line, &end, 16);
        if (!n)
            break;
        if (!take(m, w, n) || !wire_line(w, line, sizeof line) || line[0])
            return false;
    }
    do { /* the trailer section */
        if (!wire_line(w, line, sizeof line))
            return false;
    } while (line[0]);
    return true;
}

bool msg_read_body(struct msg *m, struct wire *w)
{
    m->body_read = true;
    return msg_has_token(m, "Transfer-Encoding", "chunked")
               ? take_chunks(m, w)
               : take(m, w, content_length(m));
}

bool msg_keep_alive(const struct msg *m)
{
    if (msg_has_token(m, "Connection", "close") ||
        msg_has_token(m, "Proxy-Connection", "close"))
        return false;
    return strcmp(m->version, "HTTP/1.0") != 0 ||
           msg_has_token(m, "Connection", "keep-alive") ||
           msg_has_token(m, "Proxy-Connection", "keep-alive");
}

bool msg_hop_by_hop(const char *name)
{
    static const char *const names[] = {"Connection",
                                        "Proxy-Connection",
                                        "Keep-Alive",
                                        "Proxy-Authorization",
                                        "Proxy-Authenticate",
                                        "TE",
                                        "Trailer",
                                        "Proxy-Authentication-Info",
                                        "Upgrade",
                                        "Expect"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcasecmp(name, names[i]) == 0)
            return true;
    return false;
}
