/* SPDX-License-Identifier: MIT */
/*
 * An HTTP proxy for tests that asks for a login and can be told to misbehave.
 * It shares no code with core/: its readings of HTTP and Digest are its own.
 */
#include <err.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server.h"
#include "session.h"

enum opt {
    OPT_PORT = 256,
    OPT_AUTH,
    OPT_USER,
    OPT_PASSWORD,
    OPT_PASSWORD_FILE,
    OPT_DOMAIN,
    OPT_REALM,
    OPT_ALGORITHM,
    OPT_QOP,
    OPT_NONCE_COUNT,
    OPT_VALID_FOR,
    OPT_USERHASH,
    OPT_CHARSET,
    OPT_SESS_FIRST,
    OPT_SCHEME_HEADER,
    OPT_LOG,
    OPT_CAPTURE,
    OPT_UPSTREAM,
    OPT_DEMO,
    OPT_FAULT,
    OPT_TRICKLE_US,
    OPT_SLOW_MS,
    OPT_STDIN,
    OPT_HELP
};

static const struct option options[] = {
    {"port", required_argument, NULL, OPT_PORT},
    {"auth", required_argument, NULL, OPT_AUTH},
    {"user", required_argument, NULL, OPT_USER},
    {"password", required_argument, NULL, OPT_PASSWORD},
    {"password-file", required_argument, NULL, OPT_PASSWORD_FILE},
    {"domain", required_argument, NULL, OPT_DOMAIN},
    {"realm", required_argument, NULL, OPT_REALM},
    {"algorithm", required_argument, NULL, OPT_ALGORITHM},
    {"qop", required_argument, NULL, OPT_QOP},
    {"nonce-count", required_argument, NULL, OPT_NONCE_COUNT},
    {"valid-for", required_argument, NULL, OPT_VALID_FOR},
    {"userhash", no_argument, NULL, OPT_USERHASH},
    {"charset", no_argument, NULL, OPT_CHARSET},
    {"sess-first", no_argument, NULL, OPT_SESS_FIRST},
    {"scheme-header", required_argument, NULL, OPT_SCHEME_HEADER},
    {"log", required_argument, NULL, OPT_LOG},
    {"capture", required_argument, NULL, OPT_CAPTURE},
    {"upstream", required_argument, NULL, OPT_UPSTREAM},
    {"demo", no_argument, NULL, OPT_DEMO},
    {"fault", required_argument, NULL, OPT_FAULT},
    {"trickle-us", required_argument, NULL, OPT_TRICKLE_US},
    {"slow-ms", required_argument, NULL, OPT_SLOW_MS},
    {"stdin", no_argument, NULL, OPT_STDIN},
    {"help", no_argument, NULL, OPT_HELP},
    {0}};

struct settings {
    struct proxy proxy;
    unsigned port;
    bool stdin_too;
};

static void usage(FILE *out)
{
    fputs(
        "usage: proxy407 [option]...\n"
        "Listens on 127.0.0.1 and ::1, prints \"port N\", serves for ever.\n"
        "  --port N             0: any free port (default)\n"
        "  --auth WHAT          none (default), basic, digest, list: both,\n"
        "                       bearer: the password is the token; ntlm,\n"
        "                       negotiate (NTLM within); repeat it for more\n"
        "  --user U --password P --realm R\n"
        "  --domain D           that an NTLM login must name (default: any)\n"
        "  --password-file FILE the password is FILE's first line; read\n"
        "                       anew for each request\n"
        "  --algorithm A        MD5 (default), SHA-256, SHA-512-256, also\n"
        "                       with -sess; repeat it to offer several\n"
        "  --qop LIST           auth (default), auth-int, both, or none\n"
        "  --nonce-count N      a nonce is stale after N uses\n"
        "  --valid-for N        the password is revoked after N requests\n"
        "  --userhash           offer userhash\n"
        "  --charset            offer charset=UTF-8\n"
        "  --sess-first         -sess is keyed with the first cnonce\n"
        "  --scheme-header LINE one more challenge, sent before the others\n"
        "  --log FILE           a line for each connection and request\n"
        "  --capture PREFIX     all bytes, in PREFIX.CONNECTION.in and .out\n"
        "  --upstream HOST:PORT everything goes there (loopback only)\n"
        "  --demo               is http://auth407.test/ itself\n"
        "  --stdin              end when standard input does\n"
        "  --trickle-us N       pause between bytes (default 200)\n"
        "  --slow-ms N          pause of slow-final, ntlm-slow (default 1500)\n"
        "  --fault NAME[=COUNT] misbehave, for ever or COUNT times:\n",
        out);
    fault_list(out);
}

static void set_auth(struct auth *a, const char *what)
{
    bool list = strcmp(what, "list") == 0;
    bool basic = list || strcmp(what, "basic") == 0;
    bool digest = list || strcmp(what, "digest") == 0;
    bool bearer = strcmp(what, "bearer") == 0;
    bool ntlm = strcmp(what, "ntlm") == 0;
    bool negotiate = strcmp(what, "negotiate") == 0;
    if (!basic && !digest && !bearer && !ntlm && !negotiate &&
        strcmp(what, "none") != 0)
        errx(2,
             "--auth %s: basic, digest, list, bearer, ntlm, negotiate or none",
             what);
    a->basic |= basic;
    a->digest |= digest;
    a->bearer |= bearer;
    a->ntlm |= ntlm;
    a->negotiate |= negotiate;
}

static void add_algorithm(struct auth *a, const char *token)
{
    size_t max = sizeof a->algorithms / sizeof *a->algorithms;
    const struct digest_algorithm *alg = digest_algorithm(token);
    if (!alg || a->n_algorithms == max)
        errx(2, "--algorithm %s: not known, or too many", token);
    a->algorithms[a->n_algorithms++] = alg;
}

static void set_upstream(struct proxy *p, char *arg)
{
    char *colon = strrchr(arg, ':');
    if (!colon)
        errx(2, "--upstream %s: HOST:PORT", arg);
    *colon = 0;
    if (*arg == '[' && colon[-1] == ']') {
        colon[-1] = 0;
        arg++;
    }
    p->upstream_host = arg;
    p->upstream_port = colon + 1;
}

static unsigned number(const char *arg)
{
    char *end;
    unsigned long n = strtoul(arg, &end, 10);
    if (*end || end == arg || n > 1000000000)
        errx(2, "%s: not a number", arg);
    return (unsigned)n;
}

/* The options about what is asked for. False: not one of them. */
static bool auth_option(struct auth *a, int opt, char *arg)
{
    switch (opt) {
    case OPT_AUTH:
        set_auth(a, arg);
        return true;
    case OPT_USER:
        a->user = arg;
        return true;
    case OPT_PASSWORD:
        a->password = arg;
        return true;
    case OPT_PASSWORD_FILE:
        a->password_file = arg;
        return true;
    case OPT_DOMAIN:
        a->domain = arg;
        return true;
    case OPT_REALM:
        a->realm = arg;
        return true;
    case OPT_ALGORITHM:
        add_algorithm(a, arg);
        return true;
    case OPT_QOP:
        a->qop = strcmp(arg, "none") == 0 ? "" : arg;
        return true;
    case OPT_NONCE_COUNT:
        a->nonce_count = number(arg);
        return true;
    case OPT_VALID_FOR:
        a->valid_for = number(arg);
        return true;
    case OPT_USERHASH:
        a->userhash = true;
        return true;
    case OPT_CHARSET:
        a->charset = true;
        return true;
    case OPT_SESS_FIRST:
        a->sess_first = true;
        return true;
    case OPT_SCHEME_HEADER:
        if (a->n_extra == CHALLENGES_MAX - 7)
            errx(2, "too many --scheme-header");
        a->extra[a->n_extra++] = arg;
        return true;
    default:
        return false;
    }
}

static void option(struct settings *s, int opt, char *arg)
{
    struct proxy *p = &s->proxy;
    if (auth_option(&p->auth, opt, arg))
        return;
    switch (opt) {
    case OPT_PORT:
        s->port = number(arg);
        break;
    case OPT_LOG:
        p->log = server_log_open(arg);
        break;
    case OPT_CAPTURE:
        p->capture = arg;
        break;
    case OPT_UPSTREAM:
        set_upstream(p, arg);
        break;
    case OPT_DEMO:
        p->demo = true;
        break;
    case OPT_TRICKLE_US:
        p->trickle_us = number(arg);
        break;
    case OPT_SLOW_MS:
        p->slow_ms = number(arg);
        break;
    case OPT_STDIN:
        s->stdin_too = true;
        break;
    case OPT_FAULT:
        if (!fault_set(&p->faults, arg))
            errx(2, "--fault %s: no such fault (see --help)", arg);
        break;
    case OPT_HELP:
        usage(stdout);
        exit(0);
    default:
        usage(stderr);
        exit(2);
    }
}

int main(int argc, char **argv)
{
    static struct settings s = {.proxy = {.auth = {.user = "alice",
                                                   .password = "secret",
                                                   .realm = "proxy407",
                                                   .qop = "auth"},
                                          .log = -1,
                                          .trickle_us = 200,
                                          .slow_ms = 1500}};
    int opt;
    while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1)
        option(&s, opt, optarg);
    if (optind != argc || s.port > 65535) {
        usage(stderr);
        return 2;
    }
    if (!s.proxy.auth.n_algorithms)
        add_algorithm(&s.proxy.auth, "MD5");
    auth_init(&s.proxy.auth);
    signal(SIGPIPE, SIG_IGN);

    struct server server = {.serve = session_serve,
                            .ctx = &s.proxy,
                            .once =
                                fault_on(&s.proxy.faults, FAULT_REFUSE_AFTER)};
    server_listen(&server, (uint16_t)s.port);
    s.proxy.port = server.port;
    printf("port %u\n", server.port);
    fflush(stdout);
    server_run(&server, 1, s.stdin_too);
}
