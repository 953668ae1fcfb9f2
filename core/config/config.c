/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/text.h"
#include "log_target.h"

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

static char *join(const char *a, const char *b)
{
    size_t n = strlen(a) + strlen(b) + 1;
    char *z = malloc(n);
    if (z)
        snprintf(z, n, "%s%s", a, b);
    return z;
}

static char *joined(struct reader *r, const char *a, const char *b)
{
    char *z = join(a, b);
    r->oom = r->oom || !z;
    return z;
}

static char *copy(struct reader *r, const char *z)
{
    return joined(r, z, "");
}

/* Of a credential. */
static char *keep(struct reader *r, struct a407_span s)
{
    char *z = a407_strdup_span(s);
    r->oom = r->oom || !z;
    return z;
}

/* A path in a folder of the XDG base directory specification, which ignores a
   relative value; `below_home` goes on with `name`. NULL: no folder is known.
 */
static char *xdg_path(struct reader *r, const char *variable, const char *name,
                      const char *below_home)
{
    struct a407_span dir = get(r, variable);
    if (dir.n && dir.p[0] == '/')
        return joined(r, dir.p, name);
    return r->c->home ? joined(r, r->c->home, below_home) : NULL;
}

static void read_paths(struct reader *r)
{
    struct a407_config *c = r->c;
    struct a407_span home = get(r, "HOME");
    if (home.n && home.p[0] == '/')
        c->home = copy(r, home.p);
    c->state_dir =
        xdg_path(r, "XDG_STATE_HOME", "/auth407", "/.local/state/auth407");

    struct a407_span session = get(r, "XDG_RUNTIME_DIR");
    if (session.n && session.p[0] == '/')
        c->runtime_dir = copy(r, session.p);

    struct a407_span log = get(r, "AUTH407_LOG");
    struct a407_log_target target;
    if (log.n && !a407_log_target(log.p, &target)) {
        a407_diag_set(r->diag,
                      "AUTH407_LOG: write syslog, syslog:/SOCKET or "
                      "syslog://ADDRESS[:PORT] with a numeric address");
        log.n = 0;
    }
    c->log = log.n          ? copy(r, log.p)
             : c->state_dir ? joined(r, c->state_dir, "/407.jsonl")
                            : copy(r, "none");

    struct a407_span file = get(r, "AUTH407_CREDENTIALS");
    struct a407_span service = get(r, "CREDENTIALS_DIRECTORY"); /* systemd's */
    char *own = file.n ? copy(r, file.p)
                       : xdg_path(r, "XDG_CONFIG_HOME", "/auth407/credentials",
                                  "/.config/auth407/credentials");
    bool first = !file.n && service.n && service.p[0] == '/';
    c->credentials_path = first ? joined(r, service.p, "/auth407") : own;
    c->credentials_else = first ? own : NULL;
}

/* One that is odd is none of ours. */
static void read_run(struct reader *r)
{
    struct a407_span id = get(r, "AUTH407_RUN"), rest = id;
    a407_span_run(&rest, a407_is_tchar);
    if (!rest.n && id.n <= A407_RUN_MAX)
        memcpy(r->c->run, id.p ? id.p : "", id.n);
}

static void read_log_size(struct reader *r)
{
    struct a407_span v = get(r, "AUTH407_LOG_MAX_SIZE");
    if (v.n && !a407_size_parse(v, &r->c->log_max_size))
        a407_diag_set(r->diag, "AUTH407_LOG_MAX_SIZE: write a number of bytes, "
                               "or with K, M or G; 0 for no limit");
}

/* Which one of the words; the first, with a complaint, for anything else. */
static unsigned read_word(struct reader *r, const char *name,
                          const char *const *words)
{
    struct a407_span v = get(r, name);
    char list[64];
    size_t at = 0;
    for (unsigned i = 0; v.n && words[i]; i++) {
        if (a407_span_ieq(v, words[i]))
            return i;
        at += (size_t)snprintf(list + at, sizeof list - at, "%s%s",
                               !i             ? ""
                               : words[i + 1] ? ", "
                                              : " or ",
                               words[i]);
    }
    if (v.n)
        a407_diag_set(r->diag, "%s: write %s", name, list);
    return 0;
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* In the order of the enums. */
static void read_words(struct reader *r)
{
    struct a407_config *c = r->c;
    c->mode = read_word(r, "AUTH407_MODE", WORDS("inject", "observe", "off"));
    c->log_level =
        read_word(r, "AUTH407_LOG_LEVEL", WORDS("challenge", "request"));
    c->clear = read_word(r, "AUTH407_CLEAR", WORDS("auto", "yes", "no"));
    c->helper_memory =
        !read_word(r, "AUTH407_HELPER_MEMORY", WORDS("yes", "no"));
    c->memory = !read_word(r, "AUTH407_MEMORY", WORDS("yes", "no"));
    c->notify = read_word(r, "AUTH407_NOTIFY", WORDS("no", "tty"));
    c->ntlm_v1 = read_word(r, "AUTH407_NTLM", WORDS("v2", "v1"));
    c->canonicalize = read_word(r, "AUTH407_CANONICALIZE", WORDS("no", "yes"));
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
static unsigned read_number(struct reader *r, const char *name, unsigned least,
                            unsigned most, unsigned otherwise)
{
    struct a407_span v = get(r, name);
    uint64_t n = 0;
    if (a407_span_number(v, most, &n) && n >= least)
        return (unsigned)n;
    if (v.n)
        a407_diag_set(r->diag, "%s: write a number from %u to %u", name, least,
                      most);
    return otherwise;
}

static void read_numbers(struct reader *r)
{
    static const unsigned hour = 3600, year = 366 * 86400;
    struct a407_config *c = r->c;
    /* memory of the host, not ours */
    c->replay_max = read_number(r, "AUTH407_REPLAY_MAX", 0, 1 << 30, 16 << 20);
    c->wait_ms = 1000 * read_number(r, "AUTH407_TIMEOUT", 1, hour, 60);
    c->silence_ms =
        1000 * read_number(r, "AUTH407_SILENCE_TIMEOUT", 1, hour, 2);
    c->lockout_s = read_number(r, "AUTH407_RETRY_AFTER", 0, year, 900);
    c->helper_ms = 1000 * read_number(r, "AUTH407_HELPER_TIMEOUT", 1, hour, 10);
}

static void read_service(struct reader *r)
{
    struct a407_span service = get(r, "AUTH407_SERVICE");
    if (service.n && a407_service_name_ok(service))
        r->c->service = copy(r, service.p);
    else if (service.n)
        a407_diag_set(r->diag, "AUTH407_SERVICE: write HTTP or HTTP@HOST");
}

/* The place of that proxy in the list, or the list's end. */
static struct a407_known_proxy **find_proxy(struct a407_known_proxy **k,
                                            const struct a407_endpoint *e)
{
    while (*k && ((*k)->endpoint.port != e->port ||
                  strcmp((*k)->endpoint.host, e->host) != 0))
        k = &(*k)->next;
    return k;
}

/* Adds, or joins with what is known. False: memory ran out. */
static bool add_proxy(struct a407_config *c, const struct a407_known_proxy *new)
{
    struct a407_known_proxy **place = find_proxy(&c->proxies, &new->endpoint);
    struct a407_known_proxy *k = *place;
    if (k) {
        /* unreadable only if nobody says that it is plain HTTP */
        k->tls = k->tls && new->tls;
        k->from_environment = k->from_environment || new->from_environment;
        k->url_has_userinfo = k->url_has_userinfo || new->url_has_userinfo;
        return true;
    }
    k = *place = malloc(sizeof *k);
    if (k)
        *k = *new;
    return k;
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
    cred->label = keep(r, a407_span_str(label));
    *r->tail = cred;
    r->tail = &cred->next;
    return cred;
}

/* One value of AUTH407_USERNAME and its like. What can't be sent is not kept
   (mostly a password out of a file that ends in a newline). */
static char *take_value(struct reader *r, struct a407_credential *cred,
                        enum a407_lint_part part, struct a407_span v)
{
    enum a407_lint_code control = a407_lint_control(v);
    if (!v.n)
        return NULL;
    if (control == A407_LINT_NONE)
        return keep(r, v);
    cred->malformed = (struct a407_finding){control, part};
    return NULL;
}

static void read_variables(struct reader *r)
{
    struct a407_span username = get(r, "AUTH407_USERNAME");
    struct a407_span password = get(r, "AUTH407_PASSWORD");
    struct a407_span domain = get(r, "AUTH407_DOMAIN");
    struct a407_span token = get(r, "AUTH407_TOKEN");
    bool lost = get(r, "AUTH407_SECRETS_FD").n && !password.n && !token.n;
    if (password.n && !username.n)
        a407_diag_set(r->diag, "AUTH407_PASSWORD is set, but AUTH407_USERNAME "
                               "is not; export both");
    if (!username.n && !token.n && !lost)
        return;
    struct a407_credential *cred =
        add_credential(r, A407_FROM_VARIABLES,
                       username.n ? "AUTH407_USERNAME"
                       : lost     ? "AUTH407_SECRETS_FD"
                                  : "AUTH407_TOKEN");
    if (!cred)
        return;
    memcpy(cred->endpoint.host, "*", sizeof "*");
    cred->lost = lost;
    cred->token = take_value(r, cred, A407_LINT_TOKEN, token);
    if (!username.n)
        return;
    cred->username = take_value(r, cred, A407_LINT_USERNAME, username);
    cred->password = take_value(r, cred, A407_LINT_PASSWORD, password);
    cred->domain = take_value(r, cred, A407_LINT_DOMAIN, domain);
}

/* The endpoint of one URL, and its userinfo as a credential for just that. */
static void add_url_at(struct reader *r, const char *label,
                       const struct a407_proxy_url *u, uint16_t port)
{
    struct a407_known_proxy k = {.endpoint = u->endpoint,
                                 .tls = strcmp(u->scheme, "https") == 0,
                                 .from_environment = true};
    bool ours = strncmp(label, "AUTH407_", 8) == 0;
    bool has = u->malformed.code || (u->username && u->username[0]) ||
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
    cred->malformed = u->malformed;
    if (u->username)
        cred->username = keep(r, a407_span_str(u->username));
    if (u->password)
        cred->password = keep(r, a407_span_str(u->password));
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
    a407_proxy_url_clear(&u);
    return true;
}

static void read_proxy_variables(struct reader *r)
{
    static const char names[][12] = {"https_proxy", "HTTPS_PROXY", "http_proxy",
                                     "HTTP_PROXY",  "all_proxy",   "ALL_PROXY",
                                     "ftp_proxy",   "FTP_PROXY"};
    /* in a CGI program HTTP_PROXY is the client's "Proxy:" field
       (CVE-2016-5385), which would name the proxy that gets our credential */
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
    read_service(&r);
    read_paths(&r);
    read_run(&r);
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
    char *joint = join(c->home, *path + 1);
    char *whole = joint ? a407_strdup_span(a407_span_str(joint)) : NULL;
    free(joint);
    if (!whole) {
        a407_diag_set(diag, "out of memory");
        return false;
    }
    a407_free_secret(*path);
    *path = whole;
    return true;
}

static bool resolve_paths(const struct a407_config *c,
                          struct a407_credential *f, struct a407_diag *diag)
{
    while (f && resolve(c, f->label, &f->password_file, diag) &&
           resolve(c, f->label, &f->token_file, diag) &&
           resolve(c, f->label, &f->netrc, diag) &&
           resolve(c, f->label, &f->keytab, diag))
        f = f->next;
    return !f;
}

static void free_proxies(struct a407_known_proxy **list)
{
    while (*list) {
        struct a407_known_proxy *next = (*list)->next;
        free(*list);
        *list = next;
    }
}

struct a407_credential *a407_config_sections(const struct a407_config *c,
                                             const char *text, size_t n,
                                             struct a407_diag *diag)
{
    const char *name =
        c->credentials_path ? c->credentials_path : "credential file";
    struct a407_credential *list = a407_credfile_parse(text, n, name, diag);
    if (!diag->text[0] && resolve_paths(c, list, diag))
        return list;
    a407_credentials_free(list);
    return NULL;
}

bool a407_config_add_file(struct a407_config *c, const char *text, size_t n,
                          struct a407_diag *diag)
{
    struct a407_credential *list = a407_config_sections(c, text, n, diag);
    if (diag->text[0])
        return false;
    struct a407_known_proxy **end = &c->proxies;
    while (*end)
        end = &(*end)->next;
    for (const struct a407_credential *f = list; f; f = f->next) {
        struct a407_known_proxy k = {.endpoint = f->endpoint};
        if (!k.endpoint.port || k.endpoint.host[0] == '*' ||
            *find_proxy(&c->proxies, &k.endpoint) || add_proxy(c, &k))
            continue;
        /* nothing is to be added then: take back what was */
        a407_credentials_free(list);
        free_proxies(end);
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
    free_proxies(&c->proxies);
    a407_credentials_free(c->credentials);
    free(c->log);
    free(c->credentials_path);
    free(c->credentials_else);
    free(c->state_dir);
    free(c->runtime_dir);
    free(c->service);
    free(c->home);
    a407_wipe(c, sizeof *c);
    free(c);
}

const struct a407_known_proxy *a407_config_proxy(const struct a407_config *c,
                                                 const struct a407_endpoint *e)
{
    struct a407_known_proxy *list = c->proxies;
    return *find_proxy(&list, e);
}
