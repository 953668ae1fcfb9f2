# SPDX-License-Identifier: MIT
"""Fifty processes that write two hundred records each into one file."""

import collections
import contextlib
import os
import threading
import time

from client import expect, lost, read, undisturbed

PROCESSES, EACH = 50, 200


class Helper(threading.Thread):
    """Does something to the file again and again until it is stopped."""

    def __init__(self, what):
        super().__init__(daemon=True)
        self.what, self.ended, self.trouble = what, threading.Event(), None

    def run(self):
        # before the fifty, and often
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), -15)
        try:
            while not self.ended.is_set():
                self.what()
                time.sleep(0.001)
        except Exception as error:  # pylint: disable=broad-except
            self.trouble = error

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.join()
        if self.trouble:
            raise self.trouble


def storm(lab, log, state, helper=None, **more):
    """Runs the processes at once; what was wrong with them."""
    with Helper(helper) if helper else contextlib.nullcontext():
        children = [lab.start(log, state, EACH, tag=f"p{i}", **more)
                    for i in range(PROCESSES)]
        return [b for child in children
                for b in undisturbed(lab.finish(child), EACH)]


def seen(lab, texts):
    """For each process the numbers of its records, in the order of the file's
    generations; and what is wrong with their lines."""
    found, bad = collections.defaultdict(list), []
    for text in texts:
        if text and not text.endswith(b"\n"):
            bad.append("no line end: " + repr(text[-200:]))
        lines = text.splitlines(keepends=True)
        lab.lines += lines[:20]
        for line in lines:
            record = read(line)
            _, _, _, tag, n = record["url"]["target"].split("/")
            found[tag].append(int(n))
            if "records_lost" in record:
                bad.append(f"lost: {record['records_lost']}")
    return found, bad


def all_there(found):
    """Every record of every process, once, in its order."""
    bad = expect("processes", len(found), PROCESSES)
    bad += expect("records", sum(map(len, found.values())), PROCESSES * EACH)
    for tag, got in sorted(found.items()):
        if got != list(range(1, EACH + 1)):
            bad.append(f"{tag}: {len(got)} records, {len(set(got))} different")
    return bad


def renamed(lab):
    """10000 records while the file is renamed again and again: none is torn,
    none is lost"""
    state = lab.place.folder()
    log = state / "log"
    aside = []

    def rename():
        with contextlib.suppress(FileNotFoundError):
            new = state / f"log.{len(aside):05}"
            log.rename(new)
            aside.append(new)

    bad = storm(lab, log, state, rename)
    found, more = seen(lab, [p.read_bytes() for p in [*aside, log]
                             if p.exists()])
    if len(aside) < 20:
        bad.append(f"it was renamed {len(aside)} times only")
    print(f"# renamed {len(aside)} times")
    # two generations may be open at once: the order is that of each file
    found = {tag: sorted(got) for tag, got in found.items()}
    return bad + more + all_there(found) + expect("lost", lost(state), 0)


def kept_by_links(lab):
    """10000 records under a size limit, with a link to each generation: none
    is torn, none is lost, no file is over the limit by much"""
    state = lab.place.folder()
    log, aside = state / "log", state / "log.1"
    limit = 2 << 20
    links = {}

    def link():
        for path in (log, aside):  # so each can be seen for quite a while
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_ino not in links:
                    new = state / f"link.{len(links):03}"
                    os.link(path, new)
                    inode = new.stat().st_ino  # of what is there by now
                    if inode in links:
                        new.unlink()
                    else:
                        links[inode] = new

    bad = storm(lab, log, state, link, AUTH407_LOG_MAX_SIZE=limit)
    texts = [p.read_bytes() for p in links.values()]
    found, more = seen(lab, texts)
    if len(texts) < 5:
        bad.append(f"there were {len(texts)} generations only")
    print(f"# {len(texts)} generations, the largest of "
          f"{max(map(len, texts))} bytes")
    for text in texts:
        if len(text) > 1.5 * limit:
            bad.append(f"a generation of {len(text)} bytes")
    found = {tag: sorted(got) for tag, got in found.items()}
    return bad + more + all_there(found) + expect("lost", lost(state), 0)


def limited(lab):
    """10000 records under a small size limit: the newest are there, without a
    gap, and nothing but the two generations"""
    state = lab.place.folder()
    log = state / "log"
    bad = storm(lab, log, state, AUTH407_LOG_MAX_SIZE="64K")
    texts = [p.read_bytes() for p in (state / "log.1", log)]
    found, more = seen(lab, texts)
    kept = sum(map(len, found.values()))
    print(f"# {kept} records are left in {[len(t) for t in texts]} bytes")
    for tag, got in sorted(found.items()):
        if sorted(got) != list(range(EACH + 1 - len(got), EACH + 1)):
            bad.append(f"{tag}: {got}")
    if sum(map(len, texts)) < 60000 or \
            not any(EACH in got for got in found.values()):
        bad.append(f"only {kept} records are left")
    bad += expect("files", sorted(n for n in os.listdir(state)
                                  if n.startswith("log")), ["log", "log.1"])
    return bad + more + expect("lost", lost(state), 0)


TESTS = [renamed, kept_by_links, limited]
