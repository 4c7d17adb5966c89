/* SPDX-License-Identifier: BSD-3-Clause
 * The formula itself: with squared error, `normalize: sum` and plain SGD an update is
 * theta <- theta - eta * sum of the gradients, worked here in double; and with `mean` the same with
 * eta / W. */
#include "support/linear.h"
#include "support/mpi.h"

/* The bound, for weights after as many updates as one epoch has: each rounds once to float,
 * 6e-8 of the weight. */
static const double most = 1e-6;

static struct linear data;

static int set_up(void **state)
{
    (void)state;
    return linear_read(&data) ? 0 : 1;
}

static int tear_down(void **state)
{
    (void)state;
    linear_free(&data);
    return 0;
}

/* One epoch of windows of `global` samples beside the program; the largest difference of any
 * update, or 1 where something fails. */
static double worst(const char *const *keys, uint64_t global, double eta, bool mean)
{
    struct cairn_update_record record;
    double theta[LINEAR_WEIGHTS];
    double found[LINEAR_WEIGHTS];
    double largest = 0;
    cairn_trainer *trainer = linear_trainer(world, keys);
    if (trainer == NULL) return 1;
    linear_weights(trainer, theta);
    for (uint64_t first = 0; first < data.n && largest < 1; first += global) {
        uint64_t n = data.n - first < global ? data.n - first : global;
        double sum[LINEAR_WEIGHTS] = {0};
        for (uint64_t i = 0; i < n; i++) linear_add(&data, first + i, theta, 1, sum);
        for (int i = 0; i < LINEAR_WEIGHTS; i++)
            theta[i] -= (mean ? eta / (double)n : eta) * sum[i];
        bool ok = cairn_trainer_update(trainer, &record) == CAIRN_OK && record.batch_samples == n;
        linear_weights(trainer, found);
        double now = linear_difference(found, theta);
        if (!ok || !(now <= largest)) largest = ok ? now : 1;
    }
    if (!cairn_trainer_done(trainer)) largest = 1;
    cairn_trainer_close(trainer);
    return largest;
}

#define KEYS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void test_sum(void **state)
{
    (void)state;
    assert_on_all(worst(KEYS("batch.global=64", "batch.micro=16", "batch.normalize=sum",
                             "optim.lr=0.001", "train.epochs=1"),
                        64, 0.001, false) <= most);
    assert_on_all(worst(KEYS("batch.global=64", "batch.micro=16", "batch.normalize=sum",
                             "optim.lr=0.001", "train.epochs=1", "train.reproducible=true"),
                        64, 0.001, false) <= most);
}

/* Micro-batches that divide neither the window nor the ranks; and all samples in one window. */
static void test_sum_of_any_shape(void **state)
{
    (void)state;
    assert_on_all(worst(KEYS("batch.global=50", "batch.micro=7", "batch.normalize=sum",
                             "optim.lr=0.001", "train.epochs=1"),
                        50, 0.001, false) <= most);
    assert_on_all(worst(KEYS("batch.global=1000", "batch.micro=33", "batch.normalize=sum",
                             "optim.lr=0.001", "train.epochs=1"),
                        1000, 0.001, false) <= most);
    assert_on_all(worst(KEYS("batch.global=5", "batch.micro=5", "batch.normalize=sum",
                             "optim.lr=0.001", "train.epochs=1"),
                        5, 0.001, false) <= most);
}

static void test_mean(void **state)
{
    (void)state;
    assert_on_all(worst(KEYS("batch.global=64", "batch.micro=16", "optim.lr=0.1", "train.epochs=1"),
                        64, 0.1, true) <= most);
}

/* The test can fail: another eta is another line of weights. */
static void test_other_rate_differs(void **state)
{
    (void)state;
    assert_on_all(worst(KEYS("batch.global=64", "batch.micro=16", "batch.normalize=sum",
                             "optim.lr=0.00101", "train.epochs=1"),
                        64, 0.001, false) > 100 * most);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_sum, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_sum_of_any_shape, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_mean, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_other_rate_differs, set_up, tear_down),
    };
    return RUN_ON_ALL("formula", tests);
}
