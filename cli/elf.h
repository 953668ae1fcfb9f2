/* SPDX-License-Identifier: MIT */
#ifndef A407_ELF_H
#define A407_ELF_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

/* What the launcher must know of an ELF file before it is started. */
struct a407_elf {
    unsigned char class;        /* ELFCLASS32 or ELFCLASS64 */
    unsigned char data;         /* byte order: ELFDATA2LSB or ELFDATA2MSB */
    uint16_t type;              /* ET_EXEC, ET_DYN, ... */
    uint16_t machine;           /* EM_X86_64, ... */
    bool go;                    /* made by the Go compiler */
    char interpreter[PATH_MAX]; /* PT_INTERP; empty: no dynamic linking */
};

/*
 * Reads the headers of the file open at fd (System V ABI, chapter 4 and 5).
 * False: not an ELF file, or a broken one. `interpreter` and `go` are only
 * found in files of this machine's byte order. Blocks for the file; allocates
 * nothing; leaves the file's offset alone.
 */
bool a407_elf_read(int fd, struct a407_elf *out);

/* Whether code of one can be loaded beside code of the other. */
bool a407_elf_same_machine(const struct a407_elf *a, const struct a407_elf *b);

#endif
