/* SPDX-License-Identifier: MIT */
/* Starts env(1) by each way there is, with an environment of its own, and
   prints what arrives. usage: family WAY */
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static char env_word[] = "env", var_a[] = "A=1",
            var_path[] = "PATH=/usr/bin:/bin";
static char *const words[] = {env_word, NULL};
static char *const clean[] = {var_a, var_path, NULL};

static int way_is(const char *way, const char *name)
{
    return strcmp(way, name) == 0;
}

static void become(const char *way)
{
    if (way_is(way, "execve"))
        execve("/usr/bin/env", words, clean);
    else if (way_is(way, "execle"))
        execle("/usr/bin/env", "env", (char *)NULL, clean);
    else if (way_is(way, "execvpe"))
        execvpe("env", words, clean);
    else if (way_is(way, "fexecve"))
        fexecve(open("/usr/bin/env", O_RDONLY | O_CLOEXEC), words, clean);
    environ = (char **)clean;
    if (way_is(way, "execv"))
        execv("/usr/bin/env", words);
    else if (way_is(way, "execvp"))
        execvp("env", words);
    else if (way_is(way, "execl"))
        execl("/usr/bin/env", "env", (char *)NULL);
    else if (way_is(way, "execlp"))
        execlp("env", "env", (char *)NULL);
}

/* More words than fit the array on the stack. */
static int many_words(void)
{
#define TEN "x", "x", "x", "x", "x", "x", "x", "x", "x", "x"
    return execl("/bin/sh", "sh", "-c", "echo $#", TEN, TEN, TEN, TEN, TEN, TEN,
                 TEN, TEN, TEN, TEN, TEN, TEN, TEN, TEN, TEN, TEN, TEN, TEN,
                 TEN, TEN, TEN, TEN, TEN, TEN, TEN, TEN, TEN, TEN, TEN, TEN,
                 (char *)NULL);
}

static void on_signal(int n)
{
    (void)n;
    execve("/usr/bin/env", words, clean);
}

/* As what tells of a crash does: with 8 KB, which SIGSTKSZ was for long, and
   nothing below them. */
static void in_handler(void)
{
    enum { SIZE = 8192, PAGE = 4096 };
    char *below = mmap(NULL, PAGE + SIZE, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    stack_t stack = {.ss_sp = below + PAGE, .ss_size = SIZE};
    struct sigaction act = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK};
    if (below != MAP_FAILED && mprotect(below, PAGE, PROT_NONE) == 0 &&
        sigaltstack(&stack, NULL) == 0 && sigaction(SIGUSR1, &act, NULL) == 0)
        raise(SIGUSR1);
}

static void *small_thread(void *arg)
{
    execve("/usr/bin/env", words, clean);
    return arg;
}

static void in_thread(void)
{
    pthread_attr_t attr;
    pthread_t thread;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, (size_t)PTHREAD_STACK_MIN);
    if (pthread_create(&thread, &attr, small_thread, NULL) == 0)
        pthread_join(thread, NULL);
}

int main(int argc, char **argv)
{
    const char *way = argc > 1 ? argv[1] : "";
    pid_t pid = 0;
    if (way_is(way, "many"))
        return many_words();
    if (way_is(way, "missing"))
        return execl("/nonexistent", "x", (char *)NULL) == -1 ? 3 : 0;
    if (way_is(way, "posix_spawn"))
        posix_spawn(&pid, "/usr/bin/env", NULL, NULL, words, clean);
    else if (way_is(way, "posix_spawnp"))
        posix_spawnp(&pid, "env", NULL, NULL, words, clean);
    else if (way_is(way, "vfork") && (pid = vfork()) == 0) {
        execve("/usr/bin/env", words, clean);
        _exit(1);
    }
    if (pid > 0)
        return waitpid(pid, NULL, 0) != pid;
    if (way_is(way, "handler"))
        in_handler();
    if (way_is(way, "thread"))
        in_thread();
    become(way);
    return 1;
}
