/* SPDX-License-Identifier: BSD-3-Clause
 * The lock of a run folder. */
#include "record/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/log.h"
#include "record/system.h"

/* What the file says of who made it. */
struct holder {
    char host[CAIRN_SYSTEM_TEXT_BYTES];
    long process; /* 0: it says nothing yet */
    bool strange; /* it says what no lock does */
    char job[CAIRN_SYSTEM_TEXT_BYTES];
    long restart; /* how often Slurm had started the job again */
};

static const char no_job[] = "none";

static void describe_self(struct holder *self)
{
    const char *job = cairn_system_job();
    const char *restart = getenv("SLURM_RESTART_COUNT"); /* not set the first time */
    cairn_system_host(self->host);
    self->process = (long)getpid();
    snprintf(self->job, sizeof self->job, "%s", job == NULL ? no_job : job);
    self->restart = restart == NULL ? 0 : strtol(restart, NULL, 10);
}

static void read_holder(int fd, struct holder *found)
{
    char text[2 * CAIRN_SYSTEM_TEXT_BYTES + 64] = "";
    ssize_t n = pread(fd, text, sizeof text - 1, 0);
    text[n < 0 ? 0 : n] = '\0';
    *found = (struct holder){.process = 0};
    int n_found = sscanf(text, "host %255s\nprocess %ld\njob %255s\nrestart %ld", found->host,
                         &found->process, found->job, &found->restart);
    if (n_found >= 3) return;
    *found = (struct holder){.host = "unknown", .job = "unknown"};
    found->strange = text[0] != '\0' && strncmp(text, "host", 4) != 0;
}

enum cairn_lock_answer cairn_lock_ask(int fd)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(fd, F_SETLK, &whole) == 0) return CAIRN_LOCK_HELD;
    return errno == EACCES || errno == EAGAIN ? CAIRN_LOCK_BUSY : CAIRN_LOCK_NONE;
}

static bool same_job(const struct holder *found, const struct holder *self)
{
    return strcmp(found->job, self->job) == 0 && strcmp(self->job, no_job) != 0;
}

/* Without locks: whether the file's maker is known to have ended.  Slurm starts a job again once
 * all of it has. */
static bool has_gone(const struct holder *found, const struct holder *self, bool by_many)
{
    if (found->process <= 0) return true;
    if (same_job(found, self) && found->restart < self->restart) return true;
    if (strcmp(found->host, self->host) == 0)
        return found->process == self->process ||
               (kill((pid_t)found->process, 0) != 0 && errno == ESRCH);
    return same_job(found, self) && !by_many;
}

/* Whether the path still leads to what is open: its last holder may have removed it in between. */
static bool still_there(const struct cairn_lock *lock)
{
    struct stat open_file, named_file;
    return fstat(lock->fd, &open_file) == 0 && lstat(lock->path, &named_file) == 0 &&
           open_file.st_dev == named_file.st_dev && open_file.st_ino == named_file.st_ino;
}

static cairn_status sign(const struct cairn_lock *lock)
{
    struct holder self;
    char text[2 * CAIRN_SYSTEM_TEXT_BYTES + 64];
    size_t n_written = 0;
    describe_self(&self);
    int n = snprintf(text, sizeof text, "host %s\nprocess %ld\njob %s\nrestart %ld\n", self.host,
                     self.process, self.job, self.restart);
    if (ftruncate(lock->fd, 0) != 0) return cairn_file_refused(lock->path, "cannot be written");
    CAIRN_TRY(cairn_file_write(lock->fd, lock->path, text, (size_t)n, &n_written));
    return cairn_file_sync(lock->fd, lock->path);
}

/* What one try came to. */
struct attempt {
    bool by_many; /* given: several processes of one job take such locks */
    struct holder found;
    bool busy;
    bool again; /* the file went away while it was being locked */
};

static cairn_status try_once(struct cairn_lock *lock, struct attempt *attempt)
{
    struct holder *found = &attempt->found;
    struct holder self;
    *attempt = (struct attempt){.by_many = attempt->by_many};
    if (cairn_fault("report.lock")) return cairn_file_refused(lock->path, "cannot be made");
    CAIRN_TRY(cairn_file_open(lock->path, O_RDWR | O_CREAT | O_APPEND, &lock->fd));
    enum cairn_lock_answer answer = cairn_lock_ask(lock->fd);
    read_holder(lock->fd, found);
    describe_self(&self);
    bool by_words = answer == CAIRN_LOCK_NONE && !has_gone(found, &self, attempt->by_many);
    attempt->busy = answer == CAIRN_LOCK_BUSY || by_words;
    lock->doubtful = by_words && !(attempt->by_many && same_job(found, &self));
    if (attempt->busy) return CAIRN_OK;
    if (found->strange)
        return cairn_fail(CAIRN_FILES, "%s: is not a lock file of Cairn; move it away", lock->path);
    attempt->again = !still_there(lock);
    if (attempt->again) return CAIRN_OK;
    if (found->process != 0)
        cairn_log_detail("taking over the lock of process %ld on host %s (job %s), which is gone",
                         found->process, found->host, found->job);
    cairn_status st = sign(lock);
    if (st != CAIRN_OK) unlink(lock->path);
    return st;
}

/* Until it is held, or somebody else has it. */
static cairn_status take(struct cairn_lock *lock, struct attempt *attempt)
{
    lock->fd = -1;
    do {
        cairn_status st = try_once(lock, attempt);
        if (st == CAIRN_OK && !attempt->again && !attempt->busy) return CAIRN_OK;
        if (lock->fd >= 0) close(lock->fd);
        lock->fd = -1;
        if (st != CAIRN_OK) return st;
    } while (attempt->again);
    return CAIRN_OK;
}

cairn_status cairn_lock_try(struct cairn_lock *lock, const char *path, bool *busy)
{
    struct attempt attempt = {.by_many = true};
    lock->fd = -1;
    CAIRN_TRY(cairn_path_copy(path, lock->path));
    CAIRN_TRY(take(lock, &attempt));
    *busy = attempt.busy;
    return CAIRN_OK;
}

cairn_status cairn_lock_take(struct cairn_lock *lock, const char *folder)
{
    struct attempt attempt = {.by_many = false};
    lock->fd = -1;
    CAIRN_TRY(cairn_path_join(folder, "lock", lock->path));
    CAIRN_TRY(take(lock, &attempt));
    if (!attempt.busy) return CAIRN_OK;
    return cairn_fail(
        CAIRN_USAGE,
        "run folder %s is in use by process %ld on host %s (job %s); choose another --out%s%s%s",
        folder, attempt.found.process, attempt.found.host, attempt.found.job,
        lock->doubtful ? ", or, where that process has ended, remove " : "",
        lock->doubtful ? lock->path : "", lock->doubtful ? " (this file system has no locks)" : "");
}

void cairn_lock_release(struct cairn_lock *lock)
{
    if (lock->fd < 0) return;
    if (still_there(lock))
        unlink(lock->path); /* while it is held, so that nobody else's is removed */
    close(lock->fd);
    lock->fd = -1;
}
