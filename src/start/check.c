/* SPDX-License-Identifier: BSD-3-Clause
 * What would end a run at its start, found without ranks and without taking what a run takes.
 * Memory is planned for one sample: this machine may have less of it than those of the job. */
#include "start/start.h"

#include <limits.h>

#include "base/log.h"
#include "cluster/launch.h"

static cairn_status check_optim(const struct cairn_config *config,
                                const struct cairn_window_rule *rule,
                                const struct cairn_model *model)
{
    struct cairn_schedule schedule;
    struct cairn_scaling scaling;
    struct cairn_optim *optim = NULL;
    CAIRN_TRY(cairn_setup_schedule(config, rule, &schedule));
    CAIRN_TRY(cairn_setup_scaling(config, rule, &scaling));
    CAIRN_TRY(cairn_setup_optim(config, &scaling, rule->global, cairn_model_params(model), &optim));
    cairn_optim_free(optim);
    return CAIRN_OK;
}

static cairn_status check_model(const struct cairn_config *config, struct cairn_dataset *dataset,
                                const struct cairn_window_rule *rule)
{
    struct cairn_model *model = NULL;
    size_t micro = rule->micro < 2 ? 1 : 2; /* normalisation may want two samples */
    struct cairn_model_options options = cairn_setup_model_options(config, dataset, micro);
    CAIRN_TRY(cairn_model_create(&options, &model));
    cairn_status st = cairn_setup_check_labels(dataset, model);
    if (st == CAIRN_OK) st = check_optim(config, rule, model);
    if (st == CAIRN_OK) st = cairn_setup_check_run(config, dataset, model);
    cairn_model_free(model);
    return st;
}

cairn_status cairn_start_check(const struct cairn_config *config, struct cairn_setup_data *data,
                               size_t n_ranks)
{
    struct cairn_dataset *dataset = NULL;
    struct cairn_window_rule rule = {0};
    cairn_status st = CAIRN_OK;
    if (n_ranks > INT_MAX)
        return cairn_fail(CAIRN_USAGE, "%zu ranks are more than MPI counts, which is %d", n_ranks,
                          INT_MAX);
    CAIRN_TRY(cairn_setup_data_open(data, config, &dataset));
    size_t n_samples = cairn_dataset_size(dataset, CAIRN_SPLIT_TRAIN);
    if (n_samples == 0)
        st = cairn_fail(CAIRN_DATA, "%s: has no group train to learn from",
                        cairn_dataset_path(dataset));
    if (st == CAIRN_OK) st = cairn_setup_batch(config, (int)n_ranks, n_samples, &rule);
    if (st == CAIRN_OK) st = check_model(config, dataset, &rule);
    cairn_dataset_close(dataset);
    return st;
}

void cairn_start_log_idle(const struct cairn_config *config, struct cairn_setup_data *data,
                          size_t n_ranks)
{
    struct cairn_planned planned;
    struct cairn_idle idle;
    struct cairn_dataset *dataset = NULL;
    if (n_ranks > INT_MAX || cairn_setup_data_open(data, config, &dataset) != CAIRN_OK) return;
    cairn_status st = cairn_planned_on(config, dataset, (int)n_ranks, &planned);
    cairn_dataset_close(dataset);
    if (st == CAIRN_OK && cairn_idle_ranks(planned.batch, planned.micro, n_ranks, &idle) > 0)
        cairn_log_warning("%s; %s", idle.message, idle.fix);
}

static void warn(void *context, const char *line)
{
    (void)context;
    cairn_log_warning("%s", line);
}

void cairn_start_log_doubts(const struct cairn_config *config, const struct cairn_dataset *dataset)
{
    const struct cairn_dataset_given given = {.hwc = config->data_layout == CAIRN_LAYOUT_HWC,
                                              .normalized = config->data_mean != NULL ||
                                                            config->data_std != NULL};
    cairn_status st = cairn_dataset_doubts(dataset, &given, warn, NULL);
    (void)st; /* what cannot be read says so when it is trained on */
}
