/* SPDX-License-Identifier: MIT */
#ifndef A407_TALK_H
#define A407_TALK_H

#include "child.h"

/* A question to a child and its answer, moved on in steps that never wait: a
   program that does not block sleeps in a loop of its own. */

/* What a step needs: poll() events at fd (-1: none), or that time
 * (a407_now_ms). */
struct a407_sleep {
    int fd;
    short events;
    int64_t until;
};

enum a407_talk_state {
    A407_TALK_STARTING, /* its child */
    A407_TALK_SENDING,
    A407_TALK_LISTENING,
    A407_TALK_ENDING, /* its exit status is to come */
    A407_TALK_OVER
};

/* Zeros, but for child, question, answer (initialized), upto, until, once. */
struct a407_talk {
    struct a407_child child;
    struct a407_buf question; /* owned */
    struct a407_buf answer;   /* owned; its maximum is the answer's */
    const char *upto;         /* ends the answer; NULL: its output's end does */
    int64_t until;            /* all of it, by a407_now_ms() */
    bool
        once; /* the child's input ends with the question, and its end counts */

    enum a407_talk_state state;
    bool complete; /* the answer has come to its end */
    bool late;     /* `until` has passed before */
    bool full;     /* it says more than fits */
    int status;    /* a407_child_end's, if the child has ended */
    int error;     /* errno: it could not be started */
    size_t sent;
    int64_t last;    /* 0, or: the command has ended, and its words must be here
                        by then */
    int64_t give_up; /* ENDING: it is killed then */
    int pause_ms;    /* between two looks */
};

/*
 * Goes on as far as it goes. True: it is over, and `complete`, `late`, `full`,
 * `error` and, where the child has ended, `status` tell. False: *sleep says
 * until when there is nothing to do. Waits for nothing.
 */
bool a407_talk_step(struct a407_talk *t, struct a407_sleep *sleep);

/* Goes on until it is over: blocks, so only in a process of our own. */
void a407_talk_wait(struct a407_talk *t);

/* Kills the child, if it is there, waits for that, and frees what t owns. */
void a407_talk_drop(struct a407_talk *t);

#endif
