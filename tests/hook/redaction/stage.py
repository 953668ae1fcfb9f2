# SPDX-License-Identifier: MIT
"""Where scenes are played: a proxy, a client under auth407, a sink; and then
the search."""
import contextlib
import itertools
import subprocess

import hostile
import sinks
from scene import URL, Cast
from secrets_of import Secret, ha1
from servers import Proxy

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
FORMATS = ("text", "json", "csv", "html")


def search(outputs, secrets):
    """What came out where: `outputs` are (name, bytes)."""
    for name, data in outputs:
        for secret in secrets:
            form = secret.found_in(data)
            if form:
                at = next(data.find(x) for x in secret.forms if x in data)
                yield (f"{name}: the secret of {secret.where}, {form}: ..."
                       f"{data[max(0, at - 80):at]!r} HERE")


class Stage:
    def __init__(self, options, root, journal):
        self.options = options
        self.root = root
        self.others = [s for s in sinks.OTHERS
                       if journal or s is not sinks.Journal]
        self.launcher = options.build / "auth407"
        self.runs = itertools.count(1)
        self.lines = []  # of the file sinks; a whole log each

    def sinks_for(self, number):
        if self.options.all_sinks:
            return [sinks.File, *self.others]
        return [sinks.File, self.others[number % len(self.others)]]

    def perform(self, scene, number):
        """All runs of a scene; what is wrong."""
        wrong = []
        for kind in self.sinks_for(number):
            for mode in scene.modes:
                folder = self.root / f"{next(self.runs):04}"
                for part in ("kept", "home/.config"):
                    (folder / part).mkdir(parents=True)
                wrong += [f"{kind.name}, {mode}: {text}" for text in
                          Run(self, scene, folder, mode).play(kind)]
        return wrong


class Run:
    """One client, one sink, one mode. What the test itself writes is in `kept`;
    all else in the folder is searched."""

    def __init__(self, stage, scene, folder, mode):
        self.stage, self.scene = stage, scene
        self.folder, self.mode = folder, mode
        self.kept = folder / "kept"
        self.errors = b""

    def _proxy(self, stack):
        scene = self.scene
        if scene.proxy == "echo":
            return stack.enter_context(hostile.Echo())
        if scene.proxy.startswith("ntlm"):
            return stack.enter_context(
                hostile.Ntlm(accepts=scene.proxy == "ntlm"))
        (self.kept / "wanted").write_text("wanted by nobody\n")
        return stack.enter_context(Proxy(
            self.stage.options.build, self.kept,
            ["--auth", scene.proxy, "--user", "alice", "--realm", "corp",
             "--password-file", self.kept / "wanted", "--demo"]))

    def _sent(self, proxy):
        if hasattr(proxy, "sent"):
            return proxy.sent
        return b"".join(proxy.copies("in"))

    def _environment(self, cast, target):
        home = self.folder / "home"
        env = {"PATH": PATH, "HOME": str(home), "LC_ALL": "C.UTF-8",
               "XDG_STATE_HOME": str(self.folder / "state"),
               "XDG_CONFIG_HOME": str(home / ".config"),
               "AUTH407_PROXY": f"127.0.0.1:{cast.marks['port']}",
               "GIT_TERMINAL_PROMPT": "0"}
        env.update({k: cast.fill(v) for k, v in self.scene.env.items()})
        env.update(word.split("=", 1) for word in self.stage.options.env)
        env["AUTH407_LOG"] = target
        if self.mode == "direct":
            env["LD_PRELOAD"] = str(self.stage.options.build /
                                    "libauth407.so")
        return env

    def _command(self, cast):
        if self.mode == "direct":
            return [cast.fill(x) for x in self.scene.words]
        observe = ["observe"] if self.mode == "observe" else []
        return [str(self.stage.launcher), *observe, "--verbose",
                *(cast.fill(x) for x in self.scene.options), "--",
                *(cast.fill(x) for x in self.scene.words)]

    def play(self, kind):
        scene = self.scene
        with contextlib.ExitStack() as stack:
            proxy = self._proxy(stack)
            cast = Cast(port=proxy.port, url=URL, dir=self.kept,
                        proxy=f"http://127.0.0.1:{proxy.port}")
            for name, content in scene.files.items():
                text, mode = content if isinstance(content, tuple) \
                    else (content, 0o600)
                path = self.kept / name
                path.write_text(cast.fill(text))
                path.chmod(mode)
            sink = stack.enter_context(kind(self.folder))
            env, command = self._environment(cast, sink.target), \
                self._command(cast)
            if scene.password:
                (self.kept / "wanted").write_text(
                    cast.secrets[scene.password].value + "\n")
            for _ in range(scene.times):
                self._client(command, env)
        return [*self._judge(cast, proxy, sink)]

    def _client(self, command, env):
        done = subprocess.run(
            command, env=env, cwd=self.folder, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=60,
            check=False)
        self.errors += done.stderr

    # ---- what came of it ----

    def _ours(self):
        """Standard error: all of it, or, of a client that prints secrets
        itself, our lines."""
        if not self.scene.chatty:
            return self.errors
        return b"".join(line for line in self.errors.splitlines(True)
                        if line.startswith((b'{"timestamp"', b"auth407")))

    def _files(self):
        for path in sorted(self.folder.rglob("*")):
            if self.kept in (path, *path.parents):
                continue
            name = str(path.relative_to(self.folder))
            yield "the name " + name, name.encode()
            if path.is_file():
                yield "the file " + name, path.read_bytes()

    def _reports(self, sink):
        if sink.name != "file":
            return
        for form in FORMATS:
            done = subprocess.run(
                [str(self.stage.launcher), "report", "--format", form,
                 sink.path], capture_output=True, check=False,
                env={"PATH": PATH, "HOME": str(self.folder / "home")})
            yield f"report {form}", done.stdout + done.stderr

    def _judge(self, cast, proxy, sink):
        scene = self.scene
        secrets = list(cast.secrets.values())
        looked_for = secrets + [x for s in secrets
                                for x in ha1("alice", "corp", s.value)]
        outputs = [("standard error", self._ours()), (sink.name, sink.data),
                   *self._files(), *self._reports(sink)]
        yield from search(outputs, looked_for)
        if any(p.name.startswith("core") for p in self.folder.iterdir()):
            yield "a core file was left"
        lines = sink.data if sink.name != "stderr" else self._ours()
        if lines.count(b'"schema":1,') < scene.records and \
                (self.mode == "direct" or "direct" not in scene.modes):
            yield f"{lines.count(b'schema')} records: {self.errors!r}"
        if sink.name == "file":
            self.stage.lines += [sink.path.read_bytes()] \
                if sink.path.exists() else []
        yield from self._used(cast, proxy)

    def _used(self, cast, proxy):
        """A search for what was never there would find nothing."""
        wire = self._sent(proxy)
        names = cast.secrets if self.scene.sent is None else self.scene.sent
        for name in names:
            if not cast.secrets[name].found_in(wire):
                yield f"the client did not send the secret of {name}"
        if self.scene.password and self.mode == "inject" and not any(
                r.status == 200 for r in proxy.requests()):
            yield "the proxy let nobody in"
        if self.scene.proxy.startswith("ntlm") and self.mode == "inject" \
                and not proxy.last:
            yield "no NTLM message with a user came"


__all__ = ["Run", "Secret", "Stage", "search"]
