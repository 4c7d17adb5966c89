/* SPDX-License-Identifier: BSD-3-Clause
 * How fast does each rank multiply matrices while all do?  All wait for the slowest in every
 * update. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/sort.h"
#include "cluster/doctor.h"
#include "comm/exchange.h"
#include "tensor/blas.h"

#define TIMED_S 0.2
#define SLOW    0.7 /* of the median */
enum { SIZE = 256 };

/* Floating-point operations a second. */
static cairn_status time_products(double *rate)
{
    real *block = NULL;
    size_t n = (size_t)SIZE * SIZE;
    CAIRN_TRY(cairn_memory_get(3 * n, sizeof *block, "three matrices", &block));
    for (size_t i = 0; i < 2 * n; i++) block[i] = (real)(i % 7) - 3;
    struct cairn_gemm job = {
        .m = SIZE, .n = SIZE, .k = SIZE, .a = block, .b = block + n, .c = block + 2 * n};
    cairn_gemm(&job); /* warms up */
    double begin_s = cairn_clock_s();
    double spent_s = 0;
    double products = 0;
    for (; spent_s < TIMED_S; products++) {
        cairn_gemm(&job);
        spent_s = cairn_clock_s() - begin_s;
    }
    free(block);
    *rate = 2.0 * SIZE * SIZE * SIZE * products / spent_s;
    return CAIRN_OK;
}

static cairn_status measure(cairn_comm *comm, struct cairn_launch *launch)
{
    double mine = 0;
    cairn_status st = CAIRN_OK;
    if (cairn_comm_rank(comm) == 0)
        st =
            cairn_memory_get((size_t)launch->n_ranks, sizeof *launch->rate, "rates", &launch->rate);
    st = cairn_comm_agree(comm, st); /* so that all begin together */
    if (st == CAIRN_OK) st = time_products(&mine);
    return cairn_comm_gather(comm, st, &mine, sizeof mine, launch->rate);
}

static double median_of(const double *rate, int n)
{
    double *sorted = NULL;
    if (cairn_memory_get((size_t)n, sizeof *sorted, "rates", &sorted) != CAIRN_OK) return 0;
    memcpy(sorted, rate, (size_t)n * sizeof *sorted);
    cairn_sort_numbers(sorted, (size_t)n);
    double median = sorted[n / 2];
    free(sorted);
    return median;
}

static void judge(const struct cairn_launch *launch, struct cairn_findings *out)
{
    double median = median_of(launch->rate, launch->n_ranks);
    double least = launch->rate[0];
    bool found = false;
    for (int r = 0; r < launch->n_ranks; r++) {
        double rate = launch->rate[r];
        if (rate < least) least = rate;
        if (rate >= SLOW * median) continue;
        struct cairn_finding *slow =
            cairn_findings_add(out, CAIRN_FINDING_WARNING,
                               "slow: %.1f GFLOP/s, %.0f %% of the median of all ranks (%.1f)",
                               rate / 1e9, 100 * rate / median, median / 1e9);
        cairn_finding_where(slow, "rank %d (%s)", r, launch->rank[r].host);
        cairn_finding_fix(slow,
                          "look for other work or a CPU quota on %s (top, cpu.max), or leave it "
                          "out (sbatch --exclude=%s)",
                          launch->rank[r].host, launch->rank[r].host);
        found = true;
    }
    if (!found)
        cairn_findings_add(out, CAIRN_FINDING_OK, "%.1f GFLOP/s in a rank (least %.1f)",
                           median / 1e9, least / 1e9);
}

const struct cairn_check cairn_check_gemm = {
    .name = "gemm",
    .doc = "all ranks multiply matrices at about the same rate",
    .measure = measure,
    .judge = judge,
};
