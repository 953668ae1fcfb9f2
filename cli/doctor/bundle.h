/* SPDX-License-Identifier: MIT */
#ifndef A407_DOCTOR_BUNDLE_H
#define A407_DOCTOR_BUNDLE_H

#include "doctor.h"

/* A file for the proxy's administrator: text, as a mail carries it. */

/* Makes it, mode 0600, before anything is asked: one that is there already, or
   a link, is left alone. -1: said on standard error. */
int a407_bundle_open(const char *path);

/* Writes the verdict, the requests, the answers' heads, all checks and a curl
   command, without secrets, and closes fd. False: said on standard error. */
bool a407_bundle_write(const struct a407_doctor *d, int fd);

#endif
