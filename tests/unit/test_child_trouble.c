/* SPDX-License-Identifier: MIT */
/* What happens around a process beside the program, and what is left of it. */
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>

#include "child_help.h"
#include "unit.h"

/* Is the memory of the job still what the keeper needs it for? */
static bool still_mapped(const struct a407_child_job *j, size_t size)
{
    char *p = (char *)(uintptr_t)j;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    unsigned char resident;
    return mincore(p, page, &resident) == 0 &&
           mincore(p + size - page, page, &resident) == 0;
}

static bool sandboxed_later(void)
{
    struct a407_child c;
    if (!shell(&c, "exec cat"))
        return false;
    struct a407_child_job *j = c.job;
    size_t size = j->size;
    pid_t keeper = c.pid;
    if (!forbid(SYS_wait4, SYS_waitid))
        return child_end(&c, in(5000)) == 0;
    int64_t start = a407_now_ms();
    child_end(&c, in(100)); /* it ends by itself, with its input */
    return a407_now_ms() - start < 3000 && still_mapped(j, size) &&
           kill(keeper, 0) == 0; /* nobody could take it */
}

/* A sandbox in which the keeper's end can't be seen: its memory stays. */
TEST(not_seen)
{
    apart(sandboxed_later);
}

/* A folder of a file system whose server, this test, never answers. */
static bool silent_folder(char *folder)
{
    char options[100];
    int server = open("/dev/fuse", O_RDWR | O_CLOEXEC);
    if (server < 0 || !mkdtemp(folder) || unshare(CLONE_NEWNS) != 0 ||
        mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
        return false;
    snprintf(options, sizeof options,
             "fd=%d,rootmode=40000,user_id=0,group_id=0", server);
    return mount("test", folder, "fuse", 0, options) == 0;
}

static bool slow_start(void)
{
    const char *const argv[] = {"x", NULL};
    char folder[] = "/tmp/test_child.XXXXXX", path[64];
    bool ok = true;
    if (silent_folder(folder)) {
        snprintf(path, sizeof path, "%s/x", folder);
        int64_t start = a407_now_ms();
        struct a407_talk t = {.until = in(500)};
        ok = a407_child_start(&t.child, path, argv, true);
        ok = ok && a407_now_ms() - start < 100;
        talk_wait(&t);
        ok = ok && t.late && !t.child.pid && a407_now_ms() - start < 5000;
        a407_talk_drop(&t);
        umount2(folder, MNT_DETACH);
    }
    rmdir(folder);
    return ok;
}

/* Where exec does not come to an end nothing waits for it, but a talk, which
   has a limit. */
TEST(silent_file_system)
{
    if (copied())
        skip(); /* exec seems to succeed */
    apart(slow_start);
}

static bool another_user(void)
{
    struct a407_child c;
    if (geteuid() != 0)
        return true;
    if (!shell(&c, "trap '' PIPE; exec sleep 15") ||
        setresuid(4321, 4321, 4321) != 0)
        return false;
    int64_t start = a407_now_ms();
    child_end(&c, in(100));
    return a407_now_ms() - start < 8000 && !c.pid;
}

/* A program that can't end it any more has to leave it alone. */
TEST(user_changed)
{
    apart(another_user);
}

/* ---- copies of the fd ---- */

static pid_t copy_of_us(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        alarm(60);
        pause();
    }
    return pid;
}

static void end_copy(pid_t pid)
{
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* A process that the program forks meanwhile has the fds as well. */
TEST(forked_meanwhile)
{
    struct a407_child c;
    assert_true(shell(&c, "read x; exit 4"));
    pid_t pid = copy_of_us();
    int64_t start = a407_now_ms();
    assert_int_equal(child_end(&c, in(20000)), 4); /* its input ended */
    assert_true(a407_now_ms() - start < 10000);
    end_copy(pid);
}

/* One that it has left behind holds its output. */
TEST(left_behind)
{
    struct a407_child c;
    struct a407_buf b;
    a407_buf_init(&b, 100);
    assert_true(shell(&c, "sleep 30 & echo \"$!\""));
    int64_t start = a407_now_ms();
    assert_true(child_receive(&c, &b, NULL, in(20000)));
    assert_int_equal(child_end(&c, in(20000)), 0);
    assert_true(a407_now_ms() - start < 10000);
    /* it may be meant to stay */
    assert_true(a407_buf_add(&b, "", 1));
    assert_int_equal(kill((pid_t)atoi(b.p), SIGTERM), 0);
    a407_buf_free(&b);
    /* what it said, it said, but nothing that never came */
    a407_buf_init(&b, 100);
    assert_true(shell(&c, "sleep 3 & echo x"));
    assert_false(child_receive(&c, &b, "\n\n", in(20000)));
    assert_memory_equal(b.p, "x\n", 2);
    assert_int_equal(child_end(&c, in(20000)), 0);
    assert_true(a407_now_ms() - start < 10000);
    a407_buf_free(&b);
}

/* ---- what it leaves behind ---- */

/* A number that it says. */
static pid_t said_pid(struct a407_child *c)
{
    struct a407_buf b;
    a407_buf_init(&b, 100);
    assert_true(child_receive(c, &b, "\n", in(20000)));
    assert_true(a407_buf_add(&b, "", 1));
    pid_t pid = (pid_t)atoi(b.p);
    a407_buf_free(&b);
    assert_true(pid > 1);
    return pid;
}

/* Is it over? A zombie that nobody has taken yet, too. */
static bool is_over(pid_t pid)
{
    for (int64_t until = in(10000); a407_now_ms() < until; usleep(10000)) {
        char path[64], text[256] = "";
        snprintf(path, sizeof path, "/proc/%d/stat", pid);
        int fd = open(path, O_RDONLY);
        ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
        close(fd);
        const char *state = n > 0 ? strrchr(text, ')') : NULL;
        if (!state || state[2] == 'Z' || state[2] == 'X')
            return true;
    }
    return false;
}

/* What a shell waits for hangs: it is killed, not the shell alone. */
TEST(killed_with_all)
{
    struct a407_child c;
    assert_true(shell(&c, "sh -c 'echo $$; sleep 60; :'; :"));
    pid_t pid = said_pid(&c);
    assert_int_equal(child_end(&c, in(0)), 128 + SIGKILL);
    assert_true(is_over(pid));
}

/* The program is killed while it waits for a secret. */
TEST(killed_program)
{
    const char *const argv[] = {"sh", "-c", "echo $$; exec sleep 60", NULL};
    int tell[2];
    pid_t pids[2];
    assert_int_equal(pipe2(tell, O_CLOEXEC), 0);
    pid_t program = fork();
    if (program == 0) {
        struct a407_child c;
        if (!child_start(&c, "/bin/sh", argv, true))
            _exit(1);
        pids[0] = c.pid;
        pids[1] = said_pid(&c);
        _exit(write(tell[1], pids, sizeof pids) < 0 ||
              child_end(&c, in(60000)));
    }
    assert_int_equal(read(tell[0], pids, sizeof pids), sizeof pids);
    assert_int_equal(kill(program, SIGKILL), 0);
    assert_int_equal(waitpid(program, NULL, 0), program);
    assert_true(is_over(pids[0]));
    assert_true(is_over(pids[1]));
    close(tell[0]), close(tell[1]);
}

/* Somebody at the program's terminal can't be asked. */
TEST(no_terminal)
{
    struct a407_child c;
    assert_true(shell(&c, "echo $$; read x; (: </dev/tty) && exit 3; exit 4"));
    pid_t pid = said_pid(&c);
    assert_int_equal(getsid(pid), pid);
    assert_int_equal(getpgid(pid), pid);
    assert_int_equal(child_end(&c, in(10000)), 4);
}
