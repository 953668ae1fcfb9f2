/* SPDX-License-Identifier: MIT */
#ifndef SCRIPT_H
#define SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A transcript: what a program and a proxy say to each other, what must go out
 * on the wire, what the program must read, and what the log must tell.
 *
 *   # ...                  a comment
 *   env NAME=VALUE         settings, as in the environment; alice's login for
 *                          proxy.test:3128 is there already,
 *   bare                   unless this comes before them
 *   file LINE              a line of the credential file
 *   endpoint HOST:PORT     proxy.test:3128 if not given
 *   watched                nobody has configured this endpoint
 *   whole                  packets in pieces lead to another record
 *   held LABEL             another process had this credential refused
 *   memory LINE            a line of what other processes remember,
 *   nonce LINE             ... and have left of a nonce
 *
 *   app> TEXT              the program writes a line; CR LF is added, unless
 *                          TEXT ends in a backslash
 *   net< TEXT              the proxy sends
 *   net> TEXT              exactly this has gone out since the last "net>"
 *   app< TEXT              exactly this was read since the last "app<"
 *   net: close | reset     the proxy ends the connection
 *   app: close             the program does
 *   app: forks             this is now the child: its parent has the record
 *   app: end | reset       it has read the end, or an error
 *   app: writes only       it reads nothing until "app: reads"
 *   wire: reconnect ok | refused   there was a new connection
 *   wire: silent | silent for good   what is waited for does not come: there is
 *                          another repeat, or there is none
 *   time: +SECONDS         later
 *   clock: +SECONDS | -SECONDS     the machine's clock is set
 *   tell: token TEXT | secret USER PASSWORD | bearer TOKEN | verified |
 *         remembered USER PASSWORD  (a secret that another process asked for) |
 *         nothing CAUSE DETAIL      the answer to the engine's next question
 *   tell: later            ... which is the next "tell:" on this connection,
 *   tell: known            or was one on another that has asked for the same
 *   conn: N                what follows is about connection N (1 at first)
 *   state: NAME            the engine's state
 *   event: OUTCOME CAUSE FIRST>FINAL ATTEMPTS   the next record
 *   event.KEY: TEXT        more of that record
 *   verdict: accepted | refused LABEL | none   what the lock-out guard is told
 *   repeat: N ... end:     the lines in between, N times
 *
 * What is said again and again has short forms:
 *
 *   app> = GET /PATH       a request to http://origin.test/PATH with its Host
 *   app> = CONNECT         ... for a tunnel to origin.test:443
 *   net< = 407 CHALLENGE   a refusal of 6 bytes, "sorry", on a kept connection
 *   net< = 200             an answer of 3 bytes, "ok"
 *   net> =                 what the program wrote last, unchanged
 *   app< =                 what the proxy sent last, unchanged
 *   net> + LINE            one more line at the end of the head that is there
 *                          already, or of that which the program wrote last
 *
 * Lines of one kind that follow each other are one write, or one packet; an
 * empty line begins another. In TEXT: \r \n \t \0 \xHH \\ \{, {TEXT*N} for N
 * times TEXT, and in "net>" {any*N} for N bytes, whatever they are.
 */

enum step_kind {
    STEP_APP_OUT,
    STEP_NET_IN,
    STEP_NET_OUT,
    STEP_APP_IN,
    STEP_NET_END,
    STEP_APP,
    STEP_WIRE,
    STEP_TIME,
    STEP_CLOCK,
    STEP_TELL,
    STEP_CONN,
    STEP_STATE,
    STEP_EVENT,
    STEP_EVENT_KEY,
    STEP_VERDICT
};

struct step {
    enum step_kind kind;
    unsigned line;
    char *text; /* of the line, or the bytes of TEXT; owned by the script */
    size_t n;
    char *any; /* net>: n bytes, not 0 where any byte will do */
    char *key; /* event.KEY */
};

struct pair {
    char *name, *value;
};

struct script {
    const char *path;
    struct pair *env;
    size_t n_env;
    char *file;           /* the credential file, or NULL */
    char *memory, *nonce; /* what other processes remember; or NULL */
    char *endpoint;
    bool watched, whole;
    char **held;
    size_t n_held;
    struct step *step;
    size_t n_steps;
    void **owned; /* every allocation */
    size_t n_owned;
};

/* Reads a transcript. False: a message was printed; free it all the same. */
bool script_read(struct script *s, const char *path);
void script_free(struct script *s);

#endif
