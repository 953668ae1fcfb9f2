/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "cli/msg.h"
#include "doctor.h"

#define TARGET "https://example.com/"

/* PROXY-URL may stand among the options; behind "--" there is a command. */
static bool take_all(char **argv, struct a407_doctor_options *out)
{
    struct a407_option_reader r = {A407_CMD_DOCTOR, .argv = argv + 1};
    int id;

    while ((id = a407_option_take(&r, out->values)) == A407_OPTION_WORD &&
           !r.ended) {
        if (out->proxy) {
            a407_error("one PROXY-URL at a time; a command stands behind "
                       "`--`");
            return false;
        }
        out->proxy = r.value;
    }
    if (r.ended)
        out->command = r.argv - (id == A407_OPTION_WORD);
    return id != A407_OPTION_WRONG;
}

static bool is_good(struct a407_doctor_options *o)
{
    static const char *const formats[] = {"text", "json"};
    const char *format = o->values[A407_OPT_DOCTOR_FORMAT];
    const char *target = o->values[A407_OPT_DOCTOR_TARGET];
    int chosen =
        format ? a407_option_choose(A407_OPT_DOCTOR_FORMAT, format, formats, 2)
               : 0;

    o->json = chosen == 1;
    o->offline = o->values[A407_OPT_DOCTOR_OFFLINE] != NULL;
    if (chosen < 0)
        return false;
    if (o->command && (!*o->command || o->offline)) {
        a407_error(*o->command ? "`--offline` sends nothing, and a command may"
                               : "no command to run behind `--`");
        return false;
    }
    if (a407_wanted_read(target ? target : TARGET, &o->target))
        return true;
    a407_error("`--target` needs a URL, or HOST:PORT");
    return false;
}

bool a407_doctor_options_parse(char **argv, struct a407_doctor_options *out)
{
    *out = (struct a407_doctor_options){0};
    return (take_all(argv, out) &&
            (out->values[A407_OPT_HELP] || is_good(out))) ||
           a407_option_hint(A407_CMD_DOCTOR);
}
