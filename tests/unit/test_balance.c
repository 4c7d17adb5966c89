/* SPDX-License-Identifier: BSD-3-Clause
 * Shares by speed: cuts that end as early as any, and what it takes to change them.  Times are
 * planted, nothing is measured. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "train/balance.h"

enum { MOST_RANKS = 12, MS = 1000000 };

static uint64_t end_of(const uint64_t *time, const uint64_t *n, size_t n_ranks)
{
    uint64_t end = 0;
    for (size_t r = 0; r < n_ranks; r++)
        if (n[r] * time[r] > end) end = n[r] * time[r];
    return end;
}

static uint64_t sum_of(const uint64_t *n, size_t n_ranks)
{
    uint64_t sum = 0;
    for (size_t r = 0; r < n_ranks; r++) sum += n[r];
    return sum;
}

static void equal_times_give_equal_shares(void **state)
{
    (void)state;
    uint64_t n[MOST_RANKS];
    uint64_t time[MOST_RANKS];
    for (size_t r = 0; r < MOST_RANKS; r++) time[r] = 1024;
    for (size_t n_ranks = 1; n_ranks <= MOST_RANKS; n_ranks++)
        for (uint64_t m = 0; m < 40; m++) {
            const struct cairn_window window = {.n_micro = m};
            cairn_balance_cut(time, n_ranks, m, n);
            for (size_t r = 0; r < n_ranks; r++) {
                struct cairn_share share = cairn_window_share(&window, (int)r, (int)n_ranks);
                assert_int_equal(n[r], share.end - share.first);
            }
        }
}

static void known_cuts(void **state)
{
    (void)state;
    uint64_t n[3];
    cairn_balance_cut((const uint64_t[]){1024, 4096}, 2, 32, n);
    assert_true(n[0] == 26 && n[1] == 6); /* 26 against 24; 25 and 7 would end at 28 */
    cairn_balance_cut((const uint64_t[]){4096, 1024, 1024}, 3, 16, n);
    assert_true(n[0] == 2 && n[1] == 7 && n[2] == 7);
    cairn_balance_cut((const uint64_t[]){1024, 4096}, 2, 2, n); /* too slow for any */
    assert_true(n[0] == 2 && n[1] == 0);
    cairn_balance_cut((const uint64_t[]){2048, 1024, 2048}, 3, 1, n);
    assert_true(n[0] == 0 && n[1] == 1 && n[2] == 0);
    /* the largest window there can be, and a rank that stands still */
    cairn_balance_cut((const uint64_t[]){1024, UINT64_C(1) << 60}, 2, UINT64_C(1) << 50, n);
    assert_int_equal(n[0] + n[1], UINT64_C(1) << 50);
    assert_true(n[1] <= 1);
}

/* Every cut of m micro-batches over the ranks from `rank` on: the least end of all. */
static uint64_t search(const uint64_t *time, size_t n_ranks, uint64_t m, uint64_t so_far)
{
    uint64_t best = UINT64_MAX;
    if (n_ranks == 1) return m * time[0] > so_far ? m * time[0] : so_far;
    for (uint64_t mine = 0; mine <= m; mine++) {
        uint64_t end = mine * time[0] > so_far ? mine * time[0] : so_far;
        uint64_t found = search(time + 1, n_ranks - 1, m - mine, end);
        if (found < best) best = found;
    }
    return best;
}

static uint64_t number(uint64_t i, uint64_t below)
{
    uint32_t bits[4];
    cairn_random_block(1, i, 0, bits);
    return bits[0] % below;
}

static void no_cut_ends_earlier(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 300; i++) {
        uint64_t n[4];
        uint64_t time[4];
        size_t n_ranks = 2 + (size_t)number(10 * i, 3);
        uint64_t m = 1 + number(10 * i + 1, 14);
        for (size_t r = 0; r < n_ranks; r++) time[r] = 1 + number(10 * i + 2 + r, i % 2 ? 9 : 4000);
        cairn_balance_cut(time, n_ranks, m, n);
        assert_int_equal(sum_of(n, n_ranks), m);
        assert_int_equal(end_of(time, n, n_ranks), search(time, n_ranks, m, 0));
    }
}

/* What balance has for a window of m on n ranks. */
static void shares_of(struct cairn_balance *b, uint64_t m, int n_ranks, uint64_t *n)
{
    const struct cairn_window window = {.n_micro = m};
    uint64_t end = 0;
    for (int r = 0; r < n_ranks; r++) {
        struct cairn_share share = cairn_balance_share(b, &window, r, n_ranks);
        assert_int_equal(share.first, end);
        end = share.end;
        n[r] = share.end - share.first;
    }
    assert_int_equal(end, m);
}

/* A span in which two ranks worked as many micro-batches of so many ms as they have of m. */
static bool span_of_two(struct cairn_balance *b, uint64_t m, uint64_t ms0, uint64_t ms1)
{
    uint64_t n[2];
    shares_of(b, m, 2, n);
    const struct cairn_balance_span spans[2] = {{.busy_ns = n[0] * ms0 * MS, .n_micro = n[0]},
                                                {.busy_ns = n[1] * ms1 * MS, .n_micro = n[1]}};
    return cairn_balance_take(b, spans, m);
}

static struct cairn_balance *make(int n_ranks)
{
    struct cairn_balance *b = NULL;
    assert_int_equal(cairn_balance_create(n_ranks, 10, &b), CAIRN_OK);
    return b;
}

static void a_slow_rank_gets_less_and_gets_it_back(void **state)
{
    (void)state;
    uint64_t n[2];
    struct cairn_balance *b = make(2);
    assert_false(span_of_two(b, 32, 10, 40)); /* one span says nothing yet */
    assert_true(span_of_two(b, 32, 10, 40));
    shares_of(b, 32, 2, n);
    assert_true(n[0] == 26 && n[1] == 6);
    shares_of(b, 5, 2, n); /* a tail */
    assert_true(n[0] == 4 && n[1] == 1);
    assert_false(span_of_two(b, 32, 10, 40)); /* and stays */
    assert_false(span_of_two(b, 32, 10, 10)); /* one of three: an outlier */
    assert_true(span_of_two(b, 32, 10, 10));
    shares_of(b, 32, 2, n);
    assert_true(n[0] == 16 && n[1] == 16);
    cairn_balance_free(b);
}

static void noise_changes_nothing(void **state)
{
    (void)state;
    struct cairn_balance *b = make(2);
    for (uint64_t i = 0; i < 400; i++) /* up to 5 % apart, whatever the window */
        assert_false(span_of_two(b, 1 + number(i, 500), 1000 + number(1000 + i, 51),
                                 1000 + number(2000 + i, 51)));
    while (!span_of_two(b, 400, 1000, 4000)) continue;
    for (uint64_t i = 0; i < 400; i++)
        assert_false(
            span_of_two(b, 400, 1000 + number(3000 + i, 51), 4000 + number(4000 + i, 201)));
    cairn_balance_free(b);
}

static void one_outlier_changes_nothing(void **state)
{
    (void)state;
    struct cairn_balance *b = make(2);
    for (uint64_t i = 0; i < 40; i++) /* every third span, the first one among them */
        assert_false(span_of_two(b, 32, i % 3 == 0 ? 90 : 10, 10));
    cairn_balance_free(b);
}

/* Two micro-batches, and a rank four times slower: it gets none, is tried again at last, and gets
 * its own again where it has become fast. */
static void a_rank_without_work_is_tried_again(void **state)
{
    (void)state;
    uint64_t n[2];
    struct cairn_balance *b = make(2);
    while (!span_of_two(b, 2, 10, 40)) continue;
    shares_of(b, 2, 2, n);
    assert_true(n[0] == 2 && n[1] == 0);
    int spans = 1;
    while (!span_of_two(b, 2, 10, 40)) spans++;
    assert_in_range(spans, 12, 40); /* a try costs a span at its speed */
    shares_of(b, 2, 2, n);
    assert_true(n[0] == 1 && n[1] == 1);
    assert_true(span_of_two(b, 2, 10, 40)); /* still slow: no second span for it */
    shares_of(b, 2, 2, n);
    assert_int_equal(n[1], 0);
    while (!span_of_two(b, 2, 10, 10)) continue;
    for (int i = 0; i < 100; i++) assert_false(span_of_two(b, 2, 10, 10));
    shares_of(b, 2, 2, n);
    assert_int_equal(n[1], 1);
    cairn_balance_free(b);
}

/* More ranks than micro-batches: those that have none are measured once they are needed. */
static void ranks_that_never_had_work(void **state)
{
    (void)state;
    uint64_t n[4];
    struct cairn_balance *b = make(4);
    shares_of(b, 2, 4, n); /* ranks 1 and 3 */
    assert_true(n[1] == 1 && n[3] == 1);
    const struct cairn_balance_span spans[4] = {
        [1] = {.busy_ns = 50 * MS, .n_micro = 1}, [3] = {.busy_ns = 10 * MS, .n_micro = 1}};
    assert_false(cairn_balance_take(b, spans, 2));
    assert_true(cairn_balance_take(b, spans, 2));
    shares_of(b, 2, 4, n);
    assert_int_equal(n[1], 0);
    assert_int_equal(sum_of(n, 4), 2);
    cairn_balance_free(b);
}

/* No clock, no work at all, a rank that stood for weeks: numbers stay in their range. */
static void odd_spans(void **state)
{
    (void)state;
    uint64_t n[2];
    struct cairn_balance *b = make(2);
    const struct cairn_balance_span none[2] = {{0}, {0}};
    const struct cairn_balance_span no_time[2] = {{.n_micro = 4}, {.n_micro = 4}};
    const struct cairn_balance_span weeks[2] = {{.busy_ns = UINT64_MAX, .n_micro = 1},
                                                {.busy_ns = 1, .n_micro = 1}};
    for (int i = 0; i < 4; i++) assert_false(cairn_balance_take(b, none, 8));
    for (int i = 0; i < 4; i++) assert_false(cairn_balance_take(b, no_time, 8));
    for (int i = 0; i < 4; i++) cairn_balance_take(b, weeks, 8);
    shares_of(b, 8, 2, n);
    assert_true(n[0] == 0 && n[1] == 8);
    cairn_balance_free(b);
}

static void off_is_the_formula(void **state)
{
    (void)state;
    uint64_t n[3];
    shares_of(NULL, 7, 3, n);
    assert_true(n[0] == 2 && n[1] == 2 && n[2] == 3);
    cairn_balance_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_times_give_equal_shares),
        cmocka_unit_test(known_cuts),
        cmocka_unit_test(no_cut_ends_earlier),
        cmocka_unit_test(a_slow_rank_gets_less_and_gets_it_back),
        cmocka_unit_test(noise_changes_nothing),
        cmocka_unit_test(one_outlier_changes_nothing),
        cmocka_unit_test(a_rank_without_work_is_tried_again),
        cmocka_unit_test(ranks_that_never_had_work),
        cmocka_unit_test(odd_spans),
        cmocka_unit_test(off_is_the_formula),
    };
    return cmocka_run_group_tests_name("balance", tests, NULL, NULL);
}
