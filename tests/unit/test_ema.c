/* SPDX-License-Identifier: BSD-3-Clause
 * The moving average of the weights against PyTorch's numbers, and its buffers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <tgmath.h>

#include <cmocka.h>

#include "train/average.h"
#include "train/trainer.h"

enum { N_WEIGHTS = 2, N_VALUES = 3, UPDATES = 5 };

static const real TOLERANCE = 2e-7f; /* a few units in the last place of numbers below 2 */

/* By PyTorch 2.13.0: torch.optim.swa_utils.AveragedModel(net,
 * multi_avg_fn=get_ema_multi_avg_fn(0.9)) of a Linear(1, 1) with the weight 0.3 k^2 and the bias -1
 * / k after update k. */
static const real pytorch[UPDATES][N_WEIGHTS] = {
    {0.30000001192092896f, -1.0f},
    {0.39000001549720764f, -0.949999988079071f},
    {0.6209999918937683f, -0.8883333206176758f},
    {1.0389000177383423f, -0.8244999647140503f},
    {1.6850100755691528f, -0.7620499730110168f},
};

static void numbers_of_pytorch(void **state)
{
    const struct cairn_params params = {.n_weights = N_WEIGHTS, .n_values = N_VALUES};
    real w[N_VALUES] = {7, 8, 9}, average[N_VALUES] = {0};
    struct cairn_trainer t = {.params = &params, .w = w, .parts = {.ema = 0.9}};
    (void)state;
    assert_int_equal(cairn_trainer_watch(&t, &cairn_observer_average, average), CAIRN_OK);
    assert_ptr_equal(cairn_trainer_average(&t), average);
    assert_memory_equal(average, w, sizeof w); /* before the first update: the weights */
    for (int k = 1; k <= UPDATES; k++) {
        w[0] = 0.3f * (real)(k * k);
        w[1] = -1.0f / (real)k;
        w[2] = (real)k; /* a buffer */
        struct cairn_update_record record = {.update = (uint64_t)k};
        assert_int_equal(cairn_observe_update(&t, &record), CAIRN_OK);
        t.at.update++;
        assert_ptr_equal(cairn_trainer_average(&t), average);
        for (int i = 0; i < N_WEIGHTS; i++)
            if (fabs(average[i] - pytorch[k - 1][i]) > TOLERANCE)
                fail_msg("update %d, %d: %.9g, PyTorch %.9g", k, i, (double)average[i],
                         (double)pytorch[k - 1][i]);
        assert_true(average[2] == w[2]);
    }
}

static void none_is_kept_without_train_ema(void **state)
{
    const struct cairn_params params = {.n_weights = N_WEIGHTS, .n_values = N_VALUES};
    real w[N_VALUES] = {0};
    struct cairn_trainer t = {.params = &params, .w = w};
    (void)state;
    assert_null(cairn_trainer_average(&t));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_of_pytorch),
        cmocka_unit_test(none_is_kept_without_train_ema),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
