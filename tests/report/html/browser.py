# SPDX-License-Identifier: MIT
"""A headless Chromium, spoken to over its pipe (Chrome DevTools Protocol)."""

import base64
import collections
import json
import os
import shutil
import subprocess
import tempfile
import time

from tap import Trouble

LIMIT = 60  # seconds that any answer may take


class Browser:
    def __init__(self):
        program = shutil.which("chromium")
        if not program:
            raise Trouble("chromium is missing: run scripts/deps test")
        self.home = tempfile.mkdtemp(prefix="auth407-browser.")
        to_us, from_browser = os.pipe()
        to_browser, from_us = os.pipe()

        def place_pipes():
            # it reads from 3 and writes to 4
            os.dup2(to_browser, 103)
            os.dup2(from_browser, 104)
            os.dup2(103, 3)
            os.dup2(104, 4)

        self.child = subprocess.Popen(
            [program, "--headless=new", "--no-sandbox", "--disable-gpu",
             "--disable-dev-shm-usage", "--hide-scrollbars",
             "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync",
             "--force-color-profile=srgb", "--remote-debugging-pipe",
             f"--user-data-dir={self.home}", "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, preexec_fn=place_pipes,
            close_fds=False, start_new_session=True,
            env={"PATH": "/usr/bin:/bin", "HOME": self.home,
                 "LANG": "C.UTF-8", "TZ": "UTC"})
        os.close(to_browser)
        os.close(from_browser)
        self.out, self.into = from_us, to_us
        self.number, self.rest = 0, b""
        self.queue = collections.deque()

    def close(self):
        os.close(self.out)  # it ends with its pipe
        os.close(self.into)
        try:
            self.child.wait(10)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        shutil.rmtree(self.home, ignore_errors=True)

    def _message(self, end):
        while b"\0" not in self.rest:
            if time.monotonic() > end:
                raise Trouble("chromium does not answer")
            got = os.read(self.into, 1 << 20)
            if not got:
                raise Trouble("chromium has ended")
            self.rest += got
        text, self.rest = self.rest.split(b"\0", 1)
        return json.loads(text)

    def call(self, method, session=None, **params):
        """The result of one command; events meanwhile are kept."""
        self.number += 1
        text = {"id": self.number, "method": method, "params": params}
        if session:
            text["sessionId"] = session
        data = json.dumps(text).encode() + b"\0"
        while data:
            data = data[os.write(self.out, data):]
        end = time.monotonic() + LIMIT
        while True:
            got = self._message(end)
            if got.get("id") == self.number:
                if "error" in got:
                    raise Trouble(f"{method}: {got['error']['message']}")
                return got["result"]
            if "method" in got:
                self.queue.append(got)

    def wait_for(self, method, session):
        end = time.monotonic() + LIMIT
        seen = []
        while True:
            got = self.queue.popleft() if self.queue else self._message(end)
            seen.append(got)
            if got.get("method") == method and \
                    got.get("sessionId") == session:
                self.queue.extendleft(reversed(seen))
                return

    def open(self, path, width, height, dark=False, media="", script=True):
        return Page(self, path, width, height, dark, media, script)


class Page:
    """A file in a tab of its own, and what happened while it was loaded."""

    def __init__(self, browser, path, width, height, dark, media, script):
        self.browser = browser
        target = browser.call("Target.createTarget", url="about:blank")
        self.target = target["targetId"]
        self.session = browser.call("Target.attachToTarget",
                                    targetId=self.target,
                                    flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")
        self.call("Emulation.setDeviceMetricsOverride", width=width,
                  height=height, deviceScaleFactor=1, mobile=width < 600)
        self.call("Emulation.setEmulatedMedia", media=media, features=[
            {"name": "prefers-color-scheme",
             "value": "dark" if dark else "light"}])
        self.call("Emulation.setScriptExecutionDisabled", value=not script)
        browser.queue.clear()
        self.call("Page.navigate", url=f"file://{path}")
        browser.wait_for("Page.loadEventFired", self.session)
        if script:
            self.evaluate("new Promise(r => requestAnimationFrame(() => "
                          "requestAnimationFrame(r)))")

    def call(self, method, **params):
        return self.browser.call(method, self.session, **params)

    def evaluate(self, script):
        got = self.call("Runtime.evaluate", expression=script,
                        returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in got:
            raise Trouble(json.dumps(got["exceptionDetails"])[:500])
        return got["result"].get("value")

    def text(self):
        """All texts, also where the page may run no script."""
        tree = self.call("DOMSnapshot.captureSnapshot", computedStyles=[])
        return " ".join(tree["strings"][i] for i in
                        tree["documents"][0]["layout"]["text"] if i >= 0)

    def events(self, *methods):
        return [e["params"] for e in self.browser.queue
                if e.get("sessionId") == self.session
                and e["method"] in methods]

    def requests(self):
        return [e["request"]["url"]
                for e in self.events("Network.requestWillBeSent")]

    def complaints(self):
        """Errors and warnings of the console, CSP violations, exceptions."""
        logged = [e["entry"] for e in self.events("Log.entryAdded")]
        return [e["text"] for e in logged if e["level"] != "verbose"] + \
            [json.dumps(e["args"]) for e in
             self.events("Runtime.consoleAPICalled")] + \
            [json.dumps(e["exceptionDetails"]) for e in
             self.events("Runtime.exceptionThrown")]

    def screenshot(self, path, whole=False):
        more = {}
        if whole:
            size = self.call("Page.getLayoutMetrics")["cssContentSize"]
            more = {"captureBeyondViewport": True, "clip": {
                "x": 0, "y": 0, "width": size["width"],
                "height": min(size["height"], 12000), "scale": 1}}
        data = self.call("Page.captureScreenshot", format="png", **more)
        with open(path, "wb") as f:
            f.write(base64.b64decode(data["data"]))

    def pdf(self):
        return base64.b64decode(self.call("Page.printToPDF",
                                          preferCSSPageSize=True)["data"])

    def close(self):
        self.browser.call("Target.closeTarget", targetId=self.target)
