/* SPDX-License-Identifier: BSD-3-Clause
 * Files of the run folder. */
#include "report/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/log.h"
#include "base/memory.h"

cairn_status cairn_path_join(char path[CAIRN_PATH_BYTES], const char *folder, const char *name)
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
    if (fsync(fd) != 0 && errno != EINVAL) return cairn_file_refused(path, "cannot be synced");
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

/* A name beside `path` that nobody can guess, opened. */
static cairn_status open_unfinished(const char *path, char beside[CAIRN_PATH_BYTES], int *fd)
{
    uint64_t number = 0;
    int source = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
    ssize_t got = source < 0 ? -1 : read(source, &number, sizeof number);
    if (source >= 0) close(source);
    if (got != (ssize_t)sizeof number) return cairn_file_refused("/dev/urandom", "cannot be read");

    const char *slash = strrchr(path, '/');
    int n_folder = slash == NULL ? 0 : (int)(slash + 1 - path);
    int n = snprintf(beside, CAIRN_PATH_BYTES, "%.*s%s%016" PRIx64, n_folder, path,
                     CAIRN_UNFINISHED, number);
    if (n >= CAIRN_PATH_BYTES) errno = ENAMETOOLONG;
    int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    int opened = n >= CAIRN_PATH_BYTES ? -1 : open(beside, flags, CAIRN_FILE_MODE);
    if (opened < 0) return cairn_file_refused(path, "cannot be written");
    *fd = opened;
    return CAIRN_OK;
}

static cairn_status sync_folder_of(const char *path)
{
    char folder[CAIRN_PATH_BYTES] = ".";
    const char *slash = strrchr(path, '/');
    if (slash != NULL) snprintf(folder, sizeof folder, "%.*s", (int)(slash + 1 - path), path);
    return cairn_folder_sync(folder);
}

cairn_status cairn_file_replace(const char *path, const char *bytes, size_t n)
{
    int fd = -1;
    size_t n_written = 0;
    char beside[CAIRN_PATH_BYTES];
    CAIRN_TRY(open_unfinished(path, beside, &fd));
    cairn_status st = cairn_file_write(fd, path, bytes, n, &n_written);
    if (st == CAIRN_OK) st = cairn_file_sync(fd, path);
    if (close(fd) != 0 && st == CAIRN_OK) st = cairn_file_refused(path, "cannot be written");
    if (st == CAIRN_OK && rename(beside, path) != 0)
        st = cairn_file_refused(path, "cannot be replaced");
    if (st != CAIRN_OK) {
        unlink(beside);
        return st;
    }
    return sync_folder_of(path);
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
