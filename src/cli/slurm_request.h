/* SPDX-License-Identifier: BSD-3-Clause
 * The command line of cairn slurm, and of cairn study --slurm.  Local. */
#ifndef CAIRN_CLI_SLURM_REQUEST_H
#define CAIRN_CLI_SLURM_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/slurm.h"

enum { CAIRN_MOST_SBATCH = 64, CAIRN_MOST_ELEMENTS = 100000 };

#define CAIRN_WORDS_LAUNCHER(FIRST, NEXT)                                                          \
    FIRST(LAUNCHER_SRUN, "srun") NEXT(LAUNCHER_MPIRUN, "mpirun")
CAIRN_CHOICE(cairn_launcher_name, CAIRN_WORDS_LAUNCHER);

/** What it says; the texts are borrowed from it. */
struct cairn_slurm_request {
    struct cairn_run_operands run;
    size_t n_nodes, ranks_per_node, threads; /* 0: not given */
    const char *time, *setup, *wrap, *program, *mpi, *array, *folder, *init, *out;
    const char *sbatch[CAIRN_MOST_SBATCH + 1]; /* NULL after the last */
    int launcher;                              /* enum cairn_launcher_name */
    bool init_partial, requeue, no_check, overwrite, job;
    bool study;     /* given: of cairn study --slurm; run_file is the study file */
    size_t n_tasks; /* of it */
};

/** The flags of both, and those of cairn slurm alone. */
extern const struct cairn_option cairn_slurm_flags[], cairn_slurm_run_flags[];

/** Read it into a request that is zero except for what is given.  Ranks: local.  Errors:
 * CAIRN_USAGE: unknown options, what has to be said and is not, options that do not go together. */
CAIRN_CHECKED cairn_status cairn_slurm_request_read(const struct cairn_arguments *arguments,
                                                    struct cairn_slurm_request *request);

#endif
