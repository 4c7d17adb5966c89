/* SPDX-License-Identifier: BSD-3-Clause
 * batch.micro: auto.  Rank 0 times one forward and backward pass for each power of two and takes
 * the size with the least time per sample among those that fit in memory; the others wait for its
 * answer. */
#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "comm/exchange.h"
#include "setup/setup.h"

enum { LARGEST = 1024 };
#define TIMED_S 0.02 /* a size is timed at least so long */

/* Where gradients go that nobody wants. */
struct waste {
    struct cairn_sink sink;
    float *g;
    const struct cairn_params *params;
};

static float *open_waste(struct cairn_sink *sink, size_t param)
{
    struct waste *waste = (struct waste *)sink;
    return waste->g + waste->params->item[param].offset;
}

static void close_waste(struct cairn_sink *sink, size_t param)
{
    (void)sink;
    (void)param;
}

static cairn_status time_passes(struct cairn_model *model, const struct cairn_micro *micro,
                                double *per_sample_s)
{
    const struct cairn_params *params = cairn_model_params(model);
    struct waste waste = {.sink = {open_waste, close_waste, 0}, .params = params};
    struct cairn_scores scores = {0};
    float *w = NULL;
    cairn_status st = cairn_memory_get(params->n_values, sizeof *w, "weights", &w);
    if (st == CAIRN_OK)
        st = cairn_memory_get(params->n_values, sizeof *waste.g, "a gradient", &waste.g);
    if (st == CAIRN_OK) cairn_model_init(model, w);
    if (st == CAIRN_OK)
        st = cairn_model_gradient(model, w, micro, &waste.sink, &scores); /* warms up */
    double begin_s = cairn_clock_s();
    double spent_s = 0;
    size_t n = 0;
    while (st == CAIRN_OK && spent_s < TIMED_S) {
        st = cairn_model_gradient(model, w, micro, &waste.sink, &scores);
        spent_s = cairn_clock_s() - begin_s;
        n += micro->n;
    }
    if (st == CAIRN_OK) *per_sample_s = spent_s / (double)n;
    free(waste.g);
    free(w);
    return st;
}

static cairn_status time_size(const struct cairn_config *config, struct cairn_dataset *dataset,
                              size_t size, double *per_sample_s, bool *ghost)
{
    struct cairn_model_options options = cairn_setup_model_options(config, dataset, size);
    const struct cairn_loader_options rows = {.split = CAIRN_SPLIT_TRAIN, .micro = size};
    struct cairn_model *model = NULL;
    struct cairn_loader *loader = NULL;
    struct cairn_micro micro;
    cairn_status st = cairn_model_create(&options, &model);
    if (st == CAIRN_OK) st = cairn_loader_create(dataset, &rows, &loader);
    if (st == CAIRN_OK) st = cairn_loader_read(loader, 0, size, &micro);
    if (st == CAIRN_OK) st = time_passes(model, &micro, per_sample_s);
    if (st == CAIRN_OK) *ghost = cairn_model_is_ghost(model);
    cairn_loader_free(loader);
    cairn_model_free(model);
    return st;
}

static cairn_status time_all(const struct cairn_config *config, struct cairn_dataset *dataset,
                             uint64_t most, uint64_t *best, bool *ghost)
{
    double best_s = INFINITY;
    uint64_t n = cairn_dataset_size(dataset, CAIRN_SPLIT_TRAIN);
    for (uint64_t size = 1; size <= LARGEST && size <= most && size <= n; size *= 2) {
        double per_sample_s = 0;
        cairn_status st = time_size(config, dataset, (size_t)size, &per_sample_s, ghost);
        if (st == CAIRN_USAGE && isfinite(best_s))
            break;                                    /* it is the memory: all else shows before */
        if (st == CAIRN_USAGE && size == 1) continue; /* normalisation may want two samples */
        CAIRN_TRY_IN(st, "timing batch.micro %zu", (size_t)size);
        if (per_sample_s < best_s) {
            best_s = per_sample_s;
            *best = size;
        }
    }
    return CAIRN_OK;
}

cairn_status cairn_setup_fastest_micro(const struct cairn_config *config, cairn_comm *comm,
                                       struct cairn_dataset *dataset, uint64_t most, uint64_t *out)
{
    uint64_t best = 1;
    bool ghost = false; /* known on rank 0 */
    uint64_t n_ranks = (uint64_t)cairn_comm_size(comm);
    cairn_status st = CAIRN_OK;
    most = (most + n_ranks - 1) / n_ranks; /* more would leave ranks without work */
    if (cairn_comm_rank(comm) == 0) st = time_all(config, dataset, most, &best, &ghost);
    CAIRN_TRY(cairn_comm_broadcast(comm, st, &best, sizeof best));
    cairn_log_info("batch.micro: auto took %zu, the fastest", (size_t)best);
    if (ghost)
        cairn_log_warning("batch.micro: auto took %zu, and batchnorm takes its statistics from so "
                          "many samples: give a number, since elsewhere auto may take another",
                          (size_t)best);
    *out = best;
    return CAIRN_OK;
}
