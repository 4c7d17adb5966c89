/* SPDX-License-Identifier: BSD-3-Clause
 * The arithmetic of `cairn plan`: links, passes between timed sizes, the rank with most work, what
 * fits. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "plan/time_model.h"

#define NEAR 1e-12 /* of times and rates, relative: rounding of a few operations */

static void assert_near(double a, double b)
{
    if (!(fabs(a - b) <= NEAR * fabs(b))) fail_msg("%.17g is not %.17g", a, b);
}

static void links_are_read(void **state)
{
    (void)state;
    struct cairn_link link;
    assert_int_equal(cairn_link_read("12us,1.2GB/s,doubling", &link), CAIRN_OK);
    assert_near(link.cost.latency_s, 12e-6);
    assert_near(1 / link.cost.s_per_byte, 1.2e9);
    assert_int_equal(link.way, CAIRN_PROBE_DOUBLING);
    assert_int_equal(cairn_link_read("2e-6,100Gbit/s", &link), CAIRN_OK);
    assert_near(link.cost.latency_s, 2e-6);
    assert_near(1 / link.cost.s_per_byte, 12.5e9);
    assert_int_equal(link.way, CAIRN_PROBE_RING);
    assert_int_equal(cairn_link_read("0,5e8,ring", &link), CAIRN_OK);
    assert_near(1 / link.cost.s_per_byte, 5e8);
}

static void what_is_no_link(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "12us",
                                      "12us,",
                                      "12us,0GB/s",
                                      "12us,-1GB/s",
                                      "-1us,1GB/s",
                                      "x,1GB",
                                      "12us,1GB",
                                      "12us,1 GB/s",
                                      "12us;1GB/s",
                                      "12us,1GB/s,",
                                      "nan,1GB/s",
                                      "inf,1",
                                      "12us,infB/s",
                                      "0x10,1",
                                      "1us,1GB/s,tree",
                                      "12us,1.2GB/s,ring,x",
                                      ",1GB/s"};
    struct cairn_link link = {.way = CAIRN_PROBE_DOUBLING};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (cairn_link_read(bad[i], &link) != CAIRN_USAGE) fail_msg("%s was taken", bad[i]);
        assert_non_null(strstr(cairn_error_text(), "12us,1.2GB/s,ring"));
    }
    assert_int_equal(link.way, CAIRN_PROBE_DOUBLING); /* untouched */
}

/* What the doctor prints is what the plan reads. */
static void links_are_written(void **state)
{
    (void)state;
    char text[CAIRN_LINK_BYTES];
    struct cairn_link link = {.cost = {.latency_s = 3.25e-6, .s_per_byte = 1 / 2.5e9},
                              .way = CAIRN_PROBE_DOUBLING};
    struct cairn_link again;
    cairn_link_text(&link, text);
    assert_string_equal(text, "3.25us,2.5GB/s,doubling");
    assert_int_equal(cairn_link_read(text, &again), CAIRN_OK);
    assert_near(again.cost.latency_s, 3.25e-6);
    assert_near(again.cost.s_per_byte, link.cost.s_per_byte);
    assert_int_equal(again.way, CAIRN_PROBE_DOUBLING);
    link.cost.s_per_byte = 0;
    cairn_link_text(&link, text);
    assert_string_equal(text, "");
}

/* 1 MB over 4 ranks of 10 us and 1 GB/s: 6 messages of a quarter; 2 messages of all. */
static void sums_over_a_link(void **state)
{
    (void)state;
    struct cairn_link link;
    assert_int_equal(cairn_link_read("10us,1GB/s,ring", &link), CAIRN_OK);
    assert_near(cairn_link_sum_s(&link, 4, 1e6), 6 * (10e-6 + 0.25e-3));
    link.way = CAIRN_PROBE_DOUBLING;
    assert_near(cairn_link_sum_s(&link, 4, 1e6), 2 * (10e-6 + 1e-3));
    assert_true(cairn_link_sum_s(&link, 1, 1e6) == 0);
}

/* Passes of 1, 8 and 16 samples in 2, 9 and 13 s; one of 4 was not timed. */
static const struct cairn_candidates passes = {.item = {{.micro = 1, .pass_s = 2},
                                                        {.micro = 4, .pass_s = NAN},
                                                        {.micro = 8, .pass_s = 9},
                                                        {.micro = 16, .pass_s = 13}},
                                               .n = 4};

static void passes_between_sizes(void **state)
{
    (void)state;
    const struct cairn_candidates none = {.n = 0};
    assert_near(cairn_predicted_pass_s(&passes, 8), 9);
    assert_near(cairn_predicted_pass_s(&passes, 4.5), 5.5); /* half the way from 1 to 8 */
    assert_near(cairn_predicted_pass_s(&passes, 32), 26);
    assert_near(cairn_predicted_pass_s(&passes, 0.5), 1);
    assert_true(isnan(cairn_predicted_pass_s(&none, 8)));
}

static void the_rank_with_most_work(void **state)
{
    (void)state;
    static const struct {
        uint64_t n_ranks, batch, n_micro, accumulate;
        double compute_s, samples; /* of that rank */
    } cases[] = {
        {1, 64, 8, 8, 72, 64},        /* all full */
        {1, 60, 8, 8, 7 * 9 + 5, 60}, /* the last is 4 samples: 2 + 3 = 5 s */
        {2, 60, 8, 4, 36, 32},        /* rank 0 has four full ones */
        {2, 20, 3, 2, 14, 12},        /* rank 1 has 8 and 4, rank 0 has 8 */
        {3, 40, 5, 2, 18, 16},        /* ranks 1 and 2 have two, and rank 1's are full */
        {4, 8, 1, 1, 9, 8},           /* three ranks have none */
        {8, 64, 8, 1, 9, 8},
    };
    const struct cairn_costs costs = {.passes = &passes, .data_sample_s = 0.5, .update_s = 3};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cairn_predicted p =
            cairn_predicted_update(&costs, cases[i].n_ranks, cases[i].batch, 8);
        assert_int_equal(p.n_micro, cases[i].n_micro);
        assert_int_equal(p.accumulate, cases[i].accumulate);
        assert_near(p.compute_s, cases[i].compute_s);
        assert_near(p.data_s, 0.5 * cases[i].samples);
        assert_near(p.total_s, p.compute_s + p.data_s + 3);
        assert_true(cases[i].n_ranks == 1 ? p.sum_s == 0 : isnan(p.sum_s));
        if (cases[i].n_ranks > 1) /* not known without the sum */
            assert_true(isnan(p.samples_per_s));
        else
            assert_near(p.samples_per_s, (double)cases[i].batch / p.total_s);
    }
}

static void the_sum_is_in_the_time(void **state)
{
    (void)state;
    struct cairn_link link;
    assert_int_equal(cairn_link_read("1s,1B/s,doubling", &link), CAIRN_OK);
    const struct cairn_costs costs = {.passes = &passes, .wire_bytes = 10, .link = &link};
    struct cairn_predicted p = cairn_predicted_update(&costs, 4, 64, 8);
    assert_near(p.sum_s, 2 * 11);
    assert_near(p.total_s, 2 * 9 + 2 * 11);
}

/* 100 bytes for ranks of 10, rank 0 takes 5 more. */
static void what_fits(void **state)
{
    (void)state;
    struct cairn_room room = {.limit = 100, .whose = "", .n_ranks = 8};
    const struct cairn_need need = {.rank = 10, .first = 5};
    assert_int_equal(cairn_room_node_bytes(&room, &need), 85);
    assert_int_equal(cairn_room_fit(&room, &need), CAIRN_FITS);
    assert_int_equal(cairn_room_ranks_that_fit(&room, &need), 8); /* in 90 % of it */
    room.n_ranks = 9;
    assert_int_equal(cairn_room_fit(&room, &need), CAIRN_FITS_CLOSELY);
    room.n_ranks = 10;
    assert_int_equal(cairn_room_fit(&room, &need), CAIRN_FITS_NOT);
    room.limit = 0;
    assert_int_equal(cairn_room_fit(&room, &need), CAIRN_FITS);
    const struct cairn_need huge = {.rank = UINT64_MAX / 2, .first = 5};
    assert_true(cairn_room_node_bytes(&room, &huge) == UINT64_MAX);
    assert_int_equal(cairn_micro_most(10, 3), 4);
    assert_int_equal(cairn_micro_most(9, 3), 3);
}

/* Room for so many ranks of 10 bytes and a first of 10, with groups of 50, 20 and 30 bytes. */
static struct cairn_room room_of(uint64_t n_ranks, uint64_t available)
{
    const struct cairn_node_memory memory = {
        .machine = 10000, .available = available, .process = UINT64_MAX};
    const struct cairn_node_ranks ranks = {.n = n_ranks, .n_group = n_ranks};
    return cairn_room(&memory, &ranks, 0);
}

/* What does not fit in nine tenths of what is free is not held, the largest group first; all ranks
 * and all groups count. */
static void groups_that_are_held(void **state)
{
    (void)state;
    enum { TRAIN = 1, VAL = 2, TEST = 4 };
    struct cairn_need need = {
        .rank = 10,
        .first = 10,
        .data = {.held = {50, 20, 30}, .streamed = {2, 1, 1}},
    };
    static const struct {
        uint64_t n_ranks, available;
        unsigned held;
        uint64_t node_bytes;
    } wanted[] = {
        {1, 134, TRAIN | VAL | TEST, 120},
        {1, 133, VAL | TEST, 72},
        {1, 79, VAL, 43},
        {1, 47, 0, 24},
        {1, 1, 0, 24},
        {4, 134, 0, 66},
        {4, 512, TRAIN | VAL | TEST, 450},
        {4, 499, VAL | TEST, 258},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        const struct cairn_room room = room_of(wanted[i].n_ranks, wanted[i].available);
        assert_int_equal(cairn_room_groups_held(&room, &need), wanted[i].held);
        assert_int_equal(cairn_room_node_bytes(&room, &need), wanted[i].node_bytes);
        assert_false(cairn_room_holds_too_much(&room, &need));
    }
    struct cairn_room room = room_of(1, 119);
    need.data.in_memory = CAIRN_IN_MEMORY_TRUE;
    assert_int_equal(cairn_room_groups_held(&room, &need), TRAIN | VAL | TEST);
    assert_true(cairn_room_holds_too_much(&room, &need));
    room = room_of(1, 120);
    assert_false(cairn_room_holds_too_much(&room, &need));
    need.data.in_memory = CAIRN_IN_MEMORY_FALSE;
    assert_int_equal(cairn_room_groups_held(&room, &need), 0);
}

/* Whoever grants least is named: the node, Slurm, the control group of some of the ranks, ulimit.
 */
static void who_grants_it(void **state)
{
    (void)state;
    const char *whose = "";
    struct cairn_node_memory memory = {.machine = 10000,
                                       .available = 1000,
                                       .cgroup = 5000,
                                       .cgroup_left = 700,
                                       .slurm = 3000,
                                       .process = UINT64_MAX};
    struct cairn_node_ranks ranks = {.n = 4, .n_group = 2, .own = 10};
    assert_int_equal(cairn_node_memory_room(&memory, &ranks, &whose), 1040);
    assert_string_equal(whose, "what the node has free is");
    ranks.n_group = 4;
    assert_int_equal(cairn_node_memory_room(&memory, &ranks, &whose), 740);
    assert_string_equal(whose, "what its control group has left is");
    memory.process = 100;
    assert_int_equal(cairn_node_memory_room(&memory, &ranks, &whose), 440);
    assert_string_equal(whose, "what ulimit -v leaves is");
    memory.cgroup = 720; /* in all, whatever they share */
    memory.process = UINT64_MAX;
    assert_int_equal(cairn_node_memory_room(&memory, &ranks, &whose), 720);
    memory.slurm = 400;
    assert_int_equal(cairn_node_memory_room(&memory, &ranks, &whose), 400);
    assert_string_equal(whose, "what Slurm grants is");
}

/* The fastest per sample, of those that were timed, fit, and are no larger than the share. */
static void the_fastest(void **state)
{
    (void)state;
    struct cairn_candidates list = passes;
    const struct cairn_room room = {.limit = 100, .whose = "", .n_ranks = 1};
    assert_int_equal(cairn_micro_fastest(&list, 16, &room)->micro, 16);
    assert_int_equal(cairn_micro_fastest(&list, 15, &room)->micro, 8);
    list.item[3].need[0].rank = 95; /* closely is not enough */
    assert_int_equal(cairn_micro_fastest(&list, 16, &room)->micro, 8);
    list.n = 0;
    assert_null(cairn_micro_fastest(&list, 16, &room));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(links_are_read),
        cmocka_unit_test(what_is_no_link),
        cmocka_unit_test(links_are_written),
        cmocka_unit_test(sums_over_a_link),
        cmocka_unit_test(passes_between_sizes),
        cmocka_unit_test(the_rank_with_most_work),
        cmocka_unit_test(the_sum_is_in_the_time),
        cmocka_unit_test(what_fits),
        cmocka_unit_test(the_fastest),
        cmocka_unit_test(groups_that_are_held),
        cmocka_unit_test(who_grants_it),
    };
    return cmocka_run_group_tests_name("predicted", tests, NULL, NULL);
}
