/* SPDX-License-Identifier: MIT */
#ifndef A407_LOGIN_H
#define A407_LOGIN_H

#include "core/config/config.h"
#include "core/config/credfile_edit.h"
#include "options.h"

/* Exit statuses of `auth407 login`. */
enum a407_login_exit {
    A407_LOGIN_DONE,
    A407_LOGIN_REFUSED,  /* by the proxy; or there is nothing to delete */
    A407_LOGIN_USAGE,    /* an option, a setting, what was entered */
    A407_LOGIN_NO_TRIAL, /* whether the proxy takes it is not known */
    A407_LOGIN_FAILED    /* the file can't be read or written, or the helper
                            does not keep the secret */
};

/* What the command line asks for. Points into argv. */
struct a407_login_options {
    const char *values[A407_OPT_COUNT]; /* NULL: not given; "": a flag */
    const char *name;                   /* PROXY as it was written */
    struct a407_endpoint proxy;         /* of a section; port 0: any */
    bool tls;                           /* PROXY is an https:// URL */
    char asked[512];                    /* PROXY, where it had to be asked */
    char target[1024]; /* of the trial: HOST:PORT, or a URL of http */
};

/* Reads the command line from `login` on (NULL at the end). Without PROXY those
   that the environment names, by `config`, are proposed on the terminal.
   False: said on standard error. With --help nothing else is looked at. Blocks
   for an answer. */
bool a407_login_options_parse(char **argv, const struct a407_config *config,
                              struct a407_login_options *out);

/* ---- what is entered ---- */

/* Asks at the terminal for PROXY, and offers those that the environment names.
   False: there is no terminal, or no answer; said on standard error. */
bool a407_login_ask_proxy(const struct a407_config *config,
                          struct a407_login_options *out);

/*
 * Fills user name, password, domain and token of `out`, which owns them, from
 * standard input (--stdin) or by questions at the terminal tty (-1: there is
 * none). old: what the section has, or NULL: is offered, but no secret. False:
 * said on standard error. Blocks.
 */
bool a407_login_enter(const struct a407_login_options *o, int tty,
                      const struct a407_credential *old,
                      struct a407_credential *out);

/* ---- where it is kept ---- */

/*
 * Hands it to a helper (git's credential protocol, "store") and asks for it
 * ("get") as a program will. False: said on standard error. Blocks for both;
 * the first may ask its user something.
 */
bool a407_login_store(const struct a407_config *config,
                      const struct a407_endpoint *proxy, const char *helper,
                      const struct a407_credential *c);

/* The credential file as it was read. Zeros: empty, and not there. */
struct a407_login_file {
    struct a407_buf text;
    struct a407_credential *sections; /* in their order */
};

/* Reads it as the library will; a missing one is empty. False: said on standard
   error. */
bool a407_login_file_read(const char *path, struct a407_login_file *out);
void a407_login_file_free(struct a407_login_file *f);

/* Appends the new text to `out`; returns A407_LOGIN_DONE, or why not. */
typedef int a407_login_edit_fn(void *arg, const struct a407_login_file *f,
                               struct a407_buf *out);

/*
 * Reads the file, edits it, and puts the new one in its place, so that it is
 * always one of the two and whole: mode 0600 (0400 stays). Only one does so at
 * a time: waits 10 s at most for another. Returns A407_LOGIN_FAILED or what
 * edit says; said on standard error.
 */
int a407_login_file_change(const char *path, a407_login_edit_fn *edit,
                           void *arg);

/* ---- all of it ---- */

/* `auth407 login ...`, from `login` on: the exit status. */
int a407_login(char **argv);

#endif
