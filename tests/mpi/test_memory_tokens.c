/* SPDX-License-Identifier: BSD-3-Clause
 * Tokens from the memory of the process: the weights are those of the same tokens in a file,
 * whether they come as a stream, as windows of a function, or fed. */
#include <math.h>
#include <string.h>

#include "data/order.h"
#include "data/writer.h"
#include "support/linear.h"
#include "support/mpi.h"

enum { CONTEXT = 8, WINDOWS = 40, TOKENS = WINDOWS * CONTEXT + 1, WORDS = 7, MICRO = 4, SEED = 1 };

static const char file[] = "memory_tokens.h5";
static const char model[] = "model=[{type: embedding, units: 6}, {type: tanh}, "
                            "{type: dense, units: 7}]";
static const char *const keys[] = {model,
                                   "loss=cross_entropy",
                                   "data.context=8",
                                   "batch.global=12",
                                   "batch.micro=4",
                                   "optim.name=adam",
                                   "optim.lr=0.01",
                                   "train.epochs=2",
                                   "train.reproducible=true",
                                   "train.evaluate_every=none",
                                   NULL};

static uint8_t token[TOKENS];
static uint16_t wide[TOKENS];
static cairn_real weight[TOKENS];

static int set_up(void **state)
{
    (void)state;
    for (size_t i = 0; i < TOKENS; i++) {
        wide[i] = token[i] = (uint8_t)(i * i % 11 % WORDS);
        weight[i] = i % 5 == 0 ? (cairn_real)0.25 : 1;
    }
    return 0;
}

static cairn_data *form(bool weighted)
{
    const struct cairn_data_form one = {
        .size = sizeof one, .vocabulary = WORDS, .weighted = weighted};
    cairn_data *data = NULL;
    return cairn_data_create(&one, &data) == CAIRN_OK ? data : NULL;
}

static cairn_status write_file(void)
{
    const struct cairn_about about = {.title = "tokens"};
    const struct cairn_token_table table = {
        .n = TOKENS, .type = CAIRN_H5_U8, .token = token, .vocabulary = WORDS};
    struct cairn_writer *writer = NULL;
    CAIRN_TRY(cairn_writer_create(file, true, &about, &writer));
    cairn_status st = cairn_writer_tokens(writer, CAIRN_SPLIT_TRAIN, &table);
    if (st == CAIRN_OK) st = cairn_writer_finish(writer);
    cairn_writer_free(writer);
    return st;
}

static uint64_t of_file(void)
{
    static const char *more[16] = {"data.file=memory_tokens.h5"};
    size_t i = 0;
    for (; keys[i] != NULL; i++) more[i + 1] = keys[i];
    cairn_status st = cairn_comm_rank(world) == 0 ? write_file() : CAIRN_OK;
    if (cairn_comm_agree(world, st) != CAIRN_OK) return 0;
    return trained_hash(linear_trainer(world, more));
}

static uint64_t of_stream(const void *stream, size_t bytes, bool weighted)
{
    const struct cairn_token_stream all = {
        .n = TOKENS, .token = stream, .token_bytes = bytes, .weight = weighted ? weight : NULL};
    cairn_data *data = form(weighted);
    if (cairn_data_tokens(data, "train", &all) != CAIRN_OK) return 0;
    uint64_t hash = trained_hash(linear_trainer_with(world, data, keys));
    cairn_data_free(data);
    return hash;
}

static void test_a_stream(void **state)
{
    (void)state;
    const uint64_t wanted = of_file();
    assert_on_all(wanted != 0);
    assert_on_all(of_stream(token, 1, false) == wanted);
    assert_on_all(of_stream(wide, 2, false) == wanted);
    assert_on_all(of_stream(token, 1, true) != wanted);
}

static cairn_status fill(void *context, const uint64_t *sample, size_t n,
                         const struct cairn_rows_out *out)
{
    bool *is_right = context;
    if (out->token == NULL || out->x != NULL) *is_right = false;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k <= CONTEXT; k++) {
            out->token[i * (CONTEXT + 1) + k] = token[sample[i] * CONTEXT + k];
            if (out->weight != NULL)
                out->weight[i * (CONTEXT + 1) + k] = weight[sample[i] * CONTEXT + k];
        }
    return CAIRN_OK;
}

static void test_windows_of_a_function(void **state)
{
    (void)state;
    for (int weighted = 0; weighted < 2; weighted++) {
        bool is_right = true;
        cairn_data *data = form(weighted == 1);
        assert_on_all(cairn_data_function(data, "train", WINDOWS, fill, &is_right) == CAIRN_OK);
        uint64_t hash = trained_hash(linear_trainer_with(world, data, keys));
        cairn_data_free(data);
        assert_on_all(is_right && hash != 0 && hash == of_stream(token, 1, weighted == 1));
    }
}

static cairn_status feed(cairn_trainer *t, uint64_t m, uint32_t bad)
{
    uint32_t window[MICRO * (CONTEXT + 1)];
    uint64_t number[MICRO];
    uint64_t first = 0, n = 0, n_micro = 0;
    CAIRN_TRY(cairn_trainer_batch(t, &first, &n, &n_micro));
    const size_t left = (size_t)n - (size_t)m * MICRO;
    const struct cairn_samples samples = {
        .n = left < MICRO ? left : MICRO, .token = window, .number = number};
    for (size_t i = 0; i < samples.n; i++) {
        const uint64_t at = first + m * MICRO + i;
        number[i] = cairn_order_sample(SEED, at / WINDOWS, WINDOWS, at % WINDOWS);
        for (size_t k = 0; k <= CONTEXT; k++)
            window[i * (CONTEXT + 1) + k] = token[number[i] * CONTEXT + k] + bad;
    }
    return cairn_trainer_feed(t, m, &samples);
}

static cairn_status fed_update(cairn_trainer *t, uint32_t bad)
{
    struct cairn_update_record record;
    bool again = false;
    cairn_status st = CAIRN_OK;
    do {
        uint64_t first = 0, n = 0, n_micro = 0;
        cairn_trainer_zero(t);
        st = cairn_trainer_batch(t, &first, &n, &n_micro);
        for (uint64_t m = 0; m < n_micro && st == CAIRN_OK; m++)
            if ((int)(m % (uint64_t)cairn_comm_size(world)) == cairn_comm_rank(world))
                st = feed(t, m, bad);
        st = cairn_trainer_sum(t, st, &again, &record);
    } while (st == CAIRN_OK && again);
    return st;
}

static void test_fed_windows(void **state)
{
    (void)state;
    cairn_data *data = form(false);
    assert_on_all(cairn_data_fed(data, WINDOWS) == CAIRN_OK);
    cairn_trainer *t = linear_trainer_with(world, data, keys);
    assert_on_all(t != NULL);
    assert_on_all(fed_update(t, WORDS) == CAIRN_DATA &&
                  strstr(cairn_error_text(), "is not below the vocabulary of 7") != NULL);
    cairn_trainer_close(t);
    t = linear_trainer_with(world, data, keys);
    while (t != NULL && !cairn_trainer_done(t))
        if (fed_update(t, 0) != CAIRN_OK) break;
    assert_on_all(t != NULL && cairn_trainer_done(t));
    const uint64_t hash = cairn_trainer_weights_hash(t);
    cairn_real x[CONTEXT], out[CONTEXT * WORDS];
    for (size_t k = 0; k < CONTEXT; k++) x[k] = token[k];
    assert_on_all(cairn_trainer_predict(t, false, x, 1, out) == CAIRN_OK && isfinite(out[0]));
    x[3] = WORDS;
    assert_on_all(cairn_trainer_predict(t, false, x, 1, out) == CAIRN_DATA);
    cairn_trainer_close(t);
    cairn_data_free(data);
    assert_on_all(hash == of_stream(token, 1, false));
}

static void test_misuse(void **state)
{
    (void)state;
    static const size_t dim[] = {3};
    const struct cairn_token_stream good = {.n = TOKENS, .token = token, .token_bytes = 1};
    struct cairn_token_stream bad = good;
    struct cairn_data_form both = {
        .size = sizeof both, .dim = dim, .n_dims = 1, .n_targets = 1, .vocabulary = WORDS};
    cairn_data *data = NULL;
    assert_on_all(cairn_data_create(&both, &data) == CAIRN_USAGE);
    both.vocabulary = 0;
    assert_on_all(cairn_data_create(&both, &data) == CAIRN_OK &&
                  cairn_data_tokens(data, "train", &good) == CAIRN_USAGE);
    cairn_data_free(data);
    data = form(false);
    bad.token_bytes = 8;
    assert_on_all(cairn_data_tokens(data, "train", &bad) == CAIRN_USAGE);
    bad.token_bytes = 1;
    bad.n = 1;
    assert_on_all(cairn_data_tokens(data, "train", &bad) == CAIRN_USAGE);
    const struct cairn_samples samples = {.n = 1, .token = (const uint32_t[9]){0}};
    assert_on_all(cairn_data_arrays(data, "train", &samples) == CAIRN_USAGE &&
                  strstr(cairn_error_text(), "cairn_data_tokens()") != NULL);
    assert_on_all(cairn_data_tokens(data, "train", &good) == CAIRN_OK &&
                  cairn_data_tokens(data, "train", &good) == CAIRN_USAGE);
    cairn_trainer *t = linear_trainer_with(world, data, keys);
    static const char *other[16] = {NULL};
    size_t i = 0;
    for (; keys[i] != NULL; i++) other[i] = keys[i];
    other[i] = "data.context=16";
    assert_on_all(t != NULL && linear_trainer_with(world, data, other) == NULL &&
                  strstr(cairn_error_text(), "data.context is 16, and a trainer") != NULL);
    cairn_trainer_close(t);
    cairn_data_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_a_stream, set_up),
        cmocka_unit_test_setup(test_windows_of_a_function, set_up),
        cmocka_unit_test_setup(test_fed_windows, set_up),
        cmocka_unit_test_setup(test_misuse, set_up),
    };
    return RUN_ON_ALL("memory_tokens", tests);
}
