/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "redact_rules.h"

/*
 * Programs whose command lines hold secrets where most others have something
 * else. They count from where they are named on, as a word of their own or by a
 * path, so that "sudo", "xargs" or "docker exec" may be in front.
 */

/* Sorted as by strcmp(), "*" left out, for bsearch(). */
static const struct name {
    const char *name; /* the beginning of it, where a "*" is at its end */
    uint64_t rules;
    /* where one of these was set before, those are set as well */
    uint64_t needs, then;
} names[] = {{"--arg", 0, ACCOUNT, WORDS},
             {"--encrypt", 0, ACCOUNT, WORDS},
             {"--secret", 0, ACCOUNT, WORDS},
             {"7z", ARCHIVER, 0, 0},
             {"7za", ARCHIVER, 0, 0},
             {"7zr", ARCHIVER, 0, 0},
             {"7zz", ARCHIVER, 0, 0},
             {"AUTH", 0, AUTH_WORD, WORDS},
             {"R", CODE_E, 0, 0},
             {"Rscript", CODE_E, 0, 0},
             {"add", 0, MINIO, WORDS},
             {"add_user", 0, ACCOUNT, WORDS},
             {"auth", 0, AUTH_WORD, WORDS},
             {"authenticate_user", 0, ACCOUNT, WORDS},
             {"awk", SCRIPT, 0, 0},
             {"az", LOGIN_P | STORE, 0, 0},
             {"bcp", UPPER_P, 0, 0},
             {"beeline", P | CODE_E, 0, 0},
             {"bq", SCRIPT, 0, 0},
             {"brook", P, 0, 0},
             {"buildah", LOGIN_P, 0, 0},
             {"bun", CODE_E | CODE_P, 0, 0},
             {"bw", VAULT, 0, 0},
             {"cargo", VAULT, 0, 0},
             {"cf", AUTH_WORD, 0, 0},
             {"change_password", 0, ACCOUNT, WORDS},
             {"clickhouse", CODE_Q, 0, 0},
             {"clickhouse-client", CODE_Q, 0, 0},
             {"clj", CODE_E, 0, 0},
             {"clojure", CODE_E, 0, 0},
             {"cntlm", P, 0, 0},
             {"coap-client", K, 0, 0},
             {"composer", ACCOUNT, 0, 0},
             {"consul", VAULT, 0, 0},
             {"couchbase-cli", P, 0, 0},
             {"cqlsh", P | CODE_E, 0, 0},
             {"crackmapexec", P, 0, 0},
             {"curl", CURL, 0, 0},
             {"cypher-shell", P, 0, 0},
             {"db2", ACCOUNT, 0, 0},
             {"defncopy", UPPER_P, 0, 0},
             {"delv", TSIG, 0, 0},
             {"deno", CODE_E, 0, 0},
             {"dig", TSIG, 0, 0},
             {"docker", LOGIN_P, 0, 0},
             {"doctl", T, 0, 0},
             {"dotnet", K, 0, 0},
             {"ejabberdctl", ACCOUNT, 0, 0},
             {"elixir", CODE_E, 0, 0},
             {"emacs", CODE_E, 0, 0},
             {"etcdctl", VAULT, 0, 0},
             {"evil-winrm", P, 0, 0},
             {"exp_send", 0, ACCOUNT, WORDS},
             {"expdp", ORACLE, 0, 0},
             {"expect", CODE_C | ACCOUNT, 0, 0},
             {"fly", T, 0, 0},
             {"flyctl", T, 0, 0},
             {"frpc", T, 0, 0},
             {"gawk", SCRIPT, 0, 0},
             {"gem", K, 0, 0},
             {"gh", STORE, 0, 0},
             {"ghc", CODE_E, 0, 0},
             {"github-oauth.*", 0, ACCOUNT, WORDS},
             {"gitlab-token.*", 0, ACCOUNT, WORDS},
             {"glab", T, 0, 0},
             {"groovy", CODE_E, 0, 0},
             {"guile*", CODE_C, 0, 0},
             {"hdbsql", P, 0, 0},
             {"helm", LOGIN_P, 0, 0},
             {"hive", CODE_E, 0, 0},
             {"htpasswd", BATCH, 0, 0},
             {"http", A | HTTPIE, 0, 0},
             {"http-basic.*", 0, ACCOUNT, WORDS},
             {"https", A | HTTPIE, 0, 0},
             {"hydra", P, 0, 0},
             {"ibmcloud", LOGIN_P, 0, 0},
             {"iex", CODE_E, 0, 0},
             {"impala-shell", CODE_E, 0, 0},
             {"impdp", ORACLE, 0, 0},
             {"imtest", W, 0, 0},
             {"ipmitool", UPPER_P, 0, 0},
             {"ipython*", CODE_C, 0, 0},
             {"isql", UPPER_P, 0, 0},
             {"iw", ACCOUNT, 0, 0},
             {"iwconfig", ACCOUNT, 0, 0},
             {"jq", ACCOUNT, 0, 0},
             {"jruby", CODE_E, 0, 0},
             {"julia", CODE_E | CODE_P, 0, 0},
             {"kadmin*", W, 0, 0},
             {"kdig", TSIG, 0, 0},
             {"key", 0, ACCOUNT, WORDS},
             {"knsupdate", TSIG, 0, 0},
             {"ldapadd", W, 0, 0},
             {"ldapcompare", W, 0, 0},
             {"ldapdelete", W, 0, 0},
             {"ldapexop", W, 0, 0},
             {"ldapmodify", W, 0, 0},
             {"ldapmodrdn", W, 0, 0},
             {"ldappasswd", W | NEW, 0, 0},
             {"ldapsearch", W, 0, 0},
             {"ldapvi", W, 0, 0},
             {"ldapwhoami", W, 0, 0},
             {"lftp", LFTP, 0, 0},
             {"login", LOGIN, VAULT, WORDS},
             {"lookup", 0, VAULT, WORDS},
             {"lua*", CODE_E, 0, 0},
             {"mariadb*", MYSQL, 0, 0},
             {"masterauth", 0, AUTH_WORD, WORDS},
             {"mawk", SCRIPT, 0, 0},
             {"mc", MINIO, 0, 0},
             {"medusa", P, 0, 0},
             {"micropython*", CODE_C, 0, 0},
             {"microsocks", UPPER_P, 0, 0},
             {"mix", CODE_E, 0, 0},
             {"mkpasswd", WORDS, 0, 0},
             {"mongo*", P | CODE_E, 0, 0},
             {"mosquitto_passwd", BATCH, 0, 0},
             {"mosquitto_pub", UPPER_P, 0, 0},
             {"mosquitto_rr", UPPER_P, 0, 0},
             {"mosquitto_sub", UPPER_P, 0, 0},
             {"mycli", MYSQL, 0, 0},
             {"mysql*", MYSQL, 0, 0},
             {"nawk", SCRIPT, 0, 0},
             {"ncftp*", P, 0, 0},
             {"nerdctl", LOGIN_P, 0, 0},
             {"net", SMB | ACCOUNT, 0, 0},
             {"netexec", P, 0, 0},
             {"node", CODE_E | CODE_P, 0, 0},
             {"nodejs", CODE_E | CODE_P, 0, 0},
             {"nsupdate", TSIG, 0, 0},
             {"nuget", ACCOUNT, 0, 0},
             {"nvim", CODE_C, 0, 0},
             {"nxc", P, 0, 0},
             {"obscure", 0, ACCOUNT, WORDS},
             {"oc", LOGIN_P, 0, 0},
             {"octave", CODE_E, 0, 0},
             {"openssl", OPENSSL, 0, 0},
             {"oras", LOGIN_P, 0, 0},
             {"osascript", CODE_E, 0, 0},
             {"osql", CODE_Q, 0, 0},
             {"pass", 0, ACCOUNT, WORDS},
             {"passwd", 0, OPENSSL, WORDS},
             {"perl*", CODE_E, 0, 0},
             {"php*", CODE_PHP, 0, 0},
             {"podman", LOGIN_P, 0, 0},
             {"poetry", P | ACCOUNT, 0, 0},
             {"pop3test", W, 0, 0},
             {"powershell", POWERSHELL, 0, 0},
             {"prosodyctl", ACCOUNT, 0, 0},
             {"proxytunnel", TUNNEL, 0, 0},
             {"psql", PSQL, 0, 0},
             {"pulumi", ACCOUNT, 0, 0},
             {"put", 0, VAULT, WORDS},
             {"put-parameter", STORED, 0, 0},
             {"pwsh", POWERSHELL, 0, 0},
             {"pypi-token.*", 0, ACCOUNT, WORDS},
             {"pypy*", CODE_C, 0, 0},
             {"python*", CODE_C, 0, 0},
             {"qpdf", ACCOUNT, 0, 0},
             {"rabbitmqadmin", P, 0, 0},
             {"rabbitmqctl", ACCOUNT, 0, 0},
             {"racadm", P, 0, 0},
             {"rails", CODE_E, 0, 0},
             {"rar", ARCHIVER, 0, 0},
             {"rclone", ACCOUNT, 0, 0},
             {"rdesktop", P, 0, 0},
             {"redis-cli", A | AUTH_WORD, 0, 0},
             {"register", 0, ACCOUNT, WORDS},
             {"renew", 0, VAULT, WORDS},
             {"requirepass", 0, AUTH_WORD, WORDS},
             {"revoke", 0, VAULT, WORDS},
             {"rman", ORACLE, 0, 0},
             {"rpcclient", SMB, 0, 0},
             {"ruby*", CODE_E, 0, 0},
             {"sage", CODE_C, 0, 0},
             {"sbcl", CODE_E, 0, 0},
             {"scala", CODE_E, 0, 0},
             {"sdl-freerdp*", FREERDP, 0, 0},
             {"secret", 0, STORE, STORED},
             {"secrets", 0, T, WORDS},
             {"send", 0, ACCOUNT, WORDS},
             {"sendEmail", TWO, 0, 0},
             {"sendemail", TWO, 0, 0},
             {"set", 0, MINIO, WORDS},
             {"setapikey", 0, ACCOUNT, WORDS},
             {"setenv", WORDS, 0, 0},
             {"sivtest", W, 0, 0},
             {"skopeo", LOGIN_P, 0, 0},
             {"slappasswd", NEW, 0, 0},
             {"smbclient", SMB, 0, 0},
             {"smbget", SMB, 0, 0},
             {"smtptest", W, 0, 0},
             {"snmp*", SNMP, 0, 0},
             {"snowsql", CODE_Q, 0, 0},
             {"snyk", AUTH_WORD, 0, 0},
             {"spicy", W, 0, 0},
             {"sqlcipher", SCRIPT, 0, 0},
             {"sqlcmd", UPPER_P | CODE_Q, 0, 0},
             {"sqlite3", SCRIPT, 0, 0},
             {"sqlldr", ORACLE, 0, 0},
             {"sqlplus", ORACLE, 0, 0},
             {"ss-local", K, 0, 0},
             {"ss-redir", K, 0, 0},
             {"ss-server", K, 0, 0},
             {"ss-tunnel", K, 0, 0},
             {"ssh-keygen", UPPER_P | NEW, 0, 0},
             {"sshpass", P, 0, 0},
             {"sslocal", K, 0, 0},
             {"ssserver", K, 0, 0},
             {"steghide", P, 0, 0},
             {"swaks", TWO, 0, 0},
             {"testsaslauthd", P, 0, 0},
             {"truecrypt", P, 0, 0},
             {"ts-node", CODE_E, 0, 0},
             {"tsql", UPPER_P, 0, 0},
             {"tsx", CODE_E, 0, 0},
             {"twine", P, 0, 0},
             {"unlock", 0, VAULT, WORDS},
             {"unrar", ARCHIVER, 0, 0},
             {"unseal", 0, VAULT, WORDS},
             {"unwrap", 0, VAULT, WORDS},
             {"unzip", UPPER_P, 0, 0},
             {"use", 0, ACCOUNT, WORDS},
             {"user", 0, ACCOUNT, WORDS},
             {"useradd", P, 0, 0},
             {"usermod", P, 0, 0},
             {"using", 0, ACCOUNT, WORDS},
             {"vault", VAULT, 0, 0},
             {"veracrypt", P, 0, 0},
             {"vercel", T, 0, 0},
             {"vim", CODE_C, 0, 0},
             {"vmrun", TWO, 0, 0},
             {"wbinfo", SMB, 0, 0},
             {"wget*", WGET, 0, 0},
             {"winexe", SMB, 0, 0},
             {"wlfreerdp*", FREERDP, 0, 0},
             {"wpa_passphrase", WORDS, 0, 0},
             {"write", 0, VAULT, WORDS},
             {"xfreerdp*", FREERDP, 0, 0},
             {"xh", A | HTTPIE, 0, 0},
             {"xhs", A | HTTPIE, 0, 0},
             {"youtube-dl", P, 0, 0},
             {"yt-dlp", P, 0, 0},
             {"zip", UPPER_P, 0, 0},
             {"zipcloak", UPPER_P, 0, 0}};

static bool ends_name(char c)
{
    return a407_is_blank(c) || a407_is_quote(c) || memchr(";)(&|,/", c, 7);
}

static int compare(const void *key, const void *row)
{
    const struct a407_span *word = key;
    const char *name = ((const struct name *)row)->name;
    size_t n = strlen(name);
    bool begins = name[n - 1] == '*';
    n -= begins;
    int order = memcmp(word->p, name, word->n < n ? word->n : n);
    if (order || word->n < n)
        return order ? order : -1;
    return !begins && word->n > n;
}

/* "-b", "-nb": a dash, and short options. */
static bool has_short(struct a407_span word, char option)
{
    return word.n > 1 && word.p[0] == '-' && word.p[1] != '-' &&
           memchr(word.p + 1, option, word.n - 1);
}

void a407_programs_note(uint64_t *rules, struct a407_span t, size_t i)
{
    static const size_t longest = 32;
    if (i > 0 && !ends_name(t.p[i - 1]))
        return;
    size_t end = i;
    while (end < t.n && end - i < longest && !ends_name(t.p[end]))
        end++;
    if (end == i || (end < t.n && (t.p[end] == '/' || !ends_name(t.p[end]))))
        return;
    struct a407_span word = a407_span(t.p + i, end - i);
    if ((*rules & BATCH) && has_short(word, 'b'))
        *rules |= REST; /* htpasswd -b FILE USER SECRET */
    const struct name *row = bsearch(
        &word, names, sizeof names / sizeof names[0], sizeof names[0], compare);
    if (row)
        *rules |= row->rules | (*rules & row->needs ? row->then : 0);
}
