/* SPDX-License-Identifier: MIT */
#ifndef A407_PAC_SANDBOX_H
#define A407_PAC_SANDBOX_H

#include <stdbool.h>

/*
 * From now on this process has no file but descriptors 0 and 1, 64 MiB of
 * memory, two seconds of the processor, and no system call but those for
 * reading, writing, memory, the time and its end: others fail with EPERM. It
 * can't be undone. False: the kernel does not do it; nothing foreign may be run
 * then.
 */
bool a407_pac_lock_in(void);

#endif
