/* SPDX-License-Identifier: MIT */
/*
 * libcurl, with no credential of its own. MODE: get, reuse (five transfers over
 * one handle), post, tunnel, https, which are easy transfers; multi (a hundred
 * at once), multi-tunnel.
 */
#include <curl/curl.h>

#include "tests/fixtures/victim.h"

#define TRANSFERS 100

struct transfer {
    CURL *curl;
    uint64_t sum;
    size_t total;
    CURLcode result;
};

static struct transfer transfers[TRANSFERS];

static size_t take(char *p, size_t size, size_t n, void *ctx)
{
    struct transfer *t = ctx;
    t->sum = sum_add(t->sum, p, size * n);
    t->total += size * n;
    return size * n;
}

static void set_up(struct transfer *t, const char *scheme, const char *path)
{
    char url[512], proxy[128];
    bool v6 = strchr(victim.proxy_host, ':') != NULL;
    snprintf(proxy, sizeof proxy, "http://%s%s%s:%s", v6 ? "[" : "",
             victim.proxy_host, v6 ? "]" : "", victim.proxy_port);
    snprintf(url, sizeof url, "%s://%s%s", scheme, victim.authority, path);
    t->curl = curl_easy_init();
    curl_easy_setopt(t->curl, CURLOPT_URL, url);
    curl_easy_setopt(t->curl, CURLOPT_PROXY, proxy);
    curl_easy_setopt(t->curl, CURLOPT_NOPROXY, "");
    curl_easy_setopt(t->curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(t->curl, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(t->curl, CURLOPT_PRIVATE, t);
    curl_easy_setopt(t->curl, CURLOPT_HTTPPROXYTUNNEL,
                     (long)(strstr(victim.mode, "tunnel") != NULL));
    t->sum = SUM_START;
}

static void tell(struct transfer *t)
{
    long status = 0, connect = 0;
    curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(t->curl, CURLINFO_HTTP_CONNECTCODE, &connect);
    say("%td: result %d, status %ld, connect %ld, %zu bytes, sum %016llx",
        t - transfers, (int)t->result, status, connect, t->total,
        (unsigned long long)t->sum);
}

static void easy(void)
{
    struct transfer *t = &transfers[0];
    bool post = in_mode("post");
    const long size = 300000;
    set_up(t, in_mode("https") ? "https" : "http",
           post ? "/sha" : "/bytes/100000");
    curl_easy_setopt(t->curl, CURLOPT_CAINFO, getenv("VICTIM_CA"));
    if (post) {
        curl_easy_setopt(t->curl, CURLOPT_POSTFIELDSIZE, size);
        curl_easy_setopt(t->curl, CURLOPT_POSTFIELDS,
                         make_content((size_t)size));
    }
    for (int i = in_mode("reuse") ? 5 : 1; i; i--) {
        t->result = curl_easy_perform(t->curl);
        tell(t);
    }
    curl_easy_cleanup(t->curl);
}

static void multi(void)
{
    CURLM *m = curl_multi_init();
    CURLMsg *msg;
    int running = 1, left;
    for (size_t i = 0; i < TRANSFERS; i++) {
        char path[32];
        snprintf(path, sizeof path, "/bytes/%zu", 1000 + i * 37);
        set_up(&transfers[i], "http", path);
        curl_multi_add_handle(m, transfers[i].curl);
    }
    while (running) {
        if (curl_multi_perform(m, &running) != CURLM_OK ||
            (running && curl_multi_poll(m, NULL, 0, 1000, NULL) != CURLM_OK))
            exit(1);
    }
    while ((msg = curl_multi_info_read(m, &left)) != NULL) {
        struct transfer *t = NULL;
        curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &t);
        if (t)
            t->result = msg->data.result;
    }
    for (size_t i = 0; i < TRANSFERS; i++) {
        tell(&transfers[i]);
        curl_multi_remove_handle(m, transfers[i].curl);
        curl_easy_cleanup(transfers[i].curl);
    }
    curl_multi_cleanup(m);
}

int main(int argc, char **argv)
{
    victim_args(argc, argv);
    curl_global_init(CURL_GLOBAL_ALL);
    if (strncmp(victim.mode, "multi", 5) == 0)
        multi();
    else
        easy();
    curl_global_cleanup();
    return 0;
}
