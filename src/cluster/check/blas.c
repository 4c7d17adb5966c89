/* SPDX-License-Identifier: BSD-3-Clause
 * Does BLAS have threads of its own beside those of OpenMP?  Then both spin on the same CPUs. */
#include <stdio.h>

#include "cluster/doctor.h"
#include "tensor/threads.h"

static void inspect(const struct cairn_wanted *wanted, struct cairn_rank_facts *mine)
{
    char text[256];
    (void)wanted;
    cairn_threads_blas(text, sizeof text);
    snprintf(mine->blas, sizeof mine->blas, "%.*s", (int)sizeof mine->blas - 1, text);
    mine->blas_threads = (int32_t)cairn_threads_blas_kind();
    mine->openmp = cairn_threads_openmp();
}

static bool is_bad(const struct cairn_rank_facts *facts)
{
    return facts->threads > 1 && facts->openmp && facts->blas_threads == CAIRN_BLAS_PTHREADS;
}

static void judge(const struct cairn_launch *launch, struct cairn_findings *out)
{
    for (int r = 0; r < launch->n_ranks; r++) {
        const struct cairn_rank_facts *facts = &launch->rank[r];
        if (!is_bad(facts)) continue;
        struct cairn_finding *found = cairn_findings_add(
            out, CAIRN_FINDING_WARNING,
            "OpenBLAS has %u threads of its own (pthreads) beside those of OpenMP", facts->threads);
        cairn_finding_where(found, "rank %d (%s)", r, facts->host);
        cairn_finding_fix(found, "the OpenMP flavour (apt-get install libopenblas0-openmp; spack "
                                 "openblas threads=openmp), or train.threads=1 and more ranks");
        return; /* one of them speaks for all */
    }
    cairn_findings_add(out, CAIRN_FINDING_OK, "%s", launch->rank[0].blas);
}

const struct cairn_check cairn_check_blas = {
    .name = "blas",
    .doc = "BLAS has no threads of its own beside OpenMP's",
    .quick = true,
    .inspect = inspect,
    .judge = judge,
};
