# SPDX-License-Identifier: MIT
"""Tests of who calls whom: no circle of files, no folder of the core above
another that calls it."""
import re

from common import BUILD, layer, rel, run

# The core's folders, each of which may use those before it.
CORE_ORDER = ("base", "http", "config", "auth", "record", "engine")

LAYERS = ("core", "host", "driver", "preload", "gss", "pac", "cli")


def symbols(obj):
    """What an object defines for others, and what it takes from them."""
    defined, wanted = set(), set()
    for line in run("nm", "-g", obj).splitlines():
        words = line.split()
        if len(words) == 2 and words[0] in "Uw":
            wanted.add(words[1])
        elif len(words) == 3:
            defined.add(words[2])
    return defined, wanted


def calls(name):
    """file -> {file: names that it takes from there}, within a layer."""
    objects = {}
    for path in layer(name):
        obj = BUILD / rel(path.with_suffix(".o"))
        if path.suffix == ".c" and obj.exists():
            objects[rel(path)] = symbols(obj)
    home = {s: f for f, (defined, _) in objects.items() for s in defined}
    arrows = {}
    for f, (_, wanted) in objects.items():
        to = arrows.setdefault(f, {})
        for s in sorted(wanted & home.keys()):
            if home[s] != f:
                to.setdefault(home[s], []).append(s)
    return arrows


def circles_of(arrows):
    """Strongly connected sets of more than one file (Tarjan)."""
    index, low, stack, found = {}, {}, [], []

    def visit(f):
        index[f] = low[f] = len(index)
        stack.append(f)
        for g in arrows.get(f, ()):
            if g not in index:
                visit(g)
                low[f] = min(low[f], low[g])
            elif g in stack:
                low[f] = min(low[f], index[g])
        if low[f] == index[f]:
            part = []
            while not part or part[-1] != f:
                part.append(stack.pop())
            if len(part) > 1:
                found.append(sorted(part))

    for f in sorted(arrows):
        if f not in index:
            visit(f)
    return found


def no_circles():
    """No two files call each other, directly or by others."""
    arrows = {}
    for name in LAYERS:
        arrows.update(calls(name))
    if sum(map(len, arrows.values())) < 100:
        yield "hardly a call was found"
    for circle in circles_of(arrows):
        yield "circle: " + " ".join(circle)
        for f in circle:
            for g in sorted(set(arrows[f]) & set(circle)):
                yield "    %s -> %s: %s" % (f, g, " ".join(arrows[f][g][:4]))


def core_is_layered():
    """A folder of the core includes and calls only those below it."""
    rank = {name: i for i, name in enumerate(CORE_ORDER)}
    for path in layer("core"):
        here = rel(path).split("/")[1]
        if here not in rank:
            yield "%s: core/%s has no place" % (rel(path), here)
            continue
        for folder in re.findall(r'#\s*include\s+"core/(\w+)/',
                                 path.read_text()):
            if rank.get(folder, 99) > rank[here]:
                yield "%s includes core/%s" % (rel(path), folder)
    for f, to in calls("core").items():
        for g, names in to.items():
            if rank[g.split("/")[1]] > rank[f.split("/")[1]]:
                yield "%s calls %s of %s" % (f, names[0], g)


TESTS = [no_circles, core_is_layered]
