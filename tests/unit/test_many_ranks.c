/* SPDX-License-Identifier: BSD-3-Clause
 * What rank 0 does for all ranks at a start, with 16,384 of them planted: R log R, by counting. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/groups.h"
#include "record/system.h"
#include "support/launch.h"

enum { MANY = 16384, ON_HOST = 128 };

static size_t n_compared;

static int counted(const void *a, const void *b)
{
    const unsigned x = *(const unsigned *)a;
    const unsigned y = *(const unsigned *)b;
    n_compared++;
    return (x > y) - (x < y);
}

static void equal_items_are_found_by_sorting(void **state)
{
    (void)state;
    static unsigned value[MANY];
    for (unsigned kinds = 1; kinds <= MANY; kinds *= 128) {
        struct cairn_groups groups = {0};
        for (unsigned i = 0; i < MANY; i++) value[i] = i * 7919u % kinds;
        n_compared = 0;
        assert_int_equal(cairn_groups_make(value, MANY, sizeof *value, counted, &groups), CAIRN_OK);
        assert_true((double)n_compared <= 2 * MANY * log2(MANY));
        assert_int_equal(groups.n_groups, kinds);
        assert_int_equal(groups.begin[kinds], MANY);
        for (size_t g = 0; g < kinds; g++) {
            const size_t *item = groups.item + groups.begin[g];
            if (g > 0) assert_true(item[0] > groups.item[groups.begin[g - 1]]);
            for (size_t i = 1; i < groups.begin[g + 1] - groups.begin[g]; i++)
                assert_true(item[i] > item[i - 1] && value[item[i]] == value[item[0]]);
        }
        cairn_groups_free(&groups);
    }
}

static void hosts_of_the_provenance(void **state)
{
    (void)state;
    struct cairn_node_name *all = calloc(MANY, sizeof *all);
    char *text = NULL;
    assert_non_null(all);
    for (int i = 0; i < MANY; i++) { /* a name for many containers, the last host first */
        sprintf(all[i].host, "node%d", ON_HOST - 1 - i % ON_HOST);
        all[i].n_ranks = 2;
    }
    assert_int_equal(cairn_hosts_text(all, MANY, &text), CAIRN_OK);
    assert_int_equal(strncmp(text, "node127 x 256, node126 x 256, ", 30), 0);
    assert_string_equal(text + strlen(text) - 11, "node0 x 256");
    free(text);
    free(all);
}

/* All checks that judge what ranks say of themselves, on many hosts and on one. */
static void checks_of_a_start(void **state)
{
    struct subject *s = *state;
    struct cairn_rank_facts *rank = calloc(MANY, sizeof *rank);
    assert_non_null(rank);
    for (int on_host = ON_HOST; on_host <= MANY; on_host *= MANY / ON_HOST) {
        for (int r = 0; r < MANY; r++) {
            rank[r] = s->rank[0];
            rank[r].cgroup.cpus = 1;
            rank[r].cgroup.cpus_group = rank[r].cgroup.memory_group = (uint64_t)(r % on_host / 2);
            rank[r].host_cpus = rank[r].host_cores = 2 * MANY;
            rank[r].memory_total = UINT64_MAX;
            rank[r].cgroup.memory_bytes = GIGABYTE; /* two ranks in each want more */
            sprintf(rank[r].host, "node%d", r / on_host);
        }
        s->launch.rank = rank;
        s->launch.n_ranks = MANY;
        judge(s, "cores");
        assert_int_equal(s->found.n, MANY / on_host);
        judge(s, "threads");
        assert_int_equal(s->found.n, MANY / 2);
        judge(s, "memory");
        assert_int_equal(s->found.n, MANY / 2);
        judge(s, "nodes");
        assert_int_equal(s->found.n, 1);
        cairn_launch_free(&s->launch);
    }
    s->launch.rank = s->rank;
    s->launch.n_ranks = RANKS;
    free(rank);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_items_are_found_by_sorting),
        cmocka_unit_test(hosts_of_the_provenance),
        cmocka_unit_test_setup_teardown(checks_of_a_start, subject_set_up, subject_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
