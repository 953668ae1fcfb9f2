/* SPDX-License-Identifier: MIT */
#include "model.h"

#include "core/base/text.h"

/* Interpreters: how their command lines name what they run. */
static const struct interpreter {
    const char *name;   /* of the binary; a version may follow */
    const char *module; /* options whose value is what runs */
    const char *code;   /* options whose value is the program's text */
    const char *values; /* other options that take the next word */
} interpreters[] = {
    {"python", " -m ", " -c ", " -W -X --check-hash-based-pycs "},
    {"pypy", " -m ", " -c ", " -W -X "},
    {"perl", "", " -e -E ", " -I -M -C "},
    {"ruby", "", " -e ", " -I -r -E "},
    {"nodejs", "", " -e -p --eval --print ", " -r --require --import "},
    {"node", "", " -e -p --eval --print ", " -r --require --import "},
    {"php", " -f --file ", " -r -B -R --run ", " -d -c -z "},
    {"java", " -jar -m --module ", "",
     " -cp -classpath --class-path -p --module-path --add-modules --add-opens "
     "--add-exports --add-reads "},
    {"mono", "", "", " --config "},
    {"dotnet", "", "", ""},
    {"tclsh", "", "", ""},
    {"lua", "", " -e ", " -l "},
    {"Rscript", "", " -e ", ""},
    {"busybox", "", "", ""},
};

struct a407_span a407_report_base(struct a407_span path)
{
    const char *slash = path.n ? memrchr(path.p, '/', path.n) : NULL;

    return slash ? a407_span_from(path, slash + 1) : path;
}

/* "python3.11" and "php-cgi8.2" are those names; "pythonic" is another. */
static const struct interpreter *find(struct a407_span binary)
{
    size_t i, k;

    for (i = 0; i < sizeof interpreters / sizeof *interpreters; i++) {
        size_t n = strlen(interpreters[i].name);

        if (binary.n < n || memcmp(binary.p, interpreters[i].name, n) != 0)
            continue;
        for (k = n; k < binary.n; k++)
            if (!strchr("0123456789.-", binary.p[k]))
                break;
        if (k == binary.n)
            return &interpreters[i];
    }
    return NULL;
}

/* Whether the word is one of a list: " -a -b ". */
static bool in_list(const char *list, struct a407_span word)
{
    const char *at = list;

    if (word.n == 0 || memchr(word.p, ' ', word.n))
        return false;
    while ((at = memmem(at, strlen(at), word.p, word.n))) {
        if (at > list && at[-1] == ' ' && at[word.n] == ' ')
            return true;
        at++;
    }
    return false;
}

/* Not what runs but how: an option, or Java's file of options. */
static bool is_option(const struct interpreter *it, struct a407_span word)
{
    if (word.n > 1 && word.p[0] == '@')
        return strcmp(it->name, "java") == 0;
    return word.n > 1 && word.p[0] == '-';
}

/* The script's name as it stands; may be empty. */
static struct a407_span script_of(const struct a407_report_record *l,
                                  const struct interpreter *it)
{
    struct a407_span none = {NULL, 0};
    size_t n = l->n_args, i;

    while (n && l->args[n - 1].n == 0)
        n--; /* what a title left of a longer command line */
    if (n == 0)
        return none;
    if (n == 1) {
        /* busybox as "wget"; or a title that one of Node's programs wrote over
           its command line: "npm ci" */
        struct a407_span words = l->args[0], first = none;

        a407_span_cut(&words, ' ', &first);
        first = a407_report_base(first);
        return find(first) ? none : first;
    }
    if (strcmp(it->name, "busybox") == 0)
        return a407_report_base(l->args[!!find(a407_report_base(l->args[0]))]);
    for (i = 1; i < n; i++) {
        struct a407_span word = l->args[i];

        if (in_list(it->code, word))
            return word;
        if (in_list(it->module, word))
            return i + 1 < n ? a407_report_base(l->args[i + 1]) : none;
        if (in_list(it->values, word))
            i++;
        else if (!is_option(it, word))
            return a407_report_base(word);
    }
    return none;
}

struct a407_span a407_report_script(const struct a407_report_record *l)
{
    const struct interpreter *it = find(a407_report_base(l->executable));
    struct a407_span none = {NULL, 0}, script = it ? script_of(l, it) : none;

    return script.n ? script : none;
}

/* Appends what fits, up to the end of a character. */
static void add(char *out, const char *before, struct a407_span s,
                const char *after)
{
    size_t cap = A407_REPORT_KEY_MAX + 1;

    a407_put(out + strlen(out), cap - strlen(out), a407_span_str(before));
    a407_put(out + strlen(out), cap - strlen(out), s);
    a407_put(out + strlen(out), cap - strlen(out), a407_span_str(after));
}

static void proxy_key(const struct a407_report_record *l, char *out)
{
    struct a407_span host = l->proxy_address;
    bool bare = host.n && memchr(host.p, ':', host.n) && host.p[0] != '[';
    char port[16];

    snprintf(port, sizeof port, "%s:%d", bare ? "]" : "", l->proxy_port);
    add(out, bare ? "[" : "", host, port);
}

static void user_key(const struct a407_report_record *l, char *out)
{
    if (l->client_user.n || l->user.n)
        add(out, "", l->client_user.n ? l->client_user : l->user, "");
    else if (l->credential.n)
        add(out, "(credential of ", l->credential, ")");
    else
        add(out, l->client_sent ? "(not told)" : "(nobody)", l->user, "");
}

/* In single quotes, unless it is made of what no shell heeds. */
static void add_word(struct a407_buf *b, struct a407_span word)
{
    bool plain = word.n > 0;
    size_t i;

    for (i = 0; i < word.n; i++)
        plain = plain &&
                (a407_is_alnum(word.p[i]) || strchr("-_./:=,+@%", word.p[i]));
    a407_buf_str(b, plain ? "" : "'");
    for (i = 0; i < word.n; i++)
        if (word.p[i] == '\'')
            a407_buf_str(b, "'\\''");
        else
            a407_buf_add(b, &word.p[i], 1);
    a407_buf_str(b, plain ? "" : "'");
}

/* Not the word that was typed: the log hides a part of it, or the program has
   blanked it (curl does so with a password) or put a title in its place. */
static bool is_altered(const struct a407_report_record *l, size_t i)
{
    static const char *const marks[] = {"[redacted]", "?...", "#...", ";..."};
    struct a407_span word = l->args[i];
    size_t k;

    if (word.n == 0)
        return i + 1 == l->n_args;
    for (k = 0; k < sizeof marks / sizeof *marks; k++)
        if (memmem(word.p, word.n, marks[k], strlen(marks[k])))
            return true;
    return word.p[word.n - 1] == ' ' ||
           (i == 0 && (word.p[0] == '-' || memchr(word.p, ' ', word.n)));
}

/* A longer word may have been cut, and what is cut is not to be typed. */
#define WHOLE_WORD 200

bool a407_report_command(const struct a407_report_record *l, char *out)
{
    bool whole = l->n_args > 0;
    struct a407_buf b;
    size_t i;

    a407_buf_init(&b, A407_REPORT_KEY_MAX);
    for (i = 0; i < l->n_args; i++) {
        a407_buf_str(&b, i ? " " : "");
        b.failed |= l->args[i].n > WHOLE_WORD || l->n_args == A407_EVENT_ARGS;
        add_word(&b, l->args[i]);
        whole = whole && !is_altered(l, i);
    }
    whole = whole && !b.failed;
    a407_put(out, A407_REPORT_KEY_MAX + 1, a407_span(b.p, b.failed ? 0 : b.n));
    a407_buf_free(&b);
    return whole;
}

void a407_report_key(const struct a407_report_record *l,
                     enum a407_report_table_id id, char *out)
{
    const struct a407_span texts[] = {[A407_REPORT_BINARY] = l->executable,
                                      [A407_REPORT_MODULE] = l->module,
                                      [A407_REPORT_CAUSE] = l->cause};
    struct a407_span script;

    out[0] = '\0';
    if (id == A407_REPORT_PROXY)
        proxy_key(l, out);
    else if (id == A407_REPORT_USER)
        user_key(l, out);
    else
        add(out, "", texts[id], "");
    if (!*out)
        add(out, "(unknown)", a407_span(NULL, 0), "");
    if (id == A407_REPORT_BINARY && (script = a407_report_script(l)).p)
        add(out, " (", script, ")");
}
