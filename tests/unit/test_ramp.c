/* SPDX-License-Identifier: BSD-3-Clause
 * A global batch that changes along the run: windows, their counts, and schedules over them. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "optim/schedule.h"
#include "setup/setup.h"
#include "train/window.h"

static const struct cairn_window_rule plain = {
    .n_samples = 103, .global = 20, .micro = 8, .epochs = 7, .updates = UINT64_MAX};

/* Ramps that begin at once and later, rise, fall, and end behind the run. */
static const struct cairn_ramp ramps[] = {
    {.n = 0},
    {.n = 1, .entry = {{0, 16}}},
    {.n = 1, .entry = {{150, 40}}},
    {.n = 3, .entry = {{0, 8}, {100, 24}, {250, 64}}},
    {.n = 3, .entry = {{30, 64}, {90, 8}, {333, 100}}},
    {.n = 2, .entry = {{0, 1}, {100000, 1000}}},
    {.n = 3, .linear = true, .entry = {{0, 8}, {300, 96}, {600, 96}}},
    {.n = 3, .linear = true, .entry = {{50, 96}, {301, 8}, {500, 48}}},
    {.n = 2, .linear = true, .entry = {{0, 1}, {100000, 103}}},
};
enum { N_RAMPS = sizeof ramps / sizeof ramps[0] };

/* Window by window to where cairn_window_walk() leaps. */
static struct cairn_window_point simulate(const struct cairn_window_rule *rule, uint64_t updates,
                                          uint64_t position)
{
    struct cairn_window_point at = {0};
    struct cairn_window window;
    while (at.update < updates && at.position < position &&
           cairn_window_next(rule, at.update, at.position, &window)) {
        at.update++;
        at.samples += window.n;
        at.position = cairn_window_after(rule, &window);
    }
    return at;
}

static void assert_same_point(struct cairn_window_point a, struct cairn_window_point b,
                              const char *what, size_t ramp)
{
    if (a.update == b.update && a.position == b.position && a.samples == b.samples) return;
    fail_msg("%s, ramp %zu: update %llu at %llu (%llu used), window by window %llu at %llu (%llu)",
             what, ramp, (unsigned long long)a.update, (unsigned long long)a.position,
             (unsigned long long)a.samples, (unsigned long long)b.update,
             (unsigned long long)b.position, (unsigned long long)b.samples);
}

typedef void judge(const struct cairn_window_rule *rule, size_t ramp);

/* Every ramp with every tail; those that drop have no batch above the data. */
static void for_all(judge *judge_rule)
{
    for (int tail = CAIRN_TAIL_EXACT; tail <= CAIRN_TAIL_CARRY; tail++)
        for (size_t i = 0; i < N_RAMPS; i++) {
            struct cairn_window_rule rule = plain;
            rule.tail = (enum cairn_tail)tail;
            rule.ramp = ramps[i];
            for (size_t k = 0; k < rule.ramp.n; k++)
                if (tail == CAIRN_TAIL_DROP && rule.ramp.entry[k].batch > 96)
                    rule.ramp.entry[k].batch = 96;
            judge_rule(&rule, i);
        }
}

static void check_cover(const struct cairn_window_rule *rule, size_t ramp)
{
    unsigned char used[7 * 103] = {0};
    struct cairn_window window;
    uint64_t update = 0;
    uint64_t position = 0;
    while (cairn_window_next(rule, update++, position, &window)) {
        uint64_t end = window.first + window.n;
        assert_int_equal(window.first, position);
        assert_true(window.n >= 1 && end <= sizeof used);
        assert_true(window.n_micro <= cairn_window_most_micro(rule));
        for (uint64_t i = window.first; i < end; i++) used[i]++;
        bool whole = window.n == cairn_window_batch(rule, position);
        bool ends = end == sizeof used || (rule->tail != CAIRN_TAIL_CARRY && end % 103 == 0);
        if (!whole && (!ends || rule->tail == CAIRN_TAIL_DROP))
            fail_msg("ramp %zu: a short window at %llu", ramp, (unsigned long long)position);
        position = cairn_window_after(rule, &window);
        if (rule->tail == CAIRN_TAIL_DROP)
            for (uint64_t i = end; i < position; i++) used[i]++; /* dropped */
    }
    for (size_t i = 0; i < sizeof used; i++)
        if (used[i] != 1) fail_msg("ramp %zu: sample %zu used %d times", ramp, i, used[i]);
}

static void every_sample_once_per_epoch(void **state)
{
    (void)state;
    for_all(check_cover);
}

static void check_walk(const struct cairn_window_rule *rule, size_t ramp)
{
    struct cairn_window_point end = simulate(rule, UINT64_MAX, UINT64_MAX);
    assert_same_point(cairn_window_walk(rule, UINT64_MAX, UINT64_MAX), end, "the end", ramp);
    assert_int_equal(cairn_window_total(rule), end.update);
    for (uint64_t n = 0; n < 800; n++) {
        assert_same_point(cairn_window_walk(rule, n, UINT64_MAX), simulate(rule, n, UINT64_MAX),
                          "by updates", ramp);
        assert_same_point(cairn_window_walk(rule, UINT64_MAX, n), simulate(rule, UINT64_MAX, n),
                          "by position", ramp);
    }
    struct cairn_window_rule by_updates = *rule;
    by_updates.epochs = UINT64_MAX;
    by_updates.updates = 23;
    assert_same_point(cairn_window_walk(&by_updates, UINT64_MAX, UINT64_MAX),
                      simulate(&by_updates, UINT64_MAX, UINT64_MAX), "a run of updates", ramp);
}

static void leaps_end_where_windows_do(void **state)
{
    (void)state;
    for_all(check_walk);
}

static void batches_are_whole_micro_batches(void **state)
{
    static const struct {
        uint64_t position, batch;
    } table[] = {{0, 20},   {99, 20},  {100, 8},   {199, 8},   {200, 104}, {299, 104},
                 {300, 64}, {301, 64}, {340, 56},  {380, 40},  {399, 40},  {400, 40},
                 {401, 40}, {500, 40}, {1000, 40}, {10000, 40}};
    struct cairn_window_rule rule = plain;
    (void)state;
    rule.ramp = (struct cairn_ramp){.n = 4, .entry = {{100, 1}, {200, 100}, {300, 64}, {400, 36}}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        uint64_t wanted = table[i].position >= 300 && table[i].position < 400 ? 64 : table[i].batch;
        assert_int_equal(cairn_window_batch(&rule, table[i].position), wanted);
    }
    rule.ramp.linear = true; /* 36 to 64: 28 samples on 100 positions; halves round up */
    for (size_t i = 6; i < sizeof table / sizeof table[0]; i++)
        assert_int_equal(cairn_window_batch(&rule, table[i].position), table[i].batch);
    assert_int_equal(cairn_window_batch(&rule, 99), 20);
    assert_int_equal(cairn_window_batch(&rule, 150), 48); /* 50.5 */
    assert_int_equal(cairn_window_most_micro(&rule), 13); /* of 104 samples, the data have 103 */
    rule.tail = CAIRN_TAIL_CARRY;
    rule.ramp.entry[1].batch = 240;
    assert_int_equal(cairn_window_most_micro(&rule), 30);
}

/* A billion samples and more, which nobody walks window by window in a test. */
static void long_runs_are_counted_fast(void **state)
{
    struct cairn_window_rule rule = {
        .n_samples = 1000000007, .micro = 32, .epochs = 3, .updates = UINT64_MAX, .global = 32};
    (void)state;
    rule.ramp = (struct cairn_ramp){
        .n = 3, .entry = {{0, 32}, {1000000000, 64}, {2000000000, 65536}}, .linear = false};
    assert_int_equal(cairn_window_total(&rule), /* one of 7 samples ends epochs 0 and 1 */
                     31250000 + 1 + 15625000 + 1 + 15259);
    rule.ramp = (struct cairn_ramp){.n = 2, .linear = true, .entry = {{0, 64}, {900000000, 65536}}};
    assert_same_point(cairn_window_walk(&rule, UINT64_MAX, UINT64_MAX),
                      simulate(&rule, UINT64_MAX, UINT64_MAX), "a billion", 0);
    rule.n_samples = 1437; /* soon each update has a whole epoch, though the batch goes on rising */
    rule.epochs = 600000000;
    rule.ramp.entry[1] = (struct cairn_ramp_entry){1000000000000, 1000000000000};
    assert_true(cairn_window_total(&rule) - rule.epochs < 1000);
}

/* On the line from 1 to 1000 each batch k holds for as many positions, 1 and 1000 for half as many:
 * there are sum of 1 / k times as many updates, but for one at most where k changes. */
static void a_long_line_has_the_updates_of_the_harmonic_sum(void **state)
{
    const double length = 999e9;
    double updates = 0;
    struct cairn_window_rule rule = {.n_samples = (uint64_t)length,
                                     .micro = 1,
                                     .epochs = 1,
                                     .tail = CAIRN_TAIL_CARRY,
                                     .updates = UINT64_MAX,
                                     .global = 1};
    (void)state;
    rule.ramp =
        (struct cairn_ramp){.n = 2, .linear = true, .entry = {{0, 1}, {(uint64_t)length, 1000}}};
    for (int k = 1; k <= 1000; k++) updates += (k == 1 || k == 1000 ? 0.5 : 1) * length / 999 / k;
    assert_true(fabs((double)cairn_window_total(&rule) - updates) < 1000);
}

/* Worked by hand: epochs of 100, 10 until position 250, then 30. */
static void a_ramp_worked_by_hand(void **state)
{
    struct cairn_window_rule rule = {
        .n_samples = 100, .global = 10, .micro = 10, .epochs = 4, .updates = UINT64_MAX};
    (void)state;
    rule.ramp = (struct cairn_ramp){.n = 1, .entry = {{250, 30}}};
    assert_int_equal(cairn_window_total(&rule), 20 + 5 + 2 + 4); /* exact: 30 20 | 30 30 30 10 */
    rule.tail = CAIRN_TAIL_DROP;
    assert_int_equal(cairn_window_total(&rule), 20 + 5 + 1 + 3);
    assert_int_equal(cairn_window_walk(&rule, UINT64_MAX, UINT64_MAX).samples, 250 + 30 + 90);
    rule.tail = CAIRN_TAIL_CARRY;
    assert_int_equal(cairn_window_total(&rule), 25 + 5);
}

static struct cairn_schedule schedule_over(const struct cairn_window_rule *rule,
                                           enum cairn_count warmup_by, uint64_t warmup)
{
    struct cairn_window_point end = cairn_window_walk(rule, UINT64_MAX, UINT64_MAX);
    bool samples = warmup_by == CAIRN_COUNT_SAMPLES;
    struct cairn_window_point warm =
        cairn_window_walk(rule, samples ? UINT64_MAX : warmup, samples ? warmup : UINT64_MAX);
    return (struct cairn_schedule){
        .decay = CAIRN_DECAY_COSINE,
        .lr = 2,
        .final_factor = 0.1,
        .step_factor = 0.5,
        .step_updates = 10,
        .step_samples = 100,
        .power = 1.5,
        .fall_updates = 15,
        .fall_samples = 150,
        .warmup_by = warmup_by,
        .warmup_updates = samples ? warm.update : warmup,
        .warmup_samples = samples ? warmup : warm.position,
        .total_updates = end.update,
        .total_samples = end.position,
    };
}

static const struct cairn_window_rule hundred = {.n_samples = 100,
                                                 .global = 10,
                                                 .micro = 10,
                                                 .tail = CAIRN_TAIL_CARRY,
                                                 .epochs = 6,
                                                 .updates = UINT64_MAX};

/* With one global batch that divides, samples and updates are the same measure. */
static void samples_and_updates_agree_without_a_ramp(void **state)
{
    static const enum cairn_decay decays[] = {
        CAIRN_DECAY_CONSTANT,   CAIRN_DECAY_COSINE, CAIRN_DECAY_LINEAR,    CAIRN_DECAY_STEP,
        CAIRN_DECAY_POLYNOMIAL, CAIRN_DECAY_WSD,    CAIRN_DECAY_MILESTONES};
    (void)state;
    for (size_t d = 0; d < sizeof decays / sizeof decays[0]; d++) {
        struct cairn_schedule a = schedule_over(&hundred, CAIRN_COUNT_UPDATES, 20);
        struct cairn_schedule b = schedule_over(&hundred, CAIRN_COUNT_SAMPLES, 200);
        a.decay = b.decay = decays[d];
        b.decay_by = CAIRN_COUNT_SAMPLES;
        a.n_milestones = b.n_milestones = 2;
        for (size_t i = 0; i < 2; i++) {
            a.milestone[i] = (struct cairn_milestone){30 + 10 * i, 0.5 / (double)(i + 1)};
            b.milestone[i] = (struct cairn_milestone){300 + 100 * i, 0.5 / (double)(i + 1)};
        }
        for (uint64_t u = 0; u < 70; u++) {
            double by_updates = cairn_schedule_rate(&a, u, 10 * u, 10);
            double by_samples = cairn_schedule_rate(&b, u, 10 * u, 10);
            if (fabs(by_updates - by_samples) > 1e-14) /* a few roundings of a rate of 2 */
                fail_msg("decay %zu, update %llu: %.17g by updates, %.17g by samples", d,
                         (unsigned long long)u, by_updates, by_samples);
        }
    }
}

/* Under a ramp a schedule in samples has, wherever an update begins, the rate that it has there
 * without the ramp. */
static void a_schedule_in_samples_does_not_see_the_ramp(void **state)
{
    struct cairn_window_rule ramped = hundred;
    (void)state;
    ramped.ramp = (struct cairn_ramp){.n = 2, .entry = {{100, 20}, {300, 50}}};
    for (int decay = CAIRN_DECAY_CONSTANT; decay <= CAIRN_DECAY_STEP; decay++) {
        struct cairn_schedule a = schedule_over(&hundred, CAIRN_COUNT_SAMPLES, 100);
        struct cairn_schedule b = schedule_over(&ramped, CAIRN_COUNT_SAMPLES, 100);
        struct cairn_window window;
        uint64_t position = 0;
        uint64_t n = 0;
        a.decay = b.decay = (enum cairn_decay)decay;
        a.decay_by = b.decay_by = CAIRN_COUNT_SAMPLES;
        for (; cairn_window_next(&ramped, n, position, &window); n++) {
            double with = cairn_schedule_rate(&b, n, position, window.n);
            assert_true(with == cairn_schedule_rate(&a, position / 10, position, 10));
            position = cairn_window_after(&ramped, &window);
        }
        assert_int_equal(n, 10 + 10 + 6);
    }
}

static void a_warm_up_in_samples_is_followed_by_a_decay_in_updates(void **state)
{
    struct cairn_window_rule rule = hundred;
    (void)state;
    rule.ramp = (struct cairn_ramp){.n = 1, .entry = {{30, 60}}};
    struct cairn_schedule s = schedule_over(&rule, CAIRN_COUNT_SAMPLES, 120);
    assert_int_equal(s.warmup_updates, 5); /* at 0 10 20 30 90 */
    assert_int_equal(s.total_updates, 5 + 8);
    assert_true(cairn_schedule_rate(&s, 0, 0, 10) == 2 * 10.0 / 120);
    assert_true(cairn_schedule_rate(&s, 3, 30, 60) == 2 * 90.0 / 120);
    assert_true(cairn_schedule_rate(&s, 4, 90, 60) == 2);
    assert_true(cairn_schedule_rate(&s, 5, 150, 60) == 2);
    assert_true(fabs(cairn_schedule_rate(&s, 9, 390, 60) - 1.1) < 1e-15); /* half way */
    assert_true(fabs(cairn_schedule_rate(&s, 13, 600, 60) - 0.2) < 1e-15);
}

/* The first entries are told, and what stands behind them, whatever their number. */
static void a_long_ramp_is_told_in_part(void **state)
{
    struct cairn_window_rule rule = {.n_samples = 100, .micro = 8, .ramp = {.n = CAIRN_MAX_RAMP}};
    char text[512];
    (void)state;
    for (size_t i = 0; i < CAIRN_MAX_RAMP; i++)
        rule.ramp.entry[i] = (struct cairn_ramp_entry){.position = 900000000000 + i * 1000000,
                                                       .batch = 800000000000 + i * 8};
    for (int linear = 0; linear < 2; linear++) {
        rule.ramp.linear = linear != 0;
        cairn_setup_ramp_text(&rule, text, sizeof text);
        assert_non_null(strstr(text, ", and so on in 64 entries"));
        assert_non_null(strstr(text, " in micro-batches of 8"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_sample_once_per_epoch),
        cmocka_unit_test(leaps_end_where_windows_do),
        cmocka_unit_test(batches_are_whole_micro_batches),
        cmocka_unit_test(long_runs_are_counted_fast),
        cmocka_unit_test(a_long_line_has_the_updates_of_the_harmonic_sum),
        cmocka_unit_test(a_ramp_worked_by_hand),
        cmocka_unit_test(samples_and_updates_agree_without_a_ramp),
        cmocka_unit_test(a_schedule_in_samples_does_not_see_the_ramp),
        cmocka_unit_test(a_warm_up_in_samples_is_followed_by_a_decay_in_updates),
        cmocka_unit_test(a_long_ramp_is_told_in_part),
    };
    return cmocka_run_group_tests_name("ramp", tests, NULL, NULL);
}
