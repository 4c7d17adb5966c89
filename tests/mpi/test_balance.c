/* SPDX-License-Identifier: BSD-3-Clause
 * train.balance in the update, with planted times: shares follow them, and the weights do not, bit
 * for bit with train.reproducible. */
#include "support/linear.h"
#include "support/mpi.h"
#include "train/trainer.h"

enum { EVERY = 2, UPDATES = 40 };
static const double rounding = 1e-6; /* float sums in another order, once in each update */

/* Seconds that this rank takes for a micro-batch: rank 0 is slow in the middle of the run. */
static double planted_s(uint64_t update)
{
    bool slow = cairn_comm_rank(world) == 0 && update >= 8 && update < 24;
    return slow ? 8 : 2;
}

/* An update as a user's loop works it. */
static cairn_status one_update(cairn_trainer *t)
{
    struct cairn_update_record record;
    cairn_status st = CAIRN_OK;
    bool again = false;
    do {
        cairn_trainer_zero(t);
        for (size_t i = 0; i < cairn_trainer_share(t) && st == CAIRN_OK; i++)
            st = cairn_trainer_backward(t, i);
        t->phases.spent_s[CAIRN_PHASE_DATA] = 0;
        t->phases.spent_s[CAIRN_PHASE_COMPUTE] =
            planted_s(t->at.update) * (double)cairn_trainer_share(t);
        st = cairn_trainer_sum(t, st, &again, &record);
    } while (st == CAIRN_OK && again);
    return st;
}

/* A run; its weights, the hash of them, and this rank's share after each update. */
struct result {
    double weights[LINEAR_WEIGHTS];
    uint64_t hash;
    size_t share[UPDATES];
};

static bool train(const char *const *keys, struct result *out)
{
    cairn_status st = CAIRN_OK;
    cairn_trainer *t = linear_trainer(world, keys);
    if (t == NULL) return false;
    for (int u = 0; u < UPDATES && st == CAIRN_OK; u++) {
        st = one_update(t);
        out->share[u] = cairn_trainer_share(t);
    }
    linear_weights(t, out->weights);
    out->hash = cairn_trainer_weights_hash(t);
    bool done = cairn_trainer_done(t);
    cairn_trainer_close(t);
    return st == CAIRN_OK && done;
}

#define KEYS(...)                                                                                  \
    ((const char *const[]){"train.updates=40", "optim.lr=0.1", "train.balance_every=2",            \
                           __VA_ARGS__, NULL})
#define WINDOWS "batch.global=64", "batch.micro=4", "batch.tail=carry"

/* The share of a rank after an update, of 16 micro-batches. */
static bool has(const struct result *result, int update, size_t first, size_t others)
{
    bool alone = cairn_comm_size(world) == 1;
    size_t wanted = alone ? 16 : cairn_comm_rank(world) == 0 ? first : others;
    return result->share[update - 1] == wanted;
}

static void test_shares_follow_the_times(void **state)
{
    (void)state;
    struct result off;
    struct result on;
    assert_on_all(train(KEYS(WINDOWS, "train.reproducible=true"), &off));
    assert_on_all(train(KEYS(WINDOWS, "train.reproducible=true", "train.balance=auto"), &on));
    assert_on_all(off.share[11] == off.share[0]);
    /* slow from update 9 on: of the last three spans two say so after update 12, as little as
     * 2, 7, 7; and the same on the way back */
    assert_on_all(has(&on, 10, off.share[9], off.share[9]));
    assert_on_all(has(&on, 12, 2, 7));
    assert_on_all(has(&on, 26, 2, 7));
    assert_on_all(has(&on, 28, off.share[27], off.share[27]));
    assert_on_all(on.hash == off.hash);
}

/* Tails, a ramp, optimizers with a state: the same bits, whatever the shares. */
static void test_the_bits_stay(void **state)
{
    (void)state;
    struct result off;
    struct result on;
    assert_on_all(train(KEYS("batch.global=90", "batch.micro=7", "train.reproducible=true"), &off));
    assert_on_all(train(
        KEYS("batch.global=90", "batch.micro=7", "train.reproducible=true", "train.balance=auto"),
        &on));
    assert_on_all(on.hash == off.hash);
    assert_on_all(train(KEYS("batch.ramp=[[0, 8], [900, 200]]", "batch.ramp_kind=linear",
                             "batch.micro=4", "optim.name=adam", "train.reproducible=true"),
                        &off));
    assert_on_all(
        train(KEYS("batch.ramp=[[0, 8], [900, 200]]", "batch.ramp_kind=linear", "batch.micro=4",
                   "optim.name=adam", "train.reproducible=true", "train.balance=auto"),
              &on));
    assert_on_all(on.hash == off.hash);
}

/* Floats added in another order: to rounding. */
static void test_without_reproducible(void **state)
{
    (void)state;
    struct result off;
    struct result on;
    assert_on_all(train(KEYS(WINDOWS), &off));
    assert_on_all(train(KEYS(WINDOWS, "train.balance=auto"), &on));
    assert_on_all(has(&on, 12, 2, 7));
    assert_on_all(linear_difference(on.weights, off.weights) <= rounding);
}

/* Fewer micro-batches than ranks: some have none, and still meet the others. */
static void test_ranks_without_work(void **state)
{
    (void)state;
    struct result off;
    struct result on;
    assert_on_all(train(KEYS("batch.global=8", "batch.micro=4", "train.reproducible=true"), &off));
    assert_on_all(train(
        KEYS("batch.global=8", "batch.micro=4", "train.reproducible=true", "train.balance=auto"),
        &on));
    assert_on_all(on.hash == off.hash);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shares_follow_the_times),
        cmocka_unit_test(test_the_bits_stay),
        cmocka_unit_test(test_without_reproducible),
        cmocka_unit_test(test_ranks_without_work),
    };
    return RUN_ON_ALL("balance", tests);
}
