/* SPDX-License-Identifier: BSD-3-Clause
 * What is due along a run: evaluations, checkpoints, lines of gradflow.csv. */
#include <math.h>
#include <string.h>

#include "nn/profile.h"
#include "setup/setup.h"

static cairn_status read_milestones(const struct cairn_config *config, struct cairn_keep *keep)
{
    double number[CAIRN_MOST_MILESTONES];
    const struct cairn_node *node = config->checkpoint_milestones;
    size_t n = cairn_key_numbers(node, CAIRN_MOST_MILESTONES, number);
    if (n > CAIRN_MOST_MILESTONES)
        return cairn_fail(CAIRN_USAGE,
                          "%s: checkpoint.milestones lists %zu updates, at most %d; say a number "
                          "for every so many",
                          cairn_config_place(config, "checkpoint.milestones"), n,
                          CAIRN_MOST_MILESTONES);
    for (size_t i = 0; i < n; i++) {
        if (number[i] != floor(number[i]))
            return cairn_fail(CAIRN_USAGE,
                              "%s: checkpoint.milestones has %g, which is not a number of updates",
                              cairn_config_place(config, "checkpoint.milestones"), number[i]);
        keep->at[i] = (uint64_t)number[i];
    }
    keep->n_at = n;
    if (node == NULL || node->kind != CAIRN_NODE_SCALAR) return CAIRN_OK;
    keep->every = keep->at[0];
    keep->n_at = 0;
    return CAIRN_OK;
}

/* What is evaluated. */
struct selected {
    const struct cairn_dataset *dataset;
    const struct cairn_model *model;
};

/* What selects wants evaluations on val: test is for the end. */
static cairn_status check_selects(const struct cairn_config *config,
                                  const struct cairn_dataset *dataset, const char *key)
{
    const char *place = cairn_config_place(config, key);
    if (cairn_dataset_size(dataset, CAIRN_SPLIT_VAL) == 0)
        return cairn_fail(CAIRN_USAGE,
                          "%s: %s selects by the group val, which %s does not have; make one "
                          "(data.val_fraction=0.1, cairn import --val), or leave %s out",
                          place, key, cairn_dataset_path(dataset), strrchr(key, '.') + 1);
    if (config->train_evaluate_every == CAIRN_KEY_WORD(CAIRN_EVALUATE_EVERY_NONE))
        return cairn_fail(CAIRN_USAGE,
                          "%s: %s needs evaluations, and train.evaluate_every is none; give it "
                          "updates, or epoch",
                          place, key);
    return CAIRN_OK;
}

/* The score of this name, which a key selects by. */
static cairn_status find_score(const struct cairn_config *config, const struct selected *of,
                               const char *key, const char *name, size_t *out)
{
    const char *place = cairn_config_place(config, key);
    CAIRN_TRY_IN(cairn_score_find(name, out), "%s: %s", place, key);
    CAIRN_TRY(check_selects(config, of->dataset, key));
    CAIRN_TRY_IN(cairn_setup_check_score(config, of->model, *out), "%s: %s", place, key);
    return CAIRN_OK;
}

static bool is_none(const char *text)
{
    return strcmp(text, "none") == 0;
}

/* train.stop. */
static cairn_status find_stop(const struct cairn_config *config, const struct selected *of,
                              struct cairn_goal *out)
{
    static const char KEY[] = "train.stop";
    size_t score = CAIRN_SCORE_NONE;
    *out = (struct cairn_goal){.score = CAIRN_SCORE_NONE};
    if (is_none(config->train_stop)) return CAIRN_OK;
    CAIRN_TRY_IN(cairn_goal_read(config->train_stop, out), "%s: %s",
                 cairn_config_place(config, KEY), KEY);
    return find_score(config, of, KEY, cairn_score_name(out->score), &score);
}

/* What evaluations decide. */
static cairn_status find_selected(const struct cairn_config *config, const struct selected *of,
                                  struct cairn_run_options *out)
{
    const char *best = config->checkpoint_keep_best;
    const bool patient = config->train_patience != CAIRN_KEY_WORD(CAIRN_PATIENCE_NONE);
    out->keep_best = out->plateau_by = CAIRN_SCORE_NONE;
    out->patience = patient ? config->train_patience : 0;
    out->patience_by = CAIRN_SCORE_LOSS;
    if (!is_none(best)) {
        CAIRN_TRY(find_score(config, of, "checkpoint.keep_best", best, &out->keep_best));
        out->patience_by = out->keep_best;
    }
    if (patient) CAIRN_TRY(check_selects(config, of->dataset, "train.patience"));
    CAIRN_TRY(find_stop(config, of, &out->stop));
    if (config->schedule_decay != CAIRN_LR_DECAY_PLATEAU) return CAIRN_OK;
    CAIRN_TRY(check_selects(config, of->dataset, "schedule.decay"));
    return find_score(config, of, "schedule.plateau_by", config->schedule_plateau_by,
                      &out->plateau_by);
}

cairn_status cairn_setup_check_run(const struct cairn_config *config,
                                   const struct cairn_dataset *dataset,
                                   const struct cairn_model *model)
{
    struct cairn_keep unused = {0};
    struct cairn_metric_set *metrics = NULL;
    struct cairn_run_options none = {.evaluate_every = 0};
    CAIRN_TRY(read_milestones(config, &unused));
    CAIRN_TRY(cairn_setup_metrics(config, model, &metrics));
    cairn_metrics_free(metrics);
    return find_selected(config, &(struct selected){dataset, model}, &none);
}

uint64_t cairn_setup_saves_every(const struct cairn_config *config)
{
    if (config->checkpoint_every == CAIRN_KEY_WORD(CAIRN_CHECKPOINT_EVERY_NONE))
        return config->checkpoint_every_updates;
    return config->checkpoint_every == CAIRN_KEY_WORD(CAIRN_CHECKPOINT_EVERY_AUTO)
               ? 1
               : config->checkpoint_every;
}

uint64_t cairn_setup_saves_stay(const struct cairn_config *config, uint64_t n_updates)
{
    struct cairn_keep keep = {0};
    uint64_t n = !is_none(config->checkpoint_keep_best);
    if (read_milestones(config, &keep) != CAIRN_OK) return n; /* said by who takes them */
    if (keep.every != 0) n += n_updates / keep.every;
    for (size_t i = 0; i < keep.n_at; i++) n += keep.at[i] <= n_updates;
    return n;
}

/* Updates between rows of gradflow.csv: about 50 times a run, unless looking at so many values
 * would take more than a hundredth of the work.  Both are counted, not timed, and the work is that
 * of all ranks: which rows there are depends on the run file alone. */
static uint64_t gradflow_interval(const struct cairn_trainer_parts *parts)
{
    static const double values_per_ns = 8, flops_per_ns = 200, other_ns = 50000, share = 0.01;
    const uint64_t often = cairn_window_total(&parts->rule) / 50 + 1;
    const uint64_t n_micro = cairn_window_most_micro(&parts->rule);
    const double n_samples = (double)n_micro * (double)parts->rule.micro;
    const double work_ns = other_ns + n_samples * cairn_model_flops(parts->model) / flops_per_ns;
    double passes = 2; /* over the gradient and the weights, and ... */
    for (uint64_t n = n_micro; n > 0; n /= 2) passes++; /* ... after 1, 2, 4, ... micro-batches */
    const double values = (double)cairn_model_params(parts->model)->n_weights;
    const double least = ceil(passes * values / values_per_ns / (share * work_ns));
    return (double)often > least ? often : (uint64_t)least;
}

bool cairn_setup_saves_copied(const struct cairn_config *config)
{
    struct cairn_keep keep = {0};
    const bool milestones =
        read_milestones(config, &keep) != CAIRN_OK || keep.every != 0 || keep.n_at != 0;
    const bool in_between = milestones || cairn_setup_saves_every(config) != 0 ||
                            !is_none(config->checkpoint_keep_best);
    return in_between && config->checkpoint_copy;
}

cairn_status cairn_setup_run(const struct cairn_config *config, const cairn_trainer *t,
                             struct cairn_run_options *out)
{
    struct cairn_keep keep = {.newest = config->checkpoint_keep};
    CAIRN_TRY(read_milestones(config, &keep));
    CAIRN_TRY(find_selected(config, &(struct selected){t->parts.dataset, t->parts.model}, out));
    out->evaluate_every = config->train_evaluate_every;
    if (config->train_evaluate_every == CAIRN_KEY_WORD(CAIRN_EVALUATE_EVERY_EPOCH))
        out->evaluate_every = CAIRN_EVERY_EPOCH;
    if (config->train_evaluate_every == CAIRN_KEY_WORD(CAIRN_EVALUATE_EVERY_NONE))
        out->evaluate_every = 0;
    out->gradflow_every = config->log_gradflow_every;
    if (config->log_gradflow_every == CAIRN_KEY_WORD(CAIRN_GRADFLOW_EVERY_AUTO))
        out->gradflow_every = gradflow_interval(&t->parts);
    out->checkpoint_every = cairn_setup_saves_every(config);
    if (config->checkpoint_every == CAIRN_KEY_WORD(CAIRN_CHECKPOINT_EVERY_AUTO))
        out->checkpoint_mtbf_s = config->checkpoint_mtbf;
    out->saves_in_place = !config->checkpoint_copy;
    out->place.keep = keep;
    out->tensorboard = config->log_tensorboard;
    out->mlperf = config->log_mlperf;
    out->reproducible = config->train_reproducible;
    return CAIRN_OK;
}
