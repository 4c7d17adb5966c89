/* SPDX-License-Identifier: BSD-3-Clause
 * Whether Cairn, as it is installed and started here, does what it promises: parts that pass, fail
 * or are left out, one file and one line in part/parts.def each.  This is what its user sees;
 * part.h is for the parts. */
#ifndef CAIRN_SELFTEST_SELFTEST_H
#define CAIRN_SELFTEST_SELFTEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/file.h"
#include "cairn/comm.h"
#include "cluster/launcher.h"
#include "comm/link.h"

/** What is asked for, the same on all ranks. */
struct cairn_selftest_wishes {
    const char *out;       /* a folder on the file system of the runs */
    const char *json;      /* NULL: selftest.json in it */
    double minutes;        /* what begins later is left out, and timings share them */
    bool quick;            /* seconds: times are judged only where they are absurd */
    double slow;           /* a rank is slow that takes so many times the median; 0: the default */
    double least_sum;      /* efficiency of a sum against the link, and ... */
    double least_scaling;  /* ... of all ranks against one, that pass; 0: the defaults */
    double most_off;       /* how many times a prediction may be off; 0: the default */
    double hang_s;         /* a rank that stands at one thing for longer is lost */
    const char *link_text; /* what the fabric should give; NULL: not known */
    struct cairn_launcher_claim claim;
    uint64_t program_bytes; /* as in struct cairn_wanted */
};

/**
 * Before MPI begins, on the first rank: a run is started in a process of its own and killed in the
 * middle of a checkpoint.  What it leaves lies in the work folder, whose name follows from host and
 * process, and so does the sentence why there is none.
 *
 * Ranks   the first; starts a process, and so not after MPI_Init
 * Errors  none
 */
void cairn_selftest_prepare(const struct cairn_selftest_wishes *wishes);

/**
 * All parts, the page on stdout and the file.
 *
 * Ranks   collective
 * Errors  the agreed one: that of the first part that failed, with its sentence; CAIRN_FILES: the
 *         file cannot be written; CAIRN_LOST; CAIRN_MEMORY
 */
CAIRN_CHECKED cairn_status cairn_selftest_run(cairn_comm *comm,
                                              const struct cairn_selftest_wishes *wishes);

#endif
