/* SPDX-License-Identifier: BSD-3-Clause
 * Axes, the order of cells by invented results, and the folder as queue. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/study_file.h"
#include "study/cells.h"
#include "study/folder.h"
#include "support/study.h"

enum { MOST = 4096 };

/* ---- axes */

static void axes_are_read(void **state)
{
    (void)state;
    struct cairn_study_file *file = NULL;
    struct cairn_study_axes axes;
    char name[CAIRN_STUDY_NAME_BYTES];
    assert_int_equal(
        study_read_axes("{batch.global: [8, 32], optim.lr: {log: [0.01, 1], n: 3, follow: "
                        "true}, schedule.final_factor: {linear: [0, 1], n: 5}}",
                        &file, &axes),
        CAIRN_OK);
    assert_int_equal(axes.n, 3);
    assert_int_equal(axes.axis[0].role, CAIRN_STUDY_BATCH);
    assert_string_equal(axes.axis[0].value[1], "32");
    assert_int_equal(axes.axis[1].first, CAIRN_STUDY_BEYOND);
    assert_string_equal(axes.axis[1].value[CAIRN_STUDY_BEYOND + 1], "0.1");
    assert_string_equal(axes.axis[1].value[0], "1e-06"); /* the same ratio beyond the ends */
    assert_string_equal(axes.axis[1].value[axes.axis[1].n - 1], "1e+04");
    assert_string_equal(axes.axis[2].value[1], "0.25");
    assert_int_equal(cairn_study_n_given(&axes), 2 * 3 * 5);
    size_t cell = cairn_study_with(&axes, 0, 1, CAIRN_STUDY_BEYOND);
    cell = cairn_study_with(&axes, cell, 0, 1);
    assert_int_equal(cairn_study_place(&axes, cell, 0), 1);
    cairn_study_cell_name(&axes, cell, name);
    assert_string_equal(name, "batch.global=32,optim.lr=0.01,schedule.final_factor=0");
    cairn_study_axes_free(&axes);
    cairn_study_file_free(file);
}

static void bad_axes_are_refused(void **state)
{
    (void)state;
    const struct {
        const char *text, *says;
    } bad[] = {
        {"{}", "axes is empty"},
        {"{batch.globl: [8]}", "did you mean 'batch.global'"},
        {"{batch.global: []}", "has no values"},
        {"{batch.global: 8}", "takes a list"},
        {"{batch.global: [[8]]}", "single values"},
        {"{batch.global: [8, 32, 8]}", "the value 8 twice"},
        {"{optim.lr: {log: [0, 1], n: 3}}", "optim.lr"},
        {"{optim.lr: {log: [1, 0.1], n: 3}}", "from a smaller to a larger"},
        {"{optim.lr: {log: [0.1, 1]}}", "n"},
        {"{optim.lr: {log: [0.1, 1], linear: [0, 1], n: 3}}", "one of"},
        {"{optim.lr: {lgo: [0.1, 1], n: 3}}", "did you mean"},
        {"{batch.global: {log: [8, 64], n: 4, follow: true}}", "only optim.lr"},
        {"{model: [1, 2]}", "cannot be an axis"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct cairn_study_file *file = NULL;
        struct cairn_study_axes axes;
        assert_int_equal(study_read_axes(bad[i].text, &file, &axes), CAIRN_USAGE);
        if (strstr(cairn_error_text(), bad[i].says) == NULL)
            fail_msg("%s: '%s' is not in: %s", bad[i].text, bad[i].says, cairn_error_text());
        if (strstr(cairn_error_text(), "s.yaml:2:") == NULL)
            fail_msg("%s: no place in: %s", bad[i].text, cairn_error_text());
        cairn_study_axes_free(&axes);
        cairn_study_file_free(file);
    }
}

/* ---- the search */

/* Updates to the target at this place of the rate and seed; 0: diverged. */
typedef uint64_t outcome(size_t batch, size_t rate, size_t seed);

/* Play a study of 3 batches, 7 rates (and 4 beyond each end), 3 seeds to its end; how often each
 * cell was run in *known.  Always the first that is wanted. */
static size_t play(const char *text, outcome *updates, struct cairn_study_axes *axes,
                   struct cairn_study_known *known)
{
    struct cairn_study_file *file = NULL;
    size_t wanted[MOST];
    size_t n_run = 0;
    assert_int_equal(study_read_axes(text, &file, axes), CAIRN_OK);
    assert_true(cairn_study_n_cells(axes) <= MOST);
    memset(known, 0, MOST * sizeof *known);
    while (cairn_study_pending_cells(axes, known, MOST, wanted) > 0) {
        size_t cell = wanted[0];
        uint64_t n = updates(cairn_study_place(axes, cell, 0), cairn_study_place(axes, cell, 1),
                             cairn_study_place(axes, cell, 2));
        assert_false(known[cell].ended);
        known[cell] = (struct cairn_study_known){.ended = true,
                                                 .end = n == 0     ? CAIRN_STUDY_DIVERGED
                                                        : n > 5000 ? CAIRN_STUDY_BUDGET
                                                                   : CAIRN_STUDY_REACHED,
                                                 .updates = n};
        assert_true(++n_run <= cairn_study_n_cells(axes));
    }
    cairn_study_file_free(file);
    return n_run;
}

static const char FOLLOW[] = "{batch.global: [8, 32, 128], optim.lr: {log: [0.001, 1], n: 7, "
                             "follow: true}, train.seed: [1, 2, 3]}";

/* The best rate is one further at each batch; above it by two they diverge. */
static uint64_t moving(size_t batch, size_t rate, size_t seed)
{
    size_t best = CAIRN_STUDY_BEYOND + 2 + batch;
    if (rate >= best + 2) return 0;
    return 100 * (1 + (rate > best ? rate - best : best - rate)) + seed;
}

static void search_follows_the_best(void **state)
{
    (void)state;
    struct cairn_study_axes axes;
    static struct cairn_study_known known[MOST];
    size_t n = play(FOLLOW, moving, &axes, known);
    for (size_t batch = 0; batch < 3; batch++) {
        bool at_edge = true;
        size_t best = CAIRN_STUDY_BEYOND + 2 + batch;
        size_t cell = cairn_study_with(&axes, 0, 0, batch);
        assert_int_equal(cairn_study_best_rate(&axes, known, cell, &at_edge), best);
        assert_false(at_edge);
        assert_int_equal(cairn_study_fewest(&axes, known, cell), 101);
        /* two worse on each side, with the first seed; the others for the best and beside it */
        for (size_t rate = 0; rate < axes.axis[1].n; rate++) {
            size_t away = rate > best ? rate - best : best - rate;
            for (size_t seed = 0; seed < 3; seed++) {
                size_t here =
                    cairn_study_with(&axes, cairn_study_with(&axes, cell, 1, rate), 2, seed);
                bool wanted = seed == 0 ? away <= 2 : away <= 1;
                /* the first batch began in the middle, one above its best */
                if (wanted || batch > 0 || away > 3) assert_int_equal(known[here].ended, wanted);
            }
        }
    }
    assert_in_range(n, 3 * (5 + 6), 3 * (5 + 6) + 1);
    struct cairn_study_left left[3];
    cairn_study_left(&axes, known, left);
    for (size_t batch = 0; batch < 3; batch++) assert_int_equal(left[batch].most, 0);
    cairn_study_axes_free(&axes);
}

/* Better and better towards small rates, without an end. */
static uint64_t falling(size_t batch, size_t rate, size_t seed)
{
    (void)batch;
    (void)seed;
    return 100 + rate;
}

static void grid_grows_at_its_edge(void **state)
{
    (void)state;
    struct cairn_study_axes axes;
    static struct cairn_study_known known[MOST];
    bool at_edge = false;
    play(FOLLOW, falling, &axes, known);
    assert_int_equal(cairn_study_best_rate(&axes, known, 0, &at_edge), 0); /* four beyond */
    assert_true(at_edge);
    cairn_study_axes_free(&axes);
}

/* Nothing reaches the target: the grid is tried as far as it does not diverge, and no further. */
static uint64_t hopeless(size_t batch, size_t rate, size_t seed)
{
    (void)batch;
    (void)seed;
    return rate > CAIRN_STUDY_BEYOND + 4 ? 0 : 6000;
}

static void hopeless_batches_end(void **state)
{
    (void)state;
    struct cairn_study_axes axes;
    static struct cairn_study_known known[MOST];
    bool at_edge = false;
    size_t n = play(FOLLOW, hopeless, &axes, known);
    assert_int_equal(n, 3 * 6); /* rates 0 to 4, and one that diverged; one seed */
    assert_int_equal(cairn_study_best_rate(&axes, known, 0, &at_edge), SIZE_MAX);
    cairn_study_axes_free(&axes);
}

static void without_follow_all_are_run(void **state)
{
    (void)state;
    struct cairn_study_axes axes;
    static struct cairn_study_known known[MOST];
    bool at_edge = false;
    size_t n = play("{batch.global: [8, 32], optim.lr: [0.1, 0.2, 0.4], train.seed: [1, 2]}",
                    falling, &axes, known);
    assert_int_equal(n, 2 * 3 * 2);
    assert_int_equal(cairn_study_best_rate(&axes, known, 0, &at_edge), 0);
    assert_true(at_edge);
    cairn_study_axes_free(&axes);
}

/* Two series go on side by side, each for itself. */
static void series_are_apart(void **state)
{
    (void)state;
    struct cairn_study_file *file = NULL;
    struct cairn_study_axes axes;
    size_t wanted[MOST];
    static struct cairn_study_known known[MOST];
    assert_int_equal(
        study_read_axes("{optim.momentum: [0, 0.9], batch.global: [8, 32], optim.lr: {log: "
                        "[0.01, 1], n: 3, follow: true}}",
                        &file, &axes),
        CAIRN_OK);
    size_t n = cairn_study_pending_cells(&axes, known, MOST, wanted);
    bool seen[2] = {false};
    for (size_t i = 0; i < n; i++) {
        seen[cairn_study_place(&axes, wanted[i], 0)] = true;
        assert_int_equal(cairn_study_place(&axes, wanted[i], 1), 0); /* first batch first */
    }
    assert_true(seen[0] && seen[1]);
    cairn_study_axes_free(&axes);
    cairn_study_file_free(file);
}

/* ---- the folder */

static void in_own_folder(char folder[32])
{
    snprintf(folder, 32, "study-test.XXXXXX");
    assert_non_null(mkdtemp(folder));
}

/* A result that cannot be read; or away with it. */
static void spoil(const struct cairn_study_folder *folder, bool there)
{
    char path[CAIRN_PATH_BYTES];
    assert_int_equal(cairn_path_join(folder->results, "batch.global=8", path), CAIRN_OK);
    if (there)
        assert_int_equal(cairn_file_replace(path, "half", 4), CAIRN_OK);
    else
        assert_int_equal(cairn_file_remove(path), CAIRN_OK);
}

static void results_are_the_queue(void **state)
{
    (void)state;
    char name[32];
    struct cairn_study_file *file = NULL;
    struct cairn_study_axes axes;
    struct cairn_study_folder folder = {.n_seen = 0};
    struct cairn_study_table table = {.n_axes = 0};
    static struct cairn_study_known known[MOST];
    struct cairn_lock claim = {.fd = -1};
    bool claimed = false;
    const char *const axis[] = {"batch.global"};
    char *value[] = {(char *)"32"};
    struct cairn_study_row row = {.value = value, .updates = 7};
    in_own_folder(name);
    assert_int_equal(study_read_axes("{batch.global: [8, 32]}", &file, &axes), CAIRN_OK);
    assert_int_equal(cairn_study_folder_open(name, &folder), CAIRN_OK);
    assert_int_equal(cairn_study_table_begin(&table, 1, axis), CAIRN_OK);
    assert_int_equal(cairn_study_claim(&folder, &axes, 1, &claim, &claimed), CAIRN_OK);
    assert_true(claimed);
    assert_int_equal(cairn_study_folder_put(&folder, &axes, 1, &table, &row), CAIRN_OK);
    cairn_lock_release(&claim);
    assert_int_equal(cairn_study_claim(&folder, &axes, 1, &claim, &claimed), CAIRN_OK);
    assert_false(claimed); /* it has ended */
    spoil(&folder, true);
    for (int look = 0; look < 2; look++) /* not forgotten after the first time */
        assert_int_equal(cairn_study_folder_collect(&folder, &table, &axes, known), CAIRN_DATA);
    spoil(&folder, false);
    for (int look = 0; look < 2; look++) {
        assert_int_equal(cairn_study_folder_collect(&folder, &table, &axes, known), CAIRN_OK);
        assert_int_equal(table.n_rows, 1);
        assert_true(!known[0].ended && known[1].ended && known[1].updates == 7);
    }
    assert_int_equal(cairn_study_folder_clear(&folder), CAIRN_OK);
    assert_int_equal(cairn_study_claim(&folder, &axes, 1, &claim, &claimed), CAIRN_OK);
    assert_true(claimed);
    cairn_lock_release(&claim);
    assert_int_equal(rmdir(folder.claims) | rmdir(folder.results) | rmdir(folder.cells), 0);
    rmdir(name);
    cairn_study_folder_close(&folder);
    cairn_study_table_free(&table);
    cairn_study_axes_free(&axes);
    cairn_study_file_free(file);
}

static void names_of_cells_are_known(void **state)
{
    (void)state;
    const char *const ours[] = {"batch.global=4",
                                "ranks=2,batch.global=64",
                                "loss=cross_entropy,optim.lr=0.1",
                                "model.1.units=8",
                                "cell",
                                "data.file=_home_x.h5,0123abcd"};
    const char *const others[] = {
        "paper.csv", "mine", "",        "..",    ".a.b=1",
        "lr=0.1",    "=4.5", "a b.c=1", "cells", ".batch.global=4.0123456789abcdef.tmp"};
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
        assert_true(cairn_study_is_cell_name(ours[i]));
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_false(cairn_study_is_cell_name(others[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_cells_are_known),   cmocka_unit_test(axes_are_read),
        cmocka_unit_test(bad_axes_are_refused),       cmocka_unit_test(search_follows_the_best),
        cmocka_unit_test(grid_grows_at_its_edge),     cmocka_unit_test(hopeless_batches_end),
        cmocka_unit_test(without_follow_all_are_run), cmocka_unit_test(series_are_apart),
        cmocka_unit_test(results_are_the_queue),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
