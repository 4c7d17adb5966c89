/* SPDX-License-Identifier: BSD-3-Clause
 * What a run needs to know before its memory is taken: data, batch, plan.  Files are opened here,
 * once, by rank 0. */
#include "start/start.h"

#include "base/process.h"
#include "cairn/real.h"
#include "comm/exchange.h"
#include "plan/micro_search.h"
#include "plan/recompute.h"
#include "tensor/threads.h"

/* A library computes as it was built; the program has looked into the run file where it could. */
static cairn_status check_precision(const struct cairn_config *config)
{
#ifdef CAIRN_ONE_PRECISION
    const char *who = "program";
#else
    const char *who = cairn_process_is_ours() ? NULL : "library";
#endif
    const int bits = cairn_config_bits(config);
    if (bits == CAIRN_REAL_BITS) return CAIRN_OK;
    if (who != NULL)
        return cairn_fail(CAIRN_USAGE,
                          "%s: train.precision is float%d, but this %s computes in float%d; build "
                          "it with -DCAIRN_REAL=%s",
                          cairn_config_place(config, "train.precision"), bits, who, CAIRN_REAL_BITS,
                          bits == 64 ? "double" : "float");
    return cairn_fail(CAIRN_USAGE,
                      "%s: train.precision is float%d, which a rank could not read before it "
                      "began; put the run file where every host sees it (a pipe is read but once), "
                      "or give train.precision=float%d on the command line",
                      cairn_config_place(config, "train.precision"), bits, bits);
}

/* What can be wrong before any file is looked at.  Local. */
static cairn_status begin(const struct cairn_config *config)
{
    CAIRN_TRY(check_precision(config));
    CAIRN_TRY(cairn_setup_check_backend(config));
    CAIRN_TRY(cairn_threads_set(config->train_threads));
    if (config->train_ema < 1) return CAIRN_OK;
    return cairn_fail(CAIRN_USAGE,
                      "%s: train.ema is 1, an average that never moves; say 0.999, or 0 for none",
                      cairn_config_place(config, "train.ema"));
}

/* The batch of data that are open.  Local. */
static cairn_status solve_batch(const struct cairn_config *config, int n_ranks,
                                struct cairn_opened *opened)
{
    CAIRN_TRY(cairn_setup_check_train(opened->dataset));
    CAIRN_TRY(cairn_setup_batch(
        config, n_ranks, cairn_dataset_size(opened->dataset, CAIRN_SPLIT_TRAIN), &opened->rule));
    if (!cairn_dataset_is_fed(opened->dataset)) return CAIRN_OK;
    if (config->train_guard > 0)
        return cairn_fail(CAIRN_USAGE,
                          "%s: train.guard: samples are worked again by another rank, and these "
                          "are fed; leave it out",
                          cairn_config_place(config, "train.guard"));
    if (opened->rule.micro != UINT64_MAX) return CAIRN_OK;
    return cairn_fail(CAIRN_USAGE,
                      "%s: batch.micro: auto is timed with training samples, and these are fed; "
                      "give a number",
                      cairn_config_place(config, "batch.micro"));
}

/* data.in_memory: true is meant, whatever it takes: not more than there is.  Rank 0 knows why. */
static cairn_status check_hold(cairn_comm *comm, const struct cairn_hold *hold)
{
    if (!hold->refused) return CAIRN_OK;
    return cairn_comm_agree_root(
        comm, cairn_fail(CAIRN_USAGE,
                         "%s; use data.in_memory: auto, which reads what does not fit as it "
                         "comes, or fewer ranks on a node",
                         hold->text));
}

cairn_status cairn_start_open(const struct cairn_config *config, cairn_comm *comm,
                              struct cairn_setup_data *data, struct cairn_opened *out)
{
    struct cairn_opened opened = {.dataset = NULL};
    struct cairn_config decided = *config; /* borrows all that it points at */
    const int n_ranks = cairn_comm_size(comm);
    cairn_status st =
        cairn_setup_data_open_for_all(comm, begin(config), data, config, &opened.dataset);
    if (st == CAIRN_OK) st = cairn_comm_agree(comm, solve_batch(config, n_ranks, &opened));
    if (st == CAIRN_OK)
        st = cairn_recompute_auto(config, comm, opened.dataset, &opened.rule, &opened.recompute);
    decided.train_recompute = opened.recompute;
    if (st == CAIRN_OK && opened.rule.micro == UINT64_MAX)
        st = cairn_micro_auto(&decided, comm, opened.dataset, &opened.rule, &opened.rule.micro);
    if (st == CAIRN_OK && cairn_comm_rank(comm) == 0)
        st = cairn_planned_for(&decided, opened.dataset, &opened.rule, opened.rule.micro,
                               n_ranks > 1, &opened.planned);
    st = cairn_start_decide_hold(comm, st, data == NULL ? 0 : data->n_beside, &opened);
    if (st == CAIRN_OK) st = check_hold(comm, &opened.hold);
    if (st == CAIRN_OK)
        opened.shuffle = cairn_setup_shuffle(config, opened.dataset, opened.hold.train);
    if (st == CAIRN_OK)
        *out = opened;
    else
        cairn_opened_close(&opened);
    return st;
}

cairn_status cairn_start_foresee(const struct cairn_config *config, cairn_comm *comm,
                                 struct cairn_setup_data *data, struct cairn_opened *out)
{
    struct cairn_opened opened = {.dataset = NULL};
    cairn_status st = cairn_comm_agree(comm, check_precision(config));
    if (st == CAIRN_OK && cairn_comm_rank(comm) == 0) {
        st = cairn_setup_data_open(data, config, &opened.dataset);
        if (st == CAIRN_OK)
            st = cairn_planned_on(config, opened.dataset, cairn_comm_size(comm), &opened.planned);
    }
    st = cairn_start_decide_hold(comm, st, 0, &opened);
    if (st == CAIRN_OK)
        *out = opened;
    else
        cairn_opened_close(&opened);
    return st;
}

void cairn_opened_close(struct cairn_opened *opened)
{
    cairn_dataset_close(opened->dataset);
    opened->dataset = NULL;
}
