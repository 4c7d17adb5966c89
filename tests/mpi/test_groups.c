/* SPDX-License-Identifier: BSD-3-Clause
 * Micro-batches whose gradients layers put at once (struct cairn_group): the same bits, noise and
 * lines as of each by itself, however many a rank has. */
#include "support/linear.h"
#include "support/mpi.h"
#include "tensor/place.h"
#include "train/noise.h"
#include "train/trainer.h"

enum { UPDATES = 6 };

/* An update as a user's loop works it: nobody says how many micro-batches are still to come. */
static cairn_status one_by_one(cairn_trainer *t)
{
    struct cairn_update_record record;
    cairn_status st = CAIRN_OK;
    bool again = false;
    do {
        cairn_trainer_zero(t);
        for (size_t i = 0; i < cairn_trainer_share(t) && st == CAIRN_OK; i++) {
            st = cairn_trainer_backward(t, i);
            if (t->sum->sink.group.n != 1) st = CAIRN_BUG;
        }
        st = cairn_trainer_sum(t, st, &again, &record);
    } while (st == CAIRN_OK && again);
    return st;
}

static cairn_status in_groups(cairn_trainer *t)
{
    struct cairn_update_record record;
    return cairn_trainer_update(t, &record);
}

struct result {
    uint64_t hash;
    double noise;
    size_t most; /* micro-batches in the last group of some update */
};

static struct result train(const char *const *keys, cairn_status (*update)(cairn_trainer *t))
{
    struct result out = {0};
    cairn_trainer *t = linear_trainer(world, keys);
    assert_on_all(t != NULL);
    for (int u = 0; u < UPDATES; u++) {
        assert_on_all(update(t) == CAIRN_OK);
        if (t->sum->sink.group.n > out.most) out.most = t->sum->sink.group.n;
    }
    out.hash = cairn_trainer_weights_hash(t);
    out.noise = cairn_trainer_noise(t, t->params->n_items).value;
    cairn_trainer_close(t);
    return out;
}

/* Samples in micro-batches of 4, the last of 2. */
#define KEYS(samples, ...)                                                                         \
    ((const char *const[]){"model=[{type: dense, units: 50}, {type: tanh}, {type: dense, "         \
                           "units: 1}]",                                                           \
                           "train.reproducible=true", "batch.micro=4", "batch.global=" #samples,   \
                           "train.updates=6", "optim.lr=0.01", __VA_ARGS__, NULL})

/* How many micro-batches a rank holds at least, of so many of all. */
static bool has_groups(const struct result *result, size_t n_micro)
{
    const size_t share = n_micro / (size_t)cairn_comm_size(world);
    if (!CAIRN_PLACE_HAS_UNITS || share < 2) return true;
    return result->most > 1 && result->most <= CAIRN_PLACE_MOST;
}

static void check(const char *const *keys, size_t n_micro)
{
    const struct result single = train(keys, one_by_one), grouped = train(keys, in_groups);
    assert_on_all(single.hash != 0 && single.hash == grouped.hash);
    assert_on_all(single.noise == grouped.noise);
    assert_on_all(single.most == 1 && has_groups(&grouped, n_micro));
}

static void test_bits(void **state)
{
    (void)state;
    check(KEYS(14, NULL), 4);
    check(KEYS(62, NULL), 16);
    check(KEYS(250, NULL), 63); /* more than 16 are added up in two words, which no layer puts */
    check(KEYS(62, "train.kernels=openblas"), 16);
    check(KEYS(62, "train.recompute=2"), 0);
}

static void test_beside(void **state)
{
    (void)state;
    check(KEYS(62, "train.noise=micro"), 16);
    check(KEYS(62, "train.noise=rank"), 0);
    check(KEYS(62, "train.guard=1"), 0);
    check(KEYS(62, "train.guard=5"), 0);
    check(KEYS(62, "comm.sum=allreduce"), 16);
    check(KEYS(62, "comm.sum=node"), 16);
    check(KEYS(62, "comm.overlap=on"), 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bits),
        cmocka_unit_test(test_beside),
    };
    return RUN_ON_ALL("groups", tests);
}
