/* SPDX-License-Identifier: MIT */
#ifndef A407_REGISTRY_H
#define A407_REGISTRY_H

#include <stdatomic.h>
#include <stdbool.h>

#include "conn.h"

/*
 * Which fds are connections to a proxy. Lookup of an untracked one is a single
 * atomic load; a tracked one is pinned under a lock. To be called inside, where
 * nothing else is said.
 */

/* The table. WATCH: a stream whose first written bytes are still unseen. */
extern _Atomic(struct a407_conn *) a407_slots[A407_FD_MAX];
extern struct a407_conn a407_watch;
#define A407_WATCH (&a407_watch)

/* NULL: not ours, in one load. */
static inline struct a407_conn *a407_slot(int fd)
{
    if (__builtin_expect((unsigned)fd >= A407_FD_MAX, 0))
        return NULL;
    return atomic_load_explicit(&a407_slots[fd], memory_order_acquire);
}

/* Of the table, refs, fds, credit and the lists of sites and of what is under
 * way. */
void a407_registry_lock(void);
void a407_registry_unlock(void);

/* The same for fork(): from then on no call on a connection begins. `anew`: in
   the child. */
void a407_registry_shut(void);
void a407_registry_open(void);
void a407_registry_anew(void);

/* Pins the connection of fd. NULL: untracked, WATCH, or in a child of vfork()
   or _Fork(): there the table is of its parent's fds, and a lock may be held by
   a thread that is not there. */
struct a407_conn *a407_conn_get(int fd);

/* Pins it once more. */
void a407_conn_pin(struct a407_conn *c);

/* True: that was the last pin (a407_conn_put). */
bool a407_conn_unpin(struct a407_conn *c);

/* Puts it (or WATCH, or NULL) at fd. Returns what stood there, with its pin, or
   NULL. *last: it has no other fd. */
struct a407_conn *a407_slot_set(int fd, struct a407_conn *c, bool *last);

/* The highest fd that may be in the table; -1: none ever was. */
int a407_slot_top(void);

/* fd is another socket by now: c, which is locked, leaves that slot. True: it
   has no other. */
bool a407_slot_stale(int fd, struct a407_conn *c);

/* Removes c, which is locked and pinned, from all slots. */
void a407_slot_retire(struct a407_conn *c);

/* In the child of a fork: empties those of connections that are gone. */
void a407_slots_in_child(void);

/* Is this the process that the tables belong to? False in a vfork child. */
bool a407_own_process(void);

#endif
