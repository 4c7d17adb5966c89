/* SPDX-License-Identifier: BSD-3-Clause
 * Making a loader: what each array gives to a sample, which are held, and all buffers.  Not for
 * reading samples: that is loader.c. */
#include <stdlib.h>

#include "base/memory.h"
#include "data/loader_state.h"
#include "data/tokens.h"

static cairn_status choose_factors(struct cairn_loader *loader)
{
    bool each = false;
    CAIRN_TRY(cairn_group_factors(loader->dataset, loader->group, loader->n_in, &loader->scale,
                                  &loader->shift, &each));
    loader->factors =
        (struct cairn_factors){.scale = loader->scale, .shift = loader->shift, .each = each};
    return CAIRN_OK;
}

/* What lies outside of an image is a stored 0, scaled, shifted and normalised. */
static cairn_status prepare_augment(struct cairn_loader *loader)
{
    const struct cairn_shape *image = &loader->dataset->input;
    if (!cairn_augment_any(&loader->options.augment)) return CAIRN_OK;
    CAIRN_TRY(cairn_augment_check(&loader->options.augment, image));
    size_t n_channels = image->dim[0];
    CAIRN_TRY(cairn_memory_get(n_channels, sizeof *loader->border, "borders", &loader->border));
    CAIRN_TRY(cairn_memory_get(loader->n_in, sizeof *loader->plain, "an image", &loader->plain));
    for (size_t c = 0; c < n_channels; c++)
        loader->border[c] =
            loader->shift[loader->factors.each ? c * (loader->n_in / n_channels) : 0];
    return CAIRN_OK;
}

/* What each array of the group gives to a sample. */
static void set_out(struct cairn_loader *loader)
{
    const struct cairn_group *group = loader->group;
    const struct cairn_source named = {.path = loader->dataset->path,
                                       .group = cairn_split_name(loader->options.split),
                                       .vocabulary = loader->dataset->vocabulary};
    loader->x = loader->y = loader->weight = named;
    loader->x.name = group->n_tokens > 0 ? "tokens" : "x";
    loader->y.name = "y";
    loader->weight.name = "weight";
    loader->weight.check = CAIRN_SOURCE_WEIGHTS;
    cairn_source_begin(&loader->x, &group->x,
                       group->n_tokens > 0 ? cairn_tokens_held_type(&group->x)
                                           : cairn_rows_held_type(&group->x));
    if (loader->dataset->n_targets > 0 && cairn_rows_exist(&group->y))
        cairn_source_begin(&loader->y, &group->y, CAIRN_H5_REAL);
    if (cairn_rows_exist(&group->weight))
        cairn_source_begin(&loader->weight, &group->weight, CAIRN_H5_REAL);
    loader->n_in = loader->x.n_values;
    loader->n_labels = 1;
    if (group->n_tokens == 0) return;
    loader->x.check = CAIRN_SOURCE_TOKENS;
    loader->n_in = loader->n_labels = loader->dataset->context;
    loader->x.step = loader->weight.step = loader->n_in;
    loader->x.length = loader->weight.length = loader->n_in + 1; /* x and the last label */
}

static cairn_status allocate(struct cairn_loader *loader)
{
    static const char what[] = "a micro-batch";
    size_t b = loader->options.micro;
    size_t n = loader->n_labels;
    bool weighted = loader->weight.rows != NULL || loader->group->n_tokens > 0;
    CAIRN_TRY(cairn_memory_get(b, loader->n_in * sizeof *loader->x_out, what, &loader->x_out));
    CAIRN_TRY(
        cairn_memory_get(b, loader->y.n_values * sizeof *loader->target, what, &loader->target));
    CAIRN_TRY(cairn_memory_get(b, n * sizeof *loader->label, what, &loader->label));
    if (weighted)
        CAIRN_TRY(
            cairn_memory_get(b, n * sizeof *loader->label_weight, what, &loader->label_weight));
    CAIRN_TRY(cairn_memory_get(b, sizeof *loader->sample, what, &loader->sample));
    CAIRN_TRY(cairn_memory_get(b, sizeof *loader->epoch, what, &loader->epoch));
    CAIRN_TRY(cairn_memory_get(b, sizeof *loader->sorted, what, &loader->sorted));
    if (loader->group->fill != NULL && loader->y.rows == NULL)
        CAIRN_TRY(cairn_memory_get(b, sizeof *loader->came, what, &loader->came));
    if (loader->group->n_tokens == 0) CAIRN_TRY(choose_factors(loader));
    CAIRN_TRY(prepare_augment(loader));
    if (loader->group->is_fed) return CAIRN_OK; /* rows are where the host has them */
    CAIRN_TRY(cairn_source_prepare(&loader->x, loader->is_held, b));
    CAIRN_TRY(cairn_source_prepare(&loader->y, loader->is_held, b));
    return cairn_source_prepare(&loader->weight, loader->is_held, b);
}

static size_t raw_bytes(const struct cairn_loader *loader)
{
    return cairn_source_bytes(&loader->x) + cairn_source_bytes(&loader->y) +
           cairn_source_bytes(&loader->weight);
}

static bool holds(const struct cairn_loader *loader)
{
    return !cairn_group_comes(loader->group) && raw_bytes(loader) <= loader->options.memory_bytes;
}

cairn_status cairn_loader_create(struct cairn_dataset *dataset,
                                 const struct cairn_loader_options *options,
                                 struct cairn_loader **out)
{
    struct cairn_loader *loader = NULL;
    const struct cairn_group *group = &dataset->group[options->split];
    if (group->n == 0)
        return cairn_fail(CAIRN_DATA, "%s: has no group '%s'", dataset->path,
                          cairn_split_name(options->split));
    CAIRN_TRY(cairn_memory_get(1, sizeof *loader, "a loader", &loader));
    *loader = (struct cairn_loader){.dataset = dataset, .group = group, .options = *options};
    set_out(loader);
    loader->is_held = holds(loader);
    cairn_status st = allocate(loader);
    if (st == CAIRN_OK)
        *out = loader;
    else
        cairn_loader_free(loader);
    return st;
}

struct cairn_loader_memory cairn_loader_would_take(struct cairn_dataset *dataset,
                                                   const struct cairn_loader_options *options)
{
    struct cairn_loader loader = {
        .dataset = dataset, .group = &dataset->group[options->split], .options = *options};
    if (loader.group->n == 0) return (struct cairn_loader_memory){0};
    set_out(&loader);
    size_t reals = loader.n_in + loader.y.n_values + 2 * loader.n_labels;
    size_t rows = reals * sizeof(real) + 2 * sizeof(uint64_t) + sizeof(struct cairn_by_sample);
    rows *= options->micro;
    bool held = holds(&loader);
    return (struct cairn_loader_memory){
        .data = held ? raw_bytes(&loader) : 0,
        .rows = held ? rows : rows + options->micro * loader.x.length * loader.x.row_bytes,
        .chunks = cairn_source_chunk_bytes(&loader.x) + cairn_source_chunk_bytes(&loader.y) +
                  cairn_source_chunk_bytes(&loader.weight),
    };
}

void cairn_loader_free(struct cairn_loader *loader)
{
    if (loader == NULL) return;
    cairn_source_free(&loader->x);
    cairn_source_free(&loader->y);
    cairn_source_free(&loader->weight);
    free(loader->scale);
    free(loader->shift);
    free(loader->border);
    free(loader->plain);
    free(loader->sorted);
    free(loader->x_out);
    free(loader->target);
    free(loader->label);
    free(loader->label_weight);
    free(loader->sample);
    free(loader->epoch);
    free(loader->came);
    free(loader);
}

size_t cairn_loader_bytes(const struct cairn_loader *loader)
{
    return loader->is_held ? raw_bytes(loader) : 0;
}
