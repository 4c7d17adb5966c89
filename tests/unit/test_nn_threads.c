/* SPDX-License-Identifier: BSD-3-Clause
 * Loops that are spread over threads give the same bits with one and with several: layers that do
 * not ask for matrix products, whose bits are the library's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/nn.h"
#include "support/threads.h"
#include "tensor/threads.h"

enum { T = 40, B = 9, VOCABULARY = 64 }; /* 64 units: more numbers than one thread takes */

static const char text[] =
    "[{type: embedding, units: 64}, {type: position}, {type: layernorm}, {type: gelu}, "
    "{type: residual, body: [{type: rmsnorm}, {type: silu}, {type: scale, factor: 0.5}]}, "
    "{type: elu}, {type: layernorm}, {type: tanh}, {type: sigmoid}, {type: leaky_relu}]";

/* The gradient with so many threads; to be freed. */
static real *gradient(const struct cairn_model_options *options, const struct samples *samples,
                      size_t n_threads, double *loss, size_t *n_values)
{
    assert_true(threads_use(n_threads));
    struct bench *bench = bench_make(options);
    assert_int_equal(bench_gradient(bench, &samples->micro), CAIRN_OK);
    size_t bytes = bench->params->n_values * sizeof(real);
    *n_values = bench->params->n_values;
    real *g = memcpy(malloc(bytes), bench->g, bytes);
    *loss = bench->scores.loss;
    bench_free(bench);
    return g;
}

static bool can_have_threads(void)
{
    const enum cairn_blas_threads kind = cairn_threads_blas_kind();
    return kind == CAIRN_BLAS_OPENMP || kind == CAIRN_BLAS_PTHREADS;
}

static void check(const struct cairn_model_options *options)
{
    struct samples samples = samples_make(options, options->micro);
    for (size_t i = 0; i < options->micro * options->n_targets; i++)
        samples.target[i] = (real)(i % 101) / 100; /* probabilities are asked for */
    double loss[4] = {0};
    size_t n_values = 0;
    real *one = gradient(options, &samples, 1, &loss[0], &n_values);
    for (size_t n = 2; n <= 3; n++) {
        real *several = gradient(options, &samples, n, &loss[n], &n_values);
        assert_memory_equal(several, one, n_values * sizeof(real));
        assert_true(loss[n] == loss[0]);
        free(several);
    }
    free(one);
    samples_free(&samples);
}

static void test_bits_do_not_depend_on_threads(void **state)
{
    (void)state;
    if (!can_have_threads()) skip();
    struct cairn_node *tree = tree_of(text);
    const struct cairn_model_options options = token_options(tree, T, VOCABULARY, B);
    check(&options);
    cairn_node_free(tree);
}

/* Images, with a label for each pixel or targets. */
static void check_images(const struct cairn_node *tree, const char *loss, bool labels)
{
    enum { CHANNELS = 3, SIDE = 64 };
    struct cairn_node *of_loss = tree_of(loss);
    struct cairn_model_options options = {.layers = tree, .loss = of_loss, .micro = 5, .seed = 3};
    options.input = (struct cairn_shape){3, {CHANNELS, SIDE, SIDE}};
    options.y = labels ? (struct cairn_shape){2, {SIDE, SIDE}} : options.input;
    options.n_targets = labels ? 0 : CHANNELS * SIDE * SIDE;
    options.n_classes = labels ? CHANNELS : 0;
    options.n_labels = labels ? SIDE * SIDE : 0;
    check(&options);
    cairn_node_free(of_loss);
}

/* What is spread over channels, samples or rows of classes, with losses that are. */
static void test_bits_of_images_do_not(void **state)
{
    (void)state;
    if (!can_have_threads()) skip();
    struct cairn_node *tree =
        tree_of("[{type: batchnorm}, {type: groupnorm, groups: 3}, {type: dropout, p: 0.2}, "
                "{type: dropout2d, p: 0.2}, {type: instancenorm, affine: true}]");
    check_images(tree, "{type: cross_entropy, label_smoothing: 0.1}", true);
    check_images(tree, "squared_error", false);
    check_images(tree, "binary_cross_entropy", false);
    cairn_node_free(tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bits_do_not_depend_on_threads),
        cmocka_unit_test(test_bits_of_images_do_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
