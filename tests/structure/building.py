# SPDX-License-Identifier: MIT
"""Tests of the build: both compilers, installing, the release's tarball."""
import os
import pathlib
import shutil
import tempfile

from common import BUILD, attempt

MAKE = os.environ.get("MAKE", "make")


def environment(**more):
    """Without what an outer make hands down to an inner one."""
    env = {k: v for k, v in os.environ.items()
           if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "BUILD", "CC",
                        "CFLAGS", "LDFLAGS", "DESTDIR", "PREFIX")}
    env.update(more)
    return env


def make(*args, **more):
    more.setdefault("env", environment())
    return attempt(MAKE, *args, **more)


def builds_with(compiler, **more):
    """Builds everything; what is wrong with that."""
    if not shutil.which(compiler):
        yield compiler + " is missing"
        return
    done = make("BUILD=build-" + compiler, "CC=" + compiler, "WERROR=1",
                "all", "fixtures", **more)
    if done.returncode:
        yield "\n".join(done.stdout.splitlines()[-30:])


def builds_with_clang():
    """clang builds everything without a warning."""
    return builds_with("clang")


def files_in(root):
    return sorted(str(p.relative_to(root)) for p in root.rglob("*")
                  if not p.is_dir())


def installs():
    """`make install` installs a launcher that finds its library; `make
    uninstall` leaves nothing."""
    with tempfile.TemporaryDirectory() as temp:
        root = pathlib.Path(temp)
        prefix = root / "usr"
        args = ["BUILD=" + BUILD.name, "PREFIX=%s" % prefix]
        done = make("install", *args)
        if done.returncode:
            yield done.stdout
            return
        if len(files_in(root)) < 5:
            yield "installed: " + " ".join(files_in(root))
        env = environment(HOME=temp, XDG_STATE_HOME=temp,
                          XDG_CONFIG_HOME=temp)
        done = attempt(prefix / "bin/auth407", "--", "/bin/sh", "-c",
                       "grep -c libauth407.so /proc/self/maps; "
                       "echo $LD_PRELOAD", env=env, cwd=temp)
        expected = str(prefix / "lib/auth407/libauth407.so")
        if done.returncode or expected not in done.stdout:
            yield "the installed command: status %d, %s" % (
                done.returncode, done.stdout)
        done = attempt(prefix / "bin/auth407", "report", "--help", env=env,
                       cwd=temp)
        if done.returncode or "--access-log" not in done.stdout:
            yield "the installed report: status %d, %s" % (
                done.returncode, done.stdout)
        done = make("uninstall", *args)
        if done.returncode:
            yield done.stdout
        for name in files_in(root):
            yield "left: " + name
        if (prefix / "lib/auth407").exists():
            yield "left: lib/auth407"


def installs_elsewhere():
    """DESTDIR is put before every path, and nothing is written outside."""
    with tempfile.TemporaryDirectory() as temp:
        stage = pathlib.Path(temp) / "stage"
        args = ["BUILD=" + BUILD.name, "DESTDIR=%s" % stage,
                "PREFIX=%s/prefix" % temp]
        for goal in ("install", "uninstall"):
            done = make(goal, *args)
            if done.returncode:
                yield done.stdout
            names = files_in(pathlib.Path(temp))
            if goal == "install" and not names:
                yield "nothing was installed"
            for name in names:
                if goal == "uninstall" or not name.startswith("stage/"):
                    yield "%s: %s" % (goal, name)


def distributes():
    """The release's tarball builds by itself, with gcc, without a warning."""
    done = make("BUILD=" + BUILD.name, "dist")
    if done.returncode:
        yield done.stdout
        return
    tarball = done.stdout.split()[-1]
    with tempfile.TemporaryDirectory() as temp:
        done = attempt("tar", "-xf", tarball, "-C", temp)
        (folder,) = pathlib.Path(temp).iterdir()
        yield from builds_with("gcc", cwd=folder)
        if not (folder / "build-gcc/libauth407.so").exists():
            yield "no library was built"
        for name in ("README.md", "LICENSE", "docs/auth407.1"):
            if not (folder / name).exists():
                yield name + " is not in it"


TESTS = [builds_with_clang, installs, installs_elsewhere, distributes]
