/* SPDX-License-Identifier: BSD-3-Clause
 * The micro-kernel against a plain triple loop: all rows and columns, plain and turned operands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <tgmath.h>

#include <cmocka.h>

#include "tensor/bf16.h"
#include "tensor/tile.h"

enum { STEPS = 37, LDC = CAIRN_TILE_COLUMNS + 3, MARGIN = 5 };

static const real untouched = -77;

/* Small whole numbers, so that every sum is exact in any order. */
static void fill(size_t n, unsigned seed, real *x)
{
    for (size_t i = 0; i < n; i++) x[i] = (real)((i * 7919 + seed * 31) % 13) - 6;
}

static real plain(const struct cairn_tile *tile, size_t i, size_t j)
{
    real sum = 0;
    for (size_t k = 0; k < tile->n_steps; k++)
        sum += tile->a[tile->row[i] + tile->step[k].a] * tile->b[tile->step[k].b + j];
    return sum;
}

static void check(struct cairn_tile *tile)
{
    real c[(CAIRN_TILE_ROWS + 1) * LDC];
    real before[(CAIRN_TILE_ROWS + 1) * LDC];
    fill(CAIRN_TILE_ROWS * LDC, 3, c);
    for (size_t i = 0; i < CAIRN_TILE_ROWS + 1; i++)
        for (size_t j = i < tile->n_rows ? tile->n_columns : 0; j < LDC; j++)
            c[i * LDC + j] = untouched;
    memcpy(before, c, sizeof c);
    tile->c = c;
    tile->ldc = LDC;
    cairn_tile(tile);
    for (size_t i = 0; i < CAIRN_TILE_ROWS + 1; i++)
        for (size_t j = 0; j < LDC; j++) {
            real want = before[i * LDC + j];
            if (i < tile->n_rows && j < tile->n_columns)
                want = plain(tile, i, j) + (tile->adds ? want : 0);
            assert_true(c[i * LDC + j] == want);
        }
}

static void check_sizes(const size_t *row, const struct cairn_tile_step *step)
{
    real a[CAIRN_TILE_ROWS * STEPS];
    real *b = test_malloc(STEPS * CAIRN_TILE_COLUMNS * sizeof *b);
    fill(CAIRN_TILE_ROWS * STEPS, 1, a);
    fill(STEPS * CAIRN_TILE_COLUMNS, 2, b);
    for (size_t n_rows = 1; n_rows <= CAIRN_TILE_ROWS; n_rows++)
        for (size_t n_columns = 1; n_columns <= CAIRN_TILE_COLUMNS; n_columns++)
            for (size_t n_steps = 0; n_steps <= STEPS; n_steps += STEPS - 1)
                for (int adds = 0; adds < 2; adds++)
                    check(&(struct cairn_tile){.n_rows = n_rows,
                                               .n_columns = n_columns,
                                               .n_steps = n_steps,
                                               .a = a,
                                               .row = row,
                                               .step = step,
                                               .b = b,
                                               .adds = adds != 0});
    test_free(b);
}

static void test_plain(void **state)
{
    struct cairn_tile_step step[STEPS];
    size_t row[CAIRN_TILE_ROWS];
    (void)state;
    for (size_t i = 0; i < CAIRN_TILE_ROWS; i++) row[i] = i * STEPS;
    cairn_tile_steps(STEPS, 1, CAIRN_TILE_COLUMNS, step);
    check_sizes(row, step);
}

static void test_turned(void **state)
{
    struct cairn_tile_step step[STEPS];
    size_t row[CAIRN_TILE_ROWS];
    (void)state;
    for (size_t i = 0; i < CAIRN_TILE_ROWS; i++) row[i] = i;
    cairn_tile_steps(STEPS, CAIRN_TILE_ROWS, CAIRN_TILE_COLUMNS, step);
    check_sizes(row, step);
}

/* Offsets that no stride gives. */
static void test_scattered(void **state)
{
    struct cairn_tile_step step[STEPS];
    size_t row[CAIRN_TILE_ROWS];
    (void)state;
    for (size_t i = 0; i < CAIRN_TILE_ROWS; i++) row[i] = i * i % CAIRN_TILE_ROWS * STEPS;
    for (uint32_t k = 0; k < STEPS; k++)
        step[k] =
            (struct cairn_tile_step){k * k % STEPS, (STEPS - 1 - k) * (uint32_t)CAIRN_TILE_COLUMNS};
    check_sizes(row, step);
}

/* What a float says, and what the two halves of a pair do. */
static real upper(real x, bool second)
{
    uint32_t bits;
    float half;
    memcpy(&bits, &x, sizeof bits);
    bits = second ? bits & 0xffff0000U : bits << 16;
    memcpy(&half, &bits, sizeof half);
    return (real)half;
}

/* Pairs of any numbers: the same order of sums, and no rounding of a product. */
static void test_pairs(void **state)
{
    enum { ROWS = CAIRN_TILE_ROWS, COLUMNS = CAIRN_TILE_COLUMNS };
    real x[2 * ROWS * STEPS], y[2 * STEPS * COLUMNS];
    real a[ROWS * STEPS], b[STEPS * COLUMNS], c[ROWS * COLUMNS];
    struct cairn_tile_step step[STEPS];
    size_t row[ROWS];
    (void)state;
    if (!CAIRN_TILE_PAIRS) skip();
    for (size_t i = 0; i < ROWS; i++) row[i] = i * STEPS;
    for (size_t i = 0; i < sizeof x / sizeof *x; i++) x[i] = (real)sin((double)i);
    for (size_t i = 0; i < sizeof y / sizeof *y; i++) y[i] = (real)cos((double)(7 * i));
    cairn_bf16_pairs(x, ROWS, 2, STEPS, a);
    cairn_bf16_pairs(y, STEPS, 2, COLUMNS, b);
    cairn_tile_steps(STEPS, 1, COLUMNS, step);
    cairn_tile(&(struct cairn_tile){.n_rows = ROWS,
                                    .n_columns = COLUMNS,
                                    .n_steps = STEPS,
                                    .a = a,
                                    .row = row,
                                    .step = step,
                                    .b = b,
                                    .pairs = true,
                                    .c = c,
                                    .ldc = COLUMNS});
    for (size_t i = 0; i < ROWS; i++)
        for (size_t j = 0; j < COLUMNS; j++) {
            real sum = 0;
            for (size_t k = 0; k < STEPS; k++)
                for (int half = 1; half >= 0; half--)
                    sum = fma(upper(a[row[i] + k], half != 0), upper(b[k * COLUMNS + j], half != 0),
                              sum);
            assert_true(c[i * COLUMNS + j] == sum);
        }
}

static void test_rows(void **state)
{
    (void)state;
    for (size_t n = 1; n < 10 * (size_t)CAIRN_TILE_ROWS; n++) {
        size_t left = n;
        size_t n_tiles = 0;
        for (; left > 0; left -= cairn_tile_rows(left), n_tiles++)
            assert_in_range(cairn_tile_rows(left), n < CAIRN_TILE_ROWS ? n : CAIRN_TILE_ROWS / 2,
                            CAIRN_TILE_ROWS);
        assert_int_equal(n_tiles, (n + CAIRN_TILE_ROWS - 1) / CAIRN_TILE_ROWS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),     cmocka_unit_test(test_turned),
        cmocka_unit_test(test_scattered), cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
