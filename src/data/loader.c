/* SPDX-License-Identifier: BSD-3-Clause
 * Positions -> micro-batch.  A read allocates nothing: every buffer is made in loader_plan.c. */
#include "data/loader_state.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/host.h"
#include "data/internal.h"
#include "data/positions.h"
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

/* The order of the epoch of a position; the answer is the position in it. */
static uint64_t enter_epoch(const struct cairn_loader *loader, uint64_t position,
                            struct cairn_shuffled *of)
{
    const uint64_t epoch = position / loader->group->n;
    if (of->epoch != epoch)
        cairn_shuffle_begin(&loader->options.shuffle, loader->options.seed, epoch, loader->group->n,
                            of);
    return position % loader->group->n;
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

/* The host fills rows.  batch->sample, being in another order, is filled again afterwards. */
static cairn_status call_for_rows(struct cairn_loader *loader, const struct cairn_batch *batch,
                                  size_t n)
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
    for (size_t i = 0; i < n; i++) batch->sample[i] = loader->sorted[i].sample;
    struct cairn_error before;
    cairn_host_ask(&before);
    cairn_status st = group->fill(group->fill_context, batch->sample, n, &out);
    st = cairn_host_answer(&before, st, "the function that fills rows");
    for (size_t i = 0; i < n; i++) batch->sample[loader->sorted[i].slot] = loader->sorted[i].sample;
    loader->label_of = loader->came;
    return st == CAIRN_OK ? check_gathered(loader, n) : st;
}

/* The window of blocks that follows the one of a position, in the endless order. */
static uint64_t next_window(const struct cairn_loader *loader, uint64_t position)
{
    const uint64_t n = loader->group->n;
    const uint64_t window = loader->options.shuffle.kind == CAIRN_SHUFFLE_BLOCKS
                                ? loader->options.shuffle.window
                                : loader->x.kept.block;
    const uint64_t in_epoch = position % n;
    const uint64_t next = in_epoch - in_epoch % window + window;
    return position - in_epoch + (next < n ? next : n);
}

/* Rows that are not held are read in the file's order. */
static cairn_status find_rows(struct cairn_loader *loader, const struct cairn_batch *batch,
                              const struct cairn_ahead_positions *of)
{
    const size_t n = of->n;
    for (size_t i = 0; i < n; i++)
        loader->sorted[i] = (struct cairn_by_sample){batch->sample[i], i};
    if (loader->is_held) return CAIRN_OK;
    qsort(loader->sorted, n, sizeof *loader->sorted, compare_samples);
    if (loader->group->fill != NULL) return call_for_rows(loader, batch, n);
    const uint64_t until = loader->x.kept.n > 0 ? next_window(loader, of->first) : 0;
    CAIRN_TRY(cairn_source_gather(&loader->x, loader->sorted, n, until));
    CAIRN_TRY(cairn_source_gather(&loader->y, loader->sorted, n, until));
    return cairn_source_gather(&loader->weight, loader->sorted, n, until);
}

/* A stored x [n_in] of this slot as its augmented view. */
static void put_view(struct cairn_loader *loader, const struct cairn_batch *batch,
                     const void *stored, size_t slot)
{
    real *out = batch->x + slot * loader->n_in;
    const struct cairn_augment *augment = &loader->options.augment;
    const struct cairn_view view =
        cairn_augment_view(augment, loader->options.seed, batch->epoch[slot], batch->sample[slot]);
    cairn_convert(loader->x.type, stored, loader->n_in, &loader->factors, loader->plain);
    cairn_augment_image(augment, &view, &loader->dataset->input, loader->border, loader->plain,
                        out);
}

static void put_labels(const struct cairn_loader *loader, const struct cairn_batch *batch,
                       size_t slot, const int32_t *label)
{
    memcpy(batch->label + slot * loader->n_labels, label, loader->n_labels * sizeof *label);
}

/* Sample sorted[i] of x and y into its slot. */
static void put_row(struct cairn_loader *loader, const struct cairn_batch *batch, size_t i)
{
    const struct cairn_by_sample row = loader->sorted[i];
    const struct cairn_source *y = &loader->y;
    const void *stored = cairn_source_at(&loader->x, i, row.sample);
    if (loader->plain == NULL)
        cairn_convert(loader->x.type, stored, loader->n_in, &loader->factors,
                      batch->x + row.slot * loader->n_in);
    else
        put_view(loader, batch, stored, row.slot);
    const int32_t *label = loader->group->label;
    if (loader->group->labels_in_file)
        cairn_positions_convert(y->type, cairn_source_at(y, i, row.sample), y->n_values,
                                batch->label + row.slot * y->n_values);
    else if (y->rows == NULL && loader->label_of != NULL)
        put_labels(loader, batch, row.slot, loader->label_of + i * loader->n_labels);
    else if (y->rows == NULL && label != NULL)
        put_labels(loader, batch, row.slot, label + row.sample * loader->n_labels);
    else if (y->rows != NULL)
        memcpy(batch->target + row.slot * y->n_values, cairn_source_at(y, i, row.sample),
               y->row_bytes);
    if (loader->weight.rows != NULL)
        memcpy(batch->label_weight + row.slot * loader->n_weights,
               cairn_source_at(&loader->weight, i, row.sample), loader->weight.row_bytes);
}

/* The window sorted[i] into its slot. */
static void put_window(struct cairn_loader *loader, const struct cairn_batch *batch, size_t i)
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
    cairn_tokens_convert(&window, batch->x + at, batch->label + at, batch->label_weight + at);
}

/* The weights of those samples that are left out, in their slots.  Where the data have no weights
 * all others have 1. */
static void put_no_weights(const struct cairn_loader *loader, const struct cairn_batch *batch,
                           size_t n)
{
    const size_t n_weights = loader->n_weights;
    if (loader->n_excluded == 0) return;
    for (size_t slot = 0; slot < n; slot++) {
        real *weight = batch->label_weight + slot * n_weights;
        const bool out =
            cairn_excluded_has(loader->excluded, loader->n_excluded, batch->sample[slot]);
        if (loader->weight.rows == NULL && loader->group->n_tokens == 0) *weight = 1;
        for (size_t i = 0; out && i < n_weights; i++) weight[i] = 0;
    }
}

/* The n rows that were found -> the micro-batch. */
static void convert(struct cairn_loader *loader, const struct cairn_batch *batch, size_t n)
{
    const struct cairn_source *x = &loader->x;
    size_t span_bytes = x->row_bytes * x->length;
    for (size_t i = 0; i < n; i++) {
        if (i + AHEAD < n)
            cairn_prefetch(cairn_source_at(x, i + AHEAD, loader->sorted[i + AHEAD].sample),
                           span_bytes);
        if (loader->group->n_tokens > 0)
            put_window(loader, batch, i);
        else
            put_row(loader, batch, i);
    }
    put_no_weights(loader, batch, n);
}

static void describe(const struct cairn_loader *loader, size_t n, struct cairn_micro *out)
{
    const struct cairn_dataset *data = loader->dataset;
    const struct cairn_batch *batch = &loader->batch[loader->in_use];
    const bool classes = data->n_targets == 0;
    *out = (struct cairn_micro){.n = n,
                                .n_labels = loader->n_labels,
                                .n_weights = loader->n_weights,
                                .x = batch->x,
                                .label = classes ? batch->label : NULL,
                                .target = classes        ? NULL
                                          : data->y_is_x ? batch->x
                                                         : batch->target,
                                .weight = batch->label_weight,
                                .sample = batch->sample,
                                .epoch = batch->epoch};
}

/* ---- reading, in the thread that reads */

cairn_status cairn_loader_make(void *context, size_t at, const struct cairn_ahead_positions *of)
{
    struct cairn_loader *loader = context;
    const struct cairn_batch *batch = &loader->batch[at];
    for (size_t i = 0; i < of->n; i++) {
        const uint64_t in_epoch = enter_epoch(loader, of->first + i, &loader->shuffled);
        batch->epoch[i] = loader->shuffled.epoch;
        batch->sample[i] = cairn_shuffle_at(&loader->shuffled, in_epoch);
    }
    if (cairn_fault("data.row")) batch->sample[0] = (batch->sample[0] + 1) % loader->group->n;
    CAIRN_TRY(find_rows(loader, batch, of));
    convert(loader, batch, of->n);
    if (loader->x.kept.n == 0) return CAIRN_OK;
    const uint64_t begin = next_window(loader, of->first);
    const uint64_t end = next_window(loader, begin);
    if (loader->onward.end != end) {
        loader->onward.position = begin;
        loader->onward.end = end;
    }
    return CAIRN_OK;
}

/* What cannot be read is said when it is wanted. */
bool cairn_loader_read_on(void *context)
{
    struct cairn_loader *loader = context;
    struct cairn_onward *on = &loader->onward;
    if (on->position >= on->end) return false;
    const uint64_t in_epoch = enter_epoch(loader, on->position, &on->shuffled);
    const uint64_t sample = cairn_shuffle_in_blocks(&on->shuffled, in_epoch);
    const uint64_t until = on->end;
    on->position += loader->x.kept.block;
    return cairn_source_read_on(&loader->x, sample, until) == CAIRN_OK &&
           cairn_source_read_on(&loader->y, sample, until) == CAIRN_OK &&
           cairn_source_read_on(&loader->weight, sample, until) == CAIRN_OK;
}

/* ---- what is wanted, in the thread that trains */

const struct cairn_shuffle *cairn_loader_get_shuffle(const struct cairn_loader *loader)
{
    return &loader->options.shuffle;
}

void cairn_loader_expect(struct cairn_loader *loader, const struct cairn_upcoming *upcoming)
{
    loader->upcoming = upcoming == NULL ? (struct cairn_upcoming){.next = NULL} : *upcoming;
}

/* What comes after `last`. */
static bool foresee(const struct cairn_loader *loader, struct cairn_ahead_positions *last)
{
    if (loader->upcoming.next != NULL)
        return loader->upcoming.next(loader->upcoming.context, &last->first, &last->n);
    const uint64_t n = loader->group->n;
    last->first += last->n;
    if (last->first % n == 0) return false;
    if (last->n > n - last->first % n) last->n = (size_t)(n - last->first % n);
    return true;
}

/* The micro-batch that was asked for in time, or is asked for now; and those that will follow. */
static cairn_status take_ahead(struct cairn_loader *loader, const struct cairn_ahead_positions *of)
{
    cairn_ahead_release(loader->ahead);
    if (!cairn_ahead_has(loader->ahead, of)) {
        cairn_ahead_drop(loader->ahead);
        (void)cairn_ahead_ask(loader->ahead, of);
        loader->last = *of;
    }
    struct cairn_ahead_positions next = loader->last;
    while (foresee(loader, &next) && cairn_ahead_ask(loader->ahead, &next)) loader->last = next;
    return cairn_ahead_take(loader->ahead, &loader->in_use);
}

cairn_status cairn_loader_read(struct cairn_loader *loader, uint64_t first, size_t n,
                               struct cairn_micro *out)
{
    const struct cairn_ahead_positions of = {first, n};
    if (n > loader->options.micro)
        return cairn_fail(CAIRN_BUG, "%zu samples are more than a loader has room for", n);
    if (loader->group->is_fed)
        return cairn_fail(CAIRN_USAGE, "the training samples are fed, and cannot be read");
    if (cairn_fault("data.read"))
        return cairn_fail(CAIRN_DATA, "%s: planted fault data.read", loader->dataset->path);
    CAIRN_TRY(loader->ahead == NULL ? cairn_loader_make(loader, loader->in_use, &of)
                                    : take_ahead(loader, &of));
    describe(loader, n, out);
    return CAIRN_OK;
}

cairn_status cairn_loader_take(struct cairn_loader *loader, uint64_t first,
                               const struct cairn_samples *samples, struct cairn_micro *out)
{
    const size_t n = samples->n;
    const struct cairn_batch *batch = &loader->batch[loader->in_use];
    CAIRN_TRY(cairn_dataset_check_samples(loader->dataset, samples));
    for (size_t i = 0; i < n; i++) {
        batch->epoch[i] = (first + i) / loader->group->n;
        batch->sample[i] =
            samples->number != NULL ? samples->number[i] : (first + i) % loader->group->n;
        loader->sorted[i] = (struct cairn_by_sample){batch->sample[i], i};
    }
    /* read only, as if they had been gathered */
    const void *x = samples->token != NULL ? (const void *)samples->token : samples->x;
    loader->x.gather = (unsigned char *)(uintptr_t)x;
    loader->y.gather = (unsigned char *)(uintptr_t)samples->target;
    loader->weight.gather = (unsigned char *)(uintptr_t)samples->weight;
    loader->label_of = samples->label;
    cairn_status st = check_gathered(loader, n);
    if (st == CAIRN_OK) convert(loader, batch, n);
    if (st == CAIRN_OK) describe(loader, n, out);
    loader->x.gather = loader->y.gather = loader->weight.gather = NULL;
    loader->label_of = NULL;
    return st;
}

cairn_status cairn_loader_inputs(struct cairn_loader *loader, const real *x, size_t n,
                                 struct cairn_micro *out)
{
    const bool tokens = loader->group->n_tokens > 0;
    real *to = loader->batch[loader->in_use].x;
    if (tokens) CAIRN_TRY(cairn_tokens_copy(loader->dataset, x, n * loader->n_in, to));
    for (size_t i = 0; !tokens && i < n * loader->n_in; i += loader->n_in)
        cairn_convert(CAIRN_H5_REAL, x + i, loader->n_in, &loader->factors, to + i);
    *out = (struct cairn_micro){.n = n, .n_labels = loader->n_labels, .x = to};
    return CAIRN_OK;
}
