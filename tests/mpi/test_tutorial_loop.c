/* SPDX-License-Identifier: BSD-3-Clause
 * The loop of the tutorials, word for word, beside ours:
 *
 *   for i, batch in enumerate(micro_batches):        one process, b samples each
 *       gradient += mean gradient of the batch        nothing is divided
 *       if (i + 1) % A == 0: theta -= lr * gradient; gradient = 0
 *
 * For full equal micro-batches it is `normalize: mean` with lr x A, and `normalize: sum` with lr/b.
 * In the leftover window at the end of an epoch, which has fewer micro-batches and a short last
 * one, the three part. */
#include "support/linear.h"
#include "support/mpi.h"

enum { MICRO = 16, ACCUMULATE = 4, GLOBAL = MICRO * ACCUMULATE };
static const double rate = 0.02;

static const double same = 1e-6;  /* one rounding to float in each of five updates */
static const double apart = 1e-3; /* what the leftover window changes is far above that */

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

/* The tutorial's loop over one epoch's micro-batches.  What it has not stepped with at the end, it
 * leaves in `gradient`. */
static void tutorial(double theta[LINEAR_WEIGHTS], double gradient[LINEAR_WEIGHTS])
{
    size_t n_micro = (data.n + MICRO - 1) / MICRO;
    for (size_t m = 0; m < n_micro; m++) {
        size_t n = data.n - m * MICRO < MICRO ? data.n - m * MICRO : MICRO;
        for (size_t i = 0; i < n; i++)
            linear_add(&data, m * MICRO + i, theta, 1.0 / (double)n, gradient);
        if ((m + 1) % ACCUMULATE != 0) continue;
        for (int k = 0; k < LINEAR_WEIGHTS; k++) {
            theta[k] -= rate * gradient[k];
            gradient[k] = 0;
        }
    }
}

/* The same epoch by Cairn: weights after the last full window, and after the leftover one. */
static bool ours(const char *normalize, const char *lr, double full[LINEAR_WEIGHTS],
                 double end[LINEAR_WEIGHTS])
{
    const char *const keys[] = {
        "batch.global=64", "batch.micro=16", normalize, lr, "train.epochs=1", NULL};
    struct cairn_update_record record;
    cairn_status st = CAIRN_OK;
    cairn_trainer *trainer = linear_trainer(world, keys);
    if (trainer == NULL) return false;
    for (size_t u = 0; u < data.n / GLOBAL && st == CAIRN_OK; u++)
        st = cairn_trainer_update(trainer, &record);
    linear_weights(trainer, full);
    if (st == CAIRN_OK) st = cairn_trainer_update(trainer, &record);
    linear_weights(trainer, end);
    bool done = cairn_trainer_done(trainer);
    cairn_trainer_close(trainer);
    return st == CAIRN_OK && done && record.batch_samples == data.n % GLOBAL;
}

/* What both loops start from. */
static bool start(double theta[LINEAR_WEIGHTS])
{
    const char *const keys[] = {"batch.global=64", "batch.micro=16", "train.epochs=1", NULL};
    cairn_trainer *trainer = linear_trainer(world, keys);
    if (trainer == NULL) return false;
    linear_weights(trainer, theta);
    cairn_trainer_close(trainer);
    return true;
}

struct three {
    double literal[LINEAR_WEIGHTS], left[LINEAR_WEIGHTS]; /* the tutorial's weights, its leftover */
    double mean[LINEAR_WEIGHTS], mean_end[LINEAR_WEIGHTS];
    double sum[LINEAR_WEIGHTS], sum_end[LINEAR_WEIGHTS];
};

static bool run_three(struct three *out)
{
    *out = (struct three){.left = {0}};
    bool ok = start(out->literal);
    tutorial(out->literal, out->left);
    ok = ok && ours("batch.normalize=mean", "optim.lr=0.08", out->mean, out->mean_end);
    return ok && ours("batch.normalize=sum", "optim.lr=0.00125", out->sum, out->sum_end);
}

static void test_full_windows_are_the_same(void **state)
{
    (void)state;
    struct three all;
    assert_on_all(run_three(&all));
    assert_on_all(linear_difference(all.mean, all.literal) <= same);
    assert_on_all(linear_difference(all.sum, all.literal) <= same);
}

/* Without lr x A it is another training: the test can fail. */
static void test_the_same_lr_is_not_the_same(void **state)
{
    (void)state;
    struct three all;
    double full[LINEAR_WEIGHTS];
    double end[LINEAR_WEIGHTS];
    assert_on_all(run_three(&all));
    assert_on_all(ours("batch.normalize=mean", "optim.lr=0.02", full, end));
    assert_on_all(linear_difference(full, all.literal) > apart);
}

/* The leftover window has micro-batches of 16, 16 and 1 samples.  Cairn's sum counts every sample
 * once, its mean divides by 33; the tutorial's mean makes the last sample count sixteenfold, and
 * without a step at the end of the epoch the gradient waits for the weights of the next one. */
static void test_the_leftover_window_differs(void **state)
{
    (void)state;
    struct three all;
    double stepped[LINEAR_WEIGHTS];
    double by_hand[LINEAR_WEIGHTS] = {0};
    double expected_sum[LINEAR_WEIGHTS];
    double expected_mean[LINEAR_WEIGHTS];
    assert_on_all(run_three(&all));
    size_t n = data.n % GLOBAL;
    assert_on_all(n % MICRO == 1 && n > MICRO);
    for (size_t i = data.n - n; i < data.n; i++) linear_add(&data, i, all.literal, 1, by_hand);
    for (int k = 0; k < LINEAR_WEIGHTS; k++) {
        stepped[k] = all.literal[k] - rate * all.left[k];
        expected_sum[k] = all.literal[k] - rate / MICRO * by_hand[k];
        expected_mean[k] = all.literal[k] - rate * ACCUMULATE / (double)n * by_hand[k];
    }
    assert_on_all(linear_difference(all.sum_end, expected_sum) <= same);
    assert_on_all(linear_difference(all.mean_end, expected_mean) <= same);
    assert_on_all(linear_difference(all.sum_end, all.mean_end) > apart);
    assert_on_all(linear_difference(stepped, all.sum_end) > apart);
    assert_on_all(linear_difference(stepped, all.mean_end) > apart);
    assert_on_all(linear_difference(all.literal, all.sum_end) > apart);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_full_windows_are_the_same, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_same_lr_is_not_the_same, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_leftover_window_differs, set_up, tear_down),
    };
    return RUN_ON_ALL("tutorial_loop", tests);
}
