/* SPDX-License-Identifier: BSD-3-Clause
 * Does the file system of the run folder do what checkpoints and the lock want: locks, sync,
 * rename, and the same files on all hosts? */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cluster/doctor.h"
#include "cluster/folder.h"
#include "comm/exchange.h"

#define SLOW_SYNC_S 1.0

static bool has_folder(const struct cairn_wanted *wanted)
{
    return wanted->known && wanted->folder != NULL;
}

/* Rank 0 makes a file, the others look for it. */
static cairn_status measure(cairn_comm *comm, struct cairn_launch *launch)
{
    char name[CAIRN_PATH_BYTES] = "";
    struct stat about;
    int odd = -1;
    bool main_rank = cairn_comm_rank(comm) == 0;
    if (main_rank) cairn_folder_try(&launch->folder, name);
    /* Ranks begin in the working folder of rank 0, so a relative path leads to the same place. */
    cairn_status st = cairn_comm_broadcast(comm, CAIRN_OK, name, sizeof name);
    bool sees = name[0] == '\0' || stat(name, &about) == 0;
    double blind = sees ? 0 : (double)cairn_comm_rank(comm);
    if (st == CAIRN_OK) st = cairn_comm_max(comm, st, &blind, 1);
    if (main_rank && name[0] != '\0') unlink(name);
    if (blind > 0) odd = (int)blind;
    if (main_rank) launch->folder.blind_rank = odd;
    return st;
}

static bool judge_trouble(const struct cairn_folder_facts *folder, struct cairn_findings *out)
{
    struct cairn_finding *found = NULL;
    if (!folder->writes) {
        found = cairn_findings_add(out, CAIRN_FINDING_ERROR, "%s", folder->trouble);
        cairn_finding_fix(found, "--out on a disk that can be written");
    } else if (!folder->locks) {
        found = cairn_findings_add(out, CAIRN_FINDING_WARNING,
                                   "no locks (fcntl): two jobs on two hosts could use one folder");
        cairn_finding_fix(found, "--out on a disk with locks (mount NFS without nolock, Lustre "
                                 "with -o flock), or take care yourself");
    } else if (folder->sync_s > SLOW_SYNC_S) {
        found = cairn_findings_add(out, CAIRN_FINDING_WARNING,
                                   "bringing 4 kB to the disk takes %.1f s", folder->sync_s);
        cairn_finding_fix(found, "--out on a faster disk, or a larger checkpoint.every_updates");
    }
    if (found != NULL) cairn_finding_where(found, "%.90s", folder->path);
    return found != NULL;
}

static void judge(const struct cairn_launch *launch, struct cairn_findings *out)
{
    const struct cairn_folder_facts *folder = &launch->folder;
    bool found = judge_trouble(folder, out);
    if (folder->blind_rank > 0) {
        struct cairn_finding *blind = cairn_findings_add(
            out, CAIRN_FINDING_WARNING,
            "rank %d (%s) does not see what rank 0 writes: a restart elsewhere would find no "
            "checkpoint",
            folder->blind_rank, launch->rank[folder->blind_rank].host);
        cairn_finding_where(blind, "%.90s", folder->path);
        cairn_finding_fix(blind, "--out on a shared disk");
        found = true;
    }
    if (found) return;
    struct cairn_finding *fine = cairn_findings_add(
        out, CAIRN_FINDING_OK, "locks, fsync (%.1f ms) and rename (%.1f ms) work",
        1000 * folder->sync_s, 1000 * folder->rename_s);
    cairn_finding_where(fine, "%.90s", folder->path);
}

const struct cairn_check cairn_check_files = {
    .name = "files",
    .doc = "the run folder's disk locks, syncs and renames, and all hosts see it",
    .wants = has_folder,
    .measure = measure,
    .judge = judge,
};
