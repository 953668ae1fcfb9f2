# SPDX-License-Identifier: MIT
"""What the report says: the text, JSON, CSV; the terminal; hostile logs."""

import csv
import io
import json
import re
import subprocess
import unicodedata

import jsonschema

from common import (HOME, ROOT, Skip, at, check, equal, findings, has, lacks,
                    log, not_covered, on_terminal, record, report, test)

JAVA = "/usr/lib/jvm/java-17/bin/java"


def mixed():
    """Programs of every group, through two proxies."""
    never = {"cause": "not_sent_by_client", "outcome": "resolved",
             "final__status_code": 200}
    lines = [record(JAVA, ["java", "-jar", "/o/agent.jar"],
                    caller__module="libnio.so", timestamp=at(h),
                    detail="userinfo in https_proxy") for h in range(3)]
    lines += [record("/usr/bin/wget", timestamp=at(5))]
    lines += [record("/usr/bin/curl", caller__module="libcurl.so.4",
                     timestamp=at(6), **never) for _ in range(4)]
    lines += [record("/usr/bin/git", cause="no_credential",
                     outcome="not_retried")]
    lines += [record("/usr/bin/apt", cause="rejected", outcome="unresolved",
                     detail="the password ends with a blank",
                     lint=["blank_last", "of_the_future"],
                     attempts=[{"scheme": "basic", "status_code": 407,
                                "duration_ms": 1.5, "reconnected": False,
                                "stale": False, "credential": "http_proxy"}])]
    lines += [record(JAVA, ["java", "-jar", "/o/agent.jar"],
                     proxy__address="other.test", caller__module="libnet.so")]
    return log("mixed.jsonl", *lines)


@test
def dropped_first():
    """the text names first who dropped the header, with module, proxy, count,
    times, how it ended, evidence and the line that fixes it"""
    done = report(mixed())
    equal(done.status, 1, "status")
    dropped, rest = done.out.split("\nSent none at first\n")
    has(dropped, "11 exchanges with a 407, 7 still failing\n"
                 "2026-11-21 00:00:00 to 2026-11-21 12:00:00, local time\n")
    dropped = dropped.split("\nDropped the header\n")[1]
    programs = re.findall(r"^  (/\S+(?: \(\S+\))?) +(.*)$", dropped, re.M)
    equal(programs, [(JAVA + " (agent.jar)", "4, 4 still failing"),
                     ("/usr/bin/wget", "1, 1 still failing")], "programs")
    has(dropped, "    in libnio.so, at proxy proxy.test:3128\n"
                 "      3 times: 3 observed\n"
                 "      2026-11-21 00:00:00 to 2026-11-21 02:00:00\n"
                 "      evidence: userinfo in https_proxy\n"
                 "    in libnet.so, at proxy other.test:3128\n"
                 "      1 time: 1 observed\n      2026-11-21 12:00:00\n"
                 "    Fix: ")
    has(dropped, "    Fix: Add to ~/.wgetrc:\n        proxy_user = USER\n"
                 "        proxy_password = PASSWORD\n"
                 "      Or change nothing, and run: auth407 -- COMMAND\n")
    has(rest, "  /usr/bin/curl ")
    has(rest, "      4 times: 4 resolved\n")
    has(rest, "git config --global http.proxy http://USER@proxy.test:3128\n")
    other = rest.split("\nOther causes\n")[1]
    has(other, "rejected: ")
    has(other, "      evidence: the password ends with a blank\n")
    has(" ".join(other.split()), "Fix: run: auth407 login "
        "proxy.test:3128 Check user name and password in http_proxy. ")


@test
def tables():
    """tables per binary, module, proxy, cause and user add up"""
    data = report("--format", "json", mixed()).json()
    equal([f["lint"] for f in data["findings"] if f["lint"]], [["blank_last"]])
    equal(set(data["tables"]), {"binary", "module", "proxy", "cause", "user"})
    for name, table in data["tables"].items():
        rows = table["rows"]
        equal(sum(r["total"] for r in rows), 11, name)
        equal(sum(r["still_failing"] for r in rows), 7, name)
        equal([r["total"] for r in rows],
              sorted((r["total"] for r in rows), reverse=True), name)
    rows = {r["key"]: r for r in data["tables"]["proxy"]["rows"]}
    equal((rows["proxy.test:3128"]["total"], rows["other.test:3128"]["total"]),
          (10, 1), "proxies")
    rows = {r["key"]: r["total"] for r in data["tables"]["user"]["rows"]}
    equal(rows, {"(nobody)": 10, "(credential of http_proxy)": 1}, "users")
    text = report(mixed()).out
    for name in data["tables"]:
        has(text, f"\nBy {name}\n")
    has(text, "rejected: The proxy refused our credential")


@test
def json_shape():
    """JSON output fits docs/report-schema.json, with every kind of line"""
    schema = json.loads((ROOT / "docs/report-schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    valid = jsonschema.Draft202012Validator(schema)
    problem = {"timestamp": at(1), "schema": 1,
               "event": {"name": "auth407.problem"}, "message": "broken",
               "process": {"pid": 1}, "records_lost": 2}
    odd = log("odd.jsonl", record(cause="of_the_future"), problem, "torn {",
              not_covered("/bin/foo"), not_covered("/bin/foo"),
              {"other": 1}, record(http__response__status_code=200,
                                   cause="none", final__status_code=200))
    for args in ((mixed(),), (odd,), ("--top", "1", mixed()), (mixed(), odd),
                 ("--cause", "rejected", mixed()), (log("empty.jsonl"),)):
        data = report("--format", "json", *args).json()
        errors = [f"{list(e.absolute_path)}: {e.message}"
                  for e in valid.iter_errors(data)]
        equal(errors, [], str(args))
    data = report("--format", "json", odd).json()
    got = {k: data["input"][k] for k in (
        "lines", "torn", "foreign", "problems", "not_covered", "without_407",
        "lost")}
    equal(got, {"lines": 7, "torn": 1, "foreign": 1, "problems": 1,
                "not_covered": 2, "without_407": 1, "lost": 2}, "input")
    equal([(r["program"], r["total"]) for r in data["not_covered"]["rows"]],
          [("/bin/foo (static)", 2)])
    equal([r["message"] for r in data["problem"]["rows"]], ["broken"])
    has(report(odd).out, "of_the_future: unknown to this version")


@test
def timeline():
    """the timeline has every 407 in its bucket"""
    line = report("--format", "json", mixed()).json()["timeline"]
    equal(line["start"], "2026-11-21T00:00:00Z", "start")
    equal(sum(sum(b.values()) for b in line["buckets"]), 11, "sum")
    width = line["bucket_seconds"]
    equal(line["buckets"][6 * 3600 // width]["resolved"], 4, "at six")
    check(len(line["buckets"]) <= 480, len(line["buckets"]))


@test
def csv_rows():
    """CSV is RFC 4180, one width throughout, and says what JSON says"""
    done = report("--format", "csv", mixed())
    check(done.raw.endswith(b"\r\n"), "line end")
    rows = list(csv.DictReader(io.StringIO(done.out, newline=""),
                               strict=True))
    for row in rows:
        check(None not in row and None not in row.values(), row)
    data = report("--format", "json", mixed()).json()
    for name in data["tables"]:
        mine = [r for r in rows if r["table"] == name]
        equal([(r["key"], int(r["total"]), r["last_seen"]) for r in mine],
              [(r["key"], r["total"], r["last_seen"])
               for r in data["tables"][name]["rows"]], name)
    mine = [r for r in rows if r["table"] == "finding"]
    equal([(r["binary"], r["module"], r["proxy"], r["cause"], r["line"])
           for r in mine],
          [(f["binary"], f["module"], f["proxy"], f["cause"],
            f["advice"]["line"]) for f in data["findings"]], "findings")


@test
def csv_formulas():
    """no CSV field begins as a spreadsheet's formula does, and no other text
    is changed"""
    names = ["=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "\n=1"]
    unseen = " \u00a0\ufeff\u2028\u2029\u200b\u200d\u2060\u3000\u00ad\u202e"
    names += [c + "=1" for c in unseen] + [unseen + "-1"]
    names += [c + "1" for c in "\uff1d\uff0b\uff0d\uff20\u2212\ufe62"]
    plain = ['="x"'[1:], "a=1", " a", "\ufeffa", "1-1", "\u00e9=1", "'=1"]
    file = log("formulas.jsonl", *(record(n, [n], caller__module=n)
                                   for n in names + plain))
    done = report("--format", "csv", file)
    rows = list(csv.DictReader(io.StringIO(done.out, newline="")))
    fields = [f for row in rows for f in row.values()]
    check(any("SUM" in f for f in fields), "the name is there")
    for field in fields:
        seen = [c for c in field if unicodedata.category(c)[0] not in "CZ"]
        check(not seen or seen[0] not in "=+-@\uff1d\uff0b\uff0d\uff20\u2212"
              "\ufe62", repr(field))
    modules = {r["key"] for r in rows if r["table"] == "module"}
    for name in plain:
        check(name in modules, repr(name))


HOSTILE = ["\x1b]0;title\x07", "\x1b[2J", "\x9b31m", "a\nb", "a\rb", "\x7f",
           "\u202egpj.exe", "\u200bx", "\x00nul", "\x85", "e\u0301",
           "\U000e0041", "\ufeff"]


@test
def hostile_text():
    """no control character of a log reaches the output, in any format"""
    lines = []
    for text in HOSTILE:
        lines.append(record("/bin/" + text, [text, text],
                            caller__module=text, proxy__address=text,
                            cause="x" + text, detail=text,
                            url__target=text))
        lines.append({"timestamp": at(1), "schema": 1, "message": text,
                      "event": {"name": "auth407.problem"}})
        lines.append(not_covered("/bin/" + text, text))
        lines.append(record(http__request__proxy_authorization={
            "present": True, "scheme": text, "username": text}))
    file = log("hostile.jsonl", *lines)
    for args in (("--all",), ("--format", "json"), ("--format", "csv")):
        done = report(*args, file)
        equal(done.status, 1, args)
        for char in done.out.replace("\r\n", "\n") if "csv" in args \
                else done.out:
            check(char == "\n" or unicodedata.category(char) != "Cc",
                  f"{args}: {char!r}")
    text = report("--all", file).out
    for char in text:  # a person reads this: nothing unseen either
        check(char == "\n" or unicodedata.category(char) not in
              ("Cc", "Cf", "Cs", "Co"), repr(char))
    has(text, "\\x1b]0;title\\x07")
    has(text, "\\u{202e}gpj.exe")
    data = report("--format", "json", file).json()
    check(any(r["key"] == "\x9b31m" for r in data["tables"]["module"]["rows"]),
          "JSON keeps what was there")


@test
def pasted_lines():
    """a proxy's name from the log can't put a command into the line to add"""
    file = log("shell.jsonl", record(
        "/usr/bin/git", proxy__address="a.test;reboot #$(id)`id`\"'\n&|"))
    line = findings(file)["/usr/bin/git"]["advice"]["line"]
    equal(line, "git config --global http.proxy "
                "http://USER@a.testrebootidid:3128\n"
          "git config --global http.proxyAuthMethod basic")


def columns(line):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else
               0 if unicodedata.combining(c) else 1 for c in line)


@test
def width():
    """text fits the terminal, whatever its width; lines to copy stay whole"""
    long = "/opt/" + "very-long-folder/" * 20 + "d\u00e9p\u00f4t-\u6f22\u5b57"
    file = log("wide.jsonl", *[record(
        long + str(i), caller__module="lib" + "m" * 90, detail="word " * 60,
        cause=c, proxy__address="p" * 70 + ".test")
        for i in range(3) for c in ("dropped_by_client", "rejected", "new")])
    for wide in (40, 50, 60, 69, 70, 80, 109, 110, 132, 200):
        for done in (report(file, env={"COLUMNS": str(wide)}),
                     on_terminal("--color", "never", file, columns=wide)):
            for line in done.out.splitlines():
                check(columns(line) <= wide or line.startswith("        "),
                      f"{wide}: {columns(line)}: {line}")
    many = log("wide-head.jsonl", *[record()] * 1000)
    text = report(many, env={"COLUMNS": "40"}).out
    has(text, "1000 exchanges with a 407,\n  1000 still failing\n")
    for wide in ("", "0", "x", "7"):
        has(report(file, env={"COLUMNS": wide}).out, "9 exchanges")


@test
def years():
    """narrow tables show the day with its year, where years differ"""
    file = log("years.jsonl", record(timestamp="2024-11-21T12:00:00.000000Z"),
               record())
    for wide in ("70", "80", "109"):
        text = report(file, env={"COLUMNS": wide}).out
        has(text, "  first       last\n")
        check(re.search(r"^  /usr/bin/wget .*  2024-11-21  2026-11-21$", text,
                        re.M), text)
    text = report(file, env={"COLUMNS": "110"}).out
    has(text, "  2024-11-21 12:00:00  2026-11-21 12:00:00\n")
    has(report(log("years.jsonl", record())).out,
        "  11-21 12:00  11-21 12:00\n")


@test
def colors():
    """colours only on a terminal, never with NO_COLOR or TERM=dumb, unless
    asked for"""
    file = mixed()
    escape = "\x1b["
    has(on_terminal(file).out, escape)
    lacks(on_terminal(file, env={"NO_COLOR": "1"}).out, escape)
    has(on_terminal(file, env={"NO_COLOR": ""}).out, escape)  # no-color.org
    lacks(on_terminal(file, env={"TERM": "dumb"}).out, escape)
    lacks(on_terminal("--color", "never", file).out, escape)
    lacks(report(file).out, escape)
    plain = report(file).out
    always = report("--color", "always", file, env={"NO_COLOR": "1"}).out
    has(always, escape)
    equal(re.sub(r"\x1b\[\d+m", "", always), plain, "the same text")
    lacks(on_terminal("--format", "json", file).out, escape)


@test
def top():
    """--top cuts tables and lists and says so; --all cuts nothing"""
    file = log("many.jsonl", *[record(f"/bin/t{i:02}") for i in range(15)])
    rows = re.compile(r"^  /bin/t\d\d ", re.M)
    text = report(file).out
    equal(len(rows.findall(text)), 20, "10 programs, 10 rows")
    equal(text.count("and 5 more: --all shows them"), 2, "said")
    equal(len(rows.findall(report("--top", "3", file).out)), 6)
    text = report("--all", file).out
    equal(len(rows.findall(text)), 30)
    lacks(text, "more: --all")
    data = report("--format", "json", file).json()
    equal((len(data["findings"]), data["findings_omitted"]), (15, 0))
    data = report("--format", "json", "--top", "4", file).json()
    equal((len(data["findings"]), data["findings_omitted"]), (4, 11))
    equal(data["tables"]["binary"]["omitted"], 11)


@test
def locale():
    """without a UTF-8 locale the text is ASCII"""
    file = log("utf8.jsonl", record("/bin/d\u00e9p\u00f4t"))
    for lang in ("C", "POSIX"):
        has(report(file, env={"LC_ALL": lang}).out, "/bin/d\\u{e9}p\\u{f4}t")
    has(report(file).out, "/bin/d\u00e9p\u00f4t")
    # one that has these letters, in other bytes
    made = subprocess.run(
        ["localedef", "-f", "ISO-8859-1", "-i", "en_US",
         str(HOME / "en_US.ISO-8859-1")], capture_output=True, check=False)
    if made.returncode:
        raise Skip(f"no Latin-1 locale: {made.stderr.decode()[:200]}")
    done = report(file, env={"LC_ALL": "en_US.ISO-8859-1",
                             "LOCPATH": str(HOME)})
    has(done.out, "/bin/d\\u{e9}p\\u{f4}t")
    check(done.out.isascii(), done.out)


@test
def marks():
    """text shows no more than three marks on one character"""
    file = log("marks.jsonl", record("/bin/Z" + "\u0335\u0336" * 60 + "y"))
    text = report("--all", file).out
    has(text, "/bin/Z\u0335\u0336\u0335\\u{336}")
    for run in re.findall("[\u0300-\u036f]+", text):
        check(len(run) <= 3, ascii(run))


@test
def mute_client():
    """a client that speaks none of the proxy's schemes gets no useless line"""
    ntlm = [{"scheme": "NTLM", "realm": None}]
    both = ntlm + [{"scheme": "Basic", "realm": "x"}]
    file = log("ntlm.jsonl",
               record("/usr/bin/wget", proxy__challenges=ntlm),
               record("/usr/bin/curl", proxy__challenges=ntlm),
               record("/usr/bin/socat", proxy__challenges=both))
    got = findings(file)
    equal(got["/usr/bin/wget"]["advice"]["line"], "", "wget")
    has(got["/usr/bin/wget"]["advice"]["text"],
        "speaks only Basic, and this proxy offers NTLM")
    check(got["/usr/bin/wget"]["advice"]["auth407_would_do"], "auth407")
    has(got["/usr/bin/curl"]["advice"]["line"], "\nproxy-ntlm")
    has(got["/usr/bin/socat"]["advice"]["line"], "proxyauth=USER:PASSWORD")


@test
def other_schemes():
    """a proxy with Bearer alone, with what nobody speaks, and two proxies of
    one program: the advice is for each"""
    def at_proxy(name, *schemes, **more):
        return record(proxy__address=name, proxy__challenges=[
            {"scheme": s, "realm": None} for s in schemes], **more)
    got = findings(log("bearer.jsonl", at_proxy("a.test", "Bearer")))
    advice = got["/usr/bin/wget"]["advice"]
    equal(advice["line"], "", "line")
    has(advice["text"], "offers Bearer")
    equal(advice["auth407_command"], "auth407 -- COMMAND")
    got = findings(log("nobody.jsonl", at_proxy("a.test", "Hobo"),
                       at_proxy("a.test", "Hobo", path="/usr/bin/mytool")))
    for binary in got:
        advice = got[binary]["advice"]
        equal((advice["line"], advice["auth407_would_do"],
               advice["auth407_command"]), ("", False, ""), binary)
        has(advice["text"], "auth407 speaks none of that, either")
    has(got["/usr/bin/wget"]["advice"]["text"], "nothing that is known here")
    text = report(log("two.jsonl", at_proxy("a.test", "Basic"),
                      at_proxy("b.test", "Digest"))).out
    has(text, "a.test:3128\n      1 time: 1 observed\n"
        "      2026-11-21 12:00:00\n    Fix: Add to ~/.wgetrc:")
    has(text, "b.test:3128\n      1 time: 1 observed\n"
        "      2026-11-21 12:00:00\n    Fix: run: auth407 -- COMMAND\n"
        "      To a proxy this client speaks only Basic")


@test
def one_command():
    """where no login that the proxy takes is known, each form of the report has
    the same command: login, and of what was only observed the program"""
    def advice(cause, *schemes, path="/opt/tool", outcome="not_retried"):
        file = log("lacking.jsonl", record(
            path, cause=cause, outcome=outcome, proxy__challenges=[
                {"scheme": s, "realm": None} for s in schemes]))
        return findings(file)[path]["advice"], file
    login = "auth407 login proxy.test:3128"
    for cause in ("no_credential", "credential_for_other_endpoint", "rejected",
                  "rejected_after_success", "client_rejected",
                  "held_back_after_rejection"):
        for schemes in (("Basic",), ("Negotiate", "Bearer"), ("Bearer",), ()):
            for outcome, command in (
                    ("not_retried", login),
                    ("observed", login + " && auth407 -- COMMAND")):
                got, file = advice(cause, *schemes, outcome=outcome)
                equal((got["where"], got["line"], got["auth407_command"]),
                      ("", "", command), schemes)
                has(report(file).out, f"\n    Fix: run: {command}\n")
                has(report("--format", "csv", file).out, f',"{command}"\r\n')
                has(report(file, brief=True).out,
                    f"\n    {command.replace('COMMAND', 'tool')}\n")
    for cause in ("no_credential", "credential_for_other_endpoint"):
        got, _ = advice(cause, "Hobo")
        equal((got["line"], got["auth407_command"]), ("", ""))
        has(got["text"], "auth407 speaks none of that, either")
    _, file = advice("no_credential", "Basic", path="/usr/bin/wget")
    has(report(file).out, f"Or change nothing, and run: {login}\n")


@test
def credential_place():
    """where a refused credential stands is said in one sentence"""
    tried = [{"scheme": "basic", "status_code": 407, "duration_ms": 1.5,
              "reconnected": False, "stale": False, "credential": "/c:12"}]
    for cause, attempts, text in (
            ("rejected", tried, "Check user name and password in /c:12."),
            ("rejected", [], "Check user name and password where the record "
                             "says they stand."),
            ("rejected_after_success", tried,
             "Enter the new password in /c:12."),
            ("malformed_credential", tried,
             "Write it again; percent-encode special characters in a URL. "
             "The credential stands in /c:12."),
            ("stale_nonce", tried, "Nothing to do.")):
        got = findings(log("place.jsonl", record(
            cause=cause, outcome="unresolved", attempts=attempts)))
        equal(got["/usr/bin/wget"]["advice"]["text"], text, cause)


@test
def allowed_scheme():
    """the scheme to allow is named where auth407 speaks it, or there is no
    line"""
    for schemes, line in (
            (("Basic", "NTLM"), "auth407 --schemes ntlm,basic -- COMMAND"),
            (("Basic", "Hobo"), "auth407 --schemes basic -- COMMAND"),
            (("Hobo",), ""), ((), "")):
        got = findings(log("forbidden.jsonl", record(
            cause="scheme_not_allowed", proxy__challenges=[
                {"scheme": s, "realm": None} for s in schemes])))
        equal(got["/usr/bin/wget"]["advice"]["line"], line, schemes)


@test
def weaker_scheme():
    """a proxy that offers less than before: the line that allows it"""
    got = findings(log("weaker.jsonl", record(cause="weaker_scheme_offered")))
    line = got["/usr/bin/wget"]["advice"]["line"]
    equal(line, "auth407 --clear yes -- COMMAND")


@test
def wrong_scheme():
    """a client that sends what is not offered gets the line for what is"""
    digest = [{"scheme": "Digest", "realm": "x"}]
    got = findings(log("mismatch.jsonl", *(record(
        path, cause="client_scheme_mismatch", proxy__challenges=digest,
        http__request__proxy_authorization={
            "present": True, "scheme": "Basic", "username": "u"})
        for path in ("/usr/bin/curl", "/usr/bin/wget"))))
    has(got["/usr/bin/curl"]["advice"]["line"], "\nproxy-digest")
    equal(got["/usr/bin/wget"]["advice"]["line"], "", "wget")
    for binary in got:
        equal(got[binary]["advice"]["auth407_command"], "auth407 -- COMMAND")


@test
def sent_before():
    """a header that was sent before and is missing now is told"""
    file = log("reuse.jsonl", *[record(
        http__request__proxy_authorization={
            "present": False, "scheme": None, "username": None,
            "sent_before": x}) for x in ("connection", "program", "never")])
    has(report(file).out, "2 of them after it had sent a header before")
    equal(findings(file)["/usr/bin/wget"]["after_sending"], 2)


def sent(scheme="Basic", user="alice", **more):
    return {"http__request__proxy_authorization": {
        "present": True, "scheme": scheme, "username": user}, **more}


@test
def answered_by_client():
    """a client that sends its header when it is asked has dropped nothing:
    the record of its repeat takes the 407 back"""
    def again(n, status, **more):
        cause = "answered_by_client" if status == 200 else "client_rejected"
        return record(http__request__resend_count=n, cause=cause,
                      outcome="resolved" if status == 200 else "observed",
                      http__response__status_code=status,
                      final__status_code=status, **sent(), **more)
    other = record("/usr/bin/other", process__pid=43)
    # a repeat that worked; one of two steps (NTLM); one that was refused
    for lines, got, status in (
            ([record(), again(1, 200)], {"answered_by_client": 1}, 0),
            ([record(), again(1, 407), again(2, 200)],
             {"answered_by_client": 1}, 0),
            ([record(), again(1, 407)], {"client_rejected": 1}, 1),
            # other processes, targets and proxies are other exchanges
            ([record(), other, again(1, 200)],
             {"answered_by_client": 1, "dropped_by_client": 1}, 1),
            ([record(url__target="http://b.test/"), again(1, 200)],
             {"answered_by_client": 1, "dropped_by_client": 1}, 1),
            ([record(proxy__port=80), again(1, 200)],
             {"answered_by_client": 1, "dropped_by_client": 1}, 1),
            # the same request once more, later, without a repeat
            ([record(), again(1, 200), record()],
             {"answered_by_client": 1, "dropped_by_client": 1}, 1),
            # a record that waited for a thousand others waits no more
            ([record()] + [record("/bin/x", process__pid=n + 100)
                           for n in range(1024)] + [again(1, 200)],
             {"answered_by_client": 1, "dropped_by_client": 1025}, 1)):
        done = report("--format", "json", log("again.jsonl", *lines))
        rows = done.json()["tables"]["cause"]["rows"]
        equal({r["key"]: r["total"] for r in rows}, got, "causes")
        equal(done.status, status, got)
    # the same process number again, hours later, and another program's
    for lines, n in (
            ([record(timestamp=at(8), process__pid=7),
              record(timestamp=at(12), process__pid=7,
                     cause="not_sent_by_client"),
              again(1, 200, path="/usr/bin/curl", timestamp=at(12, 1),
                    process__pid=7)], 3),
            # a service asked four times, and answered the last time
            ([record(JAVA, timestamp=at(h)) for h in (8, 9, 10, 12)] +
             [again(1, 200, path=JAVA, timestamp=at(12, 1))], 4),
            # two requests at once, of which one was repeated
            ([record(), record(), again(1, 200)], 2),
            ([record(), record(), again(1, 407), again(1, 200)], 2),
            ([record(timestamp=at(8)),
              again(1, 200, timestamp=at(8, 16))], 2),
            ([record(timestamp=at(9)), again(1, 200, timestamp=at(8))], 2)):
        done = report("--format", "json", log("again.jsonl", *lines))
        got = done.json()["all"]
        equal((got["total"], got["still_failing"], done.status),
              (n, n - 1, 1), lines)
    # a filter by cause does not bring the 407 back
    file = log("again.jsonl", record(), again(1, 200))
    equal(report("--cause", "dropped_by_client", file).status, 0, "filtered")


@test
def not_asked_first():
    """a client whose 407 auth407 answered: the list says that it is not known to
    drop a header, or what its other records show"""
    def advice(*others):
        first = {"cause": "not_sent_first", "outcome": "resolved",
                 "final__status_code": 200, "caller__module": "libcurl.so.4"}
        data = report("--format", "json",
                      log("first.jsonl", record(**first), *others)).json()
        found = [f for f in data["findings"] if f["cause"] == "not_sent_first"]
        equal((len(found), found[0]["group"]), (1, "never_sent"), "group")
        return found[0]["advice"]
    mine = {"caller__module": "libcurl.so.4"}
    answered = record(cause="answered_by_client", outcome="resolved",
                      http__request__resend_count=1, **sent(), **mine,
                      http__response__status_code=200, final__status_code=200)
    for others, text, line in (
            ([], "auth407 observe -- COMMAND shows whether it does.", True),
            ([record("/bin/other", **mine)], "shows whether", True),
            ([record(**mine)], "leaves a 407 unanswered", True),
            ([answered], "answers a 407 by itself", False)):
        got = advice(*others)
        has(got["text"], text)
        equal(bool(got["line"]), line, text)
        equal(bool(got["auth407_command"]), line, text)


@test
def users():
    """users: whom the program sent, we logged in, or whose credential is ours"""
    file = log("users.jsonl", record(**sent(user="bob")),
               record(**sent(scheme="Negotiate", user=None)), record(),
               record(attempts=[{"scheme": "basic", "status_code": 200,
                                 "duration_ms": 1, "reconnected": False,
                                 "stale": False, "credential": "/c:12"}]),
               record(attempts=[{"scheme": "ntlm", "leg": 2, "status_code": 200,
                                 "duration_ms": 1, "reconnected": False,
                                 "stale": False, "credential": "/c:13",
                                 "username": "CORP\\carol"}]))
    rows = report("--format", "json", file).json()["tables"]["user"]["rows"]
    equal({r["key"] for r in rows},
          {"bob", "(not told)", "(nobody)", "(credential of /c:12)",
           "CORP\\carol"})
