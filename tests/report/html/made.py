# SPDX-License-Identifier: MIT
"""Logs for the page's tests: an ordinary one, and one of an attacker who
writes whatever a log can hold into every place."""

import datetime
import json

START = datetime.datetime(2026, 11, 21, 12, 0, 0,
                          tzinfo=datetime.timezone.utc)

# markup, an entity, a closing tag of each element that text stands in, quotes
# for attributes, CSS, template signs, and characters that are not to be seen
HOSTILE = [
    "<script>window.pwned=1;document.title='pwned'</script>",
    "<img src=x onerror=\"window.pwned=1;document.title='pwned'\">",
    "\"><svg onload=\"window.pwned=1;document.title='pwned'\">",
    "' onmouseover='window.pwned=1' style='position:fixed",
    "</title></style></code></pre></bdi></table></svg><script>"
    "document.title='pwned'</script>",
    "</text><script>window.pwned=1</script>",
    "<style>*{display:none}</style><base href=//evil.test/>",
    "<meta http-equiv=refresh content='0;url=http://evil.test/'>",
    "<iframe src='javascript:parent.pwned=1'></iframe>",
    "&lt;script&gt; &amp; &#60; &bogus; &",
    "<!-- --!> ]]> <![CDATA[ <?php",
    "url(http://evil.test/x) @import 'http://evil.test/y';",
    "http://evil.test/" + "x" * 400,
    "\u202emoc.live//:ptth\u202c \u2066a\u2069 \u200fb\u200e \u061c",
    "a\u200bb\ufeffc\u2028d\u2029e\u00adf\U000e0041g",
    "\x1b[31mred\x07 \x7f \x85 \t tab",
    "combining: " + "Z" + "\u0335\u0336" * 60,
    "\ufffe\uffff\ufdd0 noncharacters",
    "wide: 語" * 40,
]


def record(seconds, **more):
    """A line as the library writes it; `more` replaces values by their dotted
    names, with _ for the dot."""
    when = START + datetime.timedelta(seconds=seconds)
    line = {
        "timestamp": when.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), "schema": 1,
        "event": {"name": "proxy.authentication"},
        "outcome": more.get("outcome", "not_retried"),
        "cause": more.get("cause", "no_credential"),
        "cause_evidence": "407",
        "remedy": "none",
        "proxy": {"address": more.get("proxy", "proxy.test"), "port": 3128,
                  "peer": "192.0.2.1:3128",
                  "challenges": [{"scheme": "Basic",
                                  "realm": more.get("realm", "r")}]},
        "http": {"request": {"method": more.get("method", "GET"),
                             "proxy_authorization": {
                                 "present": "user" in more,
                                 "scheme": "Basic" if "user" in more else None,
                                 "username": more.get("user")}},
                 "response": {"status_code": 407}},
        "url": {"target": more.get("target", "http://origin.test/")},
        "source": {"port": more.get("port", 40000)},
        "final": {"status_code": more.get("final", 407)},
        "attempts": [],
        "process": {"pid": 77, "parent_pid": 1,
                    "executable": {"path": more.get("path", "/usr/bin/curl")},
                    "command_args": more.get("args", ["curl"]),
                    "parents": []},
        "caller": {"module": more.get("module", "libcurl.so.4")},
    }
    if "detail" in more:
        line["detail"] = more["detail"]
    return json.dumps(line, ensure_ascii=False)


def problem(message):
    return json.dumps({
        "timestamp": "2026-11-21T12:00:00.000000Z", "schema": 1,
        "event": {"name": "auth407.problem"}, "message": message,
        "process": {"pid": 1}}, ensure_ascii=False)


def ordinary():
    """Four outcomes, several programs, three hours."""
    kinds = [("resolved", "not_sent_by_client", 200),
             ("resolved", "dropped_by_client", 200),
             ("unresolved", "rejected", 407),
             ("observed", "dropped_by_client", 407),
             ("not_retried", "no_credential", 407)]
    programs = [("/usr/bin/curl", "libcurl.so.4", ["curl"]),
                ("/usr/bin/wget", "wget", ["wget"]),
                ("/usr/bin/python3.11", "_socket.so",
                 ["python3", "-m", "pip"]),
                ("/usr/lib/jvm/java-17-openjdk-amd64/bin/java", "libnio.so",
                 ["java", "-jar", "agent.jar"])]
    lines = []
    for i in range(600):
        outcome, cause, final = kinds[i * 7 % 5]
        path, module, args = programs[i * 5 // 3 % 4]
        lines.append(record(i * 18, outcome=outcome, cause=cause, final=final,
                            path=path, module=module, args=args,
                            port=40000 + i, proxy=f"proxy{i % 3}.test",
                            target=f"http://origin.test/{i % 40}"))
    return lines


def hostile():
    """Each of the texts in each of the places."""
    lines = []
    for i, text in enumerate(HOSTILE):
        for place in ("realm", "path", "module", "proxy", "user", "cause",
                      "target", "method", "detail"):
            lines.append(record(i, **{place: text}))
        lines.append(record(i, path="/usr/bin/python3",
                            args=["python3", "/srv/" + text]))
        lines.append(problem(text))
    return lines


def squid(lines, ahead=0):
    """What squid would have logged of some records, and of others."""
    out = []
    for line in lines:
        r = json.loads(line)
        if r["event"]["name"] != "proxy.authentication":
            continue
        when = datetime.datetime.fromisoformat(
            r["timestamp"].replace("Z", "+00:00")).timestamp() + ahead
        out.append(f"{when:.3f} 0 192.0.2.7 TCP_DENIED/407 10 "
                   f"{r['http']['request']['method'].split()[0]} "
                   f"{r['url']['target'].replace(' ', '')} "
                   f"{r['http']['request']['proxy_authorization']['username'] or '-'}"
                   f" HIER_NONE/- text/html {r['source']['port']}\n")
    return out
