/* SPDX-License-Identifier: MIT */
#ifndef A407_DOCTOR_PLACE_READ_H
#define A407_DOCTOR_PLACE_READ_H

#include "core/base/buf.h"

/* How files are written in which programs keep their settings. */
enum a407_place_format {
    A407_PLACE_GIT,        /* [http "https://host"] proxy = "x" # comment */
    A407_PLACE_INI,        /* [global] proxy = x; also without sections */
    A407_PLACE_NPMRC,      /* https-proxy=x, "\#", ${NAME} */
    A407_PLACE_CURLRC,     /* proxy = "x", --proxy x, -x x */
    A407_PLACE_UNIT,       /* Environment="A=x" B=y */
    A407_PLACE_NAMES,      /* A="x" */
    A407_PLACE_PROPERTIES, /* a.b=x, a.b: x, "\:" */
    A407_PLACE_YAML,       /* a: {newline, blanks} b: "x" */
    A407_PLACE_TOML,       /* [a] b = "x" */
    A407_PLACE_YARNRC,     /* a "x" */
    A407_PLACE_APT,        /* A::B "x"; A { B "x"; }; */
    A407_PLACE_JSON,
    A407_PLACE_XML,     /* a second "proxy" is "proxy.2" */
    A407_PLACE_OPTIONS, /* -Da=x -Db=y */
    A407_PLACE_VARIABLE /* nothing but the value */
};

/* One setting. The spans last as long as the call that tells it. */
struct a407_place_line {
    struct a407_span key; /* with all that it stands in: "http.proxy",
                             "Acquire::http::Proxy" */
    struct a407_span value;
    unsigned line;
    bool percent; /* of a unit: it has a "%" that is not doubled */
};

typedef void a407_place_fn(void *ctx, const struct a407_place_line *l);

/* Tells each setting of a text as far as it can be understood; `name` is that
   of a VARIABLE. Allocates. */
void a407_place_read(enum a407_place_format format, const char *name,
                     struct a407_span text, a407_place_fn *fn, void *ctx);

#endif
