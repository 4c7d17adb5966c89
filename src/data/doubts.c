/* SPDX-License-Identifier: BSD-3-Clause
 * What is not wrong with data, but rarely meant: one line each.  Nothing is changed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "data/internal.h"
#include "data/labels.h"
#include "data/place.h"

enum {
    LINE_BYTES = CAIRN_WHERE_BYTES + 1024,
    MOST_UNUSED = 8,
    SAMPLE_BYTES = 1 << 20,
    MOST_CLASSES = 1 << 24
};

/* Who hears of it, and what there is to look at. */
struct doubts {
    const struct cairn_dataset *dataset;
    const struct cairn_dataset_given *given;
    void (*say)(void *context, const char *line);
    void *context;
    char line[LINE_BYTES];
};

static bool is_colours(size_t n)
{
    return n == 1 || n == 3 || n == 4;
}

static void doubt_layout(struct doubts *d, const struct cairn_rows *x)
{
    const struct cairn_shape *in = &d->dataset->input;
    char text[CAIRN_SHAPE_TEXT_BYTES];
    if (d->given->hwc || in->ndim < 3 || !is_colours(in->dim[in->ndim - 1]) ||
        is_colours(in->dim[0]))
        return;
    snprintf(d->line, sizeof d->line,
             "%s: samples of %s are %s, which looks like %srows, columns, channels: channels come "
             "first; data.layout: hwc turns them round",
             cairn_rows_file(x, 0), cairn_rows_path(x, 0), cairn_shape_text(in, text),
             in->ndim == 4 ? "layers, " : "");
    d->say(d->context, d->line);
}

/* Whether the first numbers are not just 0 and 1. */
static cairn_status is_more_than_bits(const struct cairn_rows *x, bool *out)
{
    unsigned char *bytes = NULL;
    const size_t row = cairn_row_bytes(&x->form);
    size_t n = SAMPLE_BYTES / row + 1;
    if (n > x->form.shape.dim[0]) n = x->form.shape.dim[0];
    CAIRN_TRY(cairn_memory_get(n, row, "numbers to look at", &bytes));
    cairn_status st = cairn_rows_read(x, 0, n, CAIRN_H5_U8, bytes);
    *out = false;
    for (size_t i = 0; st == CAIRN_OK && i < n * row; i++) *out = *out || bytes[i] > 1;
    free(bytes);
    return st;
}

static cairn_status doubt_scale(struct doubts *d, const struct cairn_group *group)
{
    const struct cairn_rows *x = &group->x;
    bool large = false;
    const bool scaled = group->n_scale > 1 || group->scale[0] != 1 || d->given->normalized;
    if (scaled || x->form.type != CAIRN_H5_U8 || x->form.coding != CAIRN_H5_PLAIN) return CAIRN_OK;
    CAIRN_TRY(is_more_than_bits(x, &large));
    if (!large) return CAIRN_OK;
    snprintf(d->line, sizeof d->line,
             "%s: %s is uint8 without a scale: its numbers go in as they are, up to 255; data.std: "
             "255 or the attribute scale makes them 0 to 1",
             cairn_rows_file(x, 0), cairn_rows_path(x, 0));
    d->say(d->context, d->line);
    return CAIRN_OK;
}

static bool is_unwritten(struct doubts *d, const struct cairn_rows *rows, size_t part)
{
    if (part >= rows->n_parts || !cairn_rows_unwritten(rows, part)) return false;
    snprintf(d->line, sizeof d->line,
             "%s: parts of %s were never written and read as zeros: was its writer stopped?",
             cairn_rows_file(rows, part), cairn_rows_path(rows, part));
    d->say(d->context, d->line);
    return true;
}

/* The first that was found, of x and of y, going through the files once. */
static void doubt_unwritten(struct doubts *d, const struct cairn_group *group)
{
    bool x = false;
    bool y = false;
    for (size_t part = 0; part < group->x.n_parts && !(x && y); part++) {
        x = x || is_unwritten(d, &group->x, part);
        y = y || is_unwritten(d, &group->y, part);
    }
}

/* ---- classes */

/* How often each class is there. */
struct counts {
    size_t n_classes, *of;
};

static cairn_status count_block(void *context, size_t first, size_t n, const int32_t *label)
{
    const struct counts *counts = context;
    (void)first;
    for (size_t i = 0; i < n; i++)
        if (label[i] >= 0 && (size_t)label[i] < counts->n_classes) counts->of[label[i]]++;
    return CAIRN_OK;
}

static void say_classes(struct doubts *d, const size_t *in_train, const size_t *in_all)
{
    const size_t n = d->dataset->n_classes;
    size_t n_empty = 0;
    size_t first = 0;
    for (size_t c = n; c-- > 0;) {
        n_empty += in_train[c] == 0;
        if (in_train[c] == 0) first = c;
    }
    if (n_empty == 0 || n_empty == n) return; /* none at all counts, which is said elsewhere */
    if (n_empty == 1 && n > 2 && in_all[0] == 0)
        snprintf(
            d->line, sizeof d->line,
            "%s: labels are 1 to %zu, none is 0: classes count from 0, so that the model has an "
            "output too many",
            d->dataset->path, n - 1);
    else
        snprintf(d->line, sizeof d->line, "%s: train has no sample of class %zu%s, of %zu classes",
                 d->dataset->path, first, n_empty > 1 ? " and of others" : "", n);
    d->say(d->context, d->line);
}

static cairn_status doubt_classes(struct doubts *d)
{
    const struct cairn_dataset *dataset = d->dataset;
    const struct cairn_group *train = &dataset->group[CAIRN_SPLIT_TRAIN];
    const size_t n = dataset->n_classes;
    size_t *count = NULL;
    if ((train->label == NULL && !train->labels_in_file) || n == 0) return CAIRN_OK;
    if (dataset->y.ndim > 0) return CAIRN_OK; /* of positions: too many to be read for this */
    CAIRN_TRY(cairn_memory_get(2 * n, sizeof *count, "counts of classes", &count));
    struct counts in_train = {n, count}, others = {n, count + n};
    cairn_status st = cairn_labels_each(train, count_block, &in_train);
    for (int split = 0; split < CAIRN_N_SPLITS && st == CAIRN_OK; split++)
        if (split != CAIRN_SPLIT_TRAIN)
            st = cairn_labels_each(&dataset->group[split], count_block, &others);
    for (size_t c = 0; c < n; c++) others.of[c] += count[c];
    if (st == CAIRN_OK) say_classes(d, count, others.of);
    free(count);
    return st;
}

/* ---- what nobody asks for */

struct unused {
    const struct cairn_dataset *dataset;
    struct cairn_data_file *file;
    char text[LINE_BYTES / 2];
    size_t n;
};

static bool is_used(const struct cairn_rows *rows, const struct cairn_data_file *file,
                    const char *path)
{
    for (size_t i = 0; i < rows->n_parts; i++)
        if (rows->part[i].file == file && strcmp(rows->part[i].path, path) == 0) return true;
    return false;
}

static cairn_status see_array(void *context, const char *path)
{
    struct unused *unused = context;
    const size_t used = strlen(unused->text);
    bool known = strcmp(path, "/characters") == 0 ||
                 cairn_h5_has_attribute(unused->file->h5, path, "CLASS"); /* a scale of netCDF */
    for (int split = 0; split < CAIRN_N_SPLITS && !known; split++) {
        const struct cairn_group *group = &unused->dataset->group[split];
        known = is_used(&group->x, unused->file, path) || is_used(&group->y, unused->file, path) ||
                is_used(&group->weight, unused->file, path);
    }
    if (known) return CAIRN_OK;
    if (unused->n++ < MOST_UNUSED)
        snprintf(unused->text + used, sizeof unused->text - used, "%s%s", used == 0 ? "" : ", ",
                 path);
    return CAIRN_OK;
}

static void doubt_unused(struct doubts *d)
{
    struct unused unused = {.dataset = d->dataset};
    if (d->dataset->files == NULL) return;
    unused.file = cairn_data_files_at(d->dataset->files, 0);
    if (cairn_data_file_take(unused.file) != CAIRN_OK) return;
    cairn_status st = cairn_h5_arrays(unused.file->h5, see_array, &unused);
    cairn_data_file_give(unused.file);
    if (st != CAIRN_OK || unused.n == 0) return;
    snprintf(d->line, sizeof d->line, "%s: not used: %s%s", unused.file->path, unused.text,
             unused.n > MOST_UNUSED ? ", ..." : "");
    d->say(d->context, d->line);
}

cairn_status cairn_dataset_doubts(const struct cairn_dataset *dataset,
                                  const struct cairn_dataset_given *given,
                                  void (*say)(void *context, const char *line), void *context)
{
    struct doubts d = {.dataset = dataset, .given = given, .say = say, .context = context};
    const struct cairn_group *train = &dataset->group[CAIRN_SPLIT_TRAIN];
    if (train->x.n_parts == 0) return CAIRN_OK;
    if (train->n_tokens == 0) {
        doubt_layout(&d, &train->x);
        CAIRN_TRY(doubt_scale(&d, train));
        CAIRN_TRY(doubt_classes(&d));
    }
    for (int split = 0; split < CAIRN_N_SPLITS; split++)
        doubt_unwritten(&d, &dataset->group[split]);
    doubt_unused(&d);
    return CAIRN_OK;
}
