/* SPDX-License-Identifier: BSD-3-Clause
 * The result of a cell as a small file of its own: a line "key value" for each axis and column,
 * whole or not there, so that who finds it need not ask whether its cell has ended. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "record/number.h"
#include "study/columns.h"

static const char FIRST_LINE[] = "cairn study result 1";
static const char AXIS[] = "axis ";
static const char CHECK[] = "check "; /* update, loss, accuracy */

static void put_real(FILE *out, double value, const char *behind)
{
    char text[CAIRN_NUMBER_BYTES] = "nan";
    if (isfinite(value)) cairn_number_text(value, text);
    fprintf(out, "%s%s", text, behind);
}

static void put_check(FILE *out, const struct cairn_study_check *check)
{
    fprintf(out, "%s%" PRIu64 " ", CHECK, check->update);
    put_real(out, check->loss, " ");
    put_real(out, check->accuracy, "\n");
}

static void put_column(FILE *out, const struct cairn_study_column *column,
                       const struct cairn_study_row *row)
{
    const void *field = (const char *)row + column->offset;
    fprintf(out, "%s ", column->name);
    if (column->type == CAIRN_STUDY_INT)
        fprintf(out, "%d\n", *(const int *)field);
    else if (column->type == CAIRN_STUDY_COUNT)
        fprintf(out, "%" PRIu64 "\n", *(const uint64_t *)field);
    else
        put_real(out, *(const double *)field, "\n");
}

cairn_status cairn_study_row_write(const char *path, const struct cairn_study_table *axes,
                                   const struct cairn_study_row *row)
{
    char *text = NULL;
    size_t n = 0;
    size_t n_columns = 0;
    const struct cairn_study_column *column = cairn_study_columns(&n_columns);
    FILE *out = open_memstream(&text, &n);
    if (out == NULL) return cairn_fail(CAIRN_MEMORY, "there is no memory for %s", path);
    fprintf(out, "%s\n", FIRST_LINE);
    for (size_t i = 0; i < axes->n_axes; i++)
        fprintf(out, "%s%s %s\n", AXIS, axes->axis[i], row->value[i]);
    fprintf(out, "end %s\n", cairn_study_end_name(row->end));
    for (size_t i = 0; i < n_columns; i++) put_column(out, &column[i], row);
    for (size_t i = 0; i < row->n_checks; i++) put_check(out, &row->check[i]);
    cairn_status st = fclose(out) == 0
                          ? cairn_file_replace(path, text, n)
                          : cairn_fail(CAIRN_MEMORY, "there is no memory for %s", path);
    free(text);
    return st;
}

/* A file while it is read. */
struct reading {
    const char *path;
    struct cairn_study_table *table;
    struct cairn_study_row row;
    size_t n_axes, n_columns; /* seen */
    bool strange;             /* an axis that the table has not */
};

static cairn_status damaged(const struct reading *r, const char *line)
{
    return cairn_fail(CAIRN_DATA,
                      "%s: the line '%.60s' is none of a study's result; remove the file, and its "
                      "cell is run again",
                      r->path, line);
}

static cairn_status read_axis(struct reading *r, const char *line)
{
    for (size_t i = 0; i < r->table->n_axes; i++) {
        size_t n = strlen(r->table->axis[i]);
        if (strncmp(line, r->table->axis[i], n) != 0 || line[n] != ' ') continue;
        if (r->row.value[i] != NULL) return damaged(r, line);
        r->n_axes++;
        return cairn_memory_text(line + n + 1, &r->row.value[i]);
    }
    r->strange = true;
    return CAIRN_OK;
}

static bool read_number(const struct cairn_study_column *column, const char *text, void *field)
{
    char *end = NULL;
    if (column->type == CAIRN_STUDY_REAL)
        *(double *)field = strtod(text, &end);
    else if (column->type == CAIRN_STUDY_INT)
        *(int *)field = (int)strtol(text, &end, 10);
    else
        *(uint64_t *)field = strtoull(text, &end, 10);
    return end != text && *end == '\0';
}

static cairn_status read_end(struct reading *r, const char *name)
{
    for (int end = CAIRN_STUDY_REACHED; end <= CAIRN_STUDY_DIVERGED; end++) {
        if (strcmp(name, cairn_study_end_name((enum cairn_study_end)end)) != 0) continue;
        r->row.end = (enum cairn_study_end)end;
        r->n_columns++;
        return CAIRN_OK;
    }
    return damaged(r, name);
}

/* "128 0.25 0.93"; earlier versions wrote none. */
static cairn_status read_check(struct reading *r, const char *line)
{
    struct cairn_study_check check;
    char *end[3] = {NULL};
    check.update = strtoull(line, &end[0], 10);
    check.loss = strtod(end[0], &end[1]);
    check.accuracy = strtod(end[1], &end[2]);
    if (end[0] == line || end[1] == end[0] || end[2] == end[1] || *end[2] != '\0')
        return damaged(r, line);
    return cairn_study_row_check(&r->row, &check);
}

static cairn_status read_line(struct reading *r, const char *line)
{
    size_t n_columns = 0;
    const struct cairn_study_column *column = cairn_study_columns(&n_columns);
    if (strncmp(line, AXIS, sizeof AXIS - 1) == 0) return read_axis(r, line + sizeof AXIS - 1);
    if (strncmp(line, CHECK, sizeof CHECK - 1) == 0) return read_check(r, line + sizeof CHECK - 1);
    if (strncmp(line, "end ", 4) == 0) return read_end(r, line + 4);
    for (size_t i = 0; i < n_columns; i++) {
        size_t n = strlen(column[i].name);
        if (strncmp(line, column[i].name, n) != 0 || line[n] != ' ') continue;
        r->n_columns += !column[i].is_newer;
        return read_number(&column[i], line + n + 1, (char *)&r->row + column[i].offset)
                   ? CAIRN_OK
                   : damaged(r, line);
    }
    return damaged(r, line);
}

static cairn_status read_lines(struct reading *r, char *text)
{
    char *rest = NULL;
    size_t n_columns = 0;
    const struct cairn_study_column *column = cairn_study_columns(&n_columns);
    size_t n_wanted = 1; /* the end */
    for (size_t i = 0; i < n_columns; i++) n_wanted += !column[i].is_newer;
    const char *line = strtok_r(text, "\n", &rest);
    if (line == NULL || strcmp(line, FIRST_LINE) != 0) return damaged(r, line == NULL ? "" : line);
    for (line = strtok_r(NULL, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
        CAIRN_TRY(read_line(r, line));
    return r->n_columns == n_wanted ? CAIRN_OK : damaged(r, "");
}

cairn_status cairn_study_row_read(const char *path, struct cairn_study_table *table, bool *found)
{
    char *text = NULL;
    struct reading r = {.path = path, .table = table};
    *found = false;
    CAIRN_TRY(cairn_file_read(path, &text));
    if (text == NULL) return CAIRN_OK;
    cairn_status st =
        cairn_memory_get(table->n_axes, sizeof *r.row.value, "a row of a study", &r.row.value);
    if (st == CAIRN_OK) st = read_lines(&r, text);
    free(text);
    bool fits = !r.strange && r.n_axes == table->n_axes;
    if (st != CAIRN_OK || !fits) {
        cairn_study_row_free(&r.row, table->n_axes);
        return st;
    }
    *found = true;
    return cairn_study_table_add(table, &r.row);
}
