/* SPDX-License-Identifier: BSD-3-Clause
 * Parts of an update, timed one by one: passes, the update of the weights, reading. */
#include "plan/benchmark.h"

#include "base/clock.h"
#include "base/sort.h"

enum { FEWEST_SPANS = 5, MOST_SPANS = 15 };
#define SPAN_S    1e-3 /* calls are timed together up to so long */
#define TIMED_S   0.05 /* spans go on for at least so long, */
#define LONGEST_S 1.0  /* and at most for so long where there is one */
#define MOST_HELD ((size_t)1 << 30)

/* A call, and the seconds of it that count. */
typedef cairn_status timed_call(void *context, double *seconds);

static cairn_status time_span(timed_call *call, void *context, size_t n, double *seconds)
{
    double spent_s = 0;
    for (size_t i = 0; i < n; i++) {
        double here_s = 0;
        CAIRN_TRY(call(context, &here_s));
        spent_s += here_s;
    }
    *seconds = spent_s / (double)n;
    return CAIRN_OK;
}

/* The lower quartile of a few spans of one call or more, after one that warms up: other work on the
 * machine makes spans longer and never shorter. */
static cairn_status time_calls(timed_call *call, void *context, double *seconds)
{
    double each_s[MOST_SPANS];
    double first_s = 0;
    double spent_s = 0;
    size_t n = 0;
    CAIRN_TRY(call(context, &first_s)); /* warms up */
    CAIRN_TRY(time_span(call, context, 1, &first_s));
    size_t at_once = first_s > 0 && first_s < SPAN_S ? (size_t)(SPAN_S / first_s) + 1 : 1;
    if (at_once > 1000) at_once = 1000;
    while (n < MOST_SPANS && (n < FEWEST_SPANS || spent_s < TIMED_S) &&
           (n == 0 || spent_s < LONGEST_S)) {
        CAIRN_TRY(time_span(call, context, at_once, &each_s[n]));
        spent_s += each_s[n++] * (double)at_once;
    }
    cairn_sort_numbers(each_s, n);
    *seconds = each_s[n / 4];
    return CAIRN_OK;
}

/* The trainer itself, of this process alone, in a run without an end whose learning rate is 0: so
 * it can be timed as often as is wanted, with ordinary numbers. */
static cairn_status make_engine(const struct cairn_config *config, struct cairn_dataset *dataset,
                                const struct cairn_window_rule *rule, size_t micro,
                                cairn_trainer **out)
{
    const struct cairn_loader_options rows = {.split = CAIRN_SPLIT_TRAIN, .micro = micro};
    struct cairn_model_options options = cairn_setup_model_options(config, dataset, micro);
    struct cairn_trainer_parts parts = {
        .dataset = cairn_dataset_share(dataset),
        .rule = *rule,
        .normalize = config->batch_normalize == CAIRN_NORMALIZE_MEAN,
        .clip_norm = config->optim_clip_norm,
        .ema = config->train_ema,
        .noise = cairn_setup_noise(config, cairn_planned_n_micro(rule, micro), 1),
    };
    if (cairn_planned_n_micro(rule, micro) < 2) options.holds = false;
    parts.rule.micro = micro;
    parts.rule.epochs = parts.rule.updates = UINT64_MAX;
    parts.sum_kind = cairn_setup_sum_kind(config, parts.noise);
    cairn_status st = cairn_setup_schedule(config, &parts.rule, &parts.schedule);
    parts.schedule.lr = 0;
    if (st == CAIRN_OK) st = cairn_setup_scaling(config, rule, &parts.scaling);
    if (st == CAIRN_OK) st = cairn_model_create(&options, &parts.model);
    if (st == CAIRN_OK) st = cairn_loader_create(dataset, &rows, &parts.loader[CAIRN_SPLIT_TRAIN]);
    if (st == CAIRN_OK)
        st = cairn_setup_optim(config, &parts.scaling, cairn_window_batch(rule, 0),
                               cairn_model_params(parts.model), &parts.optim);
    if (st == CAIRN_OK) return cairn_trainer_create(&parts, out);
    cairn_trainer_parts_free(&parts);
    return st;
}

/* The next update has a single micro-batch of n samples. */
static void plan_micro(cairn_trainer *t, uint64_t n)
{
    t->window = (struct cairn_window){.n = n, .n_micro = 1};
    t->share = (struct cairn_share){.end = 1};
}

/* As in an update of many micro-batches, of which layers may hold several. */
static cairn_status one_pass(void *context, double *seconds)
{
    cairn_trainer *t = context;
    const double *compute_s = &t->phases.spent_s[CAIRN_PHASE_COMPUTE];
    const double before_s = *compute_s;
    const size_t n = t->sum->most_held > 1 ? t->sum->most_held : 1;
    for (size_t i = 0; i < n; i++) {
        cairn_sum_expect(t->sum, 2 * n - i); /* a whole group, and more to come */
        CAIRN_TRY(cairn_trainer_backward(t, 0));
    }
    *seconds = (*compute_s - before_s) / (double)n;
    return CAIRN_OK;
}

cairn_status cairn_benchmark_pass(const struct cairn_config *config, struct cairn_dataset *dataset,
                                  const struct cairn_window_rule *rule, size_t micro,
                                  double *pass_s, bool *ghost)
{
    cairn_trainer *t = NULL;
    cairn_status st = make_engine(config, dataset, rule, micro, &t);
    if (st == CAIRN_OK) {
        plan_micro(t, micro);
        st = cairn_trainer_prepare(t, st);
    }
    if (st == CAIRN_OK) {
        cairn_trainer_zero(t);
        st = time_calls(one_pass, t, pass_s);
    }
    if (st == CAIRN_OK) *ghost = cairn_model_is_ghost(t->parts.model);
    cairn_trainer_close(t);
    return st;
}

/* All of an update but its passes and its reading, which are few here. */
static cairn_status one_update(void *context, double *seconds)
{
    enum { FEW = 2 }; /* with statistics over the micro-batch one sample would be too few */
    cairn_trainer *t = context;
    struct cairn_update_record record;
    const double *spent_s = t->phases.spent_s;
    plan_micro(t, t->parts.rule.micro < FEW ? t->parts.rule.micro : FEW);
    CAIRN_TRY(cairn_trainer_update(t, &record));
    *seconds =
        spent_s[CAIRN_PHASE_OTHER] + spent_s[CAIRN_PHASE_REDUCE] + spent_s[CAIRN_PHASE_UPDATE];
    return CAIRN_OK;
}

cairn_status cairn_benchmark_update(const struct cairn_config *config,
                                    struct cairn_dataset *dataset,
                                    const struct cairn_window_rule *rule, size_t micro,
                                    double *update_s)
{
    cairn_trainer *t = NULL;
    cairn_status st = make_engine(config, dataset, rule, micro, &t);
    if (st == CAIRN_OK) st = cairn_trainer_prepare(t, st);
    if (st == CAIRN_OK) st = time_calls(one_update, t, update_s);
    cairn_trainer_close(t);
    return st;
}

/* A loader, and where it is in the epochs' order. */
struct reading {
    struct cairn_loader *loader;
    size_t micro;
    uint64_t position, n_samples;
};

/* The next micro-batch. */
static cairn_status one_read(void *context, double *seconds)
{
    struct reading *reading = context;
    struct cairn_micro micro;
    const double begin_s = cairn_clock_s();
    if (reading->position + reading->micro > reading->n_samples) reading->position = 0;
    CAIRN_TRY(cairn_loader_read(reading->loader, reading->position, reading->micro, &micro));
    reading->position += reading->micro;
    *seconds = cairn_clock_s() - begin_s;
    return CAIRN_OK;
}

cairn_status cairn_benchmark_data(const struct cairn_config *config, struct cairn_dataset *dataset,
                                  size_t micro, double *sample_s)
{
    struct reading reading = {.micro = micro,
                              .n_samples = cairn_dataset_size(dataset, CAIRN_SPLIT_TRAIN)};
    struct cairn_loader_options rows = cairn_setup_loader_options(
        config, dataset, CAIRN_SPLIT_TRAIN, micro, config->data_in_memory != CAIRN_IN_MEMORY_FALSE);
    rows.prefetch = 0; /* reading alone is timed */
    if (rows.memory_bytes > MOST_HELD) rows.memory_bytes = MOST_HELD;
    if (reading.micro > reading.n_samples) reading.micro = (size_t)reading.n_samples;
    cairn_status st = cairn_loader_create(dataset, &rows, &reading.loader);
    if (st == CAIRN_OK) st = time_calls(one_read, &reading, sample_s);
    if (st == CAIRN_OK) *sample_s /= (double)reading.micro;
    cairn_loader_free(reading.loader);
    return st;
}
