/* SPDX-License-Identifier: MIT */
#ifndef A407_DOCTOR_BUNDLE_H
#define A407_DOCTOR_BUNDLE_H

#include "doctor.h"

/* A file for the proxy's administrator: text, as a mail carries it. */

/* Can it be made? One that is there already, or a link, is left alone. False:
   said on standard error. */
bool a407_bundle_check(const char *path);

/* Makes it, mode 0600: the verdict, the requests, the answers' heads, all
   checks and a curl command, without secrets. False: said on standard error. */
bool a407_bundle_write(const struct a407_doctor *d, const char *path);

#endif
