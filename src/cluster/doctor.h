/* SPDX-License-Identifier: BSD-3-Clause
 * What is wrong with this launch, and what mends it.  Checks are one file and one line in
 * check/checks.def each; the quick ones run at every start. */
#ifndef CAIRN_CLUSTER_DOCTOR_H
#define CAIRN_CLUSTER_DOCTOR_H

#include <stdbool.h>

#include "cairn/comm.h"
#include "cluster/findings.h"
#include "cluster/launch.h"

/** A check: what it asks of every rank, what it measures with them, and how rank 0 judges. */
struct cairn_check {
    const char *name;
    const char *doc; /* one sentence */
    bool quick;      /* runs at every start */
    bool (*wants)(
        const struct cairn_wanted *wanted); /* whether it has anything to say; NULL: yes */
    /* Ranks: local; cannot fail.  NULL: nothing is asked. */
    void (*inspect)(const struct cairn_wanted *wanted, struct cairn_rank_facts *mine);
    /* Ranks: rank 0, local; before anything is measured.  NULL: nothing to see. */
    void (*peek)(struct cairn_launch *launch);
    /* Ranks: collective, not at a start; `launch->rank` is there on rank 0 only.  NULL: nothing is
     * measured. */
    cairn_status (*measure)(cairn_comm *comm, struct cairn_launch *launch);
    /* Ranks: rank 0.  Adds one line at least. */
    void (*judge)(const struct cairn_launch *launch, struct cairn_findings *out);
};

/** The registered checks; NULL after the last.  Ranks: local.  Errors: none. */
const struct cairn_check *cairn_check_at(size_t index);

/** The one of this name, or NULL.  Ranks: local.  Errors: none. */
const struct cairn_check *cairn_check_find(const char *name);

/**
 * Look, measure and judge.
 *
 * wanted    the same on all ranks, except for its paths, its dataset and what it holds of that
 * everything  all checks; false: the quick ones
 * out       on rank 0: the lines, zeroed before; empty elsewhere
 *
 * Ranks   collective; the quick part is one record gathered from each rank
 * Errors  the agreed one: memory
 */
CAIRN_CHECKED cairn_status cairn_doctor_run(cairn_comm *comm, const struct cairn_wanted *wanted,
                                            bool everything, struct cairn_findings *out);

/**
 * The quick part, at the start of a command: warnings for what was found, a few lines at most;
 * nothing where all is well, nor with -q.  Never ends a run.
 *
 * Ranks   collective
 * Errors  the agreed one: memory
 */
CAIRN_CHECKED cairn_status cairn_doctor_start(cairn_comm *comm, const struct cairn_wanted *wanted);

#endif
