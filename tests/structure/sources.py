# SPDX-License-Identifier: MIT
"""Tests of the sources: layers, calls that are banned, tables and documents."""
import json
import re

from common import TOP, attempt, layer, rel, tracked, without_comments

LAYERS = ("core", "host", "driver", "preload", "cli", "gss", "pac")
MAY_INCLUDE = {"core": {"core"}, "host": {"core", "host"},
               "driver": {"core", "host", "driver"},
               "preload": {"core", "host", "driver", "preload"},
               "cli": {"core", "host", "driver", "cli", "pac"}, "gss": {"core", "gss"},
               "pac": {"core", "pac"}}

# The core does no input or output, and reads no clock, nor the environment.
CORE_HEADERS = set("""stdbool.h stddef.h stdint.h limits.h string.h strings.h
    stdlib.h stdio.h stdarg.h inttypes.h time.h ctype.h errno.h arpa/inet.h
    netinet/in.h sys/socket.h""".split())
NETWORK_TEXT = {"arpa/inet.h", "netinet/in.h", "sys/socket.h"}

BANNED = set("""strcpy strcat sprintf vsprintf gets strtok alloca system popen
    tmpnam mktemp""".split())
BANNED_IN_HOST = BANNED | set("""exit _exit _Exit quick_exit abort assert
    atexit signal printf fprintf vprintf vfprintf puts fputs putchar fopen
    perror setlocale pthread_create setenv putenv unsetenv dladdr""".split())

# file, call: why it is right there all the same
ALLOWED = {
    # the hidden stand-in for libc's own, which only glibc has
    ("preload/other_libc.c", "vfprintf"),
}


def arrows():
    """A layer includes only itself and those below it."""
    home = {}
    for name in LAYERS:
        for path in layer(name):
            home.setdefault(path.name, set()).add(name)
    for name in LAYERS:
        for path in layer(name):
            for inc in re.findall(r'^\s*#\s*include\s+"([^"]+)"',
                                  path.read_text(), re.M):
                owner = {inc.split("/")[0]} if "/" in inc else \
                    {name} if (path.parent / inc).exists() else \
                    home.get(inc, {"nobody"})
                if not owner & MAY_INCLUDE[name]:
                    yield "%s includes %s of %s" % (
                        rel(path), inc, "/".join(sorted(owner)))


def core_headers():
    """The core includes no header of sockets, files, clocks or processes."""
    for path in layer("core"):
        for inc in re.findall(r"^\s*#\s*include\s+<([^>]+)>",
                              path.read_text(), re.M):
            if inc not in CORE_HEADERS and not inc.startswith("nettle/"):
                yield "%s includes <%s>" % (rel(path), inc)


def calls_in(path):
    code = without_comments(path.read_text())
    for n, line in enumerate(code.splitlines(), 1):
        # real()->send, x->close and the like are members, not calls
        for m in re.finditer(r"(?<![\w.])(?<!->)(\w+)\s*\(", line):
            yield n, m.group(1)


def banned():
    """No function is called that has no place here."""
    for name in LAYERS:
        bad = BANNED if name in ("cli", "gss", "pac") else BANNED_IN_HOST
        for path in layer(name):
            for n, call in calls_in(path):
                if call in bad and (rel(path), call) not in ALLOWED:
                    yield "%s:%d: %s" % (rel(path), n, call)


def schema():
    """The log's schema names the causes and outcomes of the core's tables."""
    properties = json.loads(
        (TOP / "docs/log-schema.json").read_text())["$defs"]["exchange"]["properties"]
    causes = re.findall(r'^A407_CAUSE\(\s*\w+,\s*"(\w+)"',
                        (TOP / "core/base/cause.def").read_text(), re.M)
    if sorted(properties["cause"]["enum"]) != sorted(causes):
        yield "causes differ: %s" % sorted(
            set(properties["cause"]["enum"]) ^ set(causes))
    seen = re.findall(r'^A407_LINT\(\s*\w+,\s*"(\w+)"',
                      (TOP / "core/config/lint.def").read_text(), re.M)
    if properties["lint"]["items"]["enum"] != seen:
        yield "lint differs: %s" % seen
    body = re.search(r"enum a407_outcome \{(.*?)\}",
                     without_comments((TOP / "core/record/event.h").read_text()),
                     re.S).group(1)
    outcomes = [x.lower() for x in re.findall(r"\bA407_(\w+)", body)]
    if not outcomes or sorted(properties["outcome"]["enum"]) != \
            sorted(outcomes):
        yield "outcomes differ: %s" % sorted(
            set(properties["outcome"]["enum"]) ^ set(outcomes))
    used = set(re.findall(r"\bA407_CAUSE_(\w+)\b", " ".join(
        p.read_text() for name in LAYERS for p in layer(name)
        if p.name != "cause.def")))
    for name in re.findall(r"^A407_CAUSE\(\s*(\w+)",
                           (TOP / "core/base/cause.def").read_text(), re.M):
        if name not in used:
            yield "no code ever tells the cause " + name


def log_page():
    """docs/log.md explains the keys of docs/log-schema.json."""
    done = attempt(TOP / "scripts/log-keys", "--check")
    if done.returncode:
        yield done.stdout.strip()


def variables():
    """Every variable that the code reads is in the manual page."""
    page = (TOP / "docs/auth407.1").read_text().replace("\\-", "-")
    names = set()
    for name in LAYERS:
        for path in layer(name):
            names |= set(re.findall(r'"(AUTH407_[A-Z_]+)"', path.read_text()))
    if len(names) < 5:
        yield "only %d variables were found in the code" % len(names)
    for name in sorted(names):
        if name not in page:
            yield "%s is not in docs/auth407.1" % name


def unfinished():
    """No file says that something is left to do."""
    pattern = re.compile(r"\b(TODO|FIXME|XXX|HACK|WIP)\b")
    for path in tracked("*.c", "*.h", "*.def", "*.py", "*.mk", "Makefile",
                        "scripts/*", "*.md"):
        if path.parent.name == "structure":
            continue
        for n, line in enumerate(
                path.read_text(errors="replace").splitlines(), 1):
            if pattern.search(line):
                yield "%s:%d: %s" % (rel(path), n, line.strip())


TESTS = [arrows, core_headers, banned, schema, log_page, variables, unfinished]
