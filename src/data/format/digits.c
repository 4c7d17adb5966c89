/* SPDX-License-Identifier: BSD-3-Clause
 * The UCI digits: 64 pixels from 0 to 16 and the class in each line.  Row i is test where i mod 5
 * is 0. */
#include <stdlib.h>

#include "base/memory.h"
#include "data/csv/table.h"
#include "data/format.h"
#include "data/split.h"

enum { SIDE = 8, PIXELS = SIDE * SIDE, BRIGHTEST = 16, N_CLASSES = 10, TEST_EVERY = 5 };

static cairn_status as_pixels(const char *path, const struct cairn_csv_table *csv,
                              unsigned char **out)
{
    unsigned char *pixel = NULL;
    CAIRN_TRY(cairn_memory_get(csv->n_rows, PIXELS, "the images", &pixel));
    for (size_t i = 0; i < csv->n_rows * PIXELS; i++) {
        double value = csv->feature[i];
        if (value < 0 || value > BRIGHTEST || value != (double)(unsigned char)value) {
            free(pixel);
            return cairn_fail(CAIRN_DATA,
                              "%s: row %zu: pixel %zu is %g, not a whole number from 0 to %d", path,
                              i / PIXELS, i % PIXELS, value, BRIGHTEST);
        }
        pixel[i] = (unsigned char)value;
    }
    *out = pixel;
    return CAIRN_OK;
}

static cairn_status check(const char *path, const struct cairn_csv_table *csv)
{
    if (csv->n_features != PIXELS)
        return cairn_fail(CAIRN_DATA, "%s: %zu columns, but digits have %d pixels and a class",
                          path, csv->n_features + 1, PIXELS);
    for (size_t i = 0; i < csv->n_rows; i++)
        if (csv->class_names != NULL || csv->label[i] >= N_CLASSES)
            return cairn_fail(CAIRN_DATA, "%s: row %zu: the class is not a digit from 0 to 9", path,
                              i);
    return CAIRN_OK;
}

static cairn_status run(const struct cairn_import *import, struct cairn_writer *writer)
{
    const struct cairn_csv_options options = {.header = CAIRN_CSV_HEADER_NO, .classes = true};
    struct cairn_csv_table csv = {0};
    struct cairn_import rules = *import;
    unsigned char *pixel = NULL;
    rules.test_every = TEST_EVERY;
    if (import->n_sources != 1)
        return cairn_fail(CAIRN_USAGE, "cairn import digits takes one file, not %zu",
                          import->n_sources);
    const char *path = import->source[0];
    CAIRN_TRY(cairn_csv_table_read(path, &options, &csv));
    cairn_status st = check(path, &csv);
    if (st == CAIRN_OK) st = as_pixels(path, &csv, &pixel);
    struct cairn_table table = {.n = csv.n_rows,
                                .input = {.ndim = 3, .dim = {1, SIDE, SIDE}},
                                .x_type = CAIRN_H5_U8,
                                .x = pixel,
                                .scale = 1.0 / BRIGHTEST,
                                .label = csv.label};
    if (st == CAIRN_OK) st = cairn_split_write(&rules, &table, writer);
    cairn_csv_table_free(&csv);
    free(pixel);
    return st;
}

static const struct cairn_option flags[] = {
    CAIRN_OPTION_VAL,
    {.name = NULL},
};

const struct cairn_format cairn_format_digits = {
    .name = "digits",
    .heading = "digits FILE.csv[.gz]: the UCI digits, 64 pixels and a class in each line; row i is "
               "test where i mod 5 is 0",
    .flags = flags,
    .about = {.title = "Optical recognition of handwritten digits",
              .source =
                  "UCI Machine Learning Repository, test part, https://doi.org/10.24432/C50P49",
              .license = "CC-BY-4.0",
              .citation =
                  "E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, 1998"},
    .run = run,
};
