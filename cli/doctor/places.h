/* SPDX-License-Identifier: MIT */
#ifndef A407_DOCTOR_PLACES_H
#define A407_DOCTOR_PLACES_H

#include <limits.h>

#include "doctor.h"

enum a407_place_tool {
#define A407_TOOL(id, name, port, several, guesses, remove_in, remove)         \
    A407_TOOL_##id,
#include "places.def"
    A407_TOOLS,
    A407_TOOL_ANY = A407_TOOLS
};

struct a407_tool {
    const char *name;
    unsigned port; /* where none is given; 0: as for any URL */
    bool several;  /* of its places each counts, not only the first */
    bool guesses;  /* takes a URL without a scheme */
    const char *remove_in, *remove; /* a command, before file and key; or "" */
};

extern const struct a407_tool a407_tools[A407_TOOLS];

enum a407_place_for { A407_FOR_ANY, A407_FOR_HTTP, A407_FOR_HTTPS, A407_FORS };

enum a407_place_field {
    A407_URL,
    A407_HOST,
    A407_PORT,
    A407_USER,
    A407_PASSWORD,
    A407_KEY_NAME, /* of URL or HOST, as it stands there */
    A407_FIELDS,
    /* of the table, not kept so */
    A407_LOGIN = A407_FIELDS, /* user:password */
    A407_ON,
    A407_BYPASS
};

/* What a place says of one kind of URL. All may be secrets. */
struct a407_setting {
    char *text[A407_FIELDS]; /* or NULL */
    unsigned line;           /* 0: no file */
    bool off;                /* no proxy, it says */
};

/* A proxy in one place; several of them are in one file if they are limited to
   different hosts. */
struct a407_place {
    enum a407_place_tool tool;
    char *path;  /* or the name of a variable */
    char *scope; /* what it is limited to, or NULL */
    struct a407_setting of[A407_FORS];
    char *bypass; /* a list of hosts, or NULL */
    unsigned bypass_line;
    bool off;
    bool percent; /* of a unit: a URL has a "%" that is not doubled */
    bool says;    /* for the target: a proxy, or none */
    struct a407_place *next;
};

/* All that the table's places say: of one program the one that counts is before
   those that don't. What is no regular file, too large or not readable is
   passed over. Blocks for files; allocates. */
struct a407_place *a407_places_read(void);
void a407_places_free(struct a407_place *list);

/* Reads a file into an empty buffer, if it fits there; false: as above. */
bool a407_place_text(const char *path, struct a407_buf *out);

/* Looks for a file in the current folder and those above it; `name` begins with
   a slash. */
bool a407_place_above(const char *name, char out[static PATH_MAX]);

/* The path of a row of the table. False: its variable is not set. */
bool a407_place_path(const char *path, char out[static PATH_MAX]);

/* Does a condition of git hold, as "gitdir:~/code/" of an includeIf section in
   that file (git-config(1))? Blocks for files. */
bool a407_git_condition(struct a407_span condition, const char *file);

#endif
