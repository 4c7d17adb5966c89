/* SPDX-License-Identifier: BSD-3-Clause
 * CSV: one row per sample, one column is the target, all others are features. */
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "data/format.h"
#include "data/split.h"
#include "data/text_table.h"

/* Mean and deviation of column `at` over n rows of `stride`, each rows[i]. */
static void measure(const double *at, size_t stride, const size_t *row, size_t n, double *mean,
                    double *deviation)
{
    double sum = 0;
    double squares = 0;
    for (size_t i = 0; i < n; i++) sum += at[row[i] * stride];
    *mean = sum / (double)n;
    for (size_t i = 0; i < n; i++) {
        double off = at[row[i] * stride] - *mean;
        squares += off * off;
    }
    *deviation = sqrt(squares / (double)n);
    if (*deviation == 0) *deviation = 1; /* a constant column becomes 0 */
}

static void standardize_column(double *at, size_t stride, size_t n, double mean, double deviation)
{
    for (size_t i = 0; i < n; i++) at[i * stride] = (at[i * stride] - mean) / deviation;
}

/* Features and real targets to mean 0 and variance 1 over the training rows.  statistics: [2,
 * columns] */
static void standardize(struct cairn_text_table *csv, const struct cairn_split_plan *plan,
                        double *statistics)
{
    size_t n_columns = csv->n_features + (csv->target != NULL);
    size_t n_train = plan->count[CAIRN_SPLIT_TRAIN];
    for (size_t i = 0; i < n_columns; i++) {
        bool is_feature = i < csv->n_features;
        double *at = is_feature ? csv->feature + i : csv->target;
        size_t stride = is_feature ? csv->n_features : 1;
        double *mean = &statistics[i];
        double *deviation = &statistics[n_columns + i];
        measure(at, stride, plan->row, n_train, mean, deviation);
        standardize_column(at, stride, csv->n_rows, *mean, *deviation);
    }
}

static cairn_status as_reals(const double *value, size_t n, real **out)
{
    *out = NULL;
    if (value == NULL) return CAIRN_OK;
    CAIRN_TRY(cairn_memory_get(n, sizeof **out, "the table", out));
    for (size_t i = 0; i < n; i++) (*out)[i] = (real)value[i];
    return CAIRN_OK;
}

static cairn_status write_table(const struct cairn_import *import, struct cairn_text_table *csv,
                                const struct cairn_split_plan *plan, struct cairn_writer *writer)
{
    double *statistics = NULL;
    real *x = NULL;
    real *target = NULL;
    size_t n_columns = csv->n_features + 1;
    cairn_status st =
        cairn_memory_get(2 * n_columns, sizeof *statistics, "mean and deviation", &statistics);
    if (st == CAIRN_OK && import->standardize) standardize(csv, plan, statistics);
    if (st == CAIRN_OK) st = as_reals(csv->feature, csv->n_rows * csv->n_features, &x);
    if (st == CAIRN_OK) st = as_reals(csv->target, csv->n_rows, &target);
    struct cairn_table table = {.n = csv->n_rows,
                                .input = {.ndim = 1, .dim = {csv->n_features}},
                                .x_type = CAIRN_H5_REAL,
                                .x = x,
                                .label = csv->label,
                                .target = target,
                                .n_targets = csv->target != NULL,
                                .class_names = csv->class_names};
    if (import->standardize) {
        table.mean = statistics;
        table.deviation = statistics + csv->n_features + table.n_targets;
    }
    if (st == CAIRN_OK) st = cairn_split_write(plan, &table, writer);
    free(target);
    free(x);
    free(statistics);
    return st;
}

static cairn_status run(const struct cairn_import *import, struct cairn_writer *writer)
{
    struct cairn_text_table csv = {0};
    struct cairn_split_plan plan = {0};
    if (import->n_sources != 1)
        return cairn_fail(CAIRN_USAGE, "cairn import csv takes one file, not %zu",
                          import->n_sources);
    CAIRN_TRY(cairn_text_table_read(import->source[0], import->target, import->classes, &csv));
    cairn_status st = cairn_split_plan(import, csv.n_rows, &plan);
    if (st == CAIRN_OK) st = write_table(import, &csv, &plan, writer);
    cairn_split_plan_free(&plan);
    cairn_text_table_free(&csv);
    return st;
}

#define AT(field) offsetof(struct cairn_import, field)

static const struct cairn_option flags[] = {
    {"--target", "NAME|INDEX", CAIRN_KEY_TEXT, AT(target),
     .doc = "the column of the target; default the last, indices count from 0"},
    {"--classes", NULL, CAIRN_KEY_BOOL, AT(classes),
     .doc = "the target is a class: whole numbers, or texts, numbered in sorted order"},
    {"--standardize", NULL, CAIRN_KEY_BOOL, AT(standardize),
     .doc = "features and real targets to mean 0 and variance 1 over the training rows"},
    {"--test-fraction", "F", CAIRN_KEY_REAL, AT(test_fraction),
     .doc = "this part of the rows is test, drawn at random", .fallback = "0.2", .high = 0.99},
    {"--test-every", "N", CAIRN_KEY_COUNT, AT(test_every),
     .doc = "instead: row i is test where i mod N is 0", .low = 2, .high = 1e15},
    {"--seed", "S", CAIRN_KEY_COUNT, AT(seed), .doc = "of that draw", .fallback = "0",
     .high = 9e15},
    CAIRN_OPTION_VAL,
    {.name = NULL},
};

const struct cairn_format cairn_format_csv = {
    .name = "csv",
    .heading = "csv FILE.csv[.gz]: a table with or without a header, one row per sample",
    .flags = flags,
    .run = run,
};
