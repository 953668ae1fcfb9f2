/* SPDX-License-Identifier: MIT */
/* What a file says of itself, and whether the library could work in it. */
#include <elf.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/reach.h"
#include "unit.h"

/* An ELF file with a dynamic linker's name, and a note or not, behind `gap`
   bytes. */
struct sample {
    Elf64_Ehdr h;
    Elf64_Phdr p[2];
};

static int make(const struct sample *s, const char *linker, size_t gap,
                bool note)
{
    static const struct {
        Elf64_Nhdr n;
        char owner[4];
    } go = {{4, 0, 4}, "Go"};
    struct sample out = *s;
    char path[] = "/tmp/test_reach.XXXXXX";
    int fd = mkstemp(path);
    size_t at = sizeof out + gap, n = linker ? strlen(linker) + 1 : 0;
    assert_true(fd >= 0 && unlink(path) == 0);
    memcpy(out.h.e_ident, ELFMAG, SELFMAG);
    out.h.e_ident[EI_CLASS] = ELFCLASS64;
    out.h.e_ident[EI_DATA] = ELFDATA2LSB;
    out.h.e_phoff = sizeof out.h;
    out.h.e_phentsize = sizeof *out.p;
    out.h.e_phnum = 2;
    if (linker)
        out.p[0] =
            (Elf64_Phdr){.p_type = PT_INTERP, .p_offset = at, .p_filesz = n};
    if (note)
        out.p[1] = (Elf64_Phdr){.p_type = PT_NOTE,
                                .p_offset = at + n,
                                .p_filesz = sizeof go,
                                .p_align = 4};
    assert_int_equal(pwrite(fd, &out, sizeof out, 0), sizeof out);
    assert_int_equal(pwrite(fd, linker ? linker : "", n, (off_t)at), n);
    assert_int_equal(pwrite(fd, &go, sizeof go, (off_t)(at + n)), sizeof go);
    return fd;
}

static enum a407_reach reach_of(int fd, const char *path,
                                const struct a407_elf_kind *ours)
{
    struct a407_head head;
    struct a407_elf elf;
    assert_true(a407_head_read(&head, fd));
    assert_true(a407_elf_read(&head, false, &elf));
    close(fd);
    return a407_reach_judge(path, &elf, ours);
}

static const struct a407_elf_kind machine = {ELFCLASS64, ELFDATA2LSB,
                                             EM_X86_64};

TEST(judge)
{
    static const char glibc[] = "/lib64/ld-linux-x86-64.so.2";
    struct sample s = {.h = {.e_machine = EM_X86_64}};
    /* in the bytes that are read at once, at their end, and behind it */
    for (size_t gap = 0; gap < 5000; gap += gap < 760 || gap > 840 ? 95 : 1) {
        assert_int_equal(reach_of(make(&s, glibc, gap, false), "x", &machine),
                         A407_REACH_FULL);
        assert_int_equal(reach_of(make(&s, glibc, gap, true), "x", &machine),
                         A407_REACH_GO);
        assert_int_equal(
            reach_of(make(&s, "/lib/ld-musl-x86_64.so.1", gap, false), "x",
                     &machine),
            A407_REACH_LIBC);
    }
    assert_int_equal(reach_of(make(&s, NULL, 0, false), "/bin/x", &machine),
                     A407_REACH_STATIC);
    assert_int_equal(reach_of(make(&s, NULL, 0, false), glibc, &machine),
                     A407_REACH_FULL);
    s.h.e_machine = EM_AARCH64;
    assert_int_equal(reach_of(make(&s, glibc, 0, false), "x", &machine),
                     A407_REACH_MACHINE);
}

/* A broken file, cut anywhere, is none or has nothing in it. */
TEST(cut)
{
    struct sample s = {.h = {.e_machine = EM_X86_64}};
    struct a407_head head;
    struct a407_elf elf;
    int fd = make(&s, "/lib64/ld-linux-x86-64.so.2", 0, true);
    for (off_t n = lseek(fd, 0, SEEK_END); n >= 0; n--) {
        assert_int_equal(ftruncate(fd, n), 0);
        assert_int_equal(a407_head_read(&head, fd), n > 0);
        if (a407_elf_read(&head, true, &elf))
            assert_true(elf.kind.class == ELFCLASS64);
    }
    close(fd);
    assert_false(a407_head_read(&head, -1));
    assert_false(a407_elf_read(&head, true, &elf));
}

TEST(script)
{
    struct a407_head head = {.n = 0};
    char line[A407_SCRIPT_LINE], *rest = line + 2;
    assert_false(a407_script_line(&head, line));
    head.n = sizeof head.bytes;
    memset(head.bytes, 'x', sizeof head.bytes);
    memcpy(head.bytes, "#!", 2);
    assert_true(a407_script_line(&head, line));
    assert_int_equal(strlen(line), A407_SCRIPT_LINE - 1);
    memcpy(head.bytes, "#! \t/bin/a -b\n", 14);
    assert_true(a407_script_line(&head, line));
    assert_string_equal(a407_next_word(&rest), "/bin/a");
    assert_string_equal(a407_next_word(&rest), "-b");
    assert_null(a407_next_word(&rest));
}

/* Each has a word, which the schema knows, and a text that fits a record. */
TEST(words)
{
    assert_string_equal(a407_reach_name(A407_REACH_FULL), "");
    for (int r = A407_REACH_STATIC; r < A407_REACH_COUNT; r++) {
        assert_true(*a407_reach_name((enum a407_reach)r));
        size_t n = strlen(a407_reach_words((enum a407_reach)r));
        assert_in_range(n, 20, 131);
    }
}
