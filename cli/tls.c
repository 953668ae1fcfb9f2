/* SPDX-License-Identifier: MIT */
#include "tls.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include "host/clock.h"

/* OpenSSL's interface (3.0), as far as it goes here. It is looked up when it is
   needed: a machine whose proxies speak no TLS may be without it. */
#define FUNCTIONS(F)                                                           \
    F(void *, TLS_client_method, (void))                                       \
    F(void *, SSL_CTX_new, (void *))                                           \
    F(int, SSL_CTX_set_default_verify_paths, (void *))                         \
    F(void, SSL_CTX_set_client_cert_cb,                                        \
      (void *, int (*)(void *, void **, void **)))                             \
    F(void, SSL_CTX_free, (void *))                                            \
    F(void *, SSL_new, (void *))                                               \
    F(void, SSL_free, (void *))                                                \
    F(int, SSL_set_fd, (void *, int))                                          \
    F(long, SSL_ctrl, (void *, int, long, void *))                             \
    F(int, SSL_set1_host, (void *, const char *))                              \
    F(void *, SSL_get0_param, (void *))                                        \
    F(int, X509_VERIFY_PARAM_set1_ip_asc, (void *, const char *))              \
    F(int, SSL_connect, (void *))                                              \
    F(int, SSL_get_error, (const void *, int))                                 \
    F(long, SSL_get_verify_result, (void *))                                   \
    F(const char *, X509_verify_cert_error_string, (long))                     \
    F(void *, SSL_get1_peer_certificate, (void *))                             \
    F(const void *, X509_get0_notAfter, (void *))                              \
    F(int, X509_cmp_current_time, (const void *))                              \
    F(int, ASN1_TIME_to_tm, (const void *, struct tm *))                       \
    F(void, X509_free, (void *))                                               \
    F(void, SSL_set_verify, (void *, int, void *))                             \
    F(uint64_t, SSL_set_options, (void *, uint64_t))                           \
    F(void, ERR_clear_error, (void))                                           \
    F(unsigned long, ERR_get_error, (void))                                    \
    F(const char *, ERR_reason_error_string, (unsigned long))                  \
    F(int, SSL_write, (void *, const void *, int))                             \
    F(int, SSL_read, (void *, void *, int))

static struct {
#define F(type, name, args) type(*name) args;
    FUNCTIONS(F)
#undef F
} ssl;

/* SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name */
#define SET_SNI   55
#define HOST_NAME 0
/* X509_V_ERR_HOSTNAME_MISMATCH and IP_ADDRESS_MISMATCH */
#define OTHER_HOST 62
#define OTHER_IP   64

/* SSL_CTRL_MODE, with ENABLE_PARTIAL_WRITE and ACCEPT_MOVING_WRITE_BUFFER */
#define SET_MODE 33
#define AS_SEND  3
/* SSL_OP_IGNORE_UNEXPECTED_EOF: many proxies just close */
#define EOF_IS_END 0x80
/* SSL_ERROR_* */
#define IS_SSL     1
#define WANT_READ  2
#define WANT_WRITE 3

static bool load(void)
{
    void *h = dlopen("libssl.so.3", RTLD_NOW | RTLD_LOCAL);

    if (!h)
        return false;
#define F(type, name, args)                                                    \
    *(void **)&ssl.name = dlsym(h, #name);                                     \
    if (!ssl.name)                                                             \
        return false;
    FUNCTIONS(F)
#undef F
    signal(SIGPIPE, SIG_IGN); /* OpenSSL writes, where we send */
    return true;
}

/* ---- the layer ---- */

/* Of the last one. */
static const char *last_error; /* in OpenSSL's words, or NULL */
static bool asks_certificate;

const char *a407_tls_error(void)
{
    return asks_certificate ? A407_TLS_WANTS_CERTIFICATE : last_error;
}

/* There is none. */
static int give_certificate(void *s, void **certificate, void **key)
{
    (void)s, (void)certificate, (void)key;
    asks_certificate = true;
    return 0;
}

/* As recv(2) and send(2) return. */
static ssize_t result(void *s, int is)
{
    int why = is > 0 ? 0 : ssl.SSL_get_error(s, is);

    if (why == WANT_READ || why == WANT_WRITE)
        errno = EAGAIN;
    else if (why == IS_SSL) {
        last_error = ssl.ERR_reason_error_string(ssl.ERR_get_error());
        errno = EPROTO;
    }
    return is > 0 ? is : errno ? -1 : 0;
}

static ssize_t tls_read(void *s, char *to, size_t n)
{
    ssl.ERR_clear_error();
    errno = 0;
    return result(s, ssl.SSL_read(s, to, (int)(n < INT_MAX ? n : INT_MAX)));
}

static ssize_t tls_write(void *s, const char *p, size_t n)
{
    ssl.ERR_clear_error();
    errno = 0;
    return result(s, ssl.SSL_write(s, p, (int)(n < INT_MAX ? n : INT_MAX)));
}

/* There is one deadline for all: a peer may send a byte now and then. */
static bool shake(void *s, int fd, int64_t until, bool verify)
{
    int is, why;
    long refused;

    do {
        ssl.ERR_clear_error();
        is = ssl.SSL_connect(s);
        why = is == 1 ? 0 : ssl.SSL_get_error(s, is);
        errno = EPROTO;
    } while ((why == WANT_READ || why == WANT_WRITE) &&
             a407_stream_wait(fd, why == WANT_READ ? POLLIN : POLLOUT, until));
    if (is == 1)
        return true;
    refused = verify ? ssl.SSL_get_verify_result(s) : 0;
    last_error = refused ? ssl.X509_verify_cert_error_string(refused)
                         : ssl.ERR_reason_error_string(ssl.ERR_get_error());
    return false;
}

static void *begin(int fd, const char *host, int64_t until, int verify)
{
    void *context, *s = NULL;

    last_error = NULL;
    asks_certificate = false;
    errno = ENOSYS;
    if (!ssl.SSL_read && !load()) {
        last_error = A407_TLS_NOT_HERE;
        return NULL;
    }
    context = ssl.SSL_CTX_new(ssl.TLS_client_method());
    if (context) {
        ssl.SSL_CTX_set_default_verify_paths(context);
        ssl.SSL_CTX_set_client_cert_cb(context, give_certificate);
        s = ssl.SSL_new(context);
        ssl.SSL_CTX_free(context);
    }
    if (!s)
        return NULL;
    if (!ssl.X509_VERIFY_PARAM_set1_ip_asc(ssl.SSL_get0_param(s), host)) {
        ssl.SSL_set1_host(s, host);
        ssl.SSL_ctrl(s, SET_SNI, HOST_NAME, (void *)(uintptr_t)host);
    }
    ssl.SSL_set_verify(s, verify, NULL);
    ssl.SSL_ctrl(s, SET_MODE, AS_SEND, NULL);
    ssl.SSL_set_options(s, EOF_IS_END);
    ssl.SSL_set_fd(s, fd);
    if (shake(s, fd, until, verify))
        return s;
    ssl.SSL_free(s);
    return NULL;
}

static void *begin_any(int fd, const char *host, int64_t until)
{
    return begin(fd, host, until, 0);
}

/* SSL_VERIFY_PEER */
static void *begin_trusted(int fd, const char *host, int64_t until)
{
    return begin(fd, host, until, 1);
}

static void end(void *s)
{
    ssl.SSL_free(s);
}

const struct a407_layer a407_tls_any = {begin_any, tls_read, tls_write, end};
const struct a407_layer a407_tls_trusted = {begin_trusted, tls_read, tls_write,
                                            end};

/* ---- its certificate ---- */

enum a407_tls_certificate a407_tls_certificate(const struct a407_stream *s,
                                               char why[static 80])
{
    void *certificate = ssl.SSL_get1_peer_certificate(s->state);
    long is = ssl.SSL_get_verify_result(s->state);
    enum a407_tls_certificate found = A407_TLS_GOOD;
    const void *day = certificate ? ssl.X509_get0_notAfter(certificate) : NULL;
    struct tm t;

    snprintf(why, 80, "%s", ssl.X509_verify_cert_error_string(is));
    if (day && ssl.X509_cmp_current_time(day) < 0) {
        found = A407_TLS_EXPIRED;
        if (!ssl.ASN1_TIME_to_tm(day, &t) ||
            !strftime(why, 80, "expired on %Y-%m-%d", &t))
            snprintf(why, 80, "expired");
    } else if (is == OTHER_HOST || is == OTHER_IP) {
        found = A407_TLS_OTHER_NAME;
    } else if (is || !certificate) {
        found = A407_TLS_UNTRUSTED;
    }
    ssl.X509_free(certificate);
    return found;
}
