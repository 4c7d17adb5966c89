/* SPDX-License-Identifier: BSD-3-Clause
 * CSV: one row per sample; which columns are features and targets: csv/columns.c. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "data/csv/like.h"
#include "data/csv/stored.h"
#include "data/format.h"
#include "data/split.h"

/* A column of values: n rows of `stride`. */
struct values {
    double *at;
    size_t stride, n;
};

/* Mean and deviation over these rows, of what has a value. */
static void measure(const struct values *values, const size_t *row, size_t n, double *mean,
                    double *deviation)
{
    double sum = 0, squares = 0;
    size_t n_known = 0;
    for (size_t i = 0; i < n; i++) {
        const double value = values->at[row[i] * values->stride];
        if (isnan(value)) continue;
        sum += value;
        n_known++;
    }
    *mean = n_known == 0 ? 0 : sum / (double)n_known;
    for (size_t i = 0; i < n; i++) {
        const double off = values->at[row[i] * values->stride] - *mean;
        if (!isnan(off)) squares += off * off;
    }
    *deviation = n_known == 0 ? 0 : sqrt(squares / (double)n_known);
    if (*deviation == 0) *deviation = 1; /* a constant column becomes 0 */
}

static void change(const struct values *values, double mean, double deviation, bool standardize)
{
    for (size_t i = 0; i < values->n; i++) {
        double *value = &values->at[i * values->stride];
        if (isnan(*value)) *value = mean;
        if (standardize) *value = (*value - mean) / deviation;
    }
}

/* The numbers of a column. */
static struct values values_of(const struct cairn_csv_table *csv,
                               const struct cairn_csv_column *column)
{
    const bool target = column->is_target;
    return (struct values){(target ? csv->target : csv->feature) + column->first,
                           target ? csv->n_targets : csv->n_features, csv->n_rows};
}

/* Numbers that lack a value get the mean over the training rows; with --standardize numbers, and
 * real targets, get mean 0 and variance 1 over these.  What is 0 or 1 stays. */
static void choose(const struct cairn_import *import, struct cairn_csv_table *csv,
                   const struct cairn_split_plan *plan)
{
    const bool fills = import->csv.missing == CAIRN_CSV_MISSING_MEAN;
    for (size_t c = 0; c < csv->n_columns; c++) {
        struct cairn_csv_column *column = &csv->column[c];
        if (column->why[0] != '\0') continue;
        column->filled = fills && !column->is_target;
        if (column->kind == CAIRN_CSV_CATEGORY) continue;
        const struct values values = values_of(csv, column);
        measure(&values, plan->row, plan->count[CAIRN_SPLIT_TRAIN], &column->mean,
                &column->deviation);
        column->standardized = import->standardize && column->kind != CAIRN_CSV_BOOLEAN;
    }
}

/* Do that, or what was chosen for an earlier table.
 * statistics: [2, n_features + n_targets] */
static void prepare(struct cairn_csv_table *csv, double *statistics)
{
    const size_t n_all = csv->n_features + csv->n_targets;
    for (size_t i = 0; i < n_all; i++) statistics[n_all + i] = 1;
    for (size_t c = 0; c < csv->n_columns; c++) {
        const struct cairn_csv_column *column = &csv->column[c];
        const size_t i = column->first + (column->is_target ? csv->n_features : 0);
        if (column->why[0] != '\0' || column->kind == CAIRN_CSV_CATEGORY) continue;
        const struct values values = values_of(csv, column);
        change(&values, column->mean, column->deviation, column->standardized);
        if (!column->standardized) continue;
        statistics[i] = column->mean;
        statistics[n_all + i] = column->deviation;
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

/* ---- what became of the columns */

/* Columns of numbers are only counted: they are what they were. */
static void print_columns(const struct cairn_csv_table *csv)
{
    char words[CAIRN_CSV_WORDS_BYTES];
    size_t n_plain = 0;
    for (size_t c = 0; c < csv->n_columns; c++) {
        const struct cairn_csv_column *column = &csv->column[c];
        const bool plain =
            column->why[0] == '\0' && !column->is_target && column->kind == CAIRN_CSV_NUMBER;
        n_plain += plain;
        if (plain) continue;
        cairn_csv_describe(column, csv->class_names != NULL, words);
        cairn_log_info("column %zu (%s): %s", c, column->name, words);
    }
    cairn_log_info("%zu of %zu columns are numbers and features", n_plain, csv->n_columns);
    if (csv->n_dropped > 0)
        cairn_log_info("%zu of %zu rows lack a value and are left out", csv->n_dropped,
                       csv->n_dropped + csv->n_rows);
}

/* In the file, as they were in an earlier one. */
static cairn_status write_columns(const struct cairn_import *import,
                                  const struct cairn_csv_table *csv, struct cairn_writer *writer)
{
    char *text = NULL;
    const struct cairn_csv_like *like = import->csv.like;
    if (like != NULL) return cairn_writer_columns(writer, like->text);
    CAIRN_TRY(cairn_csv_columns_text(csv->column, csv->n_columns, csv->class_names != NULL, &text));
    cairn_status st = cairn_writer_columns(writer, text);
    free(text);
    return st;
}

static cairn_status write_table(const struct cairn_import *import, struct cairn_csv_table *csv,
                                const struct cairn_split_plan *plan, struct cairn_writer *writer)
{
    double *statistics = NULL;
    real *x = NULL;
    real *target = NULL;
    const size_t n_all = csv->n_features + csv->n_targets;
    CAIRN_TRY(cairn_memory_get(2 * n_all, sizeof *statistics, "mean and deviation", &statistics));
    const bool standardized =
        import->csv.like != NULL ? import->csv.like->standardized : import->standardize;
    if (import->csv.like == NULL) choose(import, csv, plan);
    prepare(csv, statistics);
    cairn_status st = as_reals(csv->feature, csv->n_rows * csv->n_features, &x);
    if (st == CAIRN_OK) st = as_reals(csv->target, csv->n_rows * csv->n_targets, &target);
    struct cairn_table table = {.n = csv->n_rows,
                                .input = {.ndim = 1, .dim = {csv->n_features}},
                                .x_type = CAIRN_H5_REAL,
                                .x = x,
                                .label = csv->label,
                                .target = target,
                                .n_targets = csv->n_targets,
                                .class_names = csv->class_names};
    if (standardized) {
        table.mean = statistics;
        table.deviation = statistics + n_all;
    }
    if (st == CAIRN_OK && import->csv.like != NULL)
        st = cairn_writer_group(writer, CAIRN_SPLIT_TEST, &table);
    else if (st == CAIRN_OK)
        st = cairn_split_write(import, &table, writer);
    if (st == CAIRN_OK) st = write_columns(import, csv, writer);
    free(target);
    free(x);
    free(statistics);
    return st;
}

static cairn_status read_and_write(const struct cairn_import *import, struct cairn_writer *writer)
{
    struct cairn_csv_table csv = {0};
    struct cairn_split_plan plan = {0};
    cairn_status st = CAIRN_OK;
    CAIRN_TRY(cairn_csv_table_read(import->source[0], &import->csv, &csv));
    print_columns(&csv);
    if (import->csv.like == NULL) st = cairn_split_plan(import, csv.n_rows, &plan);
    if (st == CAIRN_OK) st = write_table(import, &csv, &plan, writer);
    cairn_split_plan_free(&plan);
    cairn_csv_table_free(&csv);
    return st;
}

/* What the earlier table says is not said again. */
static cairn_status check_like(const struct cairn_import *import)
{
    const struct cairn_csv_options *csv = &import->csv;
    const char *flag = csv->target != NULL       ? "--target"
                       : csv->classes            ? "--classes"
                       : csv->only != NULL       ? "--only"
                       : csv->drop != NULL       ? "--drop"
                       : csv->categories != NULL ? "--categories"
                       : import->standardize     ? "--standardize"
                                                 : NULL;
    if (flag != NULL)
        return cairn_fail(CAIRN_USAGE, "%s is said by --like %s: leave it out", flag, import->like);
    if (import->n_val == 0 && import->test_every == 0) return CAIRN_OK;
    return cairn_fail(CAIRN_USAGE,
                      "all rows that are --like %s go into the group test: leave %s out",
                      import->like, import->n_val > 0 ? "--val" : "--test-every");
}

static cairn_status run(const struct cairn_import *import, struct cairn_writer *writer)
{
    struct cairn_import read_so = *import;
    struct cairn_csv_like like = {0};
    if (import->n_sources != 1)
        return cairn_fail(CAIRN_USAGE, "cairn import csv takes one file, not %zu",
                          import->n_sources);
    if (import->csv.no_target && (import->csv.target != NULL || import->csv.classes))
        return cairn_fail(CAIRN_USAGE, "--no-target leaves nothing for --target or --classes");
    if (import->like != NULL) {
        CAIRN_TRY(check_like(import));
        CAIRN_TRY(cairn_csv_like_read(import->like, &like));
        read_so.csv.like = &like;
    }
    cairn_status st = read_and_write(&read_so, writer);
    cairn_csv_like_free(&like);
    return st;
}

#define AT(field) offsetof(struct cairn_import, field)

static const struct cairn_option flags[] = {
    {"--like", "FILE.h5", CAIRN_KEY_PATH, AT(like),
     .doc = "rows for a model that learnt from this file: the same features in the same order, "
            "with its categories, means and deviations; all go into the group test"},
    {"--target", "COLUMN,...", CAIRN_KEY_TEXT, AT(csv.target),
     .doc = "the columns of the target, by name or by index from 0; default the last"},
    {"--no-target", NULL, CAIRN_KEY_BOOL, AT(csv.no_target),
     .doc = "there is none: all columns are features; with --like: none in these rows"},
    {"--classes", NULL, CAIRN_KEY_BOOL, AT(csv.classes),
     .doc = "the target is a class: whole numbers, or texts, numbered in sorted order"},
    {"--only", "COLUMN,...", CAIRN_KEY_TEXT, AT(csv.only),
     .doc = "take these columns as features, and no others"},
    {"--drop", "COLUMN,...", CAIRN_KEY_TEXT, AT(csv.drop), .doc = "leave these columns out"},
    {"--categories", "COLUMN,...", CAIRN_KEY_TEXT, AT(csv.categories),
     .doc = "give a feature to each value of these columns; auto: of all that hold texts, and a "
            "target of texts is a class"},
    {"--missing", .type = CAIRN_KEY_CHOICE, .offset = AT(csv.missing),
     .doc = "cells without a value (empty, NA, NaN, null, ?): an error, the row left out, or the "
            "mean over the training rows",
     .fallback = "error", .words = CAIRN_CHOICE_TEXT(CAIRN_WORDS_CSV_MISSING)},
    {"--header", .type = CAIRN_KEY_CHOICE, .offset = AT(csv.header),
     .doc = "whether the first line names the columns; auto finds out", .fallback = "auto",
     .words = CAIRN_CHOICE_TEXT(CAIRN_WORDS_CSV_HEADER)},
    {"--skip", "N", CAIRN_KEY_COUNT, AT(csv.form.skip), .doc = "pass over the first N lines",
     .fallback = "0", .high = 1e9},
    {"--comment", "C", CAIRN_KEY_TEXT, AT(csv.form.comment),
     .doc = "pass over lines that begin with C"},
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
