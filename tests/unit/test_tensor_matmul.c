/* SPDX-License-Identifier: BSD-3-Clause
 * The products of a linear map by each backend against plain loops in double. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "tensor/backend.h"
#include "tensor/bf16.h"
#include "tensor/matmul.h"

enum { IN = 37, OUT = 21, ROWS = 67, PLANNED = 65, FEW = 7 };

/* Everything that a call may read or write. */
struct arrays {
    real x[ROWS * IN], w[OUT * IN], bias[OUT], dy[ROWS * OUT];
    real y[ROWS * OUT], dx[ROWS * IN], dw[OUT * IN];
};

static void fill(real *a, size_t n, size_t seed)
{
    for (size_t i = 0; i < n; i++) a[i] = (real)((int)((i * 31 + seed * 17) % 23) - 11) / 8;
}

static void fill_all(struct arrays *a)
{
    fill(a->x, ROWS * IN, 1);
    fill(a->w, OUT * IN, 2);
    fill(a->bias, OUT, 3);
    fill(a->dy, ROWS * OUT, 4);
    fill(a->dw, OUT * IN, 5);
}

static void assert_close(real found, double expected)
{
    assert_true(fabs((double)found - expected) <= 1e-5 * (1 + fabs(expected)));
}

static void check_forward(const struct arrays *a, size_t n, bool has_bias)
{
    for (size_t i = 0; i < n; i++)
        for (size_t o = 0; o < OUT; o++) {
            double sum = has_bias ? (double)a->bias[o] : 0;
            for (size_t j = 0; j < IN; j++)
                sum += (double)a->x[i * IN + j] * (double)a->w[o * IN + j];
            assert_close(a->y[i * OUT + o], sum);
        }
}

static void check_by_data(const struct arrays *a, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < IN; j++) {
            double sum = 0;
            for (size_t o = 0; o < OUT; o++)
                sum += (double)a->dy[i * OUT + o] * (double)a->w[o * IN + j];
            assert_close(a->dx[i * IN + j], sum);
        }
}

static void check_by_weights(const struct arrays *a, const real *before, size_t n, double beta)
{
    for (size_t o = 0; o < OUT; o++)
        for (size_t j = 0; j < IN; j++) {
            double sum = beta * (double)before[o * IN + j];
            for (size_t i = 0; i < n; i++)
                sum += (double)a->dy[i * OUT + o] * (double)a->x[i * IN + j];
            assert_close(a->dw[o * IN + j], sum);
        }
}

/* All passes over n rows. */
static void run(const struct cairn_matmul *matmul, struct arrays *a, size_t n, void *scratch)
{
    real before[OUT * IN];
    struct cairn_matmul_job job = {.n = n,
                                   .x = a->x,
                                   .w = a->w,
                                   .bias = matmul->has_bias ? a->bias : NULL,
                                   .y = a->y,
                                   .dy = a->dy,
                                   .dx = a->dx,
                                   .dw = a->dw,
                                   .scratch = scratch};
    cairn_matmul_forward(matmul, &job);
    check_forward(a, n, matmul->has_bias);
    cairn_matmul_by_data(matmul, &job);
    check_by_data(a, n);
    for (int beta = 0; beta <= 1; beta++) {
        memcpy(before, a->dw, sizeof before);
        job.beta = (real)beta;
        cairn_matmul_by_weights(matmul, &job);
        check_by_weights(a, before, n, beta);
    }
}

static void run_backend(enum cairn_backend backend, bool has_bias)
{
    static struct arrays a;
    void *scratch = NULL;
    struct cairn_matmul matmul = {.in = IN,
                                  .out = OUT,
                                  .rows = {PLANNED, 3, 1},
                                  .has_bias = has_bias,
                                  .wants_dx = true,
                                  .backend = backend};
    assert_int_equal(cairn_matmul_plan(&matmul), CAIRN_OK);
    assert_int_equal(cairn_memory_get(1, matmul.scratch_bytes + 1, "scratch", &scratch), CAIRN_OK);
    const size_t n[] = {PLANNED, 3, 1, FEW, ROWS}; /* of the last two nobody has said */
    for (size_t i = 0; i < sizeof n / sizeof n[0]; i++) {
        fill_all(&a);
        run(&matmul, &a, n[i], scratch);
    }
    free(scratch);
    cairn_matmul_free(&matmul);
}

/* A map that keeps its weights, by the best backend, and the memory that it asks for. */
static struct cairn_matmul plan_kept(bool rounds, void **scratch, void **kept)
{
    struct cairn_matmul matmul = {.in = IN,
                                  .out = OUT,
                                  .rows = {ROWS, 3},
                                  .keeps = true,
                                  .rounds = rounds,
                                  .has_bias = true,
                                  .wants_dx = true,
                                  .backend = cairn_backend_best()};
    assert_int_equal(cairn_matmul_plan(&matmul), CAIRN_OK);
    assert_int_equal(cairn_memory_get(1, matmul.scratch_bytes + 1, "scratch", scratch), CAIRN_OK);
    assert_int_equal(cairn_memory_get(1, matmul.kept_bytes + 1, "kept", kept), CAIRN_OK);
    return matmul;
}

/* The same bits from weights that are kept, and new ones where they are others. */
static void kept_weights_change_no_bit(void **state)
{
    (void)state;
    static struct arrays a, b;
    void *scratch = NULL, *kept = NULL;
    struct cairn_matmul matmul = plan_kept(false, &scratch, &kept);
    for (uint64_t weights = 1; weights <= 4; weights++) {
        fill_all(&a);
        fill(a.w, OUT * IN, 5 + weights / 2); /* as before, or others */
        b = a;
        struct cairn_matmul_job job = {.n = ROWS,
                                       .x = a.x,
                                       .w = a.w,
                                       .bias = a.bias,
                                       .y = a.y,
                                       .dy = a.dy,
                                       .dx = a.dx,
                                       .scratch = scratch,
                                       .kept = kept,
                                       .weights = 1 + weights / 2};
        cairn_matmul_forward(&matmul, &job);
        cairn_matmul_by_data(&matmul, &job);
        job.weights = 0;
        job.y = b.y;
        job.dx = b.dx;
        cairn_matmul_forward(&matmul, &job);
        cairn_matmul_by_data(&matmul, &job);
        assert_memory_equal(a.y, b.y, sizeof a.y);
        assert_memory_equal(a.dx, b.dx, sizeof a.dx);
    }
    free(kept);
    free(scratch);
    cairn_matmul_free(&matmul);
}

static void each_backend_gives_the_products(void **state)
{
    (void)state;
    for (int i = 0; i < CAIRN_N_BACKENDS; i++) {
        if (!cairn_backend_is_there((enum cairn_backend)i)) continue;
        run_backend((enum cairn_backend)i, true);
        run_backend((enum cairn_backend)i, false);
    }
}

static void a_plan_can_be_freed_at_any_time(void **state)
{
    (void)state;
    struct cairn_matmul never = {0};
    cairn_matmul_free(&never);
    struct cairn_matmul empty = {.in = IN, .out = OUT, .backend = cairn_backend_best()};
    assert_int_equal(cairn_matmul_plan(&empty), CAIRN_OK);
    cairn_matmul_free(&empty);
}

static void each_number_is_rounded_to_the_nearest(void **state)
{
    (void)state;
    /* ties to even, a carry into the exponent, the largest to infinity, and what is no number */
    static const uint32_t x[] = {0x3f800000, 0x3f808000, 0x3f818000, 0x3f80ffff, 0x3fffffff,
                                 0x7f7fffff, 0x80000001, 0xff800000, 0x7f800001};
    static const uint16_t expected[] = {0x3f80, 0x3f80, 0x3f82, 0x3f81, 0x4000,
                                        0x7f80, 0x8000, 0xff80, 0x7fc0};
    enum { N = sizeof x / sizeof x[0] };
    real number[N];
    uint16_t found[N];
    for (size_t i = 0; i < N; i++) {
        float value;
        memcpy(&value, &x[i], sizeof value);
        number[i] = (real)value;
    }
    cairn_bf16_round(number, N, found);
    for (size_t i = 0; i < N; i++) assert_int_equal(found[i], expected[i]);
    real whole[N];
    cairn_bf16_reals(number, N, whole);
    for (size_t i = 0; i < N; i++) {
        const float value = (float)whole[i];
        uint32_t bits;
        memcpy(&bits, &value, sizeof bits);
        assert_int_equal(bits, (uint32_t)expected[i] << 16);
    }
}

/* An odd number of rows: the last has zeros beside it. */
static void pairs_lie_side_by_side(void **state)
{
    static const real x[2 * 3 * 2] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    static const float expected[2 * 2 * 2][2] = {{1, 3}, {2, 4},  {5, 0},  {6, 0},
                                                 {7, 9}, {8, 10}, {11, 0}, {12, 0}};
    real pairs[2 * 2 * 2];
    (void)state;
    if (sizeof(real) != sizeof(uint32_t)) skip();
    cairn_bf16_pairs(x, 2, 3, 2, pairs);
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        uint32_t bits, halves[2];
        float found[2];
        memcpy(&bits, &pairs[i], sizeof bits);
        halves[0] = bits << 16;
        halves[1] = bits & 0xffff0000U;
        memcpy(found, halves, sizeof found);
        assert_memory_equal(found, expected[i], sizeof found);
    }
}

static void round_all(real *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint16_t half;
        float value;
        cairn_bf16_round(x + i, 1, &half);
        const uint32_t bits = (uint32_t)half << 16;
        memcpy(&value, &bits, sizeof value);
        x[i] = (real)value;
    }
}

/* What the products of rounded operands are to be: those of operands that were rounded before. */
static void products_round_their_operands(void **state)
{
    (void)state;
    if (!cairn_backend_rounds(cairn_backend_best())) skip();
    static struct arrays a, rounded;
    void *scratch = NULL, *kept = NULL;
    struct cairn_matmul matmul = plan_kept(true, &scratch, &kept);
    for (uint64_t weights = 0; weights < 2; weights++) {
        fill_all(&a);
        for (size_t i = 0; i < OUT * IN; i++) a.w[i] *= (real)1.00390625; /* not a bfloat16 */
        rounded = a;
        round_all(rounded.w, OUT * IN);
        struct cairn_matmul_job job = {.n = ROWS,
                                       .x = a.x,
                                       .w = a.w,
                                       .bias = a.bias,
                                       .y = rounded.y,
                                       .dy = a.dy,
                                       .dx = rounded.dx,
                                       .dw = rounded.dw,
                                       .scratch = scratch,
                                       .kept = kept,
                                       .weights = weights};
        cairn_matmul_forward(&matmul, &job);
        check_forward(&rounded, ROWS, true);
        cairn_matmul_by_data(&matmul, &job);
        check_by_data(&rounded, ROWS);
        cairn_matmul_by_weights(&matmul, &job);
        check_by_weights(&rounded, a.dw, ROWS, 0);
        job.same_dy = true;
        memset(rounded.dx, 0, sizeof rounded.dx);
        cairn_matmul_by_data(&matmul, &job);
        check_by_data(&rounded, ROWS);
    }
    free(kept);
    free(scratch);
    cairn_matmul_free(&matmul);
}

static void backends_have_names(void **state)
{
    (void)state;
    char text[64];
    for (int i = 0; i < CAIRN_N_BACKENDS; i++) {
        const char *name = cairn_backend_name((enum cairn_backend)i);
        cairn_backend_text((enum cairn_backend)i, text, sizeof text);
        assert_int_equal(strncmp(text, name, strlen(name)), 0);
    }
    assert_true(cairn_backend_is_there(CAIRN_BACKEND_OPENBLAS));
    assert_true(cairn_backend_is_there(cairn_backend_best()));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_backend_gives_the_products),
        cmocka_unit_test(kept_weights_change_no_bit),
        cmocka_unit_test(each_number_is_rounded_to_the_nearest),
        cmocka_unit_test(pairs_lie_side_by_side),
        cmocka_unit_test(products_round_their_operands),
        cmocka_unit_test(a_plan_can_be_freed_at_any_time),
        cmocka_unit_test(backends_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
