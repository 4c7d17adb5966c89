/* SPDX-License-Identifier: BSD-3-Clause
 * comm.sum: whether the ranks of each node train as one. */
#include "base/log.h"
#include "base/process.h"
#include "comm/exchange.h"
#include "comm/probe.h"
#include "start/start.h"

/* What forbids it, where all ranks see it; NULL: nothing. */
static const char *reason_against(const struct cairn_trainer_parts *parts)
{
    if (cairn_optim_can_share(parts->optim)) return NULL;
    return "the optimizer is the host's, which may keep more than its slots";
}

static enum cairn_overlap overlap_of(const struct cairn_config *config)
{
    if (config->comm_overlap == CAIRN_COMM_OVERLAP_ON) return CAIRN_OVERLAP_ON;
    return config->comm_overlap == CAIRN_COMM_OVERLAP_OFF ? CAIRN_OVERLAP_OFF : CAIRN_OVERLAP_AUTO;
}

/* Between nodes sums go the way that is quicker here.  Collective. */
static cairn_status find_way(const struct cairn_trainer_parts *parts)
{
    struct cairn_probe_ways ways = {0};
    if (parts->sums.overlap == CAIRN_OVERLAP_ON) return CAIRN_OK; /* round */
    CAIRN_TRY(parts->sums.team == NULL ? cairn_probe_ways(parts->comm, CAIRN_OK, &ways)
                                       : cairn_probe_rails(parts->comm, CAIRN_OK, &ways));
    if (ways.ring_s > 0)
        cairn_log_detail("a sum of %.0f bytes between nodes takes %.3g ms in Cairn's ring and "
                         "%.3g ms by MPI",
                         ways.n_bytes, 1e3 * ways.ring_s, 1e3 * ways.mpi_s);
    return CAIRN_OK;
}

/* A team has nothing that overlaps within its node. */
static bool is_worth_it(const struct cairn_trainer_parts *parts)
{
    const bool may =
        parts->sums.overlap != CAIRN_OVERLAP_ON || cairn_comm_node(parts->comm).n_nodes > 1;
    return may && cairn_model_params(parts->model)->n_values >= CAIRN_TEAM_LEAST_VALUES;
}

/* The team, where there is to be one.  Collective. */
static cairn_status find_team(const struct cairn_config *config, struct cairn_trainer_parts *parts)
{
    const bool automatic = config->comm_sum == CAIRN_COMM_SUM_AUTO;
    const size_t n_ranks = (size_t)cairn_comm_node(parts->comm).n_ranks;
    if (config->comm_sum == CAIRN_COMM_SUM_ALLREDUCE) return CAIRN_OK;
    if (cairn_team_fewest(parts->comm) == 0) {
        if (!automatic && cairn_comm_size(parts->comm) > 1)
            cairn_log_warning("comm.sum: node does nothing here: a node has one rank alone, and "
                              "allreduce is taken");
        return CAIRN_OK;
    }
    const char *against = reason_against(parts);
    if (against != NULL && !automatic)
        return cairn_fail(CAIRN_USAGE, "%s: comm.sum: node: %s; use allreduce, or auto",
                          cairn_config_place(config, "comm.sum"), against);
    if (automatic && (against != NULL || !is_worth_it(parts))) return CAIRN_OK;
    const size_t n_bytes = cairn_trainer_team_bytes(parts, n_ranks);
    CAIRN_TRY(cairn_team_create(parts->comm, CAIRN_OK, n_bytes, !automatic, &parts->sums.team));
    if (parts->sums.team != NULL)
        cairn_log_detail("comm.sum: the ranks of a node share weights and optimizer");
    else
        cairn_log_info("comm.sum: auto takes allreduce: there is no room in shared memory "
                       "(/dev/shm) for the %zu bytes that the ranks of a node would share",
                       n_bytes);
    return CAIRN_OK;
}

cairn_status cairn_start_team(const struct cairn_config *config, cairn_status st,
                              struct cairn_trainer_parts *parts)
{
    CAIRN_TRY(cairn_comm_agree(parts->comm, st));
    parts->sums.comm = parts->comm;
    parts->sums.lasting = !cairn_process_is_ours();
    parts->sums.overlap = overlap_of(config);
    parts->sums.bucket_bytes = (size_t)(config->comm_bucket_mb * (1 << 20));
    CAIRN_TRY(find_team(config, parts));
    return find_way(parts);
}
