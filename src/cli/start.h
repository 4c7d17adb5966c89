/* SPDX-License-Identifier: BSD-3-Clause
 * What a command wants of the launch, for the doctor. */
#ifndef CAIRN_CLI_START_H
#define CAIRN_CLI_START_H

#include "cairn/comm.h"
#include "cluster/launch.h"
#include "comm/watchdog.h"
#include "config/config.h"

/** What the run of this config takes, planned by rank 0.  The paths are borrowed: `run_file` and
 * `folder` may be NULL.
 *
 * Ranks   collective
 * Errors  the agreed one: CAIRN_DATA, CAIRN_USAGE, as making the trainer would say */
CAIRN_CHECKED cairn_status cairn_start_wanted(const struct cairn_config *config, cairn_comm *comm,
                                              const char *run_file, const char *folder,
                                              struct cairn_wanted *out);

/** The quick part of `cairn doctor` for a command that trains nothing and takes little: warnings.
 * That a command in a job of several tasks is a single process is meant then.
 *
 * Ranks   collective
 * Errors  the agreed one: memory */
CAIRN_CHECKED cairn_status cairn_start_small(const struct cairn_config *config, cairn_comm *comm);

/** What the launcher says of this process, and how long its start may stand at one thing:
 * CAIRN_START_TIMEOUT, or a minute, a tenth of a second for each rank, and a second for each rank
 * to a core.
 *
 * Ranks   local
 * Errors  CAIRN_USAGE: the variable is no span of time */
CAIRN_CHECKED cairn_status cairn_start_watched(const struct cairn_launcher_claim *claim,
                                               struct cairn_watched_start *out);

/** Let the start stand for longer where there is much data, or sizes of a micro-batch to try.
 *
 * Ranks   collective
 * Errors  the agreed one */
CAIRN_CHECKED cairn_status cairn_start_allow(const struct cairn_config *config, cairn_comm *comm,
                                             cairn_status st);

/** train.hang_timeout as cairn_watchdog_limit() takes it.  Ranks: local.  Errors: none. */
double cairn_start_hang_timeout_s(const struct cairn_config *config);

/** When a run must have stopped by itself, by train.deadline: as in cairn_run_options; 0 where it
 * need not.  `begin_s`: of the process.  Ranks: local.  Errors: CAIRN_USAGE: the end of the job is
 * not to be had. */
CAIRN_CHECKED cairn_status cairn_start_deadline(const struct cairn_config *config, double begin_s,
                                                double *deadline_s, double *deadline_unix_s);

/** runs/<name of the run file>, for `all` "runs": where a run goes that is not told.  Ranks: local.
 * Errors: CAIRN_USAGE: too long. */
CAIRN_CHECKED cairn_status cairn_start_folder(const char *all, const char *run_file,
                                              char path[CAIRN_PATH_BYTES]);

#endif
