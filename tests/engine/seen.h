/* SPDX-License-Identifier: MIT */
#ifndef SEEN_H
#define SEEN_H

#include <stddef.h>

#include "core/config/config.h"
#include "core/record/event.h"

/*
 * What the engine has told: records and verdicts, in the words of the
 * transcripts. Every function returns NULL or what is wrong; that text is
 * valid until the next call.
 */
struct seen {
    struct a407_event **event; /* copies */
    size_t n_events, next_event;
    char **verdict;
    size_t n_verdicts, next_verdict;
    char why[1024];
};

/* Keeps a copy. Wrong: its line holds a secret, or is no line. */
const char *seen_event(struct seen *s, const struct a407_event *ev,
                       const struct a407_config *config);
void seen_verdict(struct seen *s, bool accepted, const char *label);

/* Is this the next record, a property of the last one, the next verdict
   ("none": there was no other so far)? */
const char *seen_next(struct seen *s, const char *text);
const char *seen_key(struct seen *s, const char *key, const char *text);
const char *seen_told(struct seen *s, const char *text);

/* Wrong: a record was not expected. Verdicts count once one was asked for. */
const char *seen_left(struct seen *s);

void seen_free(struct seen *s);

#endif
