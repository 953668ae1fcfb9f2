/* SPDX-License-Identifier: MIT */
#ifndef A407_OPTIONS_H
#define A407_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

enum a407_command {
#define A407_COMMAND(id, name, about) A407_CMD_##id,
#include "commands.def"
#undef A407_COMMAND
    A407_COMMANDS
};

/* "run", ...; indexed by a407_command. */
extern const char *const a407_commands[A407_COMMANDS];

/* A407_COMMANDS: the word is none. */
enum a407_command a407_command_find(const char *word);

/* Which commands take an option: bits of a407_command. */
#define A407_OPT_IN(command) (1u << (command))
#define A407_OPT_IN_ENV      A407_OPT_IN(A407_CMD_ENV)
#define A407_OPT_IN_REPORT   A407_OPT_IN(A407_CMD_REPORT)
#define A407_OPT_IN_DOCTOR   A407_OPT_IN(A407_CMD_DOCTOR)
#define A407_OPT_IN_LOGIN    A407_OPT_IN(A407_CMD_LOGIN)
#define A407_OPT_IN_ALL      (A407_OPT_IN(A407_COMMANDS) - 1)
/* Those that start something, and so can hand a secret over. */
#define A407_OPT_IN_STARTS                                                     \
    (A407_OPT_IN(A407_CMD_RUN) | A407_OPT_IN(A407_CMD_OBSERVE) |               \
     A407_OPT_IN(A407_CMD_SHELL))
/* Those that give settings to programs. */
#define A407_OPT_IN_SETS (A407_OPT_IN_STARTS | A407_OPT_IN_ENV)
/* Those of them that do not say the mode themselves. */
#define A407_OPT_IN_CHOOSES (A407_OPT_IN_SETS & ~A407_OPT_IN(A407_CMD_OBSERVE))

enum a407_option_id {
#define A407_OPTION(id, name, letter, value, kind, variable, in, help)         \
    A407_OPT_##id,
#include "options.def"
#undef A407_OPTION
    A407_OPT_COUNT
};

enum a407_option_kind {
    A407_KIND_FLAG,        /* takes no value */
    A407_KIND_TEXT,        /* goes into its variable as it is */
    A407_KIND_PATH,        /* a file name: made absolute */
    A407_KIND_LOG,         /* a file name or one of the log's own words */
    A407_KIND_SECRET_FILE, /* names a file whose first line is the value */
    A407_KIND_SECRET_FD    /* a descriptor whose first line is the value */
};

struct a407_option {
    const char *name; /* without the dashes */
    char letter;      /* 0: none */
    const char *value;
    enum a407_option_kind kind;
    const char *variable;
    unsigned in;
    const char *help;
};

/* The table, indexed by a407_option_id. */
extern const struct a407_option a407_options[A407_OPT_COUNT];

/* Takes a command line apart, word by word. */
struct a407_option_reader {
    enum a407_command command;
    char **argv;       /* the next word; NULL at the end */
    const char *value; /* of the option that was read, "" for a flag; or the
                          word */
    bool ended;        /* "--" was read: what follows are words */
    size_t letters;    /* of the next word that were read already */
};
#define A407_OPTION_WORD  A407_OPT_COUNT /* one that is none */
#define A407_OPTION_END   (-1)
#define A407_OPTION_WRONG (-2) /* said on standard error, without the value */

/* What comes next: an a407_option_id of the command, or one of these. Values
   are not judged here. */
int a407_option_next(struct a407_option_reader *r);

/* Puts options into `values` (A407_OPT_COUNT, by their place; "" for a flag) up
   to what this returns: WORD, END, WRONG, or the first of A407_OPT_HELP,
   HELP_ALL and VERSION. */
int a407_option_take(struct a407_option_reader *r, const char **values);

/* Says how to get the help of a command (A407_COMMANDS: of auth407); false. */
bool a407_option_hint(enum a407_command c);

/* The number of a value in the list of those that an option may have, or -1:
   said, with what is there instead. */
int a407_option_choose(enum a407_option_id id, const char *value,
                       const char *const *list, size_t n);

/* What the command line asks for. Points into argv. */
struct a407_invocation {
    enum a407_command command;
    bool named; /* the command was written */
    bool all;   /* --help-all */
    bool aside; /* the doctor's: says nothing of 407s, and is not the last
                   start that `report` is about */
    const char *values[A407_OPT_COUNT]; /* NULL: not given; "" for a flag; the
                                           last one given wins */
    char **argv; /* the program and its arguments, NULL at the end */
};

enum a407_parse {
    A407_PARSE_RUN,     /* there is a program to start */
    A407_PARSE_HELP,    /* --help or --help-all came first; command, named and
                           all are set */
    A407_PARSE_VERSION, /* --version came first */
    A407_PARSE_EMPTY,   /* no argument at all */
    A407_PARSE_ERROR    /* said on standard error */
};

/* Reads the command line of what gives settings to programs (argv[0] is the
   program's own name, NULL at the end). Options end at "--" or at the first
   word that is none. */
enum a407_parse a407_options_parse(char **argv, struct a407_invocation *out);

/* The nearest word of a list to a misspelt one, or NULL if none is near. */
const char *a407_suggest(const char *word, const char *const *list, size_t n);

/* The help of a command on standard output, or of auth407 (A407_COMMANDS): that
   fits a screen of 24 lines unless `all`; 80 columns wide. False: it can't be
   written, said. */
bool a407_help(enum a407_command c, bool all);

/* A few lines for somebody who gave no argument, on
   standard error. */
void a407_help_short(void);

#endif
