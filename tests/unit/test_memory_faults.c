/* SPDX-License-Identifier: MIT */
/* What is remembered, and the marks, where files can't be written, are not what
   they should be, or a writer is killed: as without them. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "host/errand.h"
#include "host/lockout.h"
#include "memory_help.h"

#define ANSWER "username=alice\npassword=secret\n"

/* All that a process may leave behind, the second time with another scheme. */
static void write_all_of_it(const char *worked)
{
    struct a407_owner o = owner();
    keep(worked);
    a407_memory_hand_on(&o, a407_span_str(NONCE));
    password[0] = 'S';
    a407_memory_replaces(&o);
    a407_memory_try(&o);
    if (config.lockout_s)
        a407_lockout_mark(&config, &known.endpoint, &alice, false);
    a407_memory_tried(&o, true);
    password[0] = 's';
    alice.helper = label;
    a407_answers_keep(&o, a407_span_str(ANSWER), time(NULL) + 3600);
    alice.helper = NULL;
}

/* ... and read, in a proxy of which the caller sees whether it makes sense. */
static const char *read_all_of_it(void)
{
    struct a407_owner o = owner();
    struct a407_buf text;
    alice.helper = label;
    a407_buf_init(&text, 1000);
    if (a407_answers_find(&o, &text))
        assert_memory_equal(text.p, ANSWER, strlen(ANSWER));
    a407_buf_free(&text);
    alice.helper = NULL;
    password[0] = 'T';
    a407_memory_excuses(&o, 1);
    assert_int_not_equal(a407_memory_try(&o), A407_MAY_KNOWN);
    a407_lockout_marked(&config, &known.endpoint, &alice);
    a407_memory_tried(&o, false);
    password[0] = 's';
    return recalled_scheme();
}

/* ---- killed ---- */

/* Runs the writer to its n-th stop, of two for each system call: an odd one is
   before a call. False: it has ended before. */
static bool killed_at(unsigned n, void (*writer)(const char *))
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        raise(SIGSTOP);
        writer("ways keeps\nworked bearer Bearer\n");
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    for (; n && WIFSTOPPED(status); n--) {
        ptrace(PTRACE_SYSCALL, pid, NULL, NULL);
        waitpid(pid, &status, 0);
    }
    bool alive = WIFSTOPPED(status);
    if (alive) {
        kill(pid, SIGKILL);
        waitpid(pid, &status, 0);
    } else {
        assert_int_equal(WEXITSTATUS(status), 0);
    }
    return alive;
}

/* The old or the new, whole; and nobody after it is held up. */
TEST(killed_anywhere)
{
    unsigned n = 1;
    bool more = true;
    config.lockout_s = 0; /* what is slow has a test of its own */
    anew();
    for (; more; n += 2) {
        shell("test -z \"$(find run -type f ! -perm 600)\" && rm -rf run/*");
        keep("worked basic Basic\n");
        more = killed_at(n, write_all_of_it);
        const char *got = read_all_of_it();
        assert_non_null(got);
        assert_true(strcmp(got, "Basic") == 0 || strcmp(got, "Bearer") == 0);
        write_all_of_it("worked ntlm NTLM\n");
        expect("NTLM");
    }
    config.lockout_s = 900;
    assert_true(n > 200);
}

static void mark(const char *unused)
{
    (void)unused;
    a407_lockout_mark(&config, &known.endpoint, &alice, false);
}

/* A mark is there, or none. */
TEST(killed_while_it_marks)
{
    bool more = true;
    for (unsigned n = 1; more; n += 2) {
        anew();
        more = killed_at(n, mark);
        shell("test -z \"$(find state -type f ! -perm 600 2>&-)\"");
        a407_lockout_mark(&config, &known.endpoint, &alice, false);
        assert_true(a407_lockout_marked(&config, &known.endpoint, &alice));
    }
}

/* ---- not what it should be ---- */

static const char *const spoil[] = {
    ": > $f",
    "head -c 1 /dev/urandom > $f",
    "head -c 40 /dev/urandom > $f",
    "head -c 5000 /dev/urandom > $f",
    "truncate -s 100G $f",
    "tr '\\n' '\\0' < $f > y; cat y > $f; rm y",
    "sed -i 's/ / \\x01\\xff/g' $f",
    "head -c 30 /dev/urandom >> $f",
    "rm $f; mkfifo -m 600 $f",
    "rm $f; mkdir -m 700 $f",
    "rm $f; mkdir -m 700 $f; : > $f/x",
    "rm $f; ln -s $f $f",
    "rm $f; ln -s /dev/zero $f",
    "mv $f ../../victim; ln -s ../../victim $f",
    "chmod 000 $f",
    "chmod 666 $f",
    "ln $f y",
    "touch -d '30 days' $f",
    "touch -d '1970-01-01' $f",
    "touch -d '30 days ago' $f",
    "chown 1234 $f",
    "rm $f; mknod -m 600 $f c 1 5",
    "rm -rf $PWD",
};

#define FILES 5 /* of the memory; and then the mark */

/* With every file in its turn. Only so long as may be waited for a trial. */
TEST(files_of_all_kinds)
{
    char command[400];
    size_t n = sizeof spoil / sizeof spoil[0];
    for (size_t i = 0; i < n * (FILES + 1); i++) {
        config.lockout_s = i % (FILES + 1) == FILES ? 900 : 0;
        anew();
        write_all_of_it("worked basic Basic\n");
        snprintf(command, sizeof command,
                 "set -- run/auth407/* state/refused/*; shift %zu; f=$1;"
                 " test -f $f || exit 1; : > victim;"
                 " cd $(dirname $f); f=$(basename $f); { %s; };"
                 " cd %s; cp victim before",
                 i % (FILES + 1), spoil[i / (FILES + 1)], root);
        shell(command);
        alarm(2);
        const char *got = read_all_of_it();
        assert_true(!got || strcmp(got, "Basic") == 0);
        write_all_of_it("worked ntlm NTLM\n");
        alarm(0);
        shell("cmp victim before");
    }
}

/* Bytes changed at random: it says another scheme, or nothing. */
TEST(random_bytes)
{
    anew();
    write_all_of_it("ways keeps\nworked digest Digest\n");
    shell("cp -a run/auth407 whole");
    srand(7);
    for (int i = 0; i < 2000; i++) {
        static const char *const names[] = {"p*-*[0-9a-f]", "p*.0", "key",
                                            "p*.answer"};
        char command[400];
        if (i % 20 == 0) {
            snprintf(command, sizeof command,
                     "rm -rf run/auth407; cp -a whole run/auth407; ls -d "
                     "$PWD/run/auth407/%s | head -1 > name",
                     names[i / 20 % 4]);
            shell(command);
        }
        snprintf(command, sizeof command, "%s/name", root);
        FILE *f = fopen(command, "r");
        assert_non_null(f);
        assert_int_equal(fscanf(f, "%399s", command), 1);
        fclose(f);
        int fd = open(command, O_RDWR);
        if (fd >= 0) { /* a nonce is taken away */
            char byte = (char)rand();
            assert_int_equal(pwrite(fd, &byte, 1, rand() % 60), 1);
            close(fd);
        }
        recalled_scheme();
    }
}

/* ---- no room ---- */

static void need(bool ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "# %s\n", what);
        _exit(1);
    }
}

static void without_a_memory(void)
{
    alarm(5);
    write_all_of_it("worked bearer Bearer\n");
    struct a407_owner o = owner();
    need(a407_memory_try(&o) != A407_MAY_NOT, "a trial is waited for");
    alarm(0);
}

/* On a file system of its own, full of files or of bytes, or read-only. */
static void on_a_disk(const char *options, const char *fill)
{
    char command[400];
    int status;
    anew();
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        if (unshare(CLONE_NEWNS) != 0 ||
            mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
            mount("none", root, "tmpfs", 0, options) != 0)
            _exit(77);
        anew();
        write_all_of_it("worked basic Basic\n");
        snprintf(command, sizeof command, "cd %s && { %s; } 2>/dev/null", root,
                 fill);
        need(system(command) == 0, "it can't be filled");
        without_a_memory();
        const char *got = recalled_scheme();
        need(got && strcmp(got, "Basic") == 0, "what was there is lost");
        _exit(0);
    }
    waitpid(pid, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        skip();
    assert_int_equal(status, 0);
}

TEST(a_full_disk)
{
    on_a_disk("size=64k", "cat /dev/zero > x; ! echo > y");
}

TEST(a_disk_full_of_files)
{
    on_a_disk("nr_inodes=40", "i=0; while true > x$i; do i=$((i+1)); done; :");
}

TEST(a_disk_that_is_read_only)
{
    on_a_disk("size=64k", "mount -o remount,ro .");
}

/* Its user can't write to it, nor to the one besides. */
TEST(a_folder_that_is_read_only)
{
    int status;
    if (geteuid() != 0)
        skip();
    anew();
    shell("mkdir -m 700 state && chown 4321 . run state");
    pid_t pid = fork();
    if (pid == 0) {
        need(setresuid(4321, 4321, 4321) == 0, "setresuid");
        write_all_of_it("worked basic Basic\n");
        shell("chmod 500 run/auth407 state state/refused");
        without_a_memory();
        const char *got = recalled_scheme();
        need(got && strcmp(got, "Basic") == 0, "what was there is lost");
        shell("chmod 700 run/auth407");
        _exit(0);
    }
    waitpid(pid, &status, 0);
    shell("chown 0 .");
    assert_int_equal(status, 0);
}

/* ---- whose ---- */

/* Root with a user's session (sudo -E), and the other way round: nothing is
   read, and nothing is left there. */
TEST(of_another_user)
{
    if (geteuid() != 0)
        skip();
    anew();
    write_all_of_it("worked basic Basic\n");
    shell("chown -R 4321 run state; cp -a run was");
    expect(NULL);
    write_all_of_it("worked bearer Bearer\n");
    shell("diff -r run was && test -z \"$(find run -user 0)\"");
    shell("rm -rf was");
}

/* A sticky folder that all may write: its own only, and made by itself. */
TEST(in_a_shared_folder)
{
    if (geteuid() != 0)
        skip();
    anew();
    shell("rm -rf run && mkdir run && chmod 1777 run && mkdir run/auth407 &&"
          "chown 4321 run/auth407 && chmod 777 run/auth407");
    write_all_of_it("worked basic Basic\n");
    expect("Basic");
    shell("test -z \"$(ls run/auth407)\" && test -d state/memory");
}

/* The session ends while a process runs. */
TEST(a_folder_that_goes)
{
    anew();
    keep("worked basic Basic\n");
    shell("rm -rf run");
    expect(NULL);
    keep("worked basic Basic\n");
    shell("! test -e run");
    expect("Basic"); /* in the other one */
}

__attribute__((constructor)) static void with_marks(void)
{
    config.lockout_s = 900;
}

/* Nobody is there any more to be told that the trial is begun. */
TEST(trial_that_nobody_is_told_of)
{
    struct a407_errand *e = calloc(1, sizeof *e);
    anew();
    assert_non_null(e);
    e->talk.child.fd = -1;
    e->ask = (struct a407_ask){.kind = A407_ASK_MARK,
                               .proxy = &known.endpoint,
                               .configured = &alice,
                               .cred = a407_credential_copy(&alice)};
    assert_false(a407_errand_begin(&config, e));
    shell("ls run/auth407/*.try-* >/dev/null");
    a407_errand_free(e);
    shell("! ls run/auth407/*.try-* 2>&-");
}
