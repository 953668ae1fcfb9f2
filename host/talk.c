/* SPDX-License-Identifier: MIT */
#include "talk.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

#include "clock.h"

/* How often to look whether the command still runs, and how long after its end
   what it has said may still come. */
#define LOOK_MS 50
#define LAST_MS 200

/* Its end, after it has closed its output. */
#define END_MS 1000

/* The longest pause between two looks whether it has started or ended: nothing
   wakes us. */
#define PAUSE_MOST_MS 16

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static bool goes_on(struct a407_sleep *sleep, int fd, short events,
                    int64_t until)
{
    *sleep = (struct a407_sleep){fd, events, until};
    return false;
}

/* Looks again, ever more seldom. */
static bool looks_again(struct a407_talk *t, struct a407_sleep *sleep,
                        int64_t until)
{
    int64_t next = a407_now_ms() + t->pause_ms + 1;
    if (t->pause_ms < PAUSE_MOST_MS)
        t->pause_ms = 2 * t->pause_ms + 1;
    return goes_on(sleep, -1, 0, earlier(until, next));
}

static void listen_now(struct a407_talk *t)
{
    if (t->once)
        a407_child_send_end(&t->child);
    t->state = A407_TALK_LISTENING;
}

static void end(struct a407_talk *t)
{
    t->status = a407_child_end(&t->child);
    t->state = A407_TALK_OVER;
}

/* A child that is to say more later stays. */
static void heard(struct a407_talk *t)
{
    if (t->complete && !t->once) {
        t->state = A407_TALK_OVER;
        return;
    }
    a407_child_hang_up(&t->child);
    t->give_up = t->once ? t->until : a407_now_ms() + END_MS;
    t->pause_ms = 0;
    t->state = A407_TALK_ENDING;
}

static bool start_step(struct a407_talk *t, struct a407_sleep *sleep)
{
    int started = a407_child_started(&t->child);
    t->state = A407_TALK_SENDING;
    if (started > 0)
        return true;
    if (started < 0) {
        t->error = errno;
        t->state = A407_TALK_OVER;
        return true;
    }
    t->state = A407_TALK_STARTING;
    if (a407_now_ms() < t->until)
        return looks_again(t, sleep, t->until);
    t->late = true;
    end(t);
    return true;
}

static bool send_step(struct a407_talk *t, struct a407_sleep *sleep)
{
    ssize_t k = 0;
    while (t->sent < t->question.n && k >= 0) {
        k = a407_child_usable(&t->child)
                ? send(t->child.fd, t->question.p + t->sent,
                       t->question.n - t->sent, MSG_DONTWAIT | MSG_NOSIGNAL)
                : -2;
        if (k > 0)
            t->sent += (size_t)k;
    }
    /* a child need not read all of it: what counts is what it says */
    if (k != -1 || errno != EAGAIN) {
        listen_now(t);
        return true;
    }
    if (a407_now_ms() < t->until)
        return goes_on(sleep, t->child.fd, POLLOUT, t->until);
    t->late = true;
    end(t);
    return true;
}

/* Nothing is there. The end of its output may never show: another child of the
   program, or one of the command, may hold a copy of the other end. */
static bool silent(struct a407_talk *t, struct a407_sleep *sleep)
{
    int64_t now = a407_now_ms();
    bool over = t->last && now >= t->last;
    if (!t->last && !a407_child_runs(&t->child))
        t->last = now + LAST_MS;
    if (over) {
        t->complete = !t->upto;
        heard(t);
    } else if (now >= t->until) {
        t->late = true;
        end(t);
    } else {
        return goes_on(sleep, t->child.fd, POLLIN,
                       earlier(t->until, now + LOOK_MS));
    }
    return true;
}

static bool listen_step(struct a407_talk *t, struct a407_sleep *sleep)
{
    struct a407_buf *out = &t->answer;
    if (!a407_child_usable(&t->child)) {
        heard(t);
        return true;
    }
    if (!a407_buf_reserve(out, out->n + 1)) {
        t->full = true;
        end(t);
        return true;
    }
    /* straight into the buffer: what is said may be a secret */
    ssize_t k =
        recv(t->child.fd, out->p + out->n, out->cap - out->n, MSG_DONTWAIT);
    if (k < 0 && errno == EAGAIN)
        return silent(t, sleep);
    if (k > 0)
        out->n += (size_t)k;
    t->complete = k == 0
                      ? !t->upto
                      : k > 0 && t->upto &&
                            a407_span_ends(a407_span(out->p, out->n), t->upto);
    if (k <= 0 || t->complete)
        heard(t);
    return true;
}

static bool end_step(struct a407_talk *t, struct a407_sleep *sleep)
{
    int64_t now = a407_now_ms();
    if (a407_child_runs(&t->child) && now < t->give_up)
        return looks_again(t, sleep, t->give_up);
    t->late = now >= t->until;
    end(t);
    return true;
}

bool a407_talk_step(struct a407_talk *t, struct a407_sleep *sleep)
{
    bool moved = true;
    while (moved && t->state != A407_TALK_OVER) {
        if (t->state == A407_TALK_STARTING)
            moved = start_step(t, sleep);
        else if (t->state == A407_TALK_SENDING)
            moved = send_step(t, sleep);
        else if (t->state == A407_TALK_LISTENING)
            moved = listen_step(t, sleep);
        else
            moved = end_step(t, sleep);
    }
    return t->state == A407_TALK_OVER;
}

void a407_talk_wait(struct a407_talk *t)
{
    struct a407_sleep sleep;
    while (!a407_talk_step(t, &sleep)) {
        struct pollfd p = {sleep.fd, sleep.events, 0};
        int64_t left = sleep.until - a407_now_ms();
        poll(&p, 1, left < 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left);
    }
}

void a407_talk_drop(struct a407_talk *t)
{
    a407_child_end(&t->child);
    a407_buf_free(&t->question);
    a407_buf_free(&t->answer);
}
