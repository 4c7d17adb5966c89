/* SPDX-License-Identifier: BSD-3-Clause
 * Rows of an array, held or read as they come. */
#include "data/source.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "data/convert.h"
#include "data/internal.h"
#include "data/tokens.h"

void cairn_source_begin(struct cairn_source *from, const struct cairn_rows *rows,
                        enum cairn_h5_type type)
{
    struct cairn_h5_form form = rows->form;
    form.type = type;
    from->rows = rows;
    from->type = type;
    from->n = form.shape.dim[0];
    from->row_bytes = cairn_row_bytes(&form);
    from->n_values = from->row_bytes / cairn_h5_element_bytes(&form);
    from->step = from->length = 1;
}

size_t cairn_source_bytes(const struct cairn_source *from)
{
    return from->rows == NULL || from->rows->n_parts == 0 ? 0 : from->n * from->row_bytes;
}

/* "FILE: /train/x", and *row as it is counted there; in text [CAIRN_WHERE_BYTES]. */
static const char *where(const struct cairn_source *from, size_t *row, char *text)
{
    if (cairn_rows_where(from->rows, row, text) != NULL) return text;
    snprintf(text, CAIRN_WHERE_BYTES, "%s: /%s/%s", from->path, from->group, from->name);
    return text;
}

static cairn_status check_finite(const struct cairn_source *from, const void *data, size_t n,
                                 size_t first)
{
    char text[CAIRN_WHERE_BYTES];
    if (from->type != CAIRN_H5_REAL) return CAIRN_OK;
    size_t bad = cairn_first_not_finite(data, n * from->n_values);
    if (bad == n * from->n_values) return CAIRN_OK;
    size_t row = first + bad / from->n_values;
    const char *at = where(from, &row, text);
    const bool missing = from->rows->decode.may_miss && isnan(((const real *)data)[bad]);
    return cairn_fail(CAIRN_DATA, "%s row %zu: number %zu is %s; fix or remove that row", at, row,
                      bad % from->n_values, missing ? "missing, a _FillValue" : "not finite");
}

static cairn_status check_weights(const struct cairn_source *from, const real *weight, size_t n,
                                  size_t first)
{
    char text[CAIRN_WHERE_BYTES];
    size_t bad = cairn_first_not_finite(weight, n);
    for (size_t i = 0; i < bad; i++)
        if (weight[i] < 0) bad = i;
    if (bad == n) return CAIRN_OK;
    size_t row = first + bad;
    const char *at = where(from, &row, text);
    return cairn_fail(CAIRN_DATA, "%s row %zu: %g is not a weight; it must be 0 or more", at, row,
                      (double)weight[bad]);
}

/* The token is said as it is stored: what is held may be clipped. */
static cairn_status check_tokens(const struct cairn_source *from, const void *token, size_t n,
                                 size_t first)
{
    char text[CAIRN_WHERE_BYTES];
    double stored = 0;
    size_t bad = cairn_first_unknown_token(from->type, token, n, from->vocabulary);
    if (bad == n) return CAIRN_OK;
    size_t row = first + bad;
    if (from->rows->n_parts > 0)
        CAIRN_TRY(cairn_rows_read(from->rows, row, 1, CAIRN_H5_F64, &stored));
    else
        stored = (double)cairn_token(from->type, token, bad);
    const char *at = where(from, &row, text);
    if (stored >= 0 && stored != floor(stored))
        return cairn_fail(CAIRN_DATA, "%s position %zu: %g is no token; store whole numbers", at,
                          row, stored);
    return cairn_fail(CAIRN_DATA, "%s position %zu: the token %.0f is not %s the vocabulary of %zu",
                      at, row, stored, stored < 0 ? "in" : "below", from->vocabulary);
}

/* Rows [first, first + n) are at `rows`. */
static cairn_status check_rows(const struct cairn_source *from, size_t first, size_t n,
                               const void *rows)
{
    switch (from->check) {
    case CAIRN_SOURCE_FINITE: return check_finite(from, rows, n, first);
    case CAIRN_SOURCE_WEIGHTS: return check_weights(from, rows, n, first);
    case CAIRN_SOURCE_TOKENS: return check_tokens(from, rows, n, first);
    }
    return CAIRN_OK;
}

static cairn_status read_rows(const struct cairn_source *from, size_t first, size_t n, void *out)
{
    CAIRN_TRY(cairn_rows_read(from->rows, first, n, from->type, out));
    return check_rows(from, first, n, out);
}

cairn_status cairn_source_check_gathered(const struct cairn_source *from,
                                         const struct cairn_by_sample *sorted, size_t n)
{
    const size_t n_rows = from->length;
    for (size_t i = 0; from->rows != NULL && i < n; i++)
        CAIRN_TRY(check_rows(from, (size_t)sorted[i].sample * from->step, n_rows,
                             from->gather + i * n_rows * from->row_bytes));
    return CAIRN_OK;
}

size_t cairn_source_chunk_bytes(const struct cairn_source *from)
{
    return from->rows == NULL ? 0 : cairn_rows_chunk_bytes(from->rows, cairn_source_bytes(from));
}

cairn_status cairn_source_prepare(struct cairn_source *from, bool hold, size_t b)
{
    if (from->rows == NULL) return CAIRN_OK;
    if (from->rows->memory != NULL) {
        from->held = from->rows->memory;
        return check_rows(from, 0, from->n, from->held);
    }
    if (!hold)
        return cairn_memory_get(b, from->length * from->row_bytes, "rows of the data",
                                &from->gather);
    CAIRN_TRY(cairn_memory_get(from->n, from->row_bytes,
                               "the data; data.in_memory: false reads them as they come",
                               &from->held_owned));
    from->held = from->held_owned;
    return read_rows(from, 0, from->n, from->held_owned);
}

size_t cairn_source_count(const struct cairn_source *from, uint64_t sample)
{
    if (from->rows->n_parts == 0 && from->held == NULL) return from->length; /* the host's */
    size_t left = from->n - (size_t)sample * from->step;
    return left < from->length ? left : from->length;
}

cairn_status cairn_source_gather(struct cairn_source *from, const struct cairn_by_sample *sorted,
                                 size_t n)
{
    bool apart = from->step != from->length; /* windows overlap: each is read alone */
    if (from->gather == NULL) return CAIRN_OK;
    for (size_t i = 0, run = 0; i < n; i += run) {
        for (run = 1; !apart && i + run < n && sorted[i + run].sample == sorted[i].sample + run;)
            run++;
        size_t first = (size_t)sorted[i].sample * from->step;
        size_t count = apart ? cairn_source_count(from, sorted[i].sample) : run * from->length;
        CAIRN_TRY(read_rows(from, first, count, from->gather + i * from->length * from->row_bytes));
    }
    return CAIRN_OK;
}

const void *cairn_source_at(const struct cairn_source *from, size_t i, uint64_t sample)
{
    return from->held != NULL ? from->held + (size_t)sample * from->step * from->row_bytes
                              : from->gather + i * from->length * from->row_bytes;
}

void cairn_source_free(struct cairn_source *from)
{
    free(from->held_owned);
    free(from->gather);
    from->held = NULL;
    from->held_owned = from->gather = NULL;
}
