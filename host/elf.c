/* SPDX-License-Identifier: MIT */
#include "elf.h"

#include <elf.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

/* They bound the work for a broken file; real programs are far below. */
#define SEGMENTS_MAX 256
#define SECTIONS_MAX 1024
#define NOTES_MAX    64

bool a407_head_read(struct a407_head *h, int fd)
{
    ssize_t n = pread(fd, h->bytes, sizeof(h->bytes), 0);

    h->fd = fd;
    h->n = n > 0 ? (size_t)n : 0;
    return n > 0;
}

static bool read_at(const struct a407_head *h, void *p, size_t n,
                    uint64_t offset)
{
    if (offset <= h->n && n <= h->n - offset) {
        memcpy(p, h->bytes + offset, n);
        return true;
    }
    return offset <= INT64_MAX &&
           pread(h->fd, p, n, (off_t)offset) == (ssize_t)n;
}

/* The headers that matter, in the wide form whatever the file's class is. */
struct layout {
    uint64_t segments, sections; /* offsets of the two tables */
    unsigned n_segments, segment_size, n_sections, section_size, names;
};

static bool read_layout(const struct a407_head *head, unsigned char class,
                        struct layout *l)
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
    if (!read_at(head, &h, wide ? sizeof(h.wide) : sizeof(h.narrow), 0))
        return false;
    *l = wide ? LAYOUT(h.wide) : LAYOUT(h.narrow);
    return true;
}

static bool read_segment(const struct a407_head *head, unsigned char class,
                         const struct layout *l, unsigned i, Elf64_Phdr *out)
{
    uint64_t at = l->segments + (uint64_t)i * l->segment_size;
    Elf32_Phdr p;

    if (class == ELFCLASS64)
        return read_at(head, out, sizeof(*out), at);
    if (!read_at(head, &p, sizeof(p), at))
        return false;
    *out = (Elf64_Phdr){
        .p_type = p.p_type, .p_offset = p.p_offset, .p_filesz = p.p_filesz};
    return true;
}

static bool read_section(const struct a407_head *head, unsigned char class,
                         const struct layout *l, unsigned i, Elf64_Shdr *out)
{
    uint64_t at = l->sections + (uint64_t)i * l->section_size;
    Elf32_Shdr s;

    if (class == ELFCLASS64)
        return read_at(head, out, sizeof(*out), at);
    if (!read_at(head, &s, sizeof(s), at))
        return false;
    *out = (Elf64_Shdr){.sh_name = s.sh_name, .sh_offset = s.sh_offset};
    return true;
}

/* Go's linker leaves a note whose owner is "Go", also in stripped programs. */
static bool has_go_note(const struct a407_head *head, const Elf64_Phdr *p)
{
    struct {
        Elf64_Nhdr header; /* the same in both classes */
        char owner[4];
    } note;
    uint64_t at = 0, align = p->p_align == 8 ? 8 : 4;
    unsigned i;

    for (i = 0; i < NOTES_MAX && at + sizeof(note) <= p->p_filesz; i++) {
        if (!read_at(head, &note, sizeof(note), p->p_offset + at))
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
static bool has_go_section(const struct a407_head *head, unsigned char class,
                           const struct layout *l)
{
    static const char name[] = ".go.buildinfo";
    Elf64_Shdr names, s;
    char found[sizeof(name)];
    unsigned i;

    if (l->names >= l->n_sections || l->n_sections > SECTIONS_MAX ||
        !read_section(head, class, l, l->names, &names))
        return false;
    for (i = 0; i < l->n_sections; i++)
        if (read_section(head, class, l, i, &s) &&
            read_at(head, found, sizeof(found), names.sh_offset + s.sh_name) &&
            memcmp(found, name, sizeof(found)) == 0)
            return true;
    return false;
}

bool a407_elf_read(const struct a407_head *head, bool whole,
                   struct a407_elf *out)
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
    if (!read_at(head, ident, sizeof(ident), 0) ||
        memcmp(ident, ELFMAG, SELFMAG) != 0 ||
        (ident[EI_CLASS] != ELFCLASS32 && ident[EI_CLASS] != ELFCLASS64) ||
        !read_at(head, &h, sizeof(h), EI_NIDENT))
        return false;
    out->kind.class = ident[EI_CLASS];
    out->kind.data = ident[EI_DATA];
    out->type = h.type;
    out->kind.machine = h.machine;
    if (out->kind.data != ours)
        return true;
    if (!read_layout(head, out->kind.class, &l) || l.n_segments > SEGMENTS_MAX)
        return false;
    for (i = 0; i < l.n_segments; i++) {
        Elf64_Phdr p;

        if (!read_segment(head, out->kind.class, &l, i, &p))
            return false;
        if (p.p_type == PT_NOTE && has_go_note(head, &p))
            out->go = true;
        if (p.p_type != PT_INTERP)
            continue;
        if (p.p_filesz < 2 || p.p_filesz > sizeof(out->interpreter) ||
            !read_at(head, out->interpreter, p.p_filesz, p.p_offset))
            return false;
        out->interpreter[p.p_filesz - 1] = '\0';
    }
    if (!out->go && whole)
        out->go = has_go_section(head, out->kind.class, &l);
    return true;
}
