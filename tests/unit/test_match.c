/* SPDX-License-Identifier: MIT */
/* Whose address is it? The clocks here are the test's own. */
#include <arpa/inet.h>
#include <time.h>

#include "host/match.h"
#include "unit.h"

static int64_t wall, monotonic = 1000; /* seconds */

int clock_gettime(clockid_t id, struct timespec *t)
{
    *t = (struct timespec){.tv_sec = id == CLOCK_REALTIME ? wall : monotonic};
    return 0;
}

time_t time(time_t *out)
{
    if (out)
        *out = wall;
    return wall;
}

static const char *answer; /* to a look-up */
static int look_ups;

static int look_up(const char *host, struct addrinfo **list)
{
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST,
                             .ai_socktype = SOCK_STREAM};
    assert_string_equal(host, "proxy.test");
    look_ups++;
    return getaddrinfo(answer, NULL, &hints, list);
}

static struct a407_known_proxy literal6 = {
    .endpoint = {.host = "2001:db8::1", .port = 3128}};
static struct a407_known_proxy literal = {
    .endpoint = {.host = "192.0.2.9", .port = 3128}, .next = &literal6};
static struct a407_known_proxy named = {
    .endpoint = {.host = "proxy.test", .port = 8080}, .next = &literal};
static const struct a407_config config = {.proxies = &named};
static struct a407_match match = {.look_up = look_up,
                                  .lock = PTHREAD_MUTEX_INITIALIZER};

static const struct a407_known_proxy *at(const char *address, uint16_t port)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6,
                              .sin6_port = htons(port)};
    if (inet_pton(AF_INET, address, &v4.sin_addr) == 1)
        return a407_match(&match, &config, (struct sockaddr *)&v4);
    assert_int_equal(inet_pton(AF_INET6, address, &v6.sin6_addr), 1);
    return a407_match(&match, &config, (struct sockaddr *)&v6);
}

TEST(literals)
{
    assert_ptr_equal(at("192.0.2.9", 3128), &literal);
    assert_ptr_equal(at("::ffff:192.0.2.9", 3128), &literal);
    assert_ptr_equal(at("2001:db8::1", 3128), &literal6);
    assert_null(at("192.0.2.8", 3128));
    assert_null(at("192.0.2.9", 3129));
    struct sockaddr local = {.sa_family = AF_UNIX};
    assert_null(a407_match(&match, &config, &local));
    assert_int_equal(look_ups, 0);
}

/* A name is looked up when its port fits and its addresses do not, once a
   minute, whoever sets the clock on the wall. */
TEST(names)
{
    answer = "192.0.2.1";
    assert_ptr_equal(at("192.0.2.1", 8080), &named);
    assert_int_equal(look_ups, 1);
    answer = "192.0.2.2"; /* it moves */
    assert_ptr_equal(at("192.0.2.1", 8080), &named);
    wall += 3600;
    assert_null(at("192.0.2.2", 8080));
    assert_int_equal(look_ups, 1);
    wall -= 7200;
    monotonic += 61;
    assert_ptr_equal(at("192.0.2.2", 8080), &named);
    assert_int_equal(look_ups, 2);
    assert_null(at("192.0.2.1", 8080));
    assert_int_equal(look_ups, 2);
    monotonic += 61;
    answer = "nobody"; /* what fails leaves what is known */
    assert_null(at("192.0.2.1", 8080));
    assert_int_equal(look_ups, 3);
    assert_ptr_equal(at("192.0.2.2", 8080), &named);
}

TEST(endpoints)
{
    struct sockaddr_in6 sa = {.sin6_family = AF_INET6, .sin6_port = htons(81)};
    struct a407_endpoint e;
    inet_pton(AF_INET6, "::ffff:192.0.2.3", &sa.sin6_addr);
    assert_true(a407_endpoint_of((struct sockaddr *)&sa, &e));
    assert_string_equal(e.host, "192.0.2.3");
    assert_int_equal(e.port, 81);
    sa.sin6_family = AF_UNIX;
    assert_false(a407_endpoint_of((struct sockaddr *)&sa, &e));
}
