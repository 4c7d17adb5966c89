/* SPDX-License-Identifier: BSD-3-Clause
 * Files that are whole or not there, and what the file system refused. */
#define _GNU_SOURCE /* fallocate */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/log.h"
#include "base/memory.h"

static cairn_status too_long(const char *path)
{
    return cairn_fail(CAIRN_USAGE,
                      "the path %.60s... is longer than %d bytes; choose a shorter one", path,
                      CAIRN_PATH_BYTES - 1);
}

cairn_status cairn_path_copy(const char *from, char path[CAIRN_PATH_BYTES])
{
    int n = snprintf(path, CAIRN_PATH_BYTES, "%s", from);
    return n < 0 || n >= CAIRN_PATH_BYTES ? too_long(from) : CAIRN_OK;
}

cairn_status cairn_path_join(const char *folder, const char *name, char path[CAIRN_PATH_BYTES])
{
    int n = snprintf(path, CAIRN_PATH_BYTES, "%s/%s", folder, name);
    return n < 0 || n >= CAIRN_PATH_BYTES ? too_long(folder) : CAIRN_OK;
}

/* The folder of a path, with the slash after it; "./" for a bare name. */
static cairn_status folder_of(const char *path, char folder[CAIRN_PATH_BYTES])
{
    const char *slash = strrchr(path, '/');
    if (strlen(path) >= CAIRN_PATH_BYTES) return too_long(path);
    if (slash == NULL)
        memcpy(folder, "./", 3);
    else
        snprintf(folder, CAIRN_PATH_BYTES, "%.*s", (int)(slash + 1 - path), path);
    return CAIRN_OK;
}

const char *cairn_file_advice(int error)
{
    switch (error) {
    case ENOSPC: return "; make room there";
    case EDQUOT: return "; make room there, or ask for a larger quota";
    case EFBIG: return "; raise the limit for the size of a file (ulimit -f)";
    case EACCES:
    case EPERM:
    case EROFS: return "; choose another folder, or have this one made writable";
    case EEXIST: return "; something else has this name, take another";
    case ENOTDIR: return "; a part of the path is not a folder";
    default: return "";
    }
}

/* Of the file system that holds `path`. */
static bool find_free(const char *path, uint64_t *n_free)
{
    char folder[CAIRN_PATH_BYTES];
    struct statvfs about;
    if (folder_of(path, folder) != CAIRN_OK || statvfs(folder, &about) != 0) return false;
    *n_free = (uint64_t)about.f_bavail * (uint64_t)about.f_frsize;
    return true;
}

/* As cairn_file_refused(), where n bytes were to be written and n_written of them were. */
static cairn_status too_much(const char *path, size_t n, size_t n_written)
{
    const int error = errno;
    uint64_t n_free = 0;
    char room[64] = "";
    bool full = error == ENOSPC || error == EDQUOT || error == EFBIG;
    if (error == ENOSPC && find_free(path, &n_free))
        snprintf(room, sizeof room, ", %" PRIu64 " are free", n_free + n_written);
    errno = error;
    if (!full) return cairn_file_refused(path, "cannot be written");
    return cairn_fail(CAIRN_FILES, "%s: cannot be written: %s: needs %zu bytes%s%s", path,
                      strerror(error), n, room, cairn_file_advice(error));
}

cairn_status cairn_file_refused(const char *path, const char *what)
{
    return cairn_fail(CAIRN_FILES, "%s: %s: %s%s", path, what, strerror(errno),
                      cairn_file_advice(errno));
}

static bool is_folder(const char *path)
{
    struct stat found;
    return stat(path, &found) == 0 && S_ISDIR(found.st_mode);
}

cairn_status cairn_folder_make(const char *path)
{
    char part[CAIRN_PATH_BYTES];
    size_t n = strlen(path);
    if (n >= sizeof part) return too_long(path);
    if (cairn_fault("folder.make")) return cairn_file_refused(path, "the folder cannot be made");
    for (size_t i = 1; i <= n; i++) {
        if (path[i] != '/' && path[i] != '\0') continue;
        memcpy(part, path, i);
        part[i] = '\0';
        if (mkdir(part, CAIRN_FOLDER_MODE) == 0) continue;
        int why = errno;
        if (is_folder(part)) continue;
        errno = why;
        return cairn_file_refused(part, "the folder cannot be made");
    }
    return CAIRN_OK;
}

cairn_status cairn_file_sync(int fd, const char *path)
{
    /* EINVAL: a file system that has nothing to sync */
    if (cairn_fault("file.sync") || (fsync(fd) != 0 && errno != EINVAL))
        return cairn_file_refused(path, "cannot be synced");
    return CAIRN_OK;
}

cairn_status cairn_folder_sync(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return cairn_file_refused(path, "the folder cannot be opened");
    cairn_status st = cairn_file_sync(fd, path);
    close(fd);
    return st;
}

cairn_status cairn_file_write(int fd, const char *path, const void *bytes, size_t n,
                              size_t *n_written)
{
    static const size_t most_at_once = (size_t)1 << 30; /* Linux takes no more than 2 GiB */
    const char *from = bytes;
    *n_written = 0;
    if (cairn_fault("file.write")) return cairn_file_refused(path, "cannot be written");
    while (*n_written < n) {
        size_t left = n - *n_written;
        ssize_t now = write(fd, from + *n_written, left < most_at_once ? left : most_at_once);
        if (now < 0 && errno == EINTR) continue;
        if (now < 0) return too_much(path, n, *n_written);
        *n_written += (size_t)now;
    }
    return CAIRN_OK;
}

/* folder/.name.<16 hex digits>.tmp, which nobody can guess. */
static cairn_status unfinished_path(const char *path, char unfinished[CAIRN_PATH_BYTES])
{
    enum { KEPT_OF_NAME = 200 }; /* what is added must fit into a name, too */
    uint64_t number = 0;
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    if (getrandom(&number, sizeof number, 0) != (ssize_t)sizeof number)
        return cairn_file_refused(path, "no random name is available");
    int n = snprintf(unfinished, CAIRN_PATH_BYTES, "%.*s.%.*s.%016" PRIx64 ".tmp",
                     (int)(name - path), path, KEPT_OF_NAME, name, number);
    return n < 0 || n >= CAIRN_PATH_BYTES ? too_long(path) : CAIRN_OK;
}

/* Bytes of the name that a file gets when it is finished; 0: `name` is of none that is unfinished.
 */
static size_t finished_bytes(const char *name)
{
    size_t n = strlen(name);
    const char *end = n > 22 ? name + n - 21 : ""; /* ".<16 hex digits>.tmp" */
    bool is_one = name[0] == '.' && end[0] == '.' && strspn(end + 1, "0123456789abcdef") == 16 &&
                  strcmp(end + 17, ".tmp") == 0;
    return is_one ? n - 22 : 0;
}

bool cairn_file_is_unfinished(const char *name)
{
    return finished_bytes(name) > 0;
}

bool cairn_file_is_unfinished_of(const char *name, bool (*own)(const char *finished))
{
    char finished[NAME_MAX + 1];
    size_t n = finished_bytes(name);
    if (n == 0 || n > NAME_MAX) return false;
    snprintf(finished, sizeof finished, "%.*s", (int)n, name + 1);
    return own(finished);
}

cairn_status cairn_file_begin(const char *path, struct cairn_new_file *file)
{
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    struct stat found;
    char unfinished[CAIRN_PATH_BYTES];
    file->fd = -1;
    file->unfinished[0] = '\0';
    CAIRN_TRY(cairn_path_copy(path, file->path));
    if (stat(path, &found) == 0 && !S_ISREG(found.st_mode)) /* /dev/null would be replaced */
        return cairn_fail(CAIRN_FILES, "%s: is not a plain file; choose another name", path);
    CAIRN_TRY(unfinished_path(path, unfinished));
    file->fd = open(unfinished, flags, CAIRN_FILE_MODE);
    if (file->fd < 0) return cairn_file_refused(path, "cannot be written");
    memcpy(file->unfinished, unfinished, sizeof unfinished);
    return CAIRN_OK;
}

cairn_status cairn_file_reserve(struct cairn_new_file *file, size_t n)
{
    int failed = 0;
#ifdef __linux__ /* posix_fallocate() would write a byte into each block where a system cannot */
    do failed = fallocate(file->fd, 0, 0, (off_t)n) == 0 ? 0 : errno;
    while (failed == EINTR);
#endif
    errno = failed;
    const bool cannot = failed == EOPNOTSUPP || failed == ENOSYS || failed == EINVAL;
    return failed == 0 || cannot ? CAIRN_OK : too_much(file->path, n, 0);
}

cairn_status cairn_file_put(struct cairn_new_file *file, const void *bytes, size_t n)
{
    size_t n_written = 0;
    return cairn_file_write(file->fd, file->path, bytes, n, &n_written);
}

/* A name lasts when its folder is on the disk, too. */
static cairn_status give_name(const char *unfinished, const char *path)
{
    char folder[CAIRN_PATH_BYTES];
    CAIRN_TRY(folder_of(path, folder));
    if (cairn_fault("file.rename") || rename(unfinished, path) != 0)
        return cairn_file_refused(path, "cannot be named so");
    return cairn_folder_sync(folder);
}

cairn_status cairn_file_finish(struct cairn_new_file *file)
{
    cairn_status st = cairn_file_sync(file->fd, file->path);
    if (close(file->fd) != 0 && st == CAIRN_OK)
        st = cairn_file_refused(file->path, "cannot be written");
    file->fd = -1;
    if (st == CAIRN_OK) st = give_name(file->unfinished, file->path);
    cairn_file_abandon(file); /* after success there is nothing of that name */
    return st;
}

void cairn_file_abandon(struct cairn_new_file *file)
{
    if (file->fd >= 0) close(file->fd);
    if (file->unfinished[0] != '\0') unlink(file->unfinished);
    file->fd = -1;
    file->unfinished[0] = '\0';
}

cairn_status cairn_file_replace(const char *path, const void *bytes, size_t n)
{
    struct cairn_new_file file;
    CAIRN_TRY(cairn_file_begin(path, &file));
    cairn_status st = cairn_file_put(&file, bytes, n);
    if (st == CAIRN_OK) return cairn_file_finish(&file);
    cairn_file_abandon(&file);
    return st;
}

cairn_status cairn_file_link(const char *target, const char *path)
{
    char unfinished[CAIRN_PATH_BYTES];
    CAIRN_TRY(unfinished_path(path, unfinished));
    if (symlink(target, unfinished) != 0) return cairn_file_refused(path, "cannot be made a link");
    cairn_status st = give_name(unfinished, path);
    if (st != CAIRN_OK) unlink(unfinished);
    return st;
}

cairn_status cairn_file_open(const char *path, int flags, int *fd)
{
    struct stat about;
    *fd = -1;
    /* O_NONBLOCK: a pipe without a reader does not hold us up */
    int opened =
        open(path, flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, CAIRN_FILE_MODE);
    if (opened < 0 && errno == ENOENT && (flags & O_CREAT) == 0) return CAIRN_OK;
    if (opened < 0 && errno == ELOOP)
        return cairn_fail(CAIRN_FILES, "%s: is a symbolic link, which is not followed; remove it",
                          path);
    if (opened < 0) return cairn_file_refused(path, "cannot be opened");
    bool known = fstat(opened, &about) == 0;
    if (known && S_ISREG(about.st_mode) && about.st_nlink <= 1) {
        *fd = opened;
        return CAIRN_OK;
    }
    close(opened);
    return cairn_fail(CAIRN_FILES, "%s: is not a plain file%s; move it away", path,
                      known && S_ISREG(about.st_mode) ? " of one name: a hard link leads here"
                                                      : "");
}

cairn_status cairn_file_stream(const char *path, FILE **out)
{
    int fd = -1;
    CAIRN_TRY(cairn_file_open(path, O_RDONLY, &fd));
    *out = fd < 0 ? NULL : fdopen(fd, "rb");
    if (fd < 0 || *out != NULL) return CAIRN_OK;
    cairn_status st = cairn_file_refused(path, "cannot be read");
    close(fd);
    return st;
}

cairn_status cairn_file_read(const char *path, char **text)
{
    struct stat about = {0};
    char *all = NULL;
    int fd = -1;
    CAIRN_TRY(cairn_file_open(path, O_RDONLY, &fd));
    *text = NULL;
    if (fd < 0) return CAIRN_OK;
    FILE *file = fdopen(fd, "rb");
    if (file == NULL || fstat(fd, &about) != 0) {
        cairn_status st = cairn_file_refused(path, "cannot be read");
        if (file == NULL) close(fd);
        if (file != NULL) fclose(file);
        return st;
    }
    cairn_status st = cairn_memory_get((size_t)about.st_size + 1, 1, path, &all);
    if (st == CAIRN_OK) all[fread(all, 1, (size_t)about.st_size, file)] = '\0';
    if (st == CAIRN_OK && ferror(file)) st = cairn_file_refused(path, "cannot be read");
    fclose(file);
    if (st == CAIRN_OK)
        *text = all;
    else
        free(all);
    return st;
}

cairn_status cairn_file_read_given(const char *path, char **text)
{
    size_t room = 0;
    FILE *file = fopen(path, "rb");
    *text = NULL;
    if (file == NULL && errno == ENOENT) return CAIRN_OK;
    if (file == NULL)
        return cairn_fail(CAIRN_USAGE, "%s: cannot be opened: %s", path, strerror(errno));
    ssize_t n = getdelim(text, &room, '\0', file); /* the end of a text is the end of the file */
    const char *why = ferror(file) ? strerror(errno) : *text == NULL ? "not enough memory" : NULL;
    if (why == NULL && n > 0 && (*text)[n - 1] == '\0')
        why = "it contains a NUL byte, so it is not text";
    fclose(file);
    if (why == NULL) {
        if (n < 0) (*text)[0] = '\0';               /* an empty file */
        if (strncmp(*text, "\xef\xbb\xbf", 3) == 0) /* the mark of UTF-8 is not part of the text */
            memmove(*text, *text + 3, strlen(*text + 3) + 1);
        return CAIRN_OK;
    }
    free(*text);
    *text = NULL;
    return cairn_fail(CAIRN_USAGE, "%s: cannot be read: %s", path, why);
}

/* A name that nothing has: what was kept before stays. */
static cairn_status free_name(const char *path, char aside[CAIRN_PATH_BYTES])
{
    enum { MOST = 1000 };
    struct stat about;
    for (int i = 1; i <= MOST; i++) {
        int n = i == 1 ? snprintf(aside, CAIRN_PATH_BYTES, "%s.damaged", path)
                       : snprintf(aside, CAIRN_PATH_BYTES, "%s.damaged-%d", path, i);
        if (n >= CAIRN_PATH_BYTES) return too_long(path);
        if (lstat(aside, &about) != 0 && errno == ENOENT) return CAIRN_OK;
    }
    return cairn_fail(CAIRN_FILES, "%s: is damaged, and so are %d before it; move them away", path,
                      MOST);
}

cairn_status cairn_file_keep_aside(const char *path)
{
    char aside[CAIRN_PATH_BYTES];
    CAIRN_TRY(free_name(path, aside));
    if (rename(path, aside) != 0) return cairn_file_refused(path, "cannot be renamed");
    cairn_log_warning("%s is damaged or of another version; it is kept as %s", path, aside);
    return CAIRN_OK;
}

cairn_status cairn_file_remove(const char *path)
{
    if (unlink(path) != 0 && errno != ENOENT) return cairn_file_refused(path, "cannot be removed");
    return CAIRN_OK;
}
