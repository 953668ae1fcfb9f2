/* SPDX-License-Identifier: MIT */
#include "core/record/redact.h"
#include "unit.h"

#include <stdio.h>

#define R "[redacted]"

static const struct {
    const char *text;
    const char *shown; /* NULL: as it is */
} urls[] = {
    {"http://h/p", NULL},
    {"h:443", NULL},
    {"[::1]:443", NULL},
    {"/p", NULL},
    {"", NULL},
    {"http://u:p@h/p", "http://h/p"},
    {"http://token@h", "http://h"},
    {"http://u:p@h/p?q=1#f", "http://h/p"},
    {"http://h/p?", "http://h/p"},
    {"http://h/p#f?x", "http://h/p"},
    {"http://h?q", "http://h"},
    {"h/p?q", "h/p"},
    {"u:p@h:443", "h:443"},
    {"--proxy=http://u:p@h:1", "--proxy=http://h:1"},
    {"--proxy=u:p@h:1", "--proxy=h:1"},
    {"https_proxy=u:p=q@h:1", "https_proxy=h:1"},
    /* an "@" in a path is no userinfo (scoped npm packages) */
    {"http://h:4873/@scope/p", NULL},
    {"http://h/a@b", NULL},
    {"/@scope/p", NULL},
    /* unencoded characters in a password: RFC 3986 ends the host before them */
    {"http://u:p@q@h/p", "http://h/p"},
    {"http://u:a?b@h/p", "http://h/p"},
    {"http://u:a#b@h/p", "http://h/p"},
    {"http://u:a/b@h/p", "http://h/p"},
    {"http://u:a b@h/p", "http://h/p"},
    {"http://u:p@a,http://v:q@b", "http://a,http://b"},
    /* a token that is known by its looks */
    {"https://h/hook/ghp_0123456789abcdefghij/x", "https://h/hook/" R "/x"},
    {"http://h/?next=http://u:p@g", "http://h/"},
    /* parameters of path segments, and marks that were coded */
    {"http://h/p;jsessionid=x", "http://h/p"},
    {"http://h/p;v=1/q;x/r?s", "http://h/p/q/r"},
    {"/p;x", "/p"},
    {"http://h/a%3Fkey=x", "http://h/a"},
    {"http://h/a%253fkey=x/b", "http://h/a"},
    {"http://h/a%23x", "http://h/a"},
    {"http://h/a%2Fb", NULL},
    /* a password that begins like a port */
    {"http://alice:12/x@h:1", "http://h:1"},
    {"http://h:12/@x/y:1", NULL},
};

TEST(url)
{
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        char out[128];
        size_t n = strlen(urls[i].text);
        const char *want = urls[i].shown ? urls[i].shown : urls[i].text;
        char *p = exact(urls[i].text, n);
        bool removed = a407_url_redact(a407_span(p, n), out, sizeof out);
        free(p);
        assert_string_equal(out, want);
        assert_int_equal(removed, urls[i].shown != NULL);
    }
}

static const struct {
    const char *prev;
    const char *arg;
    const char *shown; /* NULL: as it is */
} args[] = {
    /* nothing to hide */
    {NULL, "curl", NULL},
    {NULL, "/usr/bin/pass", NULL},
    {"-o", "/tmp/x", NULL},
    {"-x", "http://proxy:3128", NULL},
    {"--proxy", "proxy:3128", NULL},
    {"git", "git@github.com:a/b.git", NULL},
    {"--scope", "@a/b@1.2", NULL},
    {NULL, "http://h:4873/@scope/p", NULL},
    {"push", "-u", NULL},
    {"-u", "origin", NULL},
    {"-u", "script.py", NULL},
    {"--user", "requests", NULL},
    {"--anyauth", "http://h/", NULL},
    {"--no-auth-cache", "http://h/", NULL},
    {"--no-passive-ftp", "http://h/", NULL},
    {NULL, "--passive-ftp=x", NULL},
    {NULL, "AUTH407_MODE=observe", NULL},
    {NULL, "LD_PRELOAD=/x/libauth407.so", NULL},
    {"-H", "Accept: text/html", NULL},
    {"-x", "http://auth-proxy:3128", NULL},
    {NULL, "auth.example.com:443", NULL},
    {NULL, "https://token.example.com/", NULL},
    {NULL, "--password", NULL},
    {NULL, "--password=", NULL},
    {"sh", "Basic", NULL},
    {"Basic", "course", NULL},
    {NULL, "", NULL},
    {"--password", "", NULL},

    /* user:password */
    {"-u", "user:pw", R},
    {"-U", "user:pw", R},
    {"-sSu", "user:pw", R},
    {"-U", "DOM/user%pw", R},
    {"--user", "user:pw", R},
    {"-a", "user:pw", R},
    {"-E", "cert.pem:pw", R},
    {"--cert", "cert.pem:pw", R},
    {"--proxy-user", "user:pw", R},
    {"--proxy-user", "user pw", R},
    {NULL, "-uuser:pw", "-u" R},
    {NULL, "-Uuser:pw", "-U" R},
    {NULL, "-sSuuser:pw", "-sSu" R},
    {NULL, "--proxy-user=user:pw", "--proxy-user=" R},
    {NULL, "--proxy-user=user", "--proxy-user=" R},
    {NULL, "--user=user:pw", "--user=" R},
    {NULL, "--user=user", NULL},
    {NULL, "user=us:pw", "user=" R},

    /* options and variables with names of secrets */
    {"--password", "x", R},
    {"--http-password", "x", R},
    {"--proxy-password", "-x", R},
    {"--pass", "x y", R},
    {"-password", "x", R},
    {"--oauth2-bearer", "x", R},
    {"--api-key", "x", R},
    {"--apiKey", "x", R},
    {"--client-secret", "x", R},
    {"--cookie", "a=b", R},
    {"-b", "a=b", R},
    {NULL, "--password=x", "--password=" R},
    {NULL, "--password=correct horse", "--password=" R},
    {NULL, "--http-passwd=x", "--http-passwd=" R},
    {NULL, "AUTH407_PASSWORD=x", "AUTH407_PASSWORD=" R},
    {NULL, "AUTH407_TOKEN=x", "AUTH407_TOKEN=" R},
    {NULL, "NPM_TOKEN=x", "NPM_TOKEN=" R},
    {NULL, "aws_secret_access_key=x", "aws_secret_access_key=" R},
    {NULL, "-Dhttp.proxyPassword=x", "-Dhttp.proxyPassword=" R},
    {NULL, "//h/:_authToken=x", "//h/:_authToken=" R},
    {NULL, "user=u&password=x&z=1", "user=u&password=" R},
    {NULL, "http.extraheader=PRIVATE-TOKEN: x",
     "http.extraheader=PRIVATE-TOKEN: " R},

    /* of single programs: see test_programs */
    {"-p", "8080:80", NULL},
    {NULL, "-psecret", NULL},
    {"-w", "secret", NULL},
    {NULL, "mysql", NULL},

    /* bodies */
    {"--data", "anything", R},
    {"--data-raw", "{}", R},
    {NULL, "--data-urlencode=x", "--data-urlencode=" R},
    {"--json", "{\"a\":1}", R},
    {NULL, "--post-data=a", "--post-data=" R},
    {"-d", "user=a&pin=1", R},
    {"-d", "{\"pin\":1}", R},
    {"-d", "/tmp/folder", NULL},
    {NULL, "-dpin=1", "-dpin=" R},
    {"-F", "pin=1", R},
    {"--url-query", "pin=1", R},
    {NULL, "data=1", NULL},
    {NULL, "form.json", NULL},

    /* settings, their values behind them */
    {"//registry.npmjs.org/:_authToken", "x", R},
    {"//h/:_auth", "x", R},
    {"_password", "x", R},
    {"aws_secret_access_key", "x", R},
    {"http.proxyPassword", "x", R},
    {"password", "x", R},
    {"http.proxy", "http://u:p@h", "http://" R "@h"},
    {"passwd", "bob", NULL},

    /* clients of many kinds */
    {"-c", "http.proxy=http://u:p@h:1", "http.proxy=http://" R "@h:1"},
    {"-c", "http.proxy=u:p@h:1", R "@h:1"},
    {"-c", "http.extraHeader=Authorization: Basic x",
     "http.extraHeader=Authorization: " R},
    {NULL, "--//registry/:_authToken=x", "--//registry/:_authToken=" R},
    {NULL, "-Djdk.http.auth.x=y", "-Djdk.http.auth.x=" R},
    {NULL, "-Djavax.net.ssl.keyStorePassword=x",
     "-Djavax.net.ssl.keyStorePassword=" R},
    {NULL, "-Dhttp.proxyUser=alice", NULL},
    {"--proxy-auth", "alice:x", R},
    {"--proxy", "alice:x@h:3128", R "@h:3128"},
    {NULL, "--all-proxy-passwd=x", "--all-proxy-passwd=" R},
    {NULL, "--rpc-secret=x", "--rpc-secret=" R},
    {"-u", "alice,x", R},
    {"-u", "John Smith:x", R},
    {"--user", "John Smith:x", R},
    {"-a", "John Smith:x", R},
    {"--pw", "x", R},
    {NULL, "--pw=x", "--pw=" R},
    {"-pw", "x", R},
    {"aws_session_token", "x", R},
    {"-H", "Ocp-Apim-Subscription-Key: x", "Ocp-Apim-Subscription-Key: " R},
    {"-H", "X-Functions-Key: x", "X-Functions-Key: " R},
    {"-H", "Cookie;x", "Cookie;" R},
    {"-H", "X: Token x", "X: " R},
    {"-c", "cd auth; ls", NULL},
    {"-m", "a token expired", NULL},
    {"-P", "alice:x", R},
    {"-P", "/tmp/folder", NULL},
    {"-proxy_pass", "pass:x", R},
    {NULL, "PROXY:h:t:443,proxyport=1,proxyauth=u:x",
     "PROXY:h:t:443,proxyport=1,proxyauth=" R},
    {NULL, "token==x", "token=" R},
    {"-o", "ProxyCommand=nc -X connect -x h:1 %h %p", NULL},
    {"-o", "ProxyCommand=ncat --proxy h:1 --proxy-auth u:x %h %p",
     "ProxyCommand=ncat --proxy h:1 --proxy-auth " R},
    {"-o", "ProxyCommand=connect -H u:x@h:1 %h %p",
     "ProxyCommand=connect -H " R "@h:1 %h %p"},
    {"-o", "ProxyCommand=proxytunnel -p h:1 -P u:x -d %h:%p",
     "ProxyCommand=proxytunnel -p h:1 -P " R},

    /* tokens that are known by their looks */
    {"login", "ghp_0123456789abcdefghij", R},
    {NULL, "x=glpat-0123456789abcdefgh.", "x=" R},
    {NULL, "https://h/hook/xoxb-0123456789-abcdefg/send",
     "https://h/hook/" R "/send"},
    {NULL, "AKIA0123456789ABCDEF", R},
    {"-X", "(eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.)", "(" R ")"},
    {NULL, "ghp_short", NULL},
    {NULL, "task-0123456789abcdefghij", NULL},
    {NULL, "risk-0123456789abcdefghij", NULL},

    {NULL, "session=x", "session=" R},
    {NULL, "PHPSESSID=x", "PHPSESSID=" R},

    /* fields */
    {"-H", "Proxy-Authorization: Basic eDp5", "Proxy-Authorization: " R},
    {"-H", "proxy-authorization:Basic eDp5", "proxy-authorization:" R},
    {"-H", "Authorization: Bearer x", "Authorization: " R},
    {NULL, "--header=Authorization: Bearer x", "--header=Authorization: " R},
    {NULL, "-HCookie: a=b; c=d", "-HCookie: " R},
    {NULL, "X-Api-Key: x", "X-Api-Key: " R},
    {"Authorization:", "Bearer x", R},
    {NULL, "X-Custom: Bearer x", "X-Custom: Bearer " R},
    {"-d", "{\"user\":\"a\",\"password\":\"x\"}", R},
    {NULL, "{\"user\":\"a\",\"password\":\"x\"}",
     "{\"user\":\"a\",\"password\"" R},

    /* URLs */
    {NULL, "http://u:p@h/p", "http://" R "@h/p"},
    {NULL, "--proxy=http://u:p@h:1", "--proxy=http://" R "@h:1"},
    {NULL, "https_proxy=http://u:p@h:1", "https_proxy=http://" R "@h:1"},
    {NULL, "-xhttp://u:p@h:1", "-xhttp://" R "@h:1"},
    {"-x", "u:p@h:1", R "@h:1"},
    {"-x", "u@h:1", R "@h:1"},
    {"--proxy", "u@h:1", R "@h:1"},
    {NULL, "u:p@h:1", R "@h:1"},
    {NULL, "http://h/p?token=x", "http://h/p?..."},
    {NULL, "http://h/p?x", "http://h/p?..."},
    {NULL, "http://h/p#access=x", "http://h/p#..."},
    {NULL, "h/p?sig=x", "h/p?..."},
    {NULL, "http://u:p@h/p?q=x", "http://" R "@h/p?..."},
    {NULL, "http://pass=x:y@h/p", "http://" R "@h/p"},
    {NULL, "http://password:x@h/p?q", "http://" R "@h/p?..."},
    {NULL, "http://u:token:x@h/p", "http://" R "@h/p"},
    {NULL, "http://u:a/b@h/p", "http://" R "@h/p"},
    {NULL, "http://u:a b@h/p", "http://" R "@h/p"},
    {NULL, "http://h/p;jsessiontoken=x", "http://h/p;..."},
    {NULL, "http://h/p;sid=x", "http://h/p;..."},
    {NULL, "alice.test/p;v=x", "alice.test/p;..."},
    {NULL, "http://h/a%3Fkey=x", "http://h/a?..."},
    {NULL, "http://alice:12/x@h:1", "http://" R "@h:1"},
    {NULL, "alice.test/p?x", "alice.test/p?..."},
    {NULL, "--url=alice.test:80/p?x", "--url=alice.test:80/p?..."},
    {NULL, "alice.test?x", "alice.test?..."},
    {NULL, "alice.test/#x", "alice.test/#..."},
    {NULL, "what?", NULL},
    {NULL, "#4", NULL},

    /* a whole command in one word */
    {"-c", "curl -u user:pw http://h/", "curl -u " R},
    {"-c", "curl -uuser:pw http://h/", "curl -u" R},
    {"-c", "curl -U 'us er:pw' http://h/", "curl -U '" R},
    {"-c", "curl --proxy-user u:p http://h/", "curl --proxy-user " R},
    {"-c", "wget --password x http://h/", "wget --password " R},
    {"-c", "wget --password='x y' http://h/", "wget --password=" R},
    {"-c", "curl -H 'Cookie: a=b' http://h/", "curl -H 'Cookie: " R},
    {"-c", "https_proxy=http://u:p@h:1 git fetch",
     "https_proxy=http://" R "@h:1 git fetch"},
    {"-c", "curl 'http://h/?a=b' 'http://g'", "curl 'http://h/?..."},
    {"-c", "curl http://h/; curl https://u:p@g/",
     "curl http://h/; curl https://" R "@g/"},
    {"-c", "curl http://h -H 'X-Token: a@b'", "curl http://" R "@"},

    /* calls */
    {"-c", "r.add_header('Authorization', 'Token x')",
     "r.add_header('Authorization', '" R},
    {"-c", "r.add_header('Cookie', 'sid=x')", "r.add_header('Cookie', '" R},
    {"-c", "r.add_header('Accept', 'text/html')", NULL},
    {"-c", "m.add_password(None,'http://h','a','x')", "m.add_password(" R},
    {"-e", "$ua->credentials('h:1','r','alice','x')", "$ua->credentials(" R},
    {"-r", "base64_encode('alice:x')", "base64_encode(" R},
    {"-c", "b64encode(b'alice:x')", "b64encode(" R},
    {"-r", "curl_setopt($c, CURLOPT_PROXYUSERPWD, 'alice:x');",
     "curl_setopt($c, CURLOPT_PROXYUSERPWD, '" R},
    {"-r", "['Authorization' => 'x']", "['Authorization' =" R},
    {"-c", "run(['tool', '-u', 'alice:x'])", "run(['tool', '-u', '" R},
    {"-c", "getpass(); x()", NULL},
};

static void redact(const char *prev, const char *arg, char *out, size_t cap)
{
    char *p = prev ? exact(prev, strlen(prev) + 1) : NULL;
    char *a = exact(arg, strlen(arg) + 1);
    a407_redact_arg(p, a, out, cap);
    free(p);
    free(a);
}

/* Options that are another thing in other programs. */
static const struct {
    const char *words[5];
    const char *shown; /* the last one */
} lines[] = {
    {{"mysql", "-pS3CR3T"}, "-p" R},
    {{"/usr/bin/mysqldump", "-u", "root", "-pS3CR3T"}, "-p" R},
    {{"mariadb-admin", "-pS3CR3T"}, "-p" R},
    {{"sudo", "mysql", "-pS3CR3T"}, "-p" R},
    {{"sh", "-c", "cd /tmp; mysql -pS3CR3T x"}, "cd /tmp; mysql -p" R},
    {{"sh", "-c", "'mysql' -pS3CR3T x"}, "'mysql' -p" R},
    {{"7z", "x", "-pS3CR3T"}, "-p" R},
    {{"sshpass", "-p", "S3CR3T"}, R},
    {{"sshpass", "-pS3CR3T"}, "-p" R},
    {{"unzip", "-P", "S3CR3T"}, R},
    {{"ldapsearch", "-w", "S3CR3T"}, R},
    {{"redis-cli", "-a", "S3CR3T"}, R},
    {{"docker", "login", "-p", "S3CR3T"}, R},
    {{"docker", "run", "-p", "8080:80"}, "8080:80"},
    {{"cargo", "login", "S3CR3T"}, R},
    {{"cargo", "build"}, "build"},
    {{"mkdir", "-p", "folder"}, "folder"},
    {{"mkdir", "-pv"}, "-pv"},
    {{"mysql", "-P", "3306"}, "3306"},
    {{"mysql", "--port=3306"}, "--port=3306"},
    {{"docker", "run", "-p8080:80"}, "-p8080:80"},
    {{"docker", "run", "-p", "127.0.0.1:80:80"}, "127.0.0.1:80:80"},
    {{"docker", "login", "-pS3CR3T"}, "-p" R},
    {{"docker", "login", "-p=S3CR3T"}, "-p" R},
    {{"docker", "login", "-p", "192837"}, R},
    {{"yt-dlp", "-p", "192837465"}, R},
    {{"yt-dlp", "-pS3CR3T"}, "-p" R},
    {{"sshpass", "-p", "192837"}, R},
    {{"redis-cli", "-a", "192837"}, R},
    {{"ldapsearch", "-w", "192837"}, R},
    {{"ldapsearch", "-wS3CR3T"}, "-w" R},
    {{"ldapsearch", "-xw", "S3CR3T"}, R},
    {{"zip", "-PS3CR3T"}, "-P" R},
    {{"zip", "-rP", "S3CR3T"}, R},
    {{"unzip", "-PS3CR3T"}, "-P" R},
    {{"rar", "a", "-hpS3CR3T"}, "-hp" R},
    {{"htpasswd", "-b", "f", "u", "S3CR3T"}, R},
    {{"htpasswd", "-nb", "u", "S3CR3T"}, R},
    {{"lftp", "-ualice,S3CR3T"}, "-u" R},
    {{"smbclient", "-Ualice%S3CR3T"}, "-U" R},
    {{"proxytunnel", "-R", "alice:S3CR3T"}, R},
    {{"ssh", "-R", "8080:h:80"}, "8080:h:80"},
    {{"http", "-A", "bearer", "-a", "S3CR3T"}, R},
    {{"http", "-abob:S3CR3T"}, "-a" R},
    {{"xfreerdp", "/u:alice", "/p:S3CR3T"}, "/p:" R},
    {{"xfreerdp", "/gp:S3CR3T"}, "/gp:" R},
    {{"xfreerdp", "/v:host:3389"}, "/v:host:3389"},
    {{"python3", "-c", "run(['mysql', '-pS3CR3T'])"}, "run(['" R},
    {{"sh", "-c", "(mysql -pS3CR3T)"}, "(mysql -p" R},

    /* curl: options in one word, bodies of all kinds, and no scheme */
    {{"curl", "-sb", "sid=S3CR3T"}, R},
    {{"curl", "-bsid=S3CR3T"}, "-b" R},
    {{"curl", "-b", "cookies.txt"}, "cookies.txt"},
    {{"curl", "-sd", "pin=S3CR3T"}, R},
    {{"curl", "-d", "<pin>S3CR3T</pin>"}, R},
    {{"curl", "-d", "S3CR3T"}, R},
    {{"curl", "-dS3CR3T"}, "-d" R},
    {{"curl", "-sdS3CR3T"}, "-sd" R},
    {{"curl", "-d", "x&S3CR3T"}, R},
    {{"curl", "-d", "pin%3DS3CR3T"}, R},
    {{"curl", "-d", "hello world=S3CR3T"}, R},
    {{"sh", "-c", "curl -d 'a S3CR3T'"}, "curl -d '" R},
    {{"curl", "-Fpin=S3CR3T"}, "-F" R},
    {{"curl", "-sF", "pin=S3CR3T"}, R},
    {{"curl", "-Ecert.pem:S3CR3T"}, "-E" R},
    {{"curl", "-sE", "cert.pem:S3CR3T"}, R},
    {{"curl", "-uJohn Smith:S3CR3T"}, "-u" R},
    {{"curl", "-sSxproxy:3128"}, "-sSxproxy:3128"},
    {{"curl", "-sLo", "file"}, "file"},
    {{"curl", "-LsSfo/dev/null"}, "-LsSfo/dev/null"},
    {{"curl", "h/p?S3CR3T"}, "h/p?..."},
    {{"curl", "localhost/#S3CR3T"}, "localhost/#..."},

    /* long options that are not written out */
    {{"curl", "--data-r", "S3CR3T"}, R},
    {{"curl", "--js", "S3CR3T"}, R},
    {{"curl", "--url-q", "pin=S3CR3T"}, R},
    {{"curl", "--us", "alice:S3CR3T"}, R},
    {{"curl", "--cer", "a.pem:S3CR3T"}, R},
    {{"wget", "--post-da=S3CR3T"}, "--post-da=" R},
    {{"wget", "--body-d=S3CR3T"}, "--body-d=" R},
    {{"wget", "--ftp-pas=S3CR3T"}, "--ftp-pas=" R},
    {{"curl", "--proxy", "h:1"}, "h:1"},
    {{"curl", "--url", "h:1"}, "h:1"},
    {{"curl", "--fail", "h"}, "h"},
    {{"make", "--js", "x"}, "x"},
};

TEST(programs)
{
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        uint64_t programs = 0;
        char out[128];
        const char *prev = NULL;
        for (size_t k = 0; k < 5 && lines[i].words[k]; k++) {
            a407_redact_next(&programs, prev, lines[i].words[k], out,
                             sizeof out);
            prev = lines[i].words[k];
        }
        if (strcmp(out, lines[i].shown) != 0)
            fail_msg("%s ... %s: %s", lines[i].words[0], prev, out);
    }
}

TEST(arg)
{
    for (size_t i = 0; i < sizeof args / sizeof args[0]; i++) {
        char out[128];
        const char *want = args[i].shown ? args[i].shown : args[i].arg;
        redact(args[i].prev, args[i].arg, out, sizeof out);
        if (strcmp(out, want) != 0)
            fail_msg("%s | %s: \"%s\", not \"%s\"",
                     args[i].prev ? args[i].prev : "", args[i].arg, out, want);
    }
}

/* Text that is cut keeps whole UTF-8 sequences, and has its NUL. */
TEST(cap)
{
    static const char text[] = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z";
    static const size_t shown[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11};
    for (size_t cap = 1; cap <= sizeof shown / sizeof shown[0]; cap++) {
        char *big = malloc(cap);
        assert_non_null(big);
        redact(NULL, text, big, cap);
        assert_int_equal(strlen(big), shown[cap - 1]);
        assert_memory_equal(big, text, strlen(big));
        a407_url_redact(a407_span_str(text), big, cap);
        assert_int_equal(strlen(big), shown[cap - 1]);
        free(big);
    }
    char untouched = 'x';
    redact(NULL, "abc", &untouched, 0);
    assert_false(a407_url_redact(a407_span_str("http://u@h"), &untouched, 0));
    assert_int_equal(untouched, 'x');
}

/* A secret behind each of these stays hidden whatever stands around it. */
TEST(surroundings)
{
    static const char *const before[] = {"--password=",    "--proxy-user=u:",
                                         "-uu:",           "http://u:",
                                         "password: ",     "Cookie:",
                                         "-H 'Cookie: ",   "http://h/p?x=",
                                         "X_TOKEN=",       "u:",
                                         "--pass ",        "-u u:",
                                         "\"secret\": \"", "http://",
                                         "--proxy=u:",     "-sSU 'a b:"};
    static const char *const around[] = {
        "",        " ",    "x ",         "'",
        "\"",      "a=b ", "-x ",        "@",
        "/",       "?",    "#",          "://",
        "=",       ":",    "http://h/ ", "http://u:p@h ",
        "sh -c '", "\\",   "%",          ",",
        "Basic ",  "-u ",  "--a=",       "\xc3",
        "[::1]",   "."};
    const size_t n_around = sizeof around / sizeof around[0];
    for (size_t b = 0; b < sizeof before / sizeof before[0]; b++)
        for (size_t i = 0; i < n_around * n_around; i++) {
            char text[128], out[256];
            snprintf(text, sizeof text, "%s %sS3CR3T@h%s", around[i % n_around],
                     before[b], around[i / n_around]);
            redact(NULL, text, out, sizeof out);
            if (strstr(out, "S3CR3T"))
                fail_msg("%s: %s", text, out);
        }
}

/* Any text of telling pieces, at any size of the output, is survived. */
TEST(any_text)
{
    static const char *const pieces[] = {
        "http://", "@",      ":",          "/",       "?",     "#",
        "=",       "-u",     "--password", " ",       "'",     "\"",
        "x",       "Cookie", "\\",         "%",       "-",     "\xe2\x82",
        ".",       "u",      "python3 ",   "-c ",     "curl ", "-H ",
        "awk ",    "echo ",  "| sudo -S",  "<<",      "$$",    "[[",
        "q(",      "http ",  "--pas",      "sqlplus "};
    uint32_t seed = 407;
    for (int round = 0; round < 20000; round++) {
        char text[256] = "", prev[64] = "";
        unsigned n = 0;
        for (seed = seed * 1664525u + 1013904223u; n < (seed >> 28); n++) {
            uint32_t r = seed >> (n % 16);
            strcat(text, pieces[(r ^ (r >> 7) ^ n * 13) %
                                (sizeof pieces / sizeof pieces[0])]);
            seed = seed * 1664525u + 1013904223u;
            if (n == 3)
                strcpy(prev, text);
        }
        size_t cap = 1 + (seed >> 8) % 64;
        char *out = malloc(cap);
        assert_non_null(out);
        memset(out, 'x', cap);
        redact(n > 3 ? prev : NULL, text, out, cap);
        assert_non_null(memchr(out, '\0', cap));
        memset(out, 'x', cap);
        char *p = exact(text, strlen(text));
        a407_url_redact(a407_span(p, strlen(text)), out, cap);
        assert_non_null(memchr(out, '\0', cap));
        free(p);
        free(out);
    }
}

/* A command line may be 128 KiB long: no more of a word is looked at than there
   is to show. */
TEST(long)
{
    const size_t n = 131072;
    char *text = malloc(n + 1), out[256];
    assert_non_null(text);
    for (size_t i = 0; i < n; i++)
        text[i] = "-u'"[i % 3];
    text[n] = '\0';
    redact(NULL, text, out, sizeof out);
    assert_int_equal(strlen(out), sizeof out - 1);
    memset(text, 'a', n);
    memcpy(text, "--password=", 11);
    redact(NULL, text, out, sizeof out);
    assert_string_equal(out, "--password=" R);
    free(text);
}
