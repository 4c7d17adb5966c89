/* SPDX-License-Identifier: BSD-3-Clause
 * Samples that are the same: counted right, also in parts, and fairly where there is little room.
 */
#include "data/twins.h"
#include "support/data.h"

enum { N = 4000 };

/* A sample of this content in a row of a group. */
static struct cairn_twin sample(uint64_t content, enum cairn_split split, uint64_t row)
{
    return (struct cairn_twin){.hash = {content * UINT64_C(0x9e3779b97f4a7c15), content},
                               .row = row,
                               .n = 1,
                               .target = row % 2,
                               .split = (uint32_t)split};
}

static void test_counts(void **state)
{
    struct cairn_twins twins;
    struct cairn_twins_table table = {0};
    static const uint64_t train[] = {5, 6, 5, 7, 5, 9, 6}, test[] = {8, 6, 7, 7};
    (void)state;
    assert_int_equal(cairn_twins_begin(&twins, 16), CAIRN_OK);
    for (size_t i = 0; i < 7; i++) {
        const struct cairn_twin one = sample(train[i], CAIRN_SPLIT_TRAIN, i);
        cairn_twins_add(&twins, &one);
    }
    for (size_t i = 0; i < 4; i++) {
        const struct cairn_twin one = sample(test[i], CAIRN_SPLIT_TEST, i);
        cairn_twins_add(&twins, &one);
    }
    cairn_twins_settle(&twins);
    cairn_twins_count(&twins, &table);
    const struct cairn_twins_found *alone = &table.of[CAIRN_SPLIT_TRAIN][CAIRN_SPLIT_TRAIN];
    assert_int_equal(alone->n, 3); /* two of 5, one of 6 */
    assert_int_equal(alone->row[0], 0);
    assert_int_equal(alone->row[1], 2);
    assert_int_equal(alone->n_differ, 1); /* 6, in an odd and an even row */
    assert_int_equal(alone->differ_row, 1);
    const struct cairn_twins_found *both = &table.of[CAIRN_SPLIT_TRAIN][CAIRN_SPLIT_TEST];
    assert_int_equal(both->n, 3); /* 6, 7, 7 */
    assert_int_equal(both->row[0], 1);
    assert_int_equal(both->row[1], 1);
    assert_int_equal(table.of[CAIRN_SPLIT_VAL][CAIRN_SPLIT_TEST].n, 0);
    cairn_twins_free(&twins);
}

/* Entries of one rank after those of another, settled again, say what one would have said. */
static void test_in_parts(void **state)
{
    struct cairn_twins all, part[2];
    struct cairn_twins_table one = {0}, two = {0};
    (void)state;
    assert_int_equal(cairn_twins_begin(&all, N), CAIRN_OK);
    for (int k = 0; k < 2; k++) assert_int_equal(cairn_twins_begin(&part[k], N), CAIRN_OK);
    for (uint64_t i = 0; i < N; i++) {
        const struct cairn_twin next = sample(i * i % 997, i % 5 == 0, i);
        cairn_twins_add(&all, &next);
        cairn_twins_add(&part[i >= N / 3], &next);
    }
    cairn_twins_settle(&all);
    cairn_twins_count(&all, &one);
    for (int k = 0; k < 2; k++) cairn_twins_settle(&part[k]);
    for (size_t i = 0; i < part[1].n; i++) part[0].entry[part[0].n++] = part[1].entry[i];
    cairn_twins_settle(&part[0]);
    cairn_twins_count(&part[0], &two);
    assert_true(one.of[0][0].n > 0 && one.of[0][1].n > 0);
    assert_memory_equal(&one, &two, sizeof one);
    assert_int_equal(cairn_twins_below(&all, 0), 0);
    assert_int_equal(cairn_twins_below(&all, UINT64_MAX), all.n);
    cairn_twins_free(&all);
    for (int k = 0; k < 2; k++) cairn_twins_free(&part[k]);
}

/* Every content comes in train and in test: what is compared of one is compared of the other. */
static void test_little_room(void **state)
{
    struct cairn_twins twins;
    struct cairn_twins_table table = {0};
    (void)state;
    assert_int_equal(cairn_twins_begin(&twins, 300), CAIRN_OK);
    for (int split = 0; split < 2; split++) {
        for (uint64_t i = 0; i < N; i++) {
            const struct cairn_twin one = sample(i, (enum cairn_split)split, i);
            cairn_twins_add(&twins, &one);
        }
    }
    assert_true(twins.narrow > 0);
    cairn_twins_settle(&twins);
    assert_in_range(twins.n, 100, 300);
    cairn_twins_count(&twins, &table);
    assert_int_equal(table.of[0][1].n, twins.n / 2); /* each has its twin */
    assert_int_equal(table.of[0][0].n, 0);
    cairn_twins_free(&twins);
}

/* However often one sample comes, it takes one place. */
static void test_the_same_for_ever(void **state)
{
    struct cairn_twins twins;
    (void)state;
    assert_int_equal(cairn_twins_begin(&twins, 8), CAIRN_OK);
    for (uint64_t i = 0; i < N; i++) {
        const struct cairn_twin one = sample(3, CAIRN_SPLIT_TRAIN, i);
        cairn_twins_add(&twins, &one);
    }
    cairn_twins_settle(&twins);
    assert_int_equal(twins.n, 1);
    assert_int_equal(twins.entry[0].n, N);
    assert_int_equal(twins.narrow, 0);
    cairn_twins_free(&twins);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_in_parts),
        cmocka_unit_test(test_little_room),
        cmocka_unit_test(test_the_same_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
