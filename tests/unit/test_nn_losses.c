/* SPDX-License-Identifier: BSD-3-Clause
 * Losses: every registered one with every kind of data that it takes, what is masked or ignored,
 * what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tgmath.h>

#include <cmocka.h>

#include "nn/reference.h"
#include "support/loss.h"
#include "support/nn.h"

enum { SAMPLES = 7 };

static const double CHECK =
    1e-6; /* central differences in double: rounding 1e-16 / 1e-5 over least 1e-3 */
static const double SINGLE = 2e-5; /* sums of tens of float products, each rounded to 2^-24 */

static const struct cairn_loss_kind *kind_of(const struct cairn_node *loss)
{
    const struct cairn_node *type =
        loss->kind == CAIRN_NODE_MAP ? cairn_node_find(loss, "type") : loss;
    size_t i = 0;
    while (strcmp(cairn_loss_kind_at(i)->name, type->text) != 0) i++;
    return cairn_loss_kind_at(i);
}

/* A model with this loss; `classes` 0: three real targets from 0 to 1. */
static void check_in_a_model(const char *text, size_t n_classes, size_t n_units)
{
    char layers[96];
    snprintf(layers, sizeof layers,
             "[{type: dense, units: 6}, {type: tanh}, {type: dense, units: "
             "%zu}]",
             n_units);
    struct cairn_node *tree = tree_of(layers);
    struct cairn_node *loss = tree_of(text);
    struct cairn_model_options options = {.layers = tree,
                                          .loss = loss,
                                          .input = {1, {5}},
                                          .n_classes = n_classes,
                                          .n_targets = n_classes > 0 ? 0 : n_units,
                                          .micro = SAMPLES,
                                          .seed = 5};
    struct samples samples = samples_make(&options, SAMPLES);
    for (size_t i = 0; i < SAMPLES * options.n_targets; i++)
        samples.target[i] = (real)fmin(fabs((double)samples.target[i]), 1);
    samples.micro.weight = samples.weight;
    samples.weight[1] = 0.5f;
    samples.weight[2] = 0;
    double worst = 1;
    assert_int_equal(cairn_gradient_check(&options, &samples.micro, 40, &worst), CAIRN_OK);
    if (worst > CHECK) fail_msg("%s: gradient check %g", text, worst);

    struct bench *whole = bench_make(&options);
    struct bench *parts = bench_make(&options);
    struct cairn_reference *reference = NULL;
    struct cairn_scores exact = {0};
    assert_int_equal(bench_gradient(whole, &samples.micro), CAIRN_OK);
    assert_int_equal(cairn_reference_create(&options, &reference), CAIRN_OK);
    cairn_reference_begin(reference, whole->w);
    assert_int_equal(cairn_reference_add(reference, &samples.micro), CAIRN_OK);
    const double *g = cairn_reference_gradient(reference, &exact);
    assert_true(difference(whole->g, g, whole->params->n_weights) < SINGLE);
    static const size_t cuts[] = {0, 3, 4, SAMPLES};
    for (size_t c = 0; c + 1 < sizeof cuts / sizeof cuts[0]; c++) {
        struct cairn_micro part = samples_part(&samples, &options, cuts[c], cuts[c + 1] - cuts[c]);
        part.weight = samples.weight + cuts[c];
        assert_int_equal(bench_gradient(parts, &part), CAIRN_OK);
    }
    assert_true(difference(parts->g, g, parts->params->n_weights) < SINGLE);
    assert_true(fabs(parts->scores.loss - exact.loss) < SINGLE * exact.loss);
    assert_true(fabs(parts->scores.weight - exact.weight) < SINGLE);
    const bool answers = n_classes == 0 && kind_of(loss)->counts_targets;
    const size_t mixed = kind_of(loss)->targets_are_classes ? options.n_targets : 0;
    const double each = n_classes + mixed > 0 ? 1 : answers ? (double)options.n_targets : 0;
    assert_true(parts->scores.count == each * (SAMPLES - 1.5));
    assert_true(parts->scores.correct == exact.correct);
    assert_int_equal(cairn_model_classes(whole->model), n_classes + mixed);
    assert_int_equal(cairn_model_has_accuracy(whole->model), n_classes + mixed > 0 || answers);
    cairn_reference_free(reference);
    bench_free(whole);
    bench_free(parts);
    samples_free(&samples);
    cairn_node_free(loss);
    cairn_node_free(tree);
}

static void check_with_its_data(const struct cairn_loss_kind *kind, const char *text)
{
    bool binary = kind->n_classes == 2;
    if (kind->takes_classes) check_in_a_model(text, binary ? 2 : LOSS_K, binary ? 1 : LOSS_K);
    if (kind->takes_targets) check_in_a_model(text, 0, LOSS_K);
}

static void test_every_loss_with_its_data(void **state)
{
    (void)state;
    for (size_t i = 0; cairn_loss_kind_at(i) != NULL; i++) {
        const struct cairn_loss_kind *kind = cairn_loss_kind_at(i);
        assert_true(strlen(kind->doc) > 0);
        assert_true((kind->takes_classes || kind->targets_are_classes) == (kind->class_of != NULL));
        for (size_t k = 0; k < kind->n_keys; k++) assert_true(strlen(kind->keys[k].doc) > 0);
        check_with_its_data(kind, kind->name);
        check_with_its_data(kind, kind->example);
    }
    check_in_a_model("{type: cross_entropy, label_smoothing: 0.3}", LOSS_K, LOSS_K);
    check_in_a_model("{type: cross_entropy, class_weights: [0.5, 4, 0]}", LOSS_K, LOSS_K);
    check_in_a_model("{type: cross_entropy, class_weights: [0.5, 4, 0], label_smoothing: 0.2}",
                     LOSS_K, LOSS_K);
    check_in_a_model("{type: binary_cross_entropy, pos_weight: [2, 0, 0.25]}", 0, LOSS_K);
    check_in_a_model("{type: huber, delta: 10}", 0, LOSS_K);
}

/* Masked and ignored labels: nothing in any sum, gradients of exactly 0, whatever the loss_outputs.
 */
static void test_what_is_masked_has_no_part(void **state)
{
    (void)state;
    static const char *const texts[] = {"{type: cross_entropy, label_smoothing: 0.1}",
                                        "{type: squared_error}",
                                        "{type: binary_cross_entropy}",
                                        "{type: absolute_error}",
                                        "{type: huber}",
                                        "{type: poisson}",
                                        "{type: kl_divergence}"};
    static const real mask[LOSS_ROWS] = {0, 1, 0, 0.5f};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct alone loss = i == 0 ? loss_of_classes(texts[i], LOSS_K) : loss_of_targets(texts[i]);
        struct cairn_scores scores = {0};
        struct cairn_scores wanted = {0};
        real h[LOSS_ROWS * LOSS_K];
        real dh[LOSS_ROWS * LOSS_K];
        real dh_wanted[LOSS_ROWS * LOSS_K];
        int32_t label[LOSS_ROWS];
        real target[LOSS_ROWS * LOSS_K];
        memcpy(h, loss_outputs, sizeof h);
        memcpy(label, loss_labels, sizeof label);
        memcpy(target, loss_targets, sizeof target);
        struct cairn_micro micro = {.n = LOSS_ROWS,
                                    .n_labels = 1,
                                    .label = i == 0 ? label : NULL,
                                    .target = i == 0 ? NULL : target,
                                    .weight = mask,
                                    .sample = loss_numbers,
                                    .epoch = loss_numbers};
        h[0] = NAN;
        h[7] = INFINITY;
        label[0] = 99;
        target[0] = -7;
        assert_int_equal(loss_run(&loss, &micro, LOSS_K, h, dh, &scores), CAIRN_OK);
        for (size_t e = 0; e < LOSS_K; e++) assert_true(dh[e] == 0 && dh[2 * LOSS_K + e] == 0);
        for (size_t row = 1; row < LOSS_ROWS; row += 2) {
            struct cairn_micro one = micro;
            one.n = 1;
            if (i == 0) one.label = label + row;
            if (i != 0) one.target = target + row * LOSS_K;
            one.weight = mask + row;
            assert_int_equal(loss_run(&loss, &one, LOSS_K, h + row * LOSS_K, dh_wanted, &wanted),
                             CAIRN_OK);
            assert_memory_equal(dh + row * LOSS_K, dh_wanted, LOSS_K * sizeof *dh);
        }
        assert_true(scores.loss == wanted.loss && scores.weight == 1.5 && wanted.weight == 1.5);
        assert_true(scores.correct == wanted.correct && scores.count == wanted.count);
        const bool classes = loss.kind->takes_classes || loss.kind->targets_are_classes;
        assert_true(loss.kind->counts_targets || scores.count == (classes ? 1.5 : 0));
        loss_free(&loss);
    }
}

static void test_an_ignored_label(void **state)
{
    (void)state;
    static const int32_t padded[LOSS_ROWS] = {-100, 1, -100, -100};
    const struct cairn_micro micro = {.n = LOSS_ROWS,
                                      .n_labels = 1,
                                      .label = padded,
                                      .sample = loss_numbers,
                                      .epoch = loss_numbers};
    struct alone loss = loss_of_classes("{type: cross_entropy}", LOSS_K); /* -100 is the default */
    struct cairn_scores scores = {0};
    real dh[LOSS_ROWS * LOSS_K];
    assert_int_equal(loss.kind->ignored_label(loss.self), -100);
    assert_int_equal(loss_run(&loss, &micro, LOSS_K, loss_outputs, dh, &scores), CAIRN_OK);
    assert_true(scores.weight == 1 && scores.count == 1 && scores.correct == 0);
    for (size_t e = 0; e < LOSS_ROWS * LOSS_K; e++) assert_true((dh[e] == 0) == (e / LOSS_K != 1));
    loss_free(&loss);
    loss = loss_of_classes("{type: cross_entropy, ignore_index: -1}", LOSS_K);
    assert_int_equal(loss_run(&loss, &micro, LOSS_K, loss_outputs, dh, &scores), CAIRN_DATA);
    assert_non_null(strstr(cairn_error_text(), "sample 10 has the label -100"));
    loss_free(&loss);
}

static void says(const char *words)
{
    if (strstr(cairn_error_text(), words) == NULL)
        fail_msg("wanted: %s\ngot:    %s", words, cairn_error_text());
}

static void test_wrong_losses_are_told_why(void **state)
{
    (void)state;
    static const struct {
        const char *loss;
        size_t n_classes, n_targets, n_labels;
        const char *text;
    } rows[] = {
        {"{type: cross_entropy, class_weights: [1, 2]}", 3, 0, 1,
         "loss (cross_entropy).class_weights has 2 numbers for 3 classes"},
        {"{type: cross_entropy, class_weights: []}", 3, 0, 1,
         "class_weights is an empty list, but takes numbers"},
        {"{type: cross_entropy, class_weights: [1, 2, 3, 4]}", 3, 0, 1, "has 4 numbers for 3"},
        {"{type: cross_entropy, class_weights: [1, -2, 3]}", 3, 0, 1,
         "loss (cross_entropy).class_weights is -2, but must be at least 0"},
        {"{type: cross_entropy, class_weights: [1, a, 3]}", 3, 0, 1,
         "class_weights is a, but takes a number"},
        {"{type: cross_entropy, class_weights: [1, [2], 3]}", 3, 0, 1,
         "class_weights is a list, but takes numbers"},
        {"{type: cross_entropy, class_weights: 2}", 3, 0, 1,
         "class_weights is 2, but takes one of: list"},
        {"{type: cross_entropy, class_weights: [0, 0, 0]}", 3, 0, 1, "class_weights are all 0"},
        {"{type: cross_entropy, label_smoothing: 1}", 3, 0, 1, "label_smoothing is 1, but must be"},
        {"{type: cross_entropy, label_smoothing: -0.1}", 3, 0, 1, "must be at least 0"},
        {"{type: cross_entropy, ignore_index: 0.5}", 3, 0, 1,
         "ignore_index is 0.5, but takes a whole number"},
        {"{type: cross_entropy, smoothing: 0.1}", 3, 0, 1, "has no key 'smoothing'"},
        {"binary_cross_entropy", 3, 0, 1, "0 and 1 apart, but the data has 3; use cross_entropy"},
        {"binary_cross_entropy", 2, 0, 1, "the last layer has 3 outputs for each sample"},
        {"binary_cross_entropy", 0, 2, 1, "3 outputs for 2 targets; set units: 2"},
        {"{type: binary_cross_entropy, pos_weight: [1, 2]}", 0, 3, 1,
         "has 2 numbers for 3 outputs"},
        {"cross_entropy", 0, 2, 1, "3 outputs for probabilities of 2 classes"},
        {"cross_entropy", 0, 1, 1, "needs classes, or a probability of each"},
        {"absolute_error", 0, 2, 1, "3 outputs for 2 targets; set units: 2"},
        {"absolute_error", 3, 0, 1, "loss absolute_error needs real targets"},
        {"kl_divergence", 0, 2, 1, "3 outputs for probabilities of 2 classes"},
        {"kl_divergence", 0, 1, 1, "needs a probability of each of at least 2 classes"},
        {"kl_divergence", 3, 0, 1, "needs real targets, but the data has classes"},
        {"huber", 0, 3, 2, "loss huber takes one row of targets for each sample"},
        {"{type: huber, delta: 0}", 0, 3, 1, "delta is 0, but must be at least 1e-12"},
        {"poisson", 0, 1, 1, "3 outputs for 1 targets; set units: 1, or give loss: cross_entropy"},
        {"{type: poisson, eps: -1}", 0, 3, 1, "eps is -1, but must be at least 0"},
        {"squared_error", 0, 3, 2, "but there are labels of tokens; use cross_entropy"},
    };
    struct cairn_node *layers = tree_of("[{type: dense, units: 3}]");
    struct cairn_model_options options = {.layers = layers, .input = {1, {4}}, .micro = 1};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cairn_model *model = NULL;
        struct cairn_node *loss = tree_of(rows[i].loss);
        options.loss = loss;
        options.n_classes = rows[i].n_classes;
        options.n_targets = rows[i].n_targets;
        options.n_labels = rows[i].n_labels;
        assert_int_equal(cairn_model_create(&options, &model), CAIRN_USAGE);
        says(rows[i].text);
        cairn_node_free(loss);
    }
    cairn_node_free(layers);
}

static void test_targets_and_labels_that_are_no_probability(void **state)
{
    (void)state;
    static const int32_t two[1] = {2};
    static const real wrong[] = {1.5f, -0.1f, NAN};
    struct cairn_micro micro = {
        .n = 1, .n_labels = 1, .sample = loss_numbers, .epoch = loss_numbers};
    struct cairn_scores scores = {0};
    real dh[LOSS_K];
    struct alone loss = loss_of_targets("{type: binary_cross_entropy}");
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const real target[LOSS_K] = {0.5f, wrong[i], 1};
        micro.target = target;
        assert_int_equal(loss_run(&loss, &micro, LOSS_K, loss_outputs, dh, &scores), CAIRN_DATA);
        assert_non_null(strstr(cairn_error_text(), "sample 10: target 1 is"));
    }
    loss_free(&loss);
    loss = loss_of_targets("{type: poisson}");
    for (size_t i = 1; i < sizeof wrong / sizeof wrong[0]; i++) {
        const real target[LOSS_K] = {0.5f, wrong[i], 1};
        micro.target = target;
        assert_int_equal(loss_run(&loss, &micro, LOSS_K, loss_outputs, dh, &scores), CAIRN_DATA);
        says("sample 10: target 1 is ");
        says("but poisson takes counts and rates from 0 on");
    }
    loss_free(&loss);
    static const char *const of_classes[] = {"{type: cross_entropy}", "{type: kl_divergence}"};
    for (size_t c = 0; c < 2; c++) {
        loss = loss_of_targets(of_classes[c]);
        for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
            const real target[LOSS_K] = {0.5f, wrong[i], 1};
            micro.target = target;
            assert_int_equal(loss_run(&loss, &micro, LOSS_K, loss_outputs, dh, &scores),
                             CAIRN_DATA);
            says(c == 0 ? "row 10: " : "sample 10: ");
            says(" is no probability of class 1");
        }
        loss_free(&loss);
    }
    loss = loss_of_classes("{type: binary_cross_entropy}", 2);
    micro.target = NULL;
    micro.label = two;
    assert_int_equal(loss_run(&loss, &micro, 1, loss_outputs, dh, &scores), CAIRN_DATA);
    assert_non_null(strstr(cairn_error_text(), "sample 10 has the label 2"));
    loss_free(&loss);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_loss_with_its_data),
        cmocka_unit_test(test_what_is_masked_has_no_part),
        cmocka_unit_test(test_an_ignored_label),
        cmocka_unit_test(test_wrong_losses_are_told_why),
        cmocka_unit_test(test_targets_and_labels_that_are_no_probability),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
