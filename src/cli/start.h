/* SPDX-License-Identifier: BSD-3-Clause
 * What a command wants of the launch, for the doctor. */
#ifndef CAIRN_CLI_START_H
#define CAIRN_CLI_START_H

#include "cairn/comm.h"
#include "cluster/launch.h"
#include "comm/watchdog.h"
#include "config/config.h"
#include "setup/setup.h"

/** What the run of this config takes, by what was opened for it or foreseen.  All is borrowed:
 * `run_file` and `folder` may be NULL.  Ranks: local.  Errors: none. */
struct cairn_wanted cairn_start_wanted(const struct cairn_config *config,
                                       const struct cairn_setup_opened *opened,
                                       const char *run_file, const char *folder);

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
 * Errors  CAIRN_USAGE: the variable is not a span of time */
CAIRN_CHECKED cairn_status cairn_start_watched(const struct cairn_launcher_claim *claim,
                                               struct cairn_watched_start *out);

/** Let the start stand for longer where there is much data, or sizes of a micro-batch to try.
 *
 * Ranks   collective
 * Errors  the agreed one */
CAIRN_CHECKED cairn_status cairn_start_allow(const struct cairn_config *config, cairn_comm *comm,
                                             cairn_status st);

/** The same for the memory that a run takes.  Ranks: local.  Errors: none. */
void cairn_start_allow_memory(cairn_comm *comm, const struct cairn_planned *planned);

/** train.hang_timeout as cairn_watchdog_limit() takes it.  Ranks: local.  Errors: none. */
double cairn_start_hang_timeout_s(const struct cairn_config *config);

/** When a run must have stopped by itself, by train.deadline: as in cairn_run_options; 0 where it
 * need not.  `begin_s`: of the process.  Ranks: local.  Errors: CAIRN_USAGE: the end of the job is
 * not available. */
CAIRN_CHECKED cairn_status cairn_start_deadline(const struct cairn_config *config, double begin_s,
                                                double *deadline_s, double *deadline_unix_s);

/** runs/<name of the run file>, for `all` "runs": where a run goes that has no --out.  Ranks:
 * local. Errors: CAIRN_USAGE: too long. */
CAIRN_CHECKED cairn_status cairn_start_folder(const char *all, const char *run_file,
                                              char path[CAIRN_PATH_BYTES]);

#endif
