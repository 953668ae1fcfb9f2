/* SPDX-License-Identifier: MIT */
/*
 * libcurl's multi interface: 100 transfers at once. MODE: get, tunnel.
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "victim.h"

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

static void start(CURLM *m, const struct victim *v, size_t i)
{
    struct transfer *t = &transfers[i];
    char url[512], proxy[128];
    bool v6 = strchr(v->proxy_host, ':') != NULL;
    snprintf(proxy, sizeof proxy, "http://%s%s%s:%s", v6 ? "[" : "",
             v->proxy_host, v6 ? "]" : "", v->proxy_port);
    snprintf(url, sizeof url, "http://%s/bytes/%zu", v->authority,
             1000 + i * 37);
    t->sum = SUM_START;
    t->curl = curl_easy_init();
    curl_easy_setopt(t->curl, CURLOPT_URL, url);
    curl_easy_setopt(t->curl, CURLOPT_PROXY, proxy);
    curl_easy_setopt(t->curl, CURLOPT_NOPROXY, "");
    curl_easy_setopt(t->curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(t->curl, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(t->curl, CURLOPT_PRIVATE, t);
    curl_easy_setopt(t->curl, CURLOPT_HTTPPROXYTUNNEL,
                     (long)(strcmp(v->mode, "tunnel") == 0));
    curl_multi_add_handle(m, t->curl);
}

static void collect(CURLM *m)
{
    CURLMsg *msg;
    int left;
    while ((msg = curl_multi_info_read(m, &left)) != NULL) {
        struct transfer *t = NULL;
        curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &t);
        if (t)
            t->result = msg->data.result;
    }
}

int main(int argc, char **argv)
{
    struct victim v;
    int running = 1;
    victim_args(&v, argc, argv);
    curl_global_init(CURL_GLOBAL_ALL);
    CURLM *m = curl_multi_init();
    for (size_t i = 0; i < TRANSFERS; i++)
        start(m, &v, i);
    while (running) {
        if (curl_multi_perform(m, &running) != CURLM_OK ||
            (running && curl_multi_poll(m, NULL, 0, 1000, NULL) != CURLM_OK))
            return 1;
    }
    collect(m);
    for (size_t i = 0; i < TRANSFERS; i++) {
        struct transfer *t = &transfers[i];
        long status = 0, connect = 0;
        curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
        curl_easy_getinfo(t->curl, CURLINFO_HTTP_CONNECTCODE, &connect);
        say("%zu: result %d, status %ld, connect %ld, %zu bytes, sum %016llx",
            i, (int)t->result, status, connect, t->total,
            (unsigned long long)t->sum);
        curl_multi_remove_handle(m, t->curl);
        curl_easy_cleanup(t->curl);
    }
    curl_multi_cleanup(m);
    curl_global_cleanup();
    return 0;
}
