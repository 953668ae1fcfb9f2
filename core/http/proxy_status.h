/* SPDX-License-Identifier: MIT */
#ifndef A407_PROXY_STATUS_H
#define A407_PROXY_STATUS_H

#include "core/base/span.h"

/* What one intermediary says of itself in Proxy-Status (RFC 9209 section 2). */
struct a407_proxy_status {
    char name[128];      /* its identifier */
    char error[64];      /* the type of error; empty: none told */
    int received_status; /* of the next hop; 0: none told */
    char next_hop[128];
    char details[256];
};

/*
 * Reads the first `max` members of a field value, a list of structured fields
 * (RFC 8941 section 3.1). Returns how many. A member that does not parse ends
 * the list. Long texts are cut; bytes beyond ASCII are kept as they are.
 */
size_t a407_proxy_status_parse(struct a407_span value,
                               struct a407_proxy_status *out, size_t max);

#endif
