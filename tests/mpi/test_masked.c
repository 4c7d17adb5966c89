/* SPDX-License-Identifier: BSD-3-Clause
 * Micro-batches of 10 and of 1,000 unmasked tokens weigh as 10 and 1,000: they give what one batch
 * of 1,010 gives.  A mean of their means, as trainers took it before 2024, would count each token
 * of the first a hundred times. */
#include "support/mpi.h"

#include <math.h>
#include <string.h>

#include "comm/exchange.h"
#include "comm/sum.h"
#include "nn/reference.h"
#include "support/nn.h"
#include "support/sum.h"

enum { TOKENS = 100, VOCABULARY = 11, SAMPLES = 20, HALF = SAMPLES / 2, FEW = 10, ALL = 1010 };

/* Float32 sums of 1,010 against double, of the largest: n roundings are 6e-5 at the worst and
 * 2e-6 by chance; kernels for AVX-512 came to 3.5e-6, those for AVX2 to 8e-7. */
static const double ROUNDING = 1e-5;

static struct {
    struct cairn_node *layers;
    struct cairn_model_options options;
    struct samples samples;
    struct bench *bench;
} here;

static int set_up(void **state)
{
    (void)state;
    here.layers = tree_of("[{type: embedding, units: 6}, {type: dense, units: 11}]");
    here.options = (struct cairn_model_options){.layers = here.layers,
                                                .input = {1, {TOKENS}},
                                                .n_classes = VOCABULARY,
                                                .n_labels = TOKENS,
                                                .vocabulary = VOCABULARY,
                                                .micro = SAMPLES,
                                                .seed = 2};
    here.samples = samples_make(&here.options, SAMPLES);
    for (size_t i = 0; i < HALF * TOKENS; i++) /* one token of each of the first samples */
        if (i % TOKENS != i / TOKENS) here.samples.label[i] = -100;
    here.bench = bench_make(&here.options);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    bench_free(here.bench);
    samples_free(&here.samples);
    cairn_node_free(here.layers);
    return 0;
}

/* Gradient of some samples in double, in one batch; the answer is borrowed. */
static const double *in_double(struct cairn_reference *reference, size_t first, size_t n,
                               struct cairn_scores *scores)
{
    struct cairn_micro micro = samples_part(&here.samples, &here.options, first, n);
    cairn_reference_begin(reference, here.bench->w);
    if (cairn_reference_add(reference, &micro) != CAIRN_OK) return NULL;
    return cairn_reference_gradient(reference, scores);
}

static cairn_status add_half(struct cairn_sum *sum, size_t half)
{
    struct cairn_scores scores = {0};
    struct cairn_micro micro = samples_part(&here.samples, &here.options, half * HALF, HALF);
    CAIRN_TRY(cairn_model_gradient(here.bench->model, here.bench->w, &micro, &sum->sink, &scores));
    return cairn_sum_end_micro(sum, &scores);
}

/* Both halves, the few tokens on the first rank and the many on the last, into g and totals. */
static cairn_status add_up(cairn_comm *comm, struct cairn_sum *sum, real **g,
                           struct cairn_totals *totals)
{
    int last = cairn_comm_size(comm) - 1;
    int rank = cairn_comm_rank(comm);
    cairn_status st = CAIRN_OK;
    if (cairn_sum_needs_range(sum)) {
        cairn_sum_begin(sum);
        st = cairn_sum_learn(sum, add_half(sum, 0));
        if (st != CAIRN_OK) return st;
    }
    do {
        cairn_sum_begin(sum);
        if (rank == 0) st = add_half(sum, 0);
        if (rank == last && st == CAIRN_OK) st = add_half(sum, 1);
        st = sum_reduce(sum, st, false, g, totals);
    } while (st == CAIRN_OK && cairn_sum_again(sum));
    return st;
}

static void tokens_count_alike(void **state)
{
    const char *const kinds[] = {"float", "fixed"};
    (void)state;
    struct cairn_reference *reference = NULL;
    struct cairn_scores whole = {0};
    bool made = cairn_reference_create(&here.options, &reference) == CAIRN_OK;
    assert_on_all(made);
    const double *wanted = in_double(reference, 0, SAMPLES, &whole);
    assert_on_all(wanted != NULL && whole.weight == ALL);
    for (size_t k = 0; k < 2; k++) {
        struct cairn_sum *sum = NULL;
        struct cairn_totals totals = {0};
        real *g = NULL;
        cairn_status st =
            cairn_sum_create(world, kinds[k], CAIRN_NOISE_OFF, here.bench->params, 2, &sum);
        if (st == CAIRN_OK) st = add_up(world, sum, &g, &totals);
        assert_on_all(st == CAIRN_OK);
        assert_on_all(totals.weight == ALL && totals.count == ALL);
        assert_on_all(totals.correct == whole.correct);
        assert_on_all(fabs(totals.loss - whole.loss) <= ROUNDING * whole.loss);
        assert_on_all(difference(g, wanted, here.bench->params->n_weights) <= ROUNDING);
        cairn_sum_free(sum);
    }
    cairn_reference_free(reference);
}

/* The bits of the fixed sum do not depend on which rank had the few and which the many. */
static void same_bits_in_any_world(void **state)
{
    (void)state;
    struct cairn_sum *sum = NULL;
    struct cairn_totals totals = {0};
    cairn_comm *self = NULL;
    real *g = NULL;
    cairn_status st =
        cairn_sum_create(world, "fixed", CAIRN_NOISE_OFF, here.bench->params, 2, &sum);
    if (st == CAIRN_OK) st = add_up(world, sum, &g, &totals);
    assert_on_all(st == CAIRN_OK);
    assert_on_all(cairn_comm_subset(world, CAIRN_OK, 1, &self) == CAIRN_OK);
    bool same = true;
    if (self != NULL) {
        struct cairn_sum *alone = NULL;
        struct cairn_totals of_alone = {0};
        real *g_alone = NULL;
        st = cairn_sum_create(self, "fixed", CAIRN_NOISE_OFF, here.bench->params, 2, &alone);
        if (st == CAIRN_OK) st = add_up(self, alone, &g_alone, &of_alone);
        same = st == CAIRN_OK && memcmp(&totals, &of_alone, sizeof totals) == 0 &&
               memcmp(g, g_alone, here.bench->params->n_weights * sizeof *g) == 0;
        cairn_sum_free(alone);
    }
    cairn_comm_close(self);
    assert_on_all(same);
    cairn_sum_free(sum);
}

/* The test can fail: the mean of the two means is something else altogether. */
static void a_mean_of_means_differs(void **state)
{
    (void)state;
    struct cairn_reference *few = NULL;
    struct cairn_reference *rest = NULL;
    struct cairn_scores of_few = {0};
    struct cairn_scores of_rest = {0};
    bool made = cairn_reference_create(&here.options, &few) == CAIRN_OK &&
                cairn_reference_create(&here.options, &rest) == CAIRN_OK;
    assert_on_all(made);
    const double *a = in_double(few, 0, HALF, &of_few);
    const double *b = in_double(rest, HALF, HALF, &of_rest);
    assert_on_all(a != NULL && b != NULL && of_few.weight == FEW && of_rest.weight == ALL - FEW);
    double apart = 0;
    double largest = 0;
    for (size_t i = 0; i < here.bench->params->n_weights; i++) {
        double right = (a[i] + b[i]) / ALL;
        double of_means = (a[i] / FEW + b[i] / (ALL - FEW)) / 2;
        apart = fmax(apart, fabs(of_means - right));
        largest = fmax(largest, fabs(right));
    }
    assert_on_all(apart > 1000 * ROUNDING * largest);
    cairn_reference_free(few);
    cairn_reference_free(rest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(tokens_count_alike, set_up, tear_down),
        cmocka_unit_test_setup_teardown(same_bits_in_any_world, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_mean_of_means_differs, set_up, tear_down),
    };
    return RUN_ON_ALL("masked", tests);
}
