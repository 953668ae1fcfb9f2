# SPDX-License-Identifier: MIT
"""The text without tables: what still fails, of the last run, on a screen."""

from common import (HOME, at, check, equal, has, lacks, log, not_covered,
                    on_terminal, record, report, test)
from outputs import mixed


@test
def brief():
    """without --tables: what still fails, by its real command, and the line
    that mends it, in 20 lines; the rest is counted"""
    done = report(mixed(), brief=True)
    equal(done.status, 1, "status")
    check(done.out.count("\n") <= 20, done.out)
    has(done.out, "11 exchanges with a 407, 7 still failing\n")
    has(done.out, "\njava -jar /o/agent.jar\n  proxy.test:3128, 3 times: The "
                  "client was given a credential, but did not send\n"
                  "  it. userinfo in https_proxy\n"
                  "    auth407 -- java -jar /o/agent.jar\n")
    has(done.out, " more still fail: --all\n1 got through, or needs nothing: "
                  "--tables\n")
    whole = report("--all", mixed(), brief=True).out
    has(whole, "\n    auth407 login proxy.test:3128\n")
    has(" ".join(whole.split()), "expired or revoked. the password ends with a "
        "blank Check user name and password in http_proxy.")
    lacks(whole, "By binary")
    lacks(whole, "more still")
    odd = log("odd2.jsonl", record("/bin/x", ["x", "it's", "", "$(a)"]))
    has(report(odd, brief=True).out, "auth407 -- x 'it'\\''s' '' '$(a)'\n")
    for args in (["y" * 300], ["y" * 20] * 40, ["y"] * 100):
        one = log("long.jsonl", record("/bin/x", ["x", *args]))
        has(report(one, brief=True).out, "\n/bin/x\n")
        has(report(one, brief=True).out, PARTLY)


PARTLY = ("    auth407 -- COMMAND\n"
          "    COMMAND: as it was typed; the log has it only in part.\n")


@test
def not_typed():
    """a command that the log has not as it was typed is shown, but not offered:
    what was hidden, blanked, cut, a title, or can't be written here"""
    for args in (["curl", "-u", "[redacted]", "http://a/"],
                 ["curl", "http://a/?..."], ["curl", "http://a/x#..."],
                 ["curl", "-U", "     ", "http://a/"], ["curl", "-Uab    "],
                 ["curl", "a", ""], ["npm ci"], ["-bash"],
                 ["sh", "-c", "a\nb"], ["x", "b\x1b"], ["x", "b\u0085"]):
        done = report(log("hidden.jsonl", record("/bin/curl", args)),
                      brief=True)
        has(done.out, PARTLY)
        has(done.out, "\n" + args[0] if " " not in args[0] else "\n'npm ci'")
    umlaut = log("umlaut.jsonl", record("/bin/x", ["x", "\u00fc"]))
    has(report(umlaut, brief=True).out, "    auth407 -- x '\u00fc'\n")
    has(report(umlaut, brief=True, env={"LC_ALL": "C"}).out, PARTLY)


@test
def a_way_for_each():
    """who sent what the proxy does not take: as it is under auth407, which may
    have a scheme for it; where that has been, by a login that auth407 asks for.
    Nobody is left without a line"""
    mismatch = {"cause": "client_scheme_mismatch", "outcome": "observed",
                "detail": "sent: Basic; offered: Digest"}
    refused = {"cause": "client_rejected", "outcome": "observed"}
    for path in ("/bin/wget", "/bin/unheard-of", "/bin/curl"):
        for more, way in (
                (mismatch, "auth407 -- x"),
                (mismatch | {"outcome": "not_retried"},
                 "auth407 login proxy.test:3128"),
                (refused, "auth407 login proxy.test:3128 && auth407 -- x"),
                (refused | {"outcome": "not_retried"},
                 "auth407 login proxy.test:3128"),
                ({"cause": "held_back_after_rejection",
                  "outcome": "not_retried"},
                 "auth407 login proxy.test:3128"),
                ({"cause": "no_credential", "outcome": "observed"},
                 "auth407 login proxy.test:3128 && auth407 -- x")):
            one = log("way.jsonl", record(path, ["x"], **more))
            has(report(one, brief=True).out, f"\n    {way}\n")
    one = log("way.jsonl", record(
        "/bin/wget", ["x"], cause="no_credential",
        proxy={"address": "a;rm -r ~", "port": 1, "challenges": []}))
    has(report(one, brief=True).out, "    auth407 login arm-r:1 && ")


def uncoloured(*args):
    return on_terminal(*args, brief=True, env={"NO_COLOR": "1"})


@test
def last_run():
    """on a terminal it is about the last start, even if that met no 407"""
    state = HOME / "state/auth407"
    state.mkdir(parents=True)
    problem = {"timestamp": at(1), "schema": 1, "run": {"id": "A"},
               "event": {"name": "auth407.problem"}, "message": "broken",
               "process": {"pid": 1}}
    log("state/auth407/407.jsonl", record("/bin/old", run={"id": "A"}), problem,
        record("/bin/none"), record("/bin/new", run={"id": "B"}))
    everything = uncoloured().out
    for name in ("old", "none", "new"):
        has(everything, f"\n{name}\n")
    (state / "last-run").write_text("B\n1795974881001768 0\n./build.sh -v\n")
    done = uncoloured()
    equal(done.status, 1)
    has(done.out, "Last run: ./build.sh -v\n2026-11-29 17:54:41, local time\n"
                  "1 exchange with a 407, 1 still failing\n\n")
    has(done.out, "\nnew\n")
    for words in ("old", "none", "broken"):
        lacks(done.out, words)
    equal(report("--last", brief=True).out, done.out, "--last")
    for args in (("--all-runs",), ("--since", "2026-01-01"),
                 (str(state / "407.jsonl"),)):
        has(uncoloured(*args).out, "\nold\n")
    has(report(brief=True).out, "\nold\n")
    equal(len(report("--last", "--format", "json").json()["findings"]), 1)
    (state / "last-run").write_text("C\n1795974881001768 0\ntrue\n")
    done = uncoloured()
    equal(done.status, 0)
    lacks(done.out, "filters")  # none was given
    has(done.out, "Last run: true\n")
    has(done.out, "0 exchanges with a 407\nEarlier runs: auth407 report "
                  "--all-runs\n")
    for bad in ("", "x", "A\nB\nC\n", "A\n1\nC\n", "\0" * 3000):
        (state / "last-run").write_text(bad)
        has(uncoloured().out, "\nold\n")
    equal(report("--last", str(state / "407.jsonl")).status, 2)


@test
def beyond_us():
    """programs that are not covered have their list, and are no failure"""
    file = log("beyond.jsonl", not_covered("/bin/foo"),
               not_covered("/bin/foo"), not_covered("/bin/bar", "secure"))
    done = report(file)
    equal((done.status, done.err), (0, ""))
    has(done.out, "0 exchanges with a 407\n")
    has(done.out, "3 programs were started that are not covered\n")
    has(done.out, "\nNot covered: their 407s stay as they are\n"
        "  /bin/foo (static) (2 times)\n  /bin/bar (secure) (1 time)\n")
    has(report("--format", "csv", file).out,
        '"not_covered","/bin/foo (static)",')
    text = report("--binary", "bar", file).out
    has(text, "1 program was started that is not covered\n")
    lacks(text, "/bin/foo")
    lacks(report("--cause", "rejected", file).out, "Not covered")
    has(report(file, brief=True).out, "0 exchanges with a 407\n"
        "Not covered: /bin/foo (static) and 1 more: --tables\n")
    has(report("--binary", "bar", file, brief=True).out,
        "\nNot covered: /bin/bar (secure): its 407s stay as they are\n")
