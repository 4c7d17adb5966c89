/* SPDX-License-Identifier: BSD-3-Clause
 * Kinds of a host's own on several ranks: one that a rank does not know ends all, and none comes
 * after the first trainer. */
#include <string.h>

#include "support/linear.h"
#include "support/mpi.h"
#include "support/own_kinds.h"

static const char *const keys[] = {"model=[{type: powers}, {type: dense, units: 1}]",
                                   "batch.global=64", "batch.micro=16", NULL};

static void test_known_to_one_rank(void **state)
{
    (void)state;
    const bool alone = cairn_comm_size(world) == 1;
    if (cairn_comm_rank(world) == 0) assert_int_equal(cairn_layer_register(&own_powers), CAIRN_OK);
    cairn_trainer *t = linear_trainer(world, keys);
    assert_on_all((t != NULL) == alone);
    assert_on_all(alone || strstr(cairn_error_text(), "no layer type 'powers'") != NULL);
    cairn_trainer_close(t);
}

static void test_registering_comes_too_late(void **state)
{
    (void)state;
    static const char *const plain[] = {"batch.global=64", "batch.micro=16", NULL};
    cairn_trainer *t = linear_trainer(world, plain);
    assert_on_all(t != NULL);
    cairn_trainer_close(t);
    static const char words[] = "comes after a trainer was opened; register it before the first";
    assert_on_all(cairn_layer_register(&own_powers) == CAIRN_USAGE &&
                  strstr(cairn_error_text(), words) != NULL);
    assert_on_all(cairn_loss_register(&own_brier) == CAIRN_USAGE &&
                  strstr(cairn_error_text(), words) != NULL);
    assert_on_all(cairn_optim_register(&own_soft_sign) == CAIRN_USAGE &&
                  strstr(cairn_error_text(), words) != NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_to_one_rank),
        cmocka_unit_test(test_registering_comes_too_late),
    };
    return RUN_ON_ALL("own_kinds", tests);
}
