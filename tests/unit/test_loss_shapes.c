/* SPDX-License-Identifier: BSD-3-Clause
 * Which shapes of outputs fit labels and targets, what whole numbers are to a loss, and where the
 * gradient by the outputs lies. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "nn/model.h"
#include "support/nn.h"

static void says(const char *words)
{
    if (strstr(cairn_error_text(), words) == NULL)
        fail_msg("wanted: %s\ngot:    %s", words, cairn_error_text());
}

static const struct {
    const char *loss;
    struct cairn_shape input, y;
    size_t n_classes;
    const char *words;
} misfits[] = {
    {"cross_entropy", {3, {2, 4, 4}}, {2, {5, 5}}, 4, "but its labels are [5, 5]; loss cross_entr"},
    {"cross_entropy", {2, {3, 3}}, {1, {3}}, 3, "either its first or its last dimension may be"},
    {"cross_entropy", {2, {3, 4}}, {2, {3, 4}}, 0, "either its first or its last dimension may be"},
    {"cross_entropy", {3, {1, 4, 4}}, {2, {4, 4}}, 0, "use binary_cross_entropy or dice"},
    {"cross_entropy",
     {3, {2, 4, 4}},
     {3, {4, 4, 2}},
     0,
     "y are probabilities [4, 4, 2] of classes"},
    {"squared_error",
     {3, {2, 4, 4}},
     {3, {4, 2, 4}},
     0,
     "but its targets are [4, 2, 4]; loss squared"},
    {"squared_error", {3, {2, 4, 4}}, {2, {4, 4}}, 0, "such as with {type: reshape}"},
    {"{type: cross_entropy, class_dim: last}", {3, {2, 4, 4}}, {2, {4, 4}}, 4, "the classes last"},
    {"dice", {3, {2, 4, 4}}, {2, {4, 2}}, 4, "loss dice wants a number for each of 4 classes"},
};

static void test_shapes_that_do_not_fit(void **state)
{
    (void)state;
    struct cairn_node *layers = tree_of("[{type: scale, factor: 2}]");
    for (size_t i = 0; i < sizeof misfits / sizeof misfits[0]; i++) {
        struct cairn_node *loss = tree_of(misfits[i].loss);
        struct cairn_model *model = NULL;
        const size_t n = cairn_shape_count(&misfits[i].y);
        const struct cairn_model_options options = {.layers = layers,
                                                    .loss = loss,
                                                    .input = misfits[i].input,
                                                    .y = misfits[i].y,
                                                    .n_classes = misfits[i].n_classes,
                                                    .n_labels = misfits[i].n_classes > 0 ? n : 0,
                                                    .n_targets = misfits[i].n_classes > 0 ? 0 : n,
                                                    .micro = 1};
        assert_int_equal(cairn_model_create(&options, &model), CAIRN_USAGE);
        says(misfits[i].words);
        cairn_node_free(loss);
    }
    cairn_node_free(layers);
}

static const struct {
    const char *loss; /* or NULL */
    struct cairn_shape input, y;
    bool labels;
} meanings[] = {
    {"cross_entropy", {3, {2, 4, 4}}, {2, {4, 4}}, true},
    {"cross_entropy", {3, {2, 4, 4}}, {3, {2, 4, 4}}, false},
    {"cross_entropy", {1, {3}}, {1, {3}}, false},
    {"cross_entropy", {2, {5, 3}}, {1, {5}}, true},
    {"cross_entropy", {2, {5, 3}}, {1, {3}}, true},
    {"cross_entropy", {4, {3, 2, 4, 4}}, {3, {2, 4, 4}}, true},
    {"dice", {3, {2, 4, 4}}, {3, {1, 4, 4}}, true},
    {"dice", {3, {1, 4, 4}}, {3, {1, 4, 4}}, false},
    {"dice", {3, {1, 4, 4}}, {2, {4, 4}}, false},
    {"squared_error", {3, {2, 4, 4}}, {2, {4, 4}}, false},
    {"binary_cross_entropy", {3, {1, 4, 4}}, {2, {4, 4}}, false},
    {NULL, {3, {2, 4, 4}}, {2, {4, 4}}, true},
    {NULL, {1, {3}}, {1, {3}}, false},
};

/* Whole numbers are labels where outputs have a dimension more than they, of two classes at least.
 */
static void test_labels_or_targets(void **state)
{
    (void)state;
    struct cairn_node *layers = tree_of("[{type: scale, factor: 2}]");
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++) {
        struct cairn_node *loss = meanings[i].loss == NULL ? NULL : tree_of(meanings[i].loss);
        const struct cairn_model_options options = {.layers = layers,
                                                    .loss = loss,
                                                    .input = meanings[i].input,
                                                    .y = meanings[i].y,
                                                    .n_targets = cairn_shape_count(&meanings[i].y),
                                                    .micro = 1};
        assert_int_equal(cairn_model_wants_labels(&options), meanings[i].labels);
        cairn_node_free(loss);
    }
    cairn_node_free(layers);
}

static const struct {
    const char *layers, *loss;
    size_t times;
} wide[] = {
    {"[{type: dense, units: 5000}]", "cross_entropy", 1},
    {"[{type: dense, units: 4}, {type: dense, units: 5000}, {type: softmax}]", "cross_entropy", 1},
    {"[{type: dense, units: 4}, {type: dense, units: 5000}, {type: tanh}]", "cross_entropy", 3},
};

/* A softmax along rows of pixels is not that of their classes. */
static void test_a_softmax_of_another_dimension(void **state)
{
    (void)state;
    struct cairn_node *layers = tree_of("[{type: scale, factor: 2}, {type: softmax}]");
    struct cairn_model *model = NULL;
    const struct cairn_shape input = {3, {2, 4, 4}};
    const struct cairn_shape y = {2, {4, 4}};
    const struct cairn_model_options options = {
        .layers = layers, .input = input, .y = y, .n_classes = 2, .n_labels = 16, .micro = 1};
    assert_int_equal(cairn_model_create(&options, &model), CAIRN_USAGE);
    says("{type: softmax} at the end is along the last dimension, but the first one counts");
    cairn_node_free(layers);
}

/* Outputs of a large vocabulary are held once, unless their last layer reads them again. */
static void test_large_outputs_are_held_once(void **state)
{
    (void)state;
    enum { WIDE = 5000, MICRO = 8 };
    const struct cairn_shape input = {1, {3}};
    for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++) {
        struct cairn_node *layers = tree_of(wide[i].layers);
        struct cairn_node *loss = tree_of(wide[i].loss);
        const struct cairn_model_options options = {
            .layers = layers, .loss = loss, .input = input, .n_classes = WIDE, .micro = MICRO};
        struct cairn_model_size size;
        assert_int_equal(cairn_model_measure(&options, &size), CAIRN_OK);
        const size_t once = WIDE * MICRO * sizeof(real);
        assert_in_range(size.activation_bytes, wide[i].times * once,
                        wide[i].times * once + once / 4);
        cairn_node_free(loss);
        cairn_node_free(layers);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shapes_that_do_not_fit),
        cmocka_unit_test(test_labels_or_targets),
        cmocka_unit_test(test_a_softmax_of_another_dimension),
        cmocka_unit_test(test_large_outputs_are_held_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
