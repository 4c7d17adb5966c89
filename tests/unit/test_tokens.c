/* SPDX-License-Identifier: BSD-3-Clause
 * Tokens: windows as samples, weights of samples and tokens. */
#include "data/loader.h"
#include "data/order.h"
#include "support/data.h"

#include <math.h>

static const char path[] = "test_tokens.h5";

enum { MICRO = 4, MOST_TOKENS = 64, MOST_CONTEXT = 16 };

/* ---- files */

static struct cairn_h5_form form(enum cairn_h5_type type, size_t n)
{
    return (struct cairn_h5_form){.type = type, .shape = {.ndim = 1, .dim = {n}}};
}

/* The group train of n tokens, with weights unless they are NULL. */
static void write_tokens(enum cairn_h5_type type, const void *token, size_t n, double vocabulary,
                         const float *weight)
{
    struct cairn_h5 *file = NULL;
    struct cairn_h5_form tokens = form(type, n);
    struct cairn_h5_form weights = form(CAIRN_H5_F32, n);
    assert_ok(cairn_h5_create(path, &file));
    assert_ok(cairn_h5_group(file, "/train"));
    assert_ok(cairn_h5_write(file, "/train/tokens", &tokens, token));
    if (vocabulary != 0)
        assert_ok(cairn_h5_set_numbers(file, "/train/tokens", "vocabulary", &vocabulary, 1));
    if (weight != NULL) assert_ok(cairn_h5_write(file, "/train/weight", &weights, weight));
    assert_ok(cairn_h5_close(file));
}

static struct cairn_dataset *open_with(size_t context)
{
    struct cairn_dataset *dataset = NULL;
    assert_ok(cairn_dataset_open(path, &dataset));
    assert_ok(cairn_dataset_set_context(dataset, context));
    return dataset;
}

static void assert_refused(const char *words)
{
    struct cairn_dataset *dataset = NULL;
    assert_says(cairn_dataset_open(path, &dataset), CAIRN_DATA, words);
    assert_null(dataset);
}

/* ---- windows */

/* What window `sample` has to be, by the rule. */
static void check_window(const struct cairn_micro *micro, size_t i, const uint32_t *token, size_t t,
                         const float *weight, size_t context)
{
    for (size_t j = 0; j < context; j++) {
        size_t at = micro->sample[i] * context + j;
        size_t slot = i * context + j;
        bool there = at + 1 < t;
        assert_true(micro->x[slot] == (there ? (float)token[at] : 0));
        assert_int_equal(micro->label[slot], there ? token[at + 1] : 0);
        float wanted = weight == NULL ? 1 : weight[there ? at + 1 : 0];
        assert_true(micro->weight[slot] == (there ? wanted : 0));
    }
}

/* Two epochs, held and read from the file: the global order, every label once per epoch. */
static void check_windows(enum cairn_h5_type type, const void *stored, const uint32_t *token,
                          size_t t, const float *weight, size_t context)
{
    write_tokens(type, stored, t, 70000, weight);
    struct cairn_dataset *dataset = open_with(context);
    size_t n = (t - 1 + context - 1) / context;
    assert_int_equal(cairn_dataset_size(dataset, CAIRN_SPLIT_TRAIN), n);
    for (size_t memory_bytes = 0; memory_bytes < 2; memory_bytes++) {
        const struct cairn_loader_options options = {.micro = MICRO,
                                                     .shuffle = {.kind = CAIRN_SHUFFLE_FULL},
                                                     .seed = 3,
                                                     .memory_bytes = memory_bytes * SIZE_MAX};
        struct cairn_loader *loader = NULL;
        struct cairn_micro micro;
        double sum = 0;
        assert_ok(cairn_loader_create(dataset, &options, &loader));
        assert_true((cairn_loader_bytes(loader) > 0) == (memory_bytes > 0));
        for (size_t first = 0; first < 2 * n; first += micro.n) {
            size_t left = 2 * n - first;
            assert_ok(cairn_loader_read(loader, first, left < MICRO ? left : MICRO, &micro));
            assert_int_equal(micro.n_labels, context);
            for (size_t i = 0; i < micro.n; i++) {
                uint64_t epoch = (first + i) / n;
                assert_int_equal(micro.sample[i], cairn_order_sample(3, epoch, n, (first + i) % n));
                check_window(&micro, i, token, t, weight, context);
                for (size_t j = 0; j < context; j++) sum += (double)micro.weight[i * context + j];
            }
        }
        if (weight == NULL) assert_true(sum == 2 * (double)(t - 1));
        cairn_loader_free(loader);
    }
    cairn_dataset_close(dataset);
}

static void test_windows(void **state)
{
    (void)state;
    static const size_t lengths[] = {2, 3, 16, 17, 18, 33, MOST_TOKENS};
    static const size_t contexts[] = {1, 2, 5, MOST_CONTEXT};
    uint8_t u8[MOST_TOKENS];
    uint16_t u16[MOST_TOKENS];
    uint32_t u32[MOST_TOKENS];
    uint32_t token[3][MOST_TOKENS];
    float weight[MOST_TOKENS];
    for (uint32_t i = 0; i < MOST_TOKENS; i++) {
        token[0][i] = u8[i] = (uint8_t)(i * 37 + 1);
        token[1][i] = u16[i] = (uint16_t)(i * 977 + 1);
        token[2][i] = u32[i] = i * 1093 + 1;
        weight[i] = (float)(i % 5) * 0.5f;
    }
    const struct {
        enum cairn_h5_type type;
        const void *stored;
    } cases[] = {{CAIRN_H5_U8, u8}, {CAIRN_H5_U16, u16}, {CAIRN_H5_U32, u32}};
    for (size_t i = 0; i < 3; i++)
        for (size_t l = 0; l < sizeof lengths / sizeof lengths[0]; l++)
            for (size_t c = 0; c < sizeof contexts / sizeof contexts[0]; c++)
                check_windows(cases[i].type, cases[i].stored, token[i], lengths[l],
                              c % 2 == 0 ? NULL : weight, contexts[c]);
}

static void test_what_a_dataset_says(void **state)
{
    (void)state;
    struct cairn_dataset *dataset = NULL;
    const uint8_t token[5] = {0, 1, 2, 1, 0};
    write_tokens(CAIRN_H5_U8, token, 5, 3, NULL);
    assert_ok(cairn_dataset_open(path, &dataset));
    assert_true(cairn_dataset_has(dataset, CAIRN_SPLIT_TRAIN));
    assert_false(cairn_dataset_has(dataset, CAIRN_SPLIT_VAL));
    assert_int_equal(cairn_dataset_tokens(dataset, CAIRN_SPLIT_TRAIN), 5);
    assert_int_equal(cairn_dataset_vocabulary(dataset), 3);
    assert_null(cairn_dataset_characters(dataset));
    assert_says(cairn_dataset_set_context(dataset, 0), CAIRN_USAGE,
                "holds tokens: give data.context");
    assert_ok(cairn_dataset_set_context(dataset, 2));
    assert_int_equal(cairn_dataset_context(dataset), 2);
    assert_int_equal(cairn_dataset_size(dataset, CAIRN_SPLIT_TRAIN), 2);
    assert_int_equal(cairn_dataset_classes(dataset), 3);
    assert_int_equal(cairn_dataset_targets(dataset), 0);
    assert_null(cairn_dataset_labels(dataset, CAIRN_SPLIT_TRAIN));
    assert_int_equal(cairn_dataset_input(dataset)->ndim, 1);
    assert_int_equal(cairn_dataset_input(dataset)->dim[0], 2);
    assert_ok(cairn_dataset_check_labels(dataset, 3, CAIRN_NO_LABEL));
    assert_says(cairn_dataset_check_labels(dataset, 2, CAIRN_NO_LABEL), CAIRN_USAGE,
                "has a vocabulary of 3; give the last layer units: 3");
    cairn_dataset_close(dataset);
}

static void test_bad_tokens(void **state)
{
    (void)state;
    const uint8_t token[6] = {0, 1, 2, 1, 3, 0};
    static const int32_t wide[6] = {0, 1, 2, -1};
    static const int64_t huge[6] = {0, 1, INT64_C(1) << 40};
    static const float half[6] = {0, 1, 0.5F};
    static const struct {
        enum cairn_h5_type type;
        const void *token;
        const char *words;
    } wrong[] = {{CAIRN_H5_I32, wide, "position 3: the token -1 is not in the vocabulary of 3"},
                 {CAIRN_H5_I64, huge, "position 2: the token 1099511627776 is not below"},
                 {CAIRN_H5_F32, half, "position 2: 0.5 is no token; store whole numbers"}};
    struct cairn_loader *loader = NULL;
    struct cairn_micro micro;
    struct cairn_loader_options options = {.micro = 2, .memory_bytes = SIZE_MAX};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        write_tokens(wrong[i].type, wrong[i].token, 6, 3, NULL);
        struct cairn_dataset *bad = open_with(2);
        assert_says(cairn_loader_create(bad, &options, &loader), CAIRN_DATA, wrong[i].words);
        cairn_dataset_close(bad);
    }
    write_tokens(CAIRN_H5_U8, token, 1, 4, NULL);
    assert_refused("/train/tokens has the shape [1]; give [t], at least 2 tokens");
    write_tokens(CAIRN_H5_U8, token, 6, 0, NULL);
    assert_refused("/train/tokens has no attribute 'vocabulary'");
    write_tokens(CAIRN_H5_U8, token, 6, 2.5, NULL);
    assert_refused("the vocabulary of /train/tokens is 2.5, not a whole number from 1 to 16777216");
    write_tokens(CAIRN_H5_U8, token, 6, 1e12, NULL);
    assert_refused("the vocabulary of /train/tokens is 1e+12");
    write_tokens(CAIRN_H5_U8, token, 6, 3, NULL);
    struct cairn_dataset *dataset = open_with(2);
    assert_says(cairn_loader_create(dataset, &options, &loader), CAIRN_DATA,
                "/train/tokens position 4: the token 3 is not below the vocabulary of 3");
    options.memory_bytes = 0;
    assert_ok(cairn_loader_create(dataset, &options, &loader));
    assert_ok(cairn_loader_read(loader, 0, 1, &micro));
    assert_says(cairn_loader_read(loader, 1, 2, &micro), CAIRN_DATA,
                "/train/tokens position 4: the token 3");
    cairn_loader_free(loader);
    cairn_dataset_close(dataset);
}

/* A file whose groups or characters do not fit each other. */
static void write_mixed(bool val_tokens, double vocabulary, const char *characters)
{
    struct cairn_h5 *file = NULL;
    struct cairn_h5_form bytes = form(CAIRN_H5_U8, 4);
    double first = 3;
    assert_ok(cairn_h5_create(path, &file));
    assert_ok(cairn_h5_group(file, "/train"));
    assert_ok(cairn_h5_group(file, "/val"));
    assert_ok(cairn_h5_write(file, "/train/tokens", &bytes, "\0\1\2\0"));
    assert_ok(cairn_h5_set_numbers(file, "/train/tokens", "vocabulary", &first, 1));
    const char *name = val_tokens ? "/val/tokens" : "/val/x";
    assert_ok(cairn_h5_write(file, name, &bytes, "\0\1\2\0"));
    assert_ok(cairn_h5_set_numbers(file, name, "vocabulary", &vocabulary, 1));
    if (!val_tokens) assert_ok(cairn_h5_write(file, "/val/y", &bytes, "\0\1\2\0"));
    bytes.type = CAIRN_H5_TEXT;
    bytes.text_bytes = strlen(characters);
    bytes.shape.dim[0] = 1;
    assert_ok(cairn_h5_write(file, "/characters", &bytes, characters));
    assert_ok(cairn_h5_close(file));
}

static void test_groups_must_agree(void **state)
{
    (void)state;
    struct cairn_dataset *dataset = NULL;
    write_mixed(true, 3, "a\xc3\xa4z");
    assert_ok(cairn_dataset_open(path, &dataset));
    assert_string_equal(cairn_dataset_characters(dataset), "a\xc3\xa4z");
    cairn_dataset_close(dataset);
    write_mixed(false, 3, "abc");
    assert_refused("val holds x and y, another group tokens");
    write_mixed(true, 4, "abc");
    assert_refused("the vocabulary of /val/tokens is 4, that of another group 3");
    write_mixed(true, 3, "abcd");
    assert_refused("/characters holds 4 characters, the vocabulary 3");
    write_mixed(true, 3, "a\xc3z");
    assert_refused("/characters is not UTF-8");
}

static uint64_t fingerprint(void)
{
    struct cairn_dataset *dataset = NULL;
    uint64_t hash = 0;
    assert_ok(cairn_dataset_open(path, &dataset));
    assert_ok(cairn_dataset_fingerprint(dataset, &hash));
    cairn_dataset_close(dataset);
    return hash;
}

static void test_fingerprint(void **state)
{
    (void)state;
    uint8_t token[5] = {0, 1, 2, 1, 0};
    float weight[5] = {1, 1, 1, 1, 1};
    uint64_t hash[5];
    write_tokens(CAIRN_H5_U8, token, 5, 3, NULL);
    hash[0] = fingerprint();
    assert_true(hash[0] == fingerprint());
    write_tokens(CAIRN_H5_U8, token, 5, 4, NULL);
    hash[1] = fingerprint();
    write_tokens(CAIRN_H5_U8, token, 5, 3, weight);
    hash[2] = fingerprint();
    weight[4] = 0;
    write_tokens(CAIRN_H5_U8, token, 5, 3, weight);
    hash[3] = fingerprint();
    token[4] = 2;
    write_tokens(CAIRN_H5_U8, token, 5, 3, NULL);
    hash[4] = fingerprint();
    for (int i = 0; i < 5; i++)
        for (int j = 0; j < i; j++) assert_true(hash[i] != hash[j]);
}

/* ---- weights of samples */

static void write_weighted(enum cairn_h5_type type, size_t n, const void *weight)
{
    struct cairn_h5 *file = NULL;
    struct cairn_h5_form bytes = form(CAIRN_H5_U8, 4);
    struct cairn_h5_form weights = form(type, n);
    assert_ok(cairn_h5_create(path, &file));
    assert_ok(cairn_h5_group(file, "/train"));
    assert_ok(cairn_h5_write(file, "/train/x", &bytes, "\1\2\3\4"));
    assert_ok(cairn_h5_write(file, "/train/y", &bytes, "\0\1\0\1"));
    assert_ok(cairn_h5_write(file, "/train/weight", &weights, weight));
    assert_ok(cairn_h5_close(file));
}

static void check_weights(size_t memory_bytes, const float *wanted)
{
    struct cairn_loader *loader = NULL;
    struct cairn_micro micro;
    const struct cairn_loader_options options = {.micro = 4, .memory_bytes = memory_bytes};
    struct cairn_dataset *dataset = open_with(0);
    assert_ok(cairn_loader_create(dataset, &options, &loader));
    assert_ok(cairn_loader_read(loader, 2, 4, &micro)); /* 2, 3, 0, 1 */
    for (size_t i = 0; i < 4; i++) assert_true(micro.weight[i] == wanted[(i + 2) % 4]);
    cairn_loader_free(loader);
    cairn_dataset_close(dataset);
}

static void test_weights(void **state)
{
    (void)state;
    float weight[5] = {0, 1, 0.5f, 2, 1};
    const uint8_t mask[4] = {1, 0, 0, 1};
    const float as_floats[4] = {1, 0, 0, 1};
    struct cairn_loader *loader = NULL;
    struct cairn_micro micro;
    struct cairn_loader_options options = {.micro = 4, .memory_bytes = SIZE_MAX};
    write_weighted(CAIRN_H5_F32, 4, weight);
    check_weights(0, weight);
    check_weights(SIZE_MAX, weight);
    write_weighted(CAIRN_H5_U8, 4, mask);
    check_weights(0, as_floats);
    check_weights(SIZE_MAX, as_floats);
    write_weighted(CAIRN_H5_F32, 5, weight);
    assert_refused("/train/weight has the shape [5]; give one weight for each of 4 samples");
    weight[2] = -0.5f;
    write_weighted(CAIRN_H5_F32, 4, weight);
    struct cairn_dataset *dataset = open_with(0);
    assert_says(cairn_loader_create(dataset, &options, &loader), CAIRN_DATA,
                "/train/weight row 2: -0.5 is not a weight; it must be 0 or more");
    options.memory_bytes = 0;
    assert_ok(cairn_loader_create(dataset, &options, &loader));
    assert_ok(cairn_loader_read(loader, 0, 2, &micro));
    assert_says(cairn_loader_read(loader, 1, 2, &micro), CAIRN_DATA, "/train/weight row 2: -0.5");
    cairn_loader_free(loader);
    cairn_dataset_close(dataset);
    weight[2] = NAN;
    write_weighted(CAIRN_H5_F32, 4, weight);
    dataset = open_with(0);
    options.memory_bytes = SIZE_MAX;
    assert_says(cairn_loader_create(dataset, &options, &loader), CAIRN_DATA,
                "/train/weight row 2: nan is not a weight");
    assert_says(cairn_dataset_set_context(dataset, 8), CAIRN_USAGE, "holds x and y");
    cairn_dataset_close(dataset);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_windows),     cmocka_unit_test(test_what_a_dataset_says),
        cmocka_unit_test(test_bad_tokens),  cmocka_unit_test(test_groups_must_agree),
        cmocka_unit_test(test_fingerprint), cmocka_unit_test(test_weights),

    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
