# SPDX-License-Identifier: MIT
"""Test Anything Protocol: a plan, a line for each test, diagnostics."""

import sys
import threading

LINES_MAX = 80  # of one diagnostic


class Tap:
    """Prints results; may be used by several threads."""

    def __init__(self, plan):
        self.plan, self.number, self.failed = plan, 0, 0
        self._lock = threading.Lock()
        print(f"1..{plan}", flush=True)

    def result(self, name, failures=(), skip=None):
        """One test. Each failure is a text; none means that it passed."""
        with self._lock:
            self.number += 1
            word = "not ok" if failures else "ok"
            tail = f" # SKIP {skip}" if skip else ""
            print(f"{word} {self.number} - {name}{tail}")
            for text in failures:
                self._note(text)
            self.failed += bool(failures)
            sys.stdout.flush()

    @staticmethod
    def _note(text):
        lines = str(text).splitlines() or [""]
        if len(lines) > LINES_MAX:
            lines[LINES_MAX:] = [f"({len(lines) - LINES_MAX} more lines)"]
        for line in lines:
            print("# " + "".join(c if c.isprintable() or c == "\t" else
                                 repr(c)[1:-1] for c in line))

    def status(self):
        """The exit status that fits what was printed."""
        return 1 if self.failed or self.number != self.plan else 0
