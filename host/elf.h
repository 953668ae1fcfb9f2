/* SPDX-License-Identifier: MIT */
#ifndef A407_ELF_H
#define A407_ELF_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The beginning of a file that may be a program. What matters of most programs
 * is in it, so that one pread() tells: the headers, the dynamic linker's name
 * and the notes.
 */
struct a407_head {
    int fd;
    size_t n; /* bytes read */
    unsigned char bytes[1024];
};

/* One pread(). False: nothing was read. */
bool a407_head_read(struct a407_head *h, int fd);

/* What a program was made for. */
struct a407_elf_kind {
    unsigned char class; /* ELFCLASS32 or ELFCLASS64 */
    unsigned char data;  /* byte order: ELFDATA2LSB or ELFDATA2MSB */
    uint16_t machine;    /* EM_X86_64, ... */
};

/* What must be known of an ELF file before it is started. */
struct a407_elf {
    struct a407_elf_kind kind;
    uint16_t type;              /* ET_EXEC, ET_DYN, ... */
    bool go;                    /* made by the Go compiler */
    char interpreter[PATH_MAX]; /* PT_INTERP; empty: no dynamic linking */
};

/*
 * Reads the headers of an ELF file (System V ABI, chapter 4 and 5) by pread()
 * alone. False: no ELF file, or a broken one. `interpreter` and `go` are only
 * found in files of this machine's byte order. whole: looks for Go's mark also
 * in the table of sections, which is at the file's end.
 */
bool a407_elf_read(const struct a407_head *head, bool whole,
                   struct a407_elf *out);

#endif
