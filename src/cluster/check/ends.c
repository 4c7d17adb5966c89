/* SPDX-License-Identifier: BSD-3-Clause
 * Would mpirun hear how the ranks end?  A rank of Open MPI 4 says good-bye to mpirun and waits two
 * seconds for its answer (PMIx_Finalize); mpirun that is kept from a core for longer sees it gone
 * without a word, and returns 1 for a run in which every rank ended with 0. */
#include <stdlib.h>
#include <string.h>

#include "cluster/doctor.h"

enum { CROWD = 16 /* ranks to a core; it was seen with 128 */ };

static void inspect(const struct cairn_wanted *wanted, struct cairn_rank_facts *mine)
{
    const char *forgives = getenv("OMPI_MCA_orte_allowed_exit_without_sync");
    (void)wanted;
    mine->forgives = forgives != NULL && strcmp(forgives, "0") != 0;
}

static void judge(const struct cairn_launch *launch, struct cairn_findings *out)
{
    const size_t before = out->n;
    for (int h = 0; h < launch->n_hosts; h++) {
        const struct cairn_host *host = &launch->host[h];
        const struct cairn_rank_facts *first = &launch->rank[host->rank[0]];
        bool crowded = first->host_cores > 0 && host->n / CROWD >= (int)first->host_cores;
        if (!crowded || !first->mpirun_daemons || first->forgives) continue;
        struct cairn_finding *found = cairn_findings_add(
            out, CAIRN_FINDING_WARNING,
            "%d ranks on %u core%s: mpirun may miss that one ended successfully, and return 1",
            host->n, first->host_cores, first->host_cores == 1 ? "" : "s");
        cairn_finding_where(found, "%s", first->host);
        cairn_finding_fix(found, "launch/cairn-mpirun, or export "
                                 "OMPI_MCA_orte_allowed_exit_without_sync=1");
    }
    if (out->n == before)
        cairn_findings_add(out, CAIRN_FINDING_OK, "mpirun has time to learn how ranks end");
}

const struct cairn_check cairn_check_ends = {
    .name = "ends",
    .doc = "mpirun returns 0 for a run that ended successfully",
    .quick = true,
    .inspect = inspect,
    .judge = judge,
};
