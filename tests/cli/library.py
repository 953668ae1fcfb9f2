# SPDX-License-Identifier: MIT
"""Where the library is found, and how it gets into LD_PRELOAD."""

import os
import shutil

from harness import (AUTH407, LIBRARY, Skip, clean, compile_c, equal, has,
                     need_root, path, refused, run, test, write)

PRELOAD = ("sh", "-c", 'echo "$LD_PRELOAD"')


def installed(place, *libraries):
    """A copy of auth407 in place/bin, and of the library as named."""
    program = path(place, "bin", "auth407")
    for file in ("bin/auth407", *libraries):
        os.makedirs(os.path.dirname(path(place, file)), exist_ok=True)
        shutil.copy(AUTH407 if file == "bin/auth407" else LIBRARY,
                    path(place, file))
    return program


@test
def loaded():
    """the library is in the command's memory, and in its children's"""
    done = run("--", "cat", "/proc/self/maps")
    has(done.out, LIBRARY)
    done = run("--", "sh", "-c", "env -u X cat /proc/self/maps; true")
    has(done.out, LIBRARY)


@test
def beside():
    """without AUTH407_LIBRARY it is the one beside the program"""
    program = installed("a", "bin/libauth407.so", "lib/auth407/libauth407.so")
    for value in (None, ""):
        clean(run("--", *PRELOAD, program=program,
                  env={"AUTH407_LIBRARY": value}),
              path("a/bin/libauth407.so") + "\n")
    link = path("a-link")
    os.symlink(program, link)
    clean(run("--", *PRELOAD, program=link, env={"AUTH407_LIBRARY": None}),
          path("a/bin/libauth407.so") + "\n")


@test
def in_lib():
    """or else the one in ../lib/auth407"""
    program = installed("b", "lib/auth407/libauth407.so")
    clean(run("--", *PRELOAD, program=program, env={"AUTH407_LIBRARY": None}),
          path("b/lib/auth407/libauth407.so") + "\n")


@test
def missing():
    """no library: an error that says where it was looked for"""
    program = installed("c")
    refused(run("--", "true", program=program, env={"AUTH407_LIBRARY": None}),
            path("c/bin/libauth407.so"),
            path("c/lib/auth407/libauth407.so"), "AUTH407_LIBRARY")
    refused(run("--", "true", env={"AUTH407_LIBRARY": "/no/such.so"}),
            "AUTH407_LIBRARY names /no/such.so, which is not there")


@test
def without_proc():
    """without /proc it is found as well, by the name that was started"""
    program = installed("e", "bin/libauth407.so")
    os.symlink(program, path("e-link"))
    need_root()
    for start in (program, path("e-link"), "e/bin/auth407"):
        done = run("-m", "sh", "-c", "mount -t tmpfs none /proc || exit 77\n"
                   f"{start} -- sh -c 'echo $LD_PRELOAD'", program="unshare",
                   env={"AUTH407_LIBRARY": None}, cwd=path())
        if done.status in (1, 77):
            raise Skip("no mount namespace: " + done.err.strip())
        clean(done, path("e/bin/libauth407.so") + "\n")


@test
def report_program():
    """report is a program beside the command, in ../lib/auth407, or beside the
    library that AUTH407_LIBRARY names; without it: 2, and where it was looked
    for"""
    program = installed("d")
    echo = '#!/bin/sh\necho "$*"\n'
    done = run("report", "x", program=program, env={"AUTH407_LIBRARY": None})
    equal((done.status, done.out), (2, ""), "missing")
    for place in ("d/bin", "d/lib/auth407"):
        has(done.err, path(place, "auth407-report"))
    named = {"AUTH407_LIBRARY": path("d/else/libauth407.so")}
    for place, env in (("lib/auth407", {"AUTH407_LIBRARY": None}),
                       ("bin", {"AUTH407_LIBRARY": ""}), ("else", named)):
        write(f"d/{place}/auth407-report", f"{echo}echo {place}\n", 0o755)
        clean(run("report", "--top", "a b", program=program, env=env),
              f"--top a b\n{place}\n")


@test
def unusable():
    """what is no shared library is refused"""
    for name in (write("text.so", "no library\n"), path(),
                 write("short.so", b"\x7fELF"), write("empty.so", b""),
                 compile_c("fixed", "int main(void){return 0;}", "-no-pie")):
        refused(run("--", "true", env={"AUTH407_LIBRARY": name}), name,
                "is no shared library; build or install it anew")


@test
def awkward_path():
    """a path that LD_PRELOAD can't carry is an error with a way out"""
    for folder in ("a b", "a:b", "a$LIB"):
        os.makedirs(path(folder), exist_ok=True)
        name = path(folder, "libauth407.so")
        shutil.copy(LIBRARY, name)
        refused(run("--", "true", env={"AUTH407_LIBRARY": name}), name,
                "symbolic link")
        link = path(f"way-round-{ord(folder[1])}.so")
        os.symlink(name, link)
        clean(run("--", *PRELOAD, env={"AUTH407_LIBRARY": link}), link + "\n")


@test
def relative():
    """a relative AUTH407_LIBRARY still holds after the command's chdir"""
    clean(run("--", *PRELOAD, env={"AUTH407_LIBRARY": "libauth407.so"},
              cwd=path()), LIBRARY + "\n")


@test
def others_kept():
    """other entries of LD_PRELOAD stay, in order, behind ours"""
    one = compile_c("one.so", "int a407_one;", "-shared", "-fPIC")
    two = compile_c("two.so", "int a407_two;", "-shared", "-fPIC")
    for old in (f"{one}:{two}", f"{one} {two}", f" {one}  {two}:",
                f":{one}::{two}"):
        clean(run("--", *PRELOAD, env={"LD_PRELOAD": old}),
              f"{LIBRARY}:{one}:{two}\n")
    maps = run("--", "cat", "/proc/self/maps",
               env={"LD_PRELOAD": f"{one} {two}"}).out
    for name in (LIBRARY, one, two):
        has(maps, name)
    clean(run("--", *PRELOAD, env={"LD_PRELOAD": ""}), LIBRARY + "\n")


@test
def not_doubled():
    """no second copy of the library, however it is named"""
    one = compile_c("one.so", "int a407_one;", "-shared", "-fPIC")
    os.makedirs(path("other"), exist_ok=True)
    copy = shutil.copy(LIBRARY, path("other/libauth407.so"))
    link = path("renamed.so")
    if not os.path.lexists(link):
        os.symlink(LIBRARY, link)
    for old in (LIBRARY, f"{LIBRARY}:{LIBRARY}", copy, link):
        clean(run("--", *PRELOAD, env={"LD_PRELOAD": f"{old}:{one}"}),
              f"{LIBRARY}:{one}\n")
        clean(run("--", *PRELOAD, env={"LD_PRELOAD": f"{one} {old}"}),
              f"{LIBRARY}:{one}\n")


@test
def nested():
    """auth407 under auth407 is one auth407"""
    done = run("--", AUTH407, "observe", "--", "sh", "-c",
               'echo "$LD_PRELOAD $AUTH407_MODE"')
    equal((done.status, done.out), (0, f"{LIBRARY} observe\n"), "nested")
