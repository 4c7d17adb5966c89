/* SPDX-License-Identifier: BSD-3-Clause
 * Positions -> micro-batch.  A read allocates nothing: every buffer is made with the loader. */
#include "data/loader.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/host.h"
#include "base/memory.h"
#include "data/convert.h"
#include "data/internal.h"
#include "data/order.h"
#include "data/source.h"
#include "data/tokens.h"

enum { AHEAD = 2 }; /* rows between asking for one and converting it */

struct cairn_loader {
    struct cairn_dataset *dataset; /* borrowed */
    const struct cairn_group *group;
    struct cairn_loader_options options;
    struct cairn_source x, y, weight; /* y.rows is NULL for classes and tokens */
    size_t n_in, n_labels;            /* of a sample */
    struct cairn_factors factors;
    real *scale, *shift; /* [1], or [n_in] where channels differ */
    real *border;        /* [C] of images that are augmented, */
    real *plain;         /* [n_in] and one of them before; both NULL without */
    struct cairn_order order;
    uint64_t order_epoch;
    bool order_known, is_held;
    int32_t *came;           /* [b] labels of rows that come as they are wanted, in the ... */
    const int32_t *label_of; /* ... order of `sorted`; those of this micro-batch, or NULL */
    struct cairn_by_sample *sorted; /* [b] */
    real *x_out;                    /* [b, n_in] */
    real *target;                   /* [b, targets] */
    int32_t *label;                 /* [b, n_labels] */
    real *label_weight;             /* [b, n_labels]; NULL where all are 1 */
    uint64_t *sample, *epoch;       /* [b] */
};

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
    const enum cairn_h5_type x_type = group->x.form.type;
    cairn_source_begin(&loader->x, &group->x, cairn_h5_is_real(x_type) ? CAIRN_H5_REAL : x_type);
    if (cairn_rows_exist(&group->y)) cairn_source_begin(&loader->y, &group->y, CAIRN_H5_REAL);
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

cairn_status cairn_loader_refused(const struct cairn_loader *loader, cairn_status st)
{
    if (st != CAIRN_DATA) return st;
    return cairn_fail_in(st, "%s: /%s/%s", cairn_dataset_path(loader->dataset),
                         cairn_split_name(loader->options.split),
                         loader->dataset->vocabulary > 0 ? "tokens" : "y");
}

cairn_status cairn_loader_no_weight(const struct cairn_loader *loader)
{
    return cairn_fail(
        CAIRN_DATA,
        "%s: group %s has no weight at all: every weight in it is 0, or every label is masked",
        loader->x.path, loader->x.group);
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

static uint64_t sample_at(struct cairn_loader *loader, uint64_t epoch, uint64_t position)
{
    if (!loader->options.shuffle) return position;
    if (!loader->order_known || loader->order_epoch != epoch) {
        cairn_order_begin(loader->options.seed, epoch, loader->group->n, &loader->order);
        loader->order_epoch = epoch;
        loader->order_known = true;
    }
    return cairn_order_at(&loader->order, position);
}

static int compare_samples(const void *a, const void *b)
{
    const struct cairn_by_sample *x = a;
    const struct cairn_by_sample *y = b;
    return (x->sample > y->sample) - (x->sample < y->sample);
}

/* What came from elsewhere is checked where it lies.  Labels are the loss's to check. */
static cairn_status check_gathered(const struct cairn_loader *loader, size_t n)
{
    CAIRN_TRY(cairn_source_check_gathered(&loader->x, loader->sorted, n));
    CAIRN_TRY(cairn_source_check_gathered(&loader->y, loader->sorted, n));
    return cairn_source_check_gathered(&loader->weight, loader->sorted, n);
}

/* The host fills rows.  loader->sample, being in another order, is filled again afterwards. */
static cairn_status call_for_rows(struct cairn_loader *loader, size_t n)
{
    const bool tokens = loader->group->n_tokens > 0;
    const struct cairn_rows_out out = {
        .x = tokens ? NULL : (real *)loader->x.gather,
        .token = tokens ? (uint32_t *)loader->x.gather : NULL,
        .target = (real *)loader->y.gather,
        .label = loader->came,
        .weight = (real *)loader->weight.gather,
    };
    const struct cairn_group *group = loader->group;
    for (size_t i = 0; i < n; i++) loader->sample[i] = loader->sorted[i].sample;
    struct cairn_error before;
    cairn_host_ask(&before);
    cairn_status st = group->fill(group->fill_context, loader->sample, n, &out);
    st = cairn_host_answer(&before, st, "the function that fills rows");
    for (size_t i = 0; i < n; i++)
        loader->sample[loader->sorted[i].slot] = loader->sorted[i].sample;
    loader->label_of = loader->came;
    return st == CAIRN_OK ? check_gathered(loader, n) : st;
}

/* Rows that are not held are read in the file's order. */
static cairn_status find_rows(struct cairn_loader *loader, size_t n)
{
    for (size_t i = 0; i < n; i++)
        loader->sorted[i] = (struct cairn_by_sample){loader->sample[i], i};
    if (loader->is_held) return CAIRN_OK;
    qsort(loader->sorted, n, sizeof *loader->sorted, compare_samples);
    if (loader->group->fill != NULL) return call_for_rows(loader, n);
    CAIRN_TRY(cairn_source_gather(&loader->x, loader->sorted, n));
    CAIRN_TRY(cairn_source_gather(&loader->y, loader->sorted, n));
    return cairn_source_gather(&loader->weight, loader->sorted, n);
}

/* A stored x [n_in] of this slot as its augmented view. */
static void put_view(struct cairn_loader *loader, const void *stored, size_t slot, real *out)
{
    const struct cairn_augment *augment = &loader->options.augment;
    const struct cairn_view view = cairn_augment_view(augment, loader->options.seed,
                                                      loader->epoch[slot], loader->sample[slot]);
    cairn_convert(loader->x.type, stored, loader->n_in, &loader->factors, loader->plain);
    cairn_augment_image(augment, &view, &loader->dataset->input, loader->border, loader->plain,
                        out);
}

/* Sample sorted[i] of x and y into its slot. */
static void put_row(struct cairn_loader *loader, size_t i)
{
    const struct cairn_by_sample row = loader->sorted[i];
    const struct cairn_source *y = &loader->y;
    const void *stored = cairn_source_at(&loader->x, i, row.sample);
    real *x = loader->x_out + row.slot * loader->n_in;
    if (loader->plain == NULL)
        cairn_convert(loader->x.type, stored, loader->n_in, &loader->factors, x);
    else
        put_view(loader, stored, row.slot, x);
    if (y->rows == NULL)
        loader->label[row.slot] =
            loader->label_of != NULL ? loader->label_of[i] : loader->group->label[row.sample];
    else
        memcpy(loader->target + row.slot * y->n_values, cairn_source_at(y, i, row.sample),
               y->row_bytes);
    if (loader->weight.rows != NULL)
        loader->label_weight[row.slot] =
            *(const real *)cairn_source_at(&loader->weight, i, row.sample);
}

/* The window sorted[i] into its slot. */
static void put_window(struct cairn_loader *loader, size_t i)
{
    const struct cairn_by_sample row = loader->sorted[i];
    size_t at = row.slot * loader->n_in;
    const struct cairn_window_of window = {
        .type = loader->x.type,
        .token = cairn_source_at(&loader->x, i, row.sample),
        .weight =
            loader->weight.rows == NULL ? NULL : cairn_source_at(&loader->weight, i, row.sample),
        .n = cairn_source_count(&loader->x, row.sample),
        .context = loader->n_in};
    cairn_tokens_convert(&window, loader->x_out + at, loader->label + at,
                         loader->label_weight + at);
}

/* The n rows that were found -> the micro-batch. */
static void convert(struct cairn_loader *loader, size_t n, struct cairn_micro *out)
{
    const struct cairn_source *x = &loader->x;
    size_t span_bytes = x->row_bytes * x->length;
    for (size_t i = 0; i < n; i++) {
        if (i + AHEAD < n)
            cairn_prefetch(cairn_source_at(x, i + AHEAD, loader->sorted[i + AHEAD].sample),
                           span_bytes);
        if (loader->group->n_tokens > 0)
            put_window(loader, i);
        else
            put_row(loader, i);
    }
    const bool classes = loader->y.rows == NULL;
    *out = (struct cairn_micro){.n = n,
                                .n_labels = loader->n_labels,
                                .x = loader->x_out,
                                .label = classes ? loader->label : NULL,
                                .target = classes ? NULL : loader->target,
                                .weight = loader->label_weight,
                                .sample = loader->sample,
                                .epoch = loader->epoch};
}

cairn_status cairn_loader_read(struct cairn_loader *loader, uint64_t first, size_t n,
                               struct cairn_micro *out)
{
    if (n > loader->options.micro)
        return cairn_fail(CAIRN_BUG, "%zu samples are more than a loader has room for", n);
    if (loader->group->is_fed)
        return cairn_fail(CAIRN_USAGE, "the training samples are fed, and cannot be read");
    if (cairn_fault("data.read"))
        return cairn_fail(CAIRN_DATA, "%s: planted fault data.read", loader->dataset->path);
    for (size_t i = 0; i < n; i++) {
        loader->epoch[i] = (first + i) / loader->group->n;
        loader->sample[i] = sample_at(loader, loader->epoch[i], (first + i) % loader->group->n);
    }
    CAIRN_TRY(find_rows(loader, n));
    convert(loader, n, out);
    return CAIRN_OK;
}

cairn_status cairn_loader_take(struct cairn_loader *loader, uint64_t first,
                               const struct cairn_samples *samples, struct cairn_micro *out)
{
    const size_t n = samples->n;
    CAIRN_TRY(cairn_dataset_check_samples(loader->dataset, samples));
    for (size_t i = 0; i < n; i++) {
        loader->epoch[i] = (first + i) / loader->group->n;
        loader->sample[i] =
            samples->number != NULL ? samples->number[i] : (first + i) % loader->group->n;
        loader->sorted[i] = (struct cairn_by_sample){loader->sample[i], i};
    }
    /* read only, as if they had been gathered */
    const void *x = samples->token != NULL ? (const void *)samples->token : samples->x;
    loader->x.gather = (unsigned char *)(uintptr_t)x;
    loader->y.gather = (unsigned char *)(uintptr_t)samples->target;
    loader->weight.gather = (unsigned char *)(uintptr_t)samples->weight;
    loader->label_of = samples->label;
    cairn_status st = check_gathered(loader, n);
    if (st == CAIRN_OK) convert(loader, n, out);
    loader->x.gather = loader->y.gather = loader->weight.gather = NULL;
    loader->label_of = NULL;
    return st;
}

cairn_status cairn_loader_inputs(struct cairn_loader *loader, const real *x, size_t n,
                                 struct cairn_micro *out)
{
    const bool tokens = loader->group->n_tokens > 0;
    if (tokens) CAIRN_TRY(cairn_tokens_copy(loader->dataset, x, n * loader->n_in, loader->x_out));
    for (size_t i = 0; !tokens && i < n * loader->n_in; i += loader->n_in)
        cairn_convert(CAIRN_H5_REAL, x + i, loader->n_in, &loader->factors, loader->x_out + i);
    *out = (struct cairn_micro){.n = n, .n_labels = loader->n_labels, .x = loader->x_out};
    return CAIRN_OK;
}
