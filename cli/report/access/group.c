/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "internal.h"

/* As much as fits, cut after a whole character. */
static void copy(char *out, size_t cap, struct a407_span s)
{
    size_t n = s.n < cap ? s.n : cap - 1;

    if (n < s.n)
        while (n && ((unsigned char)s.p[n] & 0xc0) == 0x80)
            n--;
    if (n)
        memcpy(out, s.p, n);
    out[n] = '\0';
}

static void add_target(struct a407_access_group *g, struct a407_span target)
{
    char cut[sizeof g->targets[0]];
    size_t i;

    copy(cut, sizeof cut, target);
    for (i = 0; i < g->n_targets; i++)
        if (strcmp(g->targets[i], cut) == 0)
            return;
    if (g->n_targets == A407_ACCESS_TARGETS)
        g->more_targets = true;
    else
        memcpy(g->targets[g->n_targets++], cut, sizeof cut);
}

/* The group of a client and a user, made if there is room; NULL: none left. */
static struct a407_access_group *find(struct a407_report_access *a,
                                      const char *client, const char *user)
{
    uint64_t hash = a407_access_user(a407_span_str(client)) * 31 +
                    a407_access_user(a407_span_str(user));
    size_t i = (size_t)(hash >> 32) % A407_ACCESS_INDEX;
    struct a407_access_group *g;

    for (; a->group_index[i]; i = (i + 1) % A407_ACCESS_INDEX) {
        g = &a->groups[a->group_index[i] - 1];
        if (strcmp(g->client, client) == 0 && strcmp(g->user, user) == 0)
            return g;
    }
    if (a->n_groups == A407_ACCESS_GROUPS)
        return NULL;
    g = &a->groups[a->n_groups++];
    a->group_index[i] = (uint16_t)a->n_groups;
    copy(g->client, sizeof g->client, a407_span_str(client));
    copy(g->user, sizeof g->user, a407_span_str(user));
    return g;
}

void a407_access_group_add(struct a407_report_access *a, uint64_t ref,
                           int64_t at_us)
{
    struct a407_access_line line = {0};
    struct a407_access_group *g;
    char client[sizeof g->client], user[sizeof g->user];

    if (!a407_access_texts_read(a->texts, ref, &a->scratch))
        return;
    a407_access_get_line(a407_span(a->scratch.p, a->scratch.n), &line);
    copy(client, sizeof client, line.client);
    copy(user, sizeof user, line.user);
    g = find(a, client, user);
    if (!g)
        g = &a->group_others;
    else
        add_target(g, line.target);
    if (g->total == 0 || at_us < g->first_us)
        g->first_us = at_us;
    if (g->total == 0 || at_us > g->last_us)
        g->last_us = at_us;
    g->total++;
}

static int compare(const void *left, const void *right)
{
    const struct a407_access_group *a = left, *b = right;
    int order;

    if (a->total != b->total)
        return a->total > b->total ? -1 : 1;
    order = strcmp(a->client, b->client);
    return order ? order : strcmp(a->user, b->user);
}

void a407_access_groups_sort(struct a407_report_access *a)
{
    if (a->n_groups)
        qsort(a->groups, a->n_groups, sizeof *a->groups, compare);
}
