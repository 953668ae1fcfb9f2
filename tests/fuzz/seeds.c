/* SPDX-License-Identifier: MIT */
/*
 * Writes what fuzz_engine.c reads from transcripts: their bytes and ends, but
 * not what is expected. So each transcript is a seed, and none goes stale.
 * Usage: seeds FOLDER TRANSCRIPT...
 */
#include "fuzz.h"
#include "script.h"

/* A step of fuzz_engine.c: what is done, and a number. */
#define OP(what, number) ((what) | (number) << 4)

static void byte(FILE *f, unsigned c)
{
    must(putc((int)c, f) != EOF);
}

static bool is(const char *text, const char *word)
{
    return strcmp(text, word) == 0;
}

static unsigned settings(const struct script *s)
{
    static const struct {
        const char *name, *value; /* NULL: any */
        unsigned bit;
    } known[] = {
        {"AUTH407_USERNAME", NULL, 1},    {"AUTH407_MODE", "observe", 4},
        {"AUTH407_SCHEMES", "digest", 8}, {"AUTH407_LOG_LEVEL", NULL, 16},
        {"AUTH407_REPLAY_MAX", NULL, 32}, {"AUTH407_TOKEN", NULL, 64},
    };
    const char *login = s->file ? strstr(s->file, "username") : NULL;
    unsigned how = s->watched ? 128 : 0;
    if (login)
        how |= strstr(login + 1, "username") ? 3 : 1;
    for (size_t i = 0; i < s->n_env; i++) {
        const char *value = s->env[i].value;
        for (size_t k = 0; k < sizeof known / sizeof *known; k++)
            if (is(s->env[i].name, known[k].name) &&
                (!known[k].value || is(value, known[k].value)))
                how |= known[k].bit;
        if (is(s->env[i].name, "AUTH407_PROXY") && strchr(value, '@'))
            how |= 2; /* a second login */
    }
    return how;
}

static void chunk(FILE *f, unsigned op, const char *p, size_t n)
{
    for (size_t at = 0, k; at < n; at += k) {
        k = n - at < 65535 ? n - at : 65535;
        byte(f, op);
        byte(f, k & 255);
        byte(f, (unsigned)(k >> 8));
        must(fwrite(p + at, 1, k, f) == k);
    }
}

/* Does what the proxy does next meet a refused connection? */
static bool refuses(const struct script *s, size_t i)
{
    for (; i < s->n_steps && s->step[i].kind != STEP_APP_OUT &&
           s->step[i].kind != STEP_NET_IN;
         i++)
        if (s->step[i].kind == STEP_WIRE &&
            is(s->step[i].text, "reconnect refused"))
            return true;
    return false;
}

/* Of 100 s, doubled so many times, the first that reaches `z`. */
static unsigned later(const char *z)
{
    unsigned k = 0;
    while (k < 15 && (100L << k) < strtol(z, NULL, 10))
        k++;
    return k;
}

static void put_step(FILE *f, const struct script *s, size_t i)
{
    const struct step *st = &s->step[i];
    const char *z = st->text;
    bool out = st->kind == STEP_APP_OUT;
    if (out || st->kind == STEP_NET_IN) {
        if (refuses(s, i + 1))
            byte(f, OP(5u, 1u));
        chunk(f, out, z, st->n);
    } else if (st->kind == STEP_NET_END) {
        byte(f, OP(4u, is(z, "reset")));
    } else if (st->kind == STEP_APP && strstr(z, "reads")) {
        byte(f, OP(6u, 0u));
    } else if (st->kind == STEP_APP && is(z, "writes only")) {
        byte(f, OP(6u, 1u));
    } else if (st->kind == STEP_APP && is(z, "forks")) {
        byte(f, 11);
    } else if (st->kind == STEP_APP && is(z, "close")) {
        byte(f, 10);
    } else if (st->kind == STEP_WIRE && strncmp(z, "silent", 6) == 0) {
        byte(f, 8);
    } else if (st->kind == STEP_TIME) {
        byte(f, OP(7u, later(z)));
    } else if (st->kind == STEP_CONN) {
        byte(f, OP(9u, (unsigned)atoi(z) - 1));
    }
}

static void seed(const char *folder, const char *path)
{
    struct script s;
    char name[1024];
    const char *slash = strrchr(path, '/');
    must(script_read(&s, path));
    snprintf(name, sizeof name, "%s/%s", folder, slash ? slash + 1 : path);
    FILE *f = fopen(name, "wb");
    must(f);
    byte(f, settings(&s));
    if (s.n_held)
        byte(f, OP(15u, 1u));
    for (size_t i = 0; i < s.n_steps; i++)
        put_step(f, &s, i);
    must(fclose(f) == 0);
    script_free(&s);
}

int main(int argc, char **argv)
{
    for (int i = 2; i < argc; i++)
        seed(argv[1], argv[i]);
    return argc < 3;
}
