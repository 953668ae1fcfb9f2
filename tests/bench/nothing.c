/* SPDX-License-Identifier: MIT */
/* Made into a shared object that does nothing: what preloading costs as such.
 */
int bench_nothing(void);

__attribute__((visibility("default"))) int bench_nothing(void)
{
    return 0;
}
