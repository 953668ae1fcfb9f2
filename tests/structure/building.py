# SPDX-License-Identifier: MIT
"""Tests of the build: both compilers, installing, the release's tarball."""
import os
import pathlib
import shutil
import tempfile

import objects
from common import BUILD, TOP, attempt, run

MAKE = os.environ.get("MAKE", "make")


def environment(**more):
    """Without what an outer make hands down to an inner one."""
    env = {k: v for k, v in os.environ.items()
           if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "BUILD", "CC",
                        "CFLAGS", "CPPFLAGS", "LDFLAGS", "DESTDIR", "PREFIX")}
    env.update(more)
    return env


def make(*args, **more):
    more.setdefault("env", environment())
    return attempt(MAKE, *args, **more)


def package_flags(more=""):
    """What Debian builds a package with, all of its hardening."""
    options = environment(DEB_BUILD_MAINT_OPTIONS="hardening=+all " + more)
    return ["%s=%s" % (name, run("dpkg-buildflags", "--get", name,
                                 env=options).strip())
            for name in ("CPPFLAGS", "CFLAGS", "LDFLAGS")]


def builds_with(compiler, flags, **more):
    """Builds everything; what is wrong with that, and with the library."""
    if not shutil.which(compiler):
        yield compiler + " is missing"
        return
    build = "build-" + compiler
    done = make("-j%d" % (os.cpu_count() or 1), "BUILD=" + build,
                "CC=" + compiler, "WERROR=1", *flags, "all", "fixtures", **more)
    if done.returncode:
        yield "\n".join(done.stdout.splitlines()[-30:])
        return
    library = pathlib.Path(more.get("cwd", TOP)) / build / "libauth407.so"
    yield from objects.exports(library)
    yield from objects.needed(library)
    yield from objects.runs_on_old_libc(library)


def builds_with_clang():
    """clang builds everything without a warning, with Debian's flags for a
    package."""
    return builds_with("clang", package_flags())


def tree(root):
    """Everything below a folder, with what links lead to."""
    return sorted("%s %s" % (p.relative_to(root), os.readlink(p)
                             if p.is_symlink() else "/" * p.is_dir())
                  for p in root.rglob("*"))


def difference(name, before, after):
    for line in sorted(set(before) ^ set(after)):
        yield "%s: %s: %s" % (name, "left" if line in after else "gone", line)


# What is there, with whatever flags it was made.
AS_BUILT = ("-o", "all", "BUILD=" + BUILD.name)
SHOWS = "echo $LD_PRELOAD; grep -c libauth407.so /proc/self/maps"


def finds_parts(command, library, home):
    """A command that was installed, moved or unpacked finds its parts."""
    env = environment(HOME=home, XDG_STATE_HOME=home, XDG_CONFIG_HOME=home)
    done = attempt(command, "--", "/bin/sh", "-c", SHOWS, env=env, cwd=home)
    words = done.stdout.split()
    if done.returncode or len(words) != 2 or not int(words[1]) or \
            os.path.realpath(words[0]) != os.path.realpath(library):
        yield "%s: status %d, %s" % (command, done.returncode, done.stdout)
    if not library.with_name("auth407-gss").exists():
        yield "%s: no helper beside %s" % (command, library)
    for word in ("report", "doctor"):
        done = attempt(command, word, "--help", env=env, cwd=home)
        if done.returncode or "auth407 " + word not in done.stdout:
            yield "%s: %s: status %d, %s" % (command, word, done.returncode,
                                             done.stdout)


MULTIARCH = "lib/x86_64-linux-gnu/auth407"
# Name, variables of make with the prefix for %s, BINDIR and LIBDIR below it.
PLACES = (
    ("plain", (), "bin", "lib/auth407"),
    ("multiarch", ("LIBDIR=%s/" + MULTIARCH,), "bin", MULTIARCH),
    ("far apart", ("LIBDIR=%s/srv/a/b", "BINDIR=%s/x/y/z/sbin"),
     "x/y/z/sbin", "srv/a/b"),
    ("one folder", ("LIBDIR=%s/tool", "BINDIR=%s/tool"), "tool", "tool"),
    ("one folder by two names", ("LIBDIR=%s/tool", "BINDIR=%s/x/../tool/"),
     "tool", "tool"),
    ("by way of others", ("LIBDIR=%s/x/../lib64/./auth407/",), "bin",
     "lib64/auth407"),
    ("quoted", ("LIBDIR=%s/it's", "BINDIR=%s/b in"), "b in", "it's"),
)
SHIPPED = ("share/man/man1/auth407.1", "share/man/man5/auth407-credentials.5",
           "share/bash-completion/completions/auth407",
           "share/zsh/site-functions/_auth407",
           "share/fish/vendor_completions.d/auth407.fish",
           "share/doc/auth407/log-schema.json",
           "share/doc/auth407/report-schema.json",
           "share/doc/auth407/credentials.md")


def installs():
    """`make install` installs a command that finds its parts wherever they go,
    and after a move; twice is as once; `make uninstall` leaves the tree as it
    was, folders too."""
    for name, words, bindir, libdir in PLACES:
        with tempfile.TemporaryDirectory() as temp:
            root = pathlib.Path(temp)
            prefix = root / "usr"
            (prefix / "share/man").mkdir(parents=True)
            args = [*AS_BUILT, "PREFIX=%s" % prefix,
                    *(w % prefix for w in words)]
            before = tree(root)
            for goal in ("install", "install"):
                done = make(goal, *args, umask=0o077)
                if done.returncode:
                    yield done.stdout
                    return
            for file in prefix.rglob("*"):
                if not file.stat().st_mode & 0o004:
                    yield "%s: only its owner can read %s" % (name, file)
            for file in SHIPPED:
                if not (prefix / file).is_file():
                    yield "%s: %s is missing" % (name, file)
            yield from finds_parts(prefix / bindir / "auth407",
                                   prefix / libdir / "libauth407.so", temp)
            link = root / "a link"
            link.symlink_to(prefix / bindir / "auth407")
            yield from finds_parts(link, prefix / libdir / "libauth407.so",
                                   temp)
            link.unlink()
            moved = root / "moved"
            prefix.rename(moved)
            yield from finds_parts(moved / bindir / "auth407",
                                   moved / libdir / "libauth407.so", temp)
            moved.rename(prefix)
            done = make("uninstall", *args)
            if done.returncode:
                yield done.stdout
            yield from difference(name, before, tree(root))


def installs_over():
    """What is installed over another version takes each name in one step: a
    program that is started meanwhile has one of the two libraries."""
    with tempfile.TemporaryDirectory() as temp:
        args = [*AS_BUILT, "PREFIX=" + temp]
        trace = os.path.join(temp, "trace")
        done = make("install", *args)
        if not done.returncode:
            done = attempt("strace", "-f", "-qq", "-o", trace, "-e",
                           "trace=/^(unlink|rename|open|creat)", MAKE,
                           "install", *args, env=environment())
        if done.returncode:
            yield done.stdout
            return
        lines = [line for line in pathlib.Path(trace).read_text().splitlines()
                 if 'auth407/libauth407.so"' in line]
        if not any("rename" in line for line in lines):
            yield "no file took the library's place"
        for line in lines:
            if "unlink" in line or "O_CREAT" in line or "O_TRUNC" in line:
                yield line


def installs_elsewhere():
    """DESTDIR is put before every path, and nothing is written outside; a
    tarball of that works where it is unpacked, beside another version."""
    with tempfile.TemporaryDirectory() as temp:
        root = pathlib.Path(temp)
        stage = root / "a stage"
        args = [*AS_BUILT, "DESTDIR=%s" % stage, "PREFIX=/auth407"]
        done = make("install", *args)
        if done.returncode:
            yield done.stdout
        for name in tree(root):
            if not name.startswith("a stage"):
                yield "outside: " + name
        for version in ("1", "2"):
            place = root / version
            place.mkdir()
            run("tar", "-cf", root / "t.tar", "-C", stage, "auth407")
            run("tar", "-xf", root / "t.tar", "-C", place)
            yield from finds_parts(place / "auth407/bin/auth407",
                                   place / "auth407/lib/auth407/libauth407.so",
                                   temp)
        done = make("uninstall", *args)
        if done.returncode:
            yield done.stdout
        if stage.exists():
            yield from difference("uninstall", [], tree(stage))
            yield "left: " + str(stage)


SHOWN = ("1. What the build needs", "2. Build", "3. A proxy on this machine",
         "http://127.0.0.1:", "4. curl by itself", "\n407\n",
         "5. The same curl under auth407", '"alice"', "6. The log says",
         '"outcome":"resolved"', "7. What the log adds up to",
         "Fix: Add to ~/.curlrc", "All as it should be")


def starts_quickly(folder, flags):
    """scripts/quickstart where all is built; nothing but the build is left."""
    before = tree(folder)
    env = environment(BUILD="build-gcc", CC="gcc", WERROR="1",
                      **dict(flag.split("=", 1) for flag in flags))
    done = attempt("scripts/quickstart", cwd=folder, env=env)
    if done.returncode:
        yield "quickstart: status %d" % done.returncode
    at = 0
    for words in SHOWN:
        at = done.stdout.find(words, at)
        if at < 0:
            yield "quickstart: no %s in its place\n%s" % (words, done.stdout)
            break
    yield from difference("quickstart", before, tree(folder))


def distributes():
    """The release's tarball builds by itself, with gcc, without a warning; with
    Debian's flags for a package, and optimised over all files; the quickstart
    in it shows what it says."""
    flags = package_flags("optimize=+lto")
    done = make("BUILD=" + BUILD.name, "dist")
    if done.returncode:
        yield done.stdout
        return
    tarball = done.stdout.split()[-1]
    with tempfile.TemporaryDirectory() as temp:
        done = attempt("tar", "-xf", tarball, "-C", temp)
        (folder,) = pathlib.Path(temp).iterdir()
        yield from builds_with("gcc", flags, cwd=folder)
        yield from starts_quickly(folder, flags)
        for name in ("README.md", "LICENSE", "docs/auth407.1"):
            if not (folder / name).exists():
                yield name + " is not in it"


TESTS = [builds_with_clang, installs, installs_over, installs_elsewhere,
         distributes]
