/* SPDX-License-Identifier: BSD-3-Clause
 * train.guard in a host's own loop: the same weights, and what cannot be worked twice is refused.
 */
#include <string.h>

#include "support/linear.h"
#include "support/mpi.h"

static const char *const off[] = {"batch.global=160", "batch.micro=16", "train.updates=5", NULL};
static const char *const on[] = {"batch.global=160", "batch.micro=16", "train.updates=5",
                                 "train.guard=3", NULL};
static const char *const all[] = {"batch.global=160", "batch.micro=16", "train.updates=5",
                                  "train.guard=1", NULL};

static void test_no_bit_changes(void **state)
{
    (void)state;
    const uint64_t hash = trained_hash(linear_trainer(world, off));
    assert_on_all(hash != 0 && hash == trained_hash(linear_trainer(world, on)));
    assert_on_all(hash == trained_hash(linear_trainer(world, all)));
}

/* From the last micro-batch of the share to the first. */
static cairn_status update_backwards(cairn_trainer *t)
{
    struct cairn_update_record record;
    bool again = false;
    cairn_status st = CAIRN_OK;
    cairn_trainer_zero(t);
    for (size_t i = cairn_trainer_share(t); i-- > 0 && st == CAIRN_OK;)
        st = cairn_trainer_backward(t, i);
    return cairn_trainer_sum(t, st, &again, &record);
}

static void test_only_in_order(void **state)
{
    (void)state;
    cairn_trainer *t = linear_trainer(world, off);
    assert_on_all(t != NULL && update_backwards(t) == CAIRN_OK);
    cairn_trainer_close(t);
    t = linear_trainer(world, all);
    assert_on_all(t != NULL && update_backwards(t) == CAIRN_USAGE);
    assert_on_all(strstr(cairn_error_text(), "train.guard") != NULL);
    cairn_trainer_close(t);
}

static void test_not_what_is_fed(void **state)
{
    (void)state;
    static const size_t dim[] = {LINEAR_INPUTS};
    const struct cairn_data_form form = {
        .size = sizeof form, .dim = dim, .n_dims = 1, .n_targets = 1};
    cairn_data *data = NULL;
    assert_on_all(cairn_data_create(&form, &data) == CAIRN_OK);
    assert_on_all(cairn_data_fed(data, 320) == CAIRN_OK);
    assert_on_all(linear_trainer_with(world, data, all) == NULL);
    assert_on_all(strstr(cairn_error_text(), "train.guard") != NULL);
    cairn_data_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_bit_changes),
        cmocka_unit_test(test_only_in_order),
        cmocka_unit_test(test_not_what_is_fed),
    };
    return RUN_ON_ALL("guard", tests);
}
