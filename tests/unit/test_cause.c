/* SPDX-License-Identifier: MIT */
#include "core/base/cause.h"
#include "unit.h"

#include <stdio.h>

#include "source_file.h"

TEST(rows)
{
    for (unsigned i = 0; i < A407_CAUSE_COUNT; i++) {
        const struct a407_cause_info *c = a407_cause_info((enum a407_cause)i);
        assert_int_equal(a407_cause_from_code(c->code, strlen(c->code)), i);
        assert_int_equal(strspn(c->code, "abcdefghijklmnopqrstuvwxyz_"),
                         strlen(c->code));
        /* whole sentences for people */
        assert_int_equal(c->meaning[strlen(c->meaning) - 1], '.');
        assert_int_equal(c->remedy[strlen(c->remedy) - 1], '.');
        assert_true(strlen(c->evidence) > 0);
    }
}

TEST(lookup)
{
    static const char padded[] = "staleX stale_nonce_";
    assert_int_equal(a407_cause_from_code(padded + 7, 11), A407_CAUSE_STALE);
    assert_int_equal(a407_cause_from_code(padded + 7, 10), A407_CAUSE_COUNT);
    assert_int_equal(a407_cause_from_code(padded + 7, 12), A407_CAUSE_COUNT);
    assert_int_equal(a407_cause_from_code("Rejected", 8), A407_CAUSE_COUNT);
    assert_int_equal(a407_cause_from_code("", 0), A407_CAUSE_COUNT);
    const struct a407_cause_info *protocol =
        a407_cause_info(A407_CAUSE_PROTOCOL);
    assert_ptr_equal(a407_cause_info(A407_CAUSE_COUNT), protocol);
    assert_ptr_equal(a407_cause_info((enum a407_cause) - 1), protocol);
}

static size_t count(const char *text, const char *what)
{
    size_t n = 0;
    for (; (text = strstr(text, what)); text++)
        n++;
    return n;
}

/* docs/causes.md is the table, in its order, and nothing else. */
TEST(document)
{
    char *doc = source_file("docs/causes.md"), row[1024];
    const char *at = doc;
    for (unsigned i = 0; i < A407_CAUSE_COUNT; i++) {
        const struct a407_cause_info *c = a407_cause_info((enum a407_cause)i);
        snprintf(row, sizeof row, "\n| `%s` | %s | %s | %s |\n", c->code,
                 c->meaning, c->evidence, c->remedy);
        at = strstr(at, row);
        if (!at)
            fail_msg("docs/causes.md lacks, or has out of order:%s", row);
    }
    assert_int_equal(count(doc, "\n| `"), A407_CAUSE_COUNT);
    free(doc);
}

/* The schema's list of causes is the same. */
TEST(schema)
{
    char *schema = source_file("docs/log-schema.json"), item[64];
    char *start = strstr(schema, "\"cause\": {");
    assert_non_null(start);
    start = strstr(start, "\"enum\": [");
    assert_non_null(start);
    char *end = strchr(start, ']');
    assert_non_null(end);
    *end = '\0';
    for (unsigned i = 0; i < A407_CAUSE_COUNT; i++) {
        const struct a407_cause_info *c = a407_cause_info((enum a407_cause)i);
        snprintf(item, sizeof item, " \"%s\"", c->code);
        if (!strstr(start, item))
            fail_msg("docs/log-schema.json lacks the cause %s", c->code);
    }
    assert_int_equal(count(start, "\n"), A407_CAUSE_COUNT + 1);
    free(schema);
}
