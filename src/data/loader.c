/* SPDX-License-Identifier: BSD-3-Clause
 * Positions -> micro-batch.  A read allocates nothing: every buffer is made in loader_plan.c. */
#include "data/loader_state.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/host.h"
#include "data/internal.h"
#include "data/tokens.h"

enum { AHEAD = 2 }; /* rows between asking for one and converting it */

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

uint64_t cairn_loader_sample(struct cairn_loader *loader, uint64_t position)
{
    return sample_at(loader, position / loader->group->n, position % loader->group->n);
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
    const int32_t *label = loader->group->label;
    if (y->rows == NULL && loader->label_of != NULL)
        loader->label[row.slot] = loader->label_of[i];
    else if (y->rows == NULL && label != NULL)
        loader->label[row.slot] = label[row.sample];
    else if (y->rows != NULL)
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
    const struct cairn_dataset *data = loader->dataset;
    const bool classes = data->n_targets == 0;
    *out = (struct cairn_micro){.n = n,
                                .n_labels = loader->n_labels,
                                .x = loader->x_out,
                                .label = classes ? loader->label : NULL,
                                .target = classes        ? NULL
                                          : data->y_is_x ? loader->x_out
                                                         : loader->target,
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
    if (cairn_fault("data.row")) loader->sample[0] = (loader->sample[0] + 1) % loader->group->n;
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
