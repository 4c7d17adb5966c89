/* SPDX-License-Identifier: BSD-3-Clause
 * The model of an update's time: planted costs are found again, the fastest batch is the minimum,
 * and what cannot be predicted is not. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "study/analyse.h"
#include "study/parts.h"
#include "support/study.h"

static const double EXACT = 1e-9;  /* of least squares in double */
static const double NOISY = 0.15;  /* the times have a spread of 3 % */
static const double CLOSE = 0.002; /* of a minimum that is looked for in 1 % paces */

enum { N_WEIGHTS = 1000000, N_UPDATES = 100 };
#define FIXED_S  2e-4
#define SAMPLE_S 1e-5
#define UPDATE_S 3e-4
#define REST_S   5e-5

static const struct cairn_alpha_beta PLANTED = {.latency_s = 2e-4, .s_per_byte = 1e-9};

static void assert_near(double value, double wanted, double tolerance)
{
    if (!(fabs(value / wanted - 1) <= tolerance)) fail_msg("%.9g, wanted %.9g", value, wanted);
}

/* A planted world: the way its sums go, and how much its times scatter. */
struct plan {
    enum cairn_probe_way way;
    double spread;
    double wait_s; /* per update, of the rank whose reduce_s is told */
    uint64_t seed; /* of the scatter */
};

static double sum_s(const struct plan *plan, int ranks)
{
    return ranks > 1 ? cairn_probe_predict(&PLANTED, plan->way, ranks, 4.0 * N_WEIGHTS) : 0;
}

static void add_cell(struct cairn_study_table *table, const struct plan *plan, int ranks,
                     uint64_t batch, uint64_t micro)
{
    uint64_t id = table->n_rows, n = N_UPDATES;
    struct cairn_study_row *row = study_add(table, "0.9", batch, 0.1, 1);
    double noise = exp(plan->spread * study_noise(plan->seed, id, 0));
    row->updates = (uint64_t)(100 * (1 + 500 / (double)batch) + 0.5);
    n = row->updates;
    row->samples = n * batch;
    row->ranks = ranks;
    row->micro = micro;
    row->accumulate = ((batch + micro - 1) / micro + (uint64_t)ranks - 1) / (uint64_t)ranks;
    row->n_weights = N_WEIGHTS;
    double micro_s = (FIXED_S + (double)micro * SAMPLE_S) * noise;
    row->compute_s = (double)n * (double)row->accumulate * micro_s * 0.9;
    row->data_s = row->compute_s / 9;
    row->update_s = (double)n * UPDATE_S;
    row->reduce_s = (double)n * sum_s(plan, ranks) * exp(plan->spread * study_noise(9, id, 1));
    row->training_s = row->compute_s + row->data_s + row->update_s + row->reduce_s;
    row->reduce_s += (double)n * plan->wait_s;
    if (plan->wait_s <= 0) row->training_s += (double)n * REST_S;
}

static void plant(struct cairn_study_table *table, const struct plan *plan, int most_ranks)
{
    static const uint64_t batches[] = {32, 128, 512, 2048};
    for (int ranks = 1; ranks <= most_ranks; ranks *= 2)
        for (size_t i = 0; i < 4; i++) {
            uint64_t share = batches[i] / (uint64_t)ranks;
            add_cell(table, plan, ranks, batches[i], share < 64 ? share : 64);
        }
}

/* All that is worked out of a table. */
struct worked {
    struct cairn_study_order order;
    struct cairn_study_fit fit;
    struct cairn_study_times times;
    struct cairn_study_predictions made;
};

static void work_out(struct worked *w, const struct cairn_study_table *table,
                     const struct cairn_alpha_beta *stated)
{
    const struct cairn_study_asked asked = {.stated = stated};
    *w = (struct worked){0};
    assert_int_equal(cairn_study_order_create(table, &w->order), CAIRN_OK);
    assert_int_equal(cairn_study_fit_create(w->order.series, &w->fit), CAIRN_OK);
    assert_int_equal(cairn_study_times_create(w->order.series, &w->times), CAIRN_OK);
    assert_int_equal(cairn_study_predict(&w->times, &w->fit, &asked, &w->made), CAIRN_OK);
}

static void release(struct worked *w)
{
    cairn_study_predictions_free(&w->made);
    cairn_study_times_free(&w->times);
    cairn_study_fit_free(&w->fit);
    cairn_study_order_free(&w->order);
}

static void planted_costs_are_found(void **state)
{
    static const enum cairn_probe_way ways[] = {CAIRN_PROBE_RING, CAIRN_PROBE_DOUBLING};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const struct plan plan = {.way = ways[i]};
        struct cairn_study_table table = {0};
        struct worked w;
        plant(&table, &plan, 8);
        work_out(&w, &table, NULL);
        const struct cairn_study_model *model = &w.made.model;
        assert_near(model->micro.fixed_s, FIXED_S, EXACT);
        assert_near(model->micro.sample_s, SAMPLE_S, EXACT);
        assert_near(model->world[2].update_s, UPDATE_S, EXACT);
        assert_near(model->world[2].rest_s, REST_S, 1e-6); /* a difference of larger ones */
        assert_int_equal(model->link.way, ways[i]);
        for (int ranks = 2; ranks <= 64; ranks *= 2)
            assert_near(cairn_study_model_link_s(model, ranks), sum_s(&plan, ranks), EXACT);
        assert_true(w.made.fitted.max < EXACT && w.made.held_out.max < EXACT);
        release(&w);
        study_free(&table);
    }
    const struct plan plan = {.way = CAIRN_PROBE_RING};
    struct cairn_study_table table = {0};
    struct worked w;
    plant(&table, &plan, 8);
    work_out(&w, &table, NULL);
    assert_near(w.made.model.link.cost[CAIRN_PROBE_RING].latency_s, PLANTED.latency_s, EXACT);
    assert_near(w.made.model.link.cost[CAIRN_PROBE_RING].s_per_byte, PLANTED.s_per_byte, EXACT);
    release(&w);
    study_free(&table);
}

static bool covers(struct cairn_study_value value, double truth)
{
    return value.low <= truth && truth <= value.high;
}

/* With noise, far worlds too: within the bound, and inside of most intervals. */
static void noisy_costs_predict(void **state)
{
    size_t n = 0, covered = 0;
    (void)state;
    for (uint64_t seed = 0; seed < 10; seed++) {
        const struct plan plan = {.way = CAIRN_PROBE_RING, .spread = 0.03, .seed = seed};
        struct cairn_study_table table = {0};
        struct worked w;
        plant(&table, &plan, 4);
        work_out(&w, &table, NULL);
        assert_true(w.made.held_out.n == 12 && w.made.held_out.max < NOISY);
        for (size_t i = 0; i < w.made.n_made; i++) {
            const struct cairn_study_prediction *p = &w.made.made[i];
            double truth = (double)p->accumulate * FIXED_S + UPDATE_S + REST_S +
                           (double)(p->accumulate * p->micro) * SAMPLE_S + sum_s(&plan, p->ranks);
            if (p->ranks <= 8) assert_near(p->per_update_s.value, truth, NOISY);
            covered += covers(p->per_update_s, truth);
            assert_true(covers(p->updates, p->updates.value));
            assert_near(p->to_target_s.value, p->updates.value * p->per_update_s.value, EXACT);
            n++;
        }
        release(&w);
        study_free(&table);
    }
    print_message("%zu of %zu inside of their intervals\n", covered, n);
    assert_true(covered * 10 >= n * 9);
}

/* What the slowest rank does not wait for is not part of a sum. */
static void waiting_is_no_sum(void **state)
{
    const struct plan plan = {.way = CAIRN_PROBE_RING, .wait_s = 1};
    struct cairn_study_table table = {0};
    struct worked w;
    (void)state;
    plant(&table, &plan, 4);
    work_out(&w, &table, NULL);
    for (size_t i = 1; i < w.made.model.n_worlds; i++)
        assert_near(w.made.model.world[i].sum_s, sum_s(&plan, (int)w.made.model.world[i].ranks),
                    1e-6); /* a difference of larger ones */
    release(&w);
    study_free(&table);
}

/* A micro-batch is no larger than what there is to work. */
static void small_batches_have_small_micro_batches(void **state)
{
    const struct plan plan = {.way = CAIRN_PROBE_RING};
    struct cairn_study_table table = {0};
    struct worked w;
    (void)state;
    plant(&table, &plan, 4);
    for (size_t i = 0; i < table.n_rows; i++)
        if (table.row[i].global == 32 && table.row[i].ranks == 1) table.row[i].micro = 128;
    work_out(&w, &table, NULL);
    assert_near(w.made.model.micro.sample_s, SAMPLE_S, EXACT);
    assert_int_equal(w.made.model.best_micro, 64);
    release(&w);
    study_free(&table);
}

static void fastest_batch_is_the_minimum(void **state)
{
    static const double b_crits[] = {1, 50, 400, 3000, 1e6};
    const struct plan plan = {.way = CAIRN_PROBE_RING};
    struct cairn_study_table table = {0};
    struct worked w;
    (void)state;
    plant(&table, &plan, 4);
    work_out(&w, &table, NULL);
    for (size_t i = 0; i < sizeof b_crits / sizeof b_crits[0]; i++)
        for (int ranks = 1; ranks <= 32; ranks *= 2) {
            double least = INFINITY;
            double batch = cairn_study_model_fastest(&w.made.model, ranks, b_crits[i]);
            for (double b = ranks; b < 1e8; b *= 1.01)
                least = fmin(least, (1 + b_crits[i] / b) *
                                        cairn_study_model_smooth_s(&w.made.model, ranks, b));
            double at =
                (1 + b_crits[i] / batch) * cairn_study_model_smooth_s(&w.made.model, ranks, batch);
            assert_true(batch >= ranks && at <= least * (1 + EXACT));
            assert_near(at, least, CLOSE);
        }
    assert_int_equal(w.made.n_fastest, 6);
    assert_near(w.fit.curve.b_crit, 500, 0.02); /* updates are whole numbers */
    /* one micro-batch of 64 for each of 4 ranks does not bind here: the formula as it is written */
    double t0_s = sum_s(&plan, 4) + UPDATE_S + REST_S;
    assert_near(cairn_study_model_fastest(&w.made.model, 4, 500),
                sqrt(500 * 4 * t0_s / (SAMPLE_S + FIXED_S / 64)), EXACT);
    release(&w);
    study_free(&table);
}

static void link_that_is_not_known(void **state)
{
    const struct plan plan = {.way = CAIRN_PROBE_RING};
    struct cairn_study_table table = {0};
    struct worked w;
    (void)state;
    plant(&table, &plan, 2);
    work_out(&w, &table, NULL);
    assert_non_null(w.made.sum_reason);
    assert_true(isnan(cairn_study_model_sum_s(&w.made.model, 4)));
    for (size_t i = 0; i < w.made.n_made; i++) assert_true(w.made.made[i].ranks <= 2);
    release(&w);
    work_out(&w, &table, &PLANTED);
    assert_null(w.made.sum_reason);
    int most = 0;
    for (size_t i = 0; i < w.made.n_made; i++) {
        const struct cairn_study_prediction *p = &w.made.made[i];
        assert_int_equal(p->is_stated, p->ranks > 2);
        if (p->ranks > most) most = p->ranks;
    }
    assert_int_equal(most, 128);
    release(&w);
    study_free(&table);
}

static void json_says_all(void **state)
{
    const struct plan plan = {.way = CAIRN_PROBE_RING, .spread = 0.02};
    const struct cairn_study_about about = {.has_target = true, .asked = {.stated = &PLANTED}};
    struct cairn_study_table table = {0};
    char *fit = NULL, *scaling = NULL;
    (void)state;
    plant(&table, &plan, 4);
    add_cell(&table, &plan, 2, 64, 32); /* share of one rank as in 32 on one */
    add_cell(&table, &plan, 4, 128, 32);
    assert_int_equal(cairn_study_analyse(&table, &about, &fit, &scaling), CAIRN_OK);
    assert_null(strstr(scaling, "nan"));
    assert_near(study_number(scaling, "\"parts\"", "sample_s"), SAMPLE_S, NOISY);
    assert_near(study_number(scaling, "\"stated\"", "latency_s"), PLANTED.latency_s, EXACT);
    assert_true(study_number(scaling, "\"held_out\"", "max") < NOISY);
    assert_near(study_number(scaling, "\"strong\"", "efficiency"), 1, EXACT);
    assert_near(study_number(scaling, "\"weak\"", "efficiency"), 1, EXACT);
    assert_non_null(strstr(scaling, "\"kind\": \"weak\""));
    assert_true(study_number(scaling, "\"fastest\"", "low") <
                study_number(scaling, "\"fastest\"", "high"));
    free(fit);
    free(scaling);
    study_free(&table);
}

static void times_that_are_none(void **state)
{
    static const double wrong[] = {NAN, INFINITY, 0, -1};
    const struct cairn_study_about about = {.has_target = false};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const struct plan plan = {.way = CAIRN_PROBE_RING};
        struct cairn_study_table table = {0};
        char *fit = NULL, *scaling = NULL;
        plant(&table, &plan, 2);
        for (size_t j = 0; j < table.n_rows; j++)
            *(j % 2 == 0 ? &table.row[j].training_s : &table.row[j].compute_s) = wrong[i];
        assert_int_equal(cairn_study_analyse(&table, &about, &fit, &scaling), CAIRN_OK);
        assert_string_equal(fit, "{}\n");
        assert_non_null(strstr(scaling, "no cell has times that can be used"));
        free(fit);
        free(scaling);
        table.row[0].training_s = table.row[0].compute_s * 2; /* a single point */
        assert_int_equal(cairn_study_analyse(&table, &about, &fit, &scaling), CAIRN_OK);
        assert_null(strstr(scaling, "nan"));
        assert_non_null(strstr(scaling, "fewer than three held-out points"));
        assert_true(isnan(study_number(scaling, "\"predictions\"", "low")));
        free(fit);
        free(scaling);
        study_free(&table);
    }
}

/* Sizes on a line are foretold by it; those whose time rises with a power, by a curve. */
static void sizes_choose_line_or_curve(void **state)
{
    (void)state;
    struct cairn_study_by_size line = {.n = 5}, power = {.n = 5}, flat = {.n = 4};
    for (size_t i = 0; i < 5; i++) {
        line.size[i] = power.size[i] = flat.size[i] = pow(4, (double)i + 1);
        line.s[i] = FIXED_S + line.size[i] * SAMPLE_S;
        power.s[i] = 1e-4 * pow(power.size[i], 0.75);
        flat.s[i] = 3e-5;
    }
    cairn_study_by_size_fit(&line, true);
    cairn_study_by_size_fit(&power, true);
    cairn_study_by_size_fit(&flat, false);
    assert_int_equal(line.shape, CAIRN_STUDY_LINE);
    assert_int_equal(power.shape, CAIRN_STUDY_POWERS);
    assert_int_equal(flat.shape, CAIRN_STUDY_LINE);
    assert_near(cairn_study_by_size_at(&line, 100), FIXED_S + 100 * SAMPLE_S, EXACT);
    assert_near(cairn_study_by_size_at(&power, 100), 1e-4 * pow(100, 0.75), EXACT);
    assert_near(cairn_study_by_size_at(&power, 1), 1e-4, EXACT); /* beyond, either way */
    assert_near(cairn_study_by_size_at(&power, 65536), 1e-4 * pow(65536, 0.75), EXACT);
    assert_near(cairn_study_by_size_at(&flat, 7), 3e-5, EXACT);
}

/* Two sizes that lie close together do not throw what lies far beyond out of bounds. */
static void curves_rise_by_so_much(void **state)
{
    (void)state;
    struct cairn_study_by_size near = {
        .n = 3, .size = {10, 100, 101}, .s = {1, 5, 9}, .shape = CAIRN_STUDY_POWERS};
    assert_near(cairn_study_by_size_at(&near, 1010), 9 * pow(10, 1.2), EXACT);
    near.s[2] = 2;
    assert_near(cairn_study_by_size_at(&near, 1010), 2, EXACT); /* nor do they fall */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(planted_costs_are_found),
        cmocka_unit_test(noisy_costs_predict),
        cmocka_unit_test(waiting_is_no_sum),
        cmocka_unit_test(small_batches_have_small_micro_batches),
        cmocka_unit_test(fastest_batch_is_the_minimum),
        cmocka_unit_test(link_that_is_not_known),
        cmocka_unit_test(sizes_choose_line_or_curve),
        cmocka_unit_test(curves_rise_by_so_much),
        cmocka_unit_test(json_says_all),
        cmocka_unit_test(times_that_are_none),
    };
    return cmocka_run_group_tests_name("study_scaling", tests, NULL, NULL);
}
