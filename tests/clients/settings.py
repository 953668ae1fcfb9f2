# SPDX-License-Identifier: MIT
"""Where the login and the log may stand, and that a broken setting leaves the
program as it would be without us."""

import re
import shutil
import urllib.parse

from clients import BY_NAME, Run, apt_update, proxy_variables
from proxies import ODD_PASSWORD, ODD_USER, PASSWORD, USER
from running import (check, check_event, check_resolved, explained, look,
                     statuses)

GOOD_FILE = "# a comment\n[proxy.test:{port}]\nusername = {user}\n" \
            "password = {password}\n"


def quoted_url(proxy):
    user, password = (urllib.parse.quote(x, safe="")
                      for x in (ODD_USER, ODD_PASSWORD))
    return f"http://{user}:{password}@proxy.test:{proxy.port}"


def works(proxy, name, target, change, user=ODD_USER, launcher=False):
    """The client gets through with the settings that change(task, run) makes;
    it returns the variables of the login."""
    def run(bench):
        task = bench.task(proxy, target)
        command = BY_NAME[name].build(task)
        login = change(task, command)
        mark = proxy.mark()
        by = bench.launched if launcher else bench.preloaded
        result = by(task, command, login)
        with explained(result, proxy, mark):
            check(result.good, "it does not work")
            check_resolved(result, task)
            users = {s.user for s in proxy.since(mark, enough=2)
                     if s.status == 200}
            check(users == {user}, f"the proxy knows it as {users}")
    return run


def in_url(task, run):
    run.env.update(http_proxy=quoted_url(task.proxy),
                   https_proxy=quoted_url(task.proxy))
    return {}


def in_variables(_task, _run):
    return {"AUTH407_USERNAME": ODD_USER, "AUTH407_PASSWORD": ODD_PASSWORD}


def credential_file(task, text=GOOD_FILE, mode=0o600, name="credentials"):
    path = task.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.format(port=task.proxy.port, user=ODD_USER,
                                password=ODD_PASSWORD))
    path.chmod(mode)
    return path


def in_file(task, _run):
    return {"AUTH407_CREDENTIALS": str(credential_file(task))}


def in_default_file(task, _run):
    credential_file(task, name="config/auth407/credentials")
    return {}


def others(result, task):
    """What stands on stderr and is not from us."""
    text = result.err.decode(errors="replace").replace(str(task.folder), "")
    # wget says when; that differs
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "", text)
    return [line for line in text.splitlines()
            if not line.startswith("auth407:")]


def without_effect(proxy, name, target, change, expected, user, bad):
    """A setting that can't be used: exit status and output as without the
    library, one request, and a log line with what is expected of it; one more
    that says what is wrong with a bad credential file."""
    def run(bench):
        before = bench.task(proxy, target)
        plain = bench.plain(before, BY_NAME[name].build(before), user)
        task = bench.task(proxy, target)
        command = BY_NAME[name].build(task)
        login = change(task, command)
        proxy.since(proxy.mark())
        mark = proxy.mark()
        result = bench.preloaded(task, command, login, user)
        with explained(result, proxy, mark):
            check(result.code == plain.code, f"exit status {result.code}, "
                  f"without the library {plain.code}")
            check(result.out == plain.out, "stdout differs")
            check(result.code != 0, "it got through")
            seen = proxy.since(mark)
            check(statuses(seen) == [407], f"the proxy saw {seen}")
            check(len(result.events) == 1, "the log should hold one line")
            check_event(result.events[0], expected)
            complaint = [x for x in result.problems if "credentials" in x]
            check(len(complaint) == bool(bad), f"complaints: {complaint}")
        check(others(result, task) == others(plain, before),
              f"stderr differs:\n{result.err.decode()}\n{plain.err.decode()}")
    return run


def bad_file(text=GOOD_FILE, mode=0o600, owner=None):
    def change(task, _run):
        path = credential_file(task, text, mode)
        if owner:
            shutil.chown(path, owner)
        return {"AUTH407_CREDENTIALS": str(path)}
    return change


def missing_file(task, _run):
    return {"AUTH407_CREDENTIALS": str(task.folder / "nothing")}


def other_proxy(task, _run):
    text = GOOD_FILE.replace("proxy.test", "other.test")
    return {"AUTH407_CREDENTIALS": str(credential_file(task, text))}


def own_proxy_option(task, run):
    """The client knows its proxy from elsewhere; nothing tells us of it."""
    run.env.clear()
    run.argv[1:1] = ["-x", task.proxy.url]
    return {"AUTH407_USERNAME": USER, "AUTH407_PASSWORD": PASSWORD}


def usual(**more):
    def change(_task, _run):
        return {"AUTH407_USERNAME": USER, "AUTH407_PASSWORD": PASSWORD, **more}
    return change


def log_to(where, user=None):
    """A log that can't be written: the client works all the same."""
    def run(proxy):
        def test(bench):
            task = bench.task(proxy)
            path = where
            if where == "read-only":
                path = bench.lab.folder(f"run/{task.folder.name}/ro", 0o555)
                path = path / "log"
            login = {**usual()(task, None), "AUTH407_LOG": str(path).format(
                folder=task.folder)}
            result = bench.preloaded(task, BY_NAME["curl"].build(task), login,
                                     user)
            check(result.good and not result.out, result.describe())
            check(not others(result, task), "stderr is not empty\n"
                  + result.describe())
        return test
    return run


def log_to_stderr(proxy):
    def run(bench):
        task = bench.task(proxy)
        login = usual(AUTH407_LOG="stderr")(task, None)
        result = bench.preloaded(task, BY_NAME["curl"].build(task), login)
        check(result.good and b'"resolved"' in result.err, result.describe())
    return run


def observed(proxy):
    """auth407 observe: the wire as it is, and one line."""
    def run(bench):
        task = bench.task(proxy)
        mark = proxy.mark()
        result = bench.launched(task, BY_NAME["curl"].build(task),
                                options=("observe", "--"))
        with explained(result, proxy, mark):
            check(result.code == 22, "curl should fail by itself")
            check(statuses(proxy.since(mark)) == [407], "more than one request")
            check(len(result.events) == 1, "the log should hold one line")
            check_event(result.events[0], {"outcome": "observed"})
    return run


def switched_off(proxy):
    def run(bench):
        task = bench.task(proxy)
        result = bench.preloaded(task, BY_NAME["curl"].build(task),
                                 usual(AUTH407_MODE="off")(task, None))
        check(result.code == 22 and not result.events, result.describe())
    return run


def two_tools(proxy):
    """A script under auth407: each tool is served, each has its line, and the
    line knows the shell that started the tool."""
    def run(bench):
        task = bench.task(proxy)
        script = (f"curl -sSf -o {task.folder}/a {task.url} && "
                  f"wget -q -O {task.folder}/b {task.url}; exit 7")
        result = bench.launched(task, Run(["sh", "-c", script],
                                          proxy_variables(task)),
                                options=("--memory=no", "--"))
        check(result.code == 7, "the script's exit status is lost\n"
              + result.describe())
        a, b = ((task.folder / n) for n in "ab")
        check(a.exists() and b.exists() and a.read_bytes() == b.read_bytes(),
              result.describe())
        binaries = [look(e, "process.executable.path") for e in result.events]
        check(binaries == [BY_NAME[n].binaries("http")
                           for n in ("curl", "wget")],
              f"log: {binaries}\n" + result.describe())
        for event in result.events:
            parents = [p.get("executable", "") for p in
                       look(event, "process.parents") or []]
            check(any(p.endswith("sh") for p in parents),
                  f"log: parents {parents}\n" + result.describe())
    return run


def stale_in_a_pipeline(proxy):
    """A nonce that ends while several requests are under way: apt gets what it
    asked for, or the proxy's own 407 and a line that says why."""
    def run(bench):
        task = bench.task(proxy)
        result = bench.preloaded(task, apt_update("root", True)(task))
        causes = {look(e, "cause") for e in result.events
                  if look(e, "outcome") != "resolved"}
        check(result.good or (result.code == 100
                              and causes == {"not_replayable"}),
              result.describe())
    return run


NOT_RETRIED = {"outcome": "not_retried"}


def because(cause):
    return {"outcome": "not_retried", "cause": cause}


def tests(proxy):
    if proxy.name == "squid-digest2":
        yield (f"{proxy.name} apt-get with requests in a pipeline: served, or "
               "told why", stale_in_a_pipeline(proxy))
    if proxy.name not in ("squid-basic", "squid-digest"):
        return
    for name, target in (("socat", "http"), ("openssl", "https"),
                         ("node", "http"), ("node", "https"),
                         ("apt-get", "http"), ("php", "https")):
        yield (f"{proxy.name} login in http_proxy alone, encoded: {name} "
               f"{target}", works(proxy, name, target, in_url))
    if proxy.scheme == "digest":  # they send Basic, of their own accord
        for name in ("curl", "wget", "git", "urllib"):
            yield (f"{proxy.name} login in http_proxy alone, encoded: {name}",
                   works(proxy, name, "http", in_url))
    for launcher in (False, True):
        by = "auth407 --" if launcher else "the library"
        for label, change in (("variables, odd characters", in_variables),
                              ("credential file", in_file),
                              ("default credential file", in_default_file)):
            yield (f"{proxy.name} login in {label}: curl with {by}",
                   works(proxy, "curl", "https", change, launcher=launcher))
    yield (f"{proxy.name} login in credential file: openssl, no variable",
           works(proxy, "openssl", "https", in_file))
    refused = [
        ("no login", lambda *_: {}, because("no_credential"), None),
        ("world-readable credential file", bad_file(mode=0o644), NOT_RETRIED,
         None),
        ("group-readable credential file", bad_file(mode=0o640), NOT_RETRIED,
         None),
        ("unreadable credential file", bad_file(mode=0, owner="nobody"),
         NOT_RETRIED, "nobody"),
        ("malformed credential file",
         bad_file(GOOD_FILE + "paswort = {password}\n"), NOT_RETRIED, None),
        ("missing credential file", missing_file, NOT_RETRIED, None),
        ("login for another proxy", other_proxy,
         because("credential_for_other_endpoint"), None),
        ("proxy that nobody told of", own_proxy_option,
         because("endpoint_not_configured"), None),
        ("scheme that is not allowed", usual(AUTH407_SCHEMES="ntlm"),
         because("scheme_not_allowed"), None),
    ]
    bad_files = [label for label, *_ in refused
                 if label.endswith("readable credential file")
                 or label.startswith("malformed")]
    for label, change, expected, user in refused:
        if not label.startswith("proxy that"):
            yield (f"{proxy.name} {label}: wget as without the library",
                   without_effect(proxy, "wget", "http", change, expected,
                                  user, label in bad_files))
        yield (f"{proxy.name} {label}: curl as without the library",
               without_effect(proxy, "curl", "https", change, expected, user,
                              label in bad_files))
    for label, test in (
            ("log in a missing directory", log_to("{folder}/no/where/log")),
            ("log in a read-only directory", log_to("read-only", "nobody")),
            ("log on a full device", log_to("/dev/full")),
            ("log that is a directory", log_to("{folder}"))):
        yield f"{proxy.name} {label}: curl works all the same", test(proxy)
    yield f"{proxy.name} log on stderr", log_to_stderr(proxy)
    yield f"{proxy.name} auth407 observe changes nothing", observed(proxy)
    yield f"{proxy.name} AUTH407_MODE=off does nothing", switched_off(proxy)
    yield f"{proxy.name} auth407 runs a script of two tools", two_tools(proxy)
