/* SPDX-License-Identifier: BSD-3-Clause
 * Text from a language model: what is drawn, and which models can write. */
#include "support/data.h"
#include "text/generate.h"

#include "base/tree.h"

#include <math.h>

enum { VOCABULARY = 5, CONTEXT = 4, DRAWS = 1000 };

static struct cairn_likely likely[VOCABULARY];

/* ---- drawing */

/* How often each token comes, over evenly spread random numbers. */
static void count_draws(const real *h, double temperature, size_t top_k, size_t count[VOCABULARY])
{
    const struct cairn_generate_options options = {.temperature = temperature, .top_k = top_k};
    memset(count, 0, VOCABULARY * sizeof *count);
    for (size_t i = 0; i < DRAWS; i++)
        count[cairn_generate_draw(h, VOCABULARY, &options, (double)i / DRAWS, likely)]++;
}

/* An even grid of random numbers meets a share to one of them, at both ends. */
static void assert_share(size_t count, double share)
{
    assert_true(fabs((double)count - share * DRAWS) <= 2);
}

static void test_shares(void **state)
{
    (void)state;
    const real h[VOCABULARY] = {0, (real)log(4), -INFINITY, (real)log(3), (real)log(2)};
    const double share[VOCABULARY] = {0.1, 0.4, 0, 0.3, 0.2};
    size_t count[VOCABULARY];
    count_draws(h, 1, 0, count);
    for (size_t i = 0; i < VOCABULARY; i++) assert_share(count[i], share[i]);
    assert_int_equal(count[2], 0);
    count_draws(h, 0.5, 0, count); /* shares squared: 1, 16, 0, 9, 4 of 30 */
    assert_share(count[1], 16.0 / 30);
    count_draws(h, 1, 2, count); /* 4 and 3 of 7 */
    assert_int_equal(count[1] + count[3], DRAWS);
    assert_share(count[1], 4.0 / 7);
    count_draws(h, 1, VOCABULARY + 1, count);
    assert_share(count[0], 0.1);
    count_draws(h, 0, 0, count);
    assert_int_equal(count[1], DRAWS);
    count_draws(h, 1e-30, 0, count);
    assert_int_equal(count[1], DRAWS);
}

static void test_equal_outputs(void **state)
{
    (void)state;
    const real h[VOCABULARY] = {1, 1, 1, 1, 1};
    size_t count[VOCABULARY];
    count_draws(h, 2, 0, count);
    for (size_t i = 0; i < VOCABULARY; i++) assert_int_equal(count[i], DRAWS / VOCABULARY);
    count_draws(h, 2, 2, count); /* of equal ones the first */
    assert_int_equal(count[0], DRAWS / 2);
    assert_int_equal(count[1], DRAWS / 2);
    count_draws(h, 0, 0, count);
    assert_int_equal(count[0], DRAWS);
}

/* ---- models */

static struct cairn_node *map_of(const char *const *pairs)
{
    struct cairn_node *map = NULL;
    struct cairn_node *value = NULL;
    assert_ok(cairn_node_create(CAIRN_NODE_MAP, NULL, NULL, &map));
    for (; pairs[0] != NULL; pairs += 2) {
        assert_ok(cairn_node_create(CAIRN_NODE_SCALAR, pairs[0], pairs[1], &value));
        cairn_node_add(map, value);
    }
    return map;
}

/* embedding, position, attention, dense. */
static struct cairn_model *make_model(const char *causal, real **w)
{
    const char *const layers[4][8] = {
        {"type", "embedding", "units", "8"},
        {"type", "position"},
        {"type", "attention", "heads", "2", "causal", causal},
        {"type", "dense", "units", "5"},
    };
    struct cairn_node *list = NULL;
    struct cairn_model *model = NULL;
    assert_ok(cairn_node_create(CAIRN_NODE_LIST, NULL, NULL, &list));
    for (int i = 0; i < 4; i++) cairn_node_add(list, map_of(layers[i]));
    const struct cairn_model_options options = {.layers = list,
                                                .input = {.ndim = 1, .dim = {CONTEXT}},
                                                .n_classes = VOCABULARY,
                                                .n_labels = CONTEXT,
                                                .vocabulary = VOCABULARY,
                                                .micro = 1,
                                                .seed = 7};
    assert_ok(cairn_model_create(&options, &model));
    *w = calloc(cairn_model_params(model)->n_values, sizeof **w);
    assert_non_null(*w);
    cairn_model_init(model, *w);
    cairn_node_free(list);
    return model;
}

static struct cairn_generate_options options_of(struct cairn_model *model, const real *w)
{
    return (struct cairn_generate_options){.model = model,
                                           .w = w,
                                           .context = CONTEXT,
                                           .vocabulary = VOCABULARY,
                                           .temperature = 1,
                                           .seed = 3};
}

static void test_who_can_write(void **state)
{
    (void)state;
    real *w = NULL;
    struct cairn_generator *generator = NULL;
    struct cairn_model *model = make_model("false", &w);
    struct cairn_generate_options options = options_of(model, w);
    assert_says(cairn_generate_begin(&options, &generator), CAIRN_DATA, "train one that is causal");
    assert_null(generator);
    cairn_model_free(model);
    free(w);
    model = make_model("true", &w);
    options = options_of(model, w);
    options.vocabulary = VOCABULARY + 1;
    assert_says(cairn_generate_begin(&options, &generator), CAIRN_DATA,
                "has 20 outputs for 4 tokens of a vocabulary of 6");
    options.vocabulary = VOCABULARY;
    assert_ok(cairn_generate_begin(&options, &generator));
    size_t token = 0;
    w[0] = NAN; /* of token 0, with which short windows are filled */
    cairn_generate_put(generator, 0);
    assert_says(cairn_generate_next(generator, &token), CAIRN_NUMBERS,
                "the model's output for token 0 is");
    cairn_generate_end(generator);
    cairn_model_free(model);
    free(w);
}

/* Always the most likely token of the last C, by hand. */
static size_t by_hand(struct cairn_model *model, const real *w, const size_t *text, size_t n)
{
    const uint64_t zero = 0;
    const real *h = NULL;
    real x[CONTEXT] = {0};
    size_t first = n > CONTEXT ? n - CONTEXT : 0;
    for (size_t i = first; i < n; i++) x[i - first] = (real)text[i];
    const struct cairn_micro micro = {
        .n = 1, .n_labels = CONTEXT, .x = x, .sample = &zero, .epoch = &zero};
    assert_ok(cairn_model_outputs(model, w, &micro, &h));
    h += (n - first - 1) * VOCABULARY;
    size_t best = 0;
    for (size_t i = 1; i < VOCABULARY; i++)
        if (h[i] > h[best]) best = i;
    return best;
}

static void test_windows_of_a_text(void **state)
{
    enum { LENGTH = 20 };
    (void)state;
    real *w = NULL;
    size_t text[2][LENGTH] = {{2}, {2}};
    struct cairn_generator *generator = NULL;
    struct cairn_model *model = make_model("true", &w);
    struct cairn_generate_options options = options_of(model, w);
    options.temperature = 0;
    assert_ok(cairn_generate_begin(&options, &generator));
    cairn_generate_put(generator, 2);
    for (size_t n = 1; n < LENGTH; n++) {
        size_t wanted = by_hand(model, w, text[0], n);
        assert_ok(cairn_generate_next(generator, &text[0][n]));
        assert_int_equal(text[0][n], wanted);
    }
    cairn_generate_end(generator);
    /* drawn tokens depend on seed and place alone */
    options.temperature = 1;
    for (int turn = 0; turn < 2; turn++) {
        assert_ok(cairn_generate_begin(&options, &generator));
        cairn_generate_put(generator, 2);
        for (size_t n = 1; n < LENGTH; n++)
            assert_ok(cairn_generate_next(generator, &text[turn][n]));
        cairn_generate_end(generator);
    }
    assert_memory_equal(text[0], text[1], sizeof text[0]);
    options.seed++;
    assert_ok(cairn_generate_begin(&options, &generator));
    cairn_generate_put(generator, 2);
    for (size_t n = 1; n < LENGTH; n++) assert_ok(cairn_generate_next(generator, &text[1][n]));
    assert_memory_not_equal(text[0], text[1], sizeof text[0]);
    cairn_generate_end(generator);
    cairn_model_free(model);
    free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shares),
        cmocka_unit_test(test_equal_outputs),
        cmocka_unit_test(test_who_can_write),
        cmocka_unit_test(test_windows_of_a_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
