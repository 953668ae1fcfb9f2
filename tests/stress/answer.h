/* SPDX-License-Identifier: MIT */
#ifndef STRESS_ANSWER_H
#define STRESS_ANSWER_H

#include "plan.h"

/*
 * Reads an answer as it comes and compares every byte with the plan. It keeps
 * nothing but where it is.
 */
struct answer {
    const struct plan *plan;
    enum {
        AT_HEAD,
        AT_CHUNK_SIZE,
        AT_CONTENT, /* or the tunnel's echo */
        AT_CHUNK_END,
        AT_TRAILER,
        AT_END
    } at;
    int status;      /* 0: not seen yet */
    const char *bad; /* what is wrong, or NULL */
    char line[256];  /* the line at hand */
    size_t line_n;
    bool chunked, sized, closes;
    size_t length;    /* as the head says */
    size_t left;      /* of the chunk, or of the length */
    size_t content_n; /* content seen */
};

void answer_start(struct answer *a, const struct plan *p);

/* Takes bytes. False: `bad` says why. */
bool answer_feed(struct answer *a, const char *p, size_t n);

/*
 * The connection has ended, error 0 or an errno. True: that is what the plan
 * says. False: `bad` says why.
 */
bool answer_ended(struct answer *a, int error);

#endif
