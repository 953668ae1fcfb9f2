/* SPDX-License-Identifier: MIT */
/* Error pages, and what they say. */
#include "fuzz.h"

#include "core/base/text.h"
#include "core/record/words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct a407_span in = a407_span(data, n), said;
    for (size_t cap = 1; cap < 5000; cap = cap * 4 + 1) {
        char text[5000];
        memset(text, 'x', sizeof text);
        a407_page_text(in, ' ', text, cap);
        size_t len = strnlen(text, sizeof text);
        must(len < cap && text[cap] == 'x');
        must(a407_text_is_utf8(a407_span(text, len)));
        must(!a407_text_has_control(a407_span(text, len)));
        must(!strstr(text, "  "));
        a407_page_text(in, '\n', text, cap);
        len = strlen(text);
        must(len < cap && a407_text_is_utf8(a407_span(text, len)));
        if (a407_words_cause(a407_span(text, len), &said) != A407_CAUSE_NONE)
            must(said.n && within(said, text, len));
    }
    a407_words_cause(in, &said);
    return 0;
}
