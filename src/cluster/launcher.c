/* SPDX-License-Identifier: BSD-3-Clause
 * N singletons instead of N ranks: the most expensive mistake of a launch, since each would train
 * alone. */
#include "cluster/launcher.h"

#include <stdlib.h>

/* Who says how many ranks there should be.  A launcher is asked before the job around it: mpirun -n
 * 1 is meant. */
static const char *const variables[] = {
    "OMPI_COMM_WORLD_SIZE", "PMI_SIZE",     "MPI_LOCALNRANKS", "MV2_COMM_WORLD_SIZE", "PALS_SIZE",
    "SLURM_STEP_NUM_TASKS", "SLURM_NTASKS",
};

cairn_status cairn_launcher_check(const cairn_comm *comm)
{
    if (cairn_comm_size(comm) > 1) return CAIRN_OK;
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        const char *text = getenv(variables[i]);
        if (text == NULL) continue;
        long n = strtol(text, NULL, 10);
        if (n <= 1) return CAIRN_OK;
        return cairn_fail(
            CAIRN_USAGE,
            "%s says %ld ranks, but this process is alone: start it with the mpirun of the MPI it "
            "was built with, or with srun --mpi=pmix; --singleton runs one rank all the same",
            variables[i], n);
    }
    return CAIRN_OK;
}

bool cairn_launcher_is_first(void)
{
    static const char *const names[] = {"OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (getenv(names[i]) != NULL) return strtol(getenv(names[i]), NULL, 10) == 0;
    return true;
}
