/* SPDX-License-Identifier: MIT */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/msg.h"
#include "cli/terminal.h"
#include "command.h"
#include "doctor.h"
#include "places.h"

static void examine(struct a407_doctor *d)
{
    a407_doctor_environment(d);
    if (!d->config)
        return;
    a407_doctor_pac(d);
    a407_doctor_proxy_of_command(d);
    a407_doctor_places(d);
    a407_doctor_credentials(d);
    if (d->o.offline)
        a407_doctor_kerberos(d);
    if (d->o.offline || !d->proxy.port)
        return;
    a407_doctor_endpoint(d);
    a407_doctor_challenges(d);
    a407_doctor_kerberos(d);
    if (d->is_proxy) {
        a407_doctor_trials(d);
        a407_doctor_elsewhere(d);
    }
    a407_doctor_variables(d);
}

/* Longer lines are hard to read. */
#define WIDTH_MOST 100

static int tell(const struct a407_doctor *d)
{
    struct a407_term out;
    bool written = true;

    a407_term_init(&out, stdout, A407_COLOR_NEVER);
    out.whole = true;
    if (out.width > WIDTH_MOST)
        out.width = WIDTH_MOST;
    if (d->o.json)
        written = a407_doctor_write_json(d, stdout);
    else {
        if (d->command)
            putchar('\n'); /* its last line may have no end */
        a407_doctor_write_text(d, &out);
    }
    return !a407_msg_flush() || !written ? A407_DOCTOR_UNKNOWN
           : a407_rows_verdict(&d->rows) ? A407_DOCTOR_CAUSE
           : d->works                    ? A407_DOCTOR_WORKS
                                         : A407_DOCTOR_UNKNOWN;
}

int main(int argc, char **argv)
{
    static struct a407_doctor d = {.tty = -1};
    const char *bundle;
    int is;

    (void)argc;
    (void)setlocale(LC_CTYPE, ""); /* how wide a character is */
    if (!a407_doctor_options_parse(argv, &d.o))
        return A407_DOCTOR_UNKNOWN;
    if (d.o.values[A407_OPT_HELP])
        return a407_help(A407_CMD_DOCTOR, false) ? A407_DOCTOR_WORKS
                                                 : A407_DOCTOR_UNKNOWN;
    bundle = d.o.values[A407_OPT_DOCTOR_BUNDLE];
    if (bundle && !a407_bundle_check(bundle))
        return A407_DOCTOR_UNKNOWN;
    if (isatty(STDERR_FILENO))
        d.tty = a407_terminal_open();
    if (d.o.command && !a407_doctor_run_command(&d))
        return A407_DOCTOR_UNKNOWN;
    examine(&d);
    a407_doctor_command(&d);
    a407_doctor_progress_end(&d);
    is = tell(&d);
    if (bundle && !a407_bundle_write(&d, bundle))
        is = A407_DOCTOR_UNKNOWN;
    if (d.addresses)
        freeaddrinfo(d.addresses);
    a407_answer_free(&d.to_connect);
    a407_answer_free(&d.to_get);
    a407_requests_free(&d.requests);
    a407_proxy_clear(&d.asked);
    a407_observed_free(d.command);
    a407_config_free(d.config);
    a407_credentials_free(d.elsewhere);
    a407_places_free(d.places);
    a407_free_secret(d.url);
    a407_rows_free(&d.rows);
    return is;
}
