/* SPDX-License-Identifier: BSD-3-Clause
 * Files of the run folder. */
#include "report/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/log.h"
#include "base/memory.h"

cairn_status cairn_file_path(const char *folder, const char *name, char path[CAIRN_PATH_BYTES])
{
    int n = snprintf(path, CAIRN_PATH_BYTES, "%s/%s", folder, name);
    if (n < 0 || n >= CAIRN_PATH_BYTES)
        return cairn_fail(CAIRN_USAGE,
                          "the path %s/%s is longer than %d bytes; choose another --out", folder,
                          name, CAIRN_PATH_BYTES - 1);
    return CAIRN_OK;
}

cairn_status cairn_file_refused(const char *path, const char *what)
{
    const char *advice = "";
    if (errno == ENOSPC || errno == EDQUOT || errno == EFBIG) advice = "; make room there";
    if (errno == EACCES || errno == EPERM || errno == EROFS) advice = "; choose another --out";
    return cairn_fail(CAIRN_FILES, "%s: %s: %s%s", path, what, strerror(errno), advice);
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
    if (n >= sizeof part) return cairn_fail(CAIRN_USAGE, "the path %s is too long", path);
    if (cairn_fault("report.folder")) return cairn_file_refused(path, "the folder cannot be made");
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
    if (cairn_fault("report.sync") || (fsync(fd) != 0 && errno != EINVAL))
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

cairn_status cairn_file_write(int fd, const char *path, const char *bytes, size_t n,
                              size_t *n_written)
{
    *n_written = 0;
    if (cairn_fault("report.write")) {
        errno = ENOSPC;
        return cairn_file_refused(path, "cannot be written");
    }
    while (*n_written < n) {
        ssize_t now = write(fd, bytes + *n_written, n - *n_written);
        if (now < 0 && errno == EINTR) continue;
        if (now < 0) return cairn_file_refused(path, "cannot be written");
        *n_written += (size_t)now;
    }
    return CAIRN_OK;
}

/* The folder of a path, with the slash behind it; "./" for a bare name. */
static cairn_status folder_of(const char *path, char folder[CAIRN_PATH_BYTES])
{
    const char *slash = strrchr(path, '/');
    if (strlen(path) >= CAIRN_PATH_BYTES)
        return cairn_fail(CAIRN_USAGE, "the path %s is too long", path);
    if (slash == NULL)
        memcpy(folder, "./", 3);
    else
        snprintf(folder, CAIRN_PATH_BYTES, "%.*s", (int)(slash + 1 - path), path);
    return CAIRN_OK;
}

/* folder/.name.<16 hex digits>.tmp, which nobody can guess, opened. */
static cairn_status open_unfinished(const char *folder, const char *path,
                                    char beside[CAIRN_PATH_BYTES], int *fd)
{
    uint64_t number = 0;
    char hidden[NAME_MAX + 1];
    const char *slash = strrchr(path, '/');
    if (getrandom(&number, sizeof number, 0) != (ssize_t)sizeof number)
        return cairn_file_refused(path, "no random name can be had");
    int n = snprintf(hidden, sizeof hidden, ".%s.%016" PRIx64 ".tmp",
                     slash == NULL ? path : slash + 1, number);
    if (n >= (int)sizeof hidden) return cairn_fail(CAIRN_USAGE, "the name %s is too long", path);
    CAIRN_TRY(cairn_file_path(folder, hidden, beside));
    int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    int opened = open(beside, flags, CAIRN_FILE_MODE);
    if (opened < 0) return cairn_file_refused(path, "cannot be written");
    *fd = opened;
    return CAIRN_OK;
}

bool cairn_file_is_unfinished(const char *name)
{
    size_t n = strlen(name);
    const char *end = n > 22 ? name + n - 21 : ""; /* ".<16 hex digits>.tmp" */
    return name[0] == '.' && end[0] == '.' && strspn(end + 1, "0123456789abcdef") == 16 &&
           strcmp(end + 17, ".tmp") == 0;
}

cairn_status cairn_file_replace(const char *path, const char *bytes, size_t n)
{
    int fd = -1;
    size_t n_written = 0;
    char folder[CAIRN_PATH_BYTES];
    char beside[CAIRN_PATH_BYTES];
    CAIRN_TRY(folder_of(path, folder));
    CAIRN_TRY(open_unfinished(folder, path, beside, &fd));
    cairn_status st = cairn_file_write(fd, path, bytes, n, &n_written);
    if (st == CAIRN_OK) st = cairn_file_sync(fd, path);
    if (close(fd) != 0 && st == CAIRN_OK) st = cairn_file_refused(path, "cannot be written");
    if (st == CAIRN_OK && (cairn_fault("report.rename") || rename(beside, path) != 0))
        st = cairn_file_refused(path, "cannot be replaced");
    if (st != CAIRN_OK) {
        unlink(beside);
        return st;
    }
    return cairn_folder_sync(folder);
}

cairn_status cairn_file_read(const char *path, char **text)
{
    struct stat about;
    char *all = NULL;
    size_t n = 0;
    FILE *file = fopen(path, "rb");
    if (file == NULL && errno == ENOENT) {
        *text = NULL;
        return CAIRN_OK;
    }
    if (file == NULL) return cairn_file_refused(path, "cannot be read");
    cairn_status st = CAIRN_OK;
    if (fstat(fileno(file), &about) != 0 || !S_ISREG(about.st_mode)) {
        st = cairn_fail(CAIRN_FILES, "%s: is not a plain file; move it away", path);
        goto done;
    }
    st = cairn_memory_get((size_t)about.st_size + 1, 1, path, &all);
    if (st != CAIRN_OK) goto done;
    n = fread(all, 1, (size_t)about.st_size, file);
    all[n] = '\0';
    if (ferror(file)) {
        st = cairn_file_refused(path, "cannot be read");
        free(all);
        goto done;
    }
    *text = all;
done:
    fclose(file);
    return st;
}

cairn_status cairn_file_keep_aside(const char *path)
{
    char aside[CAIRN_PATH_BYTES];
    int n = snprintf(aside, sizeof aside, "%s.damaged", path);
    if (n >= (int)sizeof aside) errno = ENAMETOOLONG;
    if (n >= (int)sizeof aside || rename(path, aside) != 0)
        return cairn_file_refused(path, "cannot be renamed");
    cairn_log_warning("%s is damaged or of another version; it is kept as %s", path, aside);
    return CAIRN_OK;
}

cairn_status cairn_file_remove(const char *path)
{
    if (unlink(path) != 0 && errno != ENOENT) return cairn_file_refused(path, "cannot be removed");
    return CAIRN_OK;
}
