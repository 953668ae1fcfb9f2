/* SPDX-License-Identifier: MIT */
#include "script.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"

/* The state of reading one file. */
struct reader {
    struct script *s;
    unsigned line;
    bool joins; /* the next line of the same kind belongs to the last step */
    size_t loop_from, loop_n;
    bool bad;
};

static void complain(struct reader *r, const char *what)
{
    printf("# %s:%u: %s\n", r->s->path, r->line, what);
    r->bad = true;
}

static void *own(struct script *s, void *p)
{
    s->owned = realloc(s->owned, (s->n_owned + 1) * sizeof *s->owned);
    if (!p || !s->owned)
        abort();
    s->owned[s->n_owned++] = p;
    return p;
}

static char *copy(struct script *s, const char *z)
{
    return own(s, strdup(z));
}

/* ---- TEXT ---- */

struct text {
    struct sim_bytes bytes, any;
};

static void put(struct text *t, char c, char any)
{
    sim_add(&t->bytes, &c, 1);
    sim_add(&t->any, &any, 1);
}

/* After a backslash; returns what comes behind it. */
static const char *escape(struct reader *r, const char *z, struct text *t)
{
    static const char names[] = "rnt0\\{", values[] = "\r\n\t\0\\{";
    const char *at = *z ? strchr(names, *z) : NULL;
    if (at) {
        put(t, values[at - names], 0);
        return z + 1;
    }
    unsigned v;
    int used = 0;
    if (sscanf(z, "x%2x%n", &v, &used) == 1 && used == 3) {
        put(t, (char)v, 0);
        return z + 3;
    }
    complain(r, "an unknown escape");
    return z + strlen(z);
}

/* After "{": TEXT*N}. */
static const char *repeated(struct reader *r, const char *z, struct text *t)
{
    const char *star = strchr(z, '*'), *close = star ? strchr(star, '}') : NULL;
    unsigned long n = close ? strtoul(star + 1, NULL, 10) : 0;
    if (!n) {
        complain(r, "no {TEXT*N}");
        return z + strlen(z);
    }
    bool any = star - z == 3 && memcmp(z, "any", 3) == 0;
    struct text once = {0};
    for (const char *p = z; p < star;) {
        if (*p == '\\')
            p = escape(r, p + 1, &once);
        else
            put(&once, *p++, 0);
    }
    for (; n; n--) {
        if (any)
            put(t, '?', 1);
        for (size_t i = 0; !any && i < once.bytes.n; i++)
            put(t, once.bytes.p[i], 0);
    }
    free(once.bytes.p);
    free(once.any.p);
    return close + 1;
}

static void read_text(struct reader *r, const char *z, struct text *t)
{
    while (*z) {
        if (*z == '\\' && !z[1])
            return; /* no line end */
        if (*z == '\\')
            z = escape(r, z + 1, t);
        else if (*z == '{')
            z = repeated(r, z + 1, t);
        else
            put(t, *z++, 0);
    }
    put(t, '\r', 0);
    put(t, '\n', 0);
}

/* ---- steps ---- */

static struct step *add_step(struct reader *r, enum step_kind kind)
{
    struct script *s = r->s;
    s->step = realloc(s->step, (s->n_steps + 1) * sizeof *s->step);
    if (!s->step)
        abort();
    struct step *st = &s->step[s->n_steps++];
    *st = (struct step){.kind = kind, .line = r->line};
    return st;
}

static void add(struct text *t, const char *bytes, const char *any, size_t n)
{
    sim_add(&t->bytes, bytes, n);
    sim_add(&t->any, any, n);
}

/* The step whose bytes one of this kind may repeat: what the program wrote, or
   what the proxy sent. */
static const struct step *repeatable(struct reader *r, enum step_kind kind)
{
    enum step_kind wanted = kind == STEP_NET_OUT  ? STEP_APP_OUT
                            : kind == STEP_APP_IN ? STEP_NET_IN
                                                  : STEP_TELL;
    for (size_t i = r->s->n_steps; i; i--)
        if (r->s->step[i - 1].kind == wanted)
            return &r->s->step[i - 1];
    complain(r, "there is nothing to repeat");
    return NULL;
}

static bool to_proxy(enum step_kind kind)
{
    return kind == STEP_APP_OUT || kind == STEP_NET_OUT;
}

/* "= ...": the usual request or answer, or what was said last. */
static void usual(struct reader *r, enum step_kind kind, const char *z,
                  struct text *t)
{
    char line[1024];
    if (!*z) {
        const struct step *from = repeatable(r, kind);
        if (from)
            add(t, from->text, from->any, from->n);
    } else if (to_proxy(kind) && strcmp(z, "CONNECT") == 0) {
        read_text(r, "CONNECT origin.test:443 HTTP/1.1", t);
        read_text(r, "Host: origin.test:443\\r\\n", t);
    } else if (to_proxy(kind)) {
        int word = (int)strcspn(z, " ");
        snprintf(line, sizeof line, "%.*s http://origin.test%s HTTP/1.1", word,
                 z, z[word] ? z + word + 1 : "");
        read_text(r, line, t);
        read_text(r, "Host: origin.test\\r\\n", t);
    } else if (strncmp(z, "407 ", 4) == 0) {
        read_text(r, "HTTP/1.1 407 Proxy Authentication Required", t);
        snprintf(line, sizeof line, "Proxy-Authenticate: %s", z + 4);
        read_text(r, line, t);
        read_text(r, "Content-Length: 6\\r\\n\\r\\nsorry\\n\\", t);
    } else if (strcmp(z, "200") == 0) {
        read_text(r, "HTTP/1.1 200 OK", t);
        read_text(r, "Content-Length: 3\\r\\n\\r\\nok\\n\\", t);
    } else {
        complain(r, "an unknown usual answer");
    }
}

/* "+ LINE": it comes at the end of the head of what is there already, or of
   what the program wrote last. */
static void with_line(struct reader *r, const struct step *last, const char *z,
                      struct text *t)
{
    const struct step *from = last->n ? last : repeatable(r, last->kind);
    const char *end = from ? memmem(from->text, from->n, "\r\n\r\n", 4) : NULL;
    if (!end) {
        complain(r, "no head for one more line");
        return;
    }
    size_t head = (size_t)(end - from->text) + 2;
    add(t, from->text, from->any, head);
    read_text(r, z, t);
    add(t, from->text + head, from->any + head, from->n - head);
}

static void data_line(struct reader *r, enum step_kind kind, const char *z)
{
    struct script *s = r->s;
    struct text t = {0};
    struct step *last = s->n_steps ? &s->step[s->n_steps - 1] : NULL;
    if (!r->joins || !last || last->kind != kind)
        last = add_step(r, kind);
    if (strncmp(z, "+ ", 2) == 0) {
        with_line(r, last, z + 2, &t);
    } else {
        add(&t, last->text, last->any, last->n);
        if (z[0] == '=')
            usual(r, kind, z + (z[1] ? 2 : 1), &t);
        else
            read_text(r, z, &t);
    }
    last->n = t.bytes.n;
    last->text = own(s, t.bytes.p);
    last->any = own(s, t.any.p);
    r->joins = true;
}

static void end_loop(struct reader *r)
{
    struct script *s = r->s;
    size_t from = r->loop_from, n = s->n_steps - from;
    for (size_t turn = 1; turn < r->loop_n; turn++)
        for (size_t i = 0; i < n; i++) {
            struct step st = s->step[from + i];
            *add_step(r, st.kind) = st;
        }
    r->loop_n = 0;
}

static void set(struct script *s, const char *name, const char *eq)
{
    size_t n = (size_t)(eq - name), at = 0;
    while (at < s->n_env && (strlen(s->env[at].name) != n ||
                             memcmp(s->env[at].name, name, n) != 0))
        at++;
    if (at == s->n_env) {
        s->env = realloc(s->env, (s->n_env + 1) * sizeof *s->env);
        if (!s->env)
            abort();
        s->env[s->n_env++].name = own(s, strndup(name, n));
    }
    s->env[at].value = copy(s, eq + 1);
}

/* Adds a line to a text of several. */
static void add_line(struct script *s, char **text, const char *line)
{
    struct sim_bytes b = {0};
    if (*text)
        sim_add(&b, *text, strlen(*text));
    sim_add(&b, line, strlen(line));
    sim_add(&b, "\n", 2);
    *text = own(s, b.p);
}

static void setting(struct reader *r, const char *name, const char *rest)
{
    struct script *s = r->s;
    const char *eq = strchr(rest, '=');
    if (strcmp(name, "env") == 0 && eq) {
        set(s, rest, eq);
    } else if (strcmp(name, "bare") == 0) {
        s->n_env = 0;
    } else if (strcmp(name, "whole") == 0) {
        s->whole = true;
    } else if (strcmp(name, "file") == 0) {
        add_line(s, &s->file, rest);
    } else if (strcmp(name, "memory") == 0) {
        add_line(s, &s->memory, rest);
    } else if (strcmp(name, "nonce") == 0) {
        add_line(s, &s->nonce, rest);
    } else if (strcmp(name, "endpoint") == 0) {
        s->endpoint = copy(s, rest);
    } else if (strcmp(name, "watched") == 0) {
        s->watched = true;
    } else if (strcmp(name, "held") == 0) {
        s->held = realloc(s->held, (s->n_held + 1) * sizeof *s->held);
        if (!s->held)
            abort();
        s->held[s->n_held++] = copy(s, rest);
    } else {
        complain(r, "an unknown line");
    }
}

static const struct {
    const char *name;
    enum step_kind kind;
} kinds[] = {
    {"app>", STEP_APP_OUT}, {"net<", STEP_NET_IN},      {"net>", STEP_NET_OUT},
    {"app<", STEP_APP_IN},  {"net:", STEP_NET_END},     {"app:", STEP_APP},
    {"wire:", STEP_WIRE},   {"time:", STEP_TIME},       {"clock:", STEP_CLOCK},
    {"conn:", STEP_CONN},   {"tell:", STEP_TELL},       {"state:", STEP_STATE},
    {"event:", STEP_EVENT}, {"verdict:", STEP_VERDICT},
};

/* Lines "name: rest" that are steps; false: it is none. */
static bool step_line(struct reader *r, const char *name, const char *rest)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(name, kinds[i].name) != 0)
            continue;
        if (kinds[i].kind <= STEP_APP_IN) {
            data_line(r, kinds[i].kind, rest);
            return true;
        }
        struct step *st = add_step(r, kinds[i].kind);
        st->text = copy(r->s, rest);
        return true;
    }
    if (strncmp(name, "event.", 6) != 0)
        return false;
    struct step *st = add_step(r, STEP_EVENT_KEY);
    st->text = copy(r->s, rest);
    st->key = copy(r->s, name + 6);
    st->key[strcspn(st->key, ":")] = '\0';
    return true;
}

static void read_line(struct reader *r, char *z)
{
    size_t n = strlen(z);
    if (n && z[n - 1] == '\n')
        z[--n] = '\0';
    if (!n || z[0] == '#') {
        r->joins = false;
        return;
    }
    char *rest = z + strcspn(z, " ");
    if (*rest)
        *rest++ = '\0';
    bool data = strchr(z, '>') || strchr(z, '<');
    if (!data)
        r->joins = false;
    if (strcmp(z, "repeat:") == 0) {
        r->loop_from = r->s->n_steps;
        r->loop_n = strtoul(rest, NULL, 10);
    } else if (strcmp(z, "end:") == 0) {
        end_loop(r);
    } else if (!step_line(r, z, rest)) {
        setting(r, z, rest);
    }
}

static const char *const usual_env[] = {"AUTH407_PROXY=proxy.test:3128",
                                        "AUTH407_USERNAME=alice",
                                        "AUTH407_PASSWORD=open sesame"};

bool script_read(struct script *s, const char *path)
{
    *s = (struct script){.path = path};
    struct reader r = {.s = s};
    FILE *f = fopen(path, "r");
    char *z = NULL;
    size_t cap = 0;
    if (!f) {
        complain(&r, "can't be opened");
        return false;
    }
    for (size_t i = 0; i < sizeof usual_env / sizeof *usual_env; i++)
        set(s, usual_env[i], strchr(usual_env[i], '='));
    while (getline(&z, &cap, f) >= 0) {
        r.line++;
        read_line(&r, z);
    }
    free(z);
    fclose(f);
    if (r.loop_n)
        complain(&r, "repeat: without end:");
    if (!s->endpoint)
        s->endpoint = copy(s, "proxy.test:3128");
    return !r.bad && s->n_steps;
}

void script_free(struct script *s)
{
    for (size_t i = 0; i < s->n_owned; i++)
        free(s->owned[i]);
    free(s->owned);
    free(s->env);
    free(s->held);
    free(s->step);
    *s = (struct script){0};
}
