# SPDX-License-Identifier: MIT
"""How colours look to people who see fewer of them."""

import re

# Vienot, Brettel, Mollon 1999, on linear RGB
DEFICIENCIES = {
    "none": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protan": ((.11238, .88762, 0), (.11238, .88762, 0), (.00401, -.00401, 1)),
    "deutan": ((.29275, .70725, 0), (.29275, .70725, 0), (-.02234, .02234, 1)),
    "grey": ((.2126, .7152, .0722),) * 3,
}


def parse(text):
    """(r, g, b) of "#rrggbb" or "rgb(r, g, b)", 0 to 1."""
    if text.startswith("#"):
        return tuple(int(text[i:i + 2], 16) / 255 for i in (1, 3, 5))
    return tuple(float(x) / 255 for x in re.findall(r"[\d.]+", text)[:3])


def linear(c):
    return tuple(x / 12.92 if x <= .04045 else ((x + .055) / 1.055) ** 2.4
                 for x in c)


def luminance(c):
    return sum(a * b for a, b in zip((.2126, .7152, .0722), linear(c)))


def contrast(a, b):
    """WCAG 2.1's ratio."""
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + .05) / (low + .05)


def lab(rgb):
    x, y, z = (sum(m * v for m, v in zip(row, rgb)) for row in (
        (.4124, .3576, .1805), (.2126, .7152, .0722), (.0193, .1192, .9505)))

    def f(t):
        return t ** (1 / 3) if t > .008856 else 7.787 * t + 16 / 116
    fx, fy, fz = f(max(x, 0) / .9505), f(max(y, 0)), f(max(z, 0) / 1.089)
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def apart(a, b, deficiency):
    """The distance of two colours in CIELAB, as such a person sees them."""
    seen = [lab(tuple(min(1, max(0, sum(m * v for m, v in zip(row, linear(c)))))
                      for row in DEFICIENCIES[deficiency])) for c in (a, b)]
    return sum((p - q) ** 2 for p, q in zip(*seen)) ** .5
