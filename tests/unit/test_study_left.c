/* SPDX-License-Identifier: BSD-3-Clause
 * When cells are given up, and how many are left. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "config/study_file.h"
#include "study/cells.h"
#include "support/study.h"

enum { MOST = 4096 };

static const char FOLLOW[] = "{batch.global: [8, 32, 128], optim.lr: {log: [0.001, 1], n: 7, "
                             "follow: true}, train.seed: [1, 2, 3]}";

/* Before it begins a search of 5 rates and 3 of two more seeds; a batch is through where the next
 * has begun, though most of its grid was not run. */
static void cells_that_are_left(void **state)
{
    (void)state;
    struct cairn_study_file *file = NULL;
    struct cairn_study_axes axes;
    struct cairn_study_left left[3];
    static struct cairn_study_known known[MOST];
    assert_int_equal(study_read_axes(FOLLOW, &file, &axes), CAIRN_OK);
    cairn_study_left(&axes, known, left);
    assert_int_equal(left[0].about, 5 + 6);
    assert_int_equal(left[0].most, 7 + 6);
    known[cairn_study_with(&axes, 0, 0, 1)].ended = true;
    cairn_study_left(&axes, known, left);
    assert_int_equal(left[0].most, 0);
    assert_int_equal(left[1].about, 5 + 6 - 1);
    assert_int_equal(left[2].about, 5 + 6);
    cairn_study_axes_free(&axes);
    cairn_study_file_free(file);
}

static void reach(struct cairn_study_known *known, uint64_t updates)
{
    *known = (struct cairn_study_known){
        .ended = true,
        .end = updates > 0 ? CAIRN_STUDY_REACHED : CAIRN_STUDY_BUDGET,
        .updates = updates,
    };
}

/* Beaten by the median of a rate's seeds; foreseen from other batches as curves of updates over
 * batches allow at most. */
static void limits_are_medians_and_bounds(void **state)
{
    (void)state;
    struct cairn_study_file *file = NULL;
    struct cairn_study_axes axes;
    static struct cairn_study_known known[MOST];
    assert_int_equal(
        study_read_axes("{batch.global: [8, 32, 128], optim.lr: [0.1, 0.2], train.seed: [1, "
                        "2, 3]}",
                        &file, &axes),
        CAIRN_OK);
    const size_t at_32 = cairn_study_with(&axes, 0, 0, 1),
                 at_128 = cairn_study_with(&axes, 0, 0, 2);
    assert_int_equal(cairn_study_fewest(&axes, known, at_32), 0);
    assert_int_equal(cairn_study_foreseen(&axes, known, at_32), 0);
    reach(&known[at_32], 100); /* one seed alone is all that is known */
    assert_int_equal(cairn_study_fewest(&axes, known, at_32), 100);
    reach(&known[cairn_study_with(&axes, at_32, 2, 1)], 0);
    assert_int_equal(cairn_study_fewest(&axes, known, at_32), 0);
    reach(&known[cairn_study_with(&axes, at_32, 2, 2)], 180);
    assert_int_equal(cairn_study_fewest(&axes, known, at_32), 180);
    assert_int_equal(cairn_study_fewest(&axes, known, at_128), 0);
    assert_int_equal(cairn_study_foreseen(&axes, known, at_128), 180);
    assert_int_equal(cairn_study_foreseen(&axes, known, 0), 4 * 180);
    cairn_study_axes_free(&axes);
    cairn_study_file_free(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_that_are_left),
        cmocka_unit_test(limits_are_medians_and_bounds),
    };
    return cmocka_run_group_tests_name("study_left", tests, NULL, NULL);
}
