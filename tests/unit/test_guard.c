/* SPDX-License-Identifier: BSD-3-Clause
 * Micro-batches that are worked twice: how many, by whom, and whose bits are wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "train/guard.h"

enum { MOST_RANKS = 5 };

/* What a run of so many updates has. */
struct seen {
    uint64_t n_micro, n_twice;
    uint64_t by[MOST_RANKS]; /* by the shift */
};

static struct seen walk_to(enum cairn_tail tail, uint64_t every, uint64_t global, int n_ranks,
                           uint64_t updates)
{
    const struct cairn_window_rule rule = {.n_samples = 1000,
                                           .global = global,
                                           .micro = 10,
                                           .tail = tail,
                                           .epochs = UINT64_MAX,
                                           .updates = updates};
    struct cairn_window window;
    struct seen seen = {0};
    uint64_t position = 0;
    for (uint64_t update = 0; cairn_window_next(&rule, update, position, &window); update++) {
        const struct cairn_guard_turn turn = cairn_guard_turn(every, &rule, &window, n_ranks);
        seen.n_micro += window.n_micro;
        for (int rank = 0; rank < n_ranks; rank++) {
            const struct cairn_share share = cairn_window_share(&window, rank, n_ranks);
            const uint64_t n = share.end - share.first;
            seen.n_twice += n < turn.n ? n : turn.n;
        }
        assert_true(n_ranks == 1 ? turn.shift == 0 : turn.shift > 0 && turn.shift < n_ranks);
        if (turn.n > 0) seen.by[turn.shift]++;
        position = cairn_window_after(&rule, &window);
    }
    return seen;
}

static struct seen walk(uint64_t every, uint64_t global, int n_ranks, uint64_t updates)
{
    return walk_to(CAIRN_TAIL_CARRY, every, global, n_ranks, updates);
}

/* Also where a tail is dropped or is a short update, which would else have all turns or lose them.
 */
static void tails_neither_lose_nor_draw_turns(void **state)
{
    (void)state;
    const enum cairn_tail tails[] = {CAIRN_TAIL_EXACT, CAIRN_TAIL_DROP};
    const uint64_t globals[] = {300, 370, 640, 990};
    for (size_t t = 0; t < 2; t++)
        for (size_t g = 0; g < sizeof globals / sizeof globals[0]; g++)
            for (uint64_t every = 2; every <= 32; every *= 2) {
                const struct seen seen = walk_to(tails[t], every, globals[g], 4, 2000);
                assert_true(seen.n_twice * every * 2 > seen.n_micro);
                assert_true(seen.n_twice * every < seen.n_micro * 2);
            }
}

/* For each number of ranks and micro-batches, also where there are fewer of these. */
static void one_in_so_many(void **state)
{
    (void)state;
    const uint64_t every[] = {1, 2, 4, 16, 100};
    for (int n_ranks = 1; n_ranks <= MOST_RANKS; n_ranks++)
        for (uint64_t n_micro = 1; n_micro <= 20; n_micro++)
            for (size_t i = 0; i < sizeof every / sizeof every[0]; i++) {
                const struct seen seen = walk(every[i], 10 * n_micro, n_ranks, 1000);
                const uint64_t due = seen.n_micro / every[i];
                assert_true(seen.n_twice <= due);
                assert_true(seen.n_twice + MOST_RANKS >= due || every[i] == 2);
                if (every[i] == 1) assert_int_equal(seen.n_twice, seen.n_micro);
            }
}

static void none_where_few_were_worked(void **state)
{
    (void)state;
    assert_int_equal(walk(UINT64_MAX, 40, 3, 100).n_twice, 0);
    assert_int_equal(walk(100, 10, 3, 99).n_twice, 0);
    assert_int_equal(walk(100, 10, 3, 100).n_twice, 1);
}

/* Each rank is compared with each other one. */
static void pairs_rotate(void **state)
{
    (void)state;
    for (uint64_t every = 1; every <= 16; every *= 4)
        for (uint64_t n_micro = 1; n_micro <= 40; n_micro += 13) {
            const struct seen seen = walk(every, 10 * n_micro, MOST_RANKS, 16000);
            for (int shift = 1; shift < MOST_RANKS; shift++)
                assert_true(seen.by[shift] * MOST_RANKS * every > 1000);
        }
}

/* The first is the owner's, the second that of who worked it again; then all ranks, once more. */
static void most_are_right(void **state)
{
    (void)state;
    assert_int_equal(cairn_guard_odd((const uint64_t[]){7, 1, 1, 1, 1}, 5), 0);
    assert_int_equal(cairn_guard_odd((const uint64_t[]){7, 1, 8, 1, 1}, 5), 0);
    assert_int_equal(cairn_guard_odd((const uint64_t[]){1, 7, 1, 7, 1}, 5), 1);
    assert_int_equal(cairn_guard_odd((const uint64_t[]){1, 7, 1, 1}, 4), 1);
    assert_int_equal(cairn_guard_odd((const uint64_t[]){1, 7, 1, 7}, 4), -1);
    assert_int_equal(cairn_guard_odd((const uint64_t[]){1, 7, 2, 3, 4}, 5), -1);
    assert_int_equal(cairn_guard_odd((const uint64_t[]){1, 7, 2, 2, 2}, 5), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tails_neither_lose_nor_draw_turns),
        cmocka_unit_test(one_in_so_many),
        cmocka_unit_test(none_where_few_were_worked),
        cmocka_unit_test(pairs_rotate),
        cmocka_unit_test(most_are_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
