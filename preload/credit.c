/* SPDX-License-Identifier: MIT */
#include "credit.h"

#include "conn.h"

_Atomic uint64_t a407_credit_words[A407_FD_MAX][A407_WAYS];

void a407_credit_call_in(struct a407_credit *k, enum a407_way way)
{
    if (k->fd < 0)
        return;
    uint64_t w = atomic_exchange(&a407_credit_words[k->fd][way], 0);
    k->used += k->given - (uint32_t)(w & A407_CREDIT_LEFT);
    k->pending += (w & A407_CREDIT_BUSY) != 0;
    k->fd = -1;
}

void a407_credit_drop(struct a407_conn *c, int fd)
{
    for (enum a407_way way = 0; way < A407_WAYS; way++)
        if (c->credit[way].fd == fd)
            a407_credit_call_in(&c->credit[way], way);
}
