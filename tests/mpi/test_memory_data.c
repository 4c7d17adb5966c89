/* SPDX-License-Identifier: BSD-3-Clause
 * Samples from the memory of the process: the weights are those of the same samples in a file,
 * whether they come as arrays, from a function or fed, and whoever feeds what. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data/order.h"
#include "support/linear.h"
#include "support/mpi.h"

enum { MICRO = 16, GLOBAL = 64, SEED = 1 };

static const char *const keys[] = {
    "batch.global=64", "batch.micro=16",          "optim.name=adam",   "optim.lr=0.01",
    "train.epochs=3",  "train.reproducible=true", "train.noise=micro", NULL};

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

static cairn_data *form(void)
{
    static const size_t dim[] = {LINEAR_INPUTS};
    const struct cairn_data_form one = {
        .size = sizeof one, .dim = dim, .n_dims = 1, .n_targets = 1};
    cairn_data *data = NULL;
    return cairn_data_create(&one, &data) == CAIRN_OK ? data : NULL;
}

/* One epoch's order is drawn by the number of samples: the same in memory as in the file. */
static uint64_t of_file(void)
{
    return trained_hash(linear_trainer(world, keys));
}

static void test_arrays(void **state)
{
    (void)state;
    const struct cairn_samples samples = {.n = all.n, .x = all.x, .target = all.y};
    cairn_data *data = form();
    assert_on_all(data != NULL && cairn_data_arrays(data, "train", &samples) == CAIRN_OK);
    cairn_trainer *t = linear_trainer_with(world, data, keys);
    cairn_data_free(data); /* the trainer has it still */
    uint64_t hash = trained_hash(t);
    assert_on_all(hash != 0 && hash == of_file());
}

struct calls {
    size_t n;
    bool rises;
};

static cairn_status fill(void *context, const uint64_t *sample, size_t n,
                         const struct cairn_rows_out *out)
{
    struct calls *calls = context;
    calls->n++;
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && sample[i] < sample[i - 1]) calls->rises = false;
        memcpy(out->x + i * LINEAR_INPUTS, all.x + sample[i] * LINEAR_INPUTS,
               LINEAR_INPUTS * sizeof *out->x);
        out->target[i] = all.y[sample[i]];
    }
    return calls->n == 1000 ? cairn_fail(CAIRN_DATA, "the host has no more") : CAIRN_OK;
}

static void test_a_function(void **state)
{
    (void)state;
    struct calls calls = {.rises = true};
    cairn_data *data = form();
    assert_on_all(data != NULL &&
                  cairn_data_function(data, "train", all.n, fill, &calls) == CAIRN_OK);
    uint64_t hash = trained_hash(linear_trainer_with(world, data, keys));
    assert_on_all(hash != 0 && hash == of_file());
    assert_on_all(calls.rises && calls.n > 1);

    struct cairn_update_record record;
    cairn_trainer *t = linear_trainer_with(world, data, keys);
    calls.n = 999; /* the next call fails, on every rank that has one */
    cairn_status st = t == NULL ? CAIRN_BUG : cairn_trainer_update(t, &record);
    assert_on_all(st == CAIRN_DATA && strstr(cairn_error_text(), "the host has no more") != NULL);
    cairn_trainer_close(t);
    cairn_data_free(data);
}

/* The samples at positions [first, first + n) of the order that a file is read in. */
static void gather(uint64_t first, size_t n, cairn_real *x, cairn_real *y, uint64_t *number)
{
    for (size_t i = 0; i < n; i++) {
        number[i] = cairn_order_sample(SEED, (first + i) / all.n, all.n, (first + i) % all.n);
        memcpy(x + i * LINEAR_INPUTS, all.x + number[i] * LINEAR_INPUTS, LINEAR_INPUTS * sizeof *x);
        y[i] = all.y[number[i]];
    }
}

static cairn_status feed(cairn_trainer *t, uint64_t m)
{
    cairn_real x[MICRO * LINEAR_INPUTS], y[MICRO];
    uint64_t number[MICRO];
    uint64_t first = 0, n = 0, n_micro = 0;
    CAIRN_TRY(cairn_trainer_batch(t, &first, &n, &n_micro));
    const size_t left = (size_t)n - (size_t)m * MICRO;
    const struct cairn_samples samples = {
        .n = left < MICRO ? left : MICRO, .x = x, .target = y, .number = number};
    gather(first + m * MICRO, samples.n, x, y, number);
    return cairn_trainer_feed(t, m, &samples);
}

/* Who feeds micro-batch m of so many. */
typedef int owner_of(uint64_t m, uint64_t n_micro, int n_ranks);

static int in_turn(uint64_t m, uint64_t n_micro, int n_ranks)
{
    (void)n_micro;
    return (int)(m % (uint64_t)n_ranks);
}

static int in_blocks_from_behind(uint64_t m, uint64_t n_micro, int n_ranks)
{
    return (int)((n_micro - 1 - m) * (uint64_t)n_ranks / n_micro);
}

static int the_last(uint64_t m, uint64_t n_micro, int n_ranks)
{
    (void)m, (void)n_micro;
    return n_ranks - 1;
}

static cairn_status update(cairn_trainer *t, owner_of *owner)
{
    struct cairn_update_record record;
    uint64_t first = 0, n = 0, n_micro = 0;
    bool again = false;
    CAIRN_TRY(cairn_trainer_batch(t, &first, &n, &n_micro));
    cairn_status st = CAIRN_OK;
    do {
        cairn_trainer_zero(t);
        for (uint64_t m = n_micro; m-- > 0 && st == CAIRN_OK;) /* in any order */
            if (owner(m, n_micro, cairn_comm_size(world)) == cairn_comm_rank(world))
                st = feed(t, m);
        st = cairn_trainer_sum(t, st, &again, &record);
    } while (st == CAIRN_OK && again);
    return st;
}

static cairn_trainer *fed_trainer(void)
{
    cairn_data *data = form();
    cairn_trainer *t = NULL;
    if (data != NULL && cairn_data_fed(data, all.n) == CAIRN_OK)
        t = linear_trainer_with(world, data, keys);
    cairn_data_free(data);
    return t;
}

static void test_fed_by_anybody(void **state)
{
    (void)state;
    owner_of *const owners[] = {in_turn, in_blocks_from_behind, the_last};
    const uint64_t wanted = of_file();
    for (size_t i = 0; i < sizeof owners / sizeof owners[0]; i++) {
        cairn_trainer *t = fed_trainer();
        cairn_status st = t == NULL ? CAIRN_BUG : CAIRN_OK;
        while (st == CAIRN_OK && !cairn_trainer_done(t)) st = update(t, owners[i]);
        assert_on_all(st == CAIRN_OK && cairn_trainer_weights_hash(t) == wanted);
        cairn_trainer_close(t);
    }
}

/* A micro-batch twice or never, by whatever rank: nothing is changed, and the update can be worked
 * again. */
static void test_misuse_of_feeding(void **state)
{
    (void)state;
    struct cairn_update_record record;
    const bool first = cairn_comm_rank(world) == 0,
               last = cairn_comm_rank(world) + 1 == cairn_comm_size(world);
    bool again = false;
    cairn_trainer *t = fed_trainer();
    assert_on_all(t != NULL && update(t, in_turn) == CAIRN_OK); /* the range is known */
    const uint64_t before = cairn_trainer_weights_hash(t);

    cairn_trainer_zero(t);
    assert_on_all(cairn_trainer_sum(t, CAIRN_OK, &again, &record) == CAIRN_USAGE &&
                  strstr(cairn_error_text(), "0 micro-batches were added") != NULL);

    cairn_trainer_zero(t); /* 0, 0, 1, 2 of 4 */
    cairn_status st = first ? feed(t, 0) : CAIRN_OK;
    for (uint64_t m = 0; m < 3 && st == CAIRN_OK && last; m++) st = feed(t, m);
    assert_on_all(st == CAIRN_OK);
    assert_on_all(cairn_trainer_sum(t, CAIRN_OK, &again, &record) == CAIRN_USAGE &&
                  strstr(cairn_error_text(), "added twice and another one never") != NULL);

    cairn_trainer_zero(t);
    const struct cairn_samples none = {.n = MICRO};
    assert_on_all(feed(t, 4) == CAIRN_USAGE);
    assert_on_all(cairn_trainer_feed(t, 0, &none) == CAIRN_USAGE &&
                  strstr(cairn_error_text(), "no x") != NULL);
    assert_on_all(cairn_trainer_backward(t, 0) == CAIRN_USAGE);

    assert_on_all(cairn_trainer_weights_hash(t) == before);
    while (!cairn_trainer_done(t) && update(t, the_last) == CAIRN_OK) continue;
    assert_on_all(cairn_trainer_weights_hash(t) == of_file());
    cairn_trainer_close(t);
}

/* The same for a loop of one's own on shares. */
static void test_misuse_of_shares(void **state)
{
    (void)state;
    struct cairn_update_record record;
    bool again = false;
    cairn_trainer *t = linear_trainer(world, keys);
    assert_on_all(t != NULL);
    cairn_trainer_zero(t);
    cairn_status st = CAIRN_OK;
    for (size_t i = 0; i < cairn_trainer_share(t) && st == CAIRN_OK; i++)
        st = cairn_trainer_backward(t, 0);
    assert_on_all(st == CAIRN_OK);
    const bool several = cairn_comm_size(world) < 4; /* else each has one */
    st = cairn_trainer_sum(t, CAIRN_OK, &again, &record);
    assert_on_all(st == (several ? CAIRN_USAGE : CAIRN_OK));
    cairn_trainer_close(t);
}

/* What a host reads and sets between updates.  The model is y = w x + b. */
static void test_access(void **state)
{
    (void)state;
    struct cairn_update_record record;
    struct cairn_tensor weight, bias;
    cairn_real ours[LINEAR_INPUTS], out[MICRO + 1];
    const char *const sgd[] = {"batch.global=64", "batch.micro=16",          "optim.lr=0.5",
                               "train.epochs=3",  "train.reproducible=true", NULL};
    cairn_trainer *t = linear_trainer(world, sgd);
    assert_on_all(t != NULL && cairn_trainer_tensors(t) == 2 && cairn_trainer_outputs(t) == 1);
    assert_on_all(cairn_trainer_tensor(t, 2, &bias) == CAIRN_USAGE);
    assert_on_all(cairn_trainer_tensor(t, 0, &weight) == CAIRN_OK &&
                  cairn_trainer_tensor(t, 1, &bias) == CAIRN_OK);
    assert_on_all(strcmp(weight.name, "0.weight") == 0 && weight.n == LINEAR_INPUTS &&
                  weight.gradient == NULL && weight.average == NULL);

    for (int i = 0; i < LINEAR_INPUTS; i++) /* rank 0's count */
        ours[i] = (cairn_real)(i + cairn_comm_rank(world));
    assert_on_all(cairn_trainer_set_tensor(t, "0.weight", ours, 3) == CAIRN_USAGE);
    assert_on_all(cairn_trainer_set_tensor(t, "1.weight", ours, 3) == CAIRN_USAGE);
    assert_on_all(cairn_trainer_set_tensor(t, "0.weight", ours, LINEAR_INPUTS) == CAIRN_OK &&
                  weight.value[1] == 1);

    bool right = cairn_trainer_predict(t, false, all.x, MICRO + 1, out) == CAIRN_OK;
    for (size_t i = 0; i < MICRO + 1; i++) {
        double y = (double)bias.value[0];
        for (size_t k = 0; k < LINEAR_INPUTS; k++)
            y += (double)k * (double)all.x[i * LINEAR_INPUTS + k];
        right = right && fabs(y - (double)out[i]) < 1e-5 * (1 + fabs(y));
    }
    assert_on_all(right);
    assert_on_all(cairn_trainer_predict(t, true, all.x, 1, out) == CAIRN_USAGE);

    cairn_trainer_set_rate(t, 0.25);
    assert_on_all(cairn_trainer_update(t, &record) == CAIRN_OK && record.lr == 0.25);
    assert_on_all(cairn_trainer_tensor(t, 0, &weight) == CAIRN_OK && weight.gradient != NULL);
    const double moved = 3 - (double)weight.value[3];
    assert_on_all(fabs(moved - 0.25 * (double)weight.gradient[3]) < 1e-6);
    cairn_trainer_set_rate(t, -1);
    assert_on_all(cairn_trainer_update(t, &record) == CAIRN_OK && record.lr == 0.5);
    cairn_trainer_close(t);
}

static void test_forms(void **state)
{
    (void)state;
    static const size_t dim[] = {3, 0};
    cairn_data *data = NULL;
    struct cairn_data_form bad = {.size = sizeof bad, .dim = dim, .n_dims = 2, .n_targets = 1};
    assert_on_all(cairn_data_create(&bad, &data) == CAIRN_USAGE);
    bad.n_dims = 1;
    bad.size--;
    assert_on_all(cairn_data_create(&bad, &data) == CAIRN_USAGE &&
                  strstr(cairn_error_text(), "struct cairn_data_form has") != NULL);
    bad.size++;
    bad.n_classes = 2;
    assert_on_all(cairn_data_create(&bad, &data) == CAIRN_USAGE);
    data = form();
    const struct cairn_samples samples = {.n = 1, .x = all.x};
    assert_on_all(cairn_data_arrays(data, "train", &samples) == CAIRN_USAGE);
    assert_on_all(cairn_data_fed(data, 5) == CAIRN_OK && cairn_data_fed(data, 5) == CAIRN_USAGE);
    assert_on_all(cairn_data_function(data, "vall", 5, fill, NULL) == CAIRN_USAGE &&
                  strstr(cairn_error_text(), "val") != NULL);
    cairn_options *options = NULL;
    cairn_trainer *t = NULL;
    assert_on_all(cairn_options_create(&options) == CAIRN_OK);
    assert_on_all(cairn_trainer_open_with(options, data, NULL, &t) == CAIRN_USAGE &&
                  strstr(cairn_error_text(), "there is no communicator") != NULL);
    cairn_options_free(options);
    cairn_data_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_arrays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_function, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_fed_by_anybody, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_misuse_of_feeding, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_misuse_of_shares, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_access, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_forms, set_up, tear_down),
    };
    return RUN_ON_ALL("memory_data", tests);
}
