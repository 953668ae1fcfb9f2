/* SPDX-License-Identifier: MIT */
#include "core/base/text.h"
#include "core/http/challenge.h"
#include "doctor.h"

void a407_doctor_challenges(struct a407_doctor *d)
{
    const struct a407_answer *a = d->o.target.tls ? &d->to_connect : &d->to_get;
    struct a407_challenges *list = a407_challenges_new();
    char realm[128];
    size_t i;

    if (!list || a->status != 407) {
        a407_challenges_free(list);
        return;
    }
    a407_challenges_parse(a->bytes, a->head, "Proxy-Authenticate", list);
    for (i = 0; i < list->n; i++) {
        const struct a407_challenge *c = &list->item[i];
        char name[32];

        a407_put(name, sizeof name, c->scheme);
        if (a407_param_text(a407_param_find(c, "realm"), realm, sizeof realm) <
            0)
            *realm = '\0';
        a407_row_good(&d->rows, A407_IN_CHALLENGE, name, "%s%s%s",
                      *realm ? "realm \"" : "offered", realm,
                      *realm ? "\"" : "");
    }
    a407_challenges_free(list);
}
