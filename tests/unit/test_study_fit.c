/* SPDX-License-Identifier: BSD-3-Clause
 * Curves of updates over batches: planted ones are found again, and what cannot be known is null.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "study/analyse.h"
#include "study/fit.h"
#include "support/study.h"

static const double EXACT = 1e-6;     /* of a golden section in double */
static const double PUBLISHED = 0.01; /* they are rounded to whole numbers */

enum { N_BATCHES = 6, N_SEEDS = 3, N_STUDIES = 100, FEWEST_COVERED = 88 };

static const uint64_t BATCHES[N_BATCHES] = {8, 32, 128, 512, 2048, 8192};

static void assert_near(double value, double wanted, double tolerance)
{
    if (!(fabs(value / wanted - 1) <= tolerance)) fail_msg("%.9g, wanted %.9g", value, wanted);
}

static struct cairn_study_curve curve_of(const double *updates)
{
    double batch[N_BATCHES];
    for (size_t i = 0; i < N_BATCHES; i++) batch[i] = (double)BATCHES[i];
    const struct cairn_study_batches measured = {
        .n = N_BATCHES, .batch = batch, .updates = updates};
    return cairn_study_curve_fit(&measured);
}

static void exact_curve_is_found(void **state)
{
    double updates[N_BATCHES];
    (void)state;
    for (size_t i = 0; i < N_BATCHES; i++) updates[i] = 130 * (1 + 112 / (double)BATCHES[i]);
    struct cairn_study_curve curve = curve_of(updates);
    assert_int_equal(curve.side, CAIRN_STUDY_INSIDE);
    assert_near(curve.s_min, 130, EXACT);
    assert_near(curve.b_crit, 112, EXACT);
    assert_near(curve.e_min, 130 * 112, EXACT);
    assert_true(curve.rms_log < EXACT);
    assert_near(cairn_study_curve_at(&curve, 112), 260, EXACT);
}

/* MNIST, MLP 784-128-10, 4 % error: updates that a reference program took, and its B_crit. */
static void published_values_are_found(void **state)
{
    static const double sgd[] = {2211, 540, 228, 162, 139, 138};
    static const double momentum[] = {2232, 742, 214, 69, 66, 52};
    (void)state;
    struct cairn_study_curve plain = curve_of(sgd), heavy = curve_of(momentum);
    assert_near(plain.b_crit, 112, PUBLISHED);
    assert_near(heavy.b_crit, 389, PUBLISHED);
    assert_true(plain.rms_log < 0.08 && heavy.rms_log < 0.14);
}

static void far_b_crit_is_told(void **state)
{
    double falling[N_BATCHES], flat[N_BATCHES];
    (void)state;
    for (size_t i = 0; i < N_BATCHES; i++) {
        falling[i] = 1e6 / (double)BATCHES[i] * exp(0.05 * study_noise(1, i, 0));
        flat[i] = 100 * exp(0.05 * study_noise(2, i, 0));
    }
    struct cairn_study_curve curve = curve_of(falling);
    assert_int_equal(curve.side, CAIRN_STUDY_ABOVE);
    assert_near(curve.e_min, 1e6, 0.1);
    assert_near(cairn_study_curve_at(&curve, 1000), 1e3, 0.1);
    curve = curve_of(flat);
    assert_int_equal(curve.side, CAIRN_STUDY_BELOW);
    assert_near(curve.s_min, 100, 0.1);
}

/* S_min 130, B_crit 112, a spread of 15 % over the seeds; three rates, of which the middle one is
 * the best. */
static void plant(struct cairn_study_table *table, uint64_t study, size_t n_batches, size_t n_seeds)
{
    for (size_t i = 0; i < n_batches; i++)
        for (uint64_t seed = 1; seed <= n_seeds; seed++)
            for (int rate = -1; rate <= 1; rate++) {
                double lr = 0.01 * sqrt((double)BATCHES[i]) * pow(2, rate);
                double noise = exp(0.15 * study_noise(study, i, seed) + 0.8 * abs(rate));
                struct cairn_study_row *row = study_add(table, "0", BATCHES[i], lr, seed);
                row->updates = (uint64_t)(130 * (1 + 112 / (double)BATCHES[i]) * noise + 0.5);
                row->samples = row->updates * row->global;
                row->noise_scale = seed == 1 ? 10 : 40 + (double)seed;
                row->training_s = 1e-3 * (double)row->updates;
            }
}

static bool covers(struct cairn_study_value value, double truth)
{
    return value.low <= truth && truth <= value.high;
}

static void intervals_cover_the_truth(void **state)
{
    static double room[CAIRN_STUDY_DRAWS];
    int s_min = 0, b_crit = 0, e_min = 0;
    (void)state;
    for (uint64_t study = 0; study < N_STUDIES; study++) {
        struct cairn_study_table table = {0};
        struct cairn_study_order order = {0};
        struct cairn_study_fit fit = {0};
        plant(&table, study, N_BATCHES, N_SEEDS);
        assert_int_equal(cairn_study_order_create(&table, &order), CAIRN_OK);
        assert_int_equal(order.n_series, 1);
        assert_int_equal(cairn_study_fit_create(order.series, &fit), CAIRN_OK);
        assert_int_equal(fit.basis, CAIRN_STUDY_SEEDS);
        s_min += covers(cairn_study_fit_s_min(&fit, room), 130);
        e_min += covers(cairn_study_fit_e_min(&fit, room), 130 * 112);
        b_crit += covers(cairn_study_fit_b_crit(&fit, room), 112);
        cairn_study_fit_free(&fit);
        cairn_study_order_free(&order);
        study_free(&table);
    }
    print_message("of %d: s_min %d, e_min %d, b_crit %d\n", N_STUDIES, s_min, e_min, b_crit);
    assert_true(s_min >= FEWEST_COVERED && e_min >= FEWEST_COVERED && b_crit >= FEWEST_COVERED);
}

/* A budget that half of the seeds of the smallest batch do not reach the target within: what those
 * that do took would be too little.  The truth is still in the intervals, and hardly moved. */
static void given_up_is_more_than(void **state)
{
    static double room[CAIRN_STUDY_DRAWS];
    const uint64_t budget = 130 * (1 + 112 / 8);
    int covered = 0, n_bounds = 0;
    double logs = 0;
    (void)state;
    for (uint64_t study = 0; study < N_STUDIES; study++) {
        struct cairn_study_table table = {0};
        struct cairn_study_order order = {0};
        struct cairn_study_fit fit = {0};
        plant(&table, study, N_BATCHES, N_SEEDS);
        for (size_t i = 0; i < table.n_rows; i++) {
            if (table.row[i].updates <= budget) continue;
            table.row[i].updates = budget;
            table.row[i].end = CAIRN_STUDY_BUDGET;
        }
        assert_int_equal(cairn_study_order_create(&table, &order), CAIRN_OK);
        assert_int_equal(cairn_study_fit_create(order.series, &fit), CAIRN_OK);
        covered += covers(cairn_study_fit_b_crit(&fit, room), 112);
        n_bounds += fit.n_above > 0;
        logs += log(fit.curve.b_crit / 112) / N_STUDIES;
        cairn_study_fit_free(&fit);
        cairn_study_order_free(&order);
        study_free(&table);
    }
    print_message("of %d: b_crit %d, off by %.3f on average, %d with a bound\n", N_STUDIES, covered,
                  exp(logs) - 1, n_bounds);
    assert_true(covered >= FEWEST_COVERED && n_bounds > N_STUDIES / 4);
    assert_true(fabs(logs) < 0.05);
}

/* Exact but for bounds: one below the curve says nothing, one above it pulls. */
static void bounds_pull_one_way(void **state)
{
    double batch[N_BATCHES], updates[N_BATCHES];
    bool above[N_BATCHES] = {true};
    const struct cairn_study_batches of = {
        .n = N_BATCHES, .batch = batch, .updates = updates, .above = above};
    (void)state;
    for (size_t i = 0; i < N_BATCHES; i++) {
        batch[i] = (double)BATCHES[i];
        updates[i] = 130 * (1 + 112 / batch[i]);
    }
    updates[0] /= 3;
    struct cairn_study_curve curve = cairn_study_curve_fit(&of);
    assert_near(curve.b_crit, 112, EXACT);
    assert_true(curve.rms_log < EXACT);
    updates[0] *= 6;
    curve = cairn_study_curve_fit(&of);
    assert_true(curve.b_crit > 130 && curve.rms_log > 0.01);
}

static char *fit_json(const struct cairn_study_table *table)
{
    const struct cairn_study_about about = {.has_target = true};
    char *fit = NULL, *scaling = NULL;
    assert_int_equal(cairn_study_analyse(table, &about, &fit, &scaling), CAIRN_OK);
    assert_null(strstr(fit, "nan"));
    assert_null(strstr(fit, "inf"));
    assert_null(strstr(scaling, "nan"));
    assert_null(strstr(scaling, "inf"));
    free(scaling);
    return fit;
}

/* Two of three seeds of the smallest batch are given up.  The width of the interval of B_crit. */
static double width_with(uint64_t study, bool given_up)
{
    struct cairn_study_table table = {0};
    plant(&table, study, N_BATCHES, N_SEEDS);
    for (size_t i = 0; i < table.n_rows && given_up; i++)
        if (table.row[i].global == 8 && table.row[i].seed > 1)
            table.row[i].end = CAIRN_STUDY_STALLED, table.row[i].updates = 1900;
    char *fit = fit_json(&table);
    double width = study_number(fit, "\"b_crit\"", "high") / study_number(fit, "\"b_crit\"", "low");
    const char *points = strstr(fit, "\"points\"");
    assert_non_null(points);
    if (given_up) {
        assert_true(isnan(study_number(points, "", "updates")));
        assert_near(study_number(points, "", "updates_above"), 1900, EXACT);
        assert_near(study_number(points, "", "seeds_unknown"), 2, EXACT);
        assert_non_null(strstr(points, "half of the best learning rate's seeds or more"));
        assert_near(study_number(fit, "\"cells\"", "stalled"), 6, EXACT);
    }
    free(fit);
    study_free(&table);
    return log(width);
}

/* One of three seeds reached: the batch has a bound, is told and counted, and widens the interval.
 */
static void few_seeds_that_reached_are_told(void **state)
{
    enum { N = 8 };
    double wider = 0;
    (void)state;
    for (uint64_t study = 0; study < N; study++)
        wider += (width_with(study, true) - width_with(study, false)) / N;
    print_message("the interval is %.2f times as wide\n", exp(wider));
    assert_true(wider > 0);
}

static void json_says_all(void **state)
{
    struct cairn_study_table table = {0};
    (void)state;
    plant(&table, 5, N_BATCHES, N_SEEDS);
    char *fit = fit_json(&table), *again = fit_json(&table);
    assert_string_equal(fit, again);
    assert_non_null(strstr(fit, "\"optim.momentum=0\": {"));
    assert_near(study_number(fit, "\"s_min\"", "value"), 130, 0.2);
    assert_near(study_number(fit, "\"b_crit\"", "value"), 112, 0.4);
    assert_true(study_number(fit, "\"b_crit\"", "low") < study_number(fit, "\"b_crit\"", "high"));
    assert_near(study_number(fit, "", "lr_slope"), 0.5, EXACT);
    assert_near(study_number(fit, "\"lr_rules\"", "linear"), 0.01 * sqrt(8), EXACT);
    assert_near(study_number(fit, "\"points\"", "noise_scale"), 42, EXACT); /* the median */
    assert_near(study_number(fit, "\"points\"", "samples"),
                8 * study_number(fit, "\"points\"", "updates"), EXACT);
    assert_near(study_number(fit, "\"training_s\"", "value"),
                1e-3 * study_number(fit, "\"points\"", "updates"), EXACT);
    assert_near(study_number(fit, "\"points\"", "lr"), 0.01 * sqrt(8), EXACT);
    assert_near(study_number(fit, "", "flat_from"), 16 * study_number(fit, "", "perfect_until"),
                EXACT);
    assert_null(strstr(fit, "_edge\": true"));
    free(fit);
    free(again);
    study_free(&table);
}

static void nothing_reached(void **state)
{
    struct cairn_study_table table = {0};
    (void)state;
    plant(&table, 5, N_BATCHES, N_SEEDS);
    for (size_t i = 0; i < table.n_rows; i++)
        table.row[i].end = i % 2 == 0 ? CAIRN_STUDY_BUDGET : CAIRN_STUDY_DIVERGED;
    char *fit = fit_json(&table);
    assert_non_null(strstr(fit, "no batch reached the target"));
    assert_true(isnan(study_number(fit, "\"s_min\"", "value")));
    assert_true(isnan(study_number(fit, "\"points\"", "updates")));
    free(fit);
    study_free(&table);
}

static void few_batches_and_seeds(void **state)
{
    static const struct {
        size_t n_batches, n_seeds;
        const char *says;
        bool has_interval;
    } few[] = {
        {1, 3, "only one batch reached", false},
        {6, 1, "one seed for each batch: from the differences", true},
        {3, 1, "one seed for each batch, and fewer than four", false},
        {6, 2, "two seeds", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof few / sizeof few[0]; i++) {
        struct cairn_study_table table = {0};
        plant(&table, 3, few[i].n_batches, few[i].n_seeds);
        char *fit = fit_json(&table);
        if (strstr(fit, few[i].says) == NULL) fail_msg("no \"%s\" in %s", few[i].says, fit);
        assert_int_equal(isfinite(study_number(fit, "\"b_crit\"", "low")) != 0,
                         few[i].has_interval);
        free(fit);
        study_free(&table);
    }
}

/* A rate that most seeds do not reach the target with is not the best one, however fast it is for
 * one of them; a best rate at the end of the grid is told. */
static void best_rate(void **state)
{
    static const struct {
        double lr;
        uint64_t updates[3]; /* 0: diverged */
    } tried[] = {{0.1, {100, 110, 120}}, {0.2, {60, 64, 0}}, {0.4, {10, 0, 0}}, {0.05, {300}}};
    struct cairn_study_table table = {0};
    struct cairn_study_order order = {0};
    (void)state;
    for (size_t i = 0; i < 4; i++)
        for (uint64_t seed = 0; seed < (i < 3 ? 3 : 1); seed++) {
            struct cairn_study_row *row = study_add(&table, "0.9", 32, tried[i].lr, seed);
            row->updates = tried[i].updates[seed];
            if (row->updates == 0) row->end = CAIRN_STUDY_DIVERGED;
        }
    assert_int_equal(cairn_study_order_create(&table, &order), CAIRN_OK);
    const struct cairn_study_point *point = order.series[0].point;
    assert_int_equal(point->n_tried, 4);
    assert_non_null(point->best);
    assert_near(point->best->lr, 0.2, EXACT);
    assert_near(point->best->median, 64, EXACT);
    assert_near(point->best->high, 64, EXACT);
    assert_int_equal(point->best->n_reached, 2);
    assert_int_equal(cairn_study_point_edge(point), 0);
    cairn_study_order_free(&order);
    for (size_t i = 0; i < table.n_rows; i++)
        if (table.row[i].lr > 0.3) table.row[i].lr = 0.15;
    assert_int_equal(cairn_study_order_create(&table, &order), CAIRN_OK);
    assert_int_equal(cairn_study_point_edge(order.series[0].point), 1);
    cairn_study_order_free(&order);
    study_free(&table);
}

static void strange_rows_do_no_harm(void **state)
{
    struct cairn_study_table table = {0};
    (void)state;
    char *fit = fit_json(&table);
    assert_string_equal(fit, "{}\n");
    free(fit);
    plant(&table, 5, N_BATCHES, N_SEEDS);
    table.row[0].lr = NAN;
    table.row[1].global = 0;
    table.row[2].updates = 0;
    table.row[3].noise_scale = INFINITY;
    table.row[4].training_s = NAN;
    study_add(&table, "0.9\"\n", 1, 1, 1);
    fit = fit_json(&table);
    assert_non_null(strstr(fit, "\"optim.momentum=0.9\\\"\\n\": {"));
    free(fit);
    study_free(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_curve_is_found),
        cmocka_unit_test(published_values_are_found),
        cmocka_unit_test(far_b_crit_is_told),
        cmocka_unit_test(intervals_cover_the_truth),
        cmocka_unit_test(given_up_is_more_than),
        cmocka_unit_test(bounds_pull_one_way),
        cmocka_unit_test(few_seeds_that_reached_are_told),
        cmocka_unit_test(json_says_all),
        cmocka_unit_test(nothing_reached),
        cmocka_unit_test(few_batches_and_seeds),
        cmocka_unit_test(best_rate),
        cmocka_unit_test(strange_rows_do_no_harm),
    };
    return cmocka_run_group_tests_name("study_fit", tests, NULL, NULL);
}
