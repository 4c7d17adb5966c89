/* SPDX-License-Identifier: BSD-3-Clause
 * Products by the tiles of AMX.  Of small integers, which bfloat16 has and whose sums floats have,
 * they are exact. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "support/threads.h"
#include "tensor/amx.h"
#include "tensor/backend.h"
#include "tensor/bf16.h"
#include "tensor/threads.h"

#if CAIRN_HAS_AMX

static void *memory(size_t bytes)
{
    void *begin = NULL;
    assert_int_equal(cairn_memory_get(1, bytes, "a test", &begin), CAIRN_OK);
    memset(begin, 0xff, bytes); /* what is not a number */
    return begin;
}

static real *integers(size_t n, size_t seed)
{
    real *x = memory(n * sizeof *x);
    for (size_t i = 0; i < n; i++) x[i] = (real)((int)((i * 7919 + seed * 104729) % 23) - 11);
    return x;
}

struct shape {
    size_t m, n, k;
};

/* A [m, k] and B [k, n], stored as they are or turned; rows of a matrix are ld apart. */
struct matrices {
    real *a, *b;
    size_t a_ld, b_ld;
    bool a_down, b_down;
};

static struct matrices matrices(struct shape of, bool a_down, bool b_down)
{
    enum { GAP = 3 };
    struct matrices x = {.a_ld = (a_down ? of.m : of.k) + GAP,
                         .b_ld = (b_down ? of.n : of.k) + GAP,
                         .a_down = a_down,
                         .b_down = b_down};
    x.a = integers((a_down ? of.k : of.m) * x.a_ld, 1);
    x.b = integers((b_down ? of.k : of.n) * x.b_ld, 2);
    return x;
}

static double product_at(const struct matrices *x, size_t k, size_t i, size_t j)
{
    double sum = 0;
    for (size_t t = 0; t < k; t++)
        sum += (double)x->a[x->a_down ? t * x->a_ld + i : i * x->a_ld + t] *
               (double)x->b[x->b_down ? t * x->b_ld + j : j * x->b_ld + t];
    return sum;
}

enum with { NOTHING, BIAS, ADDS };

/* How: with parts, and whether the right operand is packed before. */
struct how {
    enum with with;
    size_t parts;
    bool packed;
};

/* Into c [m, n], after which nothing is written. */
static void multiply(struct shape of, const struct matrices *x, struct how how, const real *bias,
                     real *c)
{
    const size_t bytes = cairn_amx_room(of.m, of.n, of.k, how.parts);
    unsigned char *room = memory(bytes + 1);
    void *packed = memory(cairn_amx_bytes(of.n, of.k, how.parts));
    const struct cairn_amx_operand left = {x->a, x->a_ld, of.m, of.k, x->a_down};
    const struct cairn_amx_operand right = {x->b, x->b_ld, of.n, of.k, x->b_down};
    cairn_amx_pack_right(&right, how.parts, packed);
    cairn_amx_multiply(&(struct cairn_amx_product){.left = left,
                                                   .right = right,
                                                   .parts = how.parts,
                                                   .packed = how.packed ? packed : NULL,
                                                   .room = room,
                                                   .bias = how.with == BIAS ? bias : NULL,
                                                   .adds = how.with == ADDS,
                                                   .c = c});
    assert_int_equal(room[bytes], 0xff);
    assert_true(bytes <= cairn_amx_room(of.m + 1, of.n, of.k + 37, how.parts));
    free(room), free(packed);
}

static void check(struct shape of, bool a_down, bool b_down, struct how how)
{
    const size_t n = of.m * of.n;
    const struct matrices x = matrices(of, a_down, b_down);
    real *bias = integers(of.n, 3), *before = integers(n + 1, 4), *c = integers(n + 1, 4);
    multiply(of, &x, how, bias, c);
    for (size_t i = 0; i < of.m; i++)
        for (size_t j = 0; j < of.n; j++) {
            const size_t at = i * of.n + j;
            const real begin = how.with == BIAS ? bias[j] : how.with == ADDS ? before[at] : 0;
            assert_true(c[at] == begin + (real)product_at(&x, of.k, i, j));
        }
    assert_true(c[n] == before[n]);
    free(x.a), free(x.b), free(bias), free(before), free(c);
}

/* Blocks that are whole, or begun; the last two are worked in pieces, cut at columns or at terms.
 */
static void products_are_exact(void **state)
{
    static const struct shape shapes[] = {{1, 1, 1},    {3, 17, 5},      {16, 16, 32},
                                          {32, 32, 32}, {33, 31, 33},    {65, 40, 70},
                                          {20, 100, 7}, {48, 600, 1000}, {96, 200, 1029}};
    (void)state;
    if (!cairn_backend_is_there(CAIRN_BACKEND_AMX)) skip();
    for (size_t threads = 1; threads <= 3; threads += 2) {
        if (threads > 1 && !cairn_threads_openmp()) continue;
        if (!threads_use(threads)) continue;
        for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
            for (int how = 0; how < 24; how++)
                check(shapes[i], how & 1, how & 2,
                      (struct how){.with = (enum with)(how / 4 % 3),
                                   .parts = cairn_amx_parts(how < 12),
                                   .packed = (how + (int)i) % 5 < 2});
    }
    assert_true(threads_use(1));
}

/* Each number of a column by 1: rounded to the nearest, ties to even, and 0 for what is too small
 * to be normal. */
static void operands_are_rounded(void **state)
{
    static const uint32_t bits[] = {0x3f800000, 0x3f808000, 0x3f818000, 0x3f80ffff, 0x3fffffff,
                                    0x7f7fffff, 0x00000001, 0xff800000, 0x7f800001, 0xbf80c000};
    static const uint32_t rounded[] = {0x3f800000, 0x3f800000, 0x3f820000, 0x3f810000, 0x40000000,
                                       0x7f800000, 0x00000000, 0xff800000, 0x7fc00000, 0xbf810000};
    enum { N = sizeof bits / sizeof bits[0] };
    real x[N], c[N], one = 1;
    (void)state;
    if (!cairn_backend_is_there(CAIRN_BACKEND_AMX)) skip();
    memcpy(x, bits, sizeof x);
    for (int down = 0; down < 2; down++) {
        const struct matrices matrices = {x, &one, down ? N : 1, 1, down, false};
        multiply((struct shape){N, 1, 1}, &matrices, (struct how){.parts = 1}, NULL, c);
        for (size_t i = 0; i < N; i++) {
            uint32_t found;
            memcpy(&found, &c[i], sizeof found);
            if (x[i] == x[i])
                assert_int_equal(found, rounded[i]);
            else
                assert_true(c[i] != c[i]);
        }
    }
}

/* Of floats in parts, at least as near to the true sum as a plain one of floats, whatever their
 * sizes. */
static void parts_are_as_good_as_floats(void **state)
{
    enum { M = 20, N = 33, K = 500 };
    struct shape of = {M, N, K};
    real c[M * N + 1];
    (void)state;
    if (!cairn_backend_is_there(CAIRN_BACKEND_AMX)) skip();
    struct matrices x = matrices(of, false, false);
    uint64_t bits = 1;
    for (size_t i = 0; i < M * x.a_ld + N * x.b_ld; i++) {
        bits = bits * 6364136223846793005U + 1442695040888963407U;
        real *number = i < M * x.a_ld ? &x.a[i] : &x.b[i - M * x.a_ld];
        *number = ldexpf((real)((int64_t)bits >> 8) * 0x1p-55f, (int)(bits >> 40 & 15) - 8);
    }
    multiply(of, &x, (struct how){.parts = CAIRN_AMX_PARTS}, NULL, c);
    double squares = 0, plain_squares = 0;
    for (size_t i = 0; i < M; i++)
        for (size_t j = 0; j < N; j++) {
            const double want = product_at(&x, K, i, j);
            real sum = 0;
            for (size_t k = 0; k < K; k++) sum += x.a[i * x.a_ld + k] * x.b[j * x.b_ld + k];
            squares += ((double)c[i * N + j] - want) * ((double)c[i * N + j] - want);
            plain_squares += ((double)sum - want) * ((double)sum - want);
        }
    assert_true(squares > 0 && squares <= plain_squares);
    free(x.a), free(x.b);
}

static float widened(uint32_t half)
{
    const uint32_t bits = half << 16;
    float number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

/* Every stride-th number alone or in pairs, and nothing after them; its parts add up to it, the
 * first of them is the number rounded. */
static void numbers_are_taken_by_strides(void **state)
{
    enum { MOST = 70, STRIDES = 3, NEXT = MOST + 1, PARTS = CAIRN_AMX_PARTS };
    static const struct cairn_amx_apart one = {1, 0}, all = {PARTS, NEXT};
    uint16_t halves[NEXT], parts[PARTS * NEXT], expected[MOST * STRIDES];
    uint32_t pairs[NEXT], pair_parts[PARTS * NEXT];
    (void)state;
    if (!cairn_backend_is_there(CAIRN_BACKEND_AMX)) skip();
    for (size_t stride = 1; stride <= STRIDES; stride++)
        for (size_t n = 1; n <= MOST; n++) {
            const size_t n_read = (n - 1) * stride + 1;
            real *x = memory(n_read * sizeof *x); /* none is read after the last */
            for (size_t i = 0; i < n_read; i++) x[i] = (real)1.000030517578125 * (real)(i + 1);
            memset(halves, 0xaa, sizeof halves);
            memset(pairs, 0xaa, sizeof pairs);
            memset(parts, 0xaa, sizeof parts);
            cairn_bf16_round(x, n_read, expected);
            cairn_amx_round(x, n, stride, one, halves);
            for (size_t i = 0; i < n; i++) assert_int_equal(halves[i], expected[i * stride]);
            cairn_amx_pair(x, NULL, n, stride, one, pairs);
            for (size_t i = 0; i < n; i++) assert_int_equal(pairs[i], expected[i * stride]);
            cairn_amx_pair(x, x, n, stride, one, pairs);
            for (size_t i = 0; i < n; i++)
                assert_int_equal(pairs[i], expected[i * stride] * 0x10001U);
            cairn_amx_round(x, n, stride, all, parts);
            cairn_amx_pair(x, x, n, stride, all, pair_parts);
            for (size_t i = 0; i < n; i++) {
                assert_int_equal(parts[i], expected[i * stride]);
                assert_true(widened(parts[i]) + widened(parts[NEXT + i]) +
                                widened(parts[2 * NEXT + i]) ==
                            x[i * stride]);
                for (size_t part = 0; part < PARTS; part++)
                    assert_int_equal(pair_parts[part * NEXT + i],
                                     parts[part * NEXT + i] * 0x10001U);
            }
            assert_true(halves[n] == 0xaaaa && parts[2 * NEXT + n] == 0xaaaa);
            assert_int_equal(pairs[n], 0xaaaaaaaa);
            free(x);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_are_exact),
        cmocka_unit_test(operands_are_rounded),
        cmocka_unit_test(parts_are_as_good_as_floats),
        cmocka_unit_test(numbers_are_taken_by_strides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

static void this_program_has_no_tiles(void **state)
{
    (void)state;
    skip();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(this_program_has_no_tiles)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
