# SPDX-License-Identifier: MIT
"""Files that a program's own file includes."""

import shutil
import subprocess

from place import BUILD, doctor, environment, equal, has, test
from places import by_itself, home, parts, variables, words
from tap import Skip, lacks

OTHER = "[http]\n\tproxy = http://other.test:1\n"

# the condition of an includeIf section; does it hold in ~/code/one, branch
# feature/x, and ~/link/one, a link to it?
CONDITIONS = [
    ("gitdir:~/code/", True),
    ("gitdir:~/code", False),
    ("gitdir:code/", True),
    ("gitdir:one/.git", True),
    ("gitdir:one", False),
    ("gitdir:~/code/*/.git", True),
    ("gitdir:~/*/.git", False),
    ("gitdir:~/**/.git", True),
    ("gitdir:**/o?e/**", True),
    ("gitdir:~/code/one/.git/", False),
    ("gitdir:./code/", True),
    ("gitdir:./one/", False),
    ("gitdir:~/CODE/", False),
    ("gitdir/i:~/CODE/", True),
    ("gitdir:/", True),
    ("gitdir:", True),
    ("onbranch:feature/", True),
    ("onbranch:feature/x", True),
    ("onbranch:feature", False),
    ("onbranch:*", False),
    ("onbranch:**", True),
    ("onbranch:main", False),
    ("nonsense:x", False),
    ("gitdir", False),
]


def in_folder(folder, env):
    done = subprocess.run(
        [BUILD / "auth407", "doctor", "--offline"], text=True, check=False,
        env=environment(env), cwd=folder, timeout=60, capture_output=True)
    return " ".join(done.stdout.split())


def says_git(folder, env):
    return subprocess.run(
        ["git", "config", "--includes", "http.proxy"], cwd=folder, text=True,
        env=environment(env), capture_output=True, check=False).stdout.strip()


@test
def included():
    """what git includes, and what includes itself"""
    folder = home(".gitconfig", "[include]\n\tpath = src/proxy\n"
                  "\tpath = ~/.gitconfig\n\tpath = src/none\n")
    (folder / "src").mkdir()
    (folder / "src/none").write_text("[include] path = none\n" * 100)
    (folder / "src/proxy").write_text(
        "[include] path = ../.gitconfig\n[include] path = proxy\n"
        '[http "https://*.example.com/"]\n\tproxy = http://other.test:1\n'
        "[http]\n\tproxy = %(url)s\n" % parts("other.test"))
    seen = doctor("--offline", env={**variables(), "HOME": folder})
    equal(seen.codes(status="warning"), ["program_disagrees"], seen.text)
    has(words(seen), "git (~/src/proxy:6): http://alice@other.test:3128")
    seen = doctor("--offline", "--target", "https://www.example.com/",
                  env={**variables(), "HOME": folder})
    has(words(seen), "git (~/src/proxy:4): http://other.test:1, which is")



@test
def conditions():
    """what git includes on a condition, as git itself takes it"""
    if not shutil.which("git"):
        raise Skip("git is not there")
    folder = home("inc", OTHER)
    work = folder / "code/one"
    work.mkdir(parents=True)
    by_itself(work, "git", "init", "-q", "-b", "feature/x", ".")
    (work / "src").mkdir()
    env = {**variables(), "HOME": folder}
    for condition, holds in CONDITIONS:
        (folder / ".gitconfig").write_text(
            f'[includeIf "{condition}"]\n\tpath = inc\n')
        for where in (work, work / "src"):
            equal(bool(says_git(where, env)), holds, f"git, {condition}")
            seen = in_folder(where, env)
            equal("git (~/inc:2): http://other.test:1" in seen, holds,
                  condition + seen)


@test
def of_a_worktree():
    """the condition is on the folder that a .git file names; or GIT_DIR"""
    if not shutil.which("git"):
        raise Skip("git is not there")
    folder = home("inc", OTHER)
    (folder / ".gitconfig").write_text(
        '[includeIf "gitdir:real/"]\n\tpath = ~/inc\n'
        '[includeIf "onbranch:other"]\n\tpath = none\n')
    (folder / "apart").mkdir()
    (folder / "real").mkdir()
    by_itself(folder, "git", "init", "-q", "--separate-git-dir", "real/x",
              "apart")
    env = {**variables(), "HOME": folder}
    for where, more in ((folder / "apart", {}),
                        (folder, {"GIT_DIR": folder / "real/x"})):
        equal(says_git(where, {**env, **more}), "http://other.test:1")
        has(in_folder(where, {**env, **more}), "git (~/inc:2): http://other")
    (folder / "apart/.git").write_text("gitdir: ../real/x\n")
    has(in_folder(folder / "apart", env), "git (~/inc:2): http://other")
    (folder / "apart/.git").write_text("nonsense")
    lacks(in_folder(folder / "apart", env), "~/inc")


@test
def last_counts():
    """of what git includes and what stands around it the last counts"""
    folder = home("inc", OTHER)
    own, include = OTHER.replace("other", "own"), "[include]\n\tpath = inc\n"
    for text, counts, not_used in ((own + include, "~/inc:2",
                                    "~/.gitconfig:2"),
                                   (include + own, "~/.gitconfig:4",
                                    "~/inc:2")):
        (folder / ".gitconfig").write_text(text)
        seen = doctor("--offline", env={**variables(), "HOME": folder})
        has(words(seen), f"warning git ({counts}): http://o")
        has(words(seen), f"- git ({not_used}): not used")
        equal(says_git(folder, {"HOME": folder}),
              "http://other.test:1" if counts == "~/inc:2"
              else "http://own.test:1")


@test
def environment_files():
    """the files that a unit takes variables from"""
    folder = home(".config/systemd/user/a.service.d/env.conf", "")
    unit = folder / ".config/systemd/user/a.service.d/env.conf"
    for name, line in (("env", "EnvironmentFile=-%s/env"),
                       ("env", "EnvironmentFile=%s/e*v"),
                       ("env", "EnvironmentFile=%s/none\n"
                               "EnvironmentFile=%s/env")):
        for p, says in (
                (parts("other.test"), "warning systemd (~/env:3): http://"
                 "alice@other.test:3128, which is not that of https_proxy"),
                (parts(), "ok systemd (~/env:3): http://alice@proxy.test")):
            unit.write_text("[Service]\n" + line.replace("%s", str(folder))
                            + "\n")
            (folder / name).write_text(
                f"; as of\n# old\nhttps_proxy='{p['url']}'\n")
            seen = doctor("--offline", env={**variables(), "HOME": folder})
            has(words(seen), says)
    for line in ("EnvironmentFile=env", "EnvironmentFile=%h/env",
                 "EnvironmentFile=", "ExecStart=/x\n# EnvironmentFile=/x"):
        unit.write_text(f"[Service]\n{line}\n")
        seen = doctor("--offline", env={**variables(), "HOME": folder})
        equal(seen.codes(status="warning"), [], seen.text)
        lacks(seen.text, "systemd")


@test
def elsewhere():
    """where a variable names the folder or the file the usual one is not read"""
    for variable, name, text in [
            ("DOCKER_CONFIG", ".docker/config.json",
             '{"proxies": {"default": {"httpsProxy": "http://o:1"}}}'),
            ("CARGO_HOME", ".cargo/config.toml", '[http]\nproxy = "http://o:1"'),
            ("GRADLE_USER_HOME", ".gradle/gradle.properties",
             "systemProp.https.proxyHost=o\n"),
            ("XDG_CONFIG_HOME", ".config/git/config", OTHER),
            ("NPM_CONFIG_USERCONFIG", ".npmrc", "proxy=http://o:1\n"),
            ("WGETRC", ".wgetrc", "https_proxy=http://o:1\n")]:
        env = {**variables(), "HOME": home(name, text)}
        seen = doctor("--offline", env=env)
        equal(seen.codes(status="warning"), ["program_disagrees"], seen.text)
        seen = doctor("--offline", env={**env, variable: "/nowhere"})
        equal(seen.codes(status="warning"), [], seen.text)
