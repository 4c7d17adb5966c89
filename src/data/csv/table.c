/* SPDX-License-Identifier: BSD-3-Clause
 * The values of a table. */
#include "data/csv/table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "data/csv/cell.h"
#include "data/csv/columns.h"
#include "data/csv/like.h"
#include "tensor/real.h"

enum { FIRST_ROWS = 256 };

struct reader {
    const char *path;
    const struct cairn_csv_options *options;
    struct cairn_csv_columns columns;
    struct cairn_csv_table table;
    struct cairn_classes classes;
    size_t capacity, line;
};

static cairn_status grow_one(void *array, size_t row_bytes, size_t n, size_t capacity)
{
    unsigned char *old = NULL;
    unsigned char *grown = NULL;
    memcpy(&old, array, sizeof old);
    CAIRN_TRY(cairn_memory_get(capacity, row_bytes, "the table", &grown));
    if (n > 0) memcpy(grown, old, n * row_bytes);
    free(old);
    memcpy(array, &grown, sizeof grown);
    return CAIRN_OK;
}

static cairn_status grow(struct reader *r)
{
    struct cairn_csv_table *table = &r->table;
    const size_t n = table->n_rows;
    if (n < r->capacity) return CAIRN_OK;
    const size_t capacity = r->capacity == 0 ? FIRST_ROWS : 2 * r->capacity;
    CAIRN_TRY(grow_one(&table->feature, table->n_features * sizeof *table->feature, n, capacity));
    if (r->columns.classes) CAIRN_TRY(grow_one(&table->label, sizeof *table->label, n, capacity));
    if (table->n_targets > 0)
        CAIRN_TRY(grow_one(&table->target, table->n_targets * sizeof *table->target, n, capacity));
    r->capacity = capacity;
    return CAIRN_OK;
}

static cairn_status changed(const struct reader *r)
{
    return cairn_fail(CAIRN_DATA, "%s:%zu: the file has changed while it was read", r->path,
                      r->line);
}

/* A cell that was found to be of this kind, or has no value: NaN. */
static double value_of(const struct reader *r, enum cairn_csv_kind kind, const char *text)
{
    double value = NAN;
    if (cairn_cell_is_missing(text)) return NAN;
    if (kind == CAIRN_CSV_NUMBER && cairn_cell_number(text, r->columns.comma, &value)) return value;
    if (kind == CAIRN_CSV_BOOLEAN && cairn_cell_boolean(text, &value)) return value;
    if (kind == CAIRN_CSV_DATE && cairn_cell_date(text, &value)) return value;
    return NAN;
}

/* Only where an earlier table says of what kind a column is. */
static cairn_status another_kind(const struct reader *r, size_t i, const char *text)
{
    static const char *const kinds[] = {[CAIRN_CSV_NUMBER] = "number",
                                        [CAIRN_CSV_BOOLEAN] = "yes or no, true or false",
                                        [CAIRN_CSV_DATE] = "date"};
    const struct cairn_csv_column *column = &r->columns.item[i];
    if (r->options->like == NULL) return changed(r);
    return cairn_fail(CAIRN_DATA,
                      "%s:%zu: column %zu is '%.40s', not a %s as in %s (column %s); fix or remove "
                      "that row",
                      r->path, r->line, i, text, kinds[column->kind], r->options->like->path,
                      column->name);
}

static cairn_status keep_number(const struct reader *r, size_t i, const char *text, double *out)
{
    const struct cairn_csv_column *column = &r->columns.item[i];
    const double value = value_of(r, column->kind, text);
    if (isnan(value) && !cairn_cell_is_missing(text)) return another_kind(r, i, text);
    if (isinf((real)value))
        return cairn_fail(CAIRN_DATA,
                          "%s:%zu: column %zu is %.40s, not finite as a float (column %s); fix or "
                          "remove that row",
                          r->path, r->line, i, text, column->name);
    *out = value;
    return CAIRN_OK;
}

/* A text that no row had when the model's data were imported. */
static cairn_status new_value(const struct reader *r, size_t i, const char *text)
{
    const struct cairn_csv_column *column = &r->columns.item[i];
    const struct cairn_classes *texts = &column->texts;
    char known[160] = "";
    size_t used = 0;
    for (size_t k = 0; k < texts->n && used + 48 < sizeof known; k++)
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%.40s", k > 0 ? ", " : "",
                                 texts->item[k].name);
    return cairn_fail(CAIRN_DATA,
                      "%s:%zu: column %zu is '%.40s', %s that %s does not know (column %s: %s%s); "
                      "fix or remove that row, or import and train again with it%s",
                      r->path, r->line, i, text, column->is_target ? "a class" : "a value",
                      r->options->like->path, column->name, known,
                      strlen(known) + 48 < sizeof known ? "" : ", ...",
                      column->is_target ? "; --no-target leaves classes out" : "");
}

/* A 1 among zeros, or zeros only where there is no value. */
static cairn_status keep_category(const struct reader *r, size_t i, const char *text, double *out)
{
    const struct cairn_classes *texts = &r->columns.item[i].texts;
    bool found = false;
    for (size_t k = 0; k < texts->n; k++) {
        out[k] = strcmp(texts->item[k].name, text) == 0;
        found = found || out[k] == 1;
    }
    if (found || cairn_cell_is_missing(text)) return CAIRN_OK;
    return r->options->like == NULL ? changed(r) : new_value(r, i, text);
}

static cairn_status keep_class(struct reader *r, size_t i, const char *text)
{
    const size_t n = r->classes.n;
    CAIRN_TRY_IN(cairn_classes_add(&r->classes, text, &r->table.label[r->table.n_rows]), "%s:%zu",
                 r->path, r->line);
    return r->options->like == NULL || r->classes.n == n ? CAIRN_OK : new_value(r, i, text);
}

static cairn_status keep_cell(struct reader *r, size_t i, const char *text)
{
    struct cairn_csv_table *table = &r->table;
    const struct cairn_csv_column *column = &r->columns.item[i];
    double *feature = table->feature + table->n_rows * table->n_features + column->first;
    if (column->is_target && r->columns.classes)
        return keep_class(r, i, text);
    else if (column->is_target)
        return keep_number(r, i, text,
                           &table->target[table->n_rows * table->n_targets + column->first]);
    else if (column->kind == CAIRN_CSV_CATEGORY)
        return keep_category(r, i, text, feature);
    else
        return keep_number(r, i, text, feature);
}

/* Whether the row is left out for a cell that is used and has no value; a target is not made up. */
static bool is_dropped(const struct reader *r, char **field)
{
    for (size_t i = 0; i < r->columns.n; i++) {
        const struct cairn_csv_column *column = &r->columns.item[i];
        const bool matters = r->options->missing == CAIRN_CSV_MISSING_DROP || column->is_target;
        if (column->why[0] == '\0' && matters && cairn_cell_is_missing(field[i])) return true;
    }
    return false;
}

static cairn_status keep_row(struct reader *r, char **field)
{
    if (is_dropped(r, field)) {
        r->table.n_dropped++;
        return CAIRN_OK;
    }
    CAIRN_TRY(grow(r));
    for (size_t i = 0; i < r->columns.n; i++)
        if (r->columns.item[i].why[0] == '\0') CAIRN_TRY(keep_cell(r, i, field[i]));
    r->table.n_rows++;
    return CAIRN_OK;
}

static cairn_status read_rows(struct reader *r, struct cairn_csv *csv)
{
    char **field = NULL;
    bool header = r->columns.has_header;
    if (cairn_csv_columns(csv) != r->columns.n)
        return cairn_fail(CAIRN_DATA, "%s: the file has changed while it was read", r->path);
    for (;;) {
        CAIRN_TRY(cairn_csv_next(csv, &field, &r->line));
        if (field == NULL) break;
        if (!header) CAIRN_TRY(keep_row(r, field));
        header = false;
    }
    if (r->table.n_rows > 0) return CAIRN_OK;
    return cairn_fail(CAIRN_DATA, "%s: every row lacks a value, and none is left", r->path);
}

/* Those of the earlier table, so that they have their numbers. */
static cairn_status know_classes(struct reader *r)
{
    int32_t id = 0;
    for (size_t i = 0; i < r->columns.n; i++) {
        const struct cairn_csv_column *column = &r->columns.item[i];
        const bool counts = column->is_target && column->why[0] == '\0' && r->columns.classes;
        for (size_t k = 0; counts && k < column->texts.n; k++)
            CAIRN_TRY(cairn_classes_add(&r->classes, column->texts.item[k].name, &id));
    }
    return CAIRN_OK;
}

/* The classes that there are, with the column that is one. */
static void give_classes(struct reader *r)
{
    for (size_t i = 0; i < r->columns.n && r->columns.classes; i++) {
        struct cairn_csv_column *column = &r->columns.item[i];
        if (!column->is_target || column->why[0] != '\0') continue;
        cairn_classes_free(&column->texts);
        column->texts = r->classes;
        r->classes = (struct cairn_classes){0};
    }
}

static cairn_status read_all(struct reader *r)
{
    struct cairn_csv *csv = NULL;
    struct cairn_csv_table *table = &r->table;
    CAIRN_TRY(cairn_csv_columns_find(r->path, r->options, &r->columns));
    table->n_features = r->columns.n_features;
    table->n_targets = r->columns.classes ? 0 : r->columns.n_targets;
    if (r->options->like != NULL) CAIRN_TRY(know_classes(r));
    CAIRN_TRY(cairn_csv_open(r->path, &r->options->form, &csv));
    cairn_status st = read_rows(r, csv);
    cairn_csv_close(csv);
    if (st != CAIRN_OK || !r->columns.classes) return st;
    return cairn_classes_number(&r->classes, table->label, table->n_rows, &table->class_names);
}

cairn_status cairn_csv_table_read(const char *path, const struct cairn_csv_options *options,
                                  struct cairn_csv_table *out)
{
    struct reader r = {.path = path, .options = options};
    cairn_status st = read_all(&r);
    if (st == CAIRN_OK) give_classes(&r);
    r.table.column = r.columns.item;
    r.table.n_columns = r.columns.n;
    cairn_classes_free(&r.classes);
    if (st == CAIRN_OK)
        *out = r.table;
    else
        cairn_csv_table_free(&r.table);
    return st;
}

void cairn_csv_table_free(struct cairn_csv_table *table)
{
    struct cairn_csv_columns columns = {.item = table->column, .n = table->n_columns};
    cairn_csv_columns_free(&columns);
    free(table->feature);
    free(table->target);
    free(table->label);
    free(table->class_names);
    *table = (struct cairn_csv_table){0};
}
