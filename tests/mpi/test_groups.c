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
    size_t share; /* micro-batches of this rank */
    size_t most;  /* of them in the last group of some update */
};

/* redone: in the middle of the run ranges are too narrow, and the update is worked twice. */
static struct result train(const char *const *keys, bool redone,
                           cairn_status (*update)(cairn_trainer *t))
{
    struct result out = {0};
    cairn_trainer *t = linear_trainer(world, keys);
    assert_on_all(t != NULL);
    for (int u = 0; u < UPDATES; u++) {
        const bool narrow = redone && u == UPDATES / 2;
        const int64_t top = t->sum->range[0].top;
        for (size_t p = 0; p < t->params->n_tensors && narrow; p++) t->sum->range[p].top -= 40;
        out.share = cairn_trainer_share(t);
        assert_on_all(update(t) == CAIRN_OK);
        assert_on_all(!narrow || t->sum->range[0].top > top - 40);
        if (t->sum->sink.group.n > out.most) out.most = t->sum->sink.group.n;
    }
    out.hash = cairn_trainer_weights_hash(t);
    out.noise = cairn_trainer_noise(t, t->params->n_items).value;
    cairn_trainer_close(t);
    return out;
}

/* Samples in micro-batches of 4, the last of 2. */
#define KEYS(samples, ...)                                                                         \
    ((const char *const[]){"model=[{type: dense, units: 50}, {type: tanh}, {type: dense, units: "  \
                           "60}, {type: tanh}, {type: dense, units: 1}]",                          \
                           "train.reproducible=true", "batch.micro=4", "batch.global=" #samples,   \
                           "train.updates=6", "optim.lr=0.01", __VA_ARGS__, NULL})

enum wanted { NO_GROUPS, GROUPS, SOME };

static bool is_as_wanted(const struct result *result, enum wanted wanted)
{
    if (wanted == NO_GROUPS || !CAIRN_PLACE_HAS_UNITS || result->share < 2)
        return result->most == 1;
    return wanted == SOME || (result->most > 1 && result->most <= CAIRN_PLACE_MOST);
}

static void check(const char *const *keys, enum wanted wanted)
{
    for (int redone = 0; redone < 2; redone++) {
        const struct result single = train(keys, redone == 1, one_by_one);
        const struct result grouped = train(keys, redone == 1, in_groups);
        assert_on_all(single.hash != 0 && single.hash == grouped.hash);
        assert_on_all(single.noise == grouped.noise);
        assert_on_all(is_as_wanted(&single, NO_GROUPS) && is_as_wanted(&grouped, wanted));
    }
}

static void test_bits(void **state)
{
    (void)state;
    check(KEYS(14, NULL), GROUPS);
    check(KEYS(62, NULL), GROUPS);
    check(KEYS(250, NULL), GROUPS); /* more than 16: in two words */
    check(KEYS(62, "train.kernels=openblas"), GROUPS);
    check(KEYS(62, "train.recompute=2"), NO_GROUPS);
    check(KEYS(500, "batch.micro=60", "train.kernels=auto"), SOME); /* of some kernels */
}

static void test_beside(void **state)
{
    (void)state;
    check(KEYS(62, "train.noise=micro"), GROUPS);
    check(KEYS(62, "train.noise=rank"), NO_GROUPS);
    check(KEYS(62, "train.guard=1"), NO_GROUPS);
    check(KEYS(62, "train.guard=5"), SOME);
    check(KEYS(62, "comm.sum=allreduce"), GROUPS);
    check(KEYS(62, "comm.sum=node"), GROUPS);
    check(KEYS(62, "comm.overlap=on"), GROUPS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bits),
        cmocka_unit_test(test_beside),
    };
    return RUN_ON_ALL("groups", tests);
}
