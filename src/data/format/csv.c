/* SPDX-License-Identifier: BSD-3-Clause
 * CSV: one row per sample; which columns are features and targets: csv/columns.c. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "data/csv/table.h"
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

/* Numbers that lack a value get the mean over the training rows; with --standardize numbers, and
 * real targets, get mean 0 and variance 1 over these.  What is 0 or 1 stays.
 * statistics: [2, n_features + n_targets] */
static void prepare(const struct cairn_import *import, struct cairn_csv_table *csv,
                    const struct cairn_split_plan *plan, double *statistics)
{
    const size_t n_all = csv->n_features + csv->n_targets;
    for (size_t i = 0; i < n_all; i++) statistics[n_all + i] = 1;
    for (size_t c = 0; c < csv->n_columns; c++) {
        const struct cairn_csv_column *column = &csv->column[c];
        const bool is_number = column->kind == CAIRN_CSV_NUMBER || column->kind == CAIRN_CSV_DATE;
        const size_t stride = column->is_target ? csv->n_targets : csv->n_features;
        const size_t i = column->first + (column->is_target ? csv->n_features : 0);
        double *all = column->is_target ? csv->target : csv->feature;
        if (column->why[0] != '\0' || column->kind == CAIRN_CSV_CATEGORY) continue;
        const struct values values = {all + column->first, stride, csv->n_rows};
        double mean = 0, deviation = 1;
        measure(&values, plan->row, plan->count[CAIRN_SPLIT_TRAIN], &mean, &deviation);
        change(&values, mean, deviation, import->standardize && is_number);
        if (!is_number) continue;
        statistics[i] = mean;
        statistics[n_all + i] = deviation;
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

enum { WORDS_BYTES = 128 };

static void describe(const struct cairn_csv_table *csv, const struct cairn_csv_column *column,
                     char words[WORDS_BYTES])
{
    static const char *const kinds[] = {
        [CAIRN_CSV_NUMBER] = "numbers",
        [CAIRN_CSV_BOOLEAN] = "0 or 1",
        [CAIRN_CSV_DATE] = "days since 1970-01-01",
    };
    if (column->why[0] != '\0')
        snprintf(words, WORDS_BYTES, "left out: %s", column->why);
    else if (column->is_target && column->kind == CAIRN_CSV_CATEGORY)
        snprintf(words, WORDS_BYTES, "target, classes%s",
                 csv->class_names != NULL ? " by name" : "");
    else if (column->kind == CAIRN_CSV_CATEGORY)
        snprintf(words, WORDS_BYTES, "features %zu to %zu, one for each of %zu values",
                 column->first, column->first + column->texts.n - 1, column->texts.n);
    else
        snprintf(words, WORDS_BYTES, "%s %zu, %s", column->is_target ? "target" : "feature",
                 column->first, kinds[column->kind]);
}

/* Columns of numbers are only counted: they are what they were. */
static void print_columns(const struct cairn_csv_table *csv)
{
    char words[WORDS_BYTES];
    size_t n_plain = 0;
    for (size_t c = 0; c < csv->n_columns; c++) {
        const struct cairn_csv_column *column = &csv->column[c];
        const bool plain =
            column->why[0] == '\0' && !column->is_target && column->kind == CAIRN_CSV_NUMBER;
        n_plain += plain;
        if (plain) continue;
        describe(csv, column, words);
        cairn_log_info("column %zu (%s): %s", c, column->name, words);
    }
    cairn_log_info("%zu of %zu columns are numbers and features", n_plain, csv->n_columns);
    if (csv->n_dropped > 0)
        cairn_log_info("%zu of %zu rows lack a value and are left out", csv->n_dropped,
                       csv->n_dropped + csv->n_rows);
}

/* All columns in the file, a line each: name, a tab, what became of it, and of a category a tab and
 * its values between tabs. */
static cairn_status write_columns(const struct cairn_csv_table *csv, struct cairn_writer *writer)
{
    char words[WORDS_BYTES];
    char *text = NULL;
    size_t n_bytes = 0;
    FILE *to = open_memstream(&text, &n_bytes);
    if (to == NULL) return cairn_fail(CAIRN_MEMORY, "no memory for the names of the columns");
    for (size_t c = 0; c < csv->n_columns; c++) {
        const struct cairn_csv_column *column = &csv->column[c];
        const bool listed = column->kind == CAIRN_CSV_CATEGORY && !column->is_target;
        describe(csv, column, words);
        fprintf(to, "%s\t%s", column->name, words);
        for (size_t k = 0; listed && column->why[0] == '\0' && k < column->texts.n; k++)
            fprintf(to, "\t%s", column->texts.item[k].name);
        fputc('\n', to);
    }
    const bool whole = fclose(to) == 0;
    cairn_status st = whole ? cairn_writer_columns(writer, text)
                            : cairn_fail(CAIRN_MEMORY, "no memory for the names of the columns");
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
    prepare(import, csv, plan, statistics);
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
    if (import->standardize) {
        table.mean = statistics;
        table.deviation = statistics + n_all;
    }
    if (st == CAIRN_OK) st = cairn_split_write(import, &table, writer);
    if (st == CAIRN_OK) st = write_columns(csv, writer);
    free(target);
    free(x);
    free(statistics);
    return st;
}

static cairn_status run(const struct cairn_import *import, struct cairn_writer *writer)
{
    struct cairn_csv_table csv = {0};
    struct cairn_split_plan plan = {0};
    if (import->n_sources != 1)
        return cairn_fail(CAIRN_USAGE, "cairn import csv takes one file, not %zu",
                          import->n_sources);
    if (import->csv.no_target && (import->csv.target != NULL || import->csv.classes))
        return cairn_fail(CAIRN_USAGE, "--no-target leaves nothing for --target or --classes");
    CAIRN_TRY(cairn_csv_table_read(import->source[0], &import->csv, &csv));
    print_columns(&csv);
    cairn_status st = cairn_split_plan(import, csv.n_rows, &plan);
    if (st == CAIRN_OK) st = write_table(import, &csv, &plan, writer);
    cairn_split_plan_free(&plan);
    cairn_csv_table_free(&csv);
    return st;
}

#define AT(field) offsetof(struct cairn_import, field)

static const struct cairn_option flags[] = {
    {"--target", "COLUMN,...", CAIRN_KEY_TEXT, AT(csv.target),
     .doc = "the columns of the target, by name or by index from 0; default the last"},
    {"--no-target", NULL, CAIRN_KEY_BOOL, AT(csv.no_target),
     .doc = "there is none: all columns are features"},
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
