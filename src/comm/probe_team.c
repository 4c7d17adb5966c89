/* SPDX-License-Identifier: BSD-3-Clause
 * What a sum takes where the ranks of a node share memory. */
#include <math.h>

#include "base/clock.h"
#include "comm/addends.h"
#include "comm/exchange.h"
#include "comm/probe.h"
#include "comm/team.h"
#include "comm/world.h"
#include "tensor/real.h"

enum { BLOCK = 2048 }; /* values at once, which stay in the cache */

/* Each rank adds up its part of the blocks of all. */
static double sum_s(const struct cairn_team *team, const struct cairn_addends *addends, size_t n)
{
    const struct cairn_part part = cairn_team_part(team);
    const size_t end = cairn_part_end(part, n);
    real *out = (real *)(void *)addends->memory;
    const double begin_s = cairn_clock_s();
    (void)cairn_team_wait(team);
    for (size_t i = cairn_part_begin(part, n); i < end; i += BLOCK)
        cairn_addends_sum(addends, CAIRN_WIRE_REAL, i, end - i < BLOCK ? end - i : BLOCK, out + i);
    (void)cairn_team_wait(team);
    return cairn_clock_s() - begin_s;
}

static cairn_status time_team(cairn_comm *comm, struct cairn_team *team, size_t n_bytes,
                              int repeats, double *seconds)
{
    struct cairn_addends addends = {.n = cairn_team_place(team).n, .stride = n_bytes};
    double best_s = INFINITY;
    cairn_status st =
        cairn_team_take(team, addends.n, n_bytes, "a timed sum of a node", &addends.memory);
    st = cairn_comm_agree(comm, st);
    for (int i = 0; i <= repeats && st == CAIRN_OK; i++) {
        cairn_comm_check(comm, MPI_Barrier(comm->mpi), "MPI_Barrier");
        const double spent_s = sum_s(team, &addends, n_bytes / sizeof(real));
        if (i > 0 && spent_s < best_s) best_s = spent_s; /* the first one warms up */
    }
    if (st != CAIRN_OK) return st;
    CAIRN_TRY(cairn_comm_max(comm, CAIRN_OK, &best_s, 1));
    *seconds = best_s;
    return CAIRN_OK;
}

cairn_status cairn_probe_team(cairn_comm *comm, cairn_status st, size_t n_bytes, int repeats,
                              double *seconds)
{
    struct cairn_team *team = NULL;
    const size_t n_ranks = (size_t)cairn_comm_node(comm).n_ranks;
    if (cairn_team_fewest(comm) > 1)
        st = cairn_team_create(comm, st, n_ranks * n_bytes, false, &team);
    if (st == CAIRN_OK && team == NULL) *seconds = 0;
    if (st == CAIRN_OK && team != NULL) st = time_team(comm, team, n_bytes, repeats, seconds);
    cairn_team_free(team);
    return cairn_comm_agree(comm, st);
}
