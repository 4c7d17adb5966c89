/* SPDX-License-Identifier: BSD-3-Clause
 * The times of layers. */
#include "nn/profile.h"

#include <stdlib.h>

#include "base/clock.h"
#include "nn/planned.h"

struct cairn_span cairn_profile_begin(struct cairn_profile *profile)
{
    const struct cairn_span span = {cairn_clock_s(), profile->inner_s};
    profile->inner_s = 0;
    return span;
}

void cairn_profile_end(struct cairn_profile *profile, struct cairn_span span, size_t n,
                       struct cairn_work *work)
{
    const double took_s = cairn_clock_s() - span.begin_s;
    work->s += took_s - profile->inner_s;
    work->calls++;
    work->samples += n;
    profile->inner_s = span.inner_s + took_s;
}

cairn_status cairn_model_profile(struct cairn_model *model)
{
    struct cairn_profile *profile = NULL;
    size_t n = 0;
    for (const struct cairn_layer *l = model->last; l != NULL; l = l->before) n++;
    CAIRN_TRY(cairn_memory_get(1, sizeof *profile, "the profile", &profile));
    cairn_profile_free(model->profile);
    model->profile = profile;
    profile->n_layers = n;
    CAIRN_TRY(cairn_memory_get(n, sizeof *profile->layer, "the profile", &profile->layer));
    CAIRN_TRY(cairn_memory_get(n, sizeof *profile->work, "the profile", &profile->work));
    for (const struct cairn_layer *l = model->last; l != NULL; l = l->before)
        profile->layer[l->number] = l;
    return CAIRN_OK;
}

void cairn_profile_free(struct cairn_profile *profile)
{
    if (profile == NULL) return;
    free(profile->layer);
    free(profile->work);
    free(profile);
}

size_t cairn_profile_count(const struct cairn_model *model)
{
    return model->profile->n_layers * CAIRN_N_DIRECTIONS + 1;
}

/* NULL: the row is that of the loss. */
static const struct cairn_layer *layer_of(const struct cairn_model *model, size_t index)
{
    const size_t i = index / CAIRN_N_DIRECTIONS;
    return i < model->profile->n_layers ? model->profile->layer[i] : NULL;
}

struct cairn_profile_row cairn_profile_row(const struct cairn_model *model, size_t index)
{
    const struct cairn_profile *profile = model->profile;
    const struct cairn_layer *layer = layer_of(model, index);
    const enum cairn_direction direction = index % CAIRN_N_DIRECTIONS;
    if (layer == NULL)
        return (struct cairn_profile_row){"loss", model->loss->name, CAIRN_FORWARD, profile->loss};
    return (struct cairn_profile_row){layer->name, layer->kind->name, direction,
                                      profile->work[layer->number][direction]};
}

static double backward_flops(const struct cairn_layer *layer)
{
    return layer->flops.by_weights + (layer->wants_dx ? layer->flops.by_input : 0);
}

double cairn_model_flops(const struct cairn_model *model)
{
    double sum = 0;
    for (const struct cairn_layer *l = model->last; l != NULL; l = l->before)
        sum += l->flops.forward + backward_flops(l);
    return sum;
}

double cairn_profile_flops(const struct cairn_model *model, size_t index, uint64_t samples)
{
    const struct cairn_layer *layer = layer_of(model, index);
    if (layer == NULL) return 0;
    const bool backward = index % CAIRN_N_DIRECTIONS == CAIRN_BACKWARD;
    return (double)samples * (backward ? backward_flops(layer) : layer->flops.forward);
}

/* Elements of arrays of one sample: x, y, dy, dx. */
static size_t elements_of_sample(const struct cairn_layer *layer, bool backward)
{
    const unsigned flags = layer->kind->flags;
    if (!backward) return layer->n_in + layer->n_out;
    return layer->n_out + (layer->wants_dx ? layer->n_in : 0) +
           ((flags & CAIRN_LAYER_NEEDS_X) != 0 ? layer->n_in : 0) +
           ((flags & CAIRN_LAYER_NEEDS_Y) != 0 ? layer->n_out : 0);
}

/* Forward reads the weights; backward adds to their gradient, and reads them where it goes on.  Of
 * the table of tokens these are the rows of the tokens. */
double cairn_profile_bytes(const struct cairn_model *model, size_t index,
                           const struct cairn_work *work)
{
    const struct cairn_layer *layer = layer_of(model, index);
    const bool backward = index % CAIRN_N_DIRECTIONS == CAIRN_BACKWARD;
    const double n = (double)work->samples, size = sizeof(real);
    const size_t n_out = cairn_shape_count(cairn_chain_output(&model->learnt));
    if (layer == NULL) return n * 2 * (double)n_out * size;
    const double weights = (layer->kind->flags & CAIRN_LAYER_TOKENS) != 0
                               ? n * (double)layer->n_out
                               : (double)work->calls * (double)layer->n_weights;
    const double times = backward ? 2 + layer->wants_dx : 1;
    return size * (n * (double)elements_of_sample(layer, backward) + times * weights);
}
