/* SPDX-License-Identifier: BSD-3-Clause
 * How exact a reproducible sum is, and how its ranges follow what is seen: small entries beside
 * large ones over up to 2^20 micro-batches, outliers that come once or again and again, tensors
 * without a gradient; the same decisions in every world. */
#include "support/mpi.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>
#include <tgmath.h>

#include "base/random.h"
#include "comm/exchange.h"
#include "comm/sum.h"
#include "support/sum.h"
#include "train/window.h"

#define EPSILON ((double)(CAIRN_R_BITS == 64 ? DBL_EPSILON : FLT_EPSILON))

enum { N = 6, STEP = 6 }; /* entries of one tensor: of 1, 2^-6, ... 2^-30 */

/* How the addends of an entry differ from one micro-batch to the next. */
enum pattern { EQUAL, ONE_SIGN, ANY_SIGN, N_PATTERNS };

static struct cairn_params params;

static int set_up(void **state)
{
    size_t index = 0;
    const struct cairn_shape shape = {.ndim = 1, .dim = {N}};
    (void)state;
    return cairn_params_add(&params, "a", &shape, &index) != CAIRN_OK;
}

static int tear_down(void **state)
{
    (void)state;
    cairn_params_free(&params);
    return 0;
}

/* Entry i of the gradient of micro-batch m; what is equal has bits far below its first. */
static real addend(enum pattern pattern, uint64_t m, size_t i)
{
    uint32_t bits[4];
    cairn_random_block(11, m, i, bits);
    real unit = pattern == EQUAL ? (real)0.7239817 : 0.5F + cairn_random_unit(bits[0]) / 2;
    if (CAIRN_R_BITS == 64 && pattern != EQUAL) unit += (real)(bits[2] >> 4) * (real)0x1p-53;
    bool negative = pattern == ANY_SIGN && bits[1] % 2 == 1;
    return ldexp(negative ? -unit : unit, -STEP * (int)i);
}

static void put(struct cairn_sum *sum, const real *x)
{
    memcpy(sum->sink.open(&sum->sink, 0), x, N * sizeof *x);
    sum->sink.close(&sum->sink, 0);
}

static void put_micro(struct cairn_sum *sum, enum pattern pattern, uint64_t m, real factor)
{
    real x[N];
    for (size_t i = 0; i < N; i++) x[i] = factor * addend(pattern, m, i);
    put(sum, x);
}

static struct cairn_share share_of(uint64_t n_micro)
{
    const struct cairn_window window = {.n_micro = n_micro};
    return cairn_window_share(&window, cairn_comm_rank(world), cairn_comm_size(world));
}

/* Whether entry i, summed to g, is as good as a sum of floats, or as a float can be. */
static bool is_as_good(enum pattern pattern, uint64_t n_micro, size_t i, real g, double *worst)
{
    long double exact = 0;
    real floats = 0;
    for (uint64_t m = 0; m < n_micro; m++) {
        real x = addend(pattern, m, i);
        exact += (long double)x;
        floats += x;
    }
    double error = (double)fabs((long double)g - exact);
    *worst = fmax(*worst, error / (double)fabs(exact));
    return error <= (double)fabs((long double)floats - exact) ||
           error <= EPSILON / 2 * (double)fabs(exact);
}

/* All entries over n_micro micro-batches.  Collective. */
static bool are_as_good(enum pattern pattern, uint64_t n_micro, double *worst)
{
    struct cairn_sum *sum = NULL;
    struct cairn_totals totals;
    real *g = NULL;
    struct cairn_share share = share_of(n_micro);
    cairn_status st =
        cairn_sum_create(world, "fixed", CAIRN_NOISE_OFF, &params, (size_t)n_micro, &sum);
    if (st != CAIRN_OK) return false;
    cairn_sum_begin(sum);
    put_micro(sum, pattern, 0, 1);
    st = cairn_sum_learn(sum, st);
    cairn_sum_begin(sum);
    for (uint64_t m = share.first; m < share.end; m++) put_micro(sum, pattern, m, 1);
    st = sum_reduce(sum, st, false, &g, &totals);
    bool good = st == CAIRN_OK && !cairn_sum_again(sum);
    for (size_t i = 0; i < N && good && cairn_comm_rank(world) == 0; i++)
        good = is_as_good(pattern, n_micro, i, g[i], worst);
    cairn_sum_free(sum);
    return good;
}

static void small_entries_are_summed_as_well_as_floats(void **state)
{
    static const int logs[] = {0, 1, 4, 5, 6, 12, 16, 20};
    (void)state;
    for (size_t i = 0; i < sizeof logs / sizeof logs[0]; i++) {
        double worst = 0;
        bool good = true;
        for (int pattern = 0; pattern < N_PATTERNS; pattern++)
            good = are_as_good((enum pattern)pattern, (uint64_t)1 << logs[i], &worst) && good;
        if (cairn_comm_rank(world) == 0)
            print_message("2^%d micro-batches: largest error %.1e\n", logs[i], worst);
        assert_on_all(good);
    }
}

enum { M = 7 }; /* micro-batches of an update below */

/* Two sums of the same updates: of this world, and of a rank alone (NULL on the others). */
struct twins {
    struct cairn_sum *sum, *alone;
    cairn_comm *self;
    uint64_t update;
};

static cairn_status learn(struct cairn_sum *sum, real factor)
{
    cairn_sum_begin(sum);
    put_micro(sum, ANY_SIGN, 0, factor);
    return cairn_sum_learn(sum, CAIRN_OK);
}

static void open_twins(struct twins *twins, real factor)
{
    cairn_status st = cairn_sum_create(world, "fixed", CAIRN_NOISE_OFF, &params, M, &twins->sum);
    if (st == CAIRN_OK) st = learn(twins->sum, factor);
    assert_on_all(st == CAIRN_OK);
    assert_on_all(cairn_comm_subset(world, CAIRN_OK, 1, &twins->self) == CAIRN_OK);
    if (twins->self != NULL)
        st = cairn_sum_create(twins->self, "fixed", CAIRN_NOISE_OFF, &params, M, &twins->alone);
    if (twins->self != NULL && st == CAIRN_OK) st = learn(twins->alone, factor);
    assert_on_all(st == CAIRN_OK);
}

static void close_twins(struct twins *twins)
{
    cairn_sum_free(twins->sum);
    cairn_sum_free(twins->alone);
    cairn_comm_close(twins->self);
}

/* An update, micro-batch `odd` of it times `factor`; how often it was worked, 0: it failed. */
static int work(struct cairn_sum *sum, struct cairn_share share, uint64_t update, real factor,
                real **g)
{
    struct cairn_totals totals;
    for (int times = 1; times < 4; times++) {
        cairn_sum_begin(sum);
        for (uint64_t m = share.first; m < share.end; m++)
            put_micro(sum, ANY_SIGN, update * M + m, m == update % M ? factor : 1);
        if (sum_reduce(sum, CAIRN_OK, false, g, &totals) != CAIRN_OK) return 0;
        if (!cairn_sum_again(sum)) return times;
    }
    return 0;
}

/* Whether g is the sum of that update to rounding, entry by entry. */
static bool is_right(const real *g, uint64_t update, real factor)
{
    for (size_t i = 0; i < N; i++) {
        double exact = 0;
        double size = 0;
        for (uint64_t m = 0; m < M; m++) {
            real x = (m == update % M ? factor : 1) * addend(ANY_SIGN, update * M + m, i);
            exact += (double)x;
            size += fabs((double)x);
        }
        if (fabs((double)g[i] - exact) > 1e-6 * size) return false;
    }
    return true;
}

/* The next update; how often it was worked, which is the same alone, as are ranges and bits. */
static int update(struct twins *twins, real factor)
{
    real *g = NULL;
    real *g_alone = NULL;
    const uint64_t u = ++twins->update;
    int times = work(twins->sum, share_of(M), u, factor, &g);
    bool same = times > 0 && is_right(g, u, factor);
    if (twins->alone != NULL && same) {
        const struct cairn_share all = {.first = 0, .end = M};
        same = work(twins->alone, all, u, factor, &g_alone) == times &&
               memcmp(g, g_alone, N * sizeof *g) == 0 &&
               memcmp(twins->sum->range, twins->alone->range, sizeof *twins->sum->range) == 0;
    }
    assert_on_all(same);
    return times;
}

/* Twice: for the outlier the range is too narrow, and then far too wide. */
static void a_large_outlier_passes_without_a_trace(void **state)
{
    struct twins twins = {0};
    (void)state;
    open_twins(&twins, 1);
    assert_on_all(update(&twins, 1) == 1);
    assert_on_all(update(&twins, 0x1p42F) == 2);
    assert_on_all(update(&twins, 1) == 2);
    for (int i = 0; i < 10; i++) assert_on_all(update(&twins, 1) == 1);
    close_twins(&twins);
}

/* What stays far below its range for some updates gets a narrower one, and no update is worked
 * again for it. */
static void ranges_narrow_in_time(void **state)
{
    struct twins twins = {0};
    (void)state;
    open_twins(&twins, 1);
    assert_on_all(update(&twins, 0x1p6F) == 2);
    int64_t wide = twins.sum->range->top;
    for (int i = 0; i < 7; i++) assert_on_all(update(&twins, 1) == 1);
    assert_on_all(twins.sum->range->top == wide);
    assert_on_all(update(&twins, 1) == 1);
    assert_on_all(twins.sum->range->top < wide - 4);
    close_twins(&twins);
}

static void an_outlier_that_comes_again_finds_its_range(void **state)
{
    struct twins twins = {0};
    int again = 0;
    (void)state;
    open_twins(&twins, 1);
    for (int i = 0; i < 40; i++) again += update(&twins, i % 5 == 0 ? 0x1p5F : 1) - 1;
    assert_on_all(again == 1);
    close_twins(&twins);
}

/* No gradient at all, as of a layer that sees only zeros: nothing to follow; then there is one. */
static void zeros_ask_for_nothing(void **state)
{
    const real zero[N] = {0};
    struct cairn_sum *sum = NULL;
    struct cairn_totals totals;
    real *g = NULL;
    (void)state;
    assert_on_all(cairn_sum_create(world, "fixed", CAIRN_NOISE_OFF, &params, M, &sum) == CAIRN_OK);
    cairn_sum_begin(sum);
    put(sum, zero);
    assert_on_all(cairn_sum_learn(sum, CAIRN_OK) == CAIRN_OK);
    for (int i = 0; i < 20; i++) {
        cairn_sum_begin(sum);
        put(sum, zero);
        cairn_status st = sum_reduce(sum, CAIRN_OK, false, &g, &totals);
        assert_on_all(st == CAIRN_OK && !cairn_sum_again(sum) && g[0] == 0);
    }
    assert_on_all(work(sum, share_of(M), 3, 1, &g) == 2);
    assert_on_all(is_right(g, 3, 1));
    cairn_sum_free(sum);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_large_outlier_passes_without_a_trace, set_up, tear_down),
        cmocka_unit_test_setup_teardown(ranges_narrow_in_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_outlier_that_comes_again_finds_its_range, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(zeros_ask_for_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(small_entries_are_summed_as_well_as_floats, set_up,
                                        tear_down),
    };
    return RUN_ON_ALL("sum_ranges", tests);
}
