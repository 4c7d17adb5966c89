/* SPDX-License-Identifier: BSD-3-Clause
 * Files that are whole or not there, whatever kills the writer: written beside their name, synced,
 * renamed, folder synced.  Knows nothing of HDF5. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/fault.h"
#include "checkpoint/internal.h"

cairn_status cairn_path_join(const char *folder, const char *name, char path[CAIRN_FILE_PATH_BYTES])
{
    int n = snprintf(path, CAIRN_FILE_PATH_BYTES, "%s/%s", folder, name);
    if (n < 0 || n >= CAIRN_FILE_PATH_BYTES)
        return cairn_fail(CAIRN_FILES, "the path %s/%s is too long", folder, name);
    return CAIRN_OK;
}

/* What errno says of a file that was to be written, in one line. */
static cairn_status refused(const char *folder, const char *name, size_t n_bytes)
{
    const int error = errno;
    struct statvfs about;
    if (error == ENOSPC && statvfs(folder, &about) == 0)
        return cairn_fail(CAIRN_FILES,
                          "%s/%s: disk full: needs %zu bytes, %" PRIu64
                          " are free; make room or set checkpoint.keep lower",
                          folder, name, n_bytes,
                          (uint64_t)about.f_bavail * (uint64_t)about.f_frsize);
    if (error == EDQUOT || error == EFBIG)
        return cairn_fail(CAIRN_FILES, "%s/%s: %s: needs %zu bytes; ask for a larger %s", folder,
                          name, strerror(error), n_bytes,
                          error == EDQUOT ? "quota" : "file size limit (ulimit -f)");
    return cairn_fail(CAIRN_FILES, "%s/%s: cannot be written: %s", folder, name, strerror(error));
}

static cairn_status temporary_path(const char *folder, const char *name,
                                   char path[CAIRN_FILE_PATH_BYTES])
{
    char hidden[2 * CAIRN_FILE_NAME_BYTES];
    uint64_t unguessable = 0;
    if (getrandom(&unguessable, sizeof unguessable, 0) != (ssize_t)sizeof unguessable)
        return cairn_fail(CAIRN_FILES, "no random name for %s: %s", name, strerror(errno));
    snprintf(hidden, sizeof hidden, ".%s.%016" PRIx64 ".tmp", name, unguessable);
    return cairn_path_join(folder, hidden, path);
}

static bool write_all(int fd, const unsigned char *bytes, size_t n)
{
    static const size_t most_at_once = (size_t)1 << 30;
    while (n > 0) {
        ssize_t done = write(fd, bytes, n < most_at_once ? n : most_at_once);
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) return false;
        bytes += done;
        n -= (size_t)done;
    }
    return true;
}

cairn_status cairn_durable_write(const char *folder, const char *name, const void *bytes,
                                 size_t n_bytes, char temporary[CAIRN_FILE_PATH_BYTES])
{
    CAIRN_TRY(temporary_path(folder, name, temporary));
    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0) return refused(folder, name, n_bytes);
    cairn_status st = CAIRN_OK;
    if (cairn_fault("checkpoint.write") || !write_all(fd, bytes, n_bytes) || fsync(fd) != 0)
        st = refused(folder, name, n_bytes);
    if (close(fd) != 0 && st == CAIRN_OK) st = refused(folder, name, n_bytes);
    if (st != CAIRN_OK) unlink(temporary);
    return st;
}

/* A name only lasts when its folder is on disk, too; some file systems cannot and need not sync one
 * (EINVAL). */
static cairn_status sync_folder(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return cairn_fail(CAIRN_FILES, "%s: cannot be opened: %s", folder, strerror(errno));
    cairn_status st = CAIRN_OK;
    if (fsync(fd) != 0 && errno != EINVAL)
        st = cairn_fail(CAIRN_FILES, "%s: cannot be synced: %s", folder, strerror(errno));
    close(fd);
    return st;
}

cairn_status cairn_durable_rename(const char *folder, const char *temporary, const char *name)
{
    char path[CAIRN_FILE_PATH_BYTES];
    CAIRN_TRY(cairn_path_join(folder, name, path));
    if (cairn_fault("checkpoint.rename") || rename(temporary, path) != 0)
        return cairn_fail(CAIRN_FILES, "%s: cannot be named so: %s", path, strerror(errno));
    return sync_folder(folder);
}

cairn_status cairn_durable_link(const char *folder, const char *name, const char *link)
{
    char temporary[CAIRN_FILE_PATH_BYTES];
    CAIRN_TRY(temporary_path(folder, link, temporary));
    if (symlink(name, temporary) != 0)
        return cairn_fail(CAIRN_FILES, "%s/%s: cannot be made a link: %s", folder, link,
                          strerror(errno));
    cairn_status st = cairn_durable_rename(folder, temporary, link);
    if (st != CAIRN_OK) unlink(temporary);
    return st;
}
