# SPDX-License-Identifier: MIT
"""Options, variables, secrets and the credential file."""

import datetime
import json
import os
import resource

from harness import (AUTH407, LIBRARY, check, clean, equal, has, lacks, need_root, path,
                     refused, run, test, write)

SECRET = "s3cr3t-W0rd"
GOOD_FILE = f"""# comment
[proxy.test:3128]
username = alice
password = {SECRET}
"""


def value_of(name, *args, **more):
    """The variable as the command sees it; None: not set."""
    show = f'printf %s "${{{name}-(unset)}}"'
    done = run(*args, "--", "sh", "-c", show, **more)
    equal((done.status, done.err), (0, ""), "result")
    return None if done.out == "(unset)" else done.out


# What is handed over, as the command finds it; the first of a name counts.
SHOW = """
import fcntl, json, os, sys
fd = int(os.environ["AUTH407_SECRETS_FD"])
if fcntl.fcntl(fd, 1034) & 15 != 15:  # F_GET_SEALS: all of them
    sys.exit("it can be changed")
parts = os.pread(fd, 1 << 20, 0).decode("utf-8", "surrogateescape").split("\\0")
print(json.dumps(dict(part.split("=", 1) for part in reversed(parts[:-1]))))
"""


def handed(*args, **more):
    done = run(*args, "--", "python3", "-c", SHOW, **more)
    equal((done.status, done.err), (0, ""), "result")
    return json.loads(done.out)


VALUES = {
    "username": ("AUTH407_USERNAME", "CORP\\al ice"),
    "password": ("AUTH407_PASSWORD", "-pw=#;%20"),
    "domain": ("AUTH407_DOMAIN", "CORP"),
    "token": ("AUTH407_TOKEN", "abc.def=="),
    "proxy": ("AUTH407_PROXY", "one.test:3128,http://two.test:81"),
    "schemes": ("AUTH407_SCHEMES", "digest,basic"),
    "memory": ("AUTH407_MEMORY", "no"),
    "helper-memory": ("AUTH407_HELPER_MEMORY", "no"),
    "mode": ("AUTH407_MODE", "observe"),
    "log": ("AUTH407_LOG", "stderr"),
    "log-level": ("AUTH407_LOG_LEVEL", "request"),
    "log-max-size": ("AUTH407_LOG_MAX_SIZE", "64M"),
    "replay-max": ("AUTH407_REPLAY_MAX", "1000"),
    "timeout": ("AUTH407_TIMEOUT", "7"),
    "silence-timeout": ("AUTH407_SILENCE_TIMEOUT", "3"),
    "retry-after": ("AUTH407_RETRY_AFTER", "11"),
    "helper-timeout": ("AUTH407_HELPER_TIMEOUT", "3"),
    "clear": ("AUTH407_CLEAR", "no"),
    "ntlm": ("AUTH407_NTLM", "v1"),
    "service": ("AUTH407_SERVICE", "HTTP@alias.test"),
    "canonicalize": ("AUTH407_CANONICALIZE", "yes"),
}


@test
def options_set_variables():
    """each option sets its variable, and wins over what is there"""
    user = {"AUTH407_USERNAME": "u"}
    for option, (name, value) in VALUES.items():
        before = {"AUTH407_LOG_LEVEL": "challenge", **user, name: "1"}
        for words in ((f"--{option}={value}",), (f"--{option}", value),
                      (f"--{option}=x", f"--{option}", value)):
            equal(value_of(name, "-q", *words, env=before), value, option)
    for option, (name, value) in VALUES.items():
        equal(value_of(name, "-q", env={"AUTH407_MEMORY": None, **user}),
              user.get(name), "not set by itself")
    done = run("--username", "u", "--", "true")
    equal(done.err, "auth407: warning: AUTH407_USERNAME: there is no password "
          "for it: nothing but a Kerberos ticket will be used\n", "said")


@test
def variables_pass():
    """variables without an option stay as they are"""
    for name, value in VALUES.values():
        equal(value_of(name, "-q", env={"AUTH407_USERNAME": "u",
                                        name: value}), value, name)


@test
def observe_mode():
    """observe sets AUTH407_MODE=observe over whatever was there"""
    equal(value_of("AUTH407_MODE", "observe"), "observe")
    equal(value_of("AUTH407_MODE", "observe", env={"AUTH407_MODE": "off"}),
          "observe")
    equal(value_of("AUTH407_MODE", "run"), None)


@test
def relative_files():
    """files named by options hold after the command's chdir"""
    write("rel/cred", GOOD_FILE)
    where = {"cwd": path("rel")}
    equal(value_of("AUTH407_LOG", "--log", "x.jsonl", **where),
          path("rel/x.jsonl"))
    there = path("rel/y.jsonl")
    equal(value_of("AUTH407_LOG", "--log", there, **where), there)
    for word in ("stderr", "syslog", "journald", "none", "syslog:/dev/log",
                 "syslog://127.0.0.1:5140"):
        equal(value_of("AUTH407_LOG", "--log", word, **where), word)
    equal(value_of("AUTH407_CREDENTIALS", "--credentials", "cred", **where),
          path("rel/cred"))
    refused(run("--log=", "true"), "`--log` needs a file name")


@test
def log_is_made():
    """the file of --log is there from the start, and what can't be one is said;
    a file that no option names is left alone"""
    made = path("logs/new/x.jsonl")
    done = run("observe", "--log", made, "true")
    equal((done.status, done.err), (0, ""))
    equal(os.stat(made).st_mode & 0o777, 0o600)
    equal(os.stat(os.path.dirname(made)).st_mode & 0o777, 0o700)
    write("logs/kept.jsonl", "{}\n")
    run("--log", path("logs/kept.jsonl"), "true")
    equal(open(path("logs/kept.jsonl")).read(), "{}\n")
    left = path("logs/none.jsonl")
    run("true", env={"AUTH407_LOG": left})
    check(not os.path.exists(left), left)
    for bad in (path("logs"), path("logs/kept.jsonl/x")):
        done = run("--log", bad, "true")
        equal(done.status, 0, bad)
        has(done.err, f"nothing can be logged to {bad}: ")
        equal(run("-q", "--log", bad, "true").err, "", "quiet")


@test
def log_behind_a_link():
    """a symbolic link in a folder that all may write leads to no log and no
    secret: it is said why"""
    os.mkdir(path("shared"))
    os.chmod(path("shared"), 0o777)
    os.symlink(path("behind"), path("shared/link"))
    for log in (path("shared/link"), path("shared/link/log")):
        done = run("--log", log, "true")
        equal(done.status, 0, log)
        has(done.err, f"nothing can be logged to {log}: link is a symbolic "
                      "link in a folder that others may write")
        check(not os.path.lexists(path("behind")), "it was followed")
    write("behind", "secret\n", 0o600)
    refused(run("--password-file", path("shared/link"), "true"),
            f"can't trust {path('shared/link')}: link is a symbolic link")
    os.chmod(path("shared"), 0o755)
    equal(run("--log", path("shared/link"), "--username", "a",
              "--password-file", path("shared/link"), "true").err, "")


@test
def log_of_root():
    """root's log in a user's folder is the user's from the start; a state
    folder behind a user's link is not used, which is said"""
    need_root()
    home = path("home-of-user")
    os.mkdir(home)
    os.chown(home, 1234, 4321)
    log = os.path.join(home, "a/log")
    equal(run("observe", "--log", log, "true").err, "")
    for made in (log, os.path.dirname(log)):
        seen = os.stat(made)
        equal((seen.st_uid, seen.st_gid), (1234, 4321), made)
    os.symlink(path(), os.path.join(home, "auth407"))
    os.lchown(os.path.join(home, "auth407"), 1234, 4321)
    done = run("observe", "--log", "none", "true",
               env={"XDG_STATE_HOME": home})
    has(done.err, f"can't be noted in {home}/auth407, and may be sent again: "
                  "auth407 is another user's symbolic link")


@test
def bad_settings():
    """a bad setting stops everything, and names variable and option"""
    mark = path("started")
    for option, value in (("mode", "inyect"), ("schemes", "basic,kerberos"),
                          ("log-level", "all"), ("timeout", "soon"),
                          ("replay-max", "1 MiB"), ("retry-after", "-1"),
                          ("helper-timeout", "0"), ("clear", "maybe"),
                          ("ntlm", "v3"), ("service", "HTTP@"),
                          ("canonicalize", "1"),
                          ("proxy", "host:port"), ("password", SECRET)):
        name = VALUES[option][0]
        done = run(f"--{option}={value}", "--", "touch", mark)
        refused(done, name, f"(set by --{option})")
        lacks(done.err, SECRET)
        done = run("--", "touch", mark, env={name: value})
        refused(done, name)
        lacks(done.err, "set by")
    refused(run("--log-level=x", "--log=none", "true"),
            "(set by --log-level)")
    check(not os.path.exists(mark), "the command was started")


@test
def unsendable_variables():
    """a user name or password that can't be sent is an error"""
    for part, *words in (
            ("password ends with a line end", "--username=u",
             f"--password={SECRET}\n"),
            ("user name ends with a line end", "--username=u\r"),
            ("domain holds a control character", "--username=u",
             "--domain=\tx")):
        done = run(*words, "true")
        refused(done, "AUTH407_USERNAME", "can't be sent: the " + part)
        lacks(done.err, SECRET)


@test
def unsendable_url():
    """a proxy URL that can't be sent is a warning without the secret"""
    done = run("--", "echo", "on",
               env={"https_proxy": f"http://u:{SECRET}%zz@p.test:3128"})
    equal((done.status, done.out), (0, "on\n"), "result")
    has(done.err, "warning: the credential in https_proxy can't be sent: the "
        "password has a % that")
    lacks(done.err, SECRET)


@test
def password_file():
    """--password-file takes the first line, whatever ends it"""
    for text in (SECRET, SECRET + "\n", SECRET + "\r\n", SECRET + "\nmore\n"):
        file = write("pw", text)
        equal(handed("--username=u", "--password-file", file,
                     env={"AUTH407_PASSWORD": "old"}),
              {"AUTH407_PASSWORD": SECRET})
    equal(handed("-q", "--token-file", file), {"AUTH407_TOKEN": SECRET})
    kept = write("pw", b" \xc3\xa4 # x \n")
    equal(handed("--username=u", "--password-file", kept),
          {"AUTH407_PASSWORD": " \u00e4 # x "})


@test
def handed_over():
    """secrets of files and descriptors are in no environment, but in a sealed
    file; one auth407 under another adds to it, or sets aside what is there"""
    pw, token = write("pw", SECRET + "1"), write("token", SECRET + "2")
    words = ("--username=u", "--password-file", pw, "--token-file", token)
    done = run(*words, "--", "cat", "/proc/self/environ",
               env={"AUTH407_PASSWORD": SECRET, "AUTH407_TOKEN": SECRET})
    equal(done.status, 0)
    lacks(done.out, SECRET)
    has(done.out, "AUTH407_SECRETS_FD=500\0")
    both = {"AUTH407_PASSWORD": SECRET + "1", "AUTH407_TOKEN": SECRET + "2"}
    equal(handed(*words), both)
    for inner, result in (
            (("--token-file", token), both),
            (("--username=v",), {"AUTH407_PASSWORD": SECRET + "1"}),
            (("--password-file", token), {"AUTH407_PASSWORD": SECRET + "2"})):
        equal(handed(*words[:3], "--", AUTH407, *inner), result, inner)
    # an inner variable wins, as over any setting
    has(run(*words[:3], "--", AUTH407, "--password=x", "--", "sh", "-c",
            'echo "$AUTH407_PASSWORD"').out, "x\n")
    done = run(*words[:3], "--", "bash", "-c",
               f'exec {AUTH407} -- true 500>&-')
    has(done.err, "warning: AUTH407_USERNAME: the secret that an auth407 "
        "outside has handed over is gone")


@test
def not_handed_over():
    """where no file can be handed over, the environment has to do"""
    def few():
        resource.setrlimit(resource.RLIMIT_NOFILE, (18, 18))

    done = run("--username=u", "--password-file", write("pw", SECRET),
               "--token-file", write("token", "t"), "--", "sh", "-c",
               'echo "$AUTH407_PASSWORD" "$AUTH407_TOKEN"', preexec_fn=few)
    equal((done.status, done.out), (0, SECRET + " t\n"))
    has(done.err, "warning: secrets go into the environment of the command")
    lacks(done.err, SECRET)


@test
def long_secret():
    """a token may be as long as a header's maximum, not longer"""
    file = write("token", "t" * 65536)
    equal(handed("-q", "--token-file", file), {"AUTH407_TOKEN": "t" * 65536})
    refused(run("--token-file", write("token", "t" * 65537), "true"),
            "longer than 65536 bytes")


@test
def bad_password_file():
    """a password file that is no good is an error"""
    for file, part in ((path("no-such"), "No such file"),
                       (write("pw", ""), "the first line is empty"),
                       (write("pw2", "\nx\n"), "the first line is empty"),
                       (write("pw3", b"a\0b"), "NUL byte"),
                       (path(), "directory")):
        refused(run("--username=u", "--password-file", file, "true"),
                "--password-file: ", part)
        refused(run("--token-file", file, "true"), "--token-file: ", part)


@test
def open_password_file():
    """a password file that others may read is a warning"""
    file = write("pw-open", SECRET, 0o644)
    done = run("--username=u", "--password-file", file, "true")
    equal(done.status, 0)
    has(done.err, "other users may read " + file)
    has(done.err, "0644")
    lacks(done.err, SECRET)
    clean(run("-q", "--username=u", "--password-file", file, "true"), "")


@test
def password_fd():
    """--password-fd takes one line and leaves the rest of standard input"""
    equal(handed("--username=u", "--password-fd", "0", data=b"pass word\r\n"),
          {"AUTH407_PASSWORD": "pass word"})
    clean(run("--username=u", "--password-fd", "0", "cat",
              data=b"pass word\r\nrest\n"), "rest\n")
    read, wr = os.pipe()
    os.write(wr, b"other\n")
    os.close(wr)
    done = run("--username=u", f"--password-fd={read}", "--", "sh", "-c",
               f'ls /proc/self/fd/{read}', pass_fds=(read,))
    os.close(read)
    equal((done.status, done.out), (2, ""), "closed afterwards")


@test
def late_password_fd():
    """a descriptor that others made non-blocking is waited for"""
    read, wr = os.pipe()
    os.set_blocking(read, False)
    if os.fork() == 0:
        os.close(read)
        for part in (b"slow", b"ly\n"):
            os.system("sleep 0.1")
            os.write(wr, part)
        os._exit(0)
    os.close(wr)
    equal(handed("--username=u", f"--password-fd={read}", pass_fds=(read,)),
          {"AUTH407_PASSWORD": "slowly"})
    os.close(read)
    os.wait()


@test
def bad_password_fd():
    """a descriptor that is none is an error that does not repeat it"""
    for word in (SECRET, "", "-1", "3x", "99999999999"):
        done = run("--username=u", f"--password-fd={word}", "true")
        refused(done, "needs the number of an open file descriptor")
        lacks(done.err, SECRET)
    refused(run("--username=u", "--password-fd=77", "true"),
            "can't read: Bad file descriptor")
    refused(run("--username=u", "--password-fd=0", "true"), "is empty")


@test
def secrets_hidden():
    """no secret is in the command's words or in what auth407 says"""
    file = write("pw", SECRET)
    cred = write("cred-ok", GOOD_FILE)
    env = {"https_proxy": f"http://bob:{SECRET}@proxy.test:3128",
           "http_proxy": f"http://{SECRET}@proxy.test:3128",
           "all_proxy": f"http://{SECRET}:@proxy.test:3129"}
    for words in (("--password", SECRET), (f"--password={SECRET}",),
                  ("--password-file", file), ("--password-fd", "0"),
                  ("--password", SECRET, "--token", SECRET)):
        done = run("-v", "--username=alice", *words, "--credentials", cred,
                   "--", "cat", "/proc/self/cmdline", env=env,
                   data=SECRET.encode())
        equal((done.status, done.out), (0, "cat\0/proc/self/cmdline\0"))
        lacks(done.err, SECRET)
        has(done.err, "user alice, with a password")
    for word in (f"--pasword={SECRET}", f"--quiet={SECRET}", f"-p{SECRET}",
                 f"--mode={SECRET}", f"--schemes={SECRET}",
                 f"--proxy=u:{SECRET}@:::"):
        lacks(run(word, "true").err, SECRET)


@test
def verbose():
    """-v says what applies, on standard error"""
    cred = write("cred-ok", GOOD_FILE)
    done = run("-v", "--credentials", cred, "--schemes=digest,basic", "--",
               "echo", "on",
               env={"https_proxy": "http://bob:x@[2001:db8::1]:3128",
                    "AUTH407_PROXY": "https://tls.test:444"})
    equal((done.status, done.out), (0, "on\n"), "result")
    for line in (f"library: {LIBRARY}", "command: /usr/bin/echo",
                 "mode: inject",
                 f"log: {path('home')}/.local/state/auth407/407.jsonl, "
                 "level challenge",
                 "schemes: digest, basic", f"credential file: {cred}, used",
                 "proxy: [2001:db8::1]:3128, from the environment",
                 "proxy: tls.test:444, from the environment; over TLS, which "
                 "the library can't read",
                 "proxy: proxy.test:3128, from the credential file",
                 "credential: https_proxy, for [2001:db8::1]:3128, user bob, "
                 "with a password",
                 f"credential: {cred}:2, for proxy.test:3128, user alice, with "
                 "a password"):
        has(done.err, f"auth407: {line}\n")
    done = run("observe", "-v", "--log=none", "true")
    for line in ("mode: observe", "log: none, level challenge",
                 "proxy: none configured", "credential: none configured",
                 f"credential file: {path('home')}/.config/auth407/"
                 "credentials, of which nothing is sent in this mode"):
        has(done.err, f"auth407: {line}\n")
    has(run("-v", "true").err, "credentials, not there\n")


@test
def named_file():
    """a credential file that was named must be usable, or nothing starts"""
    mark = path("started")
    for file, part in (
            (path("no-such"), "no-such"),
            (write("cred-open", GOOD_FILE, 0o644), "cred-open"),
            (write("cred-bad",
                   f"[p.test]\nusername = a\npasword = {SECRET}\n"),
             "cred-bad:3: unknown key")):
        for words, env in ((("--credentials", file), {}),
                           ((), {"AUTH407_CREDENTIALS": file}),
                           (("observe", "--credentials", file), {})):
            done = run(*words, "--", "touch", mark, env=env)
            refused(done, "credential file: ", part)
            lacks(done.err, SECRET)
    check(not os.path.exists(mark), "the command was started")
    clean(run("--credentials", write("cred-ok", GOOD_FILE), "echo", "on"),
          "on\n")
    clean(run("--credentials", write("cred-empty", ""), "echo", "on"), "on\n")


@test
def default_file():
    """the default credential file may be missing; a bad one is a warning"""
    home = {"HOME": path("home2")}
    name = "home2/.config/auth407/credentials"
    clean(run("--", "echo", "on", env=home), "on\n")
    write(name, GOOD_FILE)
    clean(run("--", "echo", "on", env=home), "on\n")
    for text, mode in ((GOOD_FILE, 0o640), ("username = x\n", 0o600)):
        write(name, text, mode)
        done = run("--", "echo", "on", env=home)
        equal((done.status, done.out), (0, "on\n"), "result")
        has(done.err, "warning: credential file ignored: ")
        equal(len(done.err.splitlines()), 1, "lines")
        clean(run("-q", "--", "echo", "on", env=home), "on\n")
        clean(run("observe", "--", "echo", "on", env=home), "on\n")
        has(run("-v", "true", env=home).err, "credentials, ignored")
        refused(run("true", env={**home,
                                 "AUTH407_CREDENTIALS": path(name)}), name)
    # a service's comes before it, where it is there
    service = {**home, "CREDENTIALS_DIRECTORY": path("unit")}
    write(name, GOOD_FILE)
    has(run("-v", "true", env=service).err, path(name) + ", used")
    given = write("unit/auth407", GOOD_FILE, 0o400)
    has(run("-v", "true", env=service).err, given + ", used")
    has(run("-v", "true", env={**service, "AUTH407_CREDENTIALS":
                               path(name)}).err, path(name) + ", used")
    write("unit/auth407", GOOD_FILE, 0o444)
    has(run("true", env=service).err, "credential file ignored: " + given)
    write("xdg/auth407/credentials", GOOD_FILE)
    done = run("-v", "true", env={"XDG_CONFIG_HOME": path("xdg")})
    has(done.err, path("xdg/auth407/credentials") + ", used")
    clean(run("--", "echo", "on", env={"HOME": None}), "on\n")


@test
def expiry():
    """a credential near or past its last day is a warning"""
    today = datetime.datetime.now(datetime.timezone.utc).date()
    for days, part in ((-3, "is past its"), (0, "is past its"),
                       (3, "expires within 7 days"), (30, None)):
        day = today + datetime.timedelta(days=days)
        file = write("cred-old", GOOD_FILE + f"expires = {day}\n")
        done = run("--credentials", file, "--", "echo", "on")
        equal((done.status, done.out), (0, "on\n"), "result")
        if part:
            has(done.err, f"warning: {file}:2: the credential {part}")
        else:
            equal(done.err, "", "far from its day")
