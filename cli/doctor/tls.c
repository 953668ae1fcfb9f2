/* SPDX-License-Identifier: MIT */
#include "tls.h"

#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "host/clock.h"
#include "kind.h"

/* OpenSSL's interface (3.0), as far as it goes here. It is looked up when it is
   needed: a machine whose proxies speak no TLS may be without it. */
#define FUNCTIONS(F)                                                           \
    F(void *, TLS_client_method, (void))                                       \
    F(void *, SSL_CTX_new, (void *))                                           \
    F(int, SSL_CTX_set_default_verify_paths, (void *))                         \
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

/* SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE */
#define WANT_READ  2
#define WANT_WRITE 3

#define ANSWER_MAX 32768

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
    return true;
}

/* ---- its certificate ---- */

static void tell_end(struct a407_rows *rows, void *certificate)
{
    struct tm t;
    char day[16] = "?";

    if (ssl.ASN1_TIME_to_tm(ssl.X509_get0_notAfter(certificate), &t))
        strftime(day, sizeof day, "%Y-%m-%d", &t);
    a407_row_found(rows, A407_FOUND_CERT_EXPIRED, "certificate",
                   "expired on %s", day);
}

static bool was_told(const struct a407_rows *rows)
{
    size_t i;

    for (i = 0; i < rows->n; i++)
        if (strcmp(rows->row[i].what, "certificate") == 0)
            return true;
    return false;
}

static void tell_certificate(struct a407_rows *rows, void *s, const char *host)
{
    void *certificate = ssl.SSL_get1_peer_certificate(s);
    long is = ssl.SSL_get_verify_result(s);

    if (was_told(rows) || !certificate)
        is = 0;
    else if (ssl.X509_cmp_current_time(ssl.X509_get0_notAfter(certificate)) < 0)
        tell_end(rows, certificate);
    else if (is == OTHER_HOST || is == OTHER_IP)
        a407_row_found(rows, A407_FOUND_CERT_NAME, "certificate",
                       "it is not one for %s", host);
    else if (is)
        a407_row_found(rows, A407_FOUND_CERT_UNTRUSTED, "certificate", "%s",
                       ssl.X509_verify_cert_error_string(is));
    else
        a407_row_good(rows, A407_IN_ENDPOINT, "certificate", "valid, for %s",
                      host);
    ssl.X509_free(certificate);
}

/* ---- a connection ---- */

/* What the call that returned `is` waits for came: it is to be made again.
   There is one deadline for all: a peer may send a byte now and then. */
static bool again(void *s, int is, int fd, int64_t until)
{
    int why = ssl.SSL_get_error(s, is);
    struct pollfd p = {fd, why == WANT_READ ? POLLIN : POLLOUT, 0};
    int64_t left = until - a407_now_ms();

    if (why != WANT_READ && why != WANT_WRITE)
        return false;
    errno = ETIMEDOUT;
    return left > 0 && poll(&p, 1, (int)left) == 1;
}

static void *begin(void *context, int fd, const char *host, int64_t until)
{
    void *s = ssl.SSL_new(context);
    int is;

    if (!s)
        return NULL;
    if (!ssl.X509_VERIFY_PARAM_set1_ip_asc(ssl.SSL_get0_param(s), host)) {
        ssl.SSL_set1_host(s, host);
        ssl.SSL_ctrl(s, SET_SNI, HOST_NAME, (void *)(uintptr_t)host);
    }
    ssl.SSL_set_fd(s, fd);
    do {
        is = ssl.SSL_connect(s);
    } while (is != 1 && again(s, is, fd, until));
    if (is == 1)
        return s;
    ssl.SSL_free(s);
    return NULL;
}

static void talk(void *s, int fd, int64_t until, const char *request,
                 struct a407_answer *out)
{
    char *to = malloc(ANSWER_MAX);
    size_t n = 0;
    int k;

    if (!to)
        return;
    do {
        k = ssl.SSL_write(s, request, (int)strlen(request));
    } while (k < 1 && again(s, k, fd, until));
    while (k > 0 && n < ANSWER_MAX && !out->head) {
        do {
            errno = 0;
            k = ssl.SSL_read(s, to + n, (int)(ANSWER_MAX - n));
        } while (k < 1 && again(s, k, fd, until));
        n += k > 0 ? (size_t)k : 0;
        if (a407_now_ms() > until) {
            errno = ETIMEDOUT;
            k = 0;
        }
        out->error = k > 0 ? 0 : errno;
        a407_answer_read(out, to, n);
    }
    if (!out->bytes)
        free(to);
}

static void tell_no_handshake(struct a407_rows *rows, const struct addrinfo *a)
{
    if (a407_kind_speaks_tls(a))
        a407_row_found(rows, A407_FOUND_NO_HANDSHAKE, "TLS",
                       "the handshake fails");
    else
        a407_row_found(rows, A407_FOUND_NO_TLS, "TLS",
                       "a TLS hello is not answered as TLS would");
}

bool a407_tls_ask(struct a407_rows *rows, const struct addrinfo *a,
                  const char *host, const char *request, int ms,
                  struct a407_answer *out)
{
    int64_t until = a407_now_ms() + ms;
    void *context, *s = NULL;
    void (*old)(int);
    int fd;

    if (!ssl.SSL_read && !load()) {
        a407_row_found(rows, A407_FOUND_NO_LIBSSL, "TLS",
                       "libssl.so.3 (OpenSSL) is not here");
        return false;
    }
    old = signal(SIGPIPE, SIG_IGN); /* OpenSSL writes, where we send */
    context = ssl.SSL_CTX_new(ssl.TLS_client_method());
    fd = a407_wire_connect(a);
    if (context && fd >= 0) {
        ssl.SSL_CTX_set_default_verify_paths(context);
        s = begin(context, fd, host, until);
    }
    if (s) {
        tell_certificate(rows, s, host);
        talk(s, fd, until, request, out);
        ssl.SSL_free(s);
    } else {
        tell_no_handshake(rows, a);
    }
    ssl.SSL_CTX_free(context);
    if (fd >= 0)
        close(fd);
    signal(SIGPIPE, old);
    return s != NULL;
}
