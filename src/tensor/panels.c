/* SPDX-License-Identifier: BSD-3-Clause
 * Products of small matrices, packed, tile by tile. */
#include "tensor/panels.h"

#include "tensor/tile.h"
#include "tensor/turn.h"

enum {
    COLUMNS = CAIRN_TILE_COLUMNS,
    STEPS = 256
}; /* so much of a panel stays in the first cache */

size_t cairn_panels_size(size_t rows, size_t columns)
{
    return (columns + COLUMNS - 1) / COLUMNS * rows * COLUMNS;
}

/* Half a row of a panel: a call of memcpy would take longer than the copy. */
typedef real vector
    __attribute__((vector_size(CAIRN_TILE_BYTES), aligned(sizeof(real)), may_alias));

static size_t at_most(size_t n, size_t most)
{
    return n < most ? n : most;
}

void cairn_panels_copy(const real *x, size_t rows, size_t columns, size_t ld, real *panels)
{
    for (size_t first = 0; first < columns; first += COLUMNS, panels += rows * COLUMNS) {
        const size_t count = at_most(columns - first, COLUMNS);
        for (size_t i = 0; i < rows; i++) {
            const real *from = x + i * ld + first;
            real *to = panels + i * COLUMNS;
            if (count == COLUMNS) {
                ((vector *)to)[0] = ((const vector *)from)[0];
                ((vector *)to)[1] = ((const vector *)from)[1];
            } else {
                for (size_t j = 0; j < COLUMNS; j++) to[j] = j < count ? from[j] : 0;
            }
        }
    }
}

void cairn_panels_turn(const real *x, size_t rows, size_t columns, size_t ld, real *panels)
{
    for (size_t first = 0; first < rows; first += COLUMNS, panels += columns * COLUMNS) {
        const size_t count = at_most(rows - first, COLUMNS);
        cairn_turn(count, columns, x + first * ld, ld, panels, COLUMNS);
        for (size_t i = 0; i < columns; i++)
            for (size_t j = count; j < COLUMNS; j++) panels[i * COLUMNS + j] = 0;
    }
}

/* All tiles of some steps. */
static void multiply_steps(const struct cairn_panels *job, struct cairn_tile *tile)
{
    const real *a = tile->a;
    const real *b = tile->b;
    const size_t distance = job->turned ? 1 : job->lda;
    for (size_t j = 0; j < job->n; j += COLUMNS, b += job->b_rows * COLUMNS) {
        tile->b = b;
        tile->n_columns = at_most(job->n - j, COLUMNS);
        for (size_t i = 0; i < job->m; i += tile->n_rows) {
            tile->n_rows = cairn_tile_rows(job->m - i);
            tile->a = a + i * distance;
            tile->c = job->c + i * job->ldc + j;
            cairn_tile(tile);
        }
    }
}

void cairn_panels_multiply(const struct cairn_panels *job)
{
    struct cairn_tile_step step[STEPS];
    size_t row[CAIRN_TILE_ROWS];
    for (size_t i = 0; i < CAIRN_TILE_ROWS; i++) row[i] = i * (job->turned ? 1 : job->lda);
    const size_t a_step = job->turned ? job->lda : 1;
    cairn_tile_steps(at_most(job->k, STEPS), a_step, COLUMNS, step);
    for (size_t k = 0; k < job->k; k += STEPS) {
        struct cairn_tile tile = {.n_steps = at_most(job->k - k, STEPS),
                                  .a = job->a + k * a_step,
                                  .row = row,
                                  .step = step,
                                  .b = job->panels + k * COLUMNS,
                                  .adds = job->adds || k > 0,
                                  .pairs = job->pairs,
                                  .ldc = job->ldc};
        multiply_steps(job, &tile);
    }
}
