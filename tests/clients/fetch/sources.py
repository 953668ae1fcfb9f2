# SPDX-License-Identifier: MIT
"""Each source by itself, through the library's own code."""

import json
import os
import shutil
import struct
import subprocess
import time

from place import BUILD, HELPER_TIMEOUT, PROXY, Skip, check, equal, test

SECRET = "s3cr3t"
USER = 4321


def volume(folder, password, number):
    """What the kubelet's AtomicWriter makes of a secret, and of a new one."""
    top = folder / "volume"
    top.mkdir(exist_ok=True)
    top.chmod(0o1777)
    data = top / f"..2026_11_29_14_30_0{number}.{number}"
    data.mkdir()
    data.chmod(0o755)
    (data / "password").write_text(password)
    (data / "password").chmod(0o644)
    (top / "..data_tmp").symlink_to(data.name)
    os.rename(top / "..data_tmp", top / "..data")
    file = top / "password"
    if not file.is_symlink():
        file.symlink_to("..data/password")
    return file


def grant(file, perm):
    """As systemd grants its user a credential, which stays root's: acl(5)."""
    every = 0xffffffff
    os.setxattr(file, "system.posix_acl_access", struct.pack("<I", 2) + b"".join(
        struct.pack("<HHI", *entry) for entry in (
            (1, perm, every), (2, perm, USER), (4, 0, every),
            (16, perm, every), (32, 0, every))))


def own(p):
    """A configuration folder with a credential file of the user's own."""
    folder = p.folder / "config"
    if not folder.exists():
        (folder / "auth407").mkdir(parents=True)
        for each in (folder, folder / "auth407"):
            each.chmod(0o755)
        p.write("config/auth407/credentials",
                f"[{PROXY}]\nusername = u\npassword-file = "
                f"{p.write('config/own', 'own', 0o444)}\n")
    return folder


@test
def password_file(p):
    """password-file: the first line, whatever ends it"""
    for text in (SECRET, SECRET + "\n", SECRET + "\r\n", SECRET + "\nx\n"):
        file = p.write("pw", text)
        equal(p.got("username = u", f"password-file = {file}"),
              ("u", SECRET, None), text)
    file = p.write("pw", b" \xc3\xa4 #;=\" x \n")
    equal(p.got("username = u", f"password-file = {file}")[1],
          " \u00e4 #;=\" x ")


@test
def token_file(p):
    """token-file: alone, beside a password, and as long as a head"""
    token = p.write("token", "abc.def==\r\n")
    file = p.write("pw", SECRET)
    equal(p.got(f"token-file = {token}"), (None, None, "abc.def=="))
    equal(p.got("username = u", f"password-file = {file}",
                f"token-file = {token}"), ("u", SECRET, "abc.def=="))
    equal(p.got("username = u", "password = q", f"token-file = {token}"),
          ("u", "q", "abc.def=="))
    equal(p.got("token-file = %s" % p.write("token", "t" * 65000))[2],
          "t" * 65000)


@test
def bad_files(p):
    """a file that is no good is refused, with the reason"""
    os.mkfifo(p.folder / "fifo", 0o600)
    (p.folder / "dir").mkdir(mode=0o700)
    cases = [("no-such is not there", "no-such"),
             ("is not there", "pw/x"),
             ("is empty", p.write("empty", "")),
             ("is empty", p.write("line", f"\r\n{SECRET}\n")),
             ("control character", p.write("nul", f"{SECRET}\0\n")),
             ("control character", p.write("tab", f"{SECRET}\t\n")),
             ("ends with a line end", p.write("cr", f"{SECRET}\r\r\n")),
             ("not a regular file", "fifo"), ("not a regular file", "dir"),
             ("not a regular file", "/dev/null")]
    p.write("pw", SECRET)
    for part, name in cases:
        path = p.folder / name
        p.refused(part, "username = u", f"password-file = {path}")
        one = p.refused(part, f"token-file = {path}")
        check(one["detail"].startswith("token-file: "), one["detail"])


@test
def modes(p):
    """a file that others may write is refused, a link is followed"""
    for mode in (0o664, 0o620, 0o602):
        file = p.write("pw", SECRET, mode)
        for lines in (("username = u", f"password-file = {file}"),
                      (f"token-file = {file}",), (f"netrc = {file}",)):
            one = p.refused(f"mode 0{mode:o} lets others", *lines)
            check("chmod go-w" in one["detail"], one["detail"])
    for mode in (0o600, 0o400, 0o444, 0o644):
        file = p.write("pw", SECRET, mode)
        equal(p.got("username = u", f"password-file = {file}")[1], SECRET)
        link = p.folder / "link"
        link.unlink(missing_ok=True)
        link.symlink_to("pw")
        equal(p.got("username = u", f"password-file = {link}")[1], SECRET)
    p.write("pw", SECRET, 0o666)
    p.refused("lets others", "username = u", f"password-file = {link}")
    if os.geteuid() == 0:
        os.chown(p.write("pw", SECRET), 65534, -1)
        p.refused("belongs to user 65534", "username = u",
                  f"password-file = {p.folder / 'pw'}")


def problems(log):
    return [json.loads(line)["message"] for line in log.read_text().splitlines()]


@test
def mounted(p):
    """a secret as Docker mounts it: read, and said once that others may"""
    file = p.write("pw", SECRET, 0o444)
    log = p.folder / "log"
    env = {"AUTH407_LOG": str(log)}
    found = p.probe("username = u", f"password-file = {file}",
                    f"token-file = {file}", times=2, env=env)
    equal([one.get("token") for one in found], [SECRET] * 2)
    equal(problems(log),
          [f"{file}: can be read by other users (mode 0444)"])
    p.write("netrc", f"default login n password {SECRET}", 0o644)
    equal(p.got(f"netrc = {p.folder / 'netrc'}", env=env)[0], "n")
    equal(len(problems(log)), 2)
    log.unlink()
    p.write("pw", SECRET, 0o400)
    p.got("username = u", f"password-file = {file}", env=env)
    check(not log.exists(), "a warning without a cause")


@test
def kubernetes(p):
    """a secret as Kubernetes mounts it: links in a folder that all may write
    with the sticky bit; a new one takes effect when the old one has gone"""
    file = volume(p.folder, "old", 1)
    found = p.probe("username = u", f"password-file = {file}", times=2,
                    between=lambda: volume(p.folder, "new", 2))
    equal([one.get("password") for one in found], ["old", "new"])
    if os.geteuid() != 0:
        return
    p.folder.chmod(0o711)
    p.credentials.chmod(0o600)
    os.chown(p.credentials, USER, USER)
    equal(p.got(user=USER)[1], "new", "root's, read by a user")
    # what others than its owner could have put there is not followed
    for name in ("password", "..data"):
        os.lchown(p.folder / "volume" / name, 65534, 65534)
        p.refused(f"{name} is another user's symbolic link", user=USER)
        os.lchown(p.folder / "volume" / name, 0, 0)
    (p.folder / "volume").chmod(0o777)
    p.refused("is a symbolic link in a folder that others may write",
              user=USER)


@test
def of_a_group(p):
    """a secret of root's that a service's user reads by its group: Kubernetes'
    fsGroup, 0440, and as Docker and podman mount it, 0444"""
    if os.geteuid() != 0:
        raise Skip("not root")
    group = 2000
    file = volume(p.folder, SECRET, 1)
    p.folder.chmod(0o711)
    p.section("username = u", f"password-file = {file}")
    os.chown(p.credentials, USER, USER)
    for path, mode in ((file, 0o440), (file.resolve().parent, 0o2755),
                       (p.folder / "volume", 0o3777)):
        os.chown(path, 0, group)
        path.chmod(mode)
    log = p.folder / "home/log"
    os.chown(p.home, USER, USER)
    env = {"AUTH407_LOG": str(log)}
    equal(p.got(user=USER, groups=(group,), env=env)[1], SECRET)
    equal(problems(log), [f"{file}: can be read by other users (mode 0440)"])
    p.refused("this user may not read it", user=USER)
    (p.folder / "run/secrets").mkdir(parents=True)
    for path in ("run", "run/secrets"):
        (p.folder / path).chmod(0o755)
    docker = p.write("run/secrets/password", SECRET, 0o444)
    p.section("username = u", f"password-file = {docker}")
    os.chown(p.credentials, USER, USER)
    equal(p.got(user=USER)[1], SECRET)
    # whom it could be changed by
    os.chown(docker, 0, group)
    docker.chmod(0o464)
    p.refused("lets others change it", user=USER, groups=(group,))


@test
def exchanged(p):
    """in a folder that others may write only one's own file is read, whatever
    is put in its place"""
    if os.geteuid() != 0:
        raise Skip("not root")
    shared = p.folder / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    file = p.write("shared/pw", SECRET, 0o444)
    line = ("username = u", f"password-file = {file}")
    equal(p.got(*line)[1], SECRET)
    os.chown(p.write("shared/theirs", "theirs", 0o444), 65534, -1)
    os.rename(shared / "theirs", file)
    p.refused("belongs to user 65534", *line)
    file.unlink()
    os.link(p.write("other", SECRET, 0o444), file)
    p.refused("has another name", *line)
    file.unlink()
    file.symlink_to(p.folder / "other")
    p.refused("is a symbolic link in a folder", *line)
    os.chown(shared, 65534, -1)
    shared.chmod(0o755)
    p.refused("is another user's symbolic link", *line)


@test
def systemd(p):
    """the file in $CREDENTIALS_DIRECTORY, root's and readable by the service's
    user through an access list, is found without a setting"""
    if os.geteuid() != 0:
        raise Skip("not root")
    p.folder.chmod(0o711)
    unit = p.folder / "x.service"
    unit.mkdir(mode=0o500)
    env = {"AUTH407_CREDENTIALS": "", "CREDENTIALS_DIRECTORY": str(unit)}
    p.section("username = u", f"password-file = {unit / 'pw'}")
    for name, text in (("auth407", p.credentials.read_bytes()),
                       ("pw", SECRET)):
        grant(p.write("x.service/" + name, text, 0o400), 4)
    grant(unit, 5)
    log = p.folder / "log"
    equal(p.got(user=USER, env={**env, "AUTH407_LOG": str(log)})[1], SECRET)
    check(not log.exists(), "a warning without a cause")
    equal(p.got(env={**env, "CREDENTIALS_DIRECTORY": str(p.folder / "no"),
                     "XDG_CONFIG_HOME": str(own(p))})[1], "own")
    # inherited by another user, who may not read it
    os.chown(own(p) / "auth407/credentials", USER + 1, USER + 1)
    equal(p.got(user=USER + 1, env={**env, "XDG_CONFIG_HOME": str(own(p))})[1],
          "own")


def systemd_itself(p):
    """the same, as systemd itself makes it"""
    p.section("username = u", f"password = {SECRET}")
    done = subprocess.run(
        ["systemd-run", "--pipe", "--wait", "--quiet",
         "--property=DynamicUser=yes",
         f"--property=LoadCredential=auth407:{p.credentials}",
         BUILD / "tests/clients/fetch/probe", PROXY],
        stdout=subprocess.PIPE, text=True, check=True)
    check(f"password={SECRET}" in done.stdout, done.stdout)


# A container has no systemd that could be asked: what it makes is the test
# above, and it is no test of its own that is passed over.
if os.path.exists("/run/systemd/private") and os.geteuid() == 0:
    test(systemd_itself)


@test
def another_root(p):
    """after chroot() nothing is read or run there: it is another's"""
    if os.geteuid() != 0:
        raise Skip("not root")
    jail = p.folder / "jail"
    jail.mkdir(mode=0o700)
    for name in ("pw", "netrc"):
        text = f"default login u password {SECRET}"
        p.write(name, text)
        p.write(f"jail/{name}", text)
    env = {"PROBE_ROOT": str(jail)}
    for lines in (("username = u", "password-file = /pw"),
                  ("token-file = /pw",), ("netrc = /netrc",)):
        p.refused("after chroot()", *lines, env=env)
    p.refused("can't be started", "username = alice", "helper = x", env=env)


@test
def home(p):
    """~/ is HOME"""
    p.write("home/pw", SECRET)
    p.write("home/.netrc", f"default login n password {SECRET}")
    equal(p.got("username = u", "password-file = ~/pw")[1], SECRET)
    equal(p.got("netrc = ~/.netrc"), ("n", SECRET, None))


@test
def netrc(p):
    """netrc: the proxy's host, its port, one user of several"""
    file = p.write("netrc", f"""
# proxies
machine other.test login a password b
machine proxy.test:8080 login p password q
machine Proxy.Test login alice password "{SECRET} \\"1\\""
machine proxy.test login bob password 2
macdef init
machine proxy.test login x password y

default login d password e
""")
    equal(p.got(f"netrc = {file}"), ("alice", SECRET + ' "1"', None))
    equal(p.got("username = bob", f"netrc = {file}"), ("bob", "2", None))
    p.refused("has no password for proxy.test", "username = nobody",
              f"netrc = {file}")
    p.section(f"netrc = {file}", proxy="proxy.test")
    equal(p.got(proxy="proxy.test:8080"), ("p", "q", None))
    p.section(f"netrc = {file}", proxy="third.test:1")
    equal(p.got(proxy="third.test:1"), ("d", "e", None))
    token = p.write("token", "t")
    equal(p.got(f"netrc = {file}", f"token-file = {token}"),
          ("alice", SECRET + ' "1"', "t"))


@test
def bad_netrc(p):
    """a netrc that can't be read as one is refused, with its line"""
    for text, part in ((f"machine proxy.test login u password \"{SECRET}\n",
                        "netrc:1: a double quote is not closed"),
                       ("machine proxy.test\nlogin", "netrc:2: the last"),
                       ("", "has no password for proxy.test")):
        p.refused(part, f"netrc = {p.write('netrc', text)}")
    p.refused("not there", "netrc = /no/such")


@test
def helper_question(p):
    """a helper is told to get, and for which host, and what the name is"""
    tool = p.script("tool", 'echo "$0|$#|$1" >>"$LOG"; cat >>"$LOG"\n'
                    f'echo username=u; echo password={SECRET}\n')
    log = p.folder / "log"
    rest = "capability[]=authtype\nprotocol=http\nhost=proxy.test:3128\n"
    env = {"LOG": str(log)}
    equal(p.got(f"helper = {tool}", env=env), ("u", SECRET, None))
    equal(log.read_text(), f"{tool}|1|get\n{rest}\n")
    log.unlink()
    equal(p.got("username = DOM\\alice", f"helper = {tool} --flag 'a  b'",
                env=env), ("u", SECRET, None))
    equal(log.read_text(),
          f"{tool}|3|--flag\n{rest}username=DOM\\alice\n\n")


@test
def helper_commands(p):
    """a helper may be any command of the shell"""
    for value in (
            "printf 'username=u\\npassword=%s\\n' s3cr3t; :",
            "f() { echo username=u; echo password=s3cr3t; }; f",
            "!f() { echo username=u; echo password=s3cr3t; }; f",
            "echo username=u; V='s3cr3t'; echo \"password=$V\"; test",
            "[ -t 2 ] || echo username=u; echo noise >&2; "
            "echo password=s3cr3t; :",
            "exec sed 's/host=.*/username=u/; $s/^$/password=s3cr3t/; "
            "/capa\\|proto/d' - #"):
        equal(p.got(f"helper = {value}"), ("u", SECRET, None), value)
    p.script("home/get", f"echo password={SECRET}\n")
    equal(p.got("username = u", "helper = ~/get"), ("u", SECRET, None))


@test
def helper_answers(p):
    """a user name, a password, a token: what an answer may hold"""
    later = int(time.time()) + 1000
    for answer, expected in (
            ("username=x\npassword=\n", ("x", "", None)),
            ("username=x\r\npassword=p\r\n\r\n", ("x", "p", None)),
            ("password=p=q \n", ("alice", "p=q ", None)),
            ("password=p", ("alice", "p", None)),
            ("password=p\n\nusername=x\n", ("alice", "p", None)),
            (f"password=p\npassword_expiry_utc={later}\n",
             ("alice", "p", None)),
            ("quit=0\nuseless=1\npath=\npassword=p\n", ("alice", "p", None)),
            ("capability[]=authtype\nauthtype=Bearer\ncredential=t.o=\n",
             ("alice", None, "t.o="))):
        file = p.write("answer", answer)
        equal(p.got("username = alice", f"helper = cat {file}; :"), expected,
              answer)
    file = p.write("answer", "authtype=bearer\ncredential=t\n")
    equal(p.got(f"helper = cat {file}; :"), (None, None, "t"))


@test
def helper_refusals(p):
    """an answer that is no good is refused in words without it"""
    for answer, part in (
            ("", "gave no password"), ("\n", "gave no password"),
            ("username=u\n", "gave no password"),
            (f"password={SECRET}\n", "gave no user name"),
            (f"username=\npassword={SECRET}\n", "gave no user name"),
            ("quit=1\n", "said quit"),
            (f"username=u\npassword={SECRET}\nquit=true\n", "said quit"),
            (f"username=u\npassword={SECRET}\rX: y\n", "a control character"),
            (f"username=u\npassword={SECRET}\0\n", "a control character"),
            (f"{SECRET}\n", "not KEY=VALUE"),
            (f"authtype=Basic\ncredential={SECRET}\n", "other than Bearer"),
            (f"credential={SECRET}\n", "without its authtype"),
            (f"username=u\npassword={SECRET}\npassword_expiry_utc=1\n",
             "a password that has expired"),
            (f"authtype=Bearer\ncredential={SECRET}\npassword_expiry_utc=1\n",
             "a token that has expired")):
        file = p.write("answer", answer)
        one = p.refused(part, f"helper = cat {file}; :")
        check(f"{p.credentials}:1" in one["detail"], one["detail"])


@test
def helper_ends(p):
    """how a helper ends is told; what it said before is not used"""
    said = f"echo username=u; echo password={SECRET}; "
    for value, part in ((said + "exit 3;", "ended with status 3"),
                        (said + "kill -TERM $$;", "ended by signal 15"),
                        ("no-such-command",
                         "status 127 (command not found)"),
                        (str(p.write("plain", "#!/bin/sh\n", 0o600)),
                         "status 126 (can't be executed)"),
                        ("'", "ended with status 2")):
        p.refused(part, f"helper = {value}")


@test
def helper_says_more(p):
    """a helper may be ended by what it says behind an empty line"""
    said = "echo username=u; echo password=p; echo; sleep 0.3; "
    for value in (said + "yes", said + "while echo more; do :; done;"):
        equal(p.got(f"helper = {value}"), ("u", "p", None), value)
    p.refused("ended by signal 13",
              f"helper = echo username=u; echo password={SECRET}; "
              "kill -PIPE $$;")


@test
def helper_too_long(p):
    """a helper that says too much is ended at once"""
    one = p.refused("more than 64 KiB", "helper = yes username=u; :")
    check(int(one["ms"]) < 1000 * HELPER_TIMEOUT, one)


@test
def helper_hangs(p):
    """a helper that hangs costs its time, and is gone afterwards"""
    for value in ("echo $$ >pid; exec sleep 60; :",
                  "echo $$ >pid; echo username=u; echo password=s3cr3t; "
                  "echo; exec sleep 60; :",
                  "echo $$ >pid; exec >&- <&-; exec sleep 60; :"):
        one = p.refused(f"did not end within {HELPER_TIMEOUT} s",
                        f"helper = cd {p.folder}; {value}")
        check(1000 * HELPER_TIMEOUT <= int(one["ms"]) <
              1000 * HELPER_TIMEOUT + 1500, one)
        pid = int((p.folder / "pid").read_text())
        until = time.monotonic() + 5  # it is killed, and not waited for
        while os.path.exists(f"/proc/{pid}") and time.monotonic() < until:
            time.sleep(0.01)
        check(not os.path.exists(f"/proc/{pid}"), "it is still there")


@test
def helper_left_behind(p):
    """a helper whose own child keeps the pipe open is not waited for"""
    one = p.probe("helper = sleep 5 & echo username=u; echo password=p; "
                  "echo; :")[0]
    equal((one["ok"], one.get("password")), ("1", "p"), one)
    check(int(one["ms"]) < 1000 * HELPER_TIMEOUT, one)
    one = p.probe("helper = sleep 5 & printf 'username=u\\npassword=p\\n'; :",
                  env={"AUTH407_HELPER_TIMEOUT": "10"})[0]
    equal((one["ok"], one.get("password")), ("1", "p"), one)
    check(int(one["ms"]) < 4000, one)


@test
def helper_environment(p):
    """a helper has the program's environment without our secrets"""
    out = p.folder / "env"
    p.got(f"helper = env >{out}; pwd >>{out}; echo username=u; "
          "echo password=p; :",
          env={"AUTH407_PASSWORD": SECRET, "AUTH407_USERNAME": "u",
               "AUTH407_TOKEN": SECRET, "KEPT": "yes"})
    text = out.read_text()
    check("KEPT=yes\n" in text and f"HOME={p.home}\n" in text, text)
    check(SECRET not in text and "LD_PRELOAD" not in text, text)


@test
def again(p):
    """what is fetched again is what stands there now"""
    def changed(name, text):
        return lambda: p.write(name, text)

    def pairs(found):
        return [(one.get("username"), one.get("password"), one.get("token"))
                for one in found]

    file = p.write("pw", "old")
    equal(pairs(p.probe("username = u", f"password-file = {file}", times=2,
                        between=changed("pw", "new"))),
          [("u", "old", None), ("u", "new", None)], "password-file")
    file = p.write("token", "old")
    equal(pairs(p.probe(f"token-file = {file}", times=2,
                        between=changed("token", "new"))),
          [(None, None, "old"), (None, None, "new")], "token-file")
    file = p.write("netrc", "machine proxy.test login a password b")
    equal(pairs(p.probe(f"netrc = {file}", times=2, between=changed(
        "netrc", "machine proxy.test login c password d"))),
          [("a", "b", None), ("c", "d", None)], "netrc")
    file = p.write("answer", "username=a\npassword=b\n")
    equal(pairs(p.probe(f"helper = cat {file}; :", times=2, between=changed(
        "answer", "authtype=Bearer\ncredential=t\n"))),
          [("a", "b", None), (None, None, "t")], "helper")
    file = p.write("pw", "old")
    found = p.probe("username = u", f"password-file = {file}", times=2,
                    between=lambda: (p.folder / "pw").unlink())
    equal([one["ok"] for one in found], ["1", "0"], "a file that has gone")


@test
def git_store(p):
    """git's own credential-store, from the file that git keeps"""
    if not shutil.which("git"):
        raise Skip("no git")
    store = p.folder / "store"
    command = f"git credential-store --file {store}"
    for line in (f"username=alice\npassword={SECRET} %&",
                 "username=bob\npassword=other"):
        subprocess.run([*command.split(), "store"], check=True, text=True,
                       input=f"protocol=http\nhost={PROXY}\n{line}\n")
    equal(p.got(f"helper = {command}")[0], "bob")
    equal(p.got("username = alice", f"helper = {command}"),
          ("alice", SECRET + " %&", None))
    p.refused("gave no password", "username = carol", f"helper = {command}")
    subprocess.run([*command.split(), "erase"], check=True, text=True,
                   input=f"protocol=http\nhost={PROXY}\n")
    p.refused("gave no password", f"helper = {command}")
