/* SPDX-License-Identifier: MIT */
/*
 * libcurl's easy interface; it knows of no credential. The authority may also
 * be a whole URL. MODE: get, reuse (five transfers, one handle), post, tunnel,
 * https (VICTIM_CA names the certificate authority).
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "victim.h"

static uint64_t sum;
static size_t total;

static size_t take(char *p, size_t size, size_t n, void *ctx)
{
    (void)ctx;
    sum = sum_add(sum, p, size * n);
    total += size * n;
    return size * n;
}

static void transfer(CURL *c)
{
    long status = 0, connect = 0;
    sum = SUM_START;
    total = 0;
    CURLcode e = curl_easy_perform(c);
    curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(c, CURLINFO_HTTP_CONNECTCODE, &connect);
    say("result %d, status %ld, connect %ld, %zu bytes, sum %016llx", (int)e,
        status, connect, total, (unsigned long long)sum);
}

int main(int argc, char **argv)
{
    struct victim v;
    char proxy[128], url[512];
    static char content[300000];
    victim_args(&v, argc, argv);
    bool v6 = strchr(v.proxy_host, ':') != NULL;
    bool post = strcmp(v.mode, "post") == 0;
    bool tls = strcmp(v.mode, "https") == 0;
    snprintf(proxy, sizeof proxy, "http://%s%s%s:%s", v6 ? "[" : "",
             v.proxy_host, v6 ? "]" : "", v.proxy_port);
    snprintf(url, sizeof url, "%s://%s%s", tls ? "https" : "http", v.authority,
             post ? "/sha" : "/bytes/100000");
    curl_global_init(CURL_GLOBAL_ALL);
    CURL *c = curl_easy_init();
    curl_easy_setopt(c, CURLOPT_URL, url);
    curl_easy_setopt(c, CURLOPT_PROXY, proxy);
    curl_easy_setopt(c, CURLOPT_NOPROXY, "");
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(c, CURLOPT_HTTPPROXYTUNNEL,
                     (long)(strcmp(v.mode, "tunnel") == 0));
    if (tls)
        curl_easy_setopt(c, CURLOPT_CAINFO, getenv("VICTIM_CA"));
    if (post) {
        for (size_t i = 0; i < sizeof content; i++)
            content[i] = pattern(i);
        curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE, (long)sizeof content);
        curl_easy_setopt(c, CURLOPT_POSTFIELDS, content);
    }
    for (int i = strcmp(v.mode, "reuse") == 0 ? 5 : 1; i; i--)
        transfer(c);
    curl_easy_cleanup(c);
    curl_global_cleanup();
    return 0;
}
