/* SPDX-License-Identifier: BSD-3-Clause
 * Are there as many ranks as the launcher says? */
#include <inttypes.h>
#include <stdio.h>

#include "cluster/doctor.h"

static void inspect(const struct cairn_wanted *wanted, struct cairn_rank_facts *mine)
{
    const struct cairn_launcher_claim *claim = &wanted->claim;
    mine->launcher_ranks = claim->least;
    if (claim->variable != NULL)
        snprintf(mine->launcher_variable, sizeof mine->launcher_variable, "%s", claim->variable);
}

static void judge(const struct cairn_launch *launch, struct cairn_findings *out)
{
    const struct cairn_rank_facts *first = &launch->rank[0];
    if (launch->n_ranks > 1 || first->launcher_ranks <= 1) {
        cairn_findings_add(out, CAIRN_FINDING_OK, "%d rank%s on %d host%s", launch->n_ranks,
                           launch->n_ranks == 1 ? "" : "s", launch->n_hosts,
                           launch->n_hosts == 1 ? "" : "s");
        return;
    }
    struct cairn_finding *found = cairn_findings_add(
        out, CAIRN_FINDING_ERROR,
        "%s says %" PRId64 " ranks, but this process is alone, and so is each of the others",
        first->launcher_variable, first->launcher_ranks);
    cairn_finding_where(found, "%s", first->host);
    cairn_finding_fix(found, "start it with the mpirun of the MPI it was built with (cairn "
                             "--version), or with srun --mpi=pmix; for a single rank: --singleton");
}

const struct cairn_check cairn_check_launch = {
    .name = "launch",
    .doc = "as many ranks as the launcher says",
    .quick = true,
    .inspect = inspect,
    .judge = judge,
};
