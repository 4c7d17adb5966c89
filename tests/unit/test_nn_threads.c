/* SPDX-License-Identifier: BSD-3-Clause
 * Loops that are spread over threads give the same bits with one and with several: layers that do
 * not ask for matrix products, whose bits are the library's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/nn.h"
#include "tensor/threads.h"

enum { T = 40, B = 9, VOCABULARY = 64 }; /* 64 units: more numbers than one thread takes */

static const char text[] =
    "[{type: embedding, units: 64}, {type: position}, {type: layernorm}, {type: gelu}, "
    "{type: residual, body: [{type: rmsnorm}, {type: silu}, {type: scale, factor: 0.5}]}, "
    "{type: elu}, {type: layernorm}, {type: tanh}, {type: sigmoid}, {type: leaky_relu}]";

/* The gradient with so many threads; to be freed. */
static real *gradient(const struct cairn_model_options *options, const struct samples *samples,
                      size_t n_threads, double *loss)
{
    assert_int_equal(cairn_threads_set(n_threads), CAIRN_OK);
    struct bench *bench = bench_make(options);
    assert_int_equal(bench_gradient(bench, &samples->micro), CAIRN_OK);
    size_t bytes = bench->params->n_values * sizeof(real);
    real *g = memcpy(malloc(bytes), bench->g, bytes);
    *loss = bench->scores.loss;
    bench_free(bench);
    return g;
}

static void test_bits_do_not_depend_on_threads(void **state)
{
    (void)state;
    const enum cairn_blas_threads kind = cairn_threads_blas_kind();
    if (kind != CAIRN_BLAS_OPENMP && kind != CAIRN_BLAS_PTHREADS) skip();
    struct cairn_node *tree = tree_of(text);
    struct cairn_model_options options = token_options(tree, T, VOCABULARY, B);
    struct samples samples = samples_make(&options, B);
    double loss[4] = {0};
    real *one = gradient(&options, &samples, 1, &loss[0]);
    for (size_t n = 2; n <= 3; n++) {
        real *several = gradient(&options, &samples, n, &loss[n]);
        assert_memory_equal(several, one, (VOCABULARY + T + 5) * 64 * sizeof(real));
        assert_true(loss[n] == loss[0]);
        free(several);
    }
    free(one);
    samples_free(&samples);
    cairn_node_free(tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_bits_do_not_depend_on_threads)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
