/* SPDX-License-Identifier: MIT */
/* A program that needs libearly.so. */
#include <stdio.h>

int early_status(void);

int main(void)
{
    printf("main %d\n", early_status());
    return 0;
}
