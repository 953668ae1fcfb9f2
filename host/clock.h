/* SPDX-License-Identifier: MIT */
#ifndef A407_CLOCK_H
#define A407_CLOCK_H

#include <stdint.h>
#include <time.h>

/* A clock of clock_gettime(2) in microseconds. */
static inline int64_t a407_clock_us(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* The monotonic clock in milliseconds. */
static inline int64_t a407_now_ms(void)
{
    return a407_clock_us(CLOCK_MONOTONIC) / 1000;
}

#endif
