/* SPDX-License-Identifier: BSD-3-Clause
 * Sums whose tensors are put into their places, element by element, come to the same bits as those
 * whose tensors are opened and closed. */
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
#include "support/sum.h"
#include "tensor/place.h"

enum { N_FIRST = 5003, N_SECOND = 37, N_ALL = N_FIRST + N_SECOND, TENSORS = 2, UPDATES = 3 };

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

/* Of many magnitudes, so that some have bits below the unit; with zeros of both signs, unless all
 * are to be round. */
static void draw(uint64_t key, bool round, real *x)
{
    for (size_t i = 0; i < N_ALL; i++) {
        uint32_t bits[4];
        cairn_random_block(key, i, 0, bits);
        const real value = cairn_random_unit(bits[0]) - (real)0.5;
        x[i] = round ? value : ldexp(value, -(int)(bits[1] % 60));
        if (!round && bits[2] % 16 == 0) x[i] = bits[2] % 32 == 0 ? 0 : -(real)0;
    }
}

static void give(struct cairn_sum *sum, size_t param, const real *x, bool places)
{
    const size_t count = params.item[param].count;
    struct cairn_place *place = places ? cairn_sink_place(&sum->sink, param, 1) : NULL;
    if (place != NULL) {
        place->found = (struct cairn_found){.largest = 0};
        cairn_place_put(place, 0, 0, x, count, &place->found);
    } else {
        const bool empty = cairn_sink_beta(&sum->sink, param) == 0;
        real *to = sum->sink.open(&sum->sink, param);
        for (size_t i = 0; i < count; i++) to[i] = empty ? x[i] : to[i] + x[i];
    }
    sum->sink.close(&sum->sink, param);
}

/* What came out of the last update. */
struct result {
    real g[N_ALL];
    double norm, noise[TENSORS];
};

static void run(const char *kind, enum cairn_noise noise, size_t n_micro, bool places,
                struct result *out)
{
    static real x[N_ALL];
    struct cairn_sum *sum = NULL;
    struct cairn_totals totals;
    struct cairn_gradient *g = NULL;
    double squares[TENSORS];
    const struct cairn_scores scores = {.loss = 1, .weight = 6, .count = 6};
    assert_int_equal(cairn_sum_create(NULL, kind, noise, &params, n_micro, &sum), CAIRN_OK);
    for (uint64_t update = 0; update < UPDATES; update++) {
        cairn_sum_begin(sum);
        for (uint64_t m = 0; m < n_micro; m++) {
            draw(update * 100 + m, update == 1, x);
            for (size_t p = 0; p < TENSORS; p++) give(sum, p, x + params.item[p].offset, places);
            assert_int_equal(cairn_sum_end_micro(sum, &scores), CAIRN_OK);
        }
        if (cairn_sum_needs_range(sum)) {
            assert_int_equal(cairn_sum_learn(sum, CAIRN_OK), CAIRN_OK);
            continue;
        }
        assert_int_equal(cairn_sum_reduce(sum, CAIRN_OK, false, &totals), CAIRN_OK);
        assert_false(cairn_sum_again(sum));
        out->norm = cairn_sum_gradient(sum, 1, squares, &g);
        memcpy(out->g, g->sum, sizeof out->g);
        for (size_t p = 0; p < TENSORS; p++)
            out->noise[p] = totals.squares == NULL ? 0 : totals.squares[p];
    }
    cairn_sum_free(sum);
}

static void test_places(void **state)
{
    (void)state;
    static struct result result[2];
    static const struct {
        const char *kind;
        enum cairn_noise noise;
        size_t n_micro;
    } cases[] = {{"float", CAIRN_NOISE_OFF, 3},
                 {"fixed", CAIRN_NOISE_OFF, 1},
                 {"fixed", CAIRN_NOISE_OFF, 3},
                 {"fixed", CAIRN_NOISE_MICRO, 3},
                 {"fixed", CAIRN_NOISE_MICRO, 20},
                 {"float_per_micro", CAIRN_NOISE_OFF, 3},
                 {"float_per_micro", CAIRN_NOISE_MICRO, 3}};
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        for (int places = 0; places < 2; places++)
            run(cases[c].kind, cases[c].noise, cases[c].n_micro, places == 1, &result[places]);
        assert_memory_equal(result[0].g, result[1].g, sizeof result[0].g);
        assert_true(result[0].norm == result[1].norm && result[0].norm > 0);
        for (size_t p = 0; p < TENSORS; p++)
            assert_true(fabs(result[0].noise[p] - result[1].noise[p]) <= 1e-5 * result[0].noise[p]);
    }
}

/* A gradient that is not finite is seen in its place, too. */
static void test_not_finite(void **state)
{
    (void)state;
    static real x[N_ALL];
    struct cairn_sum *sum = NULL;
    const struct cairn_scores scores = {.loss = 1, .weight = 6, .count = 6};
    assert_int_equal(cairn_sum_create(NULL, "fixed", CAIRN_NOISE_OFF, &params, 3, &sum), CAIRN_OK);
    cairn_sum_begin(sum);
    draw(1, true, x);
    x[17] = (real)NAN;
    for (size_t p = 0; p < TENSORS; p++) give(sum, p, x + params.item[p].offset, true);
    assert_int_equal(cairn_sum_end_micro(sum, &scores), CAIRN_OK);
    assert_int_equal(cairn_sum_learn(sum, CAIRN_OK), CAIRN_NUMBERS);
    cairn_sum_free(sum);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_not_finite),
    };
    return cmocka_run_group_tests_name("sum_places", tests, set_up, tear_down);
}
