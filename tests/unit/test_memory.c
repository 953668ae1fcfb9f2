/* SPDX-License-Identifier: MIT */
/* What is remembered between processes: the files. */
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "memory_help.h"

TEST(in_the_session)
{
    anew();
    expect(NULL);
    shell("! test -e run/auth407"); /* a look makes nothing */
    keep("ways keeps\nworked basic Basic\n");
    expect("Basic");
    shell("test $(stat -c %a run/auth407) = 700 && ! test -e state &&"
          "test $(stat -c %a run/auth407/* | sort -u) = 600");
    keep("ways keeps\nworked ntlm Negotiate\n");
    expect("NTLM");
    config.memory = false;
    expect(NULL);
    config.memory = true;
    config.mode = A407_MODE_OBSERVE;
    expect(NULL);
    config.mode = A407_MODE_INJECT;
}

/* Whatever the time of a file is rounded to: it was not written tomorrow. */
TEST(at_the_turn_of_a_second)
{
    struct timespec t;
    anew();
    do
        clock_gettime(CLOCK_REALTIME, &t);
    while (t.tv_nsec > 100000);
    for (time_t s = t.tv_sec; t.tv_sec == s && t.tv_nsec < 12000000;
         clock_gettime(CLOCK_REALTIME, &t)) {
        keep("worked basic Basic\n");
        expect("Basic");
    }
}

TEST(without_a_session)
{
    anew();
    shell("rmdir run");
    keep("worked basic Basic\n");
    expect("Basic");
    shell("! test -e run && test -d state/memory");
    anew();
    shell("chown 1234 run"); /* another user's */
    keep("worked basic Basic\n");
    expect("Basic");
    shell("! test -e run/auth407 && test -d state/memory");
}

/* No secret, and none of its hashes but 16 bits. */
TEST(what_is_written)
{
    anew();
    keep("ways keeps\nworked basic Basic\n");
    shell("grep -aqE '^auth407 1 proxy.test:3128 [0-9a-f]{4}$' run/auth407/p*");
    shell("! grep -raqiE 'secret|c2VjcmV0|alice' run state 2>/dev/null");
}

TEST(of_one_credential_alone)
{
    anew();
    keep("worked basic Basic\n");
    password[0] = 'S';
    expect(NULL);
    password[0] = 's';
    user[0] = 'A';
    expect(NULL);
    user[0] = 'a';
    alice.domain = user;
    expect(NULL);
    alice.domain = NULL;
    known.endpoint.port++;
    expect(NULL);
    known.endpoint.port--;
    expect("Basic");
    struct a407_owner o = owner();
    a407_memory_tried(&o, false);
    expect("Basic");
    a407_memory_tried(&o, true);
    expect(NULL);
}

/* A secret outside is not known yet: what its source has worked with counts. */
TEST(of_a_source)
{
    anew();
    alice.helper = label;
    keep("worked basic Basic\n");
    password[0] = 'S';
    expect("Basic");
    password[0] = 's';
    alice.helper = user;
    expect(NULL);
    alice.helper = NULL;
}

TEST(files_that_are_none)
{
    static const char *const spoil[] = {
        "rm key",
        ": > key",
        "head -c 40 /dev/urandom > key",
        "head -c 31 /dev/urandom > key",
        "truncate -s 0 p*",
        "head -c 100 /dev/urandom > $(echo p*)",
        "head -c 100000 /dev/zero > $(echo p*)",
        "sed -i 1d p*",
        "sed -i s/:3128/:3129/ p*",
        "sed -i '1s/.$/x/' p*",
        "sed -i s/auth407/auth408/ p*",
        "truncate -s 20 p*",
        "truncate -s 34 p*",
        "chmod 644 p*",
        "chmod 644 key",
        "chown 1234 p*",
        "chown 1234 key",
        "n=$(echo p*); mv $n x && ln -s x $n",
        "n=$(echo p*); rm $n && mkfifo -m 600 $n",
        "n=$(echo p*); rm $n && mkdir -m 700 $n",
        "touch -d '2 days ago' p*",
        "touch -d 'tomorrow' p*",
        "chmod 755 .",
        "chown 1234 .",
        "cd .. && mv auth407 x && ln -s x auth407 && chown -h 1234 auth407",
    };
    for (size_t i = 0; i < sizeof spoil / sizeof spoil[0]; i++) {
        char command[256];
        anew();
        keep("worked basic Basic\n");
        expect("Basic");
        snprintf(command, sizeof command, "cd run/auth407 && { %s; }",
                 spoil[i]);
        shell(command);
        expect(NULL);
        keep("worked bearer Bearer\n"); /* as far as that goes */
        shell("! grep -qs Bearer run/x/p*");
    }
}

/* Each in a file that was cut at every byte: never more than was written. */
TEST(cut_anywhere)
{
    anew();
    keep("ways keeps\nworked basic Basic\n");
    shell("cp run/auth407/p* whole");
    for (unsigned n = 0; n < 64; n++) {
        char command[128];
        snprintf(command, sizeof command,
                 "head -c %u whole > $(echo run/auth407/p*)", n);
        shell(command);
        const char *got = recalled_scheme();
        assert_true(!got || strcmp(got, "Basic") == 0);
    }
}

TEST(a_nonce_is_one_process_s)
{
    struct a407_proxy a, b, c;
    struct a407_owner o = owner();
    anew();
    keep("worked digest Digest\n");
    expect(NULL);
    a407_memory_hand_on(&o, a407_span_str(NONCE));
    assert_string_equal(recalled(&a), "Digest");
    assert_null(recalled(&b));
    assert_true(b.remembered.scheme == a.remembered.scheme);
    struct a407_buf line;
    a407_buf_init(&line, 1000);
    assert_true(a407_proxy_suspend(&a, &line));
    assert_null(a.scheme);
    assert_memory_equal(line.p, NONCE, line.n);
    a407_memory_hand_on(&o, a407_span(line.p, line.n));
    a407_memory_hand_on(&o, a407_span(line.p, line.n));
    a407_buf_free(&line);
    assert_string_equal(recalled(&a), "Digest");
    assert_string_equal(recalled(&b), "Digest");
    assert_null(recalled(&c));
    shell("! ls run/auth407 | grep -q new"); /* nothing lies about */
    a407_proxy_forked(&a);
    assert_null(a.scheme);
    a407_proxy_clear(&a);
    a407_proxy_clear(&b);
    a407_proxy_clear(&c);
}

TEST(an_old_nonce)
{
    struct a407_owner o = owner();
    anew();
    keep("worked digest Digest\n");
    a407_memory_hand_on(&o, a407_span_str(NONCE));
    shell("touch -d '2 hours ago' run/auth407/p*-*.0");
    expect(NULL);
    shell("! test -e run/auth407/p*-*.0");
    for (int i = 0; i < 40; i++) /* more than are kept */
        a407_memory_hand_on(&o, a407_span_str(NONCE));
    shell("test $(ls run/auth407/p*-*.* | wc -l) = 32");
}

TEST(old_files_go)
{
    anew();
    keep("worked basic Basic\n");
    shell("cd run/auth407 && touch -d '2 days ago' x y.3 new.1 key &&"
          "mkdir d && touch -d '2 days ago' d && touch z");
    keep("worked basic Basic\n");
    shell("cd run/auth407 && test \"$(echo d key x y.* new.* z)\" ="
          " 'd key x y.* new.* z' && ! test -e x && rmdir d");
    expect("Basic");
}

/* Used for some seconds: it is written anew with the next success. */
TEST(what_is_used_stays)
{
    struct a407_proxy p;
    anew();
    keep("worked basic Basic\n");
    assert_string_equal(recalled(&p), "Basic");
    p.standing[0].worked = true;
    assert_false(a407_proxy_has_news(&p));
    a407_proxy_clear(&p);
    shell("touch -d '6 seconds ago' run/auth407/p*");
    assert_string_equal(recalled(&p), "Basic");
    assert_false(a407_proxy_has_news(&p));
    p.standing[0].worked = true;
    assert_true(a407_proxy_has_news(&p));
    a407_proxy_clear(&p);
}

static enum a407_may may_try(void)
{
    struct a407_owner o = owner();
    return a407_memory_try(&o);
}

static void expect_may(enum a407_may may)
{
    assert_int_equal(may_try(), may);
}

/* Another process of the same user, which has the trial: its pid, and a pipe
   whose end ends it. Not reaped before end_other(). */
static pid_t other;
static int other_end;

static void other_tries(enum a407_may may)
{
    int hold[2], say[2];
    char said;
    assert_int_equal(pipe2(hold, O_CLOEXEC) + pipe2(say, O_CLOEXEC), 0);
    other = fork();
    if (!other) {
        close(hold[1]);
        said = (char)('0' + may_try());
        if (write(say[1], &said, 1) == 1 && read(hold[0], &said, 1) == 0)
            _exit(0);
        _exit(1);
    }
    close(hold[0]);
    close(say[1]);
    other_end = hold[1];
    assert_int_equal(read(say[0], &said, 1), 1);
    assert_int_equal(said - '0', (int)may);
    close(say[0]);
}

static void other_ends(void)
{
    siginfo_t info;
    close(other_end);
    assert_int_equal(waitid(P_PID, (id_t)other, &info, WEXITED | WNOWAIT), 0);
}

static void other_is_reaped(void)
{
    assert_int_equal(waitpid(other, NULL, 0), other);
}

TEST(one_tries)
{
    struct a407_owner o = owner();
    anew();
    other_tries(A407_MAY_TRY);
    expect_may(A407_MAY_NOT);
    shell("touch -d '2 seconds ago' run/auth407/*.try-*");
    expect_may(A407_MAY_NOT);
    a407_memory_tried(&o, false); /* not ours */
    expect_may(A407_MAY_NOT);
    password[0] = 'S';
    expect_may(A407_MAY_TRY); /* another secret */
    password[0] = 's';
    shell("touch -d tomorrow run/auth407/*.try-*");
    expect_may(A407_MAY_TRY); /* the clock was set back */
    other_ends();
    other_is_reaped();
}

/* Each of them is a login: it is waited for ever longer. */
TEST(who_takes_too_long)
{
    pid_t first;
    int first_end;
    anew();
    other_tries(A407_MAY_TRY);
    first = other;
    first_end = other_end;
    shell("touch -d '4 seconds ago' run/auth407/*.try-*");
    other_tries(A407_MAY_TRY);
    expect_may(A407_MAY_NOT);
    shell("touch -d '5 seconds ago' run/auth407/*.try-*");
    expect_may(A407_MAY_NOT);
    shell("touch -d '7 seconds ago' run/auth407/*.try-*");
    expect_may(A407_MAY_TRY);
    other_ends();
    other_is_reaped();
    other = first;
    other_end = first_end;
    other_ends();
    other_is_reaped();
}

TEST(who_has_ended)
{
    anew();
    other_tries(A407_MAY_TRY);
    other_ends();
    expect_may(A407_MAY_TRY); /* at once, though its number is not free yet */
    other_is_reaped();
    anew();
    other_tries(A407_MAY_TRY);
    other_ends();
    other_is_reaped();
    expect_may(A407_MAY_TRY);
    /* counted in another place: nobody knows */
    anew();
    other_tries(A407_MAY_TRY);
    shell("sed -i 1s/^/x/ run/auth407/*.try-*");
    other_ends();
    other_is_reaped();
    expect_may(A407_MAY_NOT);
    shell("touch -d '4 seconds ago' run/auth407/*.try-*");
    expect_may(A407_MAY_TRY);
}

/* A program of one thread would wait for itself, but only once. */
TEST(oneself)
{
    struct a407_owner o = owner();
    anew();
    expect_may(A407_MAY_TRY);
    expect_may(A407_MAY_NOT);
    shell("touch -d '4 seconds ago' run/auth407/*.try-*");
    expect_may(A407_MAY_ALONE);
    expect_may(A407_MAY_NOT); /* the others that wait, one after the other */
    a407_memory_tried(&o, true);
    expect_may(A407_MAY_TRY);
    a407_memory_tried(&o, false);
    keep("worked basic Basic\n");
    expect_may(A407_MAY_KNOWN);
    expect_may(A407_MAY_KNOWN);
    shell("touch -d '7 seconds ago' run/auth407/p*:*");
    expect_may(A407_MAY_KNOWN);
    shell("touch -d '11 seconds ago' run/auth407/p*:*");
    expect_may(A407_MAY_TRY); /* it may have been changed meanwhile */
    expect_may(A407_MAY_NOT);
    keep("worked basic Basic\n");
    expect_may(A407_MAY_KNOWN);
}

TEST(a_trial_that_is_none)
{
    static const char *const spoil[] = {
        "chmod 644 $t",
        "head -c 500 /dev/zero > $t",
        "chown 1234 $t",
        "rm $t && ln -s key $t",
    };
    for (size_t i = 0; i < sizeof spoil / sizeof spoil[0]; i++) {
        char command[128];
        anew();
        other_tries(A407_MAY_TRY);
        snprintf(command, sizeof command,
                 "cd run/auth407 && t=$(echo *.try-*) && { %s; }", spoil[i]);
        shell(command);
        expect_may(A407_MAY_TRY);
        other_ends();
        other_is_reaped();
    }
}

static bool excused(double seconds_ago)
{
    struct a407_owner o = owner();
    return a407_memory_excuses(&o, (int64_t)((double)time(NULL) - seconds_ago) *
                                       1000000);
}

/* Whoever was first to see the secret replaced: what was said before counts no
   more, and what was said at once, for a second. */
TEST(marks_around_a_change)
{
    struct a407_owner o = owner();
    anew();
    assert_false(excused(5));
    a407_memory_replaces(&o);
    assert_true(excused(2));
    shell("touch -d '10 seconds ago' run/auth407/*.since-*");
    a407_memory_replaces(&o);
    assert_true(excused(12));
    assert_true(excused(9));
    assert_false(excused(7));
    password[0] = 'S';
    assert_false(excused(12));
    password[0] = 's';
    shell("touch run/auth407/*.since-*");
    assert_false(excused(-1));
    shell("touch -d tomorrow run/auth407/*.since-*");
    assert_false(excused(12));
    config.memory = false;
    a407_memory_replaces(&o);
    assert_false(excused(12));
    config.memory = true;
}

/* The verdict on the old one is told when the new one is known. */
TEST(a_late_refusal)
{
    struct a407_owner o = owner();
    anew();
    keep("worked basic Basic\n");
    password[0] = 'O';
    a407_memory_tried(&o, true);
    password[0] = 's';
    expect("Basic");
}

#define ANSWER "username=u\npassword=p\n"

static bool kept(const struct a407_owner *o)
{
    struct a407_buf text;
    a407_buf_init(&text, 1000);
    bool found = a407_answers_find(o, &text);
    if (found)
        assert_memory_equal(text.p, ANSWER, text.n);
    a407_buf_free(&text);
    return found;
}

/* Until a minute before it ends, and never on a disk. */
TEST(what_a_helper_said)
{
    struct a407_owner o = owner();
    struct a407_span answer = a407_span_str(ANSWER);
    anew();
    a407_answers_keep(&o, answer, time(NULL) + 3600);
    assert_false(kept(&o)); /* of no helper */
    alice.helper = label;
    a407_answers_keep(&o, answer, 0);
    assert_false(kept(&o));
    a407_answers_keep(&o, answer, time(NULL) + 59);
    assert_false(kept(&o));
    a407_answers_keep(&o, answer, time(NULL) + 3600);
    assert_true(kept(&o));
    shell("test $(stat -c %a run/auth407/*.answer) = 600");
    config.helper_memory = false;
    assert_false(kept(&o));
    config.helper_memory = true;
    alice.helper = user;
    assert_false(kept(&o));
    alice.helper = label;
    known.endpoint.port++;
    assert_false(kept(&o));
    known.endpoint.port--;
    assert_true(kept(&o));
    a407_memory_tried(&o, true);
    assert_false(kept(&o));
    a407_answers_keep(&o, answer, time(NULL) + 3600);
    shell("sed -i '1s/ [0-9]*$/ 1000000000/' run/auth407/*.answer");
    assert_false(kept(&o));
    shell("sed -i '1s/ [0-9]*$/ x/' run/auth407/*.answer");
    assert_false(kept(&o));
    shell("truncate -s 0 run/auth407/*.answer");
    assert_false(kept(&o));
    shell("rm -r run");
    a407_answers_keep(&o, answer, time(NULL) + 3600);
    shell("! test -e run && ! grep -rqs password state");
    alice.helper = NULL;
}

/* Nothing can be written: as without a memory. */
TEST(no_room)
{
    const struct rlimit none = {0, RLIM_INFINITY};
    struct rlimit was;
    struct a407_owner o = owner();
    anew();
    getrlimit(RLIMIT_FSIZE, &was);
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &none);
    keep("worked basic Basic\n");
    a407_memory_hand_on(&o, a407_span_str(NONCE));
    assert_true(may_try());
    setrlimit(RLIMIT_FSIZE, &was);
    expect(NULL);
    shell("! ls run/auth407 2>/dev/null | grep -q .");
    keep("worked basic Basic\n");
    setrlimit(RLIMIT_FSIZE, &none);
    keep("worked bearer Bearer\n");
    setrlimit(RLIMIT_FSIZE, &was);
    expect("Basic"); /* what was there is whole */
    shell("rm -rf run state && : > run && : > state");
    keep("worked basic Basic\n");
    assert_true(may_try());
    expect(NULL);
}
