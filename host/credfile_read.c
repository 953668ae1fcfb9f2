/* SPDX-License-Identifier: MIT */
#include "credfile_read.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "file_at.h"

/* strerror() would load the program's language files. */
static const char *reason(int error)
{
    switch (error) {
    case EACCES:
    case EPERM:
        return "this user may not read it";
    case ELOOP:
        return "too many symbolic links";
    case EISDIR:
        return "it is a folder";
    case ENAMETOOLONG:
        return "the path is too long";
    case EMFILE:
    case ENFILE:
        return "too many files are open";
    case ENOMEM:
        return "out of memory";
    case EIO:
        return "the device failed";
    default:
        return NULL;
    }
}

static enum a407_credfile_read unreadable(const char *path, int error,
                                          struct a407_diag *diag)
{
    const char *why = reason(error);
    if (why)
        a407_diag_set(diag, "%.200s: can't be read: %s", path, why);
    else
        a407_diag_set(diag, "%.200s: can't be read: error %d", path, error);
    return A407_CREDFILE_UNREADABLE;
}

/* A process that runs for another user than its own is not theirs: what their
   file says would be done with its rights. */
static bool may_own(uid_t owner)
{
    return owner == 0 || (owner == a407_euid() && owner == a407_uid());
}

/* Far more than anyone writes; of a longer one the mode tells the most. */
#define ACL_ENTRIES 32

/*
 * What group and others may do: bits of the mode. Where there is an access list
 * (acl(5)) the mode's group bits are the most that it allows anybody by name:
 * systemd leaves a credential to root, and lets the service's user read it so.
 */
static unsigned others_may(int fd, unsigned mode)
{
    struct {
        struct posix_acl_xattr_header head;
        struct posix_acl_xattr_entry entry[ACL_ENTRIES];
    } list;
    unsigned group = 0;
    ssize_t n = mode & 070 ? fgetxattr(fd, "system.posix_acl_access", &list,
                                       sizeof list)
                           : -1;
    if (n < (ssize_t)sizeof list.head ||
        le32toh(list.head.a_version) != POSIX_ACL_XATTR_VERSION)
        return mode & 077;
    n = (n - (ssize_t)sizeof list.head) / (ssize_t)sizeof *list.entry;
    for (ssize_t i = 0; i < n; i++) {
        unsigned tag = le16toh(list.entry[i].e_tag);
        uid_t user = le32toh(list.entry[i].e_id);
        if (tag == ACL_GROUP_OBJ || tag == ACL_GROUP ||
            (tag == ACL_USER && !may_own(user)))
            group |= le16toh(list.entry[i].e_perm);
    }
    return (mode & 07) | (mode & group << 3 & 070);
}

static enum a407_credfile_read check(int fd, const char *path,
                                     enum a407_credfile_rule rule,
                                     struct a407_diag *diag)
{
    struct stat st;
    if (a407_fd_stat(fd, &st) != 0)
        return unreadable(path, errno, diag);
    unsigned mode = (unsigned)st.st_mode & 07777, may = others_may(fd, mode);
    bool mounted = rule == A407_CREDFILE_MOUNTED;
    if (!S_ISREG(st.st_mode))
        a407_diag_set(diag, "%.200s: not a regular file; name one", path);
    else if (!may_own(st.st_uid) && st.st_uid == a407_euid())
        a407_diag_set(diag,
                      "%.200s: belongs to user %lu, but this process to user "
                      "%lu",
                      path, (unsigned long)st.st_uid,
                      (unsigned long)a407_uid());
    else if (!may_own(st.st_uid))
        a407_diag_set(diag,
                      "%.200s: belongs to user %lu, not to you; use a file "
                      "of your own",
                      path, (unsigned long)st.st_uid);
    else if (may & (mounted ? 022 : 077))
        a407_diag_set(diag,
                      "%.200s: mode %04o lets others %s it; run: chmod %s "
                      "%.200s",
                      path, mode,
                      may & 044 && !mounted ? "read"
                      : may & 022           ? "change"
                                            : "run",
                      mounted ? "go-w" : "600", path);
    else if ((unsigned long long)st.st_size > A407_CREDFILE_MAX)
        a407_diag_set(diag,
                      "%.200s: larger than 1 MiB; this is no credential "
                      "file",
                      path);
    else {
        if (may & 044)
            a407_diag_set(diag,
                          "%.200s: can be read by other users (mode %04o)",
                          path, mode);
        return A407_CREDFILE_OK;
    }
    return A407_CREDFILE_REFUSED;
}

/* A file's bytes in one go, mostly. */
#define PIECE 4096

/* Straight to where it is kept: a copy in between stays in the registers, which
   the loader puts on the stack while it looks up what is called next. */
static enum a407_credfile_read
read_all(int fd, const char *path, struct a407_buf *out, struct a407_diag *diag)
{
    long n = 1;
    while (n) {
        size_t room = out->max - out->n < PIECE ? out->max - out->n : PIECE;
        if (!a407_buf_reserve(out, out->n + room)) {
            a407_diag_set(diag, "%.200s: can't be read: out of memory", path);
            return A407_CREDFILE_UNREADABLE;
        }
        n = syscall(SYS_read, fd, out->p + out->n, room);
        if (n < 0 && errno != EINTR)
            return unreadable(path, errno, diag);
        out->n += n > 0 ? (size_t)n : 0;
    }
    if (out->n <= A407_CREDFILE_MAX)
        return A407_CREDFILE_OK;
    /* it has grown since the check */
    a407_diag_set(diag, "%.200s: can't be read: too large", path);
    return A407_CREDFILE_UNREADABLE;
}

/* A file that could not be opened. */
static enum a407_credfile_read closed(const struct a407_at *at,
                                      const char *path, struct a407_diag *diag)
{
    if (at->why) {
        a407_diag_set(diag, "%.200s: can't be trusted: %.80s %s", path,
                      at->name, at->why);
        return A407_CREDFILE_REFUSED;
    }
    return errno == ENOENT || errno == ENOTDIR ? A407_CREDFILE_ABSENT
                                               : unreadable(path, errno, diag);
}

enum a407_credfile_read a407_credfile_read(const char *path,
                                           enum a407_credfile_rule rule,
                                           struct a407_buf *out,
                                           struct a407_diag *diag)
{
    int saved = errno;
    enum a407_credfile_read result;
    struct a407_at at;
    diag->text[0] = '\0';
    a407_buf_free(out);
    a407_buf_init(out, A407_CREDFILE_MAX + 1);
    /* O_NONBLOCK: a FIFO in its place must not hold the program up */
    int fd = a407_at_find(&at, path, 0)
                 ? a407_at_open(&at, O_RDONLY | O_NONBLOCK)
                 : -1;
    if (fd < 0) {
        result = closed(&at, path, diag);
    } else {
        result = check(fd, path, rule, diag);
        if (result == A407_CREDFILE_OK)
            result = read_all(fd, path, out, diag);
        if (result != A407_CREDFILE_OK)
            a407_buf_free(out);
        syscall(SYS_close, fd);
    }
    a407_at_close(&at);
    errno = saved;
    return result;
}

struct a407_span a407_first_line(const struct a407_buf *text)
{
    struct a407_span line = a407_span(text->p, text->n);
    const char *lf = a407_span_find(line, '\n');
    line = lf ? a407_span_before(line, lf) : line;
    line.n -= line.n && line.p[line.n - 1] == '\r';
    return line;
}

/* The next one that is for the same proxies and, but for `any`, the same user.
 */
static const struct a407_credential *like(const struct a407_credential *list,
                                          const struct a407_credential *c,
                                          bool any)
{
    while (list && (list->from != A407_FROM_FILE ||
                    list->endpoint.port != c->endpoint.port ||
                    strcmp(list->endpoint.host, c->endpoint.host) != 0 ||
                    !(any || a407_same_text(list->username, c->username))))
        list = list->next;
    return list;
}

/* What c, one of `before`, has become: of those of its user the one in its
   place; of another user where there was and is only one. */
static const struct a407_credential *
counterpart(const struct a407_credential *before,
            const struct a407_credential *c, const struct a407_credential *now)
{
    const struct a407_credential *a = like(before, c, false);
    const struct a407_credential *b = like(now, c, false);
    bool renamed = !b;
    while (a && a != c && b) {
        a = like(a->next, c, false);
        b = like(b->next, c, false);
    }
    if (a != c || !renamed)
        return a == c ? b : NULL;
    a = like(before, c, true);
    b = like(now, c, true);
    return b && !like(a->next, c, true) && !like(b->next, c, true) ? b : NULL;
}

struct a407_credential *a407_credfile_again(const struct a407_config *c,
                                            const struct a407_credential *old)
{
    struct a407_diag diag;
    struct a407_buf text;
    struct a407_credential *list = NULL, *found = NULL;
    a407_buf_init(&text, A407_CREDFILE_MAX);
    if (c->credentials_path && a407_paths_valid() &&
        a407_credfile_read(c->credentials_path, A407_CREDFILE_PRIVATE, &text,
                           &diag) == A407_CREDFILE_OK)
        list = a407_config_sections(c, text.n ? text.p : "", text.n, &diag);
    const struct a407_credential *now = counterpart(c->credentials, old, list);
    if (now)
        found = a407_credential_copy(now);
    a407_credentials_free(list);
    a407_buf_free(&text);
    return found;
}

enum a407_credfile_read a407_credfile_load(struct a407_config *c,
                                           struct a407_diag *diag)
{
    struct a407_buf text;
    enum a407_credfile_read result = A407_CREDFILE_ABSENT;
    a407_buf_init(&text, A407_CREDFILE_MAX);
    if (c->credentials_path)
        result = a407_credfile_read(c->credentials_path, A407_CREDFILE_PRIVATE,
                                    &text, diag);
    /* a service's variable is inherited by those who may not read its file */
    if (c->credentials_else && (result == A407_CREDFILE_ABSENT ||
                                result == A407_CREDFILE_UNREADABLE)) {
        free(c->credentials_path);
        c->credentials_path = c->credentials_else;
        c->credentials_else = NULL;
        result = a407_credfile_read(c->credentials_path, A407_CREDFILE_PRIVATE,
                                    &text, diag);
    }
    if (result == A407_CREDFILE_OK &&
        !a407_config_add_file(c, text.p ? text.p : "", text.n, diag))
        result = A407_CREDFILE_REFUSED;
    a407_buf_free(&text);
    return result;
}
