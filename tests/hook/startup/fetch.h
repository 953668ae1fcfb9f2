/* SPDX-License-Identifier: MIT */
#ifndef FETCH_H
#define FETCH_H

/*
 * A connection to the proxy of $http_proxy. at: the lowest number that its file
 * descriptor may have. Result: the descriptor, owned by the caller; -1: errno.
 */
int fetch_connect(int at);

/* Sends one request for http://auth407.test/. Result: 0, or -1. */
int fetch_ask(int fd);

/* Waits for an answer, reads its head and returns its status code; or -1. */
int fetch_answer(int fd);

/* All of it, on a connection of its own. Result: the status code, or -1. */
int fetch(int at);

#endif
