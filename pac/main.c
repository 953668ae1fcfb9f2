/* SPDX-License-Identifier: MIT */
/* auth407-pac: runs one proxy auto-config script. auth407-doctor starts it, and
   speaks with it as protocol.h says. */
#include <arpa/inet.h>
#include <duktape.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "pac/protocol.h"
#include "sandbox.h"

/* The source that goes into the program as it is. */
__asm__(".section .rodata\n.global functions\n.hidden functions\nfunctions:"
        " .incbin \"pac/functions.js\"\n.byte 0\n.previous\n");
extern const char functions[];

/* The input, a line or a run of bytes at a time. */
static struct a407_buf in;

/* Reads until `n` bytes, or with n == 0 a line, are there; its length, or none.
 */
static size_t fill(size_t n)
{
    const char *end;
    ssize_t k;

    for (;;) {
        if (n && in.n >= n)
            return n;
        end = in.n && !n ? memchr(in.p, '\n', in.n) : NULL;
        if (end)
            return (size_t)(end - in.p) + 1;
        if (!a407_buf_reserve(&in, in.n + 4096))
            return 0;
        k = read(0, in.p + in.n, in.cap - in.n);
        if (k <= 0)
            return 0;
        in.n += (size_t)k;
    }
}

/* Without its end, to be freed; the input must be there, or it is over. */
static char *take(size_t n)
{
    size_t length = fill(n);
    char *text;

    if (!length)
        _exit(1);
    text = malloc(length + 1);
    if (!text)
        _exit(1);
    memcpy(text, in.p, length);
    text[n ? length : length - 1] = '\0';
    a407_buf_drop(&in, length);
    return text;
}

/* One line; what would end it is a blank. */
static void say(const char *word, const char *text)
{
    struct a407_buf b;
    size_t i, at = 0;

    a407_buf_init(&b, A407_PAC_LINE);
    a407_buf_fmt(&b, "%s %.*s", word, A407_PAC_LINE - 64, text);
    for (i = 0; i < b.n; i++)
        if ((unsigned char)b.p[i] < ' ')
            b.p[i] = ' ';
    a407_buf_str(&b, "\n");
    while (at < b.n) {
        ssize_t k = write(1, b.p + at, b.n - at);
        if (k <= 0)
            _exit(1);
        at += (size_t)k;
    }
    a407_buf_free(&b);
}

/* ---- what functions.js calls ---- */

static duk_ret_t ask(duk_context *ctx)
{
    const char *word = duk_require_string(ctx, 0);
    char *answer;

    say(word, duk_safe_to_string(ctx, 1));
    answer = take(0);
    duk_push_string(ctx, answer);
    free(answer);
    return 1;
}

static duk_ret_t bytes(duk_context *ctx)
{
    const char *text = duk_require_string(ctx, 0);
    unsigned char address[16];
    char hex[33] = "";
    size_t i, n = inet_pton(AF_INET, text, address) == 1    ? 4
                  : inet_pton(AF_INET6, text, address) == 1 ? 16
                                                            : 0;

    for (i = 0; i < n; i++)
        snprintf(hex + 2 * i, 3, "%02x", address[i]);
    if (n)
        duk_push_string(ctx, hex);
    else
        duk_push_null(ctx);
    return 1;
}

/* ---- the script ---- */

/* The error on the stack's top, with the line that it is about. */
static void fail(duk_context *ctx, const char *word)
{
    char text[600];
    int line = 0;

    if (duk_is_error(ctx, -1)) {
        duk_get_prop_string(ctx, -1, "lineNumber");
        line = duk_to_int(ctx, -1);
        duk_pop(ctx);
    }
    snprintf(text, sizeof text, "%d %.500s", line, duk_safe_to_string(ctx, -1));
    say(word, text);
    _exit(0);
}

static void add_functions(duk_context *ctx)
{
    duk_push_string(ctx, functions);
    duk_push_string(ctx, "functions.js");
    if (duk_pcompile(ctx, DUK_COMPILE_EVAL) != 0 || duk_pcall(ctx, 0) != 0)
        fail(ctx, A407_PAC_FAILED);
    duk_push_global_object(ctx);
    duk_push_c_function(ctx, ask, 2);
    duk_push_c_function(ctx, bytes, 1);
    if (duk_pcall(ctx, 3) != 0)
        fail(ctx, A407_PAC_FAILED);
    duk_pop(ctx);
}

static void run(duk_context *ctx, const char *script, const char *url,
                const char *host)
{
    duk_push_string(ctx, script);
    duk_push_string(ctx, "PAC");
    if (duk_pcompile(ctx, 0) != 0)
        fail(ctx, A407_PAC_UNPARSED);
    if (duk_pcall(ctx, 0) != 0)
        fail(ctx, A407_PAC_FAILED);
    /* as browsers do; the other name is Microsoft's */
    if (!duk_get_global_string(ctx, "FindProxyForURL") &&
        !duk_get_global_string(ctx, "FindProxyForURLEx")) {
        say(A407_PAC_FAILED, "0 there is no function FindProxyForURL in it");
        return;
    }
    duk_push_string(ctx, url);
    duk_push_string(ctx, host);
    if (duk_pcall(ctx, 2) != 0)
        fail(ctx, A407_PAC_FAILED);
    if (duk_is_string(ctx, -1))
        say(A407_PAC_RESULT, duk_get_string(ctx, -1));
    else
        say(A407_PAC_FAILED, "0 FindProxyForURL returns no text");
}

static void on_fatal(void *ctx, const char *text)
{
    (void)ctx;
    say(A407_PAC_FAILED, "0 out of memory");
    (void)text;
    _exit(0);
}

int main(void)
{
    duk_context *ctx = duk_create_heap(NULL, NULL, NULL, NULL, on_fatal);
    char *url, *host, *length, *script;

    a407_buf_init(&in, A407_PAC_SCRIPT + 65536);
    if (!ctx || !a407_pac_lock_in()) {
        say(A407_PAC_UNPARSED, "0 this system can't lock a process in");
        return 0;
    }
    url = take(0);
    host = take(0);
    length = take(0);
    script = take((size_t)strtoul(length, NULL, 10));
    add_functions(ctx);
    run(ctx, script, url, host);
    _exit(0);
}
