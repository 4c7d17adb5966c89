/* SPDX-License-Identifier: BSD-3-Clause
 * Is there room for the checkpoints that are kept, and for the one being written? */
#include "cluster/doctor.h"
#include "cluster/folder.h"

static bool has_folder(const struct cairn_wanted *wanted)
{
    return wanted->known && wanted->folder != NULL;
}

static void peek(struct cairn_launch *launch)
{
    cairn_folder_inspect(launch->wanted.folder, &launch->folder);
}

static void judge(const struct cairn_launch *launch, struct cairn_findings *out)
{
    const struct cairn_wanted *wanted = &launch->wanted;
    const struct cairn_folder_facts *folder = &launch->folder;
    double one = (double)wanted->checkpoint_bytes;
    double room = (double)folder->free_bytes + (double)folder->used_bytes;
    uint64_t kept = wanted->keep;
    char need[32], have[32];
    if (kept == 0 || kept > wanted->n_saves) kept = wanted->n_saves;
    kept += wanted->n_stay;
    double all = one * ((double)kept + 1);
    bool enough = all <= room;
    cairn_bytes_text((uint64_t)(all < 0x1p63 ? all : 0x1p63), need);
    cairn_bytes_text(folder->free_bytes, have);
    enum cairn_severity severity = enough            ? CAIRN_FINDING_OK
                                   : one * 2 <= room ? CAIRN_FINDING_WARNING
                                                     : CAIRN_FINDING_ERROR;
    struct cairn_finding *found = cairn_findings_add(
        out, severity, "%llu checkpoint%s and the next one take %s, and %s are free",
        (unsigned long long)kept, kept == 1 ? "" : "s", need, have);
    cairn_finding_where(found, "%.90s", folder->path);
    if (enough) return;
    double fits = room / (one > 0 ? one : 1) - 1 - (double)wanted->n_stay;
    if (fits >= 1)
        cairn_finding_fix(found, "checkpoint.keep=%.0f, or --out on a larger disk",
                          fits < 1e6 ? (double)(long)fits : 1e6);
    else
        cairn_finding_fix(found, "%s--out on a larger disk, or make room",
                          wanted->n_stay > 1 ? "fewer checkpoint.milestones, or " : "");
}

const struct cairn_check cairn_check_space = {
    .name = "space",
    .doc = "the disk has room for the checkpoints that are kept",
    .quick = true,
    .wants = has_folder,
    .peek = peek,
    .judge = judge,
};
