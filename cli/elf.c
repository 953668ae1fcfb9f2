/* SPDX-License-Identifier: MIT */
#include "run.h"

#include <elf.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

/* They bound the work for a broken file; real programs are far below. */
#define SEGMENTS_MAX 256
#define SECTIONS_MAX 1024
#define NOTES_MAX    64

static bool read_at(int fd, void *p, size_t n, uint64_t offset)
{
    return offset <= INT64_MAX && pread(fd, p, n, (off_t)offset) == (ssize_t)n;
}

/* The headers that matter, in the wide form whatever the file's class is. */
struct layout {
    uint64_t segments, sections; /* offsets of the two tables */
    unsigned n_segments, segment_size, n_sections, section_size, names;
};

static bool read_layout(int fd, unsigned char class, struct layout *l)
{
    bool wide = class == ELFCLASS64;
    union {
        Elf64_Ehdr wide;
        Elf32_Ehdr narrow;
    } h;

#define LAYOUT(h)                                                              \
    (struct layout)                                                            \
    {                                                                          \
        (h).e_phoff, (h).e_shoff, (h).e_phnum, (h).e_phentsize, (h).e_shnum,   \
            (h).e_shentsize, (h).e_shstrndx                                    \
    }
    if (!read_at(fd, &h, wide ? sizeof(h.wide) : sizeof(h.narrow), 0))
        return false;
    *l = wide ? LAYOUT(h.wide) : LAYOUT(h.narrow);
    return true;
}

static bool read_segment(int fd, unsigned char class, const struct layout *l,
                         unsigned i, Elf64_Phdr *out)
{
    uint64_t at = l->segments + (uint64_t)i * l->segment_size;
    Elf32_Phdr p;

    if (class == ELFCLASS64)
        return read_at(fd, out, sizeof(*out), at);
    if (!read_at(fd, &p, sizeof(p), at))
        return false;
    *out = (Elf64_Phdr){
        .p_type = p.p_type, .p_offset = p.p_offset, .p_filesz = p.p_filesz};
    return true;
}

static bool read_section(int fd, unsigned char class, const struct layout *l,
                         unsigned i, Elf64_Shdr *out)
{
    uint64_t at = l->sections + (uint64_t)i * l->section_size;
    Elf32_Shdr s;

    if (class == ELFCLASS64)
        return read_at(fd, out, sizeof(*out), at);
    if (!read_at(fd, &s, sizeof(s), at))
        return false;
    *out = (Elf64_Shdr){.sh_name = s.sh_name, .sh_offset = s.sh_offset};
    return true;
}

/* Go's linker leaves a note whose owner is "Go", also in stripped programs. */
static bool has_go_note(int fd, const Elf64_Phdr *p)
{
    struct {
        Elf64_Nhdr header; /* the same in both classes */
        char owner[4];
    } note;
    uint64_t at = 0, align = p->p_align == 8 ? 8 : 4;
    unsigned i;

    for (i = 0; i < NOTES_MAX && at + sizeof(note) <= p->p_filesz; i++) {
        if (!read_at(fd, &note, sizeof(note), p->p_offset + at))
            return false;
        if (note.header.n_namesz == sizeof(note.owner) &&
            memcmp(note.owner, "Go\0", sizeof(note.owner)) == 0)
            return true;
        at +=
            sizeof(note.header) + ((uint64_t)note.header.n_namesz + 3) / 4 * 4;
        at = (at + align - 1) / align * align;
        at += ((uint64_t)note.header.n_descsz + align - 1) / align * align;
    }
    return false;
}

/* The other mark, for programs that were linked by the system's linker. */
static bool has_go_section(int fd, unsigned char class, const struct layout *l)
{
    static const char name[] = ".go.buildinfo";
    Elf64_Shdr names, s;
    char found[sizeof(name)];
    unsigned i;

    if (l->names >= l->n_sections || l->n_sections > SECTIONS_MAX ||
        !read_section(fd, class, l, l->names, &names))
        return false;
    for (i = 0; i < l->n_sections; i++)
        if (read_section(fd, class, l, i, &s) &&
            read_at(fd, found, sizeof(found), names.sh_offset + s.sh_name) &&
            memcmp(found, name, sizeof(found)) == 0)
            return true;
    return false;
}

bool a407_elf_read(int fd, struct a407_elf *out)
{
    unsigned char ident[EI_NIDENT];
    const uint16_t one = 1;
    unsigned char ours = *(const char *)&one ? ELFDATA2LSB : ELFDATA2MSB;
    struct {
        uint16_t type, machine;
    } h;
    struct layout l;
    unsigned i;

    memset(out, 0, sizeof(*out));
    if (!read_at(fd, ident, sizeof(ident), 0) ||
        memcmp(ident, ELFMAG, SELFMAG) != 0 ||
        (ident[EI_CLASS] != ELFCLASS32 && ident[EI_CLASS] != ELFCLASS64) ||
        !read_at(fd, &h, sizeof(h), EI_NIDENT))
        return false;
    out->class = ident[EI_CLASS];
    out->data = ident[EI_DATA];
    out->type = h.type;
    out->machine = h.machine;
    if (out->data != ours)
        return true;
    if (!read_layout(fd, out->class, &l) || l.n_segments > SEGMENTS_MAX)
        return false;
    for (i = 0; i < l.n_segments; i++) {
        Elf64_Phdr p;

        if (!read_segment(fd, out->class, &l, i, &p))
            return false;
        if (p.p_type == PT_NOTE && has_go_note(fd, &p))
            out->go = true;
        if (p.p_type != PT_INTERP)
            continue;
        if (p.p_filesz < 2 || p.p_filesz > sizeof(out->interpreter) ||
            !read_at(fd, out->interpreter, p.p_filesz, p.p_offset))
            return false;
        out->interpreter[p.p_filesz - 1] = '\0';
    }
    if (!out->go)
        out->go = has_go_section(fd, out->class, &l);
    return true;
}
