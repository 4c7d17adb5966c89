/* SPDX-License-Identifier: BSD-3-Clause
 * The ways to sum: against sums in double, the same bits for every share, ranges that are too
 * small, numbers that are none. */
#include "support/mpi.h"

#include <stdlib.h>
#include <string.h>
#include <tgmath.h>

#include "base/random.h"
#include "comm/exchange.h"
#include "comm/sum.h"
#include "support/sum.h"
#include "train/window.h"

enum { N_FIRST = 700, N_SECOND = 5001, N = N_FIRST + N_SECOND, M = 13 };

static struct cairn_params params;

static int set_up(void **state)
{
    (void)state;
    return sum_two_tensors(&params, (struct cairn_shape){1, {N_FIRST}},
                           (struct cairn_shape){1, {N_SECOND}});
}

static int tear_down(void **state)
{
    (void)state;
    cairn_params_free(&params);
    return 0;
}

/* Element i of the gradient of micro-batch m: magnitudes over many powers of two. */
static real element(uint64_t m, size_t i)
{
    uint32_t bits[4];
    cairn_random_block(7, m, i, bits);
    real value = cairn_random_unit(bits[0]) - 0.5F;
    return ldexp(value, (int)(bits[1] % 24) - 30);
}

static void put(struct cairn_sum *sum, uint64_t m, real factor)
{
    for (size_t p = 0; p < params.n_items; p++) {
        const struct cairn_param *item = &params.item[p];
        real *place = sum->sink.open(&sum->sink, p);
        for (size_t i = 0; i < item->count; i++)
            place[i] = (cairn_sink_beta(&sum->sink, p) == 0 ? 0 : place[i]) +
                       factor * element(m, item->offset + i);
        sum->sink.close(&sum->sink, p);
    }
}

/* This rank's share of M micro-batches, micro-batch `odd` multiplied by `factor`; then the
 * reduction. */
static cairn_status work(struct cairn_sum *sum, uint64_t odd, real factor, real **g,
                         struct cairn_totals *totals)
{
    const struct cairn_window window = {.n_micro = M};
    struct cairn_share share =
        cairn_window_share(&window, cairn_comm_rank(world), cairn_comm_size(world));
    const struct cairn_scores scores = {.loss = 0.1, .weight = 5, .correct = 1, .count = 4};
    cairn_sum_begin(sum);
    for (uint64_t m = share.first; m < share.end; m++) {
        put(sum, m, m == odd ? factor : 1);
        cairn_status st = cairn_sum_end_micro(sum, &scores);
        if (st != CAIRN_OK) return sum_reduce(sum, st, false, g, totals);
    }
    return sum_reduce(sum, CAIRN_OK, false, g, totals);
}

static cairn_status learn(struct cairn_sum *sum)
{
    if (!cairn_sum_needs_range(sum)) return CAIRN_OK;
    cairn_sum_begin(sum);
    put(sum, 0, 1);
    return cairn_sum_learn(sum, CAIRN_OK);
}

/* A sum of this kind that knows its range. */
static cairn_status make(cairn_comm *comm, const char *kind, struct cairn_sum **sum)
{
    cairn_status st = cairn_sum_create(comm, kind, CAIRN_NOISE_OFF, &params, M, sum);
    return st == CAIRN_OK ? learn(*sum) : st;
}

/* max |g - sum in double| / max |sum|. */
static double error(const real *g)
{
    double apart = 0;
    double largest = 0;
    for (size_t i = 0; i < N; i++) {
        double wanted = 0;
        for (uint64_t m = 0; m < M; m++) wanted += (double)element(m, i);
        apart = fmax(apart, fabs((double)g[i] - wanted));
        largest = fmax(largest, fabs(wanted));
    }
    return apart / largest;
}

static void sums_are_right(void **state)
{
    const char *const kinds[] = {"float", "fixed"};
    (void)state;
    for (size_t k = 0; k < 2; k++) {
        struct cairn_sum *sum = NULL;
        struct cairn_totals totals = {0};
        real *g = NULL;
        cairn_status st = make(world, kinds[k], &sum);
        if (st == CAIRN_OK) st = work(sum, 0, 1, &g, &totals);
        assert_on_all(st == CAIRN_OK && !cairn_sum_again(sum));
        assert_on_all(error(g) < 1e-6); /* float32 sums of 13 */
        assert_on_all(totals.weight == 5 * M && totals.correct == M && totals.count == 4 * M &&
                      fabs(totals.loss - 0.1 * M) < 1e-6);
        assert_on_all(!totals.stop);
        cairn_sum_free(sum);
    }
}

/* The bits of a fixed sum in this world against one that a single rank adds up by itself in another
 * order. */
static void fixed_sums_have_the_same_bits(void **state)
{
    (void)state;
    struct cairn_sum *sum = NULL;
    struct cairn_sum *alone = NULL;
    cairn_comm *self = NULL;
    struct cairn_totals totals = {0};
    real *g = NULL;
    real *g_alone = NULL;
    cairn_status st = make(world, "fixed", &sum);
    if (st == CAIRN_OK) st = work(sum, 0, 1, &g, &totals);
    assert_on_all(st == CAIRN_OK);
    assert_on_all(cairn_comm_subset(world, CAIRN_OK, 1, &self) == CAIRN_OK);
    bool same = true;
    if (self != NULL) {
        st = make(self, "fixed", &alone);
        cairn_sum_begin(alone);
        for (uint64_t m = M; m-- > 0;) put(alone, m, 1);
        if (st == CAIRN_OK) st = sum_reduce(alone, st, false, &g_alone, &totals);
        same = st == CAIRN_OK && memcmp(g, g_alone, N * sizeof *g) == 0;
        cairn_sum_free(alone);
    }
    cairn_comm_close(self);
    assert_on_all(same);
    cairn_sum_free(sum);
}

static void a_range_too_small_is_widened(void **state)
{
    (void)state;
    struct cairn_sum *sum = NULL;
    struct cairn_totals totals = {0};
    real *g = NULL;
    cairn_status st = make(world, "fixed", &sum);
    if (st == CAIRN_OK)
        st = work(sum, M - 1, 1e6F, &g, &totals); /* far above what micro-batch 0 showed */
    assert_on_all(st == CAIRN_OK && cairn_sum_again(sum));
    st = work(sum, M - 1, 1e6F, &g, &totals);
    assert_on_all(st == CAIRN_OK && !cairn_sum_again(sum));
    cairn_sum_free(sum);
}

static void what_is_not_finite_is_counted(void **state)
{
    const real wrong[] = {NAN, INFINITY};
    (void)state;
    for (size_t k = 0; k < 2; k++) {
        struct cairn_sum *sum = NULL;
        struct cairn_totals totals = {0};
        real *g = NULL;
        cairn_status st = make(world, "fixed", &sum);
        if (st == CAIRN_OK) st = work(sum, M - 1, wrong[k], &g, &totals);
        assert_on_all(st == CAIRN_NUMBERS);
        cairn_sum_free(sum);
    }
}

static void trouble_and_stops_travel_with_the_sum(void **state)
{
    const char *const kinds[] = {"float", "fixed"};
    (void)state;
    bool last = cairn_comm_rank(world) == cairn_comm_size(world) - 1;
    for (size_t k = 0; k < 2; k++) {
        struct cairn_sum *sum = NULL;
        struct cairn_totals totals = {0};
        real *g = NULL;
        cairn_status st = make(world, kinds[k], &sum);
        assert_on_all(st == CAIRN_OK);
        cairn_sum_begin(sum);
        if (last) st = cairn_fail(CAIRN_DATA, "cannot read");
        assert_on_all(sum_reduce(sum, st, false, &g, &totals) == CAIRN_DATA);
        cairn_sum_begin(sum);
        st = sum_reduce(sum, CAIRN_OK, last, &g, &totals);
        assert_on_all(st == CAIRN_OK && totals.stop);
        cairn_sum_free(sum);
    }
}

/* A loss that is large but finite is told as it is, also where the ranks' sums add up to more than
 * one of them may hold. */
static void large_losses_are_told(void **state)
{
    const char *const kinds[] = {"float", "fixed"};
    const struct cairn_scores scores = {.loss = 0x1p49, .weight = 1};
    (void)state;
    double wanted = scores.loss * cairn_comm_size(world);
    for (size_t k = 0; k < 2; k++) {
        struct cairn_sum *sum = NULL;
        struct cairn_totals totals = {0};
        real *g = NULL;
        cairn_status st = make(world, kinds[k], &sum);
        assert_on_all(st == CAIRN_OK);
        cairn_sum_begin(sum);
        st = cairn_sum_end_micro(sum, &scores);
        st = sum_reduce(sum, st, false, &g, &totals);
        assert_on_all(st == CAIRN_OK && totals.loss == wanted);
        cairn_sum_free(sum);
    }
}

static void what_cannot_be_made_is_refused(void **state)
{
    (void)state;
    struct cairn_sum *sum = NULL;
    assert_on_all(cairn_sum_create(world, "double", CAIRN_NOISE_OFF, &params, M, &sum) ==
                  CAIRN_BUG);
    assert_on_all(cairn_sum_create(world, "fixed", CAIRN_NOISE_OFF, &params, (size_t)1 << 40,
                                   &sum) == CAIRN_USAGE);
    assert_on_all(sum == NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(sums_are_right, set_up, tear_down),
        cmocka_unit_test_setup_teardown(fixed_sums_have_the_same_bits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_range_too_small_is_widened, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_finite_is_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(trouble_and_stops_travel_with_the_sum, set_up, tear_down),
        cmocka_unit_test_setup_teardown(large_losses_are_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_made_is_refused, set_up, tear_down),
    };
    return RUN_ON_ALL("sum", tests);
}
