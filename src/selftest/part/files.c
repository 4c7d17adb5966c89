/* SPDX-License-Identifier: BSD-3-Clause
 * The file system of the runs: it can be written, all ranks see what rank 0 writes there, a file
 * that is replaced is always the old one or the new one, and a lock that one process holds keeps
 * others out.  What comes back as it was written: resume.c reads checkpoints on every rank. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "comm/watchdog.h"
#include "record/lock.h"
#include "selftest/part.h"

enum { NUMBERS = 4096, VERSIONS = 40 };
/* NFS looks again after this time at the latest, by default. */
#define PATIENCE_S       60.0
#define QUICK_PATIENCE_S 5.0

static const struct timespec nap = {.tv_nsec = 2000000};

/* What a rank saw. */
enum trouble { FINE, BLIND, TORN, GONE, LATE };

struct seen {
    int32_t trouble; /* enum trouble */
    int32_t lock;    /* enum cairn_lock_answer */
    double first_s;  /* until the file was seen, and ... */
    double last_s;   /* ... its last version */
};

/* ---- a file that is replaced */

/* Every number in it is that of its version.  Rank 0. */
static cairn_status write_version(const char *path, uint32_t version)
{
    uint32_t number[NUMBERS];
    for (size_t i = 0; i < NUMBERS; i++) number[i] = version;
    return cairn_file_replace(path, number, sizeof number);
}

/* Its version; 0: it is not there, UINT32_MAX: it is neither the old nor the new one. */
static uint32_t read_version(const char *path)
{
    uint32_t number[NUMBERS];
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return errno == ESTALE ? 0 : errno == ENOENT ? 0 : UINT32_MAX;
    const ssize_t n = read(fd, number, sizeof number);
    close(fd);
    if (n < 0 && errno == ESTALE) return 0; /* replaced on another host while it was read */
    if (n != (ssize_t)sizeof number) return UINT32_MAX;
    for (size_t i = 1; i < NUMBERS; i++)
        if (number[i] != number[0]) return UINT32_MAX;
    return number[0];
}

/* Until this version, or a later one, is seen. */
static enum trouble wait_for(const struct cairn_selftest *test, const char *path, uint32_t version,
                             double *seconds)
{
    const double begin_s = cairn_clock_s();
    const double most_s = test->wishes->quick ? QUICK_PATIENCE_S : PATIENCE_S;
    uint32_t found = 0;
    while ((found = read_version(path)) < version) {
        *seconds = cairn_clock_s() - begin_s;
        if (*seconds > most_s) return version == 1 ? BLIND : LATE;
        cairn_watchdog_phase(test->comm, CAIRN_PHASE_READY);
        nanosleep(&nap, NULL);
    }
    *seconds = cairn_clock_s() - begin_s;
    return found == UINT32_MAX ? TORN : FINE;
}

/* One after the other.  Rank 0. */
static cairn_status replace_often(const char *path)
{
    cairn_status st = CAIRN_OK;
    for (uint32_t v = 2; v <= VERSIONS && st == CAIRN_OK; v++) {
        st = write_version(path, v);
        nanosleep(&nap, NULL);
    }
    return st;
}

/* The others look at it all the while.  Collective. */
static cairn_status try_replace(const struct cairn_selftest *test, const char *path,
                                struct seen *mine)
{
    cairn_status st = test->rank == 0 ? write_version(path, 1) : CAIRN_OK;
    CAIRN_TRY(cairn_comm_agree_root(test->comm, st));
    mine->trouble = (int32_t)wait_for(test, path, 1, &mine->first_s);
    CAIRN_TRY(cairn_comm_idle_barrier(test->comm, CAIRN_OK));
    if (test->rank == 0)
        st = replace_often(path);
    else if (mine->trouble == FINE)
        mine->trouble = (int32_t)wait_for(test, path, VERSIONS, &mine->last_s);
    if (test->rank != 0 && mine->trouble == FINE && read_version(path) == 0) mine->trouble = GONE;
    return cairn_comm_idle_barrier(test->comm, st);
}

/* ---- a lock */

static enum cairn_lock_answer lock(const char *path, int *fd)
{
    *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    return *fd < 0 ? CAIRN_LOCK_NONE : cairn_lock_ask(*fd);
}

/* Rank 0 holds it, and the others are kept out.  Collective. */
static cairn_status try_lock(const struct cairn_selftest *test, const char *path, struct seen *mine)
{
    int fd = -1;
    if (test->rank == 0) mine->lock = (int32_t)lock(path, &fd);
    CAIRN_TRY(cairn_comm_agree(test->comm, CAIRN_OK));
    if (test->rank != 0 && mine->trouble == FINE) mine->lock = (int32_t)lock(path, &fd);
    const cairn_status st = cairn_comm_agree(test->comm, CAIRN_OK);
    if (fd >= 0) close(fd);
    return st;
}

/* ---- rank 0 */

static const char *const sentence[] = {
    [BLIND] = "does not see what rank 0 writes; --out on a shared disk",
    [TORN] = "read a file that was half the old and half the new one; --out on a file system whose "
             "rename is atomic",
    [GONE] = "found no file while it was being replaced; --out on a file system whose rename is "
             "atomic",
    [LATE] = "did not see the last version of a file in time; a shorter actimeo of NFS",
};

static void judge_lock(const struct cairn_selftest *test, const struct seen *all,
                       struct cairn_selftest_result *out)
{
    char who[160];
    for (int r = 0; r < test->n_ranks; r++) {
        cairn_selftest_who(test, &r, 1, who, sizeof who);
        if (all[r].lock == CAIRN_LOCK_NONE)
            cairn_selftest_fail(out, CAIRN_FILES,
                                "%s: %s has no locks (fcntl): two jobs could use one run folder; "
                                "mount NFS without nolock, Lustre with -o flock",
                                who, test->folder);
        if (r > 0 && all[r].lock == CAIRN_LOCK_HELD)
            cairn_selftest_fail(out, CAIRN_FILES,
                                "%s: got the lock that rank 0 holds on %s; mount NFS without "
                                "local_lock, Lustre with -o flock in place of localflock",
                                who, test->folder);
    }
}

static void judge(struct cairn_selftest *test, const struct seen *all,
                  struct cairn_selftest_result *out)
{
    char who[160];
    double first_s = 0, last_s = 0;
    for (int r = 0; r < test->n_ranks; r++) {
        if (all[r].first_s > first_s) first_s = all[r].first_s;
        if (r > 0 && all[r].last_s > last_s) last_s = all[r].last_s;
        if (all[r].trouble == BLIND) test->shared = false;
        if (all[r].trouble == FINE) continue;
        cairn_selftest_who(test, &r, 1, who, sizeof who);
        cairn_selftest_fail(out, CAIRN_FILES, "%s: %s", who, sentence[all[r].trouble]);
    }
    if (test->shared) judge_lock(test, all, out);
    cairn_selftest_figure(out, first_s, "seen_after_s");
    cairn_selftest_figure(out, last_s, "replaced_%d_times_s", VERSIONS);
    cairn_selftest_pass(out,
                        "locks hold; all ranks saw a new file within %.3g s, and never half of one "
                        "that was replaced %d times",
                        first_s, VERSIONS - 1);
}

/* Collective; paths are known to all. */
static cairn_status try_all(struct cairn_selftest *test, struct cairn_selftest_result *out)
{
    struct seen mine = {.trouble = FINE, .lock = CAIRN_LOCK_BUSY};
    struct seen *all = NULL;
    char path[CAIRN_PATH_BYTES], locked[CAIRN_PATH_BYTES];
    cairn_status st = cairn_path_join(test->folder, "replaced", path);
    if (st == CAIRN_OK) st = cairn_path_join(test->folder, "locked", locked);
    if (st == CAIRN_OK)
        st = cairn_memory_get((size_t)test->n_ranks, sizeof *all, "what ranks saw", &all);
    st = cairn_comm_agree(test->comm, st);
    if (st == CAIRN_OK) st = try_replace(test, path, &mine);
    if (st == CAIRN_OK) st = try_lock(test, locked, &mine);
    if (st == CAIRN_OK) st = cairn_comm_gather(test->comm, st, &mine, sizeof mine, all);
    if (st == CAIRN_OK && test->rank == 0) judge(test, all, out);
    free(all);
    return st;
}

static cairn_status run(struct cairn_selftest *test, struct cairn_selftest_result *out)
{
    int32_t shared = 0;
    if (test->folder_st != CAIRN_OK)
        return cairn_fail(test->folder_st, "%s", test->rank == 0 ? test->folder_why : "");
    test->shared = true;
    cairn_status st = try_all(test, out);
    shared = st == CAIRN_OK && test->shared;
    CAIRN_TRY(cairn_comm_broadcast(test->comm, st, &shared, sizeof shared));
    test->shared = shared != 0;
    return CAIRN_OK;
}

const struct cairn_selftest_part cairn_selftest_files = {
    .name = "files",
    .doc = "the file system writes, locks, renames, and all ranks see the same",
    .run = run,
};
