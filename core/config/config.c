/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/buf.h"
#include "log_target.h"

#define DEFAULT_REPLAY_MAX ((size_t)16 << 20)
#define MOST_REPLAY_MAX    ((size_t)1 << 30) /* memory of the host, not ours */
#define DEFAULT_WAIT_S     60u
#define MOST_WAIT_S        3600u
#define DEFAULT_SILENCE_S  2u
#define DEFAULT_LOCKOUT_S  900u
#define MOST_LOCKOUT_S     (366u * 86400u)
#define DEFAULT_HELPER_S   10u
#define MOST_HELPER_S      3600u

/* Memory ran out is told by `oom`, so that the readers below stay short. */
struct reader {
    a407_getenv_fn *get;
    void *ctx;
    struct a407_diag *diag;
    struct a407_config *c;
    struct a407_credential **tail; /* where the next credential goes */
    bool oom;
};

/* A variable that is set but empty counts as unset. */
static struct a407_span get(struct reader *r, const char *name)
{
    const char *v = r->get(r->ctx, name);
    return v && v[0] ? a407_span_str(v) : a407_span(NULL, 0);
}

static char *copy(struct reader *r, struct a407_span s)
{
    char *z = a407_strdup_span(s);
    r->oom = r->oom || !z;
    return z;
}

static char *join(struct a407_span a, const char *b)
{
    size_t n = strlen(b);
    char *z = malloc(a.n + n + 1);
    if (!z)
        return NULL;
    memcpy(z, a.p, a.n);
    memcpy(z + a.n, b, n + 1);
    return z;
}

static char *joined(struct reader *r, struct a407_span a, const char *b)
{
    char *z = join(a, b);
    r->oom = r->oom || !z;
    return z;
}

/*
 * A folder of the XDG base directory specification with our name added, or
 * NULL. A relative value is to be ignored, says the specification.
 */
static char *xdg_path(struct reader *r, const char *variable,
                      const char *below_home, const char *name)
{
    struct a407_span dir = get(r, variable);
    if (dir.n && dir.p[0] == '/')
        return joined(r, dir, name);
    struct a407_span home = get(r, "HOME");
    if (!home.n || home.p[0] != '/')
        return NULL;
    char *base = joined(r, home, below_home);
    char *path = base ? joined(r, a407_span_str(base), name) : NULL;
    free(base);
    return path;
}

static void read_paths(struct reader *r)
{
    struct a407_config *c = r->c;
    struct a407_span home = get(r, "HOME");
    if (home.n && home.p[0] == '/')
        c->home = copy(r, home);
    c->state_dir = xdg_path(r, "XDG_STATE_HOME", "/.local/state", "/auth407");

    struct a407_span log = get(r, "AUTH407_LOG");
    struct a407_log_target target;
    if (log.n && !a407_log_target(log.p, &target)) {
        a407_diag_set(r->diag,
                      "AUTH407_LOG: write syslog, syslog:/SOCKET or "
                      "syslog://ADDRESS[:PORT] with a numeric address");
        log.n = 0;
    }
    if (log.n)
        c->log = copy(r, log);
    else if (c->state_dir)
        c->log = joined(r, a407_span_str(c->state_dir), "/407.jsonl");
    else
        c->log = copy(r, a407_span_str("none"));

    struct a407_span file = get(r, "AUTH407_CREDENTIALS");
    c->credentials_path = file.n ? copy(r, file)
                                 : xdg_path(r, "XDG_CONFIG_HOME", "/.config",
                                            "/auth407/credentials");
}

static void read_log_size(struct reader *r)
{
    struct a407_span v = get(r, "AUTH407_LOG_MAX_SIZE");
    uint64_t n = 0;
    if (v.n && !a407_size_parse(v, &n))
        a407_diag_set(r->diag, "AUTH407_LOG_MAX_SIZE: write a number of bytes, "
                               "or with K, M or G; 0 for no limit");
    else
        r->c->log_max_size = n;
}

/* Which one of the words; `otherwise`, with a complaint, for anything else. */
static unsigned read_word(struct reader *r, const char *name,
                          const char *const *words, unsigned n,
                          unsigned otherwise)
{
    struct a407_span v = get(r, name);
    char list[64];
    size_t at = 0;
    if (!v.n)
        return otherwise;
    for (unsigned i = 0; i < n; i++) {
        if (a407_span_ieq(v, words[i]))
            return i;
        at += (size_t)snprintf(list + at, sizeof list - at, "%s%s",
                               !i           ? ""
                               : i == n - 1 ? " or "
                                            : ", ",
                               words[i]);
    }
    a407_diag_set(r->diag, "%s: write %s", name, list);
    return otherwise;
}

static void read_words(struct reader *r)
{
    static const char *const modes[] = {"inject", "observe", "off"};
    static const char *const levels[] = {"challenge", "request"};
    static const char *const clear[] = {"auto", "yes", "no"};
    static const char *const ntlm[] = {"v2", "v1"};
    static const char *const choice[] = {"no", "yes"};
    struct a407_config *c = r->c;
    c->mode = (enum a407_mode)read_word(r, "AUTH407_MODE", modes, 3,
                                        A407_MODE_INJECT);
    c->log_level =
        (enum a407_log_level)read_word(r, "AUTH407_LOG_LEVEL", levels, 2, 0);
    c->clear = (enum a407_clear)read_word(r, "AUTH407_CLEAR", clear, 3,
                                          A407_CLEAR_AUTO);
    c->ntlm_v1 = read_word(r, "AUTH407_NTLM", ntlm, 2, 0);
    c->canonicalize = read_word(r, "AUTH407_CANONICALIZE", choice, 2, 0);
}

static void read_schemes(struct reader *r)
{
    struct a407_config *c = r->c;
    struct a407_span v = get(r, "AUTH407_SCHEMES");
    if (!v.n || !a407_schemes_parse(v, c->order, &c->n_order)) {
        char known[A407_SCHEME_LIST_MAX];
        a407_scheme_list(known);
        if (v.n)
            a407_diag_set(r->diag, "AUTH407_SCHEMES: write a comma list of %s",
                          known);
        for (c->n_order = 0; a407_scheme_names[c->n_order]; c->n_order++)
            c->order[c->n_order] = c->n_order;
    }
    for (size_t i = 0; i < c->n_order; i++)
        c->schemes |= A407_SCHEME_BIT(c->order[i]);
}

/* A decimal number in least..most, or `otherwise`, with a complaint. */
static size_t read_number(struct reader *r, const char *name, size_t least,
                          size_t most, size_t otherwise)
{
    struct a407_span v = get(r, name);
    uint64_t n;
    if (a407_span_number(v, most, &n) && n >= least)
        return (size_t)n;
    if (v.n)
        a407_diag_set(r->diag, "%s: write a number from %zu to %zu", name,
                      least, most);
    return otherwise;
}

static void read_numbers(struct reader *r)
{
    r->c->replay_max = read_number(r, "AUTH407_REPLAY_MAX", 0, MOST_REPLAY_MAX,
                                   DEFAULT_REPLAY_MAX);
    r->c->wait_ms = 1000u * (unsigned)read_number(r, "AUTH407_TIMEOUT", 1,
                                                  MOST_WAIT_S, DEFAULT_WAIT_S);
    r->c->silence_ms =
        1000u * (unsigned)read_number(r, "AUTH407_SILENCE_TIMEOUT", 1,
                                      MOST_WAIT_S, DEFAULT_SILENCE_S);
    r->c->lockout_s = (unsigned)read_number(r, "AUTH407_RETRY_AFTER", 0,
                                            MOST_LOCKOUT_S, DEFAULT_LOCKOUT_S);
}

static void read_limits_of_schemes(struct reader *r)
{
    struct a407_config *c = r->c;
    c->helper_ms =
        1000u * (unsigned)read_number(r, "AUTH407_HELPER_TIMEOUT", 1,
                                      MOST_HELPER_S, DEFAULT_HELPER_S);
    struct a407_span service = get(r, "AUTH407_SERVICE");
    if (service.n && a407_service_name_ok(service))
        c->service = copy(r, service);
    else if (service.n)
        a407_diag_set(r->diag, "AUTH407_SERVICE: write HTTP or HTTP@HOST");
}

static struct a407_known_proxy *find_proxy(const struct a407_config *c,
                                           const struct a407_endpoint *e)
{
    struct a407_known_proxy *k = c->proxies;
    while (k && (k->endpoint.port != e->port ||
                 strcmp(k->endpoint.host, e->host) != 0))
        k = k->next;
    return k;
}

/* Adds, or joins with what is known. False: memory ran out. */
static bool add_proxy(struct a407_config *c, const struct a407_known_proxy *new)
{
    struct a407_known_proxy *k = find_proxy(c, &new->endpoint);
    if (k) {
        /* unreadable only if nobody says that it is plain HTTP */
        k->tls = k->tls && new->tls;
        k->from_environment = k->from_environment || new->from_environment;
        k->url_has_userinfo = k->url_has_userinfo || new->url_has_userinfo;
        return true;
    }
    struct a407_known_proxy **end = &c->proxies;
    while (*end)
        end = &(*end)->next;
    *end = malloc(sizeof **end);
    if (!*end)
        return false;
    **end = *new;
    (*end)->next = NULL;
    return true;
}

/* A credential at the list's end; `label` is where it stands. NULL: no memory.
 */
static struct a407_credential *add_credential(struct reader *r,
                                              enum a407_credential_from from,
                                              const char *label)
{
    struct a407_credential *cred = calloc(1, sizeof *cred);
    if (!cred) {
        r->oom = true;
        return NULL;
    }
    cred->from = from;
    cred->schemes = A407_ALL_SCHEMES;
    cred->label = copy(r, a407_span_str(label));
    *r->tail = cred;
    r->tail = &cred->next;
    return cred;
}

/*
 * One value of AUTH407_USERNAME and its like. What can't be sent is not kept;
 * that the credential is malformed is (a password out of a file that ends in a
 * newline is the usual case).
 */
static char *take_value(struct reader *r, struct a407_credential *cred,
                        struct a407_span v)
{
    if (!v.n)
        return NULL;
    if (a407_credential_text_ok(v))
        return copy(r, v);
    cred->malformed = true;
    return NULL;
}

static void read_variables(struct reader *r)
{
    struct a407_span username = get(r, "AUTH407_USERNAME");
    struct a407_span password = get(r, "AUTH407_PASSWORD");
    struct a407_span domain = get(r, "AUTH407_DOMAIN");
    struct a407_span token = get(r, "AUTH407_TOKEN");
    if (password.n && !username.n)
        a407_diag_set(r->diag, "AUTH407_PASSWORD is set, but AUTH407_USERNAME "
                               "is not");
    if (!username.n && !token.n)
        return;
    struct a407_credential *cred =
        add_credential(r, A407_FROM_VARIABLES,
                       username.n ? "AUTH407_USERNAME" : "AUTH407_TOKEN");
    if (!cred)
        return;
    memcpy(cred->endpoint.host, "*", sizeof "*");
    cred->token = take_value(r, cred, token);
    if (!username.n)
        return;
    cred->username = take_value(r, cred, username);
    cred->password = take_value(r, cred, password);
    cred->domain = take_value(r, cred, domain);
}

/* The endpoint of one URL, and its userinfo as a credential for just that. */
static void add_url_at(struct reader *r, const char *label,
                       const struct a407_proxy_url *u, uint16_t port)
{
    struct a407_known_proxy k = {.endpoint = u->endpoint,
                                 .tls = strcmp(u->scheme, "https") == 0,
                                 .from_environment = true};
    bool ours = strncmp(label, "AUTH407_", 8) == 0;
    bool has = u->userinfo_malformed || (u->username && u->username[0]) ||
               (u->password && u->password[0]);
    k.endpoint.port = port;
    k.url_has_userinfo = has && !ours;
    if (!add_proxy(r->c, &k))
        r->oom = true;
    struct a407_credential *cred =
        has ? add_credential(r, A407_FROM_PROXY_URL, label) : NULL;
    if (!cred)
        return;
    cred->endpoint = k.endpoint;
    cred->malformed = u->userinfo_malformed;
    if (u->username)
        cred->username = copy(r, a407_span_str(u->username));
    if (u->password)
        cred->password = copy(r, a407_span_str(u->password));
}

static bool add_url(struct reader *r, const char *label, struct a407_span v)
{
    struct a407_proxy_url u;
    if (!a407_proxy_url_parse(v, &u))
        return false;
    bool http = strcmp(u.scheme, "http") == 0;
    if (http || strcmp(u.scheme, "https") == 0)
        add_url_at(r, label, &u, u.endpoint.port);
    /* where no port is given curl goes to 1080, most others to 80 */
    if (http && !u.port_given)
        add_url_at(r, label, &u, 1080);
    a407_free_secret(u.username);
    a407_free_secret(u.password);
    return true;
}

static void read_proxy_variables(struct reader *r)
{
    static const char *const names[] = {
        "https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY",
        "all_proxy",   "ALL_PROXY",   "ftp_proxy",  "FTP_PROXY"};
    /*
     * In a CGI program HTTP_PROXY is the client's "Proxy:" field: a stranger
     * would name the proxy that gets our credential (CVE-2016-5385).
     */
    bool cgi = get(r, "REQUEST_METHOD").n > 0;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct a407_span v = get(r, names[i]);
        if (!v.n || (cgi && strcmp(names[i], "HTTP_PROXY") == 0))
            continue;
        if (!add_url(r, names[i], v))
            a407_diag_set(r->diag,
                          "%s: no proxy URL; write http://HOST:PORT, and "
                          "percent-encode special characters of a password",
                          names[i]);
    }
}

static void read_proxy_list(struct reader *r)
{
    struct a407_span v = get(r, "AUTH407_PROXY");
    struct a407_span one;
    for (unsigned entry = 1; a407_span_cut(&v, ',', &one); entry++) {
        one = a407_span_trim(one);
        if (one.n && !add_url(r, "AUTH407_PROXY", one))
            a407_diag_set(r->diag,
                          "AUTH407_PROXY: entry %u is neither HOST[:PORT] nor "
                          "a proxy URL",
                          entry);
    }
}

struct a407_config *a407_config_new(a407_getenv_fn *get_fn, void *ctx,
                                    struct a407_diag *diag)
{
    struct reader r = {.get = get_fn, .ctx = ctx, .diag = diag};
    diag->text[0] = '\0';
    r.c = calloc(1, sizeof *r.c);
    if (!r.c)
        return NULL;
    r.tail = &r.c->credentials;
    read_words(&r);
    read_schemes(&r);
    read_numbers(&r);
    read_limits_of_schemes(&r);
    read_paths(&r);
    read_log_size(&r);
    read_variables(&r);
    read_proxy_variables(&r);
    read_proxy_list(&r);
    if (!r.oom)
        return r.c;
    a407_config_free(r.c);
    return NULL;
}

/* "~/x" becomes HOME/x. False: diag tells. */
static bool resolve(const struct a407_config *c, const char *label, char **path,
                    struct a407_diag *diag)
{
    if (!*path || strncmp(*path, "~/", 2) != 0)
        return true;
    if (!c->home) {
        a407_diag_set(diag,
                      "%.255s: a path starts with ~/, but HOME is not set; "
                      "write it in full",
                      label);
        return false;
    }
    char *whole = join(a407_span_str(c->home), *path + 1);
    if (!whole) {
        a407_diag_set(diag, "out of memory");
        return false;
    }
    free(*path);
    *path = whole;
    return true;
}

static bool resolve_paths(const struct a407_config *c,
                          struct a407_credential *list, struct a407_diag *diag)
{
    for (struct a407_credential *f = list; f; f = f->next)
        if (!resolve(c, f->label, &f->password_file, diag) ||
            !resolve(c, f->label, &f->token_file, diag) ||
            !resolve(c, f->label, &f->netrc, diag) ||
            !resolve(c, f->label, &f->keytab, diag))
            return false;
    return true;
}

bool a407_config_add_file(struct a407_config *c, const char *text, size_t n,
                          struct a407_diag *diag)
{
    const char *name =
        c->credentials_path ? c->credentials_path : "credential file";
    struct a407_credential *list = a407_credfile_parse(text, n, name, diag);
    if (diag->text[0] || !resolve_paths(c, list, diag)) {
        a407_credentials_free(list);
        return false;
    }
    struct a407_known_proxy **end = &c->proxies;
    while (*end)
        end = &(*end)->next;
    bool ok = true;
    for (const struct a407_credential *f = list; ok && f; f = f->next) {
        struct a407_known_proxy k = {.endpoint = f->endpoint};
        if (k.endpoint.port && k.endpoint.host[0] != '*' &&
            !find_proxy(c, &k.endpoint))
            ok = add_proxy(c, &k);
    }
    if (!ok) {
        /* nothing is to be added then: take back what was */
        a407_credentials_free(list);
        while (*end) {
            struct a407_known_proxy *next = (*end)->next;
            free(*end);
            *end = next;
        }
        a407_diag_set(diag, "out of memory");
        return false;
    }
    struct a407_credential **tail = &c->credentials;
    while (*tail)
        tail = &(*tail)->next;
    *tail = list;
    return true;
}

void a407_config_free(struct a407_config *c)
{
    if (!c)
        return;
    while (c->proxies) {
        struct a407_known_proxy *next = c->proxies->next;
        free(c->proxies);
        c->proxies = next;
    }
    a407_credentials_free(c->credentials);
    free(c->log);
    free(c->credentials_path);
    free(c->state_dir);
    free(c->service);
    free(c->home);
    a407_wipe(c, sizeof *c);
    free(c);
}

const struct a407_known_proxy *a407_config_proxy(const struct a407_config *c,
                                                 const struct a407_endpoint *e)
{
    return find_proxy(c, e);
}
