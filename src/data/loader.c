/* SPDX-License-Identifier: BSD-3-Clause
 * Positions -> micro-batch.  A read allocates nothing: every buffer is made with the loader. */
#include "data/loader.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/memory.h"
#include "data/convert.h"
#include "data/internal.h"
#include "data/order.h"

enum { AHEAD = 2 }; /* rows between asking for one and converting it */

/* Where the rows of one array come from: all of them held in memory, or those of one
 * micro-batch. */
struct source {
    struct cairn_h5_array *array;
    enum cairn_h5_type type; /* as which it is read */
    size_t n_values, row_bytes;
    unsigned char *held;   /* [N rows], or NULL */
    unsigned char *gather; /* [b rows] in the order of `sorted`, or NULL */
};

struct by_sample {
    uint64_t sample;
    size_t slot; /* in the micro-batch */
};

struct cairn_loader {
    struct cairn_dataset *dataset; /* borrowed */
    const struct cairn_group *group;
    struct cairn_loader_options options;
    struct source x, y; /* y.array is NULL for classes */
    struct cairn_factors factors;
    float *scale, *shift; /* [values of a sample], where channels differ */
    struct cairn_order order;
    uint64_t order_epoch;
    bool order_known, is_held;
    struct by_sample *sorted; /* [b] */
    float *x_out;             /* [b, values] */
    float *target;            /* [b, targets] */
    int32_t *label;           /* [b] */
    uint64_t *sample, *epoch; /* [b] */
};

static void source_of(struct cairn_h5_array *array, enum cairn_h5_type type, struct source *out)
{
    struct cairn_h5_form form = *cairn_h5_array_form(array);
    form.type = type;
    out->array = array;
    out->type = type;
    out->row_bytes = cairn_row_bytes(&form);
    out->n_values = out->row_bytes / cairn_h5_element_bytes(&form);
}

/* `n` rows of which row i is sample `row(i)`: samples only matter for the message. */
static cairn_status check_finite(const struct cairn_loader *loader, const struct source *from,
                                 const void *data, size_t n, uint64_t first)
{
    if (from->type != CAIRN_H5_F32) return CAIRN_OK;
    size_t bad = cairn_first_not_finite(data, n * from->n_values);
    if (bad == n * from->n_values) return CAIRN_OK;
    return cairn_fail(
        CAIRN_DATA, "%s: /%s/%s row %zu: number %zu is not finite; mend or leave out that row",
        loader->dataset->path, cairn_split_name(loader->options.split),
        from == &loader->y ? "y" : "x", (size_t)first + bad / from->n_values, bad % from->n_values);
}

static cairn_status read_rows(struct cairn_loader *loader, struct source *from, uint64_t first,
                              size_t n, unsigned char *out)
{
    CAIRN_TRY(cairn_h5_array_rows(from->array, (size_t)first, n, from->type, out));
    return check_finite(loader, from, out, n, first);
}

static cairn_status prepare(struct cairn_loader *loader, struct source *from)
{
    size_t n = loader->group->n;
    if (from->array == NULL) return CAIRN_OK;
    if (!loader->is_held)
        return cairn_memory_get(loader->options.micro, from->row_bytes, "rows of the data",
                                &from->gather);
    CAIRN_TRY(cairn_memory_get(n, from->row_bytes,
                               "the data; data.in_memory: false reads them as they come",
                               &from->held));
    return read_rows(loader, from, 0, n, from->held);
}

/* Factors for each channel become factors for each number. */
static cairn_status spread(const float *factor, size_t n_factors, size_t n_values, float **out)
{
    CAIRN_TRY(cairn_memory_get(n_values, sizeof **out, "the scale of the data", out));
    for (size_t i = 0; i < n_values; i++) (*out)[i] = factor[i / (n_values / n_factors)];
    return CAIRN_OK;
}

static cairn_status choose_factors(struct cairn_loader *loader)
{
    const struct cairn_group *group = loader->group;
    loader->factors = (struct cairn_factors){.scale = group->scale, .shift = group->shift};
    if (group->n_scale == 1 && group->n_shift == 1) return CAIRN_OK;
    CAIRN_TRY(spread(group->scale, group->n_scale, loader->x.n_values, &loader->scale));
    CAIRN_TRY(spread(group->shift, group->n_shift, loader->x.n_values, &loader->shift));
    loader->factors =
        (struct cairn_factors){.scale = loader->scale, .shift = loader->shift, .each = true};
    return CAIRN_OK;
}

static cairn_status allocate(struct cairn_loader *loader)
{
    static const char what[] = "a micro-batch";
    size_t b = loader->options.micro;
    size_t x_bytes = loader->x.n_values * sizeof *loader->x_out;
    CAIRN_TRY(cairn_memory_get(b, x_bytes, what, &loader->x_out));
    CAIRN_TRY(
        cairn_memory_get(b, loader->y.n_values * sizeof *loader->target, what, &loader->target));
    CAIRN_TRY(cairn_memory_get(b, sizeof *loader->label, what, &loader->label));
    CAIRN_TRY(cairn_memory_get(b, sizeof *loader->sample, what, &loader->sample));
    CAIRN_TRY(cairn_memory_get(b, sizeof *loader->epoch, what, &loader->epoch));
    CAIRN_TRY(cairn_memory_get(b, sizeof *loader->sorted, what, &loader->sorted));
    CAIRN_TRY(choose_factors(loader));
    CAIRN_TRY(prepare(loader, &loader->x));
    return prepare(loader, &loader->y);
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
    loader->dataset = dataset;
    loader->group = group;
    loader->options = *options;
    source_of(group->x, cairn_h5_array_form(group->x)->type, &loader->x);
    if (group->y != NULL) source_of(group->y, CAIRN_H5_F32, &loader->y);
    size_t row_bytes = loader->x.row_bytes + loader->y.row_bytes;
    loader->is_held = row_bytes <= options->memory_bytes / group->n;
    cairn_status st = allocate(loader);
    if (st == CAIRN_OK)
        *out = loader;
    else
        cairn_loader_free(loader);
    return st;
}

void cairn_loader_free(struct cairn_loader *loader)
{
    if (loader == NULL) return;
    free(loader->x.held);
    free(loader->x.gather);
    free(loader->y.held);
    free(loader->y.gather);
    free(loader->scale);
    free(loader->shift);
    free(loader->sorted);
    free(loader->x_out);
    free(loader->target);
    free(loader->label);
    free(loader->sample);
    free(loader->epoch);
    free(loader);
}

size_t cairn_loader_bytes(const struct cairn_loader *loader)
{
    return loader->is_held ? loader->group->n * (loader->x.row_bytes + loader->y.row_bytes) : 0;
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
    const struct by_sample *x = a;
    const struct by_sample *y = b;
    return (x->sample > y->sample) - (x->sample < y->sample);
}

/* Rows of the micro-batch in the order of the file, neighbours in one read; a sample may occur
 * twice. */
static cairn_status gather(struct cairn_loader *loader, struct source *from, size_t n)
{
    const struct by_sample *row = loader->sorted;
    for (size_t i = 0, run = 0; i < n && from->array != NULL; i += run) {
        for (run = 1; i + run < n && row[i + run].sample == row[i].sample + run;) run++;
        CAIRN_TRY(read_rows(loader, from, row[i].sample, run, from->gather + i * from->row_bytes));
    }
    return CAIRN_OK;
}

static cairn_status find_rows(struct cairn_loader *loader, size_t n)
{
    for (size_t i = 0; i < n; i++) loader->sorted[i] = (struct by_sample){loader->sample[i], i};
    if (loader->is_held) return CAIRN_OK;
    qsort(loader->sorted, n, sizeof *loader->sorted, compare_samples);
    CAIRN_TRY(gather(loader, &loader->x, n));
    return gather(loader, &loader->y, n);
}

static const unsigned char *row_of(const struct source *from, size_t i, uint64_t sample)
{
    return from->held != NULL ? from->held + sample * from->row_bytes
                              : from->gather + i * from->row_bytes;
}

cairn_status cairn_loader_read(struct cairn_loader *loader, uint64_t first, size_t n,
                               struct cairn_micro *out)
{
    const struct source *x = &loader->x;
    const struct source *y = &loader->y;
    if (n > loader->options.micro)
        return cairn_fail(CAIRN_BUG, "%zu samples asked of a loader for %zu", n,
                          loader->options.micro);
    if (cairn_fault("data.read"))
        return cairn_fail(CAIRN_DATA, "%s: planted fault data.read", loader->dataset->path);
    for (size_t i = 0; i < n; i++) {
        loader->epoch[i] = (first + i) / loader->group->n;
        loader->sample[i] = sample_at(loader, loader->epoch[i], (first + i) % loader->group->n);
    }
    CAIRN_TRY(find_rows(loader, n));
    for (size_t i = 0; i < n; i++) {
        struct by_sample row = loader->sorted[i];
        if (i + AHEAD < n)
            cairn_prefetch(row_of(x, i + AHEAD, loader->sorted[i + AHEAD].sample), x->row_bytes);
        cairn_convert(x->type, row_of(x, i, row.sample), x->n_values, &loader->factors,
                      loader->x_out + row.slot * x->n_values);
        if (y->array == NULL)
            loader->label[row.slot] = loader->group->label[row.sample];
        else
            memcpy(loader->target + row.slot * y->n_values, row_of(y, i, row.sample), y->row_bytes);
    }
    *out = (struct cairn_micro){.n = n,
                                .n_labels = 1,
                                .x = loader->x_out,
                                .sample = loader->sample,
                                .epoch = loader->epoch};
    if (y->array == NULL)
        out->label = loader->label;
    else
        out->target = loader->target;
    return CAIRN_OK;
}
