/* SPDX-License-Identifier: BSD-3-Clause
 * Products of packed matrices against a plain triple loop: sizes around tiles, panels and runs of
 * steps, A plain and turned, B packed as it is and turned. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tensor/panels.h"
#include "tensor/tile.h"

enum { MOST_K = 300, MOST_N = 2 * CAIRN_TILE_COLUMNS + 3, MOST_M = CAIRN_TILE_ROWS + 3, GAP = 2 };

/* Small whole numbers, so that every sum is exact in any order. */
static real *numbers(size_t n, unsigned seed)
{
    real *x = test_malloc(n * sizeof *x);
    for (size_t i = 0; i < n; i++) x[i] = (real)((i * 7919 + seed * 31) % 13) - 6;
    return x;
}

/* b: [k, n], stored turned where it says so, as a is; rows are longer by GAP. */
static real plain(const struct cairn_panels *job, const real *b, bool b_turned, size_t i, size_t j)
{
    real sum = 0;
    for (size_t k = 0; k < job->k; k++)
        sum += job->a[job->turned ? k * job->lda + i : i * job->lda + k] *
               b[b_turned ? j * (job->k + GAP) + k : k * (job->n + GAP) + j];
    return sum;
}

static void check(size_t m, size_t n, size_t k, unsigned ways)
{
    const bool b_turned = ways & 4;
    struct cairn_panels job = {.m = m, .n = n, .k = k, .b_rows = k, .ldc = n + GAP};
    job.turned = ways & 1;
    job.adds = ways & 2;
    job.lda = (job.turned ? m : k) + GAP;
    real *a = numbers((m + GAP) * (k + GAP), 1);
    real *b = numbers((n + GAP) * (k + GAP), 2);
    real *panels = test_malloc(cairn_panels_size(k, n) * sizeof *panels);
    real *c = numbers(m * job.ldc, 3);
    real *before = numbers(m * job.ldc, 3);
    for (size_t i = 0; i < cairn_panels_size(k, n); i++) panels[i] = 0;
    if (b_turned)
        cairn_panels_turn(b, n, k, k + GAP, panels);
    else
        cairn_panels_copy(b, k, n, n + GAP, panels);
    job.a = a;
    job.panels = panels;
    job.c = c;
    cairn_panels_multiply(&job);
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < job.ldc; j++) {
            real want = before[i * job.ldc + j];
            if (j < n) want = plain(&job, b, b_turned, i, j) + (job.adds ? want : 0);
            assert_true(c[i * job.ldc + j] == want);
        }
    test_free(a);
    test_free(b);
    test_free(panels);
    test_free(c);
    test_free(before);
}

static void test_against_plain_loops(void **state)
{
    (void)state;
    static const size_t ms[] = {1, CAIRN_TILE_ROWS, MOST_M};
    static const size_t ns[] = {1, CAIRN_TILE_LANES, CAIRN_TILE_COLUMNS, MOST_N};
    static const size_t ks[] = {1, 20, 256, MOST_K};
    for (size_t m = 0; m < sizeof ms / sizeof ms[0]; m++)
        for (size_t n = 0; n < sizeof ns / sizeof ns[0]; n++)
            for (size_t k = 0; k < sizeof ks / sizeof ks[0]; k++)
                for (unsigned ways = 0; ways < 8; ways++) check(ms[m], ns[n], ks[k], ways);
}

/* Columns that no row of x fills are 0 after turning: they may be multiplied. */
static void test_turned_rows_are_padded(void **state)
{
    (void)state;
    real *x = numbers(3 * 5, 1);
    real panels[5 * CAIRN_TILE_COLUMNS];
    for (size_t i = 0; i < sizeof panels / sizeof panels[0]; i++) panels[i] = 7;
    cairn_panels_turn(x, 3, 5, 5, panels);
    for (size_t i = 0; i < 5; i++)
        for (size_t j = 0; j < CAIRN_TILE_COLUMNS; j++)
            assert_true(panels[i * CAIRN_TILE_COLUMNS + j] == (j < 3 ? x[j * 5 + i] : 0));
    test_free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_plain_loops),
        cmocka_unit_test(test_turned_rows_are_padded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
