/* SPDX-License-Identifier: BSD-3-Clause
 * Reading metrics.csv: what a run wrote of its updates.  Local. */
#ifndef CAIRN_RECORD_UPDATES_H
#define CAIRN_RECORD_UPDATES_H

#include <stddef.h>
#include <stdint.h>

#include "cairn/status.h"
#include "record/run_folder.h"

/** What it says of one update. */
struct cairn_update_line {
    uint64_t update, epoch, samples, batch_samples;
    int ranks;
    uint64_t exact; /* a hash of the columns up to grad_norm, whose bits depend on no world, as they
                       stand there */
};

/** Call visit for each whole line of the metrics.csv of a folder; one that a killed run did not
 * finish, the last, is left out.  Ranks: local.  Errors: CAIRN_DATA: there is none, or it is
 * damaged; CAIRN_FILES; CAIRN_MEMORY; those of visit. */
CAIRN_CHECKED cairn_status cairn_updates_each(
    const char *folder, cairn_status (*visit)(void *context, const struct cairn_update_line *line),
    void *context);

#endif
