/* SPDX-License-Identifier: BSD-3-Clause
 * What a run takes in memory and on the disk, before any of it is taken.  Sizes follow from the
 * same plans that the objects are made from. */
#include "setup/setup.h"

/* a x b, or UINT64_MAX where it does not fit. */
static uint64_t times(uint64_t a, uint64_t b)
{
    return a != 0 && b > UINT64_MAX / a ? UINT64_MAX : a * b;
}

static uint64_t plus(uint64_t a, uint64_t b)
{
    return b > UINT64_MAX - a ? UINT64_MAX : a + b;
}

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
    return times(n, sizeof(int32_t));
}

static cairn_status plan_with(const struct cairn_config *config, struct cairn_dataset *dataset,
                              int n_ranks, struct cairn_planned *out)
{
    struct cairn_window_rule rule;
    struct cairn_model_size size;
    size_t n_slots = 0;
    CAIRN_TRY(
        cairn_setup_batch(config, n_ranks, cairn_dataset_size(dataset, CAIRN_SPLIT_TRAIN), &rule));
    size_t micro = rule.micro == UINT64_MAX ? 1 : (size_t)rule.micro;
    struct cairn_model_options options = cairn_setup_model_options(config, dataset, micro);
    CAIRN_TRY(cairn_model_measure(&options, &size));
    CAIRN_TRY(cairn_setup_optim_slots(config, &n_slots));
    const char *kind = cairn_setup_sum_kind(config);
    size_t wire = config->train_reproducible ? sizeof(uint64_t) : sizeof(float);
    uint64_t block = times(size.n_values, sizeof(float));
    uint64_t total = cairn_window_total(&rule);
    bool ema = config->train_ema > 0;
    *out = (struct cairn_planned){
        .weights = times(block, ema ? 2 : 1),
        .gradient = times(size.n_values, cairn_sum_bytes_per_weight(kind)),
        .optimizer = times(times(size.n_weights, sizeof(float)), n_slots),
        .activations = size.activation_bytes,
        .data = plus(cairn_setup_loader_bytes(config, dataset, micro), label_bytes(dataset)),
        .on_wire = times(size.n_values, wire),
        .n_saves = count_saves(config, total),
        .n_stay = cairn_setup_saves_stay(config, total),
    };
    out->checkpoint = plus(out->weights, out->optimizer);
    out->snapshot = times(out->checkpoint, 2); /* the copy, and the file while it is written */
    return CAIRN_OK;
}

cairn_status cairn_setup_planned(const struct cairn_config *config, int n_ranks,
                                 struct cairn_planned *out)
{
    struct cairn_dataset *dataset = NULL;
    CAIRN_TRY(cairn_setup_dataset(config, NULL, &dataset));
    cairn_status st = CAIRN_OK;
    if (cairn_dataset_size(dataset, CAIRN_SPLIT_TRAIN) == 0)
        st = cairn_fail(CAIRN_DATA,
                        "%s: has no group train to learn from; cairn info shows what it has",
                        cairn_dataset_path(dataset));
    if (st == CAIRN_OK) st = plan_with(config, dataset, n_ranks, out);
    cairn_dataset_close(dataset);
    return st;
}

uint64_t cairn_setup_planned_total(const struct cairn_planned *planned)
{
    uint64_t all = plus(planned->weights, planned->gradient);
    all = plus(all, plus(planned->optimizer, planned->activations));
    return plus(all, plus(planned->data, planned->snapshot));
}
