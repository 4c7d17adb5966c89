/* SPDX-License-Identifier: BSD-3-Clause
 * Losses of images, signals and volumes: labels of positions, targets and weights of each output,
 * classes in the first dimension or the last one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tgmath.h>

#include <cmocka.h>

#include "nn/class_rows.h"
#include "nn/reference.h"
#include "support/loss.h"
#include "support/nn.h"

enum { SAMPLES = 5, H = 3, W = 7, PLACES = H * W /* more than are gathered at once */ };

static const double CHECK = 1e-6;   /* differences in double: 1e-16 / 1e-5 over least 1e-3 */
static const double SINGLE = 2e-5;  /* sums of tens of float products */
static const double ROUNDED = 1e-6; /* of a loss that is added up in another order */

/* A layer that makes images of three channels out of two, and this loss. */
struct net {
    struct cairn_node *layers, *loss;
    struct cairn_model_options options;
    struct samples samples;
};

static struct net net_of(const char *layers, const char *loss, struct cairn_shape y, bool labels)
{
    struct net net = {.layers = tree_of(layers), .loss = tree_of(loss)};
    const size_t n = cairn_shape_count(&y);
    net.options = (struct cairn_model_options){.layers = net.layers,
                                               .loss = net.loss,
                                               .input = {3, {2, H, W}},
                                               .n_classes = labels ? 3 : 0,
                                               .n_labels = labels ? n : 0,
                                               .n_targets = labels ? 0 : n,
                                               .y = y,
                                               .micro = SAMPLES,
                                               .seed = 5};
    net.samples = samples_make(&net.options, SAMPLES);
    for (size_t i = 0; i < SAMPLES * net.options.n_targets; i++)
        net.samples.target[i] = (real)fmin(fabs((double)net.samples.target[i]), 1);
    return net;
}

static void net_free(struct net *net)
{
    samples_free(&net->samples);
    cairn_node_free(net->loss);
    cairn_node_free(net->layers);
}

/* The gradient against slopes, and of micro-batches of 2, 1 and 2 against that of all at once. */
static void check_gradient(struct net *net, const real *weight, size_t n_weights, const char *text)
{
    static const size_t cuts[] = {0, 2, 3, SAMPLES};
    struct cairn_micro all = net->samples.micro;
    struct cairn_scores exact = {0};
    struct cairn_reference *reference = NULL;
    double worst = 1;
    all.weight = weight;
    all.n_weights = n_weights;
    if (cairn_gradient_check(&net->options, &all, 40, &worst) != CAIRN_OK)
        fail_msg("%s: %s", text, cairn_error_text());
    if (worst > CHECK) fail_msg("%s: gradient check %g", text, worst);
    struct bench *bench = bench_make(&net->options);
    assert_int_equal(cairn_reference_create(&net->options, &reference), CAIRN_OK);
    cairn_reference_begin(reference, bench->w);
    assert_int_equal(cairn_reference_add(reference, &all), CAIRN_OK);
    const double *g = cairn_reference_gradient(reference, &exact);
    for (size_t c = 0; c + 1 < sizeof cuts / sizeof cuts[0]; c++) {
        struct cairn_micro part =
            samples_part(&net->samples, &net->options, cuts[c], cuts[c + 1] - cuts[c]);
        if (weight != NULL) part.weight = weight + cuts[c] * n_weights;
        part.n_weights = n_weights;
        assert_int_equal(bench_gradient(bench, &part), CAIRN_OK);
    }
    assert_true(difference(bench->g, g, bench->params->n_weights) < SINGLE);
    assert_true(fabs(bench->scores.loss - exact.loss) < SINGLE * fabs(exact.loss));
    assert_true(fabs(bench->scores.weight - exact.weight) < SINGLE);
    assert_true(fabs(bench->scores.count - exact.count) < SINGLE);
    cairn_reference_free(reference);
    bench_free(bench);
}

/* Weights of each number: of the second sample none counts. */
static void fill_weights(real *weight, size_t n)
{
    for (size_t i = 0; i < SAMPLES * n; i++) weight[i] = i / n == 1 ? 0 : (real)(i % 4) * (real)0.5;
}

static const struct {
    const char *layers, *loss;
    struct cairn_shape y;
    bool labels;
} cases[] = {
    {"conv2d, channels: 3, kernel: 3, padding: same", "{type: cross_entropy}", {2, {H, W}}, true},
    {"conv2d, channels: 3, kernel: 3, padding: same",
     "{type: cross_entropy, class_weights: [1, 3, 0.5], label_smoothing: 0.2, ignore_index: 1}",
     {3, {1, H, W}},
     true},
    {"conv2d, channels: 3, kernel: 1", "{type: cross_entropy}", {3, {3, H, W}}, false},
    {"conv2d, channels: 3, kernel: 1", "{type: kl_divergence}", {3, {3, H, W}}, false},
    {"conv2d, channels: 3, kernel: 1", "{type: dice}", {2, {H, W}}, true},
    {"conv2d, channels: 3, kernel: 1",
     "{type: dice, include_background: false, smooth: 1, ignore_index: 2}",
     {2, {H, W}},
     true},
    {"conv2d, channels: 3, kernel: 1", "{type: dice, smooth: 0.1}", {3, {3, H, W}}, false},
    {"conv2d, channels: 1, kernel: 1", "{type: dice, of: none}", {2, {H, W}}, false},
    {"conv2d, channels: 3, kernel: 1",
     "{type: binary_cross_entropy, pos_weight: [1, 2, 0.5], reduce: mean}",
     {3, {3, H, W}},
     false},
    {"conv2d, channels: 1, kernel: 1", "{type: binary_cross_entropy}", {2, {H, W}}, false},
    {"conv2d, channels: 3, kernel: 1",
     "{type: squared_error, reduce: mean}",
     {3, {3, H, W}},
     false},
    {"conv2d, channels: 3, kernel: 1", "{type: poisson}", {3, {3, H, W}}, false},
};

static void test_gradients_of_every_loss(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char layers[128];
        snprintf(layers, sizeof layers, "[{type: %s}]", cases[i].layers);
        struct net net = net_of(layers, cases[i].loss, cases[i].y, cases[i].labels);
        const size_t n = cases[i].labels ? PLACES : net.options.n_targets;
        const real of_samples[SAMPLES] = {1, 0, 0.5f, 2, 1};
        real *weight = malloc(SAMPLES * n * sizeof *weight);
        assert_non_null(weight);
        fill_weights(weight, n);
        check_gradient(&net, NULL, 1, cases[i].loss);
        check_gradient(&net, of_samples, 1, cases[i].loss);
        check_gradient(&net, weight, n, cases[i].loss);
        free(weight);
        net_free(&net);
    }
}

/* One loss on outputs [SAMPLES, 3, places], and on the same as [SAMPLES, places, 3]. */
struct two_ways {
    struct cairn_scores scores[2];
    real dh[2][SAMPLES * PLACES * 3];
};

static void turn(const real *first, real *last)
{
    for (size_t i = 0; i < SAMPLES; i++)
        for (size_t c = 0; c < 3; c++)
            for (size_t p = 0; p < PLACES; p++)
                last[(i * PLACES + p) * 3 + c] = first[(i * 3 + c) * PLACES + p];
}

static void run_two_ways(const char *text, const struct cairn_micro *micro, const real *h,
                         struct two_ways *out)
{
    const struct cairn_shape classes_first = {3, {3, H, W}};
    const struct cairn_shape classes_last = {3, {H, W, 3}};
    const struct cairn_shape y = {2, {H, W}};
    const struct cairn_model_options options = {.n_classes = 3, .n_labels = PLACES, .y = y};
    real turned[SAMPLES * PLACES * 3];
    memset(out, 0, sizeof *out);
    turn(h, turned);
    for (size_t way = 0; way < 2; way++) {
        struct alone loss = loss_make(text, way == 0 ? &classes_first : &classes_last, &options);
        real *dh = out->dh[way];
        memcpy(dh, way == 0 ? h : turned, sizeof turned); /* the gradient lies over the outputs */
        assert_true(loss.kind->over);
        assert_int_equal(loss_run(&loss, micro, 3 * PLACES, dh, dh, &out->scores[way]), CAIRN_OK);
        struct cairn_scores apart = {0};
        real beside[SAMPLES * PLACES * 3];
        assert_int_equal(loss_run(&loss, micro, 3 * PLACES, way == 0 ? h : turned, beside, &apart),
                         CAIRN_OK);
        assert_memory_equal(beside, dh, sizeof beside);
        assert_memory_equal(&apart, &out->scores[way], sizeof apart);
        loss_free(&loss);
    }
}

/* Both ways give the same bits, and what is ignored has no part, whatever the outputs. */
static void test_classes_first_and_last(void **state)
{
    (void)state;
    static const char *const texts[] = {"{type: cross_entropy, class_weights: [1, 2, 0.25]}",
                                        "{type: dice}"};
    struct two_ways *two = malloc(sizeof *two);
    real h[SAMPLES * PLACES * 3];
    int32_t label[SAMPLES * PLACES];
    uint64_t number[SAMPLES] = {0};
    double counted = 0;
    double in_w = 0;
    assert_non_null(two);
    for (size_t i = 0; i < SAMPLES * PLACES * 3; i++) h[i] = (real)sin((double)i) * 3;
    for (size_t i = 0; i < SAMPLES * PLACES; i++) {
        label[i] = i % 5 == 0 || i / PLACES == 2 ? -100 : (int32_t)(i % 3);
        if (label[i] < 0) h[i / PLACES * PLACES * 3 + i % PLACES] = NAN;
        counted += label[i] >= 0;
        in_w += label[i] < 0 ? 0 : label[i] == 0 ? 1 : label[i] == 1 ? 2 : 0.25;
    }
    const struct cairn_micro micro = {
        .n = SAMPLES, .n_labels = PLACES, .label = label, .sample = number, .epoch = number};
    for (size_t t = 0; t < 2; t++) {
        real turned[SAMPLES * PLACES * 3];
        run_two_ways(texts[t], &micro, h, two);
        turn(two->dh[0], turned);
        assert_memory_equal(turned, two->dh[1], sizeof turned);
        assert_memory_equal(&two->scores[0], &two->scores[1], sizeof two->scores[0]);
        assert_true(two->scores[0].count == counted && isfinite(two->scores[0].loss));
        assert_true(two->scores[0].weight == (t == 0 ? in_w : SAMPLES - 1));
        for (size_t i = 0; i < SAMPLES * PLACES; i++)
            for (size_t c = 0; c < 3; c++) assert_true(label[i] >= 0 || two->dh[1][i * 3 + c] == 0);
    }
    free(two);
    label[PLACES + 4] = 3;
    number[1] = 77;
    const struct cairn_shape outputs = {3, {3, H, W}}, y = {2, {H, W}};
    const struct cairn_model_options options = {.n_classes = 3, .n_labels = PLACES, .y = y};
    for (size_t t = 0; t < 2; t++) {
        struct alone loss = loss_make(texts[t], &outputs, &options);
        struct cairn_scores scores = {0};
        assert_int_equal(loss_run(&loss, &micro, 3 * PLACES, h, NULL, &scores), CAIRN_DATA);
        assert_non_null(strstr(cairn_error_text(), "sample 77 has the label 3 at position 4, but"));
        loss_free(&loss);
    }
}

/* Against sums that are written out. */
static void test_what_is_added_up(void **state)
{
    (void)state;
    struct net net = net_of("[{type: conv2d, channels: 1, kernel: 1}]", "{type: dice, smooth: 0.5}",
                            (struct cairn_shape){2, {H, W}}, false);
    struct bench *bench = bench_make(&net.options);
    struct cairn_scores scores = {0};
    const real *h = NULL;
    double wanted = 0;
    assert_int_equal(cairn_model_evaluate(bench->model, bench->w, &net.samples.micro, &scores),
                     CAIRN_OK);
    assert_int_equal(cairn_model_outputs(bench->model, bench->w, &net.samples.micro, &h), CAIRN_OK);
    for (size_t i = 0; i < SAMPLES; i++) {
        double both = 0;
        double all = 0;
        for (size_t p = 0; p < PLACES; p++) {
            const double q = 1 / (1 + exp(-(double)h[i * PLACES + p]));
            const double y = (double)net.samples.target[i * PLACES + p];
            both += q * y;
            all += q + y;
        }
        wanted += 1 - (2 * both + 0.5) / (all + 0.5);
    }
    assert_true(fabs(scores.loss - wanted) < ROUNDED * wanted);
    assert_true(scores.weight == SAMPLES && scores.count == SAMPLES * PLACES);
    bench_free(bench);
    net_free(&net);
}

/* reduce: mean is the sum by the number of outputs, and a mask is a mean of what it leaves. */
static void test_means_over_outputs(void **state)
{
    (void)state;
    const struct cairn_shape shape = {2, {2, LOSS_K}};
    const struct cairn_model_options options = {.n_targets = 2 * LOSS_K, .y = shape};
    static const char *const names[] = {"squared_error", "absolute_error", "huber", "poisson",
                                        "binary_cross_entropy"};
    static const real mask[2 * LOSS_K] = {1, 0, 1, 0, 0, 1};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct cairn_scores scores[3];
        memset(scores, 0, sizeof scores);
        real dh[2 * LOSS_K];
        struct cairn_micro micro = {.n = 2,
                                    .target = loss_targets,
                                    .n_weights = 1,
                                    .sample = loss_numbers,
                                    .epoch = loss_numbers};
        double of_mask = 0;
        for (size_t way = 0; way < 2; way++) {
            char text[96];
            snprintf(text, sizeof text, "{type: %s, reduce: %s}", names[i],
                     way == 0 ? "sum" : "mean");
            struct alone loss = loss_make(text, &shape, &options);
            assert_int_equal(loss_run(&loss, &micro, 2 * LOSS_K, loss_outputs, NULL, &scores[way]),
                             CAIRN_OK);
            if (way == 0) {
                loss_free(&loss);
                continue;
            }
            micro.n = 1;
            micro.weight = mask;
            micro.n_weights = 2 * LOSS_K;
            assert_int_equal(loss_run(&loss, &micro, 2 * LOSS_K, loss_outputs, dh, &scores[2]),
                             CAIRN_OK);
            loss_free(&loss);
            for (size_t j = 0; j < 2 * LOSS_K; j++) assert_true((dh[j] != 0) == (mask[j] != 0));
            for (size_t j = 0; j < 2 * LOSS_K; j++) of_mask += (double)mask[j] / (2 * LOSS_K);
        }
        assert_true(fabs(scores[0].loss / (2 * LOSS_K) - scores[1].loss) < ROUNDED);
        assert_true(scores[0].weight == 2 && scores[1].weight == 2);
        assert_true(fabs(scores[2].weight - of_mask) < ROUNDED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradients_of_every_loss),
        cmocka_unit_test(test_classes_first_and_last),
        cmocka_unit_test(test_what_is_added_up),
        cmocka_unit_test(test_means_over_outputs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
