# SPDX-License-Identifier: MIT
"""Runs a suite with and without the library, and tells the results apart."""

import collections
import concurrent.futures
import itertools
import os
import pathlib
import threading

import suites

LEFT_OUT = ("LD_PRELOAD", "AUTH407_", "no_proxy", "NO_PROXY", "http_proxy",
            "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy",
            "ALL_PROXY")

FAILURES = {"failure", "error", "exit 2"}  # 2: regrtest's, a test failed
SUCCESSES = {"passed", "exit 0"}


class Runner:
    """Knows how a unit is run on either side."""

    def __init__(self, suite, folder, library, proxy, timeout):
        self.suite, self.folder = suite, pathlib.Path(folder)
        self.library, self.proxy, self.timeout = library, proxy, timeout
        self.log = self.folder / "407.jsonl"
        self._numbers = itertools.count(1)

    def _environment(self, home, preloaded):
        env = {k: v for k, v in os.environ.items()
               if not k.startswith(LEFT_OUT)}
        # The same on both sides but for one variable.
        env.update(HOME=str(home), TMPDIR=str(home), LC_ALL="C.UTF-8",
                   PYTHONHASHSEED="0", http_proxy=self.proxy,
                   AUTH407_USERNAME="alice", AUTH407_PASSWORD="secret",
                   AUTH407_LOG=str(self.log))
        if preloaded:
            env["LD_PRELOAD"] = str(self.library)
        return env

    def run(self, unit, preloaded, only=None):
        side = "with" if preloaded else "without"
        home = self.folder / ("%s-%s-%d" % (unit.replace(" ", "-"), side,
                                            next(self._numbers)))
        home.mkdir()
        suites.give_away(home)
        place = suites.Place(home, self._environment(home, preloaded),
                             self.timeout)
        return self.suite.run(unit, only, place)


class Comparison:
    """What the runs of one unit have shown so far, test by test."""

    def __init__(self, unit):
        self.unit = unit
        # test -> (results without, results with), one for each run
        self.seen = collections.defaultdict(lambda: ([], []))

    def add(self, preloaded, results, only=None):
        for name in set(results) | set(only or ()) | set(self.seen):
            if only is None or name in only:
                self.seen[name][preloaded].append(results.get(name, "not run"))

    def different(self):
        """Tests with no result in common: a test that fails now and then
        without the library as well is not a difference."""
        return sorted(name for name, (without, with_) in self.seen.items()
                      if not set(without) & set(with_))

    def repaired(self):
        """Of the different: those that fail only without the library. They
        went through the proxy of the environment, which asks for a login."""
        return [name for name in self.different()
                if set(self.seen[name][0]) <= FAILURES
                and set(self.seen[name][1]) <= SUCCESSES]

    def unsteady(self):
        """Not different, but not always the same either."""
        different = set(self.different())
        return sorted(name for name, sides in self.seen.items()
                      if name not in different
                      and len(set(sides[0] + sides[1])) > 1)

    def tests(self):
        """How many tests there are, besides the run itself."""
        return len(set(self.seen) - {suites.WHOLE})

    def show(self, name):
        return ["%s %s" % (side, ", ".join(
            "%d x %s" % (n, result)
            for result, n in collections.Counter(results).most_common()))
            for side, results in zip(("without:", "with:   "),
                                     self.seen[name])]


def compare(runner, unit, repeat, say):
    """Runs a unit on both sides; what differs is run `repeat` times more."""
    both = Comparison(unit)
    for preloaded in (False, True):
        results = runner.run(unit, preloaded)
        both.add(preloaded, results)
        say("# %s, %s: %s" % (
            unit, "with" if preloaded else "without", ", ".join(
                "%d %s" % (n, result) for result, n in
                sorted(collections.Counter(results.values()).items()))))
    for _ in range(repeat):
        only = both.different() + both.unsteady()
        if not only:
            break
        for preloaded in (True, False):
            say("# %s: again, %s: %s" % (
                unit, "with" if preloaded else "without",
                " ".join(only[:8]) + (" ..." if only[8:] else "")))
            names = [n for n in only if n != suites.WHOLE]
            whole = len(names) < len(only)
            results = runner.run(unit, preloaded, None if whole else names)
            both.add(preloaded, results, only)
    return both


def compare_all(runner, units, jobs, repeat):
    """All units, `jobs` at a time; yields the comparisons as they end."""
    lock = threading.Lock()

    def say(line):
        with lock:
            print(line, flush=True)

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        waiting = [pool.submit(compare, runner, unit, repeat, say)
                   for unit in units]
        for done in concurrent.futures.as_completed(waiting):
            yield done.result()
