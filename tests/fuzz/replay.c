/* SPDX-License-Identifier: MIT */
/*
 * Runs a fuzzer's committed corpus once, without the fuzzer, and prints TAP.
 * The folder is that of the program's own name: replay_NAME runs
 * tests/fuzz/corpus/NAME. Other files and folders may be given instead.
 */
#include <dirent.h>
#include <sys/stat.h>

#include "fuzz.h"

static unsigned tests, failures;

static void replay_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    size_t n = 0, cap = 1 << 20;
    uint8_t *p = malloc(cap);
    must(p);
    if (f) {
        n = fread(p, 1, cap, f);
        fclose(f);
    }
    /* A finding ends the process, and this line is missed. */
    bool ok = f && LLVMFuzzerTestOneInput(p, n) == 0;
    printf("%sok %u - %s\n", ok ? "" : "not ", ++tests, path);
    fflush(stdout);
    failures += !ok;
    free(p);
}

static void replay(const char *path)
{
    struct dirent **list;
    struct stat st;
    if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode)) {
        replay_file(path);
        return;
    }
    int n = scandir(path, &list, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        char below[1024];
        snprintf(below, sizeof below, "%s/%s", path, list[i]->d_name);
        if (list[i]->d_name[0] != '.')
            replay_file(below);
        free(list[i]);
    }
    if (n >= 0)
        free(list);
}

int main(int argc, char **argv)
{
    char folder[1024];
    const char *slash = strrchr(argv[0], '/');
    const char *name = strstr(slash ? slash : argv[0], "replay_");
    snprintf(folder, sizeof folder, "tests/fuzz/corpus/%s",
             name ? name + 7 : "");
    if (argc == 1)
        replay(folder);
    for (int i = 1; i < argc; i++)
        replay(argv[i]);
    printf("1..%u\n", tests ? tests : 1);
    return failures || !tests;
}
