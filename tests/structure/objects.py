# SPDX-License-Identifier: MIT
"""Tests of what was built: symbols, sections, bindings."""
import os
import re
import shutil
import tempfile

from common import BUILD, LIBRARY, TOP, attempt, hooked_names, layer, run

# What the core may use of libc; and, by prefix, of nettle.
CORE_MAY_USE = set("""
    malloc calloc realloc free
    memchr memcmp memcpy memmem memmove memrchr memset mempcpy
    strchr strcmp strlen strncmp strnlen strrchr strspn strcspn strstr strpbrk
    stpcpy snprintf vsnprintf gmtime_r timegm strtol strtoll strtoul strtoull
    qsort bsearch inet_pton inet_ntop _GLOBAL_OFFSET_TABLE_
    __stack_chk_fail __memcpy_chk __memset_chk __snprintf_chk __vsnprintf_chk
""".split())


def exports(library=LIBRARY):
    """The library exports the names of hooks.def, and nothing else."""
    found = set(run("nm", "-D", "--defined-only", "--format=just-symbols",
                    library).split())
    names = hooked_names()
    for name in sorted(found - set(names)):
        yield "exported, not in hooks.def: " + name
    for name in sorted(set(names) - found):
        yield "in hooks.def, not exported: " + name
    for name in sorted({n for n in names if names.count(n) > 1}):
        yield "twice in hooks.def: " + name


def needed(library=LIBRARY):
    """The library needs libc.so.6 and no other object."""
    found = re.findall(r"\(NEEDED\).*\[(.*)\]", run("readelf", "-d", library))
    if found != ["libc.so.6"]:
        yield "NEEDED: " + " ".join(found)


def runs_on_old_libc(library=LIBRARY):
    """Nothing that the library needs is newer than glibc 2.17, weak or not: a
    version that a program's libc has not ends the program."""
    found = re.findall(r"Name: GLIBC_([0-9.]+) ", run("readelf", "-VW", library))
    if not found:
        yield "no version of glibc is needed at all"
    for version in found:
        if [int(n) for n in version.split(".")] > [2, 17]:
            yield "GLIBC_" + version


def programs_hardened():
    """Each program of ours lies anywhere in memory, binds all at its start, and
    what is bound can't be written to."""
    for name in ("auth407", "auth407-doctor", "auth407-gss",
                 "auth407-pac", "auth407-report"):
        found = run("readelf", "-hldW", BUILD / name)
        for mark in (r"Type: +DYN", r"FLAGS_1\).*NOW.*PIE", "GNU_RELRO",
                     r"GNU_STACK.* RW +0x"):
            if not re.search(mark, found):
                yield name + ": no " + mark


def relocations():
    """The library has no text relocations, and what is relocated at start is
    read-only from then on."""
    if "TEXTREL" in run("readelf", "-dW", LIBRARY):
        yield "TEXTREL"
    segments = run("readelf", "-lW", LIBRARY)
    if "GNU_RELRO" not in segments:
        yield "no GNU_RELRO"
    for line in segments.splitlines():
        words = line.split()
        if words and words[0] in ("LOAD", "GNU_STACK") and \
                "W" in words[-2] and "E" in words[-2]:
            yield "writable and executable: " + line.strip()


# What the library looks up when it is loaded: variables, and what is used there.
# The last is ours: to look it up later would change what dlerror() says.
BOUND_AT_START = {"environ", "stderr", "dlsym", "__register_atfork",
                  "auth407_own_program"}
# The tables of schemes, of nettle's functions, and a few words.
RELATIVE_MOST = 125


def start_is_cheap():
    """Few names are looked up, and few pointers relocated, in each process."""
    relative = 0
    for line in run("readelf", "-rW", LIBRARY).splitlines():
        words = line.split()
        kind = words[2] if len(words) > 3 else ""
        relative += kind.endswith("_RELATIVE")
        name = words[4].split("@")[0] if len(words) > 4 else ""
        if kind.endswith("_GLOB_DAT") and name not in BOUND_AT_START:
            yield name + " is looked up when a process starts"
    if not 0 < relative <= RELATIVE_MOST:
        yield "%d relative relocations" % relative


# Used in the two processes that are no threads, and bound before them.
KEEPER_USES = {"syscall", "clone", "__errno_location"}
# ... and in the program.
KEEPER_STARTS = {"getenv", "mmap", "mprotect", "munmap", "strstr",
                 "sysconf"}


def keeper_binds_nothing():
    """The keeper of a child calls nothing that is looked up by then."""
    for line in run("nm", "-u", BUILD / "host/child_keeper.o").splitlines():
        name = line.split()[-1]
        if name not in KEEPER_USES | KEEPER_STARTS and \
                not name.startswith(("a407_object_", "_GLOBAL_OFFSET")):
            yield name


def symbols(name):
    """What an archive defines; and what it does not, with the files that use
    it."""
    defined, undefined = set(), {}
    where = ""
    for line in run("nm", BUILD / name).splitlines():
        words = line.split()
        if line.endswith(".o:"):
            where = line[:-3]
        elif len(words) == 2 and words[0] == "U":
            undefined.setdefault(words[1], set()).add(where + ".c")
        elif len(words) == 3:
            defined.add(words[2])
    return defined, undefined


def core_uses():
    """The core uses memory, strings, formatting and nettle, nothing else."""
    defined, undefined = symbols("libauth407core.a")
    for name in sorted(set(undefined) - defined - CORE_MAY_USE):
        if not name.startswith(("nettle_", "_nettle_")):
            yield "%s, used by %s" % (name, " ".join(sorted(undefined[name])))


def host_uses():
    """The host's archive and the driver's can be linked without the hooks."""
    defined = symbols("libauth407core.a")[0]
    for archive, one in (("host", "a407_settings_read"),
                         ("driver", "a407_driver_pump")):
        more, undefined = symbols("libauth407%s.a" % archive)
        defined |= more
        if one not in more:
            yield archive + ": the archive is not what was expected"
        for name in sorted(set(undefined) - defined):
            if name.startswith("a407_"):
                yield "%s, used by %s" % (name,
                                          " ".join(sorted(undefined[name])))


def driver_uses():
    """The driver moves no byte itself, waits for nothing and reads no clock."""
    for name, users in sorted(symbols("libauth407driver.a")[1].items()):
        if not name.startswith("a407_") and name not in CORE_MAY_USE | {
                "__errno_location"}:
            yield "%s, used by %s" % (name, " ".join(sorted(users)))


def core_globals():
    """The core has no variable that outlives a call."""
    found = 0
    for obj in sorted((BUILD / "core").rglob("*.o")):
        sections = {}
        for number, name, flags in re.findall(
                r"^ +\[ *(\d+)\] (\S+) +\S+ +\S+ +\S+ +\S+ +\S+ +([A-Z]*) ",
                run("readelf", "-SW", obj), re.M):
            sections[number] = (name, flags)
        for line in run("readelf", "-sW", obj).splitlines():
            words = line.split()
            if len(words) < 8 or words[3] not in ("OBJECT", "TLS", "COMMON"):
                continue
            found += 1
            name, flags = sections.get(words[6], (words[6], "W"))
            # relocated constants are writable until the loader is done
            if "W" in flags and not name.startswith(".data.rel.ro"):
                yield "%s: %s in %s" % (obj.name, words[7], name)
    if not found:
        yield "no object was found in any file"


def hidden_from_others():
    """No symbol of another library is bound to ours, but hooked names."""
    names = set(hooked_names())
    programs = [p for p in map(shutil.which, ("wget", "curl", "git")) if p]
    if not programs:
        yield "none of wget, curl, git is there"
    bound = 0
    for program in programs:
        with tempfile.TemporaryDirectory() as home:
            log = os.path.join(home, "log")
            attempt(program, "--version", env={
                "PATH": os.environ["PATH"], "HOME": home,
                "LD_DEBUG": "bindings", "LD_DEBUG_OUTPUT": log,
                "LD_PRELOAD": str(LIBRARY)})
            for name in os.listdir(home):
                if not name.startswith("log."):
                    continue
                with open(os.path.join(home, name), errors="replace") as f:
                    for line in f:
                        m = re.search(r"binding file (\S+) .* to (\S+) "
                                      r".*symbol `(\w+)'", line)
                        if not m or m.group(2) != str(LIBRARY):
                            continue
                        bound += 1
                        if m.group(3) not in names:
                            yield "%s: %s of %s" % (program, m.group(3),
                                                    m.group(1))
    if not bound:
        yield "nothing at all was bound to the library"


FORTIFIED = ("__read_chk", "__recv_chk", "__recvfrom_chk", "__poll_chk",
             "__ppoll_chk")


def prototypes():
    """Every hook has the type that libc declares."""
    # One file each sees libc's own declaration and ours: a difference is an
    # error. The names that no header declares have a twin that one does.
    code = ['#include "preload/real.h"', "#include <fcntl.h>"]
    for name in hooked_names():
        twin = name.lstrip("_")
        if name != twin and name not in FORTIFIED:
            code.append("_Static_assert(__builtin_types_compatible_p("
                        "__typeof__(%s), __typeof__(%s)), \"%s\");"
                        % (name, twin, name))
        else:
            code.append("void *seen_%s(void); void *seen_%s(void) "
                        "{ return (void *)%s; }" % (name, name, name))
    for fortify in ("-U_FORTIFY_SOURCE", "-D_FORTIFY_SOURCE=2"):
        done = attempt("gcc", "-std=gnu11", "-D_GNU_SOURCE", "-O2", fortify,
                       "-Werror", "-I.", "-fsyntax-only", "-x", "c", "-",
                       input="\n".join(code) + "\n")
        if done.returncode:
            yield fortify + ":\n" + done.stdout.strip()
    # ours are declared only where libc's headers are silent
    declared = re.findall(r"^\w[^#;{]*?\b(__\w+)\(",
                          (TOP / "preload/real.h").read_text(), re.M)
    for name in hooked_names():
        if name.startswith("__") != (name in declared):
            yield "%s: declared by us and by libc, or by neither" % name


def vtables_are_const():
    """No table of function pointers in the library can be written to, but
    that of libc's functions."""
    for name in ("core", "driver", "preload", "cli", "host"):
        for path in layer(name):
            for n, line in enumerate(path.read_text().splitlines(), 1):
                if re.match(r"(static )?struct a407_(scheme|host) \w+ = ",
                            line):
                    yield "%s:%d: not const" % (path.name, n)


def stacks_unguarded():
    """What runs beside the program reads no stack guard, whatever the flags."""
    source = TOP / "host/child_keeper.c"
    bare = re.findall(r"^static BARE [^;{=]*?(\w+)\(", source.read_text(), re.M)
    if len(bare) < 5:
        yield "BARE functions found: " + " ".join(bare)
    with tempfile.TemporaryDirectory() as temp:
        obj = os.path.join(temp, "x.o")
        for compiler in filter(shutil.which, ("gcc", "clang")):
            for level in ("-O0", "-O2"):
                run(compiler, "-std=gnu11", "-D_GNU_SOURCE", "-I.", level,
                    "-fPIC", "-fstack-protector-all", "-ffunction-sections",
                    "-c", "-o", obj, source)
                parts = run("readelf", "-rW", obj).split("section '")
                guarded = {re.split(r"[.']", part)[3] for part in parts
                           if re.match(r"\.rela?\.text\.", part) and
                           "__stack_chk_fail" in part}
                if "a407_child_job_new" not in guarded:
                    yield "%s %s guards nothing" % (compiler, level)
                for name in sorted(guarded & set(bare)):
                    yield "%s %s: %s" % (compiler, level, name)
        # and where the compiler lacks the attribute
        run(os.environ.get("MAKE", "make"), "BUILD=" + temp,
            "CFLAGS=-O0 -fstack-protector-all", temp +
            "/host/child_keeper.o")
        if "__stack_chk" in run("nm", temp + "/host/child_keeper.o"):
            yield "the Makefile's option does not hold"


TESTS = [exports, needed, runs_on_old_libc, programs_hardened, relocations, start_is_cheap,
         keeper_binds_nothing, core_uses, host_uses, driver_uses,
         core_globals, hidden_from_others, prototypes, vtables_are_const, stacks_unguarded]
