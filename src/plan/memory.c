/* SPDX-License-Identifier: BSD-3-Clause
 * What a run takes in memory and on the disk, before any of it is taken.  Sizes follow from the
 * same plans that the objects are made from. */
#include "plan/memory.h"

#include "base/count.h"
#include "base/memory.h"
#include "comm/team.h"

/* HDF5 holds so much of each array that is open, and of each that it reads. */
#define CHUNKS_BYTES ((uint64_t)1 << 20)

/* Of those at the interval; of the others only what stays is known. */
static uint64_t count_saves(const struct cairn_config *config, uint64_t total)
{
    uint64_t every = cairn_setup_saves_every(config);
    return every == 0 ? 1 : total / every + (total % every != 0 || total == 0);
}

/* Labels of classes, which a dataset holds from its opening on. */
static uint64_t label_bytes(const struct cairn_dataset *dataset)
{
    uint64_t n = 0;
    for (int split = 0; split < CAIRN_N_SPLITS; split++)
        if (cairn_dataset_labels(dataset, (enum cairn_split)split) != NULL)
            n += cairn_dataset_size(dataset, (enum cairn_split)split);
    return cairn_count_times(n, sizeof(int32_t));
}

/* The memory of the model's own parts, for the micro-batches of this rule. */
static cairn_status plan_model(const struct cairn_config *config,
                               const struct cairn_dataset *dataset,
                               const struct cairn_window_rule *rule, struct cairn_planned *out)
{
    const size_t micro = (size_t)rule->micro;
    enum {
        STEP = CAIRN_ALIGNMENT, /* so many samples more leave what was rounded up as it was */
        MANY = 320              /* kernels do fewer in other ways, with other memory */
    };
    struct cairn_model_size size, fewer, larger;
    struct cairn_model_options options = cairn_setup_model_options(config, dataset, micro);
    cairn_setup_expect_all(&options, rule, dataset);
    CAIRN_TRY(cairn_model_measure(&options, &size));
    options.holds = false;
    options.micro = options.sizes[0] = micro > MANY ? micro : MANY;
    CAIRN_TRY(cairn_model_measure(&options, &fewer));
    options.micro = options.sizes[0] = options.micro + STEP;
    CAIRN_TRY(cairn_model_measure(&options, &larger));
    out->n_weights = size.n_weights;
    out->n_values = size.n_values;
    out->n_shared = size.n_shared;
    out->activations = size.activation_bytes;
    out->code = size.code_bytes;
    out->sample = (larger.activation_bytes - fewer.activation_bytes) / STEP;
    out->recompute = options.recompute;
    out->activations_kept = out->activations;
    if (options.recompute == 0) return CAIRN_OK;
    options.micro = options.sizes[0] = micro;
    options.recompute = 0;
    CAIRN_TRY(cairn_model_measure(&options, &size));
    out->activations_kept = size.activation_bytes;
    return CAIRN_OK;
}

/* What MPI_Allreduce takes for messages: half of what is summed, where the ranks halve it again and
 * again (Rabenseifner), as Open MPI 4.1 does on 2 to 5 ranks, measured for 2.7 and 43 MB; and the
 * queues of MPI's ranks among each other. */
static uint64_t exchange_bytes(uint64_t n_values, size_t element_bytes)
{
    const uint64_t most_at_once = (uint64_t)1 << 28; /* as in comm/wire.c */
    const uint64_t queues = (uint64_t)1 << 20;
    return queues + cairn_count_times(cairn_count_least(n_values, most_at_once), element_bytes) / 2;
}

/* The copy, and a piece of the file that is read back through HDF5's chunks.  Where the only
 * checkpoint is that of the end there is no copy, nor with checkpoint.copy: false; and nothing is
 * summed while it is written. */
static void plan_saves(struct cairn_planned *planned, bool copied)
{
    const uint64_t library = (uint64_t)3 << 20; /* HDF5 while it writes: what rank 0 has more */
    const uint64_t most = (uint64_t)1 << 20;    /* of a piece, in checkpoint/read.c */
    const uint64_t piece = cairn_count_least(planned->checkpoint, most);
    uint64_t file = cairn_count_plus(piece, cairn_count_least(planned->checkpoint, CHUNKS_BYTES));
    if (planned->n_saves <= 1) file -= cairn_count_least(file, planned->exchange);
    file = cairn_count_plus(file, library);
    planned->snapshot = cairn_count_plus(copied ? planned->checkpoint : 0, file);
}

cairn_status cairn_planned_for(const struct cairn_config *config, struct cairn_dataset *dataset,
                               const struct cairn_window_rule *rule, uint64_t micro, bool several,
                               struct cairn_planned *out)
{
    struct cairn_planned planned = {.micro = micro};
    struct cairn_window_rule cut = *rule;
    cut.micro = micro;
    size_t n_slots = 0;
    CAIRN_TRY(plan_model(config, dataset, &cut, &planned));
    CAIRN_TRY(cairn_setup_optim_slots(config, &n_slots));
    const size_t n_micro = cairn_planned_n_micro(rule, micro);
    planned.batch = cairn_window_most(&cut);
    const enum cairn_noise noise = cairn_setup_noise(config, n_micro, several ? 2 : 1);
    const struct cairn_sum_cost sum = cairn_sum_cost(cairn_setup_sum_kind(config, noise), n_micro);
    uint64_t block = cairn_count_times(planned.n_values, sizeof(real));
    planned.weights = block;
    planned.fixed = cairn_sum_cost("fixed", n_micro);
    planned.average = config->train_ema > 0 ? block : 0;
    planned.gradient = cairn_count_times(planned.n_values, sum.memory_bytes);
    if (noise == CAIRN_NOISE_MICRO)
        planned.gradient =
            cairn_count_plus(planned.gradient, cairn_count_times(planned.n_shared, sizeof(real)));
    planned.optimizer =
        cairn_count_times(cairn_count_times(planned.n_weights, sizeof(real)), n_slots);
    const bool large = planned.n_values >= CAIRN_TEAM_LEAST_VALUES;
    if (several && (config->comm_sum == CAIRN_COMM_SUM_NODE ||
                    (config->comm_sum == CAIRN_COMM_SUM_AUTO && large)))
        planned.once = cairn_count_plus(planned.weights, planned.optimizer);
    planned.labels = label_bytes(dataset);
    planned.groups = cairn_setup_loader_bytes(config, dataset, (size_t)micro);
    cairn_planned_hold(&planned, cairn_setup_data_preferred(&planned.groups));
    planned.on_wire = cairn_count_times(planned.n_values, sum.wire_bytes);
    planned.exchange = several ? exchange_bytes(planned.n_values, sum.wire_bytes) : 0;
    const uint64_t total = cairn_window_total(rule);
    planned.n_saves = count_saves(config, total);
    planned.n_stay = cairn_setup_saves_stay(config, total);
    planned.checkpoint =
        cairn_count_plus(cairn_count_plus(block, planned.average), planned.optimizer);
    plan_saves(&planned, cairn_setup_saves_copied(config));
    *out = planned;
    return CAIRN_OK;
}

size_t cairn_planned_n_micro(const struct cairn_window_rule *rule, uint64_t micro)
{
    struct cairn_window_rule cut = *rule;
    cut.micro = micro;
    return (size_t)cairn_window_most_micro(&cut);
}

cairn_status cairn_planned_on(const struct cairn_config *config, struct cairn_dataset *dataset,
                              int n_ranks, struct cairn_planned *out)
{
    struct cairn_window_rule rule;
    CAIRN_TRY(cairn_setup_check_train(dataset));
    CAIRN_TRY(
        cairn_setup_batch(config, n_ranks, cairn_dataset_size(dataset, CAIRN_SPLIT_TRAIN), &rule));
    uint64_t micro = rule.micro == UINT64_MAX ? 1 : rule.micro;
    return cairn_planned_for(config, dataset, &rule, micro, n_ranks > 1, out);
}

void cairn_planned_hold(struct cairn_planned *planned, unsigned held)
{
    planned->data = cairn_setup_data_held(&planned->groups, held);
    planned->buffers = cairn_count_plus(planned->groups.buffers,
                                        cairn_setup_data_streamed(&planned->groups, held));
}

uint64_t cairn_planned_rank_bytes(const struct cairn_planned *planned)
{
    const uint64_t part[] = {planned->weights,     planned->average,  planned->gradient,
                             planned->optimizer,   planned->data,     planned->buffers,
                             planned->activations, planned->exchange, planned->labels,
                             planned->code};
    uint64_t all = 0;
    for (size_t i = 0; i < sizeof part / sizeof part[0]; i++) all = cairn_count_plus(all, part[i]);
    return all;
}

uint64_t cairn_planned_total_bytes(const struct cairn_planned *planned)
{
    return cairn_count_plus(cairn_planned_rank_bytes(planned), planned->snapshot);
}
