/* SPDX-License-Identifier: BSD-3-Clause
 * IDX, the format of MNIST and its kin: one file of images and one of labels for each group. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "data/format.h"
#include "data/idx_array.h"

/* Images and labels of one group, read. */
struct pair {
    struct cairn_idx images, labels;
    int32_t *label;
    real *target;
    struct cairn_table table; /* borrows all of the above */
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

static cairn_status read_label(const char *path, struct pair *pair)
{
    CAIRN_TRY(cairn_memory_get(pair->table.n, sizeof *pair->label, "the labels", &pair->label));
    for (size_t i = 0; i < pair->table.n; i++) {
        double value = cairn_idx_value(&pair->labels, i);
        if (value < 0 || value >= INT32_MAX)
            return cairn_fail(CAIRN_DATA,
                              "%s: row %zu: the label %.0f is not a class; count from 0", path, i,
                              value);
        pair->label[i] = (int32_t)value;
    }
    pair->table.label = pair->label;
    return CAIRN_OK;
}

static cairn_status read_target(struct pair *pair)
{
    const struct cairn_shape *shape = &pair->labels.form.shape;
    size_t n = cairn_shape_count(shape);
    CAIRN_TRY(cairn_memory_get(n, sizeof *pair->target, "the targets", &pair->target));
    for (size_t i = 0; i < n; i++) pair->target[i] = (real)cairn_idx_value(&pair->labels, i);
    pair->table.target = pair->target;
    pair->table.n_targets = n / pair->table.n;
    return CAIRN_OK;
}

static cairn_status shape_images(const char *path, struct pair *pair)
{
    const struct cairn_h5_form *form = &pair->images.form;
    struct cairn_table *table = &pair->table;
    *table =
        (struct cairn_table){.n = form->shape.dim[0], .x_type = form->type, .x = pair->images.data};
    if (form->type == CAIRN_H5_U8) table->scale = 1.0 / 255;
    if (form->shape.ndim < 2)
        return cairn_fail(CAIRN_DATA, "%s: has one dimension; images have at least two", path);
    int gray = form->shape.ndim == 3; /* [n, H, W] becomes [n, 1, H, W] */
    table->input.ndim = form->shape.ndim - 1 + gray;
    table->input.dim[0] = 1;
    for (int d = 1; d < form->shape.ndim; d++) table->input.dim[d - 1 + gray] = form->shape.dim[d];
    return CAIRN_OK;
}

static cairn_status read_pair(const char *const path[2], struct pair *pair)
{
    const struct cairn_shape *shape = &pair->labels.form.shape;
    CAIRN_TRY(cairn_idx_read(path[0], &pair->images));
    CAIRN_TRY(cairn_idx_read(path[1], &pair->labels));
    CAIRN_TRY(shape_images(path[0], pair));
    if (shape->dim[0] != pair->table.n)
        return cairn_fail(CAIRN_DATA, "%s: %zu labels for the %zu images of %s", path[1],
                          shape->dim[0], pair->table.n, path[0]);
    if (shape->ndim > (pair->labels.is_whole ? 1 : 2))
        return cairn_fail(CAIRN_DATA, "%s: has %d dimensions; labels have one", path[1],
                          shape->ndim);
    return pair->labels.is_whole ? read_label(path[1], pair) : read_target(pair);
}

static void free_pair(struct pair *pair)
{
    cairn_idx_free(&pair->images);
    cairn_idx_free(&pair->labels);
    free(pair->label);
    free(pair->target);
}

static cairn_status write_train(const struct cairn_import *import, const char *const path[2],
                                struct cairn_writer *writer)
{
    struct pair pair = {0};
    cairn_status st = read_pair(path, &pair);
    if (st == CAIRN_OK && import->n_val >= pair.table.n)
        st = cairn_fail(CAIRN_USAGE, "--val %zu leaves none of the %zu training samples",
                        import->n_val, pair.table.n);
    if (st != CAIRN_OK) goto done;
    size_t n_train = pair.table.n - import->n_val;
    struct cairn_table train = cairn_table_slice(&pair.table, 0, n_train);
    struct cairn_table val = cairn_table_slice(&pair.table, n_train, import->n_val);
    st = cairn_writer_group(writer, CAIRN_SPLIT_TRAIN, &train);
    if (st == CAIRN_OK) st = cairn_writer_group(writer, CAIRN_SPLIT_VAL, &val);
done:
    free_pair(&pair);
    return st;
}

static cairn_status write_test(const char *const path[2], struct cairn_writer *writer)
{
    struct pair pair = {0};
    cairn_status st = read_pair(path, &pair);
    if (st == CAIRN_OK) st = cairn_writer_group(writer, CAIRN_SPLIT_TEST, &pair.table);
    free_pair(&pair);
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
    CAIRN_TRY(write_train(import, train, writer));
    return write_test(test, writer);
}

static cairn_status run(const struct cairn_import *import, struct cairn_writer *writer)
{
    if (import->train[0] == NULL && import->test[0] == NULL && import->n_sources == 1)
        return run_folder(import, writer);
    if (import->train[0] == NULL || import->n_sources != 0)
        return cairn_fail(CAIRN_USAGE,
                          "cairn import idx takes one folder, or --train IMAGES LABELS and "
                          "--test IMAGES LABELS");
    CAIRN_TRY(write_train(import, import->train, writer));
    return import->test[0] == NULL ? CAIRN_OK : write_test(import->test, writer);
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
