/* SPDX-License-Identifier: BSD-3-Clause
 * Agreement and small exchanges. */
#include "support/mpi.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "comm/exchange.h"
#include "comm/watchdog.h"
#include "comm/world.h"

static int rank(void)
{
    return cairn_comm_rank(world);
}

static int last(void)
{
    return cairn_comm_size(world) - 1;
}

static void all_well(void **state)
{
    (void)state;
    assert_on_all(cairn_comm_agree(world, CAIRN_OK) == CAIRN_OK);
}

static void lowest_rank_speaks(void **state)
{
    (void)state;
    cairn_status st = CAIRN_OK;
    if (rank() == last()) st = cairn_fail(CAIRN_DATA, "a.h5 is torn");
    st = cairn_comm_agree(world, st);
    char wanted[64] = "a.h5 is torn";
    if (last() > 0)
        snprintf(wanted, sizeof wanted, "a.h5 is torn (rank %d of %d)", last(), last() + 1);
    assert_on_all(st == CAIRN_DATA && strcmp(cairn_error_text(), wanted) == 0);
}

static void blocks_of_any_size(void **state)
{
    (void)state;
    char text[] = "run file";
    char *block = rank() == 0 ? text : NULL;
    size_t n = rank() == 0 ? sizeof text : 0;
    cairn_status st = cairn_comm_broadcast_block(world, CAIRN_OK, &block, &n);
    bool ok = st == CAIRN_OK && n == sizeof text && strcmp(block, text) == 0;
    if (rank() != 0) free(block);
    assert_on_all(ok);
}

static void a_failure_reaches_who_waits_for_data(void **state)
{
    (void)state;
    int value = 7;
    cairn_status st = rank() == last() ? cairn_fail(CAIRN_FILES, "no") : CAIRN_OK;
    st = cairn_comm_broadcast(world, st, &value, sizeof value);
    assert_on_all(st == CAIRN_FILES);
}

static void exact_sums_do_not_depend_on_shares(void **state)
{
    (void)state;
    struct cairn_exact_sum sum = {0};
    struct cairn_exact_sum alone = {0};
    for (int i = 0; i < 1000; i++) {
        double value = 1.0 / (i + 1) - 0.3;
        bool fits = cairn_exact_sum_add(&alone, value);
        if (fits && i % (last() + 1) == rank()) fits = cairn_exact_sum_add(&sum, value);
        assert_on_all(fits);
    }
    cairn_status st = cairn_comm_sum_exact(world, CAIRN_OK, &sum, 1);
    double together = cairn_exact_sum_value(&sum);
    double one = cairn_exact_sum_value(&alone);
    assert_on_all(st == CAIRN_OK && memcmp(&together, &one, sizeof one) == 0);
}

static void who_differs_is_named(void **state)
{
    (void)state;
    int odd = 99;
    cairn_status st = cairn_comm_all_equal(world, CAIRN_OK, 5, &odd);
    assert_on_all(st == CAIRN_OK && odd == -1);
    st = cairn_comm_all_equal(world, CAIRN_OK, last() >= 2 && rank() == last() ? 6 : 5, &odd);
    assert_on_all(st == CAIRN_OK && odd == (last() >= 2 ? last() : -1));
}

static void a_part_of_the_world(void **state)
{
    (void)state;
    cairn_comm *part = NULL;
    struct cairn_watchdog *dog =
        cairn_watchdog_start(&(struct cairn_watched_start){.limit_s = HUGE_VAL});
    cairn_watchdog_join(dog, world);
    cairn_status st = cairn_comm_subset(world, CAIRN_OK, 1, &part);
    bool inside = rank() == 0;
    assert_on_all(st == CAIRN_OK && inside == (part != NULL));
    /* A run on a part is watched, too: else all of it would look like one long phase. */
    assert_on_all(dog != NULL && (!inside || part->watchdog == dog));
    world->watchdog = NULL;
    cairn_watchdog_stop(dog);
    bool alone =
        !inside || (cairn_comm_size(part) == 1 && cairn_comm_agree(part, CAIRN_OK) == CAIRN_OK);
    cairn_comm_close(part);
    assert_on_all(alone);
}

/* Groups are neighbours, as equal as can be, and agree for themselves; whoever is early rests. */
static void groups_work_apart(void **state)
{
    (void)state;
    cairn_comm *part = NULL;
    int group = -1;
    int n_groups = last() > 0 ? 2 : 1;
    cairn_status st = cairn_comm_split(world, CAIRN_OK, n_groups, &group, &part);
    bool ok = st == CAIRN_OK && group == rank() * n_groups / (last() + 1);
    double largest = rank();
    if (ok) ok = cairn_comm_max(part, CAIRN_OK, &largest, 1) == CAIRN_OK;
    int next = (int)largest + 1; /* the last of a group is next to the first of the next one */
    ok = ok && (next == last() + 1 || next * n_groups / (last() + 1) == group + 1);
    cairn_status own = group == 0 ? CAIRN_OK : cairn_fail(CAIRN_DATA, "a group's own trouble");
    ok = ok && cairn_comm_agree(part, own) == own;
    ok = ok && cairn_comm_idle_barrier(world, own) == (n_groups > 1 ? CAIRN_DATA : CAIRN_OK);
    cairn_comm_close(part);
    assert_on_all(ok);
}

/* The last rank as a node of its own. */
static void the_first_rank_of_each_node_speaks(void **state)
{
    (void)state;
    const struct cairn_comm_node before = world->node;
    const int mine = rank() + 10;
    int all[2] = {-1, -1};
    world->node.first = rank() == last() ? last() : 0;
    cairn_status st = cairn_comm_gather_nodes(world, CAIRN_OK, &mine, sizeof mine, all);
    bool ok = st == CAIRN_OK;
    if (rank() == 0) ok = ok && all[0] == 10 && all[1] == (last() > 0 ? last() + 10 : -1);
    world->node = before;
    assert_on_all(ok);
}

/* All in reverse; then the even ranks, while the others are in no world. */
static void ranks_are_arranged(void **state)
{
    (void)state;
    const int rank = cairn_comm_rank(world), size = cairn_comm_size(world);
    cairn_comm *part = NULL;
    cairn_status st = cairn_comm_arrange(world, CAIRN_OK, 0, -rank, &part);
    bool ok = st == CAIRN_OK && part != NULL && cairn_comm_rank(part) == size - 1 - rank &&
              cairn_comm_size(part) == size;
    assert_on_all(ok);
    cairn_comm_close(part);
    st = cairn_comm_arrange(world, CAIRN_OK, rank % 2 == 0 ? 0 : CAIRN_COMM_NO_GROUP, rank, &part);
    ok = st == CAIRN_OK && (part != NULL) == (rank % 2 == 0);
    if (ok && part != NULL) ok = cairn_comm_size(part) == (size + 1) / 2;
    assert_on_all(ok);
    cairn_comm_close(part);
    assert_on_all(cairn_comm_arrange(world, CAIRN_DATA, 0, 0, &part) == CAIRN_DATA);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_well),
        cmocka_unit_test(lowest_rank_speaks),
        cmocka_unit_test(blocks_of_any_size),
        cmocka_unit_test(a_failure_reaches_who_waits_for_data),
        cmocka_unit_test(exact_sums_do_not_depend_on_shares),
        cmocka_unit_test(who_differs_is_named),
        cmocka_unit_test(a_part_of_the_world),
        cmocka_unit_test(groups_work_apart),
        cmocka_unit_test(the_first_rank_of_each_node_speaks),
        cmocka_unit_test(ranks_are_arranged),
    };
    return RUN_ON_ALL("comm", tests);
}
