/* SPDX-License-Identifier: MIT */
#include "settings.h"

#include <pthread.h>
#include <sys/auxv.h>

#include "guard.h"
#include "host/settings.h"

/* Not pthread_once(), which is no part of libc before glibc 2.34. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool read_once;
static struct a407_config *config;

/* All programs of ours have that name (Makefile), and no other one. Bound at
   the start: a look-up that fails leaves an error for the program's dlerror(),
   and takes the loader's lock. */
extern const char auth407_own_program
    __attribute__((weak, visibility("default")));

bool a407_in_own_program(void)
{
    return &auth407_own_program != NULL;
}

static void load(void)
{
    if (!getauxval(AT_SECURE) && !a407_in_own_program())
        __atomic_store_n(&config, a407_settings_read(a407_environment, NULL),
                         __ATOMIC_RELEASE);
}

const struct a407_config *a407_settings(void)
{
    if (__atomic_load_n(&read_once, __ATOMIC_ACQUIRE))
        return config;
    pthread_mutex_lock(&lock);
    if (!read_once)
        load();
    __atomic_store_n(&read_once, true, __ATOMIC_RELEASE);
    pthread_mutex_unlock(&lock);
    return config;
}

void a407_settings_in_child(void)
{
    lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
}

bool a407_settings_loaded(void)
{
    return __atomic_load_n(&config, __ATOMIC_ACQUIRE) != NULL;
}

/*
 * A wait, and a long one at times: outside, with nothing held. Connections that
 * libc makes for it are deeper in this stack than the frame that is noted.
 */
static int look_up(const char *host, struct addrinfo **list)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    a407_guard.looking_up = __builtin_frame_address(0);
    a407_leave(0);
    int rc = getaddrinfo(host, NULL, &hints, list);
    a407_enter();
    a407_guard.looking_up = NULL;
    return rc;
}

struct a407_match a407_addresses = {.look_up = look_up,
                                    .lock = PTHREAD_MUTEX_INITIALIZER};

const struct a407_known_proxy *a407_settings_match(const struct sockaddr *sa)
{
    const struct a407_config *c = a407_settings();
    return c ? a407_match(&a407_addresses, c, sa) : NULL;
}
