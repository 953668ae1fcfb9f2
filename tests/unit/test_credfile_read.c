/* SPDX-License-Identifier: MIT */
#include "host/credfile_read.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "exact.h"

static char dir[64];
static char path[192];
static enum a407_credfile_rule rule;

static int set_up(void **state)
{
    (void)state;
    rule = A407_CREDFILE_PRIVATE;
    strcpy(dir, "/tmp/a407-credfile-XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    snprintf(path, sizeof path, "%s/credentials", dir);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    chmod(dir, 0700);
    unlink(path);
    return rmdir(dir);
}

static void write_file(const char *text, size_t n, mode_t mode)
{
    unlink(path); /* it may be one that can't be written */
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, n), n);
    assert_int_equal(fchmod(fd, mode), 0);
    assert_int_equal(close(fd), 0);
}

/* Also: errno is left alone, and no descriptor stays open. */
static enum a407_credfile_read read_it(struct a407_buf *out,
                                       struct a407_diag *diag)
{
    int before = dup(0);
    assert_true(before >= 0);
    close(before);
    errno = 4242;
    enum a407_credfile_read r = a407_credfile_read(path, rule, out, diag);
    assert_int_equal(errno, 4242);
    int after = dup(0);
    assert_int_equal(after, before);
    close(after);
    assert_true(r == A407_CREDFILE_OK || out->n == 0);
    if (r != A407_CREDFILE_OK || rule == A407_CREDFILE_PRIVATE)
        assert_int_equal(diag->text[0] != '\0',
                         r == A407_CREDFILE_REFUSED ||
                             r == A407_CREDFILE_UNREADABLE);
    return r;
}

static void test_reads(void **state)
{
    static const char text[] = "[h:1]\nusername = a\n\0x";
    struct a407_buf out;
    struct a407_diag diag = {"left over"};
    (void)state;
    a407_buf_init(&out, 0);
    write_file(text, sizeof text, 0600);
    assert_int_equal(read_it(&out, &diag), A407_CREDFILE_OK);
    assert_int_equal(out.n, sizeof text);
    assert_memory_equal(out.p, text, sizeof text);
    /* again, into the same buffer, at its tightest mode */
    write_file(text, 5, 0400);
    assert_int_equal(read_it(&out, &diag), A407_CREDFILE_OK);
    assert_int_equal(out.n, 5);
    write_file("", 0, 0600);
    assert_int_equal(read_it(&out, &diag), A407_CREDFILE_OK);
    assert_int_equal(out.n, 0);
    a407_buf_free(&out);
}

static void test_modes(void **state)
{
    static const struct {
        mode_t mode;
        const char *says;
    } modes[] = {
        {0644, "mode 0644 lets others read it; run: chmod 600 "},
        {0640, "mode 0640 lets others read it"},
        {0604, "mode 0604 lets others read it"},
        {0620, "mode 0620 lets others change it"},
        {0602, "mode 0602 lets others change it"},
        {0610, "mode 0610 lets others run it"},
        {0666, "mode 0666 lets others read it"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        struct a407_buf out;
        struct a407_diag diag;
        a407_buf_init(&out, 100);
        write_file("secret", 6, modes[i].mode);
        assert_int_equal(read_it(&out, &diag), A407_CREDFILE_REFUSED);
        assert_non_null(strstr(diag.text, modes[i].says));
        assert_int_equal(strncmp(diag.text, path, strlen(path)), 0);
        assert_null(strstr(diag.text, "secret"));
        a407_buf_free(&out);
    }
}

/* One that a container engine has mounted. */
static void test_mounted(void **state)
{
    static const struct {
        mode_t mode;
        const char *says; /* NULL: nothing */
        bool good;
    } modes[] = {
        {0600, NULL, true},
        {0400, NULL, true},
        {0700, NULL, true},
        {0444, "can be read by other users (mode 0444)", true},
        {0644, "can be read by other users (mode 0644)", true},
        {0440, "can be read by other users (mode 0440)", true},
        {0755, "can be read by other users (mode 0755)", true},
        {0664, "mode 0664 lets others change it; run: chmod go-w ", false},
        {0602, "mode 0602 lets others change it; run: chmod go-w ", false},
        {0620, "mode 0620 lets others change it; run: chmod go-w ", false},
        {0666, "mode 0666 lets others change it; run: chmod go-w ", false},
    };
    (void)state;
    rule = A407_CREDFILE_MOUNTED;
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        struct a407_buf out;
        struct a407_diag diag;
        a407_buf_init(&out, 100);
        write_file("secret", 6, modes[i].mode);
        assert_int_equal(read_it(&out, &diag), modes[i].good
                                                   ? A407_CREDFILE_OK
                                                   : A407_CREDFILE_REFUSED);
        assert_int_equal(out.n, modes[i].good ? 6 : 0);
        if (modes[i].says)
            assert_non_null(strstr(diag.text, modes[i].says));
        else
            assert_string_equal(diag.text, "");
        a407_buf_free(&out);
    }
}

struct acl {
    struct posix_acl_xattr_header head;
    struct posix_acl_xattr_entry entry[5];
};

/* What systemd's fd_add_uid_acl_permission() makes of a file of mode 0400, with
   a further entry. */
static struct acl list_of(uid_t user, unsigned further, unsigned perm)
{
    static const unsigned nobody = (unsigned)ACL_UNDEFINED_ID;
    return (struct acl){{htole32(POSIX_ACL_XATTR_VERSION)},
                        {{ACL_USER_OBJ, 4, nobody},
                         {ACL_USER, 4, user},
                         {further, perm, further == ACL_GROUP ? 4321 : nobody},
                         {ACL_MASK, perm | 4, nobody},
                         {ACL_OTHER, 0, nobody}}};
}

static void test_access_list(void **state)
{
    struct {
        struct acl list;
        const char *says; /* NULL: nothing */
    } lists[] = {
        {list_of(getuid(), ACL_GROUP_OBJ, 0), NULL},
        {list_of(0, ACL_GROUP_OBJ, 0), NULL},
        {list_of(4321, ACL_GROUP_OBJ, 0), "mode 0440 lets others read it"},
        {list_of(getuid(), ACL_GROUP_OBJ, 4), "mode 0440 lets others read it"},
        {list_of(getuid(), ACL_GROUP_OBJ, 2), "mode 0460 lets others change"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        struct a407_buf out;
        struct a407_diag diag;
        a407_buf_init(&out, 100);
        write_file("secret", 6, 0400);
        if (setxattr(path, "system.posix_acl_access", &lists[i].list,
                     sizeof lists[i].list, 0) != 0)
            skip();
        assert_int_equal(read_it(&out, &diag), lists[i].says
                                                   ? A407_CREDFILE_REFUSED
                                                   : A407_CREDFILE_OK);
        if (lists[i].says)
            assert_non_null(strstr(diag.text, lists[i].says));
        a407_buf_free(&out);
    }
}

static void test_absent(void **state)
{
    struct a407_buf out;
    struct a407_diag diag = {"left over"};
    (void)state;
    a407_buf_init(&out, 100);
    assert_int_equal(read_it(&out, &diag), A407_CREDFILE_ABSENT);
    assert_int_equal(symlink("nowhere", path), 0);
    assert_int_equal(read_it(&out, &diag), A407_CREDFILE_ABSENT);
}

static void test_no_plain_file(void **state)
{
    struct a407_buf out;
    struct a407_diag diag;
    (void)state;
    a407_buf_init(&out, 100);
    /* nobody writes to it: opening must not wait */
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(read_it(&out, &diag), A407_CREDFILE_REFUSED);
    assert_non_null(strstr(diag.text, "regular file"));
    unlink(path);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(read_it(&out, &diag), A407_CREDFILE_REFUSED);
    rmdir(path);
    assert_int_equal(symlink("/dev/null", path), 0);
    assert_int_equal(read_it(&out, &diag), A407_CREDFILE_REFUSED);
}

static void test_symlinks(void **state)
{
    struct a407_buf out;
    struct a407_diag diag;
    char other[256];
    (void)state;
    a407_buf_init(&out, 100);
    snprintf(other, sizeof other, "%s.real", path);
    write_file("x", 1, 0600);
    assert_int_equal(rename(path, other), 0);
    /* the mode that counts is that of the file, not of the link (0777) */
    assert_int_equal(symlink(other, path), 0);
    assert_int_equal(read_it(&out, &diag), A407_CREDFILE_OK);
    assert_int_equal(chmod(other, 0644), 0);
    assert_int_equal(read_it(&out, &diag), A407_CREDFILE_REFUSED);
    unlink(path);
    unlink(other);
    assert_int_equal(symlink(path, path), 0);
    assert_int_equal(read_it(&out, &diag), A407_CREDFILE_UNREADABLE);
    assert_non_null(strstr(diag.text, "symbolic links"));
    a407_buf_free(&out);
}

static void test_size(void **state)
{
    struct a407_buf out;
    struct a407_diag diag;
    (void)state;
    a407_buf_init(&out, 100);
    write_file("x", 1, 0600);
    assert_int_equal(truncate(path, (off_t)A407_CREDFILE_MAX), 0);
    assert_int_equal(read_it(&out, &diag), A407_CREDFILE_OK);
    assert_int_equal(out.n, A407_CREDFILE_MAX);
    assert_int_equal(truncate(path, (off_t)A407_CREDFILE_MAX + 1), 0);
    assert_int_equal(read_it(&out, &diag), A407_CREDFILE_REFUSED);
    assert_non_null(strstr(diag.text, "1 MiB"));
    a407_buf_free(&out);
}

/* Only root can make another user's file: others see the first half. */
static void test_owner(void **state)
{
    struct a407_buf out;
    struct a407_diag diag;
    (void)state;
    a407_buf_init(&out, 100);
    if (geteuid() != 0) {
        write_file("x", 1, 0);
        assert_int_equal(read_it(&out, &diag), A407_CREDFILE_UNREADABLE);
        assert_non_null(strstr(diag.text, "may not read"));
        return;
    }
    write_file("x", 1, 0600);
    assert_int_equal(chown(path, 4321, (gid_t)-1), 0);
    assert_int_equal(read_it(&out, &diag), A407_CREDFILE_REFUSED);
    assert_non_null(strstr(diag.text, "belongs to user 4321"));
    /* for that very user it is fine, and so is one of root's */
    assert_int_equal(chmod(dir, 0711), 0);
    assert_int_equal(setresuid(4321, 4321, 0), 0);
    assert_int_equal(read_it(&out, &diag), A407_CREDFILE_OK);
    assert_int_equal(setresuid(0, 0, 0), 0);
    /* but not where somebody else's process only acts for that user */
    assert_int_equal(seteuid(4321), 0);
    assert_int_equal(read_it(&out, &diag), A407_CREDFILE_REFUSED);
    assert_non_null(strstr(diag.text, "user 4321, but this process to user 0"));
    assert_int_equal(seteuid(0), 0);
    assert_int_equal(chown(path, 0, (gid_t)-1), 0);
    assert_int_equal(read_it(&out, &diag), A407_CREDFILE_OK);
    /* EACCES */
    assert_int_equal(seteuid(4321), 0);
    assert_int_equal(read_it(&out, &diag), A407_CREDFILE_UNREADABLE);
    assert_int_equal(seteuid(0), 0);
    assert_non_null(strstr(diag.text, "may not read"));
    a407_buf_free(&out);
}

/* Root's file behind another user's link, or by another name of it. */
static void test_others(void **state)
{
    struct a407_buf out;
    struct a407_diag diag;
    char real[160], theirs[160];
    (void)state;
    if (geteuid() != 0)
        skip();
    a407_buf_init(&out, 100);
    snprintf(theirs, sizeof theirs, "%s/theirs", dir);
    snprintf(real, sizeof real, "%s/real", dir);
    write_file("secret", 6, 0600);
    assert_int_equal(rename(path, real), 0);
    assert_int_equal(mkdir(theirs, 0755), 0);
    assert_int_equal(chown(theirs, 4321, 4321), 0);
    snprintf(path, sizeof path, "%s/credentials", theirs);
    assert_int_equal(symlink(real, path), 0);
    assert_int_equal(read_it(&out, &diag), A407_CREDFILE_REFUSED);
    assert_non_null(
        strstr(diag.text, "credentials is another user's symbolic link"));
    unlink(path);
    assert_int_equal(link(real, path), 0);
    assert_int_equal(read_it(&out, &diag), A407_CREDFILE_REFUSED);
    assert_non_null(strstr(diag.text, "another name"));
    /* the only name of a file that root has put there is good */
    unlink(real);
    assert_int_equal(read_it(&out, &diag), A407_CREDFILE_OK);
    /* as are root's links, of Kubernetes for instance */
    assert_int_equal(rename(path, real), 0);
    assert_int_equal(chown(theirs, 0, 0), 0);
    assert_int_equal(chmod(theirs, 01777), 0);
    assert_int_equal(symlink("../real", path), 0);
    assert_int_equal(read_it(&out, &diag), A407_CREDFILE_OK);
    unlink(path);
    unlink(real);
    rmdir(theirs);
    a407_buf_free(&out);
}

/* A path longer than the message. */
static void test_long_path(void **state)
{
    char text[600];
    struct a407_buf out;
    struct a407_diag diag;
    (void)state;
    a407_buf_init(&out, 100);
    memset(text, 'a', sizeof text);
    text[sizeof text - 1] = '\0';
    assert_int_equal(a407_credfile_read(text, rule, &out, &diag),
                     A407_CREDFILE_UNREADABLE);
    assert_non_null(strstr(diag.text, "too long"));
}

/* What the section of that number has become: its secret, or NULL. */
static bool became(const struct a407_config *c, unsigned number,
                   const char *secret)
{
    const struct a407_credential *old = c->credentials;
    while (number--)
        old = old->next;
    struct a407_credential *now = a407_credfile_again(c, old);
    bool same =
        now ? a407_same_text(now->token ? now->token : now->password, secret)
            : !secret;
    a407_credentials_free(now);
    return same;
}

#define OF(user, secret) "[p:1]\nusername=" user "\npassword=" secret "\n"
#define OF_Q(token)      "[*.q]\ntoken=" token "\n"

static void test_again(void **state)
{
    static const struct {
        const char *text, *secrets[4];
    } later[] = {
        {OF("a", "1") OF("a", "2") OF("b", "3") OF_Q("t"),
         {"1", "2", "3", "t"}},
        {OF_Q("u") OF("b", "6") OF("a", "4") OF("c", "5") OF("a", "5"),
         {"4", "5", "6", "u"}},
        {OF("a", "4"), {"4", NULL, NULL, NULL}},
        /* it may be of either */
        {OF("c", "4") OF_Q("u"), {NULL, NULL, NULL, "u"}},
        {"[*.q]\nusername=x\npassword=y\n", {NULL, NULL, NULL, "y"}},
        {"[*.q]\nusername=x\npassword=y\n[*.q]\nusername=z\n", {NULL}},
        {OF("a", "1") "nonsense", {NULL}},
        {"", {NULL}},
    };
    struct a407_diag diag;
    struct a407_config c = {.credentials_path = path};
    struct a407_config elsewhere = {.credentials = NULL};
    (void)state;
    write_file(later[0].text, strlen(later[0].text), 0600);
    assert_int_equal(a407_credfile_load(&c, &diag), A407_CREDFILE_OK);
    for (size_t i = 0; i < sizeof later / sizeof later[0]; i++) {
        write_file(later[i].text, strlen(later[i].text), 0600);
        for (unsigned n = 0; n < 4; n++)
            assert_true(became(&c, n, later[i].secrets[n]));
    }
    write_file(later[0].text, strlen(later[0].text), 0644);
    assert_true(became(&c, 0, NULL));
    write_file(later[0].text, strlen(later[0].text), 0600);
    assert_true(became(&c, 0, "1"));
    /* one that is not of that file */
    elsewhere.credentials_path = path;
    assert_null(a407_credfile_again(&elsewhere, c.credentials));
    unlink(path);
    assert_true(became(&c, 0, NULL));
    a407_credentials_free(c.credentials);
    free(c.proxies);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_reads),    TEST(test_modes),       TEST(test_absent),
        TEST(test_mounted),  TEST(test_access_list), TEST(test_no_plain_file),
        TEST(test_symlinks), TEST(test_size),        TEST(test_owner),
        TEST(test_others),   TEST(test_long_path),   TEST(test_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
