/* SPDX-License-Identifier: BSD-3-Clause
 * Rows of an array, held or read as they come. */
#include "data/source.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    const size_t all = n * from->n_values;
    size_t bad = cairn_first_not_finite(weight, all);
    for (size_t i = 0; i < bad; i++)
        if (weight[i] < 0) bad = i;
    if (bad == all) return CAIRN_OK;
    size_t row = first + bad / from->n_values;
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

size_t cairn_source_count(const struct cairn_source *from, uint64_t sample)
{
    if (from->rows->n_parts == 0 && from->held == NULL) return from->length; /* the host's */
    size_t left = from->n - (size_t)sample * from->step;
    return left < from->length ? left : from->length;
}

/* ---- blocks that are kept */

/* Rows of a block of so many samples. */
static size_t block_rows(const struct cairn_source *from, size_t block)
{
    return block * from->step + from->length - from->step;
}

size_t cairn_source_kept_bytes(const struct cairn_source *from, size_t block, size_t n)
{
    return from->rows == NULL ? 0 : n * block_rows(from, block) * from->row_bytes;
}

void cairn_source_keep(struct cairn_source *from, size_t block, size_t n)
{
    from->kept.block = block;
    from->kept.n = n;
}

static void free_kept(struct cairn_kept *kept)
{
    free(kept->number);
    free(kept->wanted);
    free(kept->rows);
    kept->number = kept->wanted = NULL;
    kept->rows = NULL;
    kept->last = 0;
}

cairn_status cairn_source_get_kept(struct cairn_source *from)
{
    struct cairn_kept *kept = &from->kept;
    free_kept(kept);
    if (kept->n == 0 || from->rows == NULL) return CAIRN_OK;
    CAIRN_TRY(cairn_memory_get(kept->n, sizeof *kept->number, "blocks of data", &kept->number));
    CAIRN_TRY(cairn_memory_get(kept->n, sizeof *kept->wanted, "blocks of data", &kept->wanted));
    for (size_t i = 0; i < kept->n; i++) kept->number[i] = UINT64_MAX;
    return cairn_memory_get(kept->n, block_rows(from, kept->block) * from->row_bytes,
                            "blocks of data", &kept->rows);
}

/* Where a block is; else where it can be, which is the place that is wanted the least. */
static size_t find_kept(const struct cairn_kept *kept, uint64_t number)
{
    size_t least = 0;
    if (kept->number[kept->last] == number) return kept->last;
    for (size_t i = 0; i < kept->n; i++) {
        if (kept->number[i] == number) return i;
        if (kept->wanted[i] < kept->wanted[least]) least = i;
    }
    return least;
}

cairn_status cairn_source_read_on(struct cairn_source *from, uint64_t sample, uint64_t until)
{
    struct cairn_kept *kept = &from->kept;
    if (kept->n == 0 || from->rows == NULL) return CAIRN_OK;
    const uint64_t number = sample / kept->block;
    const size_t at = kept->last = find_kept(kept, number);
    if (kept->number[at] == number) {
        if (kept->wanted[at] < until) kept->wanted[at] = until;
        return CAIRN_OK;
    }
    const size_t rows = block_rows(from, kept->block);
    const size_t first = (size_t)number * kept->block * from->step;
    const size_t n = from->n - first < rows ? from->n - first : rows;
    kept->number[at] = UINT64_MAX;
    kept->wanted[at] = 0;
    CAIRN_TRY(cairn_rows_read(from->rows, first, n, from->type,
                              kept->rows + at * rows * from->row_bytes));
    kept->number[at] = number;
    kept->wanted[at] = until;
    return CAIRN_OK;
}

static cairn_status gather_kept(struct cairn_source *from, const struct cairn_by_sample *sorted,
                                size_t n, uint64_t until)
{
    const struct cairn_kept *kept = &from->kept;
    const size_t rows = block_rows(from, kept->block);
    for (size_t i = 0; i < n; i++) {
        const uint64_t sample = sorted[i].sample;
        CAIRN_TRY(cairn_source_read_on(from, sample, until));
        const size_t row = kept->last * rows + (size_t)(sample % kept->block) * from->step;
        const size_t n_rows = cairn_source_count(from, sample);
        const unsigned char *there = kept->rows + row * from->row_bytes;
        CAIRN_TRY(check_rows(from, (size_t)sample * from->step, n_rows, there));
        memcpy(from->gather + i * from->length * from->row_bytes, there, n_rows * from->row_bytes);
    }
    return CAIRN_OK;
}

/* ---- */

cairn_status cairn_source_prepare(struct cairn_source *from, bool hold, size_t b)
{
    if (from->rows == NULL) return CAIRN_OK;
    if (from->rows->memory != NULL) {
        from->held = from->rows->memory;
        return check_rows(from, 0, from->n, from->held);
    }
    if (!hold) {
        CAIRN_TRY(cairn_source_get_kept(from));
        return cairn_memory_get(b, from->length * from->row_bytes, "rows of the data",
                                &from->gather);
    }
    CAIRN_TRY(cairn_memory_get(from->n, from->row_bytes,
                               "the data; data.in_memory: false reads them as they come",
                               &from->held_owned));
    from->held = from->held_owned;
    return read_rows(from, 0, from->n, from->held_owned);
}

/* The first row of a part. */
static size_t begin_of(size_t n, size_t part, size_t n_parts)
{
    return n / n_parts * part + n % n_parts * part / n_parts;
}

cairn_status cairn_source_hold_in(struct cairn_source *from, struct cairn_together *place)
{
    enum { CACHE_LINE = CAIRN_TOGETHER_MORE / 3 };
    if (from->rows == NULL) return CAIRN_OK;
    const size_t past = (uintptr_t)place->memory % CACHE_LINE;
    unsigned char *memory = place->memory + (past == 0 ? 0 : CACHE_LINE - past);
    const size_t first = begin_of(from->n, place->part, place->n_parts);
    const size_t end = begin_of(from->n, place->part + 1, place->n_parts);
    from->held = memory;
    place->memory = memory + cairn_source_bytes(from);
    return read_rows(from, first, end - first, memory + first * from->row_bytes);
}

cairn_status cairn_source_gather(struct cairn_source *from, const struct cairn_by_sample *sorted,
                                 size_t n, uint64_t until)
{
    bool apart = from->step != from->length; /* windows overlap: each is read alone */
    if (from->gather == NULL) return CAIRN_OK;
    if (from->kept.n > 0) return gather_kept(from, sorted, n, until);
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
    free_kept(&from->kept);
    from->held = NULL;
    from->held_owned = from->gather = NULL;
}
