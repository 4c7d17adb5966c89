/* SPDX-License-Identifier: BSD-3-Clause
 * The gradient by the weights of a linear map, put into its place while it is made, against plain
 * loops; and the same bits from any number of threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <tgmath.h>

#include <cmocka.h>

#include "base/memory.h"
#include "support/threads.h"
#include "tensor/amx.h"
#include "tensor/backend.h"
#include "tensor/norm.h"
#include "tensor/outer.h"

enum { MOST_N = 70, MOST = 150 /* rows or columns of a gradient */, GUARD = 64 };

/* Maps whose tiles are whole, narrow, one vector wide, or end within one. */
static const struct {
    size_t n, out, in;
} shapes[] = {{1, 1, 1},    {3, 5, 2},     {5, 13, 31},  {64, 29, 33},   {7, 10, 48},
              {64, 28, 64}, {70, 150, 80}, {2, 150, 15}, {19, 101, 149}, {33, 4, 150}};
enum { N_SHAPES = sizeof shapes / sizeof shapes[0] };

static real x[MOST_N * MOST], dy[MOST_N * MOST];
static real sum[MOST * MOST + GUARD];
static uint64_t units[MOST * MOST + GUARD], rests[MOST * MOST + GUARD];
static const struct cairn_outer_way *way;
static void *scratch;

/* So few bits that no sum rounds. */
static void fill(real *a, size_t n, size_t seed)
{
    for (size_t i = 0; i < n; i++) a[i] = (real)((int)((i * 31 + seed * 17) % 23) - 11) / 8;
}

static int set_up(void **state)
{
    (void)state;
    const size_t bytes = way->scratch(MOST_N, CAIRN_PLACE_MOST, MOST, MOST);
    if (cairn_memory_get(1, bytes + GUARD, "scratch", &scratch) != CAIRN_OK) return 1;
    memset((char *)scratch + bytes, 0x5a, GUARD);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    const char *end = (char *)scratch + way->scratch(MOST_N, CAIRN_PLACE_MOST, MOST, MOST);
    for (size_t i = 0; i < GUARD; i++) assert_int_equal(end[i], 0x5a);
    free(scratch);
    return 0;
}

static real number(size_t shape, size_t o, size_t i)
{
    real all = 0;
    for (size_t k = 0; k < shapes[shape].n; k++)
        all += dy[k * shapes[shape].out + o] * x[k * shapes[shape].in + i];
    return all;
}

static void run(size_t shape, struct cairn_place *place)
{
    const struct cairn_outer outer = {.n = shapes[shape].n,
                                      .out = shapes[shape].out,
                                      .in = shapes[shape].in,
                                      .dy = dy,
                                      .x = x,
                                      .scratch = scratch};
    fill(x, outer.n * outer.in, 1);
    fill(dy, outer.n * outer.out, shape);
    way->put(&outer, place);
}

/* What was found in the gradient, which is made once more. */
static void check_found(size_t shape, const struct cairn_place *place)
{
    const size_t out = shapes[shape].out, in = shapes[shape].in;
    struct cairn_found found = {0};
    static real all[MOST * MOST];
    for (size_t o = 0; o < out; o++)
        for (size_t i = 0; i < in; i++) {
            const real value = number(shape, o, i);
            real_bits bits;
            memcpy(&bits, &value, sizeof bits);
            if (fabs(value) <= place->coarse) found.small |= bits;
            all[o * in + i] = value;
        }
    *found.squares = cairn_sum_of_squares(all, out * in);
    if (place->squared)
        assert_true(fabs(*place->found.squares - *found.squares) <= 1e-5 * *found.squares);
    if (place->measured) assert_true(place->found.largest == cairn_largest_bits(all, out * in));
    if (place->measured && place->units == NULL) assert_true(place->found.small == found.small);
}

static void test_sums(void **state)
{
    (void)state;
    for (size_t shape = 0; shape < N_SHAPES; shape++)
        for (int adds = 0; adds < 2; adds++) {
            const size_t count = shapes[shape].out * shapes[shape].in;
            struct cairn_place place = {.sum = sum,
                                        .adds = adds == 1,
                                        .squared = shape % 2 == 0,
                                        .measured = shape % 3 != 0,
                                        .coarse = (real)2.5};
            for (size_t i = 0; i < count + GUARD; i++) sum[i] = 3;
            run(shape, &place);
            for (size_t i = 0; i < count; i++)
                assert_true(sum[i] == number(shape, i / shapes[shape].in, i % shapes[shape].in) +
                                          (real)(adds == 1 ? 3 : 0));
            for (size_t i = count; i < count + GUARD; i++) assert_true(sum[i] == 3);
            check_found(shape, &place);
        }
}

/* A number as the words of units: the second has what the first leaves. */
static void check_units(const struct cairn_place *place, size_t i, real value, uint64_t before)
{
    const double y = (double)value * (double)place->scale, whole = rint(y);
    assert_true(place->units[i] == (uint64_t)(int64_t)whole + before);
    if (place->low == NULL) return;
    const double rest = rint((y - whole) * (double)place->low_scale);
    assert_true(place->low[i] == (uint64_t)(int64_t)rest + before);
}

static void put_units(size_t shape, bool adds, bool low)
{
    const size_t count = shapes[shape].out * shapes[shape].in;
    struct cairn_place place = {.units = units,
                                .low = low ? rests : NULL,
                                .scale = shape % 2 == 0 ? 0x1p40 : 0x1p-1, /* some are ties */
                                .low_scale = shape % 3 == 0 ? 0x1p20 : 4,
                                .adds = adds,
                                .squared = true,
                                .measured = true};
    for (size_t i = 0; i < count + GUARD; i++) units[i] = rests[i] = 5;
    run(shape, &place);
    for (size_t i = 0; i < count; i++)
        check_units(&place, i, number(shape, i / shapes[shape].in, i % shapes[shape].in),
                    adds ? 5 : 0);
    for (size_t i = count; i < count + GUARD; i++) assert_true(units[i] == 5 && rests[i] == 5);
    check_found(shape, &place);
}

static void test_units(void **state)
{
    (void)state;
    for (size_t shape = 0; shape < N_SHAPES && CAIRN_PLACE_HAS_UNITS; shape++)
        for (int how = 0; how < 4; how++) put_units(shape, how % 2 == 1, how / 2 == 1);
}

/* One number of a vector reaches the second word. */
static void test_few_rests(void **state)
{
    (void)state;
    enum { OUT = 3, IN = 80 };
    const struct cairn_outer outer = {
        .n = 1, .out = OUT, .in = IN, .dy = dy, .x = x, .scratch = scratch};
    struct cairn_place place = {
        .units = units, .low = rests, .scale = 1, .low_scale = 4, .adds = true};
    for (size_t i = 0; i < IN; i++) x[i] = i == 7 ? (real)0.25 : i == 50 ? (real)-0.25 : (real)i;
    for (size_t o = 0; o < OUT; o++) dy[o] = 1;
    for (size_t i = 0; i < OUT * IN; i++) units[i] = rests[i] = 5;
    if (CAIRN_PLACE_HAS_UNITS) way->put(&outer, &place);
    for (size_t i = 0; i < OUT * IN && CAIRN_PLACE_HAS_UNITS; i++)
        check_units(&place, i, x[i % IN], 5);
}

/* Micro-batches put one after the other, with the squares that were found in all at once; the
 * largest of theirs. */
static real_bits put_each(struct cairn_outer outer, const size_t *rows, struct cairn_place *one,
                          const struct cairn_place *all)
{
    real_bits largest = 0;
    outer.rows = NULL;
    for (size_t m = 0; m < all->n_micro; m++) {
        outer.n = rows[m];
        way->put(&outer, one);
        assert_true(*one->found.squares == all->found.squares[m]);
        if (one->found.largest > largest) largest = one->found.largest;
        one->adds = true;
        outer.x += rows[m] * outer.in;
        outer.dy += rows[m] * outer.out;
    }
    return largest;
}

/* Several micro-batches at once, against each by itself; n_words 0: floats. */
static void put_groups(int n_words, bool adds)
{
    enum { N_MICRO = 3, OUT = 30, IN = 50, ALL = OUT * IN };
    static const size_t rows[N_MICRO] = {5, 40, 1};
    static real each[ALL];
    static uint64_t words[2][ALL];
    const struct cairn_outer outer = {
        .n = 46, .out = OUT, .in = IN, .dy = dy, .x = x, .rows = rows, .scratch = scratch};
    struct cairn_place all = {.sum = sum, .n_micro = N_MICRO, .scale = 2, .low_scale = 8};
    all.adds = adds;
    all.squared = all.measured = true;
    struct cairn_place one = all;
    one.sum = each;
    if (n_words > 0) all.units = units, one.units = words[0];
    if (n_words > 1) all.low = rests, one.low = words[1];
    for (size_t i = 0; i < ALL; i++) sum[i] = each[i] = 3;
    for (size_t i = 0; i < ALL; i++) units[i] = rests[i] = words[0][i] = words[1][i] = 5;
    fill(x, outer.n * IN, 3);
    fill(dy, outer.n * OUT, 4);
    way->put(&outer, &all);
    const real_bits largest = put_each(outer, rows, &one, &all);
    assert_memory_equal(sum, each, sizeof each);
    assert_memory_equal(units, words[0], sizeof words[0]);
    assert_memory_equal(rests, words[1], sizeof words[1]);
    assert_true(all.found.largest == largest);
}

static void test_groups(void **state)
{
    (void)state;
    for (int n_words = 0; n_words <= (CAIRN_PLACE_HAS_UNITS ? 2 : 0); n_words++)
        for (int adds = 0; adds < 2; adds++) put_groups(n_words, adds == 1);
}

/* Numbers whose sums round, and a map so wide that it is worked in pieces: a group finds the bits
 * that each micro-batch finds by itself. */
static void test_wide_groups(void **state)
{
    enum { N_MICRO = 3, N = 138, OUT = 40, IN = 900, ALL = OUT * IN };
    static const size_t rows[N_MICRO] = {64, 64, 10};
    static real wide[N * IN], high[N * OUT], sums[2][ALL];
    void *memory = NULL;
    (void)state;
    const size_t bytes = way->scratch(N, N_MICRO, OUT, IN);
    assert_int_equal(cairn_memory_get(1, bytes + 1, "scratch", &memory), CAIRN_OK);
    ((char *)memory)[bytes] = 0x5a;
    for (size_t i = 0; i < N * IN;
         i++) /* columns whose squares are as far apart as doubles reach */
        wide[i] = sin((real)i) * pow((real)10, -(real)(i % IN % 7));
    for (size_t i = 0; i < N * OUT; i++) high[i] = cos((real)(3 * i)) * (i % 5 == 0 ? 100 : 1);
    const struct cairn_outer outer = {
        .n = N, .out = OUT, .in = IN, .dy = high, .x = wide, .rows = rows, .scratch = memory};
    struct cairn_place all = {.sum = sums[0], .n_micro = N_MICRO, .squared = true};
    struct cairn_place one = {.sum = sums[1], .squared = true};
    way->put(&outer, &all);
    put_each(outer, rows, &one, &all);
    assert_memory_equal(sums[0], sums[1], sizeof sums[0]);
    assert_int_equal(((char *)memory)[bytes], 0x5a);
    free(memory);
}

/* What is not a number is found, and stays. */
static void test_not_finite(void **state)
{
    (void)state;
    struct cairn_place place = {.sum = sum, .measured = true};
    const struct cairn_outer outer = {
        .n = 2, .out = 20, .in = 40, .dy = dy, .x = x, .scratch = scratch};
    fill(x, 80, 1);
    fill(dy, 40, 1);
    dy[7] = (real)NAN;
    way->put(&outer, &place);
    assert_true(place.found.largest > CAIRN_INFINITE_BITS && isnan(sum[7 * 40 + 3]));
    dy[7] = (real)INFINITY;
    x[40] = 1;
    way->put(&outer, &place);
    assert_true(place.found.largest >= CAIRN_INFINITE_BITS);
}

/* Large enough to be spread. */
static void test_threads(void **state)
{
    (void)state;
    enum { SHAPE = 8 };
    struct cairn_place place[2];
    real *other = malloc(MOST * MOST * sizeof *other);
    assert_non_null(other);
    for (size_t threads = 2; threads > 0; threads--) {
        (void)threads_use(threads); /* false: a serial BLAS */
        place[threads - 1] =
            (struct cairn_place){.sum = threads == 1 ? sum : other, .squared = true};
        run(SHAPE, &place[threads - 1]);
    }
    assert_memory_equal(sum, other, shapes[SHAPE].out * shapes[SHAPE].in * sizeof *sum);
    assert_true(*place[0].found.squares == *place[1].found.squares);
    free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sums),        cmocka_unit_test(test_units),
        cmocka_unit_test(test_few_rests),   cmocka_unit_test(test_groups),
        cmocka_unit_test(test_not_finite),  cmocka_unit_test(test_threads),
        cmocka_unit_test(test_wide_groups),
    };
    way = &cairn_outer_registers;
    int n_failed = cmocka_run_group_tests_name("registers", tests, set_up, tear_down);
#if CAIRN_HAS_AMX
    way = &cairn_outer_amx;
    if (cairn_backend_is_there(CAIRN_BACKEND_AMX))
        n_failed += cmocka_run_group_tests_name("tiles of AMX", tests, set_up, tear_down);
#endif
    return n_failed;
}
