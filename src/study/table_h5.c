/* SPDX-License-Identifier: BSD-3-Clause
 * study.h5. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "h5/h5.h"
#include "study/columns.h"

static const char CELLS[] = "/cells";
static const char AXES[] = "/axes";
static const char CHECKS[] = "/checks";

enum { PATH_IN_FILE_BYTES = CAIRN_H5_NAME_BYTES + 16 };

/* Columns in /cells, axes in /axes: `ranks` is both. */
static const char *path_of(const char *group, const char *name, char path[PATH_IN_FILE_BYTES])
{
    snprintf(path, PATH_IN_FILE_BYTES, "%s/%s", group, name);
    return path;
}

/* ---- writing */

/* Texts [n_rows] of one length, padded with zeros. */
static cairn_status write_texts(struct cairn_h5 *file, const char *name,
                                const struct cairn_study_table *table,
                                const char *(*text)(const struct cairn_study_row *row, size_t i),
                                size_t axis)
{
    char path[PATH_IN_FILE_BYTES];
    char *block = NULL;
    size_t longest = 1;
    for (size_t r = 0; r < table->n_rows; r++) {
        size_t n = strlen(text(&table->row[r], axis));
        if (n > longest) longest = n;
    }
    struct cairn_h5_form form = {
        .type = CAIRN_H5_TEXT, .shape = {.ndim = 1, .dim = {table->n_rows}}, .text_bytes = longest};
    CAIRN_TRY(cairn_memory_get(table->n_rows, longest, "a column of study.h5", &block));
    for (size_t r = 0; r < table->n_rows; r++) {
        const char *here = text(&table->row[r], axis);
        memcpy(block + r * longest, here, strlen(here));
    }
    cairn_status st = cairn_h5_write(file, path_of(axis < table->n_axes ? AXES : CELLS, name, path),
                                     &form, block);
    free(block);
    return st;
}

static const char *value_of(const struct cairn_study_row *row, size_t axis)
{
    return row->value[axis];
}

static const char *end_of(const struct cairn_study_row *row, size_t axis)
{
    (void)axis;
    return cairn_study_end_name(row->end);
}

static enum cairn_h5_type type_of(const struct cairn_study_column *column)
{
    return column->type == CAIRN_STUDY_REAL ? CAIRN_H5_F64 : CAIRN_H5_U64;
}

static cairn_status write_column(struct cairn_h5 *file, const struct cairn_study_column *column,
                                 const struct cairn_study_table *table)
{
    char path[PATH_IN_FILE_BYTES];
    void *block = NULL;
    const struct cairn_h5_form form = {.type = type_of(column),
                                       .shape = {.ndim = 1, .dim = {table->n_rows}}};
    _Static_assert(sizeof(double) == sizeof(uint64_t), "one block for both");
    CAIRN_TRY(cairn_memory_get(table->n_rows, sizeof(uint64_t), "a column of study.h5", &block));
    double *real = block;
    uint64_t *count = block;
    for (size_t r = 0; r < table->n_rows; r++) {
        const void *field = (const char *)&table->row[r] + column->offset;
        if (column->type == CAIRN_STUDY_REAL)
            real[r] = *(const double *)field;
        else if (column->type == CAIRN_STUDY_INT)
            count[r] = (uint64_t) * (const int *)field;
        else
            count[r] = *(const uint64_t *)field;
    }
    cairn_status st = cairn_h5_write(file, path_of(CELLS, column->name, path), &form, block);
    free(block);
    return st;
}

/* Checks of all rows as columns of a table of their own. */
enum { CHECK_CELL, CHECK_UPDATE, CHECK_LOSS, CHECK_ACCURACY, N_CHECK_COLUMNS };

static const struct {
    const char *name;
    enum cairn_h5_type type;
} check_column[N_CHECK_COLUMNS] = {{"cell", CAIRN_H5_U64},
                                   {"update", CAIRN_H5_U64},
                                   {"loss", CAIRN_H5_F64},
                                   {"accuracy", CAIRN_H5_F64}};

static size_t count_checks(const struct cairn_study_table *table)
{
    size_t n = 0;
    for (size_t r = 0; r < table->n_rows; r++) n += table->row[r].n_checks;
    return n;
}

static void take_checks(const struct cairn_study_table *table, int column, void *block)
{
    double *real = block;
    uint64_t *count = block;
    for (size_t r = 0, at = 0; r < table->n_rows; r++)
        for (size_t i = 0; i < table->row[r].n_checks; i++, at++) {
            const struct cairn_study_check *check = &table->row[r].check[i];
            if (column == CHECK_CELL) count[at] = r;
            if (column == CHECK_UPDATE) count[at] = check->update;
            if (column == CHECK_LOSS) real[at] = check->loss;
            if (column == CHECK_ACCURACY) real[at] = check->accuracy;
        }
}

static cairn_status write_checks(struct cairn_h5 *file, const struct cairn_study_table *table)
{
    char path[PATH_IN_FILE_BYTES];
    void *block = NULL;
    size_t n = count_checks(table);
    if (n == 0) return CAIRN_OK;
    CAIRN_TRY(cairn_memory_get(n, sizeof(uint64_t), "the checks of study.h5", &block));
    cairn_status st = cairn_h5_group(file, CHECKS);
    struct cairn_h5_form form = {.shape = {.ndim = 1, .dim = {n}}};
    for (int i = 0; i < N_CHECK_COLUMNS && st == CAIRN_OK; i++) {
        form.type = check_column[i].type;
        take_checks(table, i, block);
        st = cairn_h5_write(file, path_of(CHECKS, check_column[i].name, path), &form, block);
    }
    free(block);
    return st;
}

/* The names of the axes, a line each. */
static cairn_status write_axes(struct cairn_h5 *file, const struct cairn_study_table *table)
{
    char *text = NULL;
    size_t n = 1;
    for (size_t i = 0; i < table->n_axes; i++) n += strlen(table->axis[i]) + 1;
    CAIRN_TRY(cairn_memory_get(n, 1, "the axes", &text));
    for (size_t i = 0, at = 0; i < table->n_axes; i++)
        at += (size_t)snprintf(text + at, n - at, "%s%s", i == 0 ? "" : "\n", table->axis[i]);
    cairn_status st = cairn_h5_set_text(file, AXES, "names", text);
    free(text);
    return st;
}

static cairn_status write_text(struct cairn_h5 *file, const char *path, const char *text)
{
    if (text == NULL || *text == '\0') return CAIRN_OK;
    const struct cairn_h5_form form = {.type = CAIRN_H5_TEXT, .text_bytes = strlen(text)};
    return cairn_h5_write(file, path, &form, text);
}

static cairn_status write_all(struct cairn_h5 *file, const struct cairn_study_table *table,
                              const struct cairn_study_texts *texts)
{
    size_t n_columns = 0;
    const struct cairn_study_column *column = cairn_study_columns(&n_columns);
    CAIRN_TRY(cairn_h5_set_text(file, "/", "format", "cairn-study"));
    CAIRN_TRY(cairn_h5_set_whole(file, "/", "format_version", 1));
    CAIRN_TRY(write_text(file, "/study", texts->study));
    CAIRN_TRY(write_text(file, "/run", texts->run));
    CAIRN_TRY(cairn_h5_group(file, AXES));
    CAIRN_TRY(cairn_h5_group(file, CELLS));
    CAIRN_TRY(write_axes(file, table));
    if (table->n_rows == 0) return CAIRN_OK;
    for (size_t i = 0; i < table->n_axes; i++)
        CAIRN_TRY(write_texts(file, table->axis[i], table, value_of, i));
    CAIRN_TRY(write_texts(file, "end", table, end_of, SIZE_MAX));
    for (size_t i = 0; i < n_columns; i++) CAIRN_TRY(write_column(file, &column[i], table));
    return write_checks(file, table);
}

cairn_status cairn_study_h5_write(const char *path, const struct cairn_study_table *table,
                                  const struct cairn_study_texts *texts)
{
    struct cairn_h5 *file = NULL;
    unsigned char *bytes = NULL;
    size_t n = 0;
    CAIRN_TRY(cairn_h5_create_image(path, &file));
    cairn_status st = write_all(file, table, texts);
    cairn_status closed = cairn_h5_close_image(file, &bytes, &n);
    if (st == CAIRN_OK) st = closed;
    if (st == CAIRN_OK) st = cairn_file_replace(path, bytes, n);
    free(bytes);
    return st;
}

/* ---- reading */

static cairn_status no_study(const char *path, const char *what)
{
    return cairn_fail(CAIRN_DATA, "%s: %s; is this the study.h5 of a study?", path, what);
}

static cairn_status read_axes(struct cairn_h5 *file, struct cairn_study_table *table)
{
    enum { MOST = 64 };
    const char *name[MOST];
    char *text = NULL;
    char *rest = NULL;
    size_t n = 0;
    CAIRN_TRY(cairn_h5_get_text(file, AXES, "names", &text));
    for (char *word = strtok_r(text, "\n", &rest); word != NULL && n < MOST;
         word = strtok_r(NULL, "\n", &rest))
        name[n++] = word;
    cairn_status st = cairn_study_table_begin(table, n, name);
    free(text);
    return st;
}

static cairn_status read_rows(const char *path, struct cairn_h5 *file,
                              struct cairn_study_table *table)
{
    struct cairn_h5_form form;
    CAIRN_TRY(cairn_h5_describe(file, "/cells/updates", &form));
    if (form.shape.ndim != 1) return no_study(path, "/cells/updates is not a column");
    for (size_t r = 0; r < form.shape.dim[0]; r++) {
        struct cairn_study_row row = {.value = NULL};
        CAIRN_TRY(
            cairn_memory_get(table->n_axes, sizeof *row.value, "a row of a study", &row.value));
        CAIRN_TRY(cairn_study_table_add(table, &row));
    }
    return CAIRN_OK;
}

/* A column of texts, each handed to `take`. */
static cairn_status read_texts(const char *file_path, struct cairn_h5 *file, const char *name,
                               struct cairn_study_table *table, size_t axis)
{
    char path[PATH_IN_FILE_BYTES];
    char *block = NULL;
    char *text = NULL;
    struct cairn_h5_form form;
    CAIRN_TRY(
        cairn_h5_describe(file, path_of(axis < table->n_axes ? AXES : CELLS, name, path), &form));
    if (form.type != CAIRN_H5_TEXT || form.shape.ndim != 1 || form.shape.dim[0] != table->n_rows)
        return no_study(file_path, "a column of texts is none");
    CAIRN_TRY(cairn_memory_get(table->n_rows, form.text_bytes, "a column of texts", &block));
    cairn_status st = cairn_memory_get(form.text_bytes + 1, 1, "a text", &text);
    if (st == CAIRN_OK) st = cairn_h5_read(file, path, &form, block);
    for (size_t r = 0; r < table->n_rows && st == CAIRN_OK; r++) {
        memcpy(text, block + r * form.text_bytes, form.text_bytes);
        if (axis < table->n_axes) {
            st = cairn_memory_text(text, &table->row[r].value[axis]);
            continue;
        }
        int end = CAIRN_STUDY_REACHED;
        while (end <= CAIRN_STUDY_DIVERGED &&
               strcmp(text, cairn_study_end_name((enum cairn_study_end)end)) != 0)
            end++;
        if (end > CAIRN_STUDY_DIVERGED)
            st = no_study(file_path, "a cell has an unknown end");
        else
            table->row[r].end = (enum cairn_study_end)end;
    }
    free(text);
    free(block);
    return st;
}

static cairn_status read_column(struct cairn_h5 *file, const struct cairn_study_column *column,
                                struct cairn_study_table *table)
{
    char path[PATH_IN_FILE_BYTES];
    void *block = NULL;
    const struct cairn_h5_form form = {.type = type_of(column),
                                       .shape = {.ndim = 1, .dim = {table->n_rows}}};
    path_of(CELLS, column->name, path);
    if (column->is_newer && !cairn_h5_has_array(file, path)) return CAIRN_OK;
    CAIRN_TRY(cairn_memory_get(table->n_rows, sizeof(uint64_t), "a column", &block));
    cairn_status st = cairn_h5_read(file, path, &form, block);
    const double *real = block;
    const uint64_t *count = block;
    for (size_t r = 0; r < table->n_rows && st == CAIRN_OK; r++) {
        void *field = (char *)&table->row[r] + column->offset;
        if (column->type == CAIRN_STUDY_REAL)
            *(double *)field = real[r];
        else if (column->type == CAIRN_STUDY_INT)
            *(int *)field = (int)count[r];
        else
            *(uint64_t *)field = count[r];
    }
    free(block);
    return st;
}

static cairn_status give_checks(const char *path, struct cairn_study_table *table, size_t n,
                                void *const *block)
{
    const uint64_t *cell = block[CHECK_CELL], *update = block[CHECK_UPDATE];
    const double *loss = block[CHECK_LOSS], *accuracy = block[CHECK_ACCURACY];
    for (size_t i = 0; i < n; i++) {
        const struct cairn_study_check check = {update[i], loss[i], accuracy[i]};
        if (cell[i] >= table->n_rows) return no_study(path, "a check is of no cell");
        CAIRN_TRY(cairn_study_row_check(&table->row[cell[i]], &check));
    }
    return CAIRN_OK;
}

/* Earlier versions kept none. */
static cairn_status read_checks(const char *file_path, struct cairn_h5 *file,
                                struct cairn_study_table *table)
{
    char path[PATH_IN_FILE_BYTES];
    void *block[N_CHECK_COLUMNS] = {NULL};
    struct cairn_h5_form form;
    if (!cairn_h5_has_array(file, path_of(CHECKS, "update", path))) return CAIRN_OK;
    CAIRN_TRY(cairn_h5_describe(file, path, &form));
    if (form.shape.ndim != 1) return no_study(file_path, "/checks/update is not a column");
    size_t n = form.shape.dim[0];
    cairn_status st = CAIRN_OK;
    for (int i = 0; i < N_CHECK_COLUMNS && st == CAIRN_OK; i++) {
        form.type = check_column[i].type;
        st = cairn_memory_get(n, sizeof(uint64_t), "a column", &block[i]);
        if (st == CAIRN_OK)
            st = cairn_h5_read(file, path_of(CHECKS, check_column[i].name, path), &form, block[i]);
    }
    if (st == CAIRN_OK) st = give_checks(file_path, table, n, block);
    for (int i = 0; i < N_CHECK_COLUMNS; i++) free(block[i]);
    return st;
}

static cairn_status read_all(const char *path, struct cairn_h5 *file,
                             struct cairn_study_table *table)
{
    size_t n_columns = 0;
    const struct cairn_study_column *column = cairn_study_columns(&n_columns);
    CAIRN_TRY(read_axes(file, table));
    if (!cairn_h5_has_array(file, "/cells/updates")) return CAIRN_OK;
    CAIRN_TRY(read_rows(path, file, table));
    for (size_t i = 0; i < table->n_axes; i++)
        CAIRN_TRY(read_texts(path, file, table->axis[i], table, i));
    CAIRN_TRY(read_texts(path, file, "end", table, SIZE_MAX));
    for (size_t i = 0; i < n_columns; i++) CAIRN_TRY(read_column(file, &column[i], table));
    return read_checks(path, file, table);
}

cairn_status cairn_study_h5_read(const char *path, struct cairn_study_table *table)
{
    struct cairn_h5 *file = NULL;
    CAIRN_TRY(cairn_h5_open(path, &file));
    cairn_status st = read_all(path, file, table);
    cairn_h5_close(file);
    if (st != CAIRN_OK) cairn_study_table_free(table);
    return st;
}
