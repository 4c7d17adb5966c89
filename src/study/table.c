/* SPDX-License-Identifier: BSD-3-Clause
 * The rows of a study in memory, and study.csv. */
#include "study/table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "record/number.h"
#include "study/columns.h"

const struct cairn_study_column *cairn_study_columns(size_t *n)
{
#define COLUMN(column, kind)                                                                       \
    {                                                                                              \
        .name = #column, .type = CAIRN_STUDY_##kind,                                               \
        .offset = offsetof(struct cairn_study_row, column)                                         \
    }
#define NEWER(column, kind)                                                                        \
    {                                                                                              \
        .name = #column, .type = CAIRN_STUDY_##kind,                                               \
        .offset = offsetof(struct cairn_study_row, column), .is_newer = true                       \
    }
    static const struct cairn_study_column columns[] = {
        COLUMN(updates, COUNT),        COLUMN(samples, COUNT),         COLUMN(wall_s, REAL),
        COLUMN(final_loss, REAL),      COLUMN(noise_scale, REAL),      COLUMN(ranks, INT),
        COLUMN(global, COUNT),         COLUMN(micro, COUNT),           COLUMN(accumulate, COUNT),
        COLUMN(seed, COUNT),           COLUMN(n_weights, COUNT),       COLUMN(lr, REAL),
        COLUMN(training_s, REAL),      COLUMN(data_s, REAL),           COLUMN(compute_s, REAL),
        COLUMN(reduce_s, REAL),        COLUMN(update_s, REAL),         NEWER(timed_updates, COUNT),
        NEWER(sum_bytes, COUNT),       NEWER(noise_auto, COUNT),       NEWER(typical_s, REAL),
        NEWER(typical_data_s, REAL),   NEWER(typical_compute_s, REAL), NEWER(typical_sum_s, REAL),
        NEWER(typical_update_s, REAL),
    };
#undef COLUMN
#undef NEWER
    *n = sizeof columns / sizeof columns[0];
    return columns;
}

const char *cairn_study_end_name(enum cairn_study_end end)
{
    static const char *const names[] = {
        [CAIRN_STUDY_REACHED] = "reached",   [CAIRN_STUDY_BUDGET] = "budget",
        [CAIRN_STUDY_BEATEN] = "beaten",     [CAIRN_STUDY_STALLED] = "stalled",
        [CAIRN_STUDY_DIVERGED] = "diverged",
    };
    return names[end];
}

void cairn_study_row_free(struct cairn_study_row *row, size_t n_axes)
{
    for (size_t i = 0; i < n_axes && row->value != NULL; i++) free(row->value[i]);
    free(row->value);
    free(row->check);
    row->value = NULL;
    row->check = NULL;
    row->n_checks = 0;
}

cairn_status cairn_study_row_check(struct cairn_study_row *row,
                                   const struct cairn_study_check *check)
{
    size_t n = row->n_checks;
    if ((n & (n - 1)) == 0) { /* room for a power of two */
        struct cairn_study_check *more = realloc(row->check, (n == 0 ? 1 : 2 * n) * sizeof *more);
        if (more == NULL)
            return cairn_fail(CAIRN_MEMORY, "there is no memory for %zu checks", n + 1);
        row->check = more;
    }
    row->check[row->n_checks++] = *check;
    return CAIRN_OK;
}

void cairn_study_table_free(struct cairn_study_table *table)
{
    for (size_t i = 0; i < table->n_rows; i++) cairn_study_row_free(&table->row[i], table->n_axes);
    for (size_t i = 0; i < table->n_axes && table->axis != NULL; i++) free(table->axis[i]);
    free(table->row);
    free(table->axis);
    *table = (struct cairn_study_table){.n_axes = 0};
}

cairn_status cairn_study_table_begin(struct cairn_study_table *table, size_t n_axes,
                                     const char *const *axis)
{
    CAIRN_TRY(cairn_memory_get(n_axes, sizeof *table->axis, "a study's axes", &table->axis));
    table->n_axes = n_axes;
    for (size_t i = 0; i < n_axes; i++) CAIRN_TRY(cairn_memory_text(axis[i], &table->axis[i]));
    return CAIRN_OK;
}

cairn_status cairn_study_table_add(struct cairn_study_table *table, struct cairn_study_row *row)
{
    size_t n = table->n_rows;
    if ((n & (n - 1)) == 0) { /* room for a power of two */
        struct cairn_study_row *more = realloc(table->row, (n == 0 ? 1 : 2 * n) * sizeof *more);
        if (more == NULL) {
            cairn_study_row_free(row, table->n_axes);
            return cairn_fail(CAIRN_MEMORY, "there is no memory for %zu rows of a study", n + 1);
        }
        table->row = more;
    }
    table->row[table->n_rows++] = *row;
    row->value = NULL;
    row->check = NULL;
    return CAIRN_OK;
}

/* ---- study.csv */

/* One that has what separates fields is quoted. */
static void put_text(FILE *out, const char *text)
{
    if (strpbrk(text, ",\"\n") == NULL) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '"') fputc('"', out);
        fputc(*c, out);
    }
    fputc('"', out);
}

static void put_number(FILE *out, double value)
{
    char text[CAIRN_NUMBER_BYTES] = "";
    if (isfinite(value)) cairn_number_text(value, text);
    fprintf(out, ",%s", text);
}

static void put_rows(FILE *out, const struct cairn_study_table *table)
{
    for (size_t i = 0; i < table->n_axes; i++) {
        put_text(out, table->axis[i]);
        fputc(',', out);
    }
    fputs("reached,updates,samples,wall_s,final_loss,noise_scale\n", out);
    for (size_t r = 0; r < table->n_rows; r++) {
        const struct cairn_study_row *row = &table->row[r];
        for (size_t i = 0; i < table->n_axes; i++) {
            put_text(out, row->value[i]);
            fputc(',', out);
        }
        fprintf(out, "%d,%llu,%llu", row->end == CAIRN_STUDY_REACHED,
                (unsigned long long)row->updates, (unsigned long long)row->samples);
        put_number(out, nearbyint(row->wall_s * 1e6) / 1e6);
        put_number(out, row->final_loss);
        put_number(out, row->noise_scale);
        fputc('\n', out);
    }
}

cairn_status cairn_study_csv_write(const char *path, const struct cairn_study_table *table)
{
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);
    if (out == NULL) return cairn_fail(CAIRN_MEMORY, "there is no memory for %s", path);
    put_rows(out, table);
    cairn_status st = fclose(out) == 0
                          ? cairn_file_replace(path, text, n)
                          : cairn_fail(CAIRN_MEMORY, "there is no memory for %s", path);
    free(text);
    return st;
}
