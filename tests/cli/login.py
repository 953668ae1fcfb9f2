# SPDX-License-Identifier: MIT
"""auth407 login: what is entered, and what becomes of the credential file."""

import os
import resource
import signal
import subprocess
import threading

from harness import (AUTH407, NOBODY, Skip, check, compile_c, environment,
                     equal, has, lacks, need_root, path, run, test, write)
from login_help import P, SECRET, ended, lines, login, only, place, text


@test
def writes_a_file():
    """login makes the file and its folders, for its user alone"""
    home = os.path.dirname(place("home"))
    env = {"HOME": home, "AUTH407_CREDENTIALS": None}
    os.umask(0)
    try:
        done = run("login", "--stdin", P, env=env,
                   data=lines(username="alice", password=SECRET,
                              domain="CORP").encode())
    finally:
        os.umask(0o022)
    file = os.path.join(home, ".config/auth407/credentials")
    ended(done, 0, f"written to {file}: `auth407 -- COMMAND` uses it\n")
    equal(text(file), f"[{P}]\nusername = alice\npassword = {SECRET}\n"
          "domain = CORP\n")
    equal(os.stat(file).st_mode & 0o7777, 0o600, "mode")
    equal(os.stat(os.path.dirname(file)).st_mode & 0o7777, 0o700, "folder")
    only(file)
    named = place("named")
    ended(run("login", "--stdin", P, env={"AUTH407_CREDENTIALS": named},
              data=b"token=abc"), 0)
    equal(text(named), f"[{P}]\ntoken = abc\n")


@test
def keeps_the_rest():
    """login changes one section and leaves every other byte alone"""
    file = place("rest")
    head = "\ufeff# mine\r\n\r\n[a.test:1]\r\n; of a\r\ntoken = t # no comment\r\n"
    middle = "[P.Test:3128]\r\n  USERNAME=alice\r\n# next line\r\n" \
        "Password =  old\r\nexpires = 2020-01-01\r\nschemes = ntlm\r\n"
    tail = "\r\n# of z\r\n[z.test:1]\r\n"
    write("login/rest/cred", head + middle + tail)
    ended(login(file, P, keys={"username": "alice", "password": " a;#\" "}), 0)
    equal(text(file), head + "[P.Test:3128]\r\n  USERNAME=alice\r\n"
          "# next line\r\nPassword =  \" a;#\" \"\r\nschemes = ntlm\r\n" + tail)
    ended(login(file, "new.test", keys={"token": "x"}), 0)
    equal(text(file).split(tail)[1], "\r\n[new.test]\r\ntoken = x\r\n")


@test
def chooses_a_section():
    """of several sections for one proxy the user's is changed, else the first"""
    file = place("choose")
    write("login/choose/cred", "".join(
        f"[{P}]\nusername = {u}\npassword = old\n" for u in "abc"))
    ended(login(file, P, keys={"username": "b", "password": "new"}), 0)
    equal(text(file).count("old"), 2)
    has(text(file), "b\npassword = new\n")
    ended(login(file, P, keys={"username": "d", "password": "newer"}), 0)
    equal(text(file).split("\n")[1:3], ["username = d", "password = newer"])
    write("login/choose/cred", f"[{P}]\nusername = a\nhelper = exit 3; :\n"
          f"[{P}]\ntoken = old\n[{P}]\nusername = b\nhelper = exit 4; :\n")
    ended(login(file, P, keys={"token": "new"}), 0)
    has(text(file), f"[{P}]\ntoken = new\n")
    ended(login(file, P, "--store", "helper", keys={
        "username": "b", "password": SECRET}), 4, "status 4")
    ended(login(file, P, "--delete", "--username", ""), 0)
    lacks(text(file), "token")


@test
def replaces_sources():
    """a password takes the place of a helper, a file, a token and a netrc"""
    file = place("sources")
    for old in ("helper = x", "username = u\npassword-file = /p",
                "token-file = /t", "netrc = ~/.netrc", "token = t",
                "username = u\nkeytab = ~/k"):
        write("login/sources/cred", f"[{P}]\n{old}\nservice = HTTP@x\n")
        ended(login(file, P, keys={"username": "u", "password": "w"}), 0)
        equal(sorted(text(file).split()), sorted(
            f"[{P}] username = u password = w service = HTTP@x".split()), old)


@test
def refuses_what_is_wrong():
    """what is entered wrongly is said, without its value, and not written"""
    file = place("wrong")
    for data, part in (
            ("", "neither a password nor a token"),
            (f"password={SECRET}", "a password, but no user name"),
            ("username=u", "neither a password nor a token"),
            ("token=\n", "an empty token"),
            (f"username=u\npassword={SECRET}\r\r", "the password "),
            (f"username=u\npassword=a\tb{SECRET}", "a control character"),
            (f"username=u\0\npassword={SECRET}", "the user name holds"),
            (SECRET, "line 1 of standard input is none of"),
            (f"username=u\npasword={SECRET}", "line 2 of standard input"),
            ("token=" + "x" * 200000, "longer than")):
        ended(login(file, P, data=data), 2, part)
        check(not os.path.exists(file), data[:40])
    ended(login(file, P, data=f"protocol=http\nhost=x\nusername=u\n"
                f"password={SECRET}\nwwwauth[]=Basic\n\nanything"), 0)
    # who writes need not end what it has ended with an empty line
    ours, theirs = os.pipe()
    os.write(theirs, f"token={SECRET}\n\n".encode())
    with subprocess.Popen([AUTH407, "login", P, "--stdin", "--credentials",
                           file], env=environment(), stdin=ours,
                          stderr=subprocess.DEVNULL) as child:
        equal(child.wait(20), 0, "exit status")
    os.close(ours)
    os.close(theirs)


@test
def options():
    """options that make no sense end with 2 and name what does"""
    for words, part in (
            ((), "no PROXY"), (("a:1", "b:1"), "one PROXY"),
            (("a:0",), "is no proxy"), (("a b",), "is no proxy"),
            (("http://u:pw@h:1",), "no place for a user name"),
            (("u:pw@h:1",), "no place for a user name"),
            (("socks5://h:1",), "no HTTP proxy"),
            (("http://h",), "has no port"),
            ((P, "--list", "--delete"), "do not go together"),
            ((P, "--verify", "--no-verify"), "do not go together"),
            (("h", "--verify"), "h has no port"),
            (("*.h:1", "--verify"), "many proxies"),
            ((P, "--target", "ftp://x/"), "HOST:PORT"),
            ((P, "--target", "x:1 y"), "HOST:PORT"),
            ((P, "--verfy"), "did you mean `--verify`?"),
            ((P, "--stdin", "--store", ""), "needs a command"),
            ((P, "--stdin", "--store", "helper"), "has no helper")):
        done = run("login", *words, env={"AUTH407_CREDENTIALS": path("none")},
                   data=b"token=x")
        ended(done, 2, part)
        lacks(done.err, "pw")
    ended(run("login", P, env={"HOME": None}), 2, "set HOME")
    ended(run("login", P, env={"AUTH407_CLEAR": "x"}), 2, "AUTH407_CLEAR")
    for words in (("login", "--help"), ("login", "-h", "--list")):
        equal(run(*words).status, 0)


# ---- what is there already ----

@test
def refuses_files():
    """a file that the library would refuse is said so, and left as it is"""
    file = place("refused")
    for content, mode, part in (
            (f"[{P}]\n", 0o644, "run: chmod 600"),
            (f"[{P}]\n", 0o620, "run: chmod 600"),
            ("[a:1]\nnonsense = x\n", 0o600, "cred:2: unknown key")):
        write("login/refused/cred", content, mode)
        for more in ((P, "--stdin"), (P, "--delete"), ("--list",)):
            ended(run("login", *more, "--credentials", file,
                      data=b"token=x"), 4, part)
        equal((text(file), os.stat(file).st_mode & 0o777), (content, mode))
    os.unlink(file)
    os.mkdir(file)
    ended(login(file, P, keys={"token": "x"}), 4, file)


@test
def keeps_a_link():
    """a symbolic link of one's own stays, and what it leads to is changed"""
    file = place("link")
    target = write("login/link/dot/real", "[a:1]\n", 0o400)
    os.chmod(os.path.dirname(target), 0o700)
    os.symlink("dot/real", file)
    ended(login(file, P, keys={"token": "x"}), 0)
    equal(os.readlink(file), "dot/real")
    equal(text(target), f"[a:1]\n\n[{P}]\ntoken = x\n")
    equal(os.stat(target).st_mode & 0o777, 0o400, "a mode that holds")


@test
def trusts_no_others():
    """no secret goes through a link or a folder of another user"""
    need_root()
    file = place("others")
    folder = os.path.dirname(file)
    os.chmod(folder, 0o1777)
    target = write("login/target", f"[{P}]\n")
    os.symlink(target, file)
    os.lchown(file, NOBODY, NOBODY)
    ended(login(file, P, keys={"token": SECRET}), 4, "can't be trusted")
    equal(text(target), f"[{P}]\n")
    os.unlink(file)
    # one who waits there with a file of his own for what is to be written
    new = os.path.join(folder, ".cred.new")
    write("login/others/.cred.new", "", 0o666)
    os.chown(new, NOBODY, NOBODY)
    done = login(file, P, keys={"token": SECRET})
    ended(done, 0)
    equal(os.stat(file).st_uid, 0, "owner")
    only(file)


@test
def full_disk():
    """where there is no room the old file stays, whole"""
    need_root()
    file = place("full")
    folder = os.path.dirname(file)
    big = "x" * 5000
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c",
         f"mount -t tmpfs -o size=8k,mode=700 none {folder} || exit 77\n"
         f"printf '[a:1]\\n# {big}\\n' >{file}; chmod 600 {file}\n"
         f"echo token={SECRET} | {AUTH407} login --credentials {file} --stdin "
         f"{P} 2>&1; echo status $?; ls -A {folder}; head -c 6 {file}"],
        capture_output=True, text=True, env=environment(), check=False)
    if "status" not in done.stdout:
        raise Skip("no mount namespace: " + done.stderr.strip())
    equal(done.stdout.splitlines()[1:], ["status 4", "cred", "[a:1]"],
          done.stdout)
    has(done.stdout, "No space left on device")
    lacks(done.stdout, SECRET)


@test
def too_large():
    """a limit on the size of files is an error, not the end"""
    file = write("login/limit/cred", "[a:1]\n")

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (20, 20))
    ended(login(file, P, keys={"token": SECRET}, preexec_fn=limit), 4,
          "File too large")
    equal(text(file), "[a:1]\n")
    only(file)


@test
def killed():
    """killed at any call on the way, it leaves the old file or the new one"""
    shim = compile_c("login/kill.so", r"""
        #include <dlfcn.h>
        #include <signal.h>
        #include <stdlib.h>
        #include <string.h>
        #include <unistd.h>
        static void die(const char *at)
        {
            if (strcmp(getenv("KILL_AT"), at) == 0)
                kill(getpid(), SIGKILL);
        }
        int fchmod(int fd, unsigned mode)
        {
            int (*real)(int, unsigned) = dlsym(RTLD_NEXT, "fchmod");
            int k = real(fd, mode);
            die("fchmod");
            return k;
        }
        ssize_t write(int fd, const void *p, size_t n)
        {
            ssize_t (*real)(int, const void *, size_t) =
                dlsym(RTLD_NEXT, "write");
            ssize_t k = real(fd, p, fd > 2 ? (n + 1) / 2 : n);
            if (fd > 2)
                die("write");
            return k;
        }
        int fsync(int fd)
        {
            die("fsync");
            return 0;
        }
        int renameat(int a, const char *from, int b, const char *to)
        {
            int (*real)(int, const char *, int, const char *) =
                dlsym(RTLD_NEXT, "renameat");
            die("before");
            int k = real(a, from, b, to);
            die("after");
            return k;
        }
        """, "-shared", "-fPIC", "-D_GNU_SOURCE", "-fno-builtin")
    file = place("killed")
    old, new = "[a:1]\n", f"[a:1]\n\n[{P}]\ntoken = {SECRET}\n"
    for at in ("fchmod", "write", "fsync", "before", "after"):
        write("login/killed/cred", old)
        done = login(file, P, keys={"token": SECRET},
                     env={"LD_PRELOAD": shim, "KILL_AT": at})
        equal(done.status, -signal.SIGKILL, at)
        equal(text(file), new if at == "after" else old, at)
        for name in os.listdir(os.path.dirname(file)):
            equal(os.stat(os.path.join(os.path.dirname(file), name)).st_mode
                  & 0o777, 0o600, name)
        # what it has left is in nobody's way, and does not stay
        ended(login(file, P, keys={"token": "next"}), 0)
        only(file)


@test
def many_at_once():
    """twenty at once: no section is lost"""
    file = place("many")
    jobs = [threading.Thread(target=login, args=(file, f"p{i}.test:1"),
                             kwargs={"keys": {"token": f"t{i}"}})
            for i in range(20)]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    found = text(file)
    for i in range(20):
        has(found, f"[p{i}.test:1]\ntoken = t{i}\n")
    only(file)


@test
def lists():
    """--list tells what there is and no secret; --delete removes it"""
    file = place("list")
    equal((login(file, "--list").out, login(file, "--list").status), ("", 0))
    ended(login(os.path.join(file, "no/such"), P, "--delete"), 1,
          "no such section")
    check(not os.path.exists(file), "made something")
    write("login/list/cred",
          f"# top\n[{P}]\nusername = a\npassword = {SECRET}\ndomain = D\n"
          f"\n# of q\n[q.test]\ntoken = {SECRET}\n[{P}]\nusername = b\n"
          f"password = {SECRET}\n[r:1]\nusername = c\nhelper = echo {SECRET}\n")
    mine = [f"{P}, user a, with a password, domain D",
            f"{P}, user b, with a password"]
    equal(login(file, "--list").out.splitlines(),
          [mine[0], "q.test, with a token", mine[1],
           "r:1, user c, from a helper"])
    equal(login(file, P, "--list").out.splitlines(), mine)
    ended(login(file, P, "--delete", "--username", "x"), 1)
    ended(login(file, P, "--delete", "--username", "b"), 0)
    equal(login(file, P, "--list").out.splitlines(), mine[:1])
    ended(login(file, P, "--delete"), 0)
    equal(text(file), f"# top\n\n# of q\n[q.test]\ntoken = {SECRET}\n[r:1]\n"
          f"username = c\nhelper = echo {SECRET}\n")
