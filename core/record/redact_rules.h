/* SPDX-License-Identifier: MIT */
#ifndef A407_REDACT_RULES_H
#define A407_REDACT_RULES_H

#include "redact_words.h"

/*
 * What a name on a command line says about the words behind it. Names of
 * programs set these bits (redact_names.c), the tables of options ask for them
 * (redact_programs.c).
 */
#define RULE(n) (UINT64_C(1) << (n))

#define ARCHIVER   RULE(0)  /* -pSECRET, -hpSECRET */
#define MYSQL      RULE(1)  /* -pSECRET, -e SQL */
#define P          RULE(2)  /* -p SECRET */
#define LOGIN_P    RULE(3)  /* login ... -p SECRET */
#define UPPER_P    RULE(4)  /* -P SECRET */
#define W          RULE(5)  /* -w SECRET */
#define NEW        RULE(6)  /* -N SECRET, -s SECRET: a new password */
#define A          RULE(7)  /* -a SECRET */
#define K          RULE(8)  /* -k SECRET */
#define T          RULE(9)  /* -t SECRET */
#define SNMP       RULE(10) /* -c COMMUNITY, -A SECRET, -X SECRET */
#define TSIG       RULE(11) /* -y KEY:SECRET */
#define LFTP       RULE(12) /* -u USER,SECRET */
#define SMB        RULE(13) /* -U USER%SECRET */
#define TUNNEL     RULE(14) /* -P USER:SECRET */
#define CURL       RULE(15)
#define WGET       RULE(16)
#define HTTPIE     RULE(17) /* Field:SECRET, name=SECRET */
#define FREERDP    RULE(18) /* /p:SECRET */
#define BATCH      RULE(19) /* -b: all that follows */
#define OPENSSL    RULE(20)
#define TWO        RULE(21) /* -ap, -xp, -gp, -vp SECRET */
#define VAULT      RULE(22) /* login SECRET, put PATH SECRET ... */
#define AUTH_WORD  RULE(23) /* auth SECRET */
#define ACCOUNT    RULE(24) /* user SECRET, add_user USER SECRET ... */
#define MINIO      RULE(25) /* alias set NAME URL KEY SECRET */
#define STORE      RULE(26) /* secret set NAME -b SECRET */
#define STORED     RULE(27) /* the word "secret" was behind STORE */
#define ORACLE     RULE(28) /* USER/SECRET@DATABASE */
#define CODE_C     RULE(29) /* -c SOURCE */
#define PSQL       RULE(30) /* -c SQL */
#define CODE_E     RULE(31) /* -e SOURCE, -E SOURCE */
#define CODE_P     RULE(32) /* -p SOURCE */
#define CODE_PHP   RULE(33) /* -r SOURCE ... */
#define CODE_Q     RULE(34) /* -Q SQL */
#define POWERSHELL RULE(35) /* -Command SOURCE */
#define SCRIPT     RULE(39) /* SOURCE in a word of its own */
#define LOGIN      RULE(36) /* the word "login" was there */
#define WORDS      RULE(37) /* all words that follow, but options */
#define REST       RULE(38) /* all words that follow */

#endif
