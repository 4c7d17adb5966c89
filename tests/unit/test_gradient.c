/* SPDX-License-Identifier: BSD-3-Clause
 * The gradient between the sum and the optimizer: divided and clipped block by block as it would be
 * at once, and the same bits from any number of threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <tgmath.h>

#include <cmocka.h>

#include "base/random.h"
#include "comm/sum.h"
#include "optim/optim.h"
#include "support/sum.h"
#include "support/threads.h"

/* Several pieces and blocks, none of which ends where a tensor does. */
enum { N_FIRST = 70001, N_SECOND = 5003, N_ALL = N_FIRST + N_SECOND, TENSORS = 2 };

static struct cairn_params params;

static int set_up(void **state)
{
    (void)state;
    return sum_two_tensors(&params, (struct cairn_shape){2, {N_FIRST, 1}},
                           (struct cairn_shape){1, {N_SECOND}});
}

static int tear_down(void **state)
{
    (void)state;
    cairn_params_free(&params);
    return 0;
}

static real *draw(uint64_t key)
{
    real *x = malloc(N_ALL * sizeof *x);
    assert_non_null(x);
    for (size_t i = 0; i < N_ALL; i++) {
        uint32_t bits[4];
        cairn_random_block(key, i, 0, bits);
        x[i] = cairn_random_unit(bits[0]) - (real)0.5;
    }
    return x;
}

static void test_division(void **state)
{
    (void)state;
    real x[3] = {6, -3, 1}, block[3];
    struct cairn_gradient gradient = {.sum = x, .divisor = 1, .factor = 1};
    assert_ptr_equal(cairn_gradient_read(&gradient, 1, 2, block), x + 1);
    gradient.divisor = 3;
    gradient.factor = (real)0.5;
    assert_ptr_equal(cairn_gradient_read(&gradient, 0, 3, block), block);
    assert_true(block[0] == 1 && block[1] == (real)-0.5 && block[2] == 1 / (real)3 / 2);
    gradient.divisor = 64; /* whose inverse is exact */
    (void)cairn_gradient_read(&gradient, 0, 3, block);
    assert_true(block[0] == (real)6 / 64 / 2 && block[2] == (real)1 / 64 / 2);
    gradient.divisor = 1e300 * 1e8; /* more than a float holds */
    (void)cairn_gradient_read(&gradient, 0, 3, block);
    assert_true(fabs((double)block[0]) <= 6e-308);
    gradient.divisor = 0; /* every label is masked */
    cairn_gradient_settle(&gradient, 2);
    assert_true(x[0] == 0 && x[1] == 0 && x[2] == 1 && gradient.divisor == 1);
}

/* Two updates of a sum of this kind, of two micro-batches each, and of an optimizer. */
static void train(const char *kind, const char *optimizer, real *w, double *norm, double *squares)
{
    struct cairn_sum *sum = NULL;
    struct cairn_optim *optim = NULL;
    struct cairn_totals totals;
    const struct cairn_optim_kind *found = NULL;
    const struct cairn_optim_options options = {.weight_decay = 0.01, .exclude_1d = true};
    const struct cairn_scores scores = {.loss = 1, .weight = 6, .count = 6};
    assert_int_equal(cairn_optim_find(optimizer, &found), CAIRN_OK);
    assert_int_equal(cairn_optim_create(found, &options, &params, &optim), CAIRN_OK);
    assert_int_equal(cairn_sum_create(NULL, kind, CAIRN_NOISE_OFF, &params, 2, &sum), CAIRN_OK);
    for (uint64_t update = 0; update < 3; update++) {
        cairn_sum_begin(sum);
        for (uint64_t m = 0; m < 2; m++) {
            real *x = draw(update * 2 + m);
            for (size_t p = 0; p < TENSORS; p++) {
                const struct cairn_param *item = &params.item[p];
                const bool empty = cairn_sink_beta(&sum->sink, p) == 0;
                real *place = sum->sink.open(&sum->sink, p);
                for (size_t i = 0; i < item->count; i++)
                    place[i] = (empty ? 0 : place[i]) + x[item->offset + i];
                sum->sink.close(&sum->sink, p);
            }
            free(x);
            assert_int_equal(cairn_sum_end_micro(sum, &scores), CAIRN_OK);
        }
        if (cairn_sum_needs_range(sum)) {
            assert_int_equal(cairn_sum_learn(sum, CAIRN_OK), CAIRN_OK);
            continue;
        }
        assert_int_equal(cairn_sum_reduce(sum, CAIRN_OK, false, &totals), CAIRN_OK);
        assert_false(cairn_sum_again(sum));
        struct cairn_gradient *g = NULL;
        *norm = cairn_sum_gradient(sum, totals.weight, squares, &g);
        cairn_gradient_clip(g, *norm, *norm / 3);
        cairn_optim_update(optim, (struct cairn_rate){0.1, 0.1}, g, w);
    }
    cairn_optim_free(optim);
    cairn_sum_free(sum);
}

static void test_threads(void **state)
{
    (void)state;
    static const char *const kinds[] = {"float", "fixed"};
    for (size_t k = 0; k < 2; k++)
        for (size_t o = 0; cairn_optim_kind_at(o) != NULL; o++) {
            real *w[2];
            double norm[2], squares[2][TENSORS];
            for (size_t threads = 2; threads > 0; threads--) {
                (void)threads_use(threads); /* false: a serial BLAS */
                w[threads - 1] = draw(99);
                train(kinds[k], cairn_optim_kind_at(o)->name, w[threads - 1], &norm[threads - 1],
                      squares[threads - 1]);
            }
            assert_memory_equal(w[0], w[1], N_ALL * sizeof *w[0]);
            assert_true(norm[0] == norm[1] && squares[0][0] == squares[1][0] && norm[0] > 0);
            free(w[0]);
            free(w[1]);
        }
}

/* What is read block by block is what stands there when it is settled. */
static void test_blocks(void **state)
{
    (void)state;
    const struct cairn_optim_options options = {.weight_decay = 0.01, .exclude_1d = true};
    for (size_t o = 0; cairn_optim_kind_at(o) != NULL; o++) {
        real *w[2], *g[2];
        for (int settled = 0; settled < 2; settled++) {
            struct cairn_optim *optim = NULL;
            struct cairn_gradient gradient = {.divisor = 60, .factor = (real)0.3};
            gradient.shown = settled == 1;
            w[settled] = draw(1);
            gradient.sum = g[settled] = draw(2);
            assert_int_equal(cairn_optim_create(cairn_optim_kind_at(o), &options, &params, &optim),
                             CAIRN_OK);
            cairn_optim_update(optim, (struct cairn_rate){0.1, 0.1}, &gradient, w[settled]);
            cairn_optim_free(optim);
        }
        assert_memory_equal(w[0], w[1], N_ALL * sizeof *w[0]);
        for (int settled = 0; settled < 2; settled++) {
            free(w[settled]);
            free(g[settled]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_division),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_blocks),
    };
    return cmocka_run_group_tests_name("gradient", tests, set_up, tear_down);
}
