/* SPDX-License-Identifier: BSD-3-Clause
 * One file call that fails.  Preloaded into a process, this counts the calls that open, change,
 * name or close what is in one folder, whichever thread makes them, and lets one of them fail:
 *
 *   CAIRN_FAIL_IN    the folder, absolute; without it nothing happens
 *   CAIRN_FAIL_CALL  which call, from 1
 *   CAIRN_FAIL_HOW   kill: SIGKILL before the call; EIO, ENOSPC: it is refused; short: half of what
 *                    is to be written arrives, and the rest is refused with ENOSPC (then calls that
 *                    write are counted alone)
 *   CAIRN_FAIL_LOG   a file that gets a line for each call counted: its number, name, path
 *
 * A close that fails has closed all the same, as on Linux. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { PATH_BYTES = 4096, NO_FILE = -1 };

static atomic_long n_calls;
static atomic_int refused_fd = NO_FILE; /* the rest of a short write goes there */

static const char *setting(const char *name)
{
    const char *value = getenv(name);
    return value == NULL ? "" : value;
}

static bool is_short(void)
{
    return strcmp(setting("CAIRN_FAIL_HOW"), "short") == 0;
}

/* Where a descriptor, or the working folder, leads. */
static void path_of(int fd, char path[PATH_BYTES])
{
    char link[64];
    if (fd == AT_FDCWD)
        snprintf(link, sizeof link, "/proc/self/cwd");
    else
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, PATH_BYTES - 1);
    path[n < 0 ? 0 : n] = '\0';
}

static bool is_watched(const char *path)
{
    const char *folder = setting("CAIRN_FAIL_IN");
    size_t n = strlen(folder);
    return n > 0 && strncmp(path, folder, n) == 0 && (path[n] == '\0' || path[n] == '/');
}

static void note(long number, const char *call, const char *path)
{
    char line[PATH_BYTES + 64];
    const char *log = setting("CAIRN_FAIL_LOG");
    if (*log == '\0') return;
    int fd = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    int n = snprintf(line, sizeof line, "%ld %s %s\n", number, call, path);
    syscall(SYS_write, fd, line, (size_t)n);
    syscall(SYS_close, fd);
}

/* Whether this call, of a watched path, is the one; does not come back where it kills. */
static bool is_chosen(const char *call, const char *path)
{
    const char *how = setting("CAIRN_FAIL_HOW");
    long number = atomic_fetch_add(&n_calls, 1) + 1;
    note(number, call, path);
    if (number != strtol(setting("CAIRN_FAIL_CALL"), NULL, 10)) return false;
    if (strcmp(how, "kill") == 0) syscall(SYS_kill, getpid(), SIGKILL);
    errno = strcmp(how, "EIO") == 0 ? EIO : ENOSPC;
    return *how != '\0';
}

/* A call that names a path. */
static bool fails_at(const char *call, int folder, const char *path)
{
    char whole[2 * PATH_BYTES] = "";
    if (path[0] != '/') {
        path_of(folder, whole);
        strcat(whole, "/");
    }
    strncat(whole, path, PATH_BYTES - 1);
    return is_watched(whole) && !is_short() && is_chosen(call, whole);
}

static bool fails_on(const char *call, int fd)
{
    char path[PATH_BYTES];
    int error = errno; /* stays, where the call does not fail */
    path_of(fd, path);
    bool fails = is_watched(path) && !is_short() && is_chosen(call, path);
    if (!fails) errno = error;
    return fails;
}

/* Of n bytes that are to be written: how many arrive; -1: the call is refused. */
static ssize_t arrive(const char *call, int fd, size_t n)
{
    char path[PATH_BYTES];
    int expected = fd;
    path_of(fd, path);
    if (!is_watched(path)) return (ssize_t)n;
    if (atomic_compare_exchange_strong(&refused_fd, &expected, NO_FILE)) {
        errno = ENOSPC;
        return -1;
    }
    if (!is_chosen(call, path)) return (ssize_t)n;
    if (!is_short() || n < 2) return -1;
    atomic_store(&refused_fd, fd);
    return (ssize_t)(n / 2);
}

/* The function of libc as `real`. */
#define REAL(type, name, ...)                                                                      \
    type (*real)(__VA_ARGS__) = NULL;                                                              \
    *(void **)&real = dlsym(RTLD_NEXT, name)

ssize_t write(int fd, const void *bytes, size_t n)
{
    REAL(ssize_t, "write", int, const void *, size_t);
    ssize_t now = arrive("write", fd, n);
    return now < 0 ? -1 : real(fd, bytes, (size_t)now);
}

static ssize_t write_at(const char *name, int fd, const void *bytes, size_t n, off_t at)
{
    REAL(ssize_t, name, int, const void *, size_t, off_t);
    ssize_t now = arrive(name, fd, n);
    return now < 0 ? -1 : real(fd, bytes, (size_t)now, at);
}

ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at)
{
    return write_at("pwrite", fd, bytes, n, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t n, off64_t at)
{
    return write_at("pwrite64", fd, bytes, n, at);
}

/* Short: the first piece alone. */
ssize_t writev(int fd, const struct iovec *piece, int n_pieces)
{
    REAL(ssize_t, "writev", int, const struct iovec *, int);
    size_t n = 0;
    for (int i = 0; i < n_pieces; i++) n += piece[i].iov_len;
    ssize_t now = arrive("writev", fd, n);
    return now < 0 ? -1 : real(fd, piece, (size_t)now < n ? 1 : n_pieces);
}

static int on_file(const char *name, int fd)
{
    REAL(int, name, int);
    return fails_on(name, fd) ? -1 : real(fd);
}

int fsync(int fd)
{
    return on_file("fsync", fd);
}

int fdatasync(int fd)
{
    return on_file("fdatasync", fd);
}

int close(int fd)
{
    REAL(int, "close", int);
    bool fails = fails_on("close", fd);
    int why = errno;
    int closed = real(fd);
    if (!fails) return closed;
    errno = why;
    return -1;
}

static int cut(const char *name, int fd, off_t n)
{
    REAL(int, name, int, off_t);
    return fails_on(name, fd) ? -1 : real(fd, n);
}

int ftruncate(int fd, off_t n)
{
    return cut("ftruncate", fd, n);
}

int ftruncate64(int fd, off64_t n)
{
    return cut("ftruncate64", fd, n);
}

static int open_at(const char *name, int folder, const char *path, int flags, mode_t mode)
{
    return fails_at(name, folder, path)
               ? -1
               : (int)syscall(SYS_openat, folder, path, flags, (unsigned)mode);
}

static mode_t mode_of(int flags, va_list values)
{
    return (flags & (O_CREAT | O_TMPFILE)) == 0 ? 0 : va_arg(values, mode_t);
}

#define OPEN(name)                                                                                 \
    int name(const char *path, int flags, ...)                                                     \
    {                                                                                              \
        va_list values;                                                                            \
        va_start(values, flags);                                                                   \
        mode_t mode = mode_of(flags, values);                                                      \
        va_end(values);                                                                            \
        return open_at(#name, AT_FDCWD, path, flags, mode);                                        \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                                                               \
    int name(int folder, const char *path, int flags, ...)                                         \
    {                                                                                              \
        va_list values;                                                                            \
        va_start(values, flags);                                                                   \
        mode_t mode = mode_of(flags, values);                                                      \
        va_end(values);                                                                            \
        return open_at(#name, folder, path, flags, mode);                                          \
    }
OPENAT(openat)
OPENAT(openat64)

int creat(const char *path, mode_t mode)
{
    return open_at("creat", AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

static FILE *open_stream(const char *name, const char *path, const char *mode)
{
    REAL(FILE *, name, const char *, const char *);
    return fails_at(name, AT_FDCWD, path) ? NULL : real(path, mode);
}

FILE *fopen(const char *path, const char *mode)
{
    return open_stream("fopen", path, mode);
}

FILE *fopen64(const char *path, const char *mode)
{
    return open_stream("fopen64", path, mode);
}

DIR *opendir(const char *path)
{
    REAL(DIR *, "opendir", const char *);
    return fails_at("opendir", AT_FDCWD, path) ? NULL : real(path);
}

/* Calls that name what there is: by the system call that all forms of them come down to. */
int renameat(int folder, const char *path, int new_folder, const char *new_path)
{
    bool fails = fails_at("rename", new_folder, new_path);
    return fails ? -1 : (int)syscall(SYS_renameat, folder, path, new_folder, new_path);
}

int rename(const char *path, const char *new_path)
{
    return renameat(AT_FDCWD, path, AT_FDCWD, new_path);
}

int unlinkat(int folder, const char *path, int flags)
{
    return fails_at("unlink", folder, path) ? -1 : (int)syscall(SYS_unlinkat, folder, path, flags);
}

int unlink(const char *path)
{
    return unlinkat(AT_FDCWD, path, 0);
}

int symlinkat(const char *target, int folder, const char *path)
{
    bool fails = fails_at("symlink", folder, path);
    return fails ? -1 : (int)syscall(SYS_symlinkat, target, folder, path);
}

int symlink(const char *target, const char *path)
{
    return symlinkat(target, AT_FDCWD, path);
}

int linkat(int folder, const char *path, int new_folder, const char *new_path, int flags)
{
    bool fails = fails_at("link", new_folder, new_path);
    return fails ? -1 : (int)syscall(SYS_linkat, folder, path, new_folder, new_path, flags);
}

int link(const char *path, const char *new_path)
{
    return linkat(AT_FDCWD, path, AT_FDCWD, new_path, 0);
}

int mkdirat(int folder, const char *path, mode_t mode)
{
    return fails_at("mkdir", folder, path) ? -1 : (int)syscall(SYS_mkdirat, folder, path, mode);
}

int mkdir(const char *path, mode_t mode)
{
    return mkdirat(AT_FDCWD, path, mode);
}
