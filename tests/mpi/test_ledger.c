/* SPDX-License-Identifier: BSD-3-Clause
 * data.ledger: what each update was given, over all ranks, whether it is read or fed. */
#include "data/order.h"
#include "support/linear.h"
#include "support/mpi.h"
#include "train/ledger.h"
#include "train/trainer.h"

enum { MICRO = 16, EPOCHS = 3, SEED = 1 };

/* Windows that straddle epochs, and some ranks without a micro-batch now and then. */
static const char *const keys[] = {
    "batch.global=50",         "batch.micro=16", "batch.tail=carry", "train.epochs=3",
    "train.reproducible=true", "train.seed=1",   "data.ledger=true", NULL};

static struct linear all;

static int set_up(void **state)
{
    (void)state;
    return linear_read(&all) ? 0 : 1;
}

static int tear_down(void **state)
{
    (void)state;
    linear_free(&all);
    return 0;
}

/* Count and hash of each epoch, as the ledger has them. */
struct sums {
    uint64_t samples[EPOCHS], hash[EPOCHS], next;
    bool in_order; /* each part begins where the one before ended */
};

static void take(const cairn_trainer *t, struct sums *sums)
{
    size_t n = 0;
    const struct cairn_ledger_part *part = cairn_trainer_ledger(t, &n);
    for (size_t i = 0; i < n; i++) {
        sums->samples[part[i].epoch] += part[i].samples;
        sums->hash[part[i].epoch] += part[i].hash;
        sums->in_order = sums->in_order && part[i].first == sums->next;
        sums->next += part[i].samples;
    }
}

/* Whether each epoch has these numbers, each once. */
static bool are(const struct sums *sums, uint64_t number_of(uint64_t sample))
{
    bool same = sums->in_order && sums->next == EPOCHS * all.n;
    for (uint64_t epoch = 0; epoch < EPOCHS; epoch++) {
        uint64_t hash = 0;
        for (uint64_t i = 0; i < all.n; i++) hash += cairn_ledger_hash(epoch, number_of(i));
        same = same && sums->samples[epoch] == all.n && sums->hash[epoch] == hash;
    }
    return same;
}

static uint64_t itself(uint64_t sample)
{
    return sample;
}

/* What a host may call its samples. */
static uint64_t named(uint64_t sample)
{
    return 1000 + 7 * sample;
}

static void test_read(void **state)
{
    (void)state;
    struct sums sums = {.in_order = true};
    struct cairn_update_record record;
    cairn_trainer *t = linear_trainer(world, keys);
    cairn_status st = t == NULL ? CAIRN_BUG : CAIRN_OK;
    while (st == CAIRN_OK && !cairn_trainer_done(t)) {
        st = cairn_trainer_update(t, &record);
        if (st == CAIRN_OK) take(t, &sums);
    }
    assert_on_all(st == CAIRN_OK && are(&sums, itself) && !are(&sums, named));
    cairn_trainer_close(t);
}

static cairn_status feed(cairn_trainer *t, uint64_t first, uint64_t n, uint64_t m)
{
    uint64_t number[MICRO];
    const uint64_t left = n - m * MICRO;
    const struct cairn_samples samples = {
        .n = left < MICRO ? left : MICRO, .x = all.x, .target = all.y, .number = number};
    for (size_t i = 0; i < samples.n; i++) {
        const uint64_t p = first + m * MICRO + i;
        number[i] = named(cairn_order_sample(SEED, p / all.n, all.n, p % all.n));
    }
    return cairn_trainer_feed(t, m, &samples);
}

/* By the ranks in turn. */
static cairn_status fed_update(cairn_trainer *t)
{
    struct cairn_update_record record;
    uint64_t first = 0, n = 0, n_micro = 0;
    bool again = false;
    CAIRN_TRY(cairn_trainer_batch(t, &first, &n, &n_micro));
    cairn_status st = CAIRN_OK;
    do {
        cairn_trainer_zero(t);
        for (uint64_t m = 0; m < n_micro && st == CAIRN_OK; m++)
            if (m % (uint64_t)cairn_comm_size(world) == (uint64_t)cairn_comm_rank(world))
                st = feed(t, first, n, m);
        st = cairn_trainer_sum(t, st, &again, &record);
    } while (st == CAIRN_OK && again);
    return st;
}

static void test_fed(void **state)
{
    (void)state;
    static const size_t dim[] = {LINEAR_INPUTS};
    const struct cairn_data_form form = {
        .size = sizeof form, .dim = dim, .n_dims = 1, .n_targets = 1};
    struct sums sums = {.in_order = true};
    cairn_data *data = NULL;
    assert_on_all(cairn_data_create(&form, &data) == CAIRN_OK &&
                  cairn_data_fed(data, all.n) == CAIRN_OK);
    cairn_trainer *t = linear_trainer_with(world, data, keys);
    cairn_status st = t == NULL ? CAIRN_BUG : CAIRN_OK;
    while (st == CAIRN_OK && !cairn_trainer_done(t)) {
        st = fed_update(t);
        if (st == CAIRN_OK) take(t, &sums);
    }
    assert_on_all(st == CAIRN_OK && are(&sums, named) && !are(&sums, itself));
    cairn_trainer_close(t);
    cairn_data_free(data);
}

static void test_off(void **state)
{
    (void)state;
    size_t n = 1;
    cairn_trainer *t =
        linear_trainer(world, (const char *const[]){"batch.global=50", "batch.micro=16", NULL});
    assert_on_all(t != NULL && cairn_trainer_ledger(t, &n) == NULL && n == 0);
    cairn_trainer_close(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_fed, set_up, tear_down),
        cmocka_unit_test(test_off),
    };
    return RUN_ON_ALL("ledger", tests);
}
