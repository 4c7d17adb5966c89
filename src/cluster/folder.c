/* SPDX-License-Identifier: BSD-3-Clause
 * What the file system of a run folder can do. */
#include "cluster/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "record/lock.h"
#include "record/system.h"

/* The path itself or the nearest above it that is there. */
static void nearest(const char *folder, char path[CAIRN_PATH_BYTES])
{
    struct stat about;
    snprintf(path, CAIRN_PATH_BYTES, "%s", folder);
    while (stat(path, &about) != 0) {
        char *slash = strrchr(path, '/');
        if (slash == path && slash[1] == '\0') return;
        if (slash == NULL)
            snprintf(path, CAIRN_PATH_BYTES, ".");
        else
            slash[slash == path] = '\0';
        if (strcmp(path, ".") == 0) return;
    }
}

/* Bytes of the checkpoints in a run folder. */
static uint64_t checkpoint_bytes(const char *folder)
{
    char path[CAIRN_PATH_BYTES];
    char file[CAIRN_PATH_BYTES];
    struct stat about;
    uint64_t bytes = 0;
    if (cairn_path_join(folder, "checkpoints", path) != CAIRN_OK) return 0;
    DIR *stream = opendir(path);
    if (stream == NULL) return 0;
    for (struct dirent *entry = readdir(stream); entry != NULL; entry = readdir(stream)) {
        if (strncmp(entry->d_name, "update-", 7) != 0) continue;
        if (cairn_path_join(path, entry->d_name, file) != CAIRN_OK) continue;
        if (lstat(file, &about) == 0 && S_ISREG(about.st_mode)) bytes += (uint64_t)about.st_size;
    }
    closedir(stream);
    return bytes;
}

void cairn_folder_inspect(const char *folder, struct cairn_folder_facts *out)
{
    char there[CAIRN_PATH_BYTES];
    *out = (struct cairn_folder_facts){.known = true, .blind_rank = -1};
    nearest(folder, there);
    if (realpath(there, out->path) == NULL) memcpy(out->path, there, sizeof there);
    out->free_bytes = cairn_system_free_bytes(out->path);
    out->used_bytes = checkpoint_bytes(folder);
}

static bool has_locks(const char *path)
{
    int fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) return false;
    bool locked = cairn_lock_ask(fd) != CAIRN_LOCK_NONE;
    close(fd);
    return locked;
}

/* 4 KiB brought to the disk, then renamed. */
static cairn_status write_file(const char *path, struct cairn_folder_facts *out)
{
    static const char block[4096];
    struct cairn_new_file file;
    CAIRN_TRY(cairn_file_begin(path, &file));
    cairn_status st = cairn_file_put(&file, block, sizeof block);
    double begin_s = cairn_clock_s();
    if (st == CAIRN_OK) st = cairn_file_sync(file.fd, file.unfinished);
    out->sync_s = cairn_clock_s() - begin_s;
    begin_s = cairn_clock_s();
    if (st == CAIRN_OK) st = cairn_file_finish(&file);
    out->rename_s = cairn_clock_s() - begin_s;
    cairn_file_abandon(&file);
    return st;
}

void cairn_folder_try(struct cairn_folder_facts *out, char name[CAIRN_PATH_BYTES])
{
    char own[64];
    snprintf(own, sizeof own, ".cairn-doctor-%ld", (long)getpid());
    cairn_status st = cairn_path_join(out->path, own, name);
    if (st == CAIRN_OK) st = write_file(name, out);
    out->writes = st == CAIRN_OK;
    if (st == CAIRN_OK) {
        out->locks = has_locks(name);
    } else {
        snprintf(out->trouble, sizeof out->trouble, "%.255s", cairn_error_text());
        name[0] = '\0';
    }
}
