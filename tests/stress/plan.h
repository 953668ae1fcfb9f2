/* SPDX-License-Identifier: MIT */
#ifndef STRESS_PLAN_H
#define STRESS_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What is to happen in one exchange. Client and proxy work it out for
 * themselves from its number and the run's seed, so that the client knows
 * every byte that it must see, and a run can be had again.
 */

/* A small generator of numbers; the state is all of it. */
uint64_t rng_next(uint64_t *state);

/* A number below n (n > 0). */
size_t rng_below(uint64_t *state, size_t n);

/* True in one of n cases. */
bool rng_one_in(uint64_t *state, size_t n);

struct plan {
    uint32_t number;
    enum { KIND_GET, KIND_POST, KIND_TUNNEL } kind;
    enum { BY_LENGTH, BY_CHUNKS, BY_CLOSE } framing;
    enum { END_WHOLE, END_CUT, END_RESET } end;
    size_t size;   /* bytes of the final answer's content */
    size_t end_at; /* of these, what comes before CUT or RESET */
    size_t body;   /* bytes of the request's content, or through the tunnel */
    bool pieces;   /* the final answer comes in small pieces, with pauses */
    bool closes;   /* the proxy closes after the answer */
};

void plan_make(struct plan *p, uint32_t number, uint64_t seed);

/* Byte i of what is sent in exchange `number`: up (client) or down (proxy). */
unsigned char plan_up(uint32_t number, size_t i);
unsigned char plan_down(uint32_t number, size_t i);

/* Fills bytes i .. i + n. */
void plan_fill_up(uint32_t number, size_t i, char *out, size_t n);
void plan_fill_down(uint32_t number, size_t i, char *out, size_t n);

#endif
