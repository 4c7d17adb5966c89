/* SPDX-License-Identifier: BSD-3-Clause
 * IDX, the format of MNIST and its kin: one file of images and one of labels for each group. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "data/format.h"
#include "data/idx_array.h"
#include "data/kept.h"
#include "data/split.h"

enum { BLOCK_BYTES = 1 << 22 };

/* Images and labels of one group, block by block. */
struct pair {
    struct cairn_idx *images, *labels; /* owned */
    size_t n, first, block;            /* samples, those that were read, those at once */
    unsigned char *stored;             /* rows of either, owned */
    void *x, *y;                       /* as they are written, owned */
    bool is_class;
    struct cairn_table table; /* of a block; borrows from x and y */
};

static cairn_status find_file(const char *folder, const char *name, char path[CAIRN_PATH_BYTES])
{
    static const char *const endings[] = {"", ".gz"};
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        int n = snprintf(path, CAIRN_PATH_BYTES, "%s/%s%s", folder, name, endings[i]);
        if (n < 0 || n >= CAIRN_PATH_BYTES)
            return cairn_fail(CAIRN_USAGE, "%.60s...: the path is too long", folder);
        if (access(path, R_OK) == 0) return CAIRN_OK;
    }
    return cairn_fail(CAIRN_DATA,
                      "%s: has neither %s nor %s.gz; name the files with --train and --test",
                      folder, name, name);
}

/* [n, H, W] becomes [n, 1, H, W]. */
static cairn_status shape_images(struct pair *pair)
{
    const struct cairn_shape *shape = &cairn_idx_form(pair->images)->shape;
    struct cairn_table *table = &pair->table;
    const int grey = shape->ndim == 3;
    if (shape->ndim < 2)
        return cairn_fail(CAIRN_DATA, "%s: has one dimension; images have at least two",
                          cairn_idx_path(pair->images));
    table->x_type = cairn_kept_type(cairn_idx_form(pair->images));
    if (table->x_type == CAIRN_H5_U8) table->scale = 1.0 / 255;
    table->input.ndim = shape->ndim - 1 + grey;
    table->input.dim[0] = 1;
    for (int d = 1; d < shape->ndim; d++) table->input.dim[d - 1 + grey] = shape->dim[d];
    return CAIRN_OK;
}

static cairn_status check_labels(struct pair *pair)
{
    const struct cairn_h5_form *form = cairn_idx_form(pair->labels);
    const char *path = cairn_idx_path(pair->labels);
    pair->is_class = !cairn_h5_is_real(form->type);
    if (form->shape.dim[0] != pair->n)
        return cairn_fail(CAIRN_DATA, "%s: %zu labels for the %zu images of %s", path,
                          form->shape.dim[0], pair->n, cairn_idx_path(pair->images));
    if (form->shape.ndim > (pair->is_class ? 1 : 2))
        return cairn_fail(CAIRN_DATA, "%s: has %d dimensions; labels have one", path,
                          form->shape.ndim);
    return CAIRN_OK;
}

/* Room for a block, whose rows are as wide as those of images and labels together at least. */
static cairn_status take_room(struct pair *pair)
{
    const size_t x_bytes = cairn_idx_row_values(pair->images) * sizeof(double);
    const size_t y_bytes = cairn_idx_row_values(pair->labels) * sizeof(double);
    pair->block = BLOCK_BYTES / (x_bytes + y_bytes) + 1;
    if (pair->block > pair->n) pair->block = pair->n;
    CAIRN_TRY(cairn_memory_get(pair->block, x_bytes + y_bytes, "images", &pair->stored));
    CAIRN_TRY(cairn_memory_get(pair->block, x_bytes, "images", &pair->x));
    CAIRN_TRY(cairn_memory_get(pair->block, y_bytes, "the labels", &pair->y));
    pair->table.x = pair->x;
    pair->table.n_targets = cairn_idx_row_values(pair->labels);
    if (pair->is_class)
        pair->table.label = pair->y;
    else
        pair->table.target = pair->y;
    return CAIRN_OK;
}

static cairn_status open_pair(const char *const path[2], struct pair *pair)
{
    CAIRN_TRY(cairn_idx_open(path[0], &pair->images));
    CAIRN_TRY(cairn_idx_open(path[1], &pair->labels));
    pair->n = cairn_idx_form(pair->images)->shape.dim[0];
    CAIRN_TRY(shape_images(pair));
    CAIRN_TRY(check_labels(pair));
    return take_room(pair);
}

static void close_pair(struct pair *pair)
{
    cairn_idx_close(pair->images);
    cairn_idx_close(pair->labels);
    free(pair->stored);
    free(pair->x);
    free(pair->y);
}

static cairn_status read_rows(struct pair *pair, struct cairn_idx *from, struct cairn_stored *out)
{
    *out = (struct cairn_stored){.where = cairn_idx_path(from),
                                 .form = *cairn_idx_form(from),
                                 .row_values = cairn_idx_row_values(from),
                                 .data = pair->stored,
                                 .first = pair->first,
                                 .n = pair->table.n};
    return cairn_idx_rows(from, pair->table.n, pair->stored);
}

static cairn_status check_classes(const struct pair *pair, const int32_t *label)
{
    for (size_t i = 0; i < pair->table.n; i++)
        if (label[i] < 0)
            return cairn_fail(CAIRN_DATA, "%s: row %zu: the label %d is not a class; count from 0",
                              cairn_idx_path(pair->labels), pair->first + i, (int)label[i]);
    return CAIRN_OK;
}

static cairn_status read_block(struct pair *pair)
{
    struct cairn_stored stored;
    const size_t left = pair->n - pair->first;
    pair->table.n = left < pair->block ? left : pair->block;
    CAIRN_TRY(read_rows(pair, pair->images, &stored));
    CAIRN_TRY(cairn_keep_numbers(&stored, pair->table.x_type, pair->x));
    CAIRN_TRY(cairn_check_exact(&stored, pair->table.x_type, pair->x));
    CAIRN_TRY(read_rows(pair, pair->labels, &stored));
    CAIRN_TRY(pair->is_class ? cairn_keep_labels(&stored, pair->y)
                             : cairn_keep_numbers(&stored, CAIRN_H5_REAL, pair->y));
    if (pair->is_class) CAIRN_TRY(check_classes(pair, pair->y));
    pair->first += pair->table.n;
    return CAIRN_OK;
}

static cairn_status write_group(const struct cairn_import *import, enum cairn_split split,
                                const char *const path[2], struct cairn_writer *writer)
{
    struct pair pair = {.n = 0};
    struct cairn_sorter sorter;
    cairn_status st = open_pair(path, &pair);
    if (st == CAIRN_OK)
        st = cairn_sorter_begin(import, split, pair.n, &pair.table, writer, &sorter);
    while (st == CAIRN_OK && pair.first < pair.n) {
        st = read_block(&pair);
        if (st == CAIRN_OK) st = cairn_sorter_append(&sorter, &pair.table);
    }
    close_pair(&pair);
    return st;
}

static cairn_status run_folder(const struct cairn_import *import, struct cairn_writer *writer)
{
    static const char *const names[4] = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte",
                                         "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"};
    char path[4][CAIRN_PATH_BYTES];
    for (int i = 0; i < 4; i++) CAIRN_TRY(find_file(import->source[0], names[i], path[i]));
    const char *const train[2] = {path[0], path[1]};
    const char *const test[2] = {path[2], path[3]};
    CAIRN_TRY(write_group(import, CAIRN_SPLIT_TRAIN, train, writer));
    return write_group(import, CAIRN_SPLIT_TEST, test, writer);
}

static cairn_status run(const struct cairn_import *import, struct cairn_writer *writer)
{
    if (import->train[0] == NULL && import->test[0] == NULL && import->n_sources == 1)
        return run_folder(import, writer);
    if (import->train[0] == NULL || import->n_sources != 0)
        return cairn_fail(CAIRN_USAGE,
                          "cairn import idx takes one folder, or --train IMAGES LABELS and "
                          "--test IMAGES LABELS");
    CAIRN_TRY(write_group(import, CAIRN_SPLIT_TRAIN, import->train, writer));
    if (import->test[0] == NULL) return CAIRN_OK;
    return write_group(import, CAIRN_SPLIT_TEST, import->test, writer);
}

#define AT(field) offsetof(struct cairn_import, field)

static const struct cairn_option flags[] = {
    {"--train", "IMAGES LABELS", CAIRN_KEY_PATH, AT(train),
     .doc = "the files of the training samples", .pair = true},
    {"--test", "IMAGES LABELS", CAIRN_KEY_PATH, AT(test), .doc = "those of the test samples",
     .pair = true},
    CAIRN_OPTION_VAL,
    {.name = NULL},
};

const struct cairn_format cairn_format_idx = {
    .name = "idx",
    .heading = "idx FOLDER | --train IMAGES LABELS --test IMAGES LABELS: the files of MNIST and "
               "its kin; a FOLDER holds MNIST's four names, plain or .gz; images become [n, 1, H, "
               "W], bytes are scaled by 1/255",
    .flags = flags,
    .run = run,
};
