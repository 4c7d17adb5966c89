/* SPDX-License-Identifier: BSD-3-Clause
 * The entry of this start in provenance.json. */
#ifndef CAIRN_START_PROVENANCE_H
#define CAIRN_START_PROVENANCE_H

#include <stddef.h>
#include <stdint.h>

#include "cairn/comm.h"
#include "data/dataset.h"
#include "record/run_folder.h"

/** What main parts of a start the entry names; versions, machine and job are found out. */
struct cairn_start {
    const struct cairn_dataset *dataset;
    const char *config_text;  /* the resolved run file */
    const char *resumed_from; /* "" for a fresh start */
    const char *init_from;    /* weights made elsewhere; NULL for none */
    uint64_t init_hash;       /* of the weights then */
    uint64_t data_fingerprint;
    size_t threads;
};

/** Gather the hosts and write the entry into the folder, which rank 0 has open.
 *  Ranks: collective.  Errors: the agreed one: CAIRN_FILES. */
CAIRN_CHECKED cairn_status cairn_provenance_begin(cairn_comm *comm, const struct cairn_start *about,
                                                  struct cairn_run_folder *folder);

#endif
