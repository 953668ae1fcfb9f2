/* SPDX-License-Identifier: MIT */
/* What happens around a process beside the program, and what is left of it. */
#include <sys/mman.h>

#include "child_help.h"

/* Is the memory of the job still what the keeper needs it for? */
static bool still_mapped(const struct a407_child_job *j, size_t size)
{
    char *p = (char *)(uintptr_t)j;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    unsigned char resident;
    return mincore(p, page, &resident) == 0 &&
           mincore(p + size - page, page, &resident) == 0;
}

static bool sandboxed_later(void)
{
    struct a407_child c;
    if (!shell(&c, "exec cat"))
        return false;
    struct a407_child_job *j = c.job;
    size_t size = j->size;
    pid_t keeper = c.pid;
    if (!forbid(SYS_wait4, SYS_waitid))
        return a407_child_end(&c, in(5000)) == 0;
    int64_t start = a407_child_now();
    a407_child_end(&c, in(100)); /* it ends by itself, with its input */
    return a407_child_now() - start < 3000 && still_mapped(j, size) &&
           kill(keeper, 0) == 0; /* nobody could take it */
}

/* A sandbox in which the keeper's end can't be seen: its memory stays. */
static void not_seen(void **unused)
{
    (void)unused;
    apart(sandboxed_later);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(not_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
