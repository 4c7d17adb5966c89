/* SPDX-License-Identifier: BSD-3-Clause
 * Further targets of the same cells: planted learning curves, judged again. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "study/analyse.h"
#include "support/study.h"

/* The mean trails by half of 5 %, and is interpolated between checks. */
static const double NEAR = 0.06, NEAR_WITH_NOISE = 0.12;

enum { N_BATCHES = 5, N_SEEDS = 3 };
static const uint64_t BATCHES[N_BATCHES] = {8, 32, 128, 512, 2048};
static const double AT_FIRST = 0.9, HARD = 0.04, EASY = 0.08;

/* Updates to an error of HARD are 260 (1 + 112 / B), those to another one in proportion. */
static double to_error(uint64_t batch, double error)
{
    double scale = 260 * (1 + 112 / (double)batch) / (1 / HARD - 1 / AT_FIRST);
    return scale * (1 / error - 1 / AT_FIRST);
}

/* A cell that is looked at until it reaches an error of HARD or its budget is spent. */
static void run_cell(struct cairn_study_row *row, uint64_t budget, double noise)
{
    struct cairn_judge judge = {.budget = budget};
    assert_int_equal(cairn_study_target_read("eval_accuracy >= 0.96", &judge.target), CAIRN_OK);
    double scale = to_error(row->global, HARD) / (1 / HARD - 1 / AT_FIRST);
    enum cairn_verdict verdict = CAIRN_VERDICT_NONE;
    for (uint64_t u = 1; verdict == CAIRN_VERDICT_NONE && u <= budget; u++) {
        if (!cairn_judge_is_due(&judge, u)) continue;
        double error = scale / ((double)u + scale / AT_FIRST) *
                       exp(noise * study_noise(row->global, u, row->seed));
        const struct cairn_study_check check = {u, error, 1 - error};
        assert_int_equal(cairn_study_row_check(row, &check), CAIRN_OK);
        verdict = cairn_judge_observe(&judge, u, error, 1 - error);
    }
    row->end = verdict == CAIRN_VERDICT_REACHED ? CAIRN_STUDY_REACHED : CAIRN_STUDY_BUDGET;
    row->updates = verdict == CAIRN_VERDICT_REACHED ? judge.reached : budget;
    row->samples = row->updates * row->global;
    row->training_s = 1e-3 * (double)row->updates;
}

static void plant(struct cairn_study_table *table, uint64_t budget, double noise)
{
    for (size_t i = 0; i < N_BATCHES; i++)
        for (uint64_t seed = 1; seed <= N_SEEDS; seed++)
            run_cell(study_add(table, "0", BATCHES[i], 0.1, seed), budget, noise);
}

static char *fit_json(const struct cairn_study_table *table)
{
    struct cairn_study_targets targets = {.n = 1, .of = {{.text = "eval_accuracy >= 0.92"}}};
    const struct cairn_study_about about = {.has_target = true, .targets = &targets};
    char *fit = NULL, *scaling = NULL;
    assert_int_equal(cairn_study_target_read(targets.of[0].text, &targets.of[0].target), CAIRN_OK);
    assert_int_equal(cairn_study_analyse(table, &about, &fit, &scaling), CAIRN_OK);
    free(scaling);
    return fit;
}

static void assert_within(double value, double wanted, double tolerance)
{
    if (!(fabs(value / wanted - 1) <= tolerance)) fail_msg("%.9g, wanted %.9g", value, wanted);
}

static void assert_near(double value, double wanted)
{
    assert_within(value, wanted, NEAR);
}

/* With noise of 10 % of the error at each check, too. */
static void both_targets_have_figures(void **state)
{
    static const double noise[] = {0, 0.1};
    (void)state;
    for (size_t i = 0; i < sizeof noise / sizeof noise[0]; i++) {
        struct cairn_study_table table = {0};
        double near = noise[i] > 0 ? NEAR_WITH_NOISE : NEAR;
        plant(&table, 100000, noise[i]);
        char *fit = fit_json(&table);
        const char *further = strstr(fit, "\"target\": \"eval_accuracy >= 0.92\"");
        assert_non_null(further);
        assert_within(study_number(fit, "\"s_min\"", "value"), 260, near);
        assert_within(study_number(fit, "\"b_crit\"", "value"), 112, near);
        assert_within(study_number(further, "\"s_min\"", "value"),
                      260 * to_error(8, EASY) / to_error(8, HARD), near);
        assert_within(study_number(further, "\"b_crit\"", "value"), 112, near);
        free(fit);
        study_free(&table);
    }
}

/* The smallest batch spends its budget on the way: the easier target has it all the same. */
static void easier_targets_know_more(void **state)
{
    struct cairn_study_table table = {0};
    (void)state;
    plant(&table, (uint64_t)to_error(8, 0.06), 0);
    char *fit = fit_json(&table);
    const char *further = strstr(fit, "\"target\"");
    assert_near(study_number(fit, "\"cells\"", "budget"), N_SEEDS);
    assert_true(study_number(further, "\"cells\"", "budget") == 0);
    assert_near(study_number(further, "\"points\"", "updates"), to_error(8, EASY));
    free(fit);
    study_free(&table);
}

/* Cells of earlier versions kept no scores: they are used as they were. */
static void cells_without_scores_are_left_out(void **state)
{
    struct cairn_study_table table = {0};
    (void)state;
    plant(&table, 100000, 0);
    for (size_t i = 0; i < table.n_rows; i++) table.row[i].n_checks = 0;
    char *fit = fit_json(&table);
    assert_near(study_number(fit, "\"b_crit\"", "value"), 112);
    assert_non_null(strstr(fit, "\"targets\": []"));
    free(fit);
    study_free(&table);
}

static void targets_are_compared(void **state)
{
    static const struct {
        const char *target;
        bool is_easier;
    } tried[] = {{"eval_accuracy >= 0.9", true},
                 {"eval_accuracy >= 0.97", false},
                 {"eval_accuracy >= 0.96", false},
                 {"eval_loss < 0.1", false}};
    struct cairn_study_target hardest, target;
    (void)state;
    assert_int_equal(cairn_study_target_read("eval_accuracy >= 0.96", &hardest), CAIRN_OK);
    for (size_t i = 0; i < sizeof tried / sizeof tried[0]; i++) {
        assert_int_equal(cairn_study_target_read(tried[i].target, &target), CAIRN_OK);
        assert_int_equal(cairn_study_target_is_easier(&target, &hardest), tried[i].is_easier);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_targets_have_figures),
        cmocka_unit_test(easier_targets_know_more),
        cmocka_unit_test(cells_without_scores_are_left_out),
        cmocka_unit_test(targets_are_compared),
    };
    return cmocka_run_group_tests_name("study_targets", tests, NULL, NULL);
}
