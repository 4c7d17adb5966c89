/* SPDX-License-Identifier: BSD-3-Clause
 * Making a loader: what each array gives to a sample, which are held, and all buffers.  Not for
 * reading samples: that is loader.c. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "data/loader_state.h"
#include "data/positions.h"
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
    if (group->labels_in_file)
        cairn_source_begin(&loader->y, &group->y, cairn_positions_held_type(&group->y));
    else if (loader->dataset->n_targets > 0 && cairn_rows_exist(&group->y))
        cairn_source_begin(&loader->y, &group->y, CAIRN_H5_REAL);
    if (cairn_rows_exist(&group->weight))
        cairn_source_begin(&loader->weight, &group->weight, CAIRN_H5_REAL);
    loader->n_in = loader->x.n_values;
    loader->n_labels = loader->dataset->n_targets > 0 ? 1 : cairn_shape_count(&loader->dataset->y);
    loader->n_targets = group->labels_in_file ? 0 : loader->y.n_values;
    loader->n_weights = loader->weight.rows == NULL ? 1 : loader->weight.n_values;
    if (group->n_tokens == 0) return;
    loader->x.check = CAIRN_SOURCE_TOKENS;
    loader->n_in = loader->n_labels = loader->n_weights = loader->dataset->context;
    loader->x.step = loader->weight.step = loader->n_in;
    loader->x.length = loader->weight.length = loader->n_in + 1; /* x and the last label */
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

/* ---- blocks and windows */

enum {
    LEAST_BLOCK_BYTES = 1 << 18,  /* worth a call of HDF5, and a seek of a disk */
    WINDOW_BYTES = 32 << 20,      /* that a rank keeps twice while it reads as it comes, ... */
    LEAST_BLOCKS_OF_A_WINDOW = 8, /* ... but so many are mixed, ... */
    MOST_WINDOW_BYTES = 256 << 20 /* ... unless they take more than this */
};

/* Samples that lie together in a chunk of the file: 1 where each can be read alone. */
static size_t samples_of_chunk(const struct cairn_source *x)
{
    const size_t n = x->rows == NULL ? 0 : cairn_rows_chunk(x->rows) / x->step;
    return n > 1 ? n : 1;
}

/* Samples of a block: whole chunks. */
static size_t samples_of_block(const struct cairn_source *x, size_t n_samples)
{
    const size_t chunk = samples_of_chunk(x);
    const size_t chunk_bytes = chunk * x->step * cairn_row_bytes(&x->rows->form) + 1;
    const size_t block = chunk * ((LEAST_BLOCK_BYTES - 1) / chunk_bytes + 1);
    return block < n_samples ? block : n_samples;
}

static size_t kept_bytes(const struct cairn_loader *loader, size_t block, size_t n)
{
    return cairn_source_kept_bytes(&loader->x, block, n) +
           cairn_source_kept_bytes(&loader->y, block, n) +
           cairn_source_kept_bytes(&loader->weight, block, n);
}

/* Blocks that are kept while rows are read as they come: those of this window, and of the next
 * while there is time; none where rows are read one by one. */
static void set_kept(struct cairn_loader *loader)
{
    const struct cairn_shuffle *shuffle = &loader->options.shuffle;
    const size_t n_windows = loader->options.prefetch > 0 ? 2 : 1;
    size_t block = samples_of_block(&loader->x, loader->group->n);
    size_t n = n_windows + 1;
    size_t least = 1; /* below which blocks would be read again and again */
    if (shuffle->kind == CAIRN_SHUFFLE_BLOCKS) {
        block = (size_t)shuffle->block;
        least = (size_t)((shuffle->window - 1) / shuffle->block + 1) + 2;
        n = n_windows * (least - 2) + 2;
    } else if (shuffle->kind == CAIRN_SHUFFLE_FULL || samples_of_chunk(&loader->x) == 1) {
        n = 0;
    }
    const size_t all = (loader->group->n - 1) / block + 1;
    const size_t each = kept_bytes(loader, block, 1);
    if (n > all) n = all;
    if (each > 0 && n > loader->most_kept / each) n = loader->most_kept / each;
    if (n < least && n < all) n = 0;
    cairn_source_keep(&loader->x, block, n);
    cairn_source_keep(&loader->y, block, n);
    cairn_source_keep(&loader->weight, block, n);
}

/* A loader as it would be, without any memory. */
static struct cairn_loader sketch(struct cairn_dataset *dataset,
                                  const struct cairn_loader_options *options)
{
    struct cairn_loader loader = {.dataset = dataset,
                                  .group = &dataset->group[options->split],
                                  .options = *options,
                                  .n_batches = 1};
    if (loader.group->n == 0) return loader;
    set_out(&loader);
    loader.is_held = holds(&loader);
    loader.streams = !loader.is_held && loader.x.rows->n_parts > 0;
    if (!loader.streams) return loader;
    loader.n_batches = 1 + options->prefetch;
    loader.most_kept = SIZE_MAX;
    set_kept(&loader);
    loader.most_kept = kept_bytes(&loader, loader.x.kept.block, loader.x.kept.n);
    return loader;
}

void cairn_loader_shuffle(struct cairn_dataset *dataset, enum cairn_split split,
                          struct cairn_shuffle *shuffle)
{
    struct cairn_loader loader = sketch(dataset, &(struct cairn_loader_options){.split = split});
    if (shuffle->kind != CAIRN_SHUFFLE_BLOCKS || loader.group->n == 0) return;
    const size_t n = loader.group->n;
    const size_t block = samples_of_block(&loader.x, n);
    const size_t bytes = block * loader.x.step * cairn_row_bytes(&loader.x.rows->form) + 1;
    size_t n_blocks = MOST_WINDOW_BYTES / bytes + 1;
    if (n_blocks > LEAST_BLOCKS_OF_A_WINDOW) n_blocks = LEAST_BLOCKS_OF_A_WINDOW;
    if (n_blocks < WINDOW_BYTES / bytes) n_blocks = WINDOW_BYTES / bytes;
    if (shuffle->block == 0) shuffle->block = block;
    if (shuffle->window == 0) shuffle->window = n_blocks < n / block ? n_blocks * block : n;
    if (shuffle->window < shuffle->block) shuffle->window = shuffle->block;
    if (shuffle->window > n) shuffle->window = n;
}

struct cairn_stored_layout cairn_loader_layout(struct cairn_dataset *dataset,
                                               enum cairn_split split)
{
    const struct cairn_loader loader =
        sketch(dataset, &(struct cairn_loader_options){.split = split});
    if (loader.group->n == 0) return (struct cairn_stored_layout){.in_chunks = false};
    return (struct cairn_stored_layout){.in_chunks = samples_of_chunk(&loader.x) > 1,
                                        .scattered = loader.group->x.pick.n > 0};
}

/* ---- making one */

static cairn_status get_batch(const struct cairn_loader *loader, struct cairn_batch *batch)
{
    static const char what[] = "a micro-batch";
    size_t b = loader->options.micro;
    size_t n = loader->n_labels;
    bool weighted =
        loader->weight.rows != NULL || loader->group->n_tokens > 0 || loader->n_excluded > 0;
    CAIRN_TRY(cairn_memory_get(b, loader->n_in * sizeof *batch->x, what, &batch->x));
    CAIRN_TRY(cairn_memory_get(b, loader->n_targets * sizeof *batch->target, what, &batch->target));
    CAIRN_TRY(cairn_memory_get(b, n * sizeof *batch->label, what, &batch->label));
    if (weighted)
        CAIRN_TRY(cairn_memory_get(b, loader->n_weights * sizeof *batch->label_weight, what,
                                   &batch->label_weight));
    CAIRN_TRY(cairn_memory_get(b, sizeof *batch->sample, what, &batch->sample));
    return cairn_memory_get(b, sizeof *batch->epoch, what, &batch->epoch);
}

static void free_batch(const struct cairn_batch *batch)
{
    free(batch->x);
    free(batch->target);
    free(batch->label);
    free(batch->label_weight);
    free(batch->sample);
    free(batch->epoch);
}

/* A copy: the dataset may get another list while this loader lives. */
static cairn_status copy_excluded(struct cairn_loader *loader)
{
    size_t n = 0;
    const uint64_t *excluded = cairn_dataset_excluded(loader->dataset, &n);
    if (loader->options.split != CAIRN_SPLIT_TRAIN || n == 0) return CAIRN_OK;
    CAIRN_TRY(
        cairn_memory_get(n, sizeof *excluded, "the samples that are left out", &loader->excluded));
    memcpy(loader->excluded, excluded, n * sizeof *excluded);
    loader->n_excluded = n;
    return CAIRN_OK;
}

static cairn_status allocate(struct cairn_loader *loader)
{
    static const char what[] = "a micro-batch";
    size_t b = loader->options.micro;
    CAIRN_TRY(copy_excluded(loader));
    CAIRN_TRY(cairn_memory_get(loader->n_batches, sizeof *loader->batch, what, &loader->batch));
    for (size_t i = 0; i < loader->n_batches; i++) CAIRN_TRY(get_batch(loader, &loader->batch[i]));
    CAIRN_TRY(cairn_memory_get(b, sizeof *loader->sorted, what, &loader->sorted));
    if (loader->group->fill != NULL && loader->y.rows == NULL)
        CAIRN_TRY(
            cairn_memory_get(b, loader->n_labels * sizeof *loader->came, what, &loader->came));
    if (loader->group->n_tokens == 0) CAIRN_TRY(choose_factors(loader));
    CAIRN_TRY(prepare_augment(loader));
    if (loader->group->is_fed) return CAIRN_OK; /* rows are where the host has them */
    struct cairn_together place = loader->options.together;
    if (loader->is_held && place.memory != NULL) {
        CAIRN_TRY(cairn_source_hold_in(&loader->x, &place));
        CAIRN_TRY(cairn_source_hold_in(&loader->y, &place));
        return cairn_source_hold_in(&loader->weight, &place);
    }
    CAIRN_TRY(cairn_source_prepare(&loader->x, loader->is_held, b));
    CAIRN_TRY(cairn_source_prepare(&loader->y, loader->is_held, b));
    return cairn_source_prepare(&loader->weight, loader->is_held, b);
}

static cairn_status start_ahead(struct cairn_loader *loader)
{
    const struct cairn_ahead_work work = {cairn_loader_make, cairn_loader_read_on, loader};
    return cairn_ahead_create(loader->n_batches, &work, &loader->ahead);
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
    *loader = sketch(dataset, options);
    loader->shuffled.epoch = loader->onward.shuffled.epoch = UINT64_MAX;
    cairn_status st = allocate(loader);
    if (st == CAIRN_OK && loader->n_batches > 1) st = start_ahead(loader);
    if (st == CAIRN_OK)
        *out = loader;
    else
        cairn_loader_free(loader);
    return st;
}

cairn_status cairn_loader_set_shuffle(struct cairn_loader *loader,
                                      const struct cairn_shuffle *shuffle)
{
    if (loader->ahead != NULL) cairn_ahead_drop(loader->ahead);
    loader->options.shuffle = *shuffle;
    loader->shuffled.epoch = loader->onward.shuffled.epoch = UINT64_MAX;
    loader->onward.position = loader->onward.end = 0;
    if (!loader->streams) return CAIRN_OK;
    set_kept(loader);
    CAIRN_TRY(cairn_source_get_kept(&loader->x));
    CAIRN_TRY(cairn_source_get_kept(&loader->y));
    return cairn_source_get_kept(&loader->weight);
}

struct cairn_loader_memory cairn_loader_would_take(struct cairn_dataset *dataset,
                                                   const struct cairn_loader_options *options)
{
    const struct cairn_loader loader = sketch(dataset, options);
    if (loader.group->n == 0) return (struct cairn_loader_memory){0};
    const size_t reals = loader.n_in + loader.n_targets + loader.n_labels + loader.n_weights;
    const size_t batch = reals * sizeof(real) + 2 * sizeof(uint64_t);
    const size_t rows = options->micro * (loader.n_batches * batch + sizeof *loader.sorted);
    const size_t streamed =
        options->micro * loader.x.length * loader.x.row_bytes + loader.most_kept;
    return (struct cairn_loader_memory){
        .data = loader.is_held ? raw_bytes(&loader) : 0,
        .rows = rows + (loader.is_held ? 0 : streamed),
        .chunks = cairn_source_chunk_bytes(&loader.x) + cairn_source_chunk_bytes(&loader.y) +
                  cairn_source_chunk_bytes(&loader.weight) + cairn_decode_room(&loader.group->x) +
                  cairn_decode_room(&loader.group->y),
    };
}

void cairn_loader_free(struct cairn_loader *loader)
{
    if (loader == NULL) return;
    cairn_ahead_free(loader->ahead);
    cairn_source_free(&loader->x);
    cairn_source_free(&loader->y);
    cairn_source_free(&loader->weight);
    free(loader->scale);
    free(loader->shift);
    free(loader->border);
    free(loader->plain);
    free(loader->sorted);
    free(loader->excluded);
    for (size_t i = 0; loader->batch != NULL && i < loader->n_batches; i++)
        free_batch(&loader->batch[i]);
    free(loader->batch);
    free(loader->came);
    free(loader);
}

size_t cairn_loader_bytes(const struct cairn_loader *loader)
{
    return loader->is_held ? raw_bytes(loader) : 0;
}
