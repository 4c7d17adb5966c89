/* SPDX-License-Identifier: BSD-3-Clause
 * cairn study --slurm, which is the work of cairn slurm. */
#ifndef CAIRN_CLI_SLURM_H
#define CAIRN_CLI_SLURM_H

#include "cli/command.h"

/** Its own flags. */
extern const struct cairn_command cairn_slurm_of_study;

/** The batch script of a job array whose tasks share the study.
 * Ranks: local (rank 0).  Errors: CAIRN_USAGE, CAIRN_FILES. */
CAIRN_CHECKED cairn_status cairn_slurm_study(const struct cairn_arguments *arguments);

#endif
