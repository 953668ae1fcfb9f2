/* SPDX-License-Identifier: MIT */
#ifndef A407_DOCTOR_PAC_H
#define A407_DOCTOR_PAC_H

#include "core/base/buf.h"
#include "doctor.h"
#include "pac/protocol.h"

/* ---- where a script is (pac_source.c) ---- */

struct a407_pac_source {
    char from[64];  /* "--pac", "auto_proxy", "GNOME's settings"; or empty */
    char url[1024]; /* http:// or file://, or a path */
    bool named;     /* by the option: it is what counts */
};

/* The option, the variable, or what the desktop of this session is set to. May
   run gsettings(1), for two seconds at most. False: there is none. */
bool a407_pac_find(const struct a407_doctor *d, struct a407_pac_source *out);

/* Gets it: `script` is at most A407_PAC_SCRIPT long. False: why, in words.
   `type` is what the server calls it, or empty. Blocks for the name, and for
   the server ten seconds at most. */
bool a407_pac_fetch(const char *url, struct a407_buf *script, char type[80],
                    char why[240]);

/* ---- what it says (pac_run.c) ---- */

enum a407_pac_state {
    A407_PAC_SAYS,       /* `text` is what FindProxyForURL returned */
    A407_PAC_UNREADABLE, /* no script, or of a later JavaScript */
    A407_PAC_BROKEN      /* it ends without an answer */
};

struct a407_pac_answer {
    enum a407_pac_state state;
    int line;                 /* the one that is wrong; 0: not known */
    char text[A407_PAC_LINE]; /* the answer, or what is wrong */
    char alert[200];          /* the last thing it said, or empty */
    unsigned asked;           /* so many addresses were asked for */
    char unanswered[256];     /* the name that no name server answers, or "" */
};

/*
 * Asks the script for a target, in auth407-pac. Blocks: for the script, which
 * has two seconds of the processor, and for the names that it asks for; without
 * `look_up` it is told that there are none.
 */
void a407_pac_run(struct a407_span script, const struct a407_wanted *target,
                  bool look_up, struct a407_pac_answer *out);

#endif
