# SPDX-License-Identifier: MIT
"""Programs that the library can't reach: a warning, and they run."""

import os
import shutil
import signal
import struct
import subprocess

from harness import (AUTH407, LIBRARY, NOBODY, Skip, check, clean, compile_c,
                     equal, has, lacks, need_root, path, run, test, write)

PROGRAM = '#include <unistd.h>\nint main(void)\n' \
          '{return write(1, "ran\\n", 4) == 4 ? 7 : 1;}\n'


def warned(result, *parts, status=7, out="ran\n"):
    """The program ran to its end after one warning line."""
    equal((result.status, result.out), (status, out), result.err)
    equal(len(result.err.splitlines()), 1, f"lines of {result.err!r}")
    check(result.err.startswith("auth407: warning: "), result.err)
    for part in parts:
        has(result.err, part)


def as_nobody():
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


@test
def ordinary():
    """an ordinary program gets no warning"""
    for flags in ((), ("-no-pie",), ("-Wl,--strip-all",)):
        program = compile_c("ordinary", PROGRAM, *flags)
        done = run("--", program)
        equal((done.status, done.out, done.err), (7, "ran\n", ""), flags)


@test
def static():
    """a static program is named as such, and runs"""
    for flags in (("-static",), ("-static-pie",), ("-static", "-s")):
        program = compile_c("static", PROGRAM, *flags)
        warned(run("--", program), program + " is statically linked",
               "its 407s stay as they are")
        done = run("--", "static", env={"PATH": path()})
        warned(done, program)
        done = run("-q", "--", program)
        equal((done.status, done.out, done.err), (7, "ran\n", ""), "quiet")
        done = run("--mode=off", "--", program)
        equal(done.err, "", "nothing to warn of in mode off")


@test
def dynamic_linker():
    """the dynamic linker as the command is no static program"""
    linker = "/lib64/ld-linux-x86-64.so.2"
    if not os.path.exists(linker):
        raise Skip("no " + linker)
    clean(run("--", linker, "/bin/echo", "on"), "on\n")


@test
def setuid():
    """a program that gains privileges by setuid or setgid is named"""
    need_root()
    for mode in (0o4755, 0o2755, 0o6755):
        program = compile_c("privileged", PROGRAM)
        os.chmod(program, mode)
        warned(run("--", program, preexec_fn=as_nobody), program,
               "gains privileges", "setuid, setgid")
        equal(run("-q", "--", program, preexec_fn=as_nobody).err, "", "quiet")


@test
def setuid_to_oneself():
    """setuid to the user who starts it gains nothing: no warning"""
    need_root()
    program = compile_c("privileged", PROGRAM)
    os.chmod(program, 0o6755)
    equal(run("--", program).err, "", "root's own program")
    os.chmod(program, 0o2745)
    equal(run("--", program).err, "", "setgid without x")
    program = compile_c("mine", PROGRAM)
    os.chown(program, NOBODY, NOBODY)
    os.chmod(program, 0o6755)
    done = run("--", program, preexec_fn=as_nobody)
    equal((done.status, done.err), (7, ""), "one's own program")


@test
def no_new_privs():
    """where privileges can't be gained there is no warning"""
    need_root()
    if not shutil.which("setpriv"):
        raise Skip("no setpriv")
    program = compile_c("privileged", PROGRAM)
    os.chmod(program, 0o4755)
    done = run("--no-new-privs", AUTH407, "--", program,
               program=shutil.which("setpriv"), preexec_fn=as_nobody)
    equal((done.status, done.err), (7, ""), "result")


@test
def capabilities():
    """a program with file capabilities is named, but not to root"""
    need_root()
    if not shutil.which("setcap", path="/usr/sbin:/sbin:" + os.defpath):
        raise Skip("no setcap")
    program = compile_c("capable", PROGRAM)
    subprocess.run(["/usr/sbin/setcap", "cap_net_raw+ep", program], check=True)
    warned(run("--", program, preexec_fn=as_nobody), program,
           "file capabilities")
    equal(run("--", program).err, "", "root gains nothing")


@test
def scripts():
    """the interpreter of a script is what is looked at"""
    static = compile_c("static", PROGRAM, "-static")
    scripts = {
        "#!" + static: "direct",
        "#! \t" + static + " -x": "with blanks and an argument",
        "#!/usr/bin/env static": "by env",
        "#!/usr/bin/env -S static -x": "by env -S",
        "#!/usr/bin/env -S A=b static -x": "by env with a variable",
    }
    for number, (line, what) in enumerate(scripts.items()):
        script = write(f"script{number}", line + "\necho\n", 0o755)
        done = run("--", script, env={"PATH": f"{path()}:/usr/bin:/bin"})
        warned(done, static + " is statically linked")
    second = write("second", f"#!{path('script0')}\n", 0o755)
    warned(run("--", second), static)


@test
def harmless_scripts():
    """scripts of ordinary interpreters get no warning"""
    for number, text in enumerate((
            "#!/bin/sh\necho ran", "#!/usr/bin/env sh\necho ran",
            "echo ran", "#!\necho ran", "#!/usr/bin/env -i sh\necho ran",
            "#! /bin/sh -e\necho ran\n" + "#" * 5000)):
        script = write(f"harmless{number}", text + "\n", 0o755)
        if "env -i" in text:  # the kernel gives env one word, "-i sh"
            equal(run("--", script).err.count("warning"), 0, text)
        else:
            clean(run("--", script), "ran\n")


@test
def script_loop():
    """scripts that name each other in a ring end with the kernel's error"""
    one, two = path("ring1"), path("ring2")
    write("ring1", f"#!{two}\n", 0o755)
    write("ring2", f"#!{one}\n", 0o755)
    done = run("--", one)
    equal(done.status, 126, done.err)


@test
def unreadable():
    """a program that can't be read is started without a warning"""
    need_root()
    program = compile_c("secretive", PROGRAM)
    os.chmod(program, 0o711)
    done = run("--", program, preexec_fn=as_nobody)
    equal((done.status, done.out, done.err), (7, "ran\n", ""), "result")


def real_linker():
    out = subprocess.run(["readelf", "-l", "/bin/sh"], capture_output=True,
                         text=True, check=True).stdout
    return out.split("interpreter: ")[1].split("]")[0]


@test
def other_libc():
    """a program with another dynamic linker than glibc's is named"""
    linker = path("ld-musl-x86_64.so.1")
    if not os.path.lexists(linker):
        os.symlink(real_linker(), linker)
    program = compile_c("musl", PROGRAM, f"-Wl,--dynamic-linker={linker}")
    warned(run("--", program), program + " is linked with a C library other",
           linker, "started without the library")
    # musl's would end the program over a library that needs glibc
    other = compile_c("other.so", "int a407_other;", "-shared", "-fPIC")
    program = compile_c(
        "musl", "#include <stdio.h>\n#include <stdlib.h>\nint main(void)"
        '{const char *v = getenv("LD_PRELOAD"); puts(v ? v : "none");}',
        f"-Wl,--dynamic-linker={linker}")
    for old, left in ((None, "none"), (LIBRARY, "none"), (other, other),
                      (f"{LIBRARY}:{other}", other)):
        done = run("-q", "--", program, env={"LD_PRELOAD": old})
        clean(done, left + "\n")


@test
def lost_linker():
    """126 where the dynamic linker itself is missing"""
    program = compile_c("lost-linker", PROGRAM,
                        "-Wl,--dynamic-linker=/no/such/ld-linux.so.9")
    done = run("--", program)
    equal(done.status, 126, done.err)
    has(done.err, "its interpreter /no/such/ld-linux.so.9 is not there")


@test
def go():
    """a dynamic Go program is known by its note or its section"""
    section = PROGRAM + '__attribute__((section(".go.buildinfo"), used)) ' \
        "static const char b[] = \"x\";"
    note = PROGRAM + '__asm__(".pushsection .note.go.buildid,\\"a\\",@note\\n' \
        '.balign 4\\n.long 4,4,4\\n.asciz \\"Go\\\\0\\"\\n.long 0\\n' \
        '.popsection");'
    for source, flags in ((section, ()), (section, ("-s",)), (note, ()),
                          (note, ("-s",))):
        program = compile_c("gopher", source, *flags)
        warned(run("--", program), program + " is a Go program",
               "its own system calls")


def patched(name, source, *changes):
    """A copy of an ELF file with bytes changed."""
    with open(source, "rb") as f:
        data = bytearray(f.read())
    for offset, value in changes:
        data[offset:offset + len(value)] = value
    return write(name, bytes(data), 0o755)


@test
def other_machine():
    """a program of another machine or word size is named; then 126"""
    program = compile_c("ordinary", PROGRAM)
    for name, changes in (("machine", (18, struct.pack("<H", 0x7777))),
                          ("order", (5, b"\x02"))):
        other = patched(name, program, changes)
        done = run("--", other)
        has(done.err, other + " is built for another machine or word size")
        if name == "machine":  # Linux does not look at the byte order
            equal(done.status, 126, done.err)


@test
def other_word_size():
    """a dynamic 32-bit program is named, and runs"""
    if not os.path.exists("/lib/ld-linux.so.2") or os.uname()[4] != "x86_64":
        raise Skip("no 32-bit dynamic linker")
    program = compile_c(
        "small", "void _start(void){__asm__ volatile"
        "(\"movl $1,%eax; movl $7,%ebx; int $0x80\");}", "-m32", "-nostdlib",
        "-Wl,-pie,--dynamic-linker=/lib/ld-linux.so.2")
    try:
        alone = subprocess.run([program], check=False).returncode
    except OSError:  # a kernel, or a sandbox, without such programs
        alone = None
    done = run("--", program)
    has(done.err, program + " is built for another machine or word size")
    if alone is None:
        equal(done.status, 126, done.err)
        has(done.err, "can't be executed")
    else:
        equal(done.status, alone, done.err)


@test
def broken_files():
    """a broken program is no danger, and is never read by a shell"""
    os.makedirs(path("empty"), exist_ok=True)
    program = compile_c("ordinary", PROGRAM)
    size = os.path.getsize(program)
    big = struct.pack("<Q", 2**63 + 11)
    for number, changes in enumerate((
            [(32, big)], [(40, big)], [(32, struct.pack("<Q", size - 3))],
            [(54, b"\xff\xff")], [(56, b"\xff\xff")], [(58, b"\xff\xff")],
            [(60, b"\xff\xff")], [(62, b"\xff\xff")], [(56, b"\0\0")])):
        done = run("--", patched(f"broken{number}", program, *changes),
                   cwd=path("empty"))
        # what Linux is content with runs, and may die of it
        check(done.status in (7, 126, -signal.SIGSEGV, -signal.SIGKILL),
              f"{changes}: {done.status} {done.err}")
        lacks(done.err, "Sanitizer")
    with open(program, "rb") as f:
        data = f.read(200)
    for n in (4, 15, 16, 19, 20, 52, 63, 64, 65, 100, 119, 120, 199):
        done = run("--", write("cut", data[:n], 0o755), cwd=path("empty"))
        if n > 7:  # a NUL byte comes only there; text is for a shell
            equal(done.status, 126, n)
            has(done.err, "can't be executed: Exec format error")
        lacks(done.err, "Sanitizer")
    danger = b"\x7fELF\0\0 > made-by-a-shell\n"
    equal(run("--", write("cut", danger, 0o755), cwd=path("empty")).status,
          126, "binary")
    equal(os.listdir(path("empty")), [], "files that a shell made")
