/* SPDX-License-Identifier: BSD-3-Clause
 * The batch triple: global = micro x accumulate x ranks, of which two are given. */
#include <inttypes.h>

#include "setup/setup.h"

#define AUTO CAIRN_KEY_WORD(CAIRN_MICRO_AUTO)

static const enum cairn_tail tail_of[] = {
    [CAIRN_BATCH_TAIL_EXACT] = CAIRN_TAIL_EXACT,
    [CAIRN_BATCH_TAIL_DROP] = CAIRN_TAIL_DROP,
    [CAIRN_BATCH_TAIL_CARRY] = CAIRN_TAIL_CARRY,
};

static bool is_number(size_t value)
{
    return value != CAIRN_NONE && value != AUTO;
}

/* A ramp from the first sample on says all about the global batch. */
static bool begins_with_ramp(const struct cairn_window_rule *rule)
{
    return rule->ramp.n > 0 && rule->ramp.entry[0].position == 0;
}

static cairn_status check_reproducible(const struct cairn_config *config,
                                       const struct cairn_window_rule *rule)
{
    bool global = is_number(config->batch_global) || begins_with_ramp(rule);
    if (!config->train_reproducible) return CAIRN_OK;
    if (global && is_number(config->batch_micro)) return CAIRN_OK;
    return cairn_fail(
        CAIRN_USAGE,
        "%s: train.reproducible needs batch.global and batch.micro as numbers, since others "
        "change with the ranks and with them the bits",
        cairn_config_place(config, "train.reproducible"));
}

/* batch.micro x batch.accumulate x ranks: as large as batch.global may be. */
static cairn_status multiply(const struct cairn_config *config, size_t n_ranks, size_t *out)
{
    const size_t largest = 1000000000000000;                          /* as in options.def */
    size_t one_rank = config->batch_micro * config->batch_accumulate; /* each at most 1e9 */
    if (one_rank > largest / n_ranks)
        return cairn_fail(CAIRN_USAGE,
                          "%s: batch.micro %zu x batch.accumulate %zu x %zu ranks is too large",
                          cairn_config_place(config, "batch.micro"), config->batch_micro,
                          config->batch_accumulate, n_ranks);
    *out = one_rank * n_ranks;
    return CAIRN_OK;
}

/* global and accumulate: the quotient must come out. */
static cairn_status divide_global(const struct cairn_config *config, size_t n_ranks,
                                  uint64_t *micro)
{
    size_t parts = config->batch_accumulate * n_ranks;
    if (config->batch_global % parts != 0)
        return cairn_fail(
            CAIRN_USAGE,
            "%s: batch.global %zu is not a multiple of batch.accumulate %zu x %zu ranks = %zu",
            cairn_config_place(config, "batch.global"), config->batch_global,
            config->batch_accumulate, n_ranks, parts);
    *micro = config->batch_global / parts;
    return CAIRN_OK;
}

static cairn_status check_product(const struct cairn_config *config, size_t n_ranks)
{
    size_t product = 0;
    CAIRN_TRY(multiply(config, n_ranks, &product));
    if (product == config->batch_global) return CAIRN_OK;
    return cairn_fail(CAIRN_USAGE,
                      "%s: batch.micro %zu x batch.accumulate %zu x %zu ranks = %zu, but "
                      "batch.global is %zu; leave out "
                      "one of the three",
                      cairn_config_place(config, "batch.global"), config->batch_micro,
                      config->batch_accumulate, n_ranks, product, config->batch_global);
}

static cairn_status solve(const struct cairn_config *config, size_t n_ranks,
                          struct cairn_window_rule *rule)
{
    bool global = is_number(config->batch_global) || begins_with_ramp(rule);
    bool micro = config->batch_micro != CAIRN_NONE;
    bool accumulate = is_number(config->batch_accumulate);
    if (global + micro + accumulate < 2)
        return cairn_fail(
            CAIRN_USAGE,
            "%s: give two of batch.global, batch.micro and batch.accumulate; the third follows",
            cairn_config_place(config, "batch.global"));
    rule->micro = config->batch_micro == AUTO ? UINT64_MAX : config->batch_micro;
    rule->global =
        is_number(config->batch_global) ? config->batch_global : rule->ramp.entry[0].batch;
    if (global && accumulate && is_number(config->batch_micro))
        return check_product(config, n_ranks);
    if (global && accumulate) return divide_global(config, n_ranks, &rule->micro);
    if (global) return CAIRN_OK;
    if (config->batch_micro == AUTO)
        return cairn_fail(CAIRN_USAGE, "%s: batch.micro: auto needs batch.global",
                          cairn_config_place(config, "batch.micro"));
    size_t product = 0;
    CAIRN_TRY(multiply(config, n_ranks, &product));
    rule->global = product;
    return CAIRN_OK;
}

static cairn_status set_length(const struct cairn_config *config, struct cairn_window_rule *rule)
{
    bool epochs = config->train_epochs != CAIRN_NONE;
    bool updates = config->train_updates != CAIRN_NONE;
    if (epochs && updates)
        return cairn_fail(CAIRN_USAGE, "%s: give train.epochs or train.updates, not both",
                          cairn_config_place(config, "train.updates"));
    rule->updates = updates ? config->train_updates : UINT64_MAX;
    rule->epochs = epochs ? config->train_epochs : updates ? UINT64_MAX : 1;
    return CAIRN_OK;
}

/* With batch.tail: drop no epoch may be left without an update. */
static cairn_status check_drop(const struct cairn_config *config,
                               const struct cairn_window_rule *rule)
{
    uint64_t batch = cairn_window_batch(rule, 0);
    for (size_t i = 0; i < rule->ramp.n && batch <= rule->n_samples; i++)
        batch = cairn_window_batch(rule, rule->ramp.entry[i].position);
    if (rule->tail != CAIRN_TAIL_DROP || batch <= rule->n_samples) return CAIRN_OK;
    return cairn_fail(CAIRN_USAGE,
                      "%s: batch.tail drop leaves nothing: %s is %" PRIu64 " for %" PRIu64
                      " training samples; use tail: exact or a smaller batch",
                      cairn_config_place(config, "batch.tail"),
                      rule->ramp.n > 0 ? "a global batch of batch.ramp" : "batch.global", batch,
                      rule->n_samples);
}

cairn_status cairn_setup_batch(const struct cairn_config *config, int n_ranks, size_t n_samples,
                               struct cairn_window_rule *out)
{
    struct cairn_window_rule rule = {.n_samples = n_samples, .tail = tail_of[config->batch_tail]};
    CAIRN_TRY(cairn_setup_ramp(config, &rule));
    CAIRN_TRY(check_reproducible(config, &rule));
    CAIRN_TRY(solve(config, (size_t)n_ranks, &rule));
    CAIRN_TRY(set_length(config, &rule));
    CAIRN_TRY(check_drop(config, &rule));
    *out = rule;
    return CAIRN_OK;
}

enum cairn_noise cairn_setup_noise(const struct cairn_config *config, size_t n_micro, int n_ranks)
{
    switch (config->train_noise) {
    case CAIRN_TRAIN_NOISE_RANK: return CAIRN_NOISE_RANK;
    case CAIRN_TRAIN_NOISE_MICRO: return CAIRN_NOISE_MICRO;
    case CAIRN_TRAIN_NOISE_OFF: return CAIRN_NOISE_OFF;
    default:
        return config->train_reproducible ? CAIRN_NOISE_MICRO
                                          : cairn_noise_auto(n_micro, (size_t)n_ranks);
    }
}

const char *cairn_setup_sum_kind(const struct cairn_config *config, enum cairn_noise noise)
{
    if (config->train_reproducible) return "fixed";
    return noise == CAIRN_NOISE_MICRO ? "float_per_micro" : "float";
}
