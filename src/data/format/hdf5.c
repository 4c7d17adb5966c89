/* SPDX-License-Identifier: BSD-3-Clause
 * HDF5 files of others -> our layout: found and read as training finds and reads them, so that the
 * copy gives the same samples. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "data/convert.h"
#include "data/format.h"
#include "data/internal.h"
#include "data/said.h"
#include "data/split.h"
#include "data/tokens.h"

enum { BLOCK_BYTES = 1 << 22 };

/* Rows of one group, block by block. */
struct copy {
    struct cairn_dataset *dataset;
    const struct cairn_group *group;
    size_t first, n, block;      /* rows */
    unsigned char *x;            /* [block, ...] of x_type, owned */
    real *target, *weight;       /* owned */
    unsigned char *whole;        /* targets that are whole numbers, as they are stored; owned */
    size_t n_targets, n_weights; /* of a sample */
    struct cairn_said said;
};

/* ---- numbers, checked as the loader checks them */

static cairn_status refuse(const struct cairn_rows *rows, size_t row, double value,
                           const char *what)
{
    char where[CAIRN_WHERE_BYTES];
    const char *at = cairn_rows_where(rows, &row, where);
    if (at == NULL) at = "the source";
    return cairn_fail(CAIRN_DATA, "%s row %zu: %g is %s; fix or remove that row", at, row, value,
                      what);
}

static cairn_status read_reals(const struct copy *copy, const struct cairn_rows *rows,
                               size_t row_values, real *out)
{
    CAIRN_TRY(cairn_rows_read(rows, copy->first, copy->n, CAIRN_H5_REAL, out));
    const size_t bad = cairn_first_not_finite(out, copy->n * row_values);
    if (bad == copy->n * row_values) return CAIRN_OK;
    return refuse(rows, copy->first + bad / row_values, (double)out[bad],
                  rows->decode.may_miss ? "missing, a _FillValue" : "not finite");
}

static cairn_status read_x(const struct copy *copy, enum cairn_h5_type type)
{
    const struct cairn_rows *x = &copy->group->x;
    const size_t n_values = cairn_shape_count(&copy->dataset->input);
    if (type == CAIRN_H5_REAL) return read_reals(copy, x, n_values, (real *)(void *)copy->x);
    return cairn_rows_read(x, copy->first, copy->n, type, copy->x);
}

static cairn_status read_weights(const struct copy *copy)
{
    const struct cairn_rows *weight = &copy->group->weight;
    if (copy->weight == NULL) return CAIRN_OK;
    CAIRN_TRY(read_reals(copy, weight, copy->n_weights, copy->weight));
    for (size_t i = 0; i < copy->n * copy->n_weights; i++)
        if (copy->weight[i] < 0)
            return refuse(weight, copy->first + i / copy->n_weights, (double)copy->weight[i],
                          "not a weight");
    return CAIRN_OK;
}

/* ---- x and y */

static cairn_status read_y(const struct copy *copy, enum cairn_h5_type whole_type)
{
    const struct cairn_rows *y = &copy->group->y;
    if (copy->whole != NULL)
        return cairn_rows_read(y, copy->first, copy->n, whole_type, copy->whole);
    return copy->target == NULL ? CAIRN_OK : read_reals(copy, y, copy->n_targets, copy->target);
}

static cairn_status take_targets(struct copy *copy)
{
    if (copy->n_targets == 0) return CAIRN_OK;
    if (copy->dataset->y_is_whole)
        return cairn_memory_get(copy->block, cairn_row_bytes(&copy->group->y.form), "the targets",
                                &copy->whole);
    return cairn_memory_get(copy->block, copy->n_targets * sizeof *copy->target, "the targets",
                            &copy->target);
}

static size_t row_values(const struct cairn_rows *rows)
{
    const struct cairn_shape *shape = &rows->form.shape;
    return cairn_rows_exist(rows) ? cairn_shape_count(shape) / shape->dim[0] : 0;
}

static cairn_status take_room(struct copy *copy, size_t row_bytes)
{
    const size_t n = copy->group->n_tokens > 0 ? copy->group->n_tokens : copy->group->n;
    const size_t chunk = cairn_rows_chunk(&copy->group->x); /* none is unpacked twice */
    copy->n_weights = row_values(&copy->group->weight);
    copy->block =
        BLOCK_BYTES / (row_bytes + (copy->n_targets + copy->n_weights) * sizeof(double)) + 1;
    if (chunk > 0 && chunk < n) copy->block = (copy->block + chunk - 1) / chunk * chunk;
    if (copy->block > n) copy->block = n;
    CAIRN_TRY(cairn_memory_get(copy->block, row_bytes, "rows of the data", &copy->x));
    CAIRN_TRY(take_targets(copy));
    if (copy->n_weights == 0) return CAIRN_OK;
    return cairn_memory_get(copy->block, copy->n_weights * sizeof *copy->weight, "the weights",
                            &copy->weight);
}

static void free_copy(struct copy *copy)
{
    free(copy->x);
    free(copy->target);
    free(copy->whole);
    free(copy->weight);
    cairn_said_free(&copy->said);
}

static cairn_status write_factors(const struct cairn_group *group, enum cairn_split split,
                                  struct cairn_writer *writer)
{
    const struct {
        const char *name;
        const real *value;
        size_t n;
        real nothing; /* as if there were none */
    } factors[] = {{"scale", group->scale, group->n_scale, 1},
                   {"shift", group->shift, group->n_shift, 0}};
    for (size_t i = 0; i < sizeof factors / sizeof factors[0]; i++) {
        double *value = NULL;
        if (factors[i].n == 1 && factors[i].value[0] == factors[i].nothing) continue;
        CAIRN_TRY(cairn_memory_get(factors[i].n, sizeof *value, factors[i].name, &value));
        for (size_t k = 0; k < factors[i].n; k++) value[k] = (double)factors[i].value[k];
        cairn_status st = cairn_writer_factors(writer, split, factors[i].name, value, factors[i].n);
        free(value);
        CAIRN_TRY(st);
    }
    return CAIRN_OK;
}

static struct cairn_shape shape_of(const struct cairn_import *import,
                                   const struct cairn_dataset *dataset)
{
    const struct cairn_shape *input = &dataset->input;
    if (import->layout != CAIRN_IMPORT_LAYOUT_HW || input->ndim != 2) return *input;
    return (struct cairn_shape){.ndim = 3, .dim = {1, input->dim[0], input->dim[1]}};
}

static cairn_status copy_blocks(struct copy *copy, struct cairn_table *table,
                                struct cairn_sorter *sorter)
{
    const int32_t *label = table->label;
    for (copy->first = 0; copy->first < copy->group->n; copy->first += copy->n) {
        const size_t left = copy->group->n - copy->first;
        copy->n = left < copy->block ? left : copy->block;
        CAIRN_TRY(read_x(copy, table->x_type));
        CAIRN_TRY(read_y(copy, table->whole_type));
        CAIRN_TRY(read_weights(copy));
        table->n = copy->n;
        if (label != NULL) table->label = label + copy->first;
        CAIRN_TRY(cairn_sorter_append(sorter, table));
    }
    return CAIRN_OK;
}

static cairn_status copy_samples(const struct cairn_import *import, struct cairn_dataset *dataset,
                                 enum cairn_split split, struct cairn_writer *writer)
{
    struct copy copy = {.dataset = dataset, .group = &dataset->group[split]};
    struct cairn_sorter sorter;
    const enum cairn_h5_type type = cairn_rows_held_type(&copy.group->x);
    const struct cairn_h5_form x = {.type = type};
    copy.n_targets = dataset->y_is_x ? 0 : dataset->n_targets;
    cairn_status st = cairn_said_read(dataset, split, &copy.said);
    if (st == CAIRN_OK)
        st = take_room(&copy, cairn_shape_count(&dataset->input) * cairn_h5_element_bytes(&x));
    struct cairn_table table = {.input = shape_of(import, dataset),
                                .x_type = type,
                                .x = copy.x,
                                .label = cairn_dataset_labels(dataset, split),
                                .target = copy.target,
                                .n_targets = copy.n_targets,
                                .whole = copy.whole,
                                .whole_type = copy.group->y.form.type,
                                .y = dataset->y,
                                .weight = copy.weight,
                                .weight_each = copy.n_weights > 1,
                                .class_names = copy.said.classes,
                                .mean = copy.said.mean,
                                .deviation = copy.said.deviation};
    if (st == CAIRN_OK)
        st = cairn_sorter_begin(import, split, copy.group->n, &table, writer, &sorter);
    for (int i = 0; i < CAIRN_N_SPLITS && st == CAIRN_OK; i++)
        if (split == CAIRN_SPLIT_TRAIN ? sorter.count[i] > 0 : i == (int)split)
            st = write_factors(copy.group, (enum cairn_split)i, writer);
    if (st == CAIRN_OK && split == CAIRN_SPLIT_TRAIN && copy.said.columns != NULL)
        st = cairn_writer_columns(writer, copy.said.columns);
    if (st == CAIRN_OK) st = copy_blocks(&copy, &table, &sorter);
    free_copy(&copy);
    return st;
}

/* ---- tokens */

/* Whole numbers below the vocabulary, in the type in which they are written. */
static cairn_status read_tokens(const struct copy *copy, enum cairn_h5_type type)
{
    const struct cairn_rows *rows = &copy->group->x;
    double stored = 0;
    CAIRN_TRY(cairn_rows_read(rows, copy->first, copy->n, type, copy->x));
    const size_t bad = cairn_first_unknown_token(type, copy->x, copy->n, copy->dataset->vocabulary);
    if (bad < copy->n) {
        CAIRN_TRY(cairn_rows_read(rows, copy->first + bad, 1, CAIRN_H5_F64, &stored));
        return refuse(rows, copy->first + bad, stored, "no token below the vocabulary");
    }
    if (type != CAIRN_H5_I32 && type != CAIRN_H5_REAL) return CAIRN_OK;
    uint32_t *token = (uint32_t *)(void *)copy->x; /* no larger than what it comes from */
    for (size_t i = 0; i < copy->n; i++) token[i] = (uint32_t)cairn_token(type, copy->x, i);
    return CAIRN_OK;
}

static cairn_status copy_tokens(struct cairn_dataset *dataset, enum cairn_split split,
                                struct cairn_writer *writer)
{
    struct copy copy = {.dataset = dataset, .group = &dataset->group[split]};
    const enum cairn_h5_type type = cairn_tokens_held_type(&copy.group->x);
    const bool as_stored = type != CAIRN_H5_I32 && type != CAIRN_H5_REAL;
    const size_t n = copy.group->n_tokens;
    cairn_status st = cairn_said_read(dataset, split, &copy.said);
    if (st == CAIRN_OK) st = take_room(&copy, sizeof(double));
    struct cairn_token_table table = {.type = as_stored ? type : CAIRN_H5_U32,
                                      .token = copy.x,
                                      .weight = copy.weight,
                                      .vocabulary = dataset->vocabulary};
    if (st == CAIRN_OK) st = cairn_writer_begin_tokens(writer, split, n, &table);
    for (copy.first = 0; copy.first < n && st == CAIRN_OK; copy.first += copy.n) {
        table.n = copy.n = n - copy.first < copy.block ? n - copy.first : copy.block;
        st = read_tokens(&copy, type);
        if (st == CAIRN_OK) st = read_weights(&copy);
        if (st == CAIRN_OK) st = cairn_writer_append_tokens(writer, split, &table);
    }
    free_copy(&copy);
    return st;
}

/* ---- the whole */

/* What a file says besides its samples. */
static cairn_status copy_head(const struct cairn_dataset *dataset, struct cairn_writer *writer)
{
    for (size_t i = 0; cairn_about_names[i] != NULL; i++) {
        const char *text = cairn_dataset_about(dataset, cairn_about_names[i]);
        if (*text != '\0') CAIRN_TRY(cairn_writer_inherit(writer, i, text));
    }
    const char *characters = cairn_dataset_characters(dataset);
    return characters == NULL ? CAIRN_OK : cairn_writer_characters(writer, characters);
}

static cairn_status copy_groups(const struct cairn_import *import, struct cairn_dataset *dataset,
                                struct cairn_writer *writer)
{
    const bool divides = import->test_every > 0 || import->test_fraction > 0 || import->n_val > 0;
    if (divides && (dataset->vocabulary > 0 || !cairn_dataset_has(dataset, CAIRN_SPLIT_TRAIN)))
        return cairn_fail(CAIRN_USAGE, "%s: has no samples of train to divide", dataset->path);
    if (divides && (cairn_dataset_has(dataset, CAIRN_SPLIT_TEST) ||
                    (import->n_val > 0 && cairn_dataset_has(dataset, CAIRN_SPLIT_VAL))))
        return cairn_fail(CAIRN_USAGE,
                          "%s: has groups besides train; leave --val and --test-... "
                          "away",
                          dataset->path);
    CAIRN_TRY(copy_head(dataset, writer));
    for (int i = 0; i < CAIRN_N_SPLITS; i++) {
        const enum cairn_split split = (enum cairn_split)i;
        if (!cairn_dataset_has(dataset, split)) continue;
        CAIRN_TRY(dataset->vocabulary > 0 ? copy_tokens(dataset, split, writer)
                                          : copy_samples(import, dataset, split, writer));
    }
    return CAIRN_OK;
}

/* Names of sources and groups, as a run file has them. */
struct names {
    struct cairn_node *files, *group[CAIRN_N_SPLITS]; /* owned */
};

static cairn_status take_names(const struct cairn_import *import, struct names *names)
{
    for (int split = 0; split < CAIRN_N_SPLITS; split++)
        if (import->group[split] != NULL)
            CAIRN_TRY(cairn_node_create(CAIRN_NODE_SCALAR, NULL, import->group[split],
                                        &names->group[split]));
    CAIRN_TRY(cairn_node_create(CAIRN_NODE_LIST, NULL, NULL, &names->files));
    for (size_t i = 0; i < import->n_sources; i++) {
        struct cairn_node *file = NULL;
        CAIRN_TRY(cairn_node_create(CAIRN_NODE_SCALAR, NULL, import->source[i], &file));
        cairn_node_add(names->files, file);
    }
    return CAIRN_OK;
}

static cairn_status run(const struct cairn_import *import, struct cairn_writer *writer)
{
    struct names names = {.files = NULL};
    struct cairn_dataset *dataset = NULL;
    if (import->n_sources == 0)
        return cairn_fail(CAIRN_USAGE, "cairn import hdf5 takes one or more files");
    cairn_status st = take_names(import, &names);
    struct cairn_dataset_options options = {.files = names.files,
                                            .x = import->name[0],
                                            .y = import->name[1],
                                            .weight = import->name[2],
                                            .hwc = import->layout == CAIRN_IMPORT_LAYOUT_HWC,
                                            .labels_optional = import->csv.no_target};
    for (int split = 0; split < CAIRN_N_SPLITS; split++) options.group[split] = names.group[split];
    if (st == CAIRN_OK) st = cairn_dataset_open_as(&options, &dataset);
    if (st == CAIRN_OK) st = copy_groups(import, dataset, writer);
    cairn_dataset_close(dataset);
    for (int split = 0; split < CAIRN_N_SPLITS; split++) cairn_node_free(names.group[split]);
    cairn_node_free(names.files);
    return st;
}

#define AT(field) offsetof(struct cairn_import, field)

static const struct cairn_option flags[] = {
    CAIRN_OPTIONS_NAMES,
    {"--train-group", "NAME", CAIRN_KEY_TEXT, AT(group[0]),
     .doc = "the group train: its name there, or a file, or a pattern of files, as of data.train"},
    {"--val-group", "NAME", CAIRN_KEY_TEXT, AT(group[1]), .doc = "likewise val"},
    {"--test-group", "NAME", CAIRN_KEY_TEXT, AT(group[2]), .doc = "likewise test"},
    CAIRN_OPTIONS_SPLIT,
    {.name = NULL},
};

const struct cairn_format cairn_format_hdf5 = {
    .name = "hdf5",
    .heading = "hdf5 FILE...: HDF5 files of others, as data.x, data.y and the like name their "
               "arrays; several files are one after the other",
    .flags = flags,
    .run = run,
};
