/* SPDX-License-Identifier: BSD-3-Clause
 * Invented rows of a study. */
#include "support/study.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"

struct cairn_study_row *study_add(struct cairn_study_table *table, const char *momentum,
                                  uint64_t batch, double lr, uint64_t seed)
{
    if (table->n_axes == 0) {
        table->axis = calloc(1, sizeof *table->axis);
        assert_non_null(table->axis);
        table->axis[table->n_axes++] = strdup("optim.momentum");
    }
    table->row = realloc(table->row, (table->n_rows + 1) * sizeof *table->row);
    assert_non_null(table->row);
    struct cairn_study_row *row = &table->row[table->n_rows++];
    *row = (struct cairn_study_row){.value = calloc(1, sizeof *row->value),
                                    .noise_scale = NAN,
                                    .ranks = 1,
                                    .global = batch,
                                    .micro = batch,
                                    .accumulate = 1,
                                    .seed = seed,
                                    .lr = lr};
    assert_non_null(row->value);
    row->value[0] = strdup(momentum);
    return row;
}

void study_free(struct cairn_study_table *table)
{
    for (size_t i = 0; i < table->n_rows; i++) {
        free(table->row[i].value[0]);
        free(table->row[i].value);
        free(table->row[i].check);
    }
    free(table->row);
    if (table->n_axes > 0) free(table->axis[0]);
    free(table->axis);
    *table = (struct cairn_study_table){0};
}

double study_noise(uint64_t key, uint64_t a, uint64_t b)
{
    double sum = -6;
    uint32_t bits[12];
    cairn_random_fill(cairn_random_key(key, CAIRN_RANDOM_RESAMPLE, a, b), 7, 12, bits);
    for (int i = 0; i < 12; i++) sum += (double)cairn_random_unit(bits[i]);
    return sum;
}

double study_number(const char *json, const char *from, const char *name)
{
    char key[64];
    snprintf(key, sizeof key, "\"%s\": ", name);
    const char *at = strstr(json, from);
    if (at != NULL) at = strstr(at, key);
    if (at == NULL) fail_msg("no %s behind %s in %s", name, from, json);
    at += strlen(key);
    return strncmp(at, "null", 4) == 0 ? NAN : strtod(at, NULL);
}

cairn_status study_read_axes(const char *text, struct cairn_study_file **file,
                             struct cairn_study_axes *axes)
{
    char whole[2048];
    *axes = (struct cairn_study_axes){.n = 0};
    snprintf(whole, sizeof whole, "run: run.yaml\naxes: %s\n", text);
    CAIRN_TRY(cairn_study_file_read(whole, strlen(whole), "s.yaml", NULL, file));
    return cairn_study_axes_read((*file)->axes, axes);
}
