/* SPDX-License-Identifier: MIT */
#include <inttypes.h>

#include "internal.h"

/*
 * What one process tells the user's next ones, in lines:
 *   ways SINCE WORD...        how the proxy behaves
 *   worked SCHEME CHALLENGE   what logs in; the challenge as `save` writes it
 */

/* A proxy may be exchanged for another: how it behaves is found out anew a day
   after it was found out, however often that was used since. It costs a request
   or two, or one silence. */
#define WAYS_S 86400

enum { KEEPS = 1, NO_REUSE = 2, EACH_REQUEST = 4, HIDES = 8 };

static const struct {
    char word[16];
    unsigned bit;
} way[] = {{"keeps", KEEPS},
           {"no_reuse", NO_REUSE},
           {"each_request", EACH_REQUEST},
           {"hides", HIDES}};
#define N_WAYS (sizeof way / sizeof way[0])

static unsigned ways_of(const struct a407_proxy *p)
{
    return (p->keeps ? KEEPS : 0) | (p->no_reuse ? NO_REUSE : 0) |
           (p->each_request ? EACH_REQUEST : 0) | (p->hides ? HIDES : 0);
}

static struct a407_remembered now(const struct a407_proxy *p)
{
    return (struct a407_remembered){p->scheme, p->carrier, p->cred_index,
                                    ways_of(p)};
}

bool a407_proxy_has_news(const struct a407_proxy *p)
{
    struct a407_remembered a = now(p), b = p->remembered;
    return a.scheme && p->standing[a.cred_index].worked &&
           (a.scheme != b.scheme || a.carrier != b.carrier ||
            a.cred_index != b.cred_index || a.ways != b.ways);
}

static bool write_worked(const struct a407_proxy *p, bool with_state,
                         struct a407_buf *out)
{
    a407_buf_fmt(out, "worked %s ", a407_scheme_name(p->scheme->id));
    if (with_state && p->scheme->save)
        p->scheme->save(p->state, out);
    else
        a407_buf_str(out, p->carrier);
    return a407_buf_str(out, "\n");
}

bool a407_proxy_remember(struct a407_proxy *p, int64_t now_s,
                         struct a407_buf *out)
{
    unsigned ways = ways_of(p);
    p->remembered = now(p);
    if (!p->ways_since)
        p->ways_since = now_s;
    a407_buf_fmt(out, "ways %" PRId64, p->ways_since);
    for (size_t i = 0; i < N_WAYS; i++)
        if (ways & way[i].bit)
            a407_buf_fmt(out, " %s", way[i].word);
    a407_buf_str(out, "\n");
    return write_worked(p, p->state && !p->scheme->expires, out);
}

static void adopt_ways(struct a407_proxy *p, struct a407_span list,
                       int64_t now_s)
{
    struct a407_span word;
    unsigned ways = 0;
    uint64_t since = 0;
    bool hold = a407_span_cut(&list, ' ', &word) &&
                a407_span_number(word, INT64_MAX, &since) &&
                (int64_t)since <= now_s && now_s - (int64_t)since < WAYS_S;
    if (hold && (!p->ways_since || (int64_t)since < p->ways_since))
        p->ways_since = (int64_t)since;
    while (a407_span_cut(&list, ' ', &word))
        for (size_t i = 0; i < N_WAYS; i++)
            if (a407_span_eq(word, way[i].word))
                ways |= way[i].bit;
    if (!hold)
        ways &= HIDES;
    p->keeps = p->keeps || (ways & KEEPS);
    p->no_reuse = p->no_reuse || (ways & NO_REUSE);
    p->each_request = p->each_request || (ways & EACH_REQUEST);
    p->hides = p->hides || (ways & HIDES);
}

/* The state that the line stands for; NULL: none is needed, or to be had. */
static void *resumed(const struct a407_scheme *s,
                     const struct a407_challenge *ch)
{
    void *state = s->per_connection ? NULL : a407_secret_alloc(s->state_size);
    if (state)
        memset(state, 0, s->state_size);
    if (!state || (s->resume ? s->resume : s->init)(state, ch))
        return state;
    a407_scheme_wipe(s, state);
    a407_secret_free(state);
    return NULL;
}

/* Adopts "SCHEME CHALLENGE". True: with its state, if it has one. */
static bool adopt(struct a407_proxy *p, unsigned cred_index,
                  struct a407_span worked, struct a407_challenges *list)
{
    const struct a407_credential *c = p->creds[cred_index];
    const struct a407_challenge *ch = &list->item[0];
    struct a407_span name = {0};
    a407_span_cut(&worked, ' ', &name);
    const struct a407_scheme *s = a407_scheme_get(a407_scheme_from_name(name));
    a407_challenges_add(worked, list);
    if (!s || list->n != 1 || list->malformed || !a407_scheme_speaks(s, ch) ||
        c->malformed.code ||
        !(p->config->schemes & c->schemes & A407_SCHEME_BIT(s->id)))
        return false;
    p->remembered.scheme = s;
    p->remembered.carrier =
        a407_span_ieq(ch->scheme, s->token) ? s->token : s->also;
    p->remembered.cred_index = cred_index;
    void *state = resumed(s, ch);
    if (!state && !s->per_connection)
        return false;
    p->scheme = s;
    p->state = state;
    p->carrier = p->remembered.carrier;
    p->cred_index = cred_index;
    return true;
}

/* Adopts what logs in, unless something is known already. */
static bool adopt_worked(struct a407_proxy *p, unsigned cred_index,
                         struct a407_span worked)
{
    struct a407_challenges *list = p->scheme ? NULL : a407_challenges_new();
    bool done = list && adopt(p, cred_index, worked, list);
    a407_challenges_free(list);
    return done;
}

bool a407_proxy_recall(struct a407_proxy *p, unsigned cred_index,
                       struct a407_span text, int64_t now_s)
{
    struct a407_span line, word;
    while (a407_span_line(&text, &line)) {
        if (!a407_span_cut(&line, ' ', &word))
            continue;
        if (a407_span_eq(word, "ways"))
            adopt_ways(p, line, now_s);
        else if (a407_span_eq(word, "worked"))
            adopt_worked(p, cred_index, line);
    }
    p->remembered.ways = ways_of(p);
    p->standing[cred_index].recalled = true;
    return !p->scheme && p->remembered.scheme &&
           p->remembered.cred_index == cred_index;
}

bool a407_proxy_suspend(struct a407_proxy *p, struct a407_buf *out)
{
    if (!p->scheme || !p->scheme->expires || !p->state)
        return false;
    bool written = write_worked(p, true, out);
    a407_proxy_forget(p);
    return written;
}

bool a407_proxy_resume(struct a407_proxy *p, unsigned cred_index,
                       struct a407_span line)
{
    struct a407_span word;
    line = a407_span_trim(line);
    return a407_span_cut(&line, ' ', &word) && a407_span_eq(word, "worked") &&
           adopt_worked(p, cred_index, line);
}

void a407_proxy_forked(struct a407_proxy *p)
{
    if (p->scheme && p->scheme->expires)
        a407_proxy_forget(p);
}
