/* SPDX-License-Identifier: MIT */
/*
 * Made into a shared object that does nothing: what preloading costs as such.
 * It has a table, as ours has, because the loader maps one with a call of its
 * own.
 */
char *bench_nothing(void);

static char table[1024 * 1024];

__attribute__((visibility("default"))) char *bench_nothing(void)
{
    return table;
}
