# SPDX-License-Identifier: MIT
"""`auth407 doctor -- COMMAND`: what became of a command's requests, against what
the trial found."""

import base64
import json
import os
import pathlib
import re
import signal
import subprocess
import tempfile

from place import BUILD, SCRATCH, SECRET, doctor, environment, finds, works
from tap import equal, has, lacks, test
from trials import LOGIN, proxy


def both(value):
    return {"http_proxy": value, "https_proxy": value}


def ours(port):
    return {**both(f"http://127.0.0.1:{port}"),
            "AUTH407_USERNAME": "alice", "AUTH407_PASSWORD": SECRET}


def logged(env, command):
    """The causes that `auth407 observe` logs, and that its report tells."""
    log = tempfile.mktemp(dir=SCRATCH)
    subprocess.run([BUILD / "auth407", "observe", "--log", log, "--", *command],
                   env=environment(env), capture_output=True, timeout=60,
                   check=False)
    with open(log, encoding="utf-8") as f:
        lines = [json.loads(line) for line in f]
    told = subprocess.run([BUILD / "auth407", "report", "--format", "json", log],
                          env=environment(env), capture_output=True, check=False)
    reported = {f["cause"] for f in json.loads(told.stdout)["findings"]}
    causes = {line["cause"] for line in lines if "cause" in line}
    equal(reported, causes, "log and report")
    return causes


def logins(p, since=0):
    """The passwords that this proxy was sent by Basic."""
    return [base64.b64decode(x) for x in
            re.findall(rb"Basic (\S+)", b"".join(q.got for q in p.peers[since:]))]


CURL = ["curl", "-s", "-m", "20", "-o", "/dev/null"]


def wrapped(name, end):
    """A folder for PATH with that program, which is called and then this."""
    path = pathlib.Path(tempfile.mkdtemp(dir=SCRATCH)) / name
    path.write_text(f'#!/bin/sh\n/usr/bin/{name} "$@" 2>/dev/null; {end}\n')
    path.chmod(0o755)
    return {"PATH": f"{path.parent}:/usr/bin:/bin"}


@test
def blamed():
    """our login works and the command's does not: which, why, and the line"""
    with proxy(SECRET) as p, proxy(SECRET) as q:
        old = both(f"http://alice:old@127.0.0.1:{p.port}")
        here = ["-x", f"http://127.0.0.1:{p.port}"]
        http, tls = "http://www.example/", "https://www.example/"
        for code, env, command, says in (
                ("not_sent_by_client", {}, [*CURL, http],
                 ["curl sends no login; the one that auth407 has works",
                  f"or auth407 -- {' '.join(CURL)} {http}"]),
                ("not_sent_by_client", {}, [*CURL, tls], ["~/.curlrc:"]),
                ("dropped_by_client", both(f"http://{LOGIN}@127.0.0.1:{p.port}"),
                 [*CURL, *here, http], ["curl sends no login"]),
                ("client_rejected", {}, [*CURL, *here, "-U", "bob:old", http],
                 ["curl sends another login than the one that works",
                  "it sent bob, by Basic", "or auth407 -- COMMAND"]),
                ("client_rejected", old, [*CURL, http],
                 ["Correct user and password in http_proxy"]),
                ("client_scheme_mismatch", {},
                 [*CURL, "--proxy-ntlm", "-U", "bob:old", http],
                 ["by a scheme that the proxy does not offer"]),
                # a line end can't stand in a row, nor much that is long
                ("not_sent_by_client", {},
                 ["sh", "-c", f"{' '.join(CURL)} {http}\nexit 1"],
                 ["or auth407 -- COMMAND"]),
                ("not_sent_by_client", {}, [*CURL, "-A", 130 * "x", http],
                 ["or auth407 -- COMMAND"]),
                ("not_sent_by_client", {}, ["wget", "-qO", "/dev/null", http],
                 ["~/.wgetrc: proxy_user = USER; proxy_password = PASSWORD"]),
        ):
            env = {**ours(p.port), **env}
            equal(logged(env, command), {code}, command)
            finds(code, "--yes", "--", *command, says=says, env=env)
        for mode in "off", "observe":
            finds("mode_sends_nothing", "--yes", "--", *CURL, http,
                  env={**ours(p.port), "AUTH407_MODE": mode},
                  says=["do: unset AUTH407_MODE"])
        finds("command_other_proxy", "--yes", "--", *CURL, "-x",
              f"http://127.0.0.1:{q.port}", http, env=ours(p.port),
              says=[f"curl uses another proxy: 127.0.0.1:{q.port}"])


@test
def own_words():
    """what the command's words say wins over files: they are what to correct"""
    with proxy(SECRET) as p:
        good = both(f"http://{LOGIN}@127.0.0.1:{p.port}")
        url = f"http://127.0.0.1:{p.port}"
        header = "Proxy-Authorization: Basic Ym9iOm9sZA=="
        git = ["git", "-c", f"http.proxy=http://alice:old@127.0.0.1:{p.port}",
               "ls-remote", "-q", "http://a.example/x.git"]
        for code, env, command, says in (
                ("client_rejected", both(url),
                 [*CURL, "-U", "bob:old", "http://a/"],
                 ["in the command's own words, or auth407 login ",
                  " && auth407 -- COMMAND"]),
                ("client_rejected", good, git, ["in the command's own words"]),
                *(("client_rejected", ours(p.port), [*words, "http://a/x.git"],
                   ["in the command's own words"]) for words in (
                       ["wget", "-qO-", "--proxy-user=bob",
                        "--proxy-password=old"],
                       ["wget", "-qO-", "--proxy-user", "bob",
                        "--proxy-password", "old"],
                       [*CURL, "-H", header],
                       [*CURL, "--proxy-header", header],
                       ["git", "-c", f"http.extraHeader={header}", "ls-remote",
                        "-q"])),
                ("dropped_by_client", good,
                 [*CURL, "--proxy-digest", "http://a/"],
                 ["do: Leave out --proxy-digest, or auth407 -- curl"]),
                ("not_sent_by_client", ours(p.port), ["git", *git[3:]],
                 [f"or auth407 -- {' '.join(['git', *git[3:]])}"])):
            finds(code, "--yes", "--", *command, says=says,
                  env={**env, **wrapped("git", "exit 128")})


@test
def no_request():
    """why a command asks no proxy, where its words and the settings tell"""
    home = tempfile.mkdtemp(dir=SCRATCH)
    with open(f"{home}/.gitconfig", "w", encoding="utf-8") as f:
        f.write("[http]\n\tproxy = http://old.invalid:3128\n")
    with proxy(SECRET) as p:
        url = f"http://{LOGIN}@127.0.0.1:{p.port}"
        at = "http://a.invalid/"
        for code, env, command, says in (
                ("command_asks_no_proxy", {**both(url), "HOME": home},
                 ["git", "ls-remote", "-q", at],
                 ["git sent no request to a proxy: see git (~/.gitconfig:2)",
                  "do: git config --file ~/.gitconfig --unset http.proxy"]),
                ("command_asks_no_proxy", {"HTTP_PROXY": url}, [*CURL, at],
                 ['do: export http_proxy="$HTTP_PROXY"']),
                ("command_asks_no_proxy", {"all_proxy": url},
                 ["wget", "-qT3", "-t1", "-O-", at],
                 ['do: export http_proxy="$all_proxy"']),
                ("no_proxy_covers_target", {**both(url), "no_proxy": ".invalid"},
                 [*CURL, at], ["covers a.invalid"]),
                ("command_asks_no_proxy", both(url),
                 [*CURL, "-x", "http://127.0.0.1:1", at],
                 ["See why it does not go by http_proxy: an option"])):
            finds(code, "--yes", "--", *command, says=says,
                  env={**env, **wrapped("git", "exit 128")})
        works("--yes", "--", "sh", "-c", "kill -INT $$", env=both(url))
        seen = works("--yes", "--", *CURL, "-x", url, at)
        has(seen.codes(status="note"), "no_credential")


@test
def certificate():
    """a status that says: the certificate behind the proxy is not trusted"""
    with proxy(SECRET) as p:
        seen = doctor("--yes", "--", "curl", "-sm1", "https://www.example/",
                      env={**both(f"http://{LOGIN}@127.0.0.1:{p.port}"),
                           **wrapped("curl", "exit 60")})
        equal(seen.codes(status="warning"), ["command_certificate"], seen.text)


@test
def own_place():
    """the login of a program's own place is named by that"""
    with proxy(SECRET) as p:
        home = tempfile.mkdtemp(dir=SCRATCH)
        with open(f"{home}/.gitconfig", "w", encoding="utf-8") as f:
            f.write("[http]\n\tproxy = "
                    f"http://bob:old@127.0.0.1:{p.port}\n")
        finds("client_rejected", "--yes", "--", "sh", "-c",
              "git ls-remote -q http://a.example/x.git 2>/dev/null",
              env={**ours(p.port), "HOME": home, "GIT_TERMINAL_PROMPT": "0"},
              says=["Correct user and password in git's own login in "
                    "~/.gitconfig:2"])


@test
def several():
    """a row for each program of a script; one that answers by itself is fine"""
    with proxy(SECRET) as p:
        seen = finds("not_sent_by_client", "--yes", "--", "sh", "-c",
                     f"curl -s --proxy-anyauth -U alice:{SECRET} http://a/; "
                     "wget -qO- http://a/; curl -s https://b/; exit 3",
                     env=ours(p.port), says=["sh: ended with status 3"])
        rows = [r for r in seen.json["checks"] if r["section"] == "command"]
        equal([(r["what"], r["status"]) for r in rows
               if r["status"] == "failure"],
              [("curl", "failure"), ("wget", "failure")], seen.text)


@test
def reverse():
    """the command's login works and ours does not; nothing is said of it twice"""
    with proxy(SECRET) as p:
        command = [*CURL, "-U", f"alice:{SECRET}", "http://a/"]
        seen = finds("rejected", "--yes", "--", *command,
                     env={**ours(p.port), "AUTH407_PASSWORD": "wrong"},
                     says=["it gets through where the trial does not"])
        has(seen.codes(status="note"), "command_works")
        works("--yes", "--", *command, env=ours(p.port))
        # nothing is tried: what the command did counts
        seen = doctor("--", *command, env=ours(p.port))
        equal((seen.status, seen.json["verdict"]["status"]), (0, "works"),
              seen.text)


@test
def its_own_proxy():
    """where nothing names a proxy, it is the command's; so is the target"""
    with proxy(SECRET) as p:
        seen = doctor("--yes", "--", *CURL, "-x", f"http://127.0.0.1:{p.port}",
                      "https://www.example:8443/")
        equal((seen.status, seen.json["proxy"]["port"], seen.json["target"]),
              (1, p.port, "https://www.example:8443/"), seen.text)
        equal(seen.json["proxy"]["from"], "the command")
        lacks(seen.codes(), "no_proxy_configured")
        works("--yes", f"http://{LOGIN}@127.0.0.1:{p.port}", "--", "env",
              f"http_proxy=http://{LOGIN}@127.0.0.1:{p.port}", *CURL,
              "http://a/")


@test
def nothing_seen():
    """a command without a request, one that can't be watched, and none"""
    with proxy(SECRET) as p:
        finds("command_asks_no_proxy", "--yes", "--", "false",
              env=ours(p.port), says=["ended with status 1"])
        works("--yes", "--", "true", env=ours(p.port))
        finds("command_not_covered", "--yes", "--", "/sbin/ldconfig", "-NX",
              env=ours(p.port), says=["is statically linked"])
    for args, words in ((["--"], "no command"),
                        (["--", "no-such-command"], "No such file"),
                        (["--", "auth407", "--", "true"], "the command alone"),
                        (["--offline", "--", "true"], "--offline")):
        done = subprocess.run([BUILD / "auth407", "doctor", *args],
                              env=environment({}), capture_output=True,
                              text=True, check=False)
        equal((done.returncode, done.stdout), (2, ""), args)
        has(done.stderr, words)


@test
def ended():
    """SIGTERM and SIGHUP end command and doctor, and leave no folder"""
    temp = {"TMPDIR": tempfile.mkdtemp(dir=SCRATCH)}
    for number in (signal.SIGTERM, signal.SIGHUP):
        with subprocess.Popen(
                [BUILD / "auth407", "doctor", "--", "sh", "-c",
                 "echo; exec sleep 60"], env=environment(temp),
                stdout=subprocess.PIPE) as run:
            run.stdout.readline()
            run.send_signal(number)
            equal(run.wait(10), -number)
    equal(os.listdir(temp["TMPDIR"]), [])


@test
def output():
    """its output goes through; with JSON it goes to standard error"""
    temp = {"TMPDIR": tempfile.mkdtemp(dir=SCRATCH)}
    with proxy(SECRET) as p:
        for more, where in (([], "stdout"), (["--format", "json"], "stderr")):
            done = subprocess.run(
                [BUILD / "auth407", "doctor", "--yes", *more, "--", "cat"],
                env=environment({**ours(p.port), **temp}),
                input="from the command\n", capture_output=True, text=True,
                check=False)
            has(getattr(done, where), "from the command\n")
            equal(done.returncode, 0)
            if more:
                json.loads(done.stdout)
    state = SCRATCH / "state"
    (state / "auth407").mkdir(parents=True)
    subprocess.run([BUILD / "auth407", "doctor", "--", "true"], check=False,
                   env=environment({"XDG_STATE_HOME": state, **temp}),
                   capture_output=True)
    equal(os.listdir(state / "auth407"), [], "the report's last run is another")
    equal(os.listdir(temp["TMPDIR"]), [])


@test
def in_a_session():
    """where a session has the library preloaded, only the command has it: the
    doctor sends no login unasked, and login's trial sends its own alone"""
    with proxy(SECRET) as p:
        for more in ({}, {"AUTH407_FOLLOW": "1"}):
            session = {**ours(p.port), **more,
                       "LD_PRELOAD": BUILD / "libauth407.so"}
            before = len(p.peers)
            seen = doctor(env=session)
            equal((seen.status, seen.codes(status="note")),
                  (2, ["not_tried"]), seen.text)
            equal(logins(p, before), [], seen.text)
            finds("not_sent_by_client", "--yes", "--", *CURL, "http://a/",
                  env=session)
            before = len(p.peers)
            done = subprocess.run(
                [BUILD / "auth407", "login", "--stdin", "--verify",
                 f"127.0.0.1:{p.port}"], env=environment(session), check=False,
                input="username=bob\npassword=other\n", capture_output=True,
                text=True)
            equal(logins(p, before), [b"bob:other"], done.stderr)


@test
def sent_once():
    """what the command was refused with is not sent again, whichever program
    sent it, and counts: at most two logins of one user"""
    w2 = {"AUTH407_USERNAME": "alice", "AUTH407_PASSWORD": "w2"}
    home = tempfile.mkdtemp(dir=SCRATCH)
    for name, text in (("gitconfig", "[http]\nproxy=http://alice:w3@{at}\n"),
                       ("npmrc", "proxy=http://alice:w4@{at}\n")):
        pathlib.Path(home, f".{name}").write_text(text)
    program = pathlib.Path(home, "program")
    program.write_text('#!/bin/sh\nexec curl -s -o /dev/null "$1"\n')
    program.chmod(0o755)
    node = pathlib.Path(home, "npm")
    node.write_text("#!/usr/bin/python3\n"
                    "import urllib.request as u, sys\n"
                    "p = u.ProxyHandler({'http': 'http://alice:w4@{at}'})\n"
                    "u.build_opener(p).open(sys.argv[1])\n")
    node.chmod(0o755)
    for command, env, sent in (
            (CURL, {}, ["w1"]),
            (["timeout", "9", *CURL], {}, ["w1"]),
            ([str(program)], {}, ["w1"]),
            ([str(node)], {"HOME": home}, ["w4", "w1"]),
            ([*CURL, "-x", "http://{at}", "-U", "alice:w4"], {"HOME": home},
             ["w4", "w1"]),
            (["sh", "-c", 'curl -s "$0"; git ls-remote -q "$0"; exit 1'],
             {"HOME": home, **w2}, ["w1", "w3"]),
            (["sh", "-c", 'curl -s -x http://alice:w5@{at} "$0";'
              'wget -qO- --proxy-user=alice --proxy-password=w6 "$0"; exit 1'],
             w2, ["w5", "w6"]),
            (CURL, w2, ["w1", "w2"]),
            (CURL, {"AUTH407_USERNAME": "alice", "AUTH407_PASSWORD": SECRET},
             ["w1", SECRET]),
            ([*CURL, "-x", "http://{at}", "-U", "ALICE:w3"],
             w2, ["w3", "w2"]),
            (["sh", "-c", 'curl -s "$0"; wget -qO- "$0"; exit 1'], {},
             ["w1", "w1"])):
        with proxy(SECRET) as p:
            at = f"127.0.0.1:{p.port}"
            for path in (".gitconfig", ".npmrc", "npm"):
                path = pathlib.Path(home, path)
                path.write_text(re.sub(r"\{at\}|127\.0\.0\.1:\d+", at,
                                       path.read_text()))
            words = [w.replace("{at}", at) for w in command]
            done = subprocess.run(
                [BUILD / "auth407", "doctor", "--yes", "--", *words,
                 "http://a/"],
                env=environment({**both(f"http://alice:w1@{at}"), **env}),
                capture_output=True, text=True, check=False)
            got = [x.decode().split(":", 1)[1] for x in logins(p)]
            equal(got[:len(sent)], sent, done.stdout)
            equal([x for x in got[len(sent):] if x != SECRET], [], done.stdout)
