/* SPDX-License-Identifier: MIT */
/* Gets its client from a plugin. usage: host FLAGS FILE, where FLAGS are
   letters: d RTLD_DEEPBIND, g RTLD_GLOBAL, l RTLD_LOCAL, n RTLD_NOW, z
   RTLD_LAZY, m dlmopen() into a namespace of its own */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    int mode = 0;
    if (argc < 3)
        return 2;
    mode |= strchr(argv[1], 'd') ? RTLD_DEEPBIND : 0;
    mode |= strchr(argv[1], 'g') ? RTLD_GLOBAL : 0;
    mode |= strchr(argv[1], 'l') ? RTLD_LOCAL : 0;
    mode |= strchr(argv[1], 'n') ? RTLD_NOW : 0;
    mode |= strchr(argv[1], 'z') ? RTLD_LAZY : 0;
    void *plugin = strchr(argv[1], 'm') ? dlmopen(LM_ID_NEWLM, argv[2], mode)
                                        : dlopen(argv[2], mode);
    if (!plugin) {
        printf("%s\n", dlerror());
        return 1;
    }
    int (*run)(void);
    void *symbol = dlsym(plugin, "plugin_run");
    if (!symbol)
        return 1;
    memcpy(&run, &symbol, sizeof run);
    printf("%d\n", run());
    dlclose(plugin);
    return 0;
}
