/* SPDX-License-Identifier: BSD-3-Clause
 * Tokens: what a file says of them, and windows as samples. */
#include "data/tokens.h"

#include <stdint.h>
#include <string.h>
#include <tgmath.h>

#include "base/utf8.h"

static cairn_status read_vocabulary(struct cairn_dataset *dataset, const struct cairn_rows *tokens,
                                    size_t part)
{
    const char *file = cairn_rows_file(tokens, part);
    const char *path = cairn_rows_path(tokens, part);
    double value = 0;
    size_t n = 0;
    CAIRN_TRY(cairn_rows_numbers(tokens, part, "vocabulary", 1, &value, &n));
    if (n == 0)
        return cairn_fail(CAIRN_DATA,
                          "%s: %s has no attribute 'vocabulary'; set it to the number of different "
                          "tokens",
                          file, path);
    if (!(value >= 1 && value <= CAIRN_MOST_VOCABULARY) || value != (double)(size_t)value)
        return cairn_fail(CAIRN_DATA,
                          "%s: the vocabulary of %s is %g, not a whole number from 1 to %d", file,
                          path, value, CAIRN_MOST_VOCABULARY);
    if (dataset->vocabulary != 0 && dataset->vocabulary != (size_t)value)
        return cairn_fail(CAIRN_DATA,
                          "%s: the vocabulary of %s is %g, that of another group %zu; they must be "
                          "equal",
                          file, path, value, dataset->vocabulary);
    dataset->vocabulary = (size_t)value;
    return CAIRN_OK;
}

cairn_status cairn_tokens_open(struct cairn_dataset *dataset, struct cairn_group *group)
{
    char text[CAIRN_SHAPE_TEXT_BYTES];
    const struct cairn_h5_form *form = &group->x.form;
    const char *file = cairn_rows_file(&group->x, 0);
    const char *path = cairn_rows_path(&group->x, 0);
    if (form->type == CAIRN_H5_TEXT)
        return cairn_fail(CAIRN_DATA, "%s: %s holds texts; store tokens as numbers, or import text",
                          file, path);
    if (form->shape.ndim != 1 || form->shape.dim[0] < 2)
        return cairn_fail(CAIRN_DATA, "%s: %s has the shape %s; give [t], at least 2 tokens", file,
                          path, cairn_shape_text(&form->shape, text));
    group->n_tokens = form->shape.dim[0];
    for (size_t part = 0; part < group->x.n_parts; part++)
        CAIRN_TRY(read_vocabulary(dataset, &group->x, part));
    return CAIRN_OK;
}

/* The text at /characters of the first file; NULL where there is none. */
static cairn_status read_characters(struct cairn_data_file *file, char **out)
{
    CAIRN_TRY(cairn_data_file_take(file));
    cairn_status st = CAIRN_OK;
    if (cairn_h5_has_array(file->h5, "/characters"))
        st = cairn_h5_read_text(file->h5, "/characters", out);
    cairn_data_file_give(file);
    return st;
}

cairn_status cairn_tokens_read_characters(struct cairn_dataset *dataset)
{
    size_t count = 0;
    if (dataset->vocabulary == 0) return CAIRN_OK;
    CAIRN_TRY(read_characters(cairn_data_files_at(dataset->files, 0), &dataset->characters));
    if (dataset->characters == NULL) return CAIRN_OK;
    size_t left = strlen(dataset->characters);
    for (const char *at = dataset->characters; left > 0; count++) {
        uint32_t code = 0;
        size_t bytes = cairn_utf8_read(at, left, &code);
        if (bytes == 0)
            return cairn_fail(CAIRN_DATA, "%s: /characters is not UTF-8", dataset->path);
        at += bytes;
        left -= bytes;
    }
    if (count != dataset->vocabulary)
        return cairn_fail(CAIRN_DATA, "%s: /characters holds %zu characters, the vocabulary %zu",
                          dataset->path, count, dataset->vocabulary);
    return CAIRN_OK;
}

enum cairn_h5_type cairn_tokens_held_type(const struct cairn_rows *rows)
{
    const enum cairn_h5_type type = rows->form.type;
    if (cairn_h5_is_real(type)) return CAIRN_H5_REAL;
    if (rows->form.coding == CAIRN_H5_BOOL) return CAIRN_H5_U8;
    return type == CAIRN_H5_U8 || type == CAIRN_H5_U16 || type == CAIRN_H5_U32 ? type
                                                                               : CAIRN_H5_I32;
}

size_t cairn_token(enum cairn_h5_type type, const void *token, size_t i)
{
    if (type == CAIRN_H5_REAL) return (size_t)((const real *)token)[i];
    if (type == CAIRN_H5_U8) return ((const uint8_t *)token)[i];
    if (type == CAIRN_H5_U16) return ((const uint16_t *)token)[i];
    return ((const uint32_t *)token)[i];
}

/* Of reals: the first that is no token. */
static size_t first_unknown_real(const real *token, size_t n, size_t vocabulary)
{
    size_t i = 0;
    while (i < n && token[i] >= 0 && token[i] < (real)vocabulary && token[i] == floor(token[i]))
        i++;
    return i;
}

#define CONVERT(name, type)                                                                        \
    static void name##_convert(const type *restrict token, size_t n, real *restrict x,             \
                               int32_t *restrict label)                                            \
    {                                                                                              \
        for (size_t i = 0; i < n; i++) {                                                           \
            x[i] = (real)token[i];                                                                 \
            label[i] = (int32_t)token[i + 1];                                                      \
        }                                                                                          \
    }

#define TOKENS(name, type)                                                                         \
    static bool name##_known(const type *restrict token, size_t n, uint32_t vocabulary)            \
    {                                                                                              \
        uint32_t most = 0;                                                                         \
        for (size_t i = 0; i < n; i++) most = token[i] > most ? token[i] : most;                   \
        return most < vocabulary;                                                                  \
    }                                                                                              \
    CONVERT(name, type)

TOKENS(u8, uint8_t)
TOKENS(u16, uint16_t)
TOKENS(u32, uint32_t)
CONVERT(real, real)

size_t cairn_first_unknown_token(enum cairn_h5_type type, const void *token, size_t n,
                                 size_t vocabulary)
{
    size_t i = 0;
    if (type == CAIRN_H5_REAL) return first_unknown_real(token, n, vocabulary);
    bool known = type == CAIRN_H5_U8    ? u8_known(token, n, (uint32_t)vocabulary)
                 : type == CAIRN_H5_U16 ? u16_known(token, n, (uint32_t)vocabulary)
                                        : u32_known(token, n, (uint32_t)vocabulary);
    if (known) return n;
    while (cairn_token(type, token, i) < vocabulary) i++;
    return i;
}

void cairn_tokens_convert(const struct cairn_window_of *from, real *x, int32_t *label,
                          real *label_weight)
{
    size_t n = from->n - 1; /* labels */
    if (from->type == CAIRN_H5_U8)
        u8_convert(from->token, n, x, label);
    else if (from->type == CAIRN_H5_U16)
        u16_convert(from->token, n, x, label);
    else if (from->type == CAIRN_H5_REAL)
        real_convert(from->token, n, x, label);
    else
        u32_convert(from->token, n, x, label);
    for (size_t i = 0; i < n; i++) label_weight[i] = from->weight == NULL ? 1 : from->weight[i + 1];
    for (size_t i = n; i < from->context; i++) {
        x[i] = 0;
        label[i] = 0;
        label_weight[i] = 0;
    }
}

cairn_status cairn_tokens_copy(const struct cairn_dataset *dataset, const real *token, size_t n,
                               real *out)
{
    for (size_t i = 0; i < n; i++) {
        if (!(token[i] >= 0 && token[i] < (real)dataset->vocabulary) ||
            token[i] != (real)(size_t)token[i])
            return cairn_fail(CAIRN_DATA, "input %zu is %g, and no token of a vocabulary of %zu", i,
                              (double)token[i], dataset->vocabulary);
        out[i] = token[i];
    }
    return CAIRN_OK;
}

/* The host gives n windows, each as a whole. */
static cairn_status set_windows(struct cairn_group *group, size_t context)
{
    if (group->n > (SIZE_MAX - 1) / context)
        return cairn_fail(CAIRN_USAGE, "%zu windows of %zu tokens are more than can be counted",
                          group->n, context);
    group->n_tokens = group->n * context + 1;
    group->x.form.shape.dim[0] = group->n_tokens;
    if (cairn_rows_exist(&group->weight)) group->weight.form.shape.dim[0] = group->n_tokens;
    return CAIRN_OK;
}

cairn_status cairn_dataset_set_context(struct cairn_dataset *dataset, size_t context)
{
    if (dataset->vocabulary == 0 && context == 0) return CAIRN_OK;
    if (dataset->vocabulary == 0)
        return cairn_fail(CAIRN_USAGE,
                          "data.context is for tokens, but %s holds x and y; leave it out",
                          dataset->path);
    if (context == 0)
        return cairn_fail(CAIRN_USAGE,
                          "%s holds tokens: give data.context, how many of them a sample has, such "
                          "as data.context=64",
                          dataset->path);
    if (dataset->files == NULL && dataset->context != 0 && dataset->context != context)
        return cairn_fail(CAIRN_USAGE,
                          "data.context is %zu, and a trainer with these data has %zu; make others "
                          "with cairn_data_create()",
                          context, dataset->context);
    dataset->context = context;
    dataset->input = (struct cairn_shape){.ndim = 1, .dim = {context}};
    for (int split = 0; split < CAIRN_N_SPLITS; split++) {
        struct cairn_group *group = &dataset->group[split];
        if (cairn_group_comes(group))
            CAIRN_TRY(set_windows(group, context));
        else if (cairn_rows_exist(&group->x))
            group->n = (group->n_tokens - 2) / context + 1;
    }
    return CAIRN_OK;
}

size_t cairn_dataset_tokens(const struct cairn_dataset *dataset, enum cairn_split split)
{
    return dataset->group[split].n_tokens;
}

size_t cairn_dataset_vocabulary(const struct cairn_dataset *dataset)
{
    return dataset->vocabulary;
}

size_t cairn_dataset_context(const struct cairn_dataset *dataset)
{
    return dataset->context;
}

const char *cairn_dataset_characters(const struct cairn_dataset *dataset)
{
    return dataset->characters;
}
