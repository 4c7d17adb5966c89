/* SPDX-License-Identifier: BSD-3-Clause
 * When a cell of a study has ended, and the files of a study. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "study/judge.h"
#include "study/table.h"
#include "support/study.h"

/* ---- the judge */

static void targets_are_read(void **state)
{
    (void)state;
    struct cairn_study_target target;
    const char *const bad[] = {"",
                               "accuracy >= 0.9",
                               "eval_accuracy = 0.9",
                               "eval_loss <",
                               "eval_loss < x",
                               "eval_loss << 1",
                               "eval_loss < 1 2",
                               "eval_loss <> 1",
                               "eval_loss < nan",
                               "eval_accuracy >= 96", /* cannot be reached */
                               "eval_accuracy > 1",
                               "eval_loss < 0"};
    assert_int_equal(cairn_study_target_read("eval_accuracy >= 0.96", &target), CAIRN_OK);
    assert_true(target.any && !cairn_study_target_is_loss(&target) && !target.goal.below &&
                target.goal.equal);
    assert_int_equal(cairn_study_target_read("eval_accuracy >= 1", &target), CAIRN_OK);
    assert_int_equal(cairn_study_target_read("eval_loss > 2", &target), CAIRN_OK);
    assert_int_equal(cairn_study_target_read("eval_loss<0.5", &target), CAIRN_OK);
    assert_true(cairn_study_target_is_loss(&target) && target.goal.below && !target.goal.equal &&
                target.goal.value == 0.5);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(cairn_study_target_read(bad[i], &target), CAIRN_USAGE);
}

static void cells_are_judged(void **state)
{
    (void)state;
    struct cairn_judge judge = {.budget = 1000, .limits = cairn_judge_limits_of(101, 0)};
    assert_int_equal(cairn_study_target_read("eval_accuracy >= 0.96", &judge.target), CAIRN_OK);
    assert_int_equal(judge.limits.beaten_at, 202);
    assert_int_equal(cairn_judge_observe(&judge, 10, 1, 0.5), CAIRN_VERDICT_NONE);
    assert_int_equal(cairn_judge_observe(&judge, 90, 1, 0.94), CAIRN_VERDICT_NONE);
    assert_int_equal(cairn_judge_observe(&judge, 95, 1, 0.97), CAIRN_VERDICT_NONE); /* a peak */
    assert_int_equal(cairn_judge_observe(&judge, 100, 1, 0.95), CAIRN_VERDICT_NONE);
    assert_int_equal(cairn_judge_observe(&judge, 105, 1, 0.97), CAIRN_VERDICT_REACHED);
    assert_int_equal(judge.reached, 103); /* the mean of three is 0.96 there */
    assert_int_equal(cairn_judge_observe(&judge, 201, 1, 0.95), CAIRN_VERDICT_NONE);
    assert_true(cairn_judge_is_due(&judge, 202));
    assert_int_equal(cairn_judge_observe(&judge, 202, 1, 0.95), CAIRN_VERDICT_BEATEN);
    assert_int_equal(cairn_judge_observe(&judge, 300, 1, 0.97), CAIRN_VERDICT_REACHED);
    assert_int_equal(cairn_judge_observe(&judge, 20, (double)NAN, 0.1), CAIRN_VERDICT_DIVERGED);
}

/* What is thought of a look after an early one that was the best so far. */
static enum cairn_verdict look_later(struct cairn_judge_limits limits, uint64_t update, double loss)
{
    struct cairn_judge judge = {.budget = 10000, .limits = limits};
    assert_int_equal(cairn_study_target_read("eval_accuracy >= 0.96", &judge.target), CAIRN_OK);
    assert_int_equal(cairn_judge_observe(&judge, 100, 0.5, 0.95), CAIRN_VERDICT_NONE);
    return cairn_judge_observe(&judge, update, loss, 0.9);
}

/* A plateau is no reason to end a cell while nothing is known of what the target takes. */
static void plateaus_are_waited_out(void **state)
{
    const struct cairn_judge_limits none = {0}, foreseen = cairn_judge_limits_of(0, 450);
    (void)state;
    assert_int_equal(foreseen.beaten_at, 0);
    assert_int_equal(look_later(none, 9000, 1), CAIRN_VERDICT_NONE);
    assert_int_equal(look_later(foreseen, 899, 1), CAIRN_VERDICT_NONE);
    assert_int_equal(look_later(foreseen, 900, 1), CAIRN_VERDICT_STALLED);
    assert_int_equal(look_later(foreseen, 900, 0.4), CAIRN_VERDICT_NONE); /* a better loss */
    assert_int_equal(look_later(foreseen, 10000, 1), CAIRN_VERDICT_NONE); /* the budget */
}

enum { MOST_CHECKS = 66 };
static const double LATE = 0.05; /* of a trailing mean on a curve without noise */

/* A learning curve whose error is 0.9 at first and then a / update, with noise of so many parts. */
static double error_at(double a, double noise, uint64_t study, uint64_t update)
{
    return a / ((double)update + a / 0.9) * exp(noise * study_noise(study, update, 0));
}

/* Walk it; where it is found to cross, and the number of checks. */
static uint64_t walk(double a, double noise, uint64_t study, uint64_t check_every, size_t *n_checks)
{
    struct cairn_judge judge = {.budget = UINT64_MAX, .check_every = check_every};
    enum cairn_verdict verdict = CAIRN_VERDICT_NONE;
    assert_int_equal(cairn_study_target_read("eval_accuracy >= 0.96", &judge.target), CAIRN_OK);
    *n_checks = 0;
    for (uint64_t update = 1; verdict == CAIRN_VERDICT_NONE; update++) {
        if (!cairn_judge_is_due(&judge, update)) continue;
        double error = error_at(a, noise, study, update);
        ++*n_checks;
        verdict = cairn_judge_observe(&judge, update, error, 1 - error);
    }
    assert_int_equal(verdict, CAIRN_VERDICT_REACHED);
    return judge.reached;
}

static void checks_miss_nothing(void **state)
{
    (void)state;
    for (double a = 1; a < 10000; a *= 3) {
        size_t n_checks = 0;
        double wanted = fmax(1, a / 0.04 - a / 0.9);
        double found = (double)walk(a, 0, 0, 0, &n_checks);
        if (!(found >= wanted - 1 && found <= (1 + LATE) * wanted + 1))
            fail_msg("found at %g, not at %g", found, wanted);
        assert_true(n_checks <= MOST_CHECKS);
    }
}

/* Single checks that are too good do not decide: where the target is found depends neither on the
 * noise nor on how often one looks. */
static void noise_moves_no_target(void **state)
{
    enum { N = 100 };
    static const uint64_t check_every[] = {0, 1, 10};
    const double a = 20, noise = 0.15, wanted = a / 0.04 - a / 0.9;
    (void)state;
    for (size_t i = 0; i < sizeof check_every / sizeof check_every[0]; i++) {
        double logs = 0;
        size_t n_checks = 0;
        for (uint64_t study = 0; study < N; study++)
            logs += log((double)walk(a, noise, study, check_every[i], &n_checks) / wanted) / N;
        print_message("every %d: off by %.3f\n", (int)check_every[i], exp(logs) - 1);
        assert_true(fabs(logs) < 0.1);
    }
}

/* ---- files */

static void make_table(struct cairn_study_table *table)
{
    const char *const axis[] = {"batch.global", "data.file"};
    const char *const file[] = {"a,\"b\".h5", "c.h5"};
    assert_int_equal(cairn_study_table_begin(table, 2, axis), CAIRN_OK);
    for (size_t i = 0; i < 2; i++) {
        struct cairn_study_row row = {.end = i == 0 ? CAIRN_STUDY_REACHED : CAIRN_STUDY_DIVERGED,
                                      .updates = 100 + i,
                                      .samples = UINT64_MAX,
                                      .wall_s = 1.0 / 3,
                                      .final_loss = i == 0 ? 0.25 : (double)NAN,
                                      .noise_scale = (double)NAN,
                                      .ranks = 3,
                                      .lr = 0.1,
                                      .reduce_s = 1e-9};
        for (uint64_t k = 0; k < 3 * i; k++) {
            const struct cairn_study_check check = {10 + k, 0.5, k == 0 ? (double)NAN : 0.75};
            assert_int_equal(cairn_study_row_check(&row, &check), CAIRN_OK);
        }
        row.value = calloc(2, sizeof *row.value);
        row.value[0] = strdup("8");
        row.value[1] = strdup(file[i]);
        assert_int_equal(cairn_study_table_add(table, &row), CAIRN_OK);
    }
}

static void same_rows(const struct cairn_study_table *a, const struct cairn_study_table *b)
{
    assert_int_equal(a->n_axes, b->n_axes);
    assert_int_equal(a->n_rows, b->n_rows);
    for (size_t r = 0; r < a->n_rows; r++) {
        const struct cairn_study_row *x = &a->row[r];
        const struct cairn_study_row *y = &b->row[r];
        for (size_t i = 0; i < a->n_axes; i++) assert_string_equal(x->value[i], y->value[i]);
        assert_int_equal(x->end, y->end);
        assert_true(x->updates == y->updates && x->samples == y->samples && x->ranks == y->ranks);
        assert_true(x->wall_s == y->wall_s && x->lr == y->lr && x->reduce_s == y->reduce_s);
        assert_true(isnan(x->final_loss) ? isnan(y->final_loss) : x->final_loss == y->final_loss);
        assert_true(isnan(y->noise_scale));
        assert_int_equal(x->n_checks, y->n_checks);
        for (size_t k = 0; k < x->n_checks; k++) {
            assert_int_equal(x->check[k].update, y->check[k].update);
            assert_true(x->check[k].loss == y->check[k].loss);
            assert_int_equal(isnan(x->check[k].accuracy), isnan(y->check[k].accuracy));
        }
    }
}

static void in_own_folder(char folder[32])
{
    snprintf(folder, 32, "study-test.XXXXXX");
    assert_non_null(mkdtemp(folder));
}

static void tables_come_back(void **state)
{
    (void)state;
    char folder[32];
    char path[64];
    bool found = false;
    char *text = NULL;
    struct cairn_study_table table = {.n_axes = 0};
    struct cairn_study_table again = {.n_axes = 0};
    struct cairn_study_table one = {.n_axes = 0};
    const struct cairn_study_texts texts = {.study = "run: x", .run = ""};
    in_own_folder(folder);
    make_table(&table);
    snprintf(path, sizeof path, "%s/study.h5", folder);
    assert_int_equal(cairn_study_h5_write(path, &table, &texts), CAIRN_OK);
    assert_int_equal(cairn_study_h5_read(path, &again), CAIRN_OK);
    same_rows(&table, &again);
    unlink(path);

    assert_int_equal(cairn_study_table_begin(&one, table.n_axes, (const char *const *)table.axis),
                     CAIRN_OK);
    snprintf(path, sizeof path, "%s/result", folder);
    for (size_t r = 0; r < table.n_rows; r++) {
        assert_int_equal(cairn_study_row_write(path, &table, &table.row[r]), CAIRN_OK);
        assert_int_equal(cairn_study_row_read(path, &one, &found), CAIRN_OK);
        assert_true(found);
    }
    same_rows(&table, &one);
    assert_int_equal(cairn_file_replace(path, "cairn study result 1\nend", 24), CAIRN_OK);
    assert_int_equal(cairn_study_row_read(path, &one, &found), CAIRN_DATA);
    unlink(path);

    snprintf(path, sizeof path, "%s/study.csv", folder);
    assert_int_equal(cairn_study_csv_write(path, &table), CAIRN_OK);
    assert_int_equal(cairn_file_read(path, &text), CAIRN_OK);
    assert_string_equal(text, "batch.global,data.file,reached,updates,samples,wall_s,final_loss,"
                              "noise_scale\n"
                              "8,\"a,\"\"b\"\".h5\",1,100,18446744073709551615,0.333333,0.25,\n"
                              "8,c.h5,0,101,18446744073709551615,0.333333,,\n");
    free(text);
    unlink(path);
    rmdir(folder);
    cairn_study_table_free(&table);
    cairn_study_table_free(&again);
    cairn_study_table_free(&one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(targets_are_read),        cmocka_unit_test(cells_are_judged),
        cmocka_unit_test(plateaus_are_waited_out), cmocka_unit_test(checks_miss_nothing),
        cmocka_unit_test(noise_moves_no_target),   cmocka_unit_test(tables_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
