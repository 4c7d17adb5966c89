/* SPDX-License-Identifier: BSD-3-Clause
 * Reading all of a dataset once, and keeping what is worth to know of it.  What that means is
 * judged in survey_judge.c. */
#include "data/survey.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/memory.h"
#include "data/convert.h"
#include "data/internal.h"
#include "data/tokens.h"

enum { BLOCK_BYTES = 1 << 20, MOST_COLUMNS = 1 << 16 };

/* Rows of one array on their way in. */
struct stream {
    struct cairn_rows rows;           /* all of the file, whichever of them the group has */
    struct cairn_survey_array *array; /* NULL: there is none */
    enum cairn_h5_type type;
    size_t row_bytes;
    unsigned char *block; /* [rows of a block] as stored; owned */
    real *row;            /* [n_values] as the model gets it; owned */
    real *scale, *shift;  /* owned */
    struct cairn_factors factors;
    bool weights; /* must be 0 or more */
};

/* A range of rows of one group. */
struct pass {
    struct cairn_survey *survey;
    const struct cairn_group *group;
    enum cairn_split split;
    struct stream stream[CAIRN_N_SURVEYED];
};

/* ---- one array */

static void add_refused(struct cairn_survey_wrong *wrong, uint64_t row, size_t number, double value)
{
    if (wrong->n < CAIRN_SURVEY_REFUSED)
        wrong->first[wrong->n] = (struct cairn_survey_refused){row, number, value};
    wrong->n++;
}

void cairn_survey_add_wrong(struct cairn_survey_wrong *all, const struct cairn_survey_wrong *later)
{
    for (uint64_t i = 0; i < later->n && i < CAIRN_SURVEY_REFUSED; i++)
        if (all->n + i < CAIRN_SURVEY_REFUSED) all->first[all->n + i] = later->first[i];
    all->n += later->n;
}

static void see_column(struct cairn_survey_column *column, double origin, const real *x, size_t n)
{
    double sum = 0;
    double squares = 0;
    size_t n_finite = 0;
    for (size_t i = 0; i < n; i++) {
        const double value = (double)x[i];
        if (!isfinite(value)) continue;
        if (value < column->low) column->low = value;
        if (value > column->high) column->high = value;
        sum += value - origin;
        squares += (value - origin) * (value - origin);
        n_finite++;
    }
    if (n_finite == 0) return;
    cairn_exact_sum_add(&column->n, (double)n_finite);
    cairn_exact_sum_add(&column->sum, sum);
    cairn_exact_sum_add(&column->squares, squares);
}

/* The rows' number `row`, as the model gets it. */
static void see_row(const struct stream *from, const real *x, uint64_t row)
{
    struct cairn_survey_array *array = from->array;
    const size_t wide = array->n_values / array->n_columns;
    for (size_t c = 0; c < array->n_columns; c++)
        see_column(&array->column[c], array->origin[c], x + c * wide, wide);
    for (size_t i = 0; i < array->n_values; i++) array->varies[i] |= x[i] != array->first[i];
    if (!from->weights && cairn_first_not_finite(x, array->n_values) == array->n_values) return;
    for (size_t i = 0; i < array->n_values; i++)
        if (!isfinite(x[i]) || (from->weights && x[i] < 0))
            add_refused(&array->wrong, row, i, (double)x[i]);
}

/* Row i of the block as the model gets it. */
static const real *row_of(const struct stream *from, size_t i)
{
    cairn_convert(from->type, from->block + i * from->row_bytes, from->array->n_values,
                  &from->factors, from->row);
    return from->row;
}

/* ---- tokens */

static cairn_status see_token(const struct stream *from, const void *token, uint64_t row)
{
    struct cairn_survey_array *array = from->array;
    double value = 0;
    if (cairn_first_unknown_token(from->type, token, 1, array->n_varies) == 1) {
        const size_t known = cairn_token(from->type, token, 0);
        array->varies[known] = 1;
        if ((double)known < array->column->low) array->column->low = (double)known;
        if ((double)known > array->column->high) array->column->high = (double)known;
        return CAIRN_OK;
    }
    if (array->wrong.n < CAIRN_SURVEY_REFUSED) /* as it is stored: what is held may be clipped */
        CAIRN_TRY(cairn_rows_read(&from->rows, (size_t)row, 1, CAIRN_H5_F64, &value));
    add_refused(&array->wrong, row, 0, value);
    return CAIRN_OK;
}

/* ---- samples that are the same */

static void see_sample(const struct pass *pass, const real *x, size_t i, uint64_t row)
{
    const struct stream *y = &pass->stream[CAIRN_SURVEY_Y];
    const size_t bytes = pass->stream[CAIRN_SURVEY_X].array->n_values * sizeof *x;
    struct cairn_twin sample = {.row = row, .n = 1, .split = (uint32_t)pass->split};
    for (unsigned k = 0; k < 2; k++) sample.hash[k] = XXH64(x, bytes, k);
    if (y->array != NULL)
        sample.target = XXH64(y->block + i * y->row_bytes, y->row_bytes, 0);
    else if (pass->group->label != NULL)
        sample.target = (uint64_t)(int64_t)pass->group->label[row];
    cairn_twins_add(&pass->survey->twins, &sample);
}

/* ---- a range of rows */

static cairn_status read_block(const struct stream *from, size_t first, size_t n)
{
    if (from->array == NULL) return CAIRN_OK;
    return cairn_rows_read(&from->rows, first, n, from->type, from->block);
}

/* Row i of the block. */
static void see_rows(struct pass *pass, size_t i, uint64_t row)
{
    const struct stream *x = &pass->stream[CAIRN_SURVEY_X];
    if (pass->group->n_tokens == 0) {
        see_row(x, row_of(x, i), row);
        see_sample(pass, x->row, i, row);
    }
    for (int k = CAIRN_SURVEY_Y; k < CAIRN_N_SURVEYED; k++) {
        const struct stream *from = &pass->stream[k];
        if (from->array != NULL) see_row(from, row_of(from, i), row);
    }
}

static cairn_status see_block(struct pass *pass, size_t first, size_t n)
{
    const struct stream *x = &pass->stream[CAIRN_SURVEY_X];
    uint64_t row = 0;
    for (int k = 0; k < CAIRN_N_SURVEYED; k++) CAIRN_TRY(read_block(&pass->stream[k], first, n));
    for (size_t i = 0; i < n; i++) {
        if (!cairn_dataset_sample_of_row(pass->survey->dataset, pass->split, first + i, &row))
            continue;
        if (pass->group->n_tokens > 0) CAIRN_TRY(see_token(x, x->block + i * x->row_bytes, row));
        see_rows(pass, i, row);
    }
    return CAIRN_OK;
}

/* ---- room */

static const real one = 1, zero = 0;

static cairn_status begin_stream(const struct cairn_rows *rows, struct cairn_survey_array *array,
                                 enum cairn_h5_type type, struct stream *out)
{
    struct cairn_h5_form form = rows->form;
    form.type = type;
    out->rows = *rows;
    out->rows.pick = (struct cairn_pick){.n = 0};
    out->array = array;
    out->type = type;
    out->row_bytes = cairn_row_bytes(&form);
    out->factors = (struct cairn_factors){&one, &zero, false};
    array->n_rows = form.shape.dim[0];
    array->n_values = out->row_bytes / cairn_h5_element_bytes(&form);
    return cairn_memory_get(array->n_values, sizeof *out->row, "a row of the data", &out->row);
}

/* What is kept of an array, from its first row. */
static cairn_status begin_array(const struct cairn_rows *rows, struct stream *from,
                                size_t n_columns)
{
    struct cairn_survey_array *array = from->array;
    array->n_columns = n_columns > MOST_COLUMNS ? 1 : n_columns;
    array->n_varies = array->n_values;
    CAIRN_TRY(cairn_memory_get(array->n_columns, sizeof *array->column, "ranges", &array->column));
    CAIRN_TRY(cairn_memory_get(array->n_columns, sizeof *array->origin, "ranges", &array->origin));
    CAIRN_TRY(cairn_memory_get(array->n_values, sizeof *array->first, "a row", &array->first));
    CAIRN_TRY(cairn_memory_get(array->n_values, 1, "numbers that vary", &array->varies));
    for (size_t c = 0; c < array->n_columns; c++) {
        array->column[c].low = INFINITY;
        array->column[c].high = -INFINITY;
    }
    CAIRN_TRY(cairn_rows_read(rows, 0, 1, from->type, from->block));
    memcpy(array->first, row_of(from, 0), array->n_values * sizeof *array->first);
    for (size_t c = 0; c < array->n_columns; c++) {
        const double value = (double)array->first[c * (array->n_values / array->n_columns)];
        array->origin[c] = isfinite(value) ? value : 0;
    }
    return CAIRN_OK;
}

static cairn_status begin_tokens(struct stream *from, size_t vocabulary)
{
    struct cairn_survey_array *array = from->array;
    array->n_columns = 1;
    array->n_varies = vocabulary;
    CAIRN_TRY(cairn_memory_get(1, sizeof *array->column, "ranges", &array->column));
    CAIRN_TRY(cairn_memory_get(vocabulary, 1, "tokens that there are", &array->varies));
    array->column->low = INFINITY;
    array->column->high = -INFINITY;
    return CAIRN_OK;
}

static cairn_status begin_streams(struct pass *pass)
{
    const struct cairn_dataset *dataset = pass->survey->dataset;
    const struct cairn_group *group = pass->group;
    struct cairn_survey_array *array = pass->survey->array[pass->split];
    struct stream *stream = pass->stream;
    CAIRN_TRY(begin_stream(&group->x, &array[CAIRN_SURVEY_X],
                           group->n_tokens > 0 ? cairn_tokens_held_type(&group->x)
                                               : cairn_rows_held_type(&group->x),
                           &stream[CAIRN_SURVEY_X]));
    if (cairn_rows_exist(&group->y))
        CAIRN_TRY(begin_stream(&group->y, &array[CAIRN_SURVEY_Y], CAIRN_H5_REAL,
                               &stream[CAIRN_SURVEY_Y]));
    if (cairn_rows_exist(&group->weight))
        CAIRN_TRY(begin_stream(&group->weight, &array[CAIRN_SURVEY_WEIGHT], CAIRN_H5_REAL,
                               &stream[CAIRN_SURVEY_WEIGHT]));
    stream[CAIRN_SURVEY_WEIGHT].weights = true;
    if (group->n_tokens > 0) return CAIRN_OK;
    struct stream *x = &stream[CAIRN_SURVEY_X];
    CAIRN_TRY(cairn_group_factors(dataset, group, x->array->n_values, &x->scale, &x->shift,
                                  &x->factors.each));
    x->factors.scale = x->scale;
    x->factors.shift = x->shift;
    return CAIRN_OK;
}

static size_t rows_of_block(const struct pass *pass)
{
    size_t row_bytes = 1;
    for (int k = 0; k < CAIRN_N_SURVEYED; k++) row_bytes += pass->stream[k].row_bytes;
    return BLOCK_BYTES / row_bytes + 1;
}

/* How many ranges are told of an array: of channels, of each target or of all. */
static size_t columns_of(const struct pass *pass, int what)
{
    const struct cairn_dataset *dataset = pass->survey->dataset;
    const struct cairn_shape *shape = &pass->stream[what].rows.form.shape;
    if (what == CAIRN_SURVEY_X) return dataset->input.dim[0];
    if (shape->ndim <= 2 && !(what == CAIRN_SURVEY_WEIGHT && shape->ndim == 2))
        return pass->stream[what].array->n_values;
    return what == CAIRN_SURVEY_Y && !dataset->y_is_whole ? shape->dim[1] : 1;
}

static cairn_status begin_arrays(struct pass *pass)
{
    const struct cairn_dataset *dataset = pass->survey->dataset;
    const struct cairn_group *group = pass->group;
    const struct cairn_rows *const rows[] = {&group->x, &group->y, &group->weight};
    const size_t block = rows_of_block(pass);
    for (int k = 0; k < CAIRN_N_SURVEYED; k++) {
        struct stream *from = &pass->stream[k];
        if (from->array == NULL) continue;
        CAIRN_TRY(cairn_memory_get(block, from->row_bytes, "rows of the data", &from->block));
        if (k == CAIRN_SURVEY_X && pass->group->n_tokens > 0)
            CAIRN_TRY(begin_tokens(from, dataset->vocabulary));
        else
            CAIRN_TRY(begin_array(rows[k], from, columns_of(pass, k)));
    }
    return CAIRN_OK;
}

static void end_pass(struct pass *pass)
{
    for (int k = 0; k < CAIRN_N_SURVEYED; k++) {
        free(pass->stream[k].block);
        free(pass->stream[k].row);
        free(pass->stream[k].scale);
        free(pass->stream[k].shift);
    }
}

cairn_status cairn_survey_read(struct cairn_survey *survey, enum cairn_split split, size_t first,
                               size_t n)
{
    struct pass pass = {.survey = survey, .group = &survey->dataset->group[split], .split = split};
    cairn_status st = begin_streams(&pass);
    if (st == CAIRN_OK) st = begin_arrays(&pass);
    const size_t block = rows_of_block(&pass);
    for (size_t row = first; row < first + n && st == CAIRN_OK; row += block)
        st = see_block(&pass, row, first + n - row < block ? first + n - row : block);
    end_pass(&pass);
    return st;
}

/* ---- the survey */

size_t cairn_survey_rows(const struct cairn_survey *survey, enum cairn_split split)
{
    const struct cairn_group *group = &survey->dataset->group[split];
    if (!cairn_rows_exist(&group->x)) return 0;
    return group->n_tokens > 0 ? group->n_tokens : group->n;
}

size_t cairn_survey_stored(const struct cairn_survey *survey, enum cairn_split split)
{
    const struct cairn_group *group = &survey->dataset->group[split];
    if (!cairn_rows_exist(&group->x) || group->x.pick.n == 0)
        return cairn_survey_rows(survey, split);
    return (size_t)group->x.pick.order.n;
}

cairn_status cairn_survey_create(const struct cairn_dataset *dataset, size_t twins_bytes,
                                 struct cairn_survey **out)
{
    struct cairn_survey *survey = NULL;
    size_t room = twins_bytes / sizeof(struct cairn_twin) + 1;
    size_t n = 1;
    CAIRN_TRY(cairn_memory_get(1, sizeof *survey, "what is seen of the data", &survey));
    survey->dataset = dataset;
    for (int split = 0; split < CAIRN_N_SPLITS; split++)
        n += cairn_survey_rows(survey, (enum cairn_split)split);
    if (dataset->vocabulary > 0) n = 1; /* no samples before there is a context */
    cairn_status st = cairn_twins_begin(&survey->twins, n < room ? n : room);
    if (st == CAIRN_OK)
        *out = survey;
    else
        cairn_survey_free(survey);
    return st;
}

void cairn_survey_free(struct cairn_survey *survey)
{
    if (survey == NULL) return;
    for (int split = 0; split < CAIRN_N_SPLITS; split++) {
        for (int k = 0; k < CAIRN_N_SURVEYED; k++) {
            struct cairn_survey_array *array = &survey->array[split][k];
            free(array->column);
            free(array->origin);
            free(array->first);
            free(array->varies);
        }
    }
    cairn_twins_free(&survey->twins);
    free(survey);
}

void cairn_survey_moments(const struct cairn_survey_array *array, size_t column, double *mean,
                          double *deviation)
{
    const struct cairn_survey_column *of = &array->column[column];
    const double n = cairn_exact_sum_value(&of->n);
    const double above = cairn_exact_sum_value(&of->sum) / n;
    const double variance = cairn_exact_sum_value(&of->squares) / n - above * above;
    *mean = array->origin[column] + above;
    *deviation = sqrt(variance > 0 ? variance : 0);
}
