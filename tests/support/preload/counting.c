/* SPDX-License-Identifier: BSD-3-Clause
 * What a process asks of a file system.  Preloaded, this writes a line for each call that opens,
 * looks at or syncs what is in one folder: "RANK open|stat|sync PATH".
 *
 *   CAIRN_COUNT_IN   the folder, absolute; without it nothing happens
 *   CAIRN_COUNT_LOG  the file that gets the lines, elsewhere
 *
 * Processes without a rank, the launcher's, are left out. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PATH_BYTES = 4096 };

static void note(const char *kind, const char *path)
{
    char line[PATH_BYTES + 64];
    const char *folder = getenv("CAIRN_COUNT_IN");
    const char *log = getenv("CAIRN_COUNT_LOG");
    const char *rank = getenv("OMPI_COMM_WORLD_RANK");
    size_t n = folder == NULL ? 0 : strlen(folder);
    if (n == 0 || log == NULL || rank == NULL) return;
    if (strncmp(path, folder, n) != 0 || path[n] != '/') return;
    int fd = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    int length = snprintf(line, sizeof line, "%s %s %s\n", rank, kind, path + n + 1);
    syscall(SYS_write, fd, line, (size_t)length);
    syscall(SYS_close, fd);
}

/* Where a descriptor leads, links followed. */
static void note_fd(const char *kind, int fd)
{
    char link[64];
    char path[PATH_BYTES];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = (ssize_t)syscall(SYS_readlinkat, AT_FDCWD, link, path, sizeof path - 1);
    path[n < 0 ? 0 : n] = '\0';
    note(kind, path);
}

/* A path that is given to a call, from a folder. */
static void note_path(const char *kind, int folder, const char *path)
{
    char whole[2 * PATH_BYTES] = "";
    char link[64];
    if (path[0] != '/') {
        snprintf(link, sizeof link, folder == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/%d",
                 folder);
        ssize_t n = (ssize_t)syscall(SYS_readlinkat, AT_FDCWD, link, whole, PATH_BYTES - 1);
        whole[n < 0 ? 0 : n] = '\0';
        strcat(whole, "/");
    }
    strncat(whole, path, PATH_BYTES - 1);
    note(kind, whole);
}

/* The function of libc as `real`. */
#define REAL(type, name, ...)                                                                      \
    type (*real)(__VA_ARGS__) = NULL;                                                              \
    *(void **)&real = dlsym(RTLD_NEXT, name)

/* Opens that fail are counted by the path that was asked for. */
static int opened(int fd, int folder, const char *path)
{
    if (fd < 0)
        note_path("open", folder, path);
    else
        note_fd("open", fd);
    return fd;
}

static mode_t mode_of(int flags, va_list values)
{
    return (flags & (O_CREAT | O_TMPFILE)) == 0 ? 0 : va_arg(values, mode_t);
}

static int open_at(int folder, const char *path, int flags, mode_t mode)
{
    return opened((int)syscall(SYS_openat, folder, path, flags, (unsigned)mode), folder, path);
}

#define OPEN(name)                                                                                 \
    int name(const char *path, int flags, ...)                                                     \
    {                                                                                              \
        va_list values;                                                                            \
        va_start(values, flags);                                                                   \
        mode_t mode = mode_of(flags, values);                                                      \
        va_end(values);                                                                            \
        return open_at(AT_FDCWD, path, flags, mode);                                               \
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
        return open_at(folder, path, flags, mode);                                                 \
    }
OPENAT(openat)
OPENAT(openat64)

static FILE *open_stream(const char *name, const char *path, const char *mode)
{
    REAL(FILE *, name, const char *, const char *);
    FILE *file = real(path, mode);
    opened(file == NULL ? -1 : fileno(file), AT_FDCWD, path);
    return file;
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
    note_path("open", AT_FDCWD, path);
    return real(path);
}

#define STAT(name, type)                                                                           \
    int name(const char *restrict path, struct type *restrict about)                               \
    {                                                                                              \
        REAL(int, #name, const char *, struct type *);                                             \
        note_path("stat", AT_FDCWD, path);                                                         \
        return real(path, about);                                                                  \
    }
STAT(stat, stat)
STAT(lstat, stat)
STAT(stat64, stat64)
STAT(lstat64, stat64)

#define STATAT(name, type)                                                                         \
    int name(int folder, const char *restrict path, struct type *restrict about, int flags)        \
    {                                                                                              \
        REAL(int, #name, int, const char *, struct type *, int);                                   \
        if (path[0] != '\0') note_path("stat", folder, path);                                      \
        return real(folder, path, about, flags);                                                   \
    }
STATAT(fstatat, stat)
STATAT(fstatat64, stat64)

int access(const char *path, int how)
{
    REAL(int, "access", const char *, int);
    note_path("stat", AT_FDCWD, path);
    return real(path, how);
}

int faccessat(int folder, const char *path, int how, int flags)
{
    REAL(int, "faccessat", int, const char *, int, int);
    note_path("stat", folder, path);
    return real(folder, path, how, flags);
}

ssize_t readlink(const char *restrict path, char *restrict text, size_t n)
{
    REAL(ssize_t, "readlink", const char *, char *, size_t);
    note_path("stat", AT_FDCWD, path);
    return real(path, text, n);
}

/* Looks at each folder on the way; one of them counts, for one look is enough to count ranks. */
char *realpath(const char *restrict path, char *restrict text)
{
    REAL(char *, "realpath", const char *, char *);
    note_path("stat", AT_FDCWD, path);
    return real(path, text);
}

static int sync_it(const char *name, int fd)
{
    REAL(int, name, int);
    note_fd("sync", fd);
    return real(fd);
}

int fsync(int fd)
{
    return sync_it("fsync", fd);
}

int fdatasync(int fd)
{
    return sync_it("fdatasync", fd);
}
