/* SPDX-License-Identifier: BSD-3-Clause
 * The entry of this start in provenance.json. */
#ifndef CAIRN_CLI_PROVENANCE_H
#define CAIRN_CLI_PROVENANCE_H

#include <stdint.h>

#include "config/config.h"
#include "train/trainer.h"

/** Gather the hosts and write the entry.  folder: on rank 0; resumed_from: "" for a fresh start.
 *  Ranks: collective.  Errors: the agreed one: CAIRN_FILES. */
CAIRN_CHECKED cairn_status cairn_provenance_begin(cairn_comm *comm, const struct cairn_config *config,
                                                  const char *config_text, const cairn_trainer *trainer,
                                                  struct cairn_run_folder *folder, const char *resumed_from,
                                                  uint64_t data_fingerprint);

#endif
