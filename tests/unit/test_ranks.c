/* SPDX-License-Identifier: BSD-3-Clause
 * The table of ranks: who is slow, who waited, and ranks.csv. */
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
#include "record/ranks.h"
#include "run/ranks.h"

static int about(double a, double b)
{
    return fabs(a - b) < 1e-9; /* sums of a few numbers near 1 */
}

static struct cairn_rank_line worked(int rank, uint64_t micro_batches, double compute_s)
{
    return (struct cairn_rank_line){
        .rank = rank, .host = "n1", .micro_batches = micro_batches, .compute_s = compute_s};
}

static void names_the_slow(void **state)
{
    struct cairn_rank_line line[] = {worked(0, 100, 10), worked(1, 50, 9), worked(2, 0, 0),
                                     worked(3, 100, 11), worked(4, 100, 10)};
    (void)state;
    double median_s = cairn_ranks_sort(line, 5);
    assert_true(about(median_s, 0.105)); /* of 0.10, 0.10, 0.11, 0.18 */
    assert_int_equal(line[0].rank, 2);   /* it did nothing */
    assert_int_equal(line[4].rank, 1);
    assert_true(about(cairn_rank_slower(&line[4], median_s), 0.18 / 0.105));
    for (int i = 0; i < 4; i++) assert_true(about(cairn_rank_slower(&line[i], median_s), 0));
}

static void a_short_run_names_nobody(void **state)
{
    struct cairn_rank_line line[] = {worked(0, 10, 0.1), worked(1, 10, 0.1), worked(2, 10, 0.9)};
    (void)state;
    double median_s = cairn_ranks_sort(line, 3);
    assert_true(about(cairn_rank_slower(&line[2], median_s), 0));
    line[2].compute_s = 1.2;
    assert_true(about(cairn_rank_slower(&line[2], median_s), 12));
}

static void nobody_worked(void **state)
{
    struct cairn_rank_line line[] = {worked(0, 0, 0), worked(1, 0, 0)};
    (void)state;
    assert_true(about(cairn_ranks_sort(line, 2), 0));
    assert_true(about(cairn_rank_slower(&line[0], 0), 0));
}

static void writes_a_line_each(void **state)
{
    char folder[] = "ranks.XXXXXX";
    char path[64];
    char *text = NULL;
    struct cairn_rank_line line[] = {worked(0, 7, 1.25), worked(1, 8, 1.5)};
    (void)state;
    line[1].peak_rss_bytes = 4096;
    line[1].wait_s = 0.5;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/ranks.csv", folder);
    assert_int_equal(cairn_ranks_write(folder, line, 2), CAIRN_OK);
    assert_int_equal(cairn_ranks_write(folder, line, 2), CAIRN_OK); /* of the last start alone */
    assert_int_equal(cairn_file_read(path, &text), CAIRN_OK);
    assert_string_equal(text,
                        "rank,host,micro_batches,samples,data_s,compute_s,wait_s,reduce_s,update_s,"
                        "evaluate_s,save_s,peak_rss_bytes\n"
                        "0,n1,7,0,0,1.25,0,0,0,0,0,0\n1,n1,8,0,0,1.5,0.5,0,0,0,0,4096\n");
    free(text);
    remove(path);
    rmdir(folder);
}

/* Two ranks that take turns in being last: each waits in half of the updates. */
static void waiting_is_found_update_by_update(void **state)
{
    struct cairn_wait_histogram a = {.n = 0}, b = {.n = 0};
    double least_s[CAIRN_WAIT_HISTOGRAM_BINS];
    (void)state;
    for (int i = 0; i < 100; i++) {
        cairn_wait_histogram_add(&a, i % 2 == 0 ? 1 : 3);
        cairn_wait_histogram_add(&b, i % 2 == 0 ? 3 : 1);
    }
    for (int i = 0; i < CAIRN_WAIT_HISTOGRAM_BINS; i++) least_s[i] = fmin(a.bin_s[i], b.bin_s[i]);
    assert_true(about(cairn_wait_histogram_above(&a, least_s), 100));
    assert_true(about(cairn_wait_histogram_above(&b, least_s), 100));
}

static void no_time_is_lost_as_windows_grow(void **state)
{
    struct cairn_wait_histogram waits = {.n = 0};
    const double zero[CAIRN_WAIT_HISTOGRAM_BINS] = {0};
    (void)state;
    for (int i = 0; i < 5 * CAIRN_WAIT_HISTOGRAM_BINS + 3; i++) {
        cairn_wait_histogram_add(&waits, 1);
        assert_true(about(cairn_wait_histogram_above(&waits, zero), i + 1));
    }
    assert_int_equal(waits.width, 8);
    assert_true(about(waits.bin_s[0], 8));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_the_slow),
        cmocka_unit_test(a_short_run_names_nobody),
        cmocka_unit_test(nobody_worked),
        cmocka_unit_test(writes_a_line_each),
        cmocka_unit_test(waiting_is_found_update_by_update),
        cmocka_unit_test(no_time_is_lost_as_windows_grow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
