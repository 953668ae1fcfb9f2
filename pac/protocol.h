/* SPDX-License-Identifier: MIT */
#ifndef A407_PAC_PROTOCOL_H
#define A407_PAC_PROTOCOL_H

/*
 * What auth407-doctor and auth407-pac say to each other, over the helper's
 * standard input and output. The doctor begins: a line each with the URL, its
 * host and the script's length, and the script. Then the helper writes lines of
 * a word, a blank and a text. To the first three the doctor answers by one
 * line, addresses with ";" between them or nothing; one of the last three is
 * the end.
 */
#define A407_PAC_SCRIPT (1u << 20) /* the longest; bytes */
#define A407_PAC_LINE   2048       /* with its end */

#define A407_PAC_RESOLVE  "resolve"  /* a name's addresses */
#define A407_PAC_OWN      "own"      /* this machine's */
#define A407_PAC_ALERT    "alert"    /* the script says something */
#define A407_PAC_RESULT   "result"   /* of FindProxyForURL */
#define A407_PAC_UNPARSED "unparsed" /* not run: line, 0 if not known; why */
#define A407_PAC_FAILED   "failed"   /* the same */

#endif
