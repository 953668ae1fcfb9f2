/* SPDX-License-Identifier: MIT */
#ifndef A407_GSS_TROUBLE_H
#define A407_GSS_TROUBLE_H

#include <krb5/krb5.h>
#include <stdbool.h>

#include "core/auth/gss_protocol.h"
#include "core/base/cause.h"

/* Why there is no token: a cause of the log, and words for its reader. */
struct a407_gss_trouble {
    enum a407_cause cause;
    char text[A407_GSS_TEXT_MAX + 1]; /* one line, without secrets */
};

/* Says it, in place of what was said before. False. */
bool a407_gss_fail(struct a407_gss_trouble *t, enum a407_cause cause,
                   const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* What is being done when libkrb5 reports an error. */
enum a407_gss_attempt {
    A407_GSS_WITH_PASSWORD, /* a ticket from the KDC */
    A407_GSS_WITH_KEYTAB,
    A407_GSS_FOR_SERVICE /* with a ticket, the proxy's */
};

/*
 * Says the error of libkrb5, as our reader sees it. False. `client` and
 * `server`: whose ticket it was to be, and for what; NULL where nobody knows
 * yet.
 */
bool a407_gss_fail_krb5(struct a407_gss_trouble *t, krb5_context k,
                        krb5_error_code code, enum a407_gss_attempt attempt,
                        krb5_const_principal client,
                        krb5_const_principal server);

/* A principal's name in buf, which is returned; "?" for NULL. */
const char *a407_gss_principal_text(krb5_context k, krb5_const_principal p,
                                    char *buf, size_t n);

#endif
