/* SPDX-License-Identifier: MIT */
#include "plan.h"

#include <string.h>

/* A linear congruential generator, of which the better half is used. */
uint64_t rng_next(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 33;
}

size_t rng_below(uint64_t *state, size_t n)
{
    return (size_t)(rng_next(state) % n);
}

bool rng_one_in(uint64_t *state, size_t n)
{
    return rng_below(state, n) == 0;
}

/* Mostly short, now and then long: buffers fill, windows close. */
static size_t some_size(uint64_t *s)
{
    static const size_t most[] = {1, 200, 200, 3000, 3000, 20000, 70000};
    size_t n = most[rng_below(s, sizeof most / sizeof *most)];
    return rng_below(s, rng_one_in(s, 40) ? 400000 : n);
}

void plan_make(struct plan *p, uint32_t number, uint64_t seed)
{
    uint64_t s = seed + number * UINT64_C(0x9e3779b97f4a7c15);
    rng_next(&s); /* seeds that are near each other begin alike */
    rng_next(&s);
    size_t kind = rng_below(&s, 8);
    *p = (struct plan){.number = number};
    p->kind = kind == 0 ? KIND_TUNNEL : kind < 3 ? KIND_POST : KIND_GET;
    if (p->kind != KIND_GET)
        p->body = some_size(&s);
    if (p->kind == KIND_TUNNEL)
        return;
    p->size = some_size(&s);
    p->framing = rng_below(&s, 3);
    p->pieces = rng_one_in(&s, 4);
    p->closes = p->framing == BY_CLOSE || rng_one_in(&s, 5);
    if (p->size && p->framing != BY_CLOSE && rng_one_in(&s, 8)) {
        p->end = rng_one_in(&s, 2) ? END_CUT : END_RESET;
        p->end_at = rng_below(&s, p->size);
    }
}

/*
 * What a tunnel carries begins like requests and answers of a proxy: nobody
 * may take them for such.
 */
static const char decoy[] = "CONNECT origin.test:443 HTTP/1.1\r\n\r\n"
                            "HTTP/1.1 407 Proxy Authentication Required\r\n"
                            "Proxy-Authenticate: Basic realm=\"x\"\r\n"
                            "Content-Length: 3\r\n\r\n";

unsigned char plan_up(uint32_t number, size_t i)
{
    if (i < sizeof decoy - 1)
        return (unsigned char)decoy[i];
    return (unsigned char)(i * 167 + (i >> 8) * 13 + number * 29);
}

unsigned char plan_down(uint32_t number, size_t i)
{
    return (unsigned char)(i * 101 + (i >> 8) * 7 + number * 43);
}

void plan_fill_up(uint32_t number, size_t i, char *out, size_t n)
{
    for (size_t k = 0; k < n; k++)
        out[k] = (char)plan_up(number, i + k);
}

void plan_fill_down(uint32_t number, size_t i, char *out, size_t n)
{
    for (size_t k = 0; k < n; k++)
        out[k] = (char)plan_down(number, i + k);
}
