/* SPDX-License-Identifier: BSD-3-Clause
 * Would a lost host be noticed?  The daemons of Open MPI 4's mpirun wait 8 minutes for a host that
 * is gone, and the ranks with them. */
#include <stdlib.h>

#include "cluster/doctor.h"

static void inspect(const struct cairn_wanted *wanted, struct cairn_rank_facts *mine)
{
    (void)wanted;
    mine->mpirun_daemons = cairn_probe_openmpi() == 4 && getenv("OMPI_MCA_orte_hnp_uri") != NULL;
    mine->keepalive = getenv("OMPI_MCA_oob_tcp_keepalive_time") != NULL;
}

static void judge(const struct cairn_launch *launch, struct cairn_findings *out)
{
    const struct cairn_rank_facts *first = &launch->rank[0];
    if (launch->n_hosts == 1) {
        cairn_findings_add(out, CAIRN_FINDING_OK, "one host");
        return;
    }
    if (!first->mpirun_daemons || first->keepalive) {
        cairn_findings_add(out, CAIRN_FINDING_OK,
                           first->mpirun_daemons ? "mpirun notices a host that is lost"
                                                 : "not started by Open MPI 4's mpirun");
        return;
    }
    struct cairn_finding *found = cairn_findings_add(
        out, CAIRN_FINDING_WARNING,
        "Open MPI 4 hangs for 8 minutes and more when one of %d hosts is lost", launch->n_hosts);
    cairn_finding_fix(found, "launch/cairn-mpirun, or export OMPI_MCA_oob_tcp_keepalive_time=10 "
                             "OMPI_MCA_oob_tcp_keepalive_intvl=5 "
                             "OMPI_MCA_oob_tcp_keepalive_probes=3");
}

const struct cairn_check cairn_check_keepalive = {
    .name = "keepalive",
    .doc = "a host that is lost is noticed",
    .quick = true,
    .inspect = inspect,
    .judge = judge,
};
