/* SPDX-License-Identifier: BSD-3-Clause
 * The form of the model of an update's time, on times with known laws: splits that were not
 * measured are foretold, and lie within their intervals.  What a usual update of a cell is. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cairn/real.h"
#include "study/analyse.h"
#include "study/predict.h"
#include "study/typical.h"
#include "support/study.h"

#define EXACT   1e-9 /* of least squares in double */
#define RMS     0.10 /* what is wanted of real studies */
#define AT_MOST 0.20
#define SPREAD  0.02 /* of the medians of a point's rounds */

/* ---- laws */

/* Seconds of a micro-batch of b samples on so many ranks. */
typedef double (*law)(double b, int ranks);

static double affine(double b, int ranks)
{
    (void)ranks;
    return 6e-5 + 1e-5 * b;
}

/* What is fixed is no slower on two ranks, what grows with the samples is. */
static double shared_memory(double b, int ranks)
{
    return ranks == 1 ? 6e-5 + 1e-5 * b : 6.3e-5 + 1.4e-5 * b;
}

/* Beyond 64 samples activations leave a cache. */
static double cache(double b, int ranks)
{
    return (4e-5 + 1e-5 * b + 4e-6 * fmax(0, b - 64)) * (ranks == 1 ? 1 : 1.1);
}

/* Kernels that become better with larger matrices. */
static double kernels(double b, int ranks)
{
    return 2.5e-5 * pow(b, 0.8) * (ranks == 1 ? 1 : 1.2);
}

static const law laws[] = {affine, shared_memory, cache, kernels};
enum { N_LAWS = sizeof laws / sizeof laws[0] };

static const double SUM_S[] = {0, 2e-6, 7e-4}; /* by ranks */

/* The rank that has most to do, micro-batch after micro-batch. */
static double busy_of(law t, const struct cairn_study_split *split)
{
    uint64_t ranks = (uint64_t)split->ranks, b = split->micro;
    uint64_t n_micro = split->global / b + (split->global % b != 0);
    double most = 0;
    for (uint64_t r = 0; r < ranks; r++) {
        double here = 0;
        for (uint64_t m = r * n_micro / ranks; m < (r + 1) * n_micro / ranks; m++) {
            uint64_t left = split->global - m * b;
            here += t((double)(left < b ? left : b), split->ranks);
        }
        most = fmax(most, here);
    }
    return most;
}

static uint64_t accumulate_of(const struct cairn_study_split *split)
{
    uint64_t ranks = (uint64_t)split->ranks;
    uint64_t n_micro = split->global / split->micro + (split->global % split->micro != 0);
    return (n_micro + ranks - 1) / ranks;
}

static double update_of(int ranks)
{
    return ranks == 1 ? 3e-4 : 4.5e-4;
}

static double rest_of(const struct cairn_study_split *split)
{
    return 1e-5 + 1e-6 * (double)accumulate_of(split);
}

static double truth_of(law t, const struct cairn_study_split *split)
{
    return busy_of(t, split) + SUM_S[split->ranks] + update_of(split->ranks) + rest_of(split);
}

/* ---- a study: 12 splits that are measured, ten others that are asked for */

static const struct cairn_study_split others[] = {
    {1, 320, 12}, {1, 320, 48},  {2, 320, 12}, {2, 320, 48}, {1, 768, 24},
    {1, 768, 96}, {1, 768, 160}, {2, 768, 24}, {2, 768, 96}, {2, 768, 160}};
enum { N_OTHERS = sizeof others / sizeof others[0] };

static void add_cell(struct cairn_study_table *table, law t, const struct cairn_study_split *split,
                     double noise)
{
    struct cairn_study_row *row = study_add(table, "0.9", split->global, 0.1, 1);
    row->updates = 60;
    row->samples = 60 * split->global;
    row->ranks = split->ranks;
    row->micro = split->micro;
    row->accumulate = accumulate_of(split);
    row->n_weights = 500000;
    row->timed_updates = 27;
    row->typical_data_s = 0.1 * noise * busy_of(t, split);
    row->typical_compute_s = 0.9 * noise * busy_of(t, split);
    row->typical_sum_s = noise * SUM_S[split->ranks];
    row->typical_update_s = noise * update_of(split->ranks);
    row->typical_s = noise * truth_of(t, split);
    /* what warms up and is disturbed is in the sums over all updates alone */
    row->training_s = 3 * 60 * row->typical_s;
    row->compute_s = 2 * 60 * row->typical_compute_s;
}

static void plant(struct cairn_study_table *table, law t, uint64_t seed, double spread)
{
    static const uint64_t batches[] = {256, 1024}, micros[] = {8, 32, 128};
    for (int ranks = 1; ranks <= 2; ranks++)
        for (size_t i = 0; i < 2; i++)
            for (size_t k = 0; k < 3; k++)
                add_cell(table, t, &(struct cairn_study_split){ranks, batches[i], micros[k]},
                         exp(spread * study_noise(seed, table->n_rows, 3)));
}

struct worked {
    struct cairn_study_order order;
    struct cairn_study_times times;
    struct cairn_study_predictions made;
};

static void work_out(struct worked *w, const struct cairn_study_table *table,
                     const struct cairn_study_split *split, size_t n)
{
    const struct cairn_study_asked asked = {.split = split, .n_splits = n};
    *w = (struct worked){0};
    assert_int_equal(cairn_study_order_create(table, &w->order), CAIRN_OK);
    assert_int_equal(cairn_study_times_create(w->order.series, &w->times), CAIRN_OK);
    assert_int_equal(cairn_study_predict(&w->times, NULL, &asked, &w->made), CAIRN_OK);
    assert_int_equal(w->made.n_asked, n);
}

static void release(struct worked *w)
{
    cairn_study_predictions_free(&w->made);
    cairn_study_times_free(&w->times);
    cairn_study_order_free(&w->order);
}

/* How well, over all splits that were not measured. */
struct score {
    double squares, most;
    size_t n, held;
};

static void add_score(struct score *score, law t, uint64_t seed, double spread)
{
    struct cairn_study_table table = {0};
    struct worked w;
    plant(&table, t, seed, spread);
    work_out(&w, &table, others, N_OTHERS);
    for (size_t i = 0; i < N_OTHERS; i++) {
        const struct cairn_study_value *s = &w.made.asked[i].per_update_s;
        double truth = truth_of(t, &others[i]) * exp(spread * study_noise(seed, i, 4));
        double off = fabs(s->value / truth - 1);
        assert_null(w.made.asked[i].reason);
        score->squares += off * off;
        score->most = fmax(score->most, off);
        score->held += s->low <= truth && truth <= s->high;
        score->n++;
    }
    release(&w);
    study_free(&table);
}

static void laws_are_foretold(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_LAWS; i++) {
        struct score score = {0};
        add_score(&score, laws[i], 1, 0);
        double rms = sqrt(score.squares / (double)score.n);
        print_message("law %zu: off by %.2f %% rms, %.2f %% at most\n", i, 100 * rms,
                      100 * score.most);
        if (laws[i] == affine) assert_true(score.most < EXACT);
        assert_true(rms < RMS / 2 && score.most < AT_MOST / 2);
    }
}

static void noisy_laws_are_foretold(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_LAWS; i++) {
        struct score score = {0};
        for (uint64_t seed = 1; seed <= 10; seed++) add_score(&score, laws[i], seed, SPREAD);
        double rms = sqrt(score.squares / (double)score.n);
        print_message("law %zu: off by %.2f %% rms, %.2f %% at most, %zu of %zu held\n", i,
                      100 * rms, 100 * score.most, score.held, score.n);
        assert_true(rms < RMS && score.most < AT_MOST);
        assert_true(10 * score.held >= 9 * score.n);
    }
}

/* What is measured on two ranks alone does not bend the curve of one. */
static void worlds_may_have_other_sizes(void **state)
{
    struct cairn_study_table table = {0};
    struct worked w;
    (void)state;
    plant(&table, shared_memory, 1, 0);
    add_cell(&table, shared_memory, &(struct cairn_study_split){2, 256, 16}, 1);
    add_cell(&table, shared_memory, &(struct cairn_study_split){2, 256, 64}, 1);
    const struct cairn_study_split split = {1, 512, 16};
    work_out(&w, &table, &split, 1);
    assert_true(fabs(w.made.asked[0].per_update_s.value / truth_of(shared_memory, &split) - 1) <
                RMS / 2);
    release(&w);
    study_free(&table);
}

/* Above a step each micro-batch takes longer. */
static bool is_costly(enum cairn_study_step step, const struct cairn_study_split *split)
{
    return cairn_study_is_costly(step, split->global, split->micro, split->ranks);
}

static double costly_of(law t, enum cairn_study_step step, const struct cairn_study_split *split)
{
    bool wide = is_costly(step, split);
    double more = wide ? 5e-4 * (double)accumulate_of(split) + 2 * SUM_S[split->ranks] : 0;
    return truth_of(t, split) + more;
}

static void plant_step(struct cairn_study_table *table, enum cairn_study_step step)
{
    size_t n_costly = 0;
    plant(table, shared_memory, 1, 0);
    add_cell(table, shared_memory, &(struct cairn_study_split){1, 96, 48}, 1);
    add_cell(table, shared_memory, &(struct cairn_study_split){2, 192, 48}, 1);
    for (size_t i = 0; i < table->n_rows; i++) {
        struct cairn_study_row *row = &table->row[i];
        const struct cairn_study_split split = {row->ranks, row->global, row->micro};
        bool costly = is_costly(step, &split);
        bool words = step == CAIRN_STUDY_STEP_WORDS;
        n_costly += costly;
        row->sum_bytes = !words ? 4 : costly ? 16 : 8;
        row->noise_auto = !words;
        row->typical_s = costly_of(shared_memory, step, &split);
        if (costly) row->typical_compute_s += 5e-4 * (double)row->accumulate;
        if (costly) row->typical_sum_s *= 3;
    }
    assert_true(n_costly > 0 && n_costly < table->n_rows);
}

static void both_sides_of_a_step(void **state)
{
    static const enum cairn_study_step steps[] = {CAIRN_STUDY_STEP_WORDS, CAIRN_STUDY_STEP_NOISE};
    struct cairn_study_table table = {0};
    struct worked w;
    (void)state;
    if (CAIRN_REAL_BITS == 64) skip(); /* doubles take two words in any case: that step is not */
    for (int k = 0; k < 2; k++) {
        plant_step(&table, steps[k]);
        work_out(&w, &table, others, N_OTHERS);
        assert_int_equal(w.times.step, steps[k]);
        assert_true(w.made.fitted.max < RMS / 2);
        for (size_t i = 0; i < N_OTHERS; i++)
            if (!(fabs(w.made.asked[i].per_update_s.value /
                           costly_of(shared_memory, steps[k], &others[i]) -
                       1) < RMS / 2))
                fail_msg("step %d, split %zu: %g, wanted %g", k, i,
                         w.made.asked[i].per_update_s.value,
                         costly_of(shared_memory, steps[k], &others[i]));
        release(&w);
        study_free(&table);
    }
    /* where only one side was measured, nothing is told of the other */
    add_cell(&table, affine, &(struct cairn_study_split){1, 256, 32}, 1);
    add_cell(&table, affine, &(struct cairn_study_split){1, 512, 64}, 1);
    for (size_t i = 0; i < 2; i++) table.row[i].sum_bytes = 8;
    const struct cairn_study_split asked[] = {{1, 512, 32}, {1, 1024, 32}};
    work_out(&w, &table, asked, 2);
    assert_null(w.made.asked[0].reason);
    assert_non_null(w.made.asked[1].reason);
    release(&w);
    study_free(&table);
}

/* Nothing is told of sizes and worlds that nothing is known of. */
static void what_is_not_known_is_not_told(void **state)
{
    static const struct cairn_study_split asked[] = {
        {1, 512, 64}, {1, 512, 16}, {1, 512, 256}, {4, 512, 64}};
    struct cairn_study_table table = {0};
    struct worked w;
    (void)state;
    for (uint64_t batch = 128; batch <= 1024; batch *= 2)
        add_cell(&table, affine, &(struct cairn_study_split){1, batch, 64}, 1);
    work_out(&w, &table, asked, 4);
    assert_null(w.made.asked[0].reason);
    for (size_t i = 1; i < 4; i++) {
        assert_non_null(w.made.asked[i].reason);
        assert_true(isnan(w.made.asked[i].per_update_s.value));
        assert_true(isnan(w.made.asked[i].efficiency));
    }
    release(&w);
    study_free(&table);
}

/* Samples of a micro-batch of the slowest rank. */
static void short_micro_batches(void **state)
{
    static const struct {
        uint64_t global, micro, accumulate;
        int ranks;
        double own;
    } cases[] = {
        {256, 32, 8, 1, 32}, {100, 32, 4, 1, 25}, {20, 32, 1, 1, 20},
        {256, 32, 4, 2, 32}, {160, 64, 2, 2, 48}, {192, 64, 2, 2, 64},
        {250, 64, 2, 2, 64}, {20, 32, 1, 4, 20},  {96, 32, 1, 8, 32},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double own =
            cairn_study_own(cases[i].global, cases[i].micro, cases[i].accumulate, cases[i].ranks);
        if (fabs(own - cases[i].own) > EXACT) fail_msg("case %zu: %g", i, own);
    }
}

/* ---- a usual update */

static void add_update(struct cairn_study_timed *timed, double whole_s, double compute_s)
{
    const double s[CAIRN_STUDY_N_PARTS] = {whole_s, 1, 1 + compute_s, 2, -3};
    cairn_study_timed_add(timed, s);
}

static void usual_updates(void **state)
{
    struct cairn_study_timed timed = {.n = 0};
    (void)state;
    for (int i = 0; i < 3; i++) add_update(&timed, 10, 4);
    assert_int_equal(cairn_study_typical(&timed).n, 0);
    timed = (struct cairn_study_timed){.n = 0};
    for (int i = 0; i < 40; i++) /* the first four warm up, every eighth is disturbed */
        add_update(&timed, i < 4 ? 50 : i % 8 == 7 ? 30 : 10, i < 4 ? 44 : i % 8 == 7 ? 24 : 4);
    struct cairn_study_typical usual = cairn_study_typical(&timed);
    assert_true(usual.n >= 18);
    assert_true(usual.whole_s == 10 && usual.data_s == 1 && usual.compute_s == 4);
    assert_true(usual.sum_s == 3 && usual.update_s == 2);
}

/* Of many updates every so many are kept, in their order. */
static void many_updates(void **state)
{
    struct cairn_study_timed timed = {.n = 0};
    (void)state;
    for (int i = 0; i < 100000; i++) add_update(&timed, i, 4);
    assert_true(timed.n > CAIRN_STUDY_MOST_TIMED / 2 && timed.n <= CAIRN_STUDY_MOST_TIMED);
    for (size_t i = 0; i < timed.n; i++)
        assert_true(timed.s[i][CAIRN_STUDY_WHOLE] == (double)(i * timed.every));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(laws_are_foretold),
        cmocka_unit_test(noisy_laws_are_foretold),
        cmocka_unit_test(worlds_may_have_other_sizes),
        cmocka_unit_test(both_sides_of_a_step),
        cmocka_unit_test(what_is_not_known_is_not_told),
        cmocka_unit_test(short_micro_batches),
        cmocka_unit_test(usual_updates),
        cmocka_unit_test(many_updates),
    };
    return cmocka_run_group_tests_name("study_time_model", tests, NULL, NULL);
}
