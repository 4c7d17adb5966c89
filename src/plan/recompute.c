/* SPDX-License-Identifier: BSD-3-Clause */
#include "plan/recompute.h"

#include "base/log.h"
#include "cluster/launch.h"
#include "comm/exchange.h"

static cairn_status try_n(const struct cairn_candidate_job *job, uint64_t micro, size_t n,
                          struct cairn_planned *out)
{
    struct cairn_config config = *job->config;
    config.train_recompute = n;
    return cairn_planned_for(&config, job->dataset, job->rule, micro, job->room->several, out);
}

cairn_status cairn_recompute_that_fits(const struct cairn_candidate_job *job, uint64_t micro,
                                       size_t *out)
{
    enum { MOST = 1024 }; /* segments; of one layer each, long before */
    uint64_t least = UINT64_MAX;
    *out = cairn_setup_recompute(job->config);
    if (job->config->train_recompute != CAIRN_KEY_WORD(CAIRN_RECOMPUTE_AUTO)) return CAIRN_OK;
    for (size_t n = 0; n < MOST; n += n == 0 ? 2 : n / 4 + 1) {
        struct cairn_planned planned;
        CAIRN_TRY(try_n(job, micro, n, &planned));
        const struct cairn_need need = cairn_need(&planned, job->room->program);
        const bool fits = cairn_room_fit(job->room, &need) == CAIRN_FITS;
        if (planned.activations < least) *out = n;
        if (planned.activations < least) least = planned.activations;
        if (fits) return CAIRN_OK;
    }
    return CAIRN_OK;
}

/* Rank 0. */
static cairn_status choose(const struct cairn_candidate_job *job, size_t *out)
{
    struct cairn_planned planned;
    char bytes[32], all[32];
    uint64_t micro = job->rule->micro;
    if (micro == UINT64_MAX) CAIRN_TRY(cairn_micro_least(job, &micro));
    CAIRN_TRY(cairn_recompute_that_fits(job, micro, out));
    if (*out == 0) return CAIRN_OK;
    CAIRN_TRY(try_n(job, micro, *out, &planned));
    cairn_bytes_text(planned.activations, bytes);
    cairn_bytes_text(planned.activations_kept, all);
    cairn_log_info("train.recompute: auto took %zu: activations take %s instead of %s", *out, bytes,
                   all);
    return CAIRN_OK;
}

cairn_status cairn_recompute_auto(const struct cairn_config *config, cairn_comm *comm,
                                  struct cairn_dataset *dataset,
                                  const struct cairn_window_rule *rule, size_t *out)
{
    size_t n = cairn_setup_recompute(config);
    cairn_status st = CAIRN_OK;
    if (config->train_recompute == CAIRN_KEY_WORD(CAIRN_RECOMPUTE_AUTO)) {
        const struct cairn_room room = cairn_room_here(config, comm);
        const struct cairn_candidate_job job = {config, dataset, rule, &room};
        if (cairn_comm_rank(comm) == 0) st = choose(&job, &n);
        CAIRN_TRY(cairn_comm_broadcast(comm, st, &n, sizeof n));
    }
    *out = n;
    return CAIRN_OK;
}
