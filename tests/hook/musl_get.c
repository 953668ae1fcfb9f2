/* SPDX-License-Identifier: MIT */
/*
 * Linked with musl, whose loader obeys LD_PRELOAD as well: one GET through the
 * proxy. Arguments as those of a victim (victim.h), with which it shares no
 * code: that needs glibc.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static struct sockaddr_in proxy;
static const char *authority;

static void *get(void *arg)
{
    static char rq[2048], part[65536];
    size_t n = 0;
    ssize_t k;
    (void)arg;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (void *)&proxy, sizeof proxy) < 0) {
        perror("connect");
        exit(1);
    }
    int length = snprintf(rq, sizeof rq,
                          "GET http://%s/bytes/3000 HTTP/1.1\r\nHost: %s\r\n"
                          "Connection: close\r\n\r\n",
                          authority, authority);
    if (send(fd, rq, (size_t)length, 0) != length)
        perror("send");
    while (n < sizeof part - 1 &&
           (k = recv(fd, part + n, sizeof part - 1 - n, 0)) > 0)
        n += (size_t)k;
    part[n] = 0;
    char *body = strstr(part, "\r\n\r\n");
    printf("answer %d\n", n > 12 ? atoi(part + 9) : 0);
    if (body && atoi(part + 9) == 200)
        printf("content %zu bytes\n", n - (size_t)(body + 4 - part));
    fflush(stdout);
    close(fd);
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t t;
    int status = 0;
    if (argc < 4)
        return 2;
    proxy.sin_family = AF_INET;
    proxy.sin_port = htons((unsigned short)atoi(argv[2]));
    if (inet_pton(AF_INET, argv[1], &proxy.sin_addr) != 1)
        return 2;
    authority = argv[3];
    get(NULL);
    if (pthread_create(&t, NULL, get, NULL) != 0)
        return 1;
    pthread_join(t, NULL);
    pid_t pid = fork();
    if (pid == 0) {
        get(NULL);
        _exit(0);
    }
    waitpid(pid, &status, 0);
    printf("child ended with %d\n", status);
    return 0;
}
