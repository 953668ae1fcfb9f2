# SPDX-License-Identifier: MIT
"""Which tests run, in what order, on how many threads, and how it is told."""

import fnmatch
import os
import shutil
import sys
import threading
import time

from running import Failure


def wanted(name, patterns):
    return not patterns or any(
        p in name or fnmatch.fnmatchcase(name, p) for p in patterns)


class Report:
    """TAP on stdout; on descriptor A407_PROGRESS, if set, a line now and then
    for whoever waits while the TAP is collected."""

    def __init__(self, total, suite="integration"):
        self.suite = suite
        self.total, self.done, self.failed = total, 0, 0
        self.lock = threading.Lock()
        self.started = time.monotonic()
        fd = os.environ.get("A407_PROGRESS", "")
        self.progress = os.fdopen(int(fd), "w") if fd.isdigit() else None
        print(f"1..{total}", flush=True)

    def say(self, text):
        if self.progress:
            print(text, file=self.progress, flush=True)

    def result(self, name, trouble=None, seconds=0.0):
        with self.lock:
            self.done += 1
            self.failed += trouble is not None
            word = "ok" if trouble is None else "not ok"
            slow = f" # {seconds:.1f} s" if seconds >= 3 else ""
            print(f"{word} {self.done} - {name}{slow}")
            for line in (trouble or "").splitlines():
                print(f"#   {line}")
            sys.stdout.flush()
            if self.done % 50 == 0 or self.done == self.total:
                self.say(f"  {self.suite}: {self.done} of {self.total}, "
                         f"{self.failed} failed, "
                         f"{time.monotonic() - self.started:.0f} s")

    def comment(self, lines):
        for line in lines:
            print(f"# {line}", flush=True)
            self.say(f"  {line}")


class Queues:
    """One queue of tests per proxy, so that a proxy's log can be counted: a
    proxy is never used by two tests at a time."""

    def __init__(self, queues):
        self.queues = {k: list(v) for k, v in queues.items() if v}
        self.busy = set()
        self.change = threading.Condition()

    def take(self):
        with self.change:
            while self.queues:
                free = [k for k in self.queues if k not in self.busy]
                if free:
                    key = max(free, key=lambda k: len(self.queues[k]))
                    self.busy.add(key)
                    return key, self.queues[key].pop(0)
                self.change.wait()
        return None, None

    def give_back(self, key):
        with self.change:
            self.busy.discard(key)
            if not self.queues[key]:
                del self.queues[key]
            self.change.notify_all()


def work(queues, bench, report):
    while True:
        key, item = queues.take()
        if item is None or bench.stopped:
            return
        name, fn = item
        trouble, start = None, time.monotonic()
        try:
            fn(bench)
        except Failure as e:
            trouble = str(e)
        except Exception as e:  # a broken test is a failed one
            trouble = f"the test itself broke: {type(e).__name__}: {e}"
        report.result(name, trouble, time.monotonic() - start)
        queues.give_back(key)


def usable_copy(lab, library):
    """Users other than root must reach the library too."""
    if not library.exists():
        return library
    copy = lab.root / "lib" / library.name
    copy.parent.mkdir()
    copy.parent.chmod(0o755)
    shutil.copy(library, copy)
    copy.chmod(0o755)
    return copy


def spread(queues, bench, report, workers=0):
    """Runs all tests, `workers` at a time (0: processors + 1)."""
    shared = Queues(queues)
    count = workers or (os.cpu_count() or 1) + 1
    # daemons: an interrupted run must not wait for what is left
    threads = [threading.Thread(target=work, args=(shared, bench, report),
                                daemon=True)
               for _ in range(count)]
    for t in threads:
        t.start()
    try:
        for t in threads:
            t.join()
    except BaseException:
        bench.stop()
        for t in threads:
            t.join(2)
        raise
