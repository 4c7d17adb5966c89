/* SPDX-License-Identifier: BSD-3-Clause
 * A run as its folder has it, for commands that look back at it and change nothing there.  Local.
 */
#ifndef CAIRN_CLI_PAST_H
#define CAIRN_CLI_PAST_H

#include "base/file.h"
#include "config/config.h"
#include "data/dataset.h"
#include "data/shuffle.h"

/** The config.yaml of a run folder.  Ranks: local.  Errors: CAIRN_USAGE: it is no run folder. */
CAIRN_CHECKED cairn_status cairn_past_config(const char *folder, struct cairn_config **out);

/** What the newest checkpoint says of the order of samples, or the run file where there is none
 * yet; *known false where neither does.  checkpoint: its path, "" for none.  Ranks: local. Errors:
 * CAIRN_DATA: there are checkpoints and none can be used. */
CAIRN_CHECKED cairn_status cairn_past_order(const char *folder, const struct cairn_config *config,
                                            char checkpoint[CAIRN_PATH_BYTES], bool *known,
                                            struct cairn_shuffle *out);

/** Whether the run, or that of which it went on from a checkpoint, began with the weights that
 * follow from its run file and seed.  Ranks: local.  Errors: CAIRN_USAGE: with weights that were
 * made elsewhere, or no provenance.json says so. */
CAIRN_CHECKED cairn_status cairn_past_check_initial(const char *folder);

/** Whether the samples were in a host's memory, by the file that the config names.  Ranks: local.
 * Errors: none. */
bool cairn_past_is_fed(const struct cairn_config *config);

/** The data that the run was trained on, which a checkpoint of it recognises; "": none.
 * Ranks: local.  Errors: CAIRN_DATA: they are not there, or others; CAIRN_USAGE: they were in a
 * host's memory. */
CAIRN_CHECKED cairn_status cairn_past_data(const struct cairn_config *config,
                                           const char *checkpoint, struct cairn_dataset **out);

/** The next of numbers with commas between them, "3,17,4"; *text goes behind it, to the end at
 * last.  Ranks: local.  Errors: CAIRN_USAGE: no such number. */
CAIRN_CHECKED cairn_status cairn_past_number(const char **text, uint64_t *out);

#endif
