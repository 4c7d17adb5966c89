/* SPDX-License-Identifier: BSD-3-Clause
 * The lock that keeps two jobs out of one run folder: a file that names host, process and job and
 * is held with an fcntl write lock, so that it ends with its process.  Local. */
#ifndef CAIRN_RECORD_LOCK_H
#define CAIRN_RECORD_LOCK_H

#include <stdbool.h>

#include "base/file.h"
#include "cairn/status.h"

/** What the file system says to a write lock of a whole file. */
enum cairn_lock_answer {
    CAIRN_LOCK_HELD, /* this process has it, until it closes the file */
    CAIRN_LOCK_BUSY, /* another has it */
    CAIRN_LOCK_NONE, /* there are no locks here */
};

/** Ask for it, and do not wait.  Ranks: local.  Errors: none. */
enum cairn_lock_answer cairn_lock_ask(int fd);

/** A lock that is held; fd -1: not. */
struct cairn_lock {
    char path[CAIRN_PATH_BYTES];
    int fd;
    bool doubtful; /* it was busy, but the file system has no locks: its holder may have ended */
};

/**
 * Take the lock that a file is, one of those that several processes of a job take.  *busy: another
 * process holds it, and it was not taken.
 *
 * Ranks   local
 * Errors  CAIRN_FILES
 */
CAIRN_CHECKED cairn_status cairn_lock_try(struct cairn_lock *lock, const char *path, bool *busy);

/**
 * Take the lock of a folder.  A stale one, whose process is gone, is taken over.  Where the file
 * system has no locks, the file's words alone count: gone is then a process that died on this host,
 * an earlier start of the same job, and a process of the same job on another host.
 *
 * Ranks   local
 * Errors  CAIRN_USAGE: another job holds it (names host, process, job, and without locks the file
 * to remove); CAIRN_FILES
 */
CAIRN_CHECKED cairn_status cairn_lock_take(struct cairn_lock *lock, const char *folder);

/** Remove the file and let go; one that is not held is fine.  Ranks: local.  Errors: none. */
void cairn_lock_release(struct cairn_lock *lock);

#endif
