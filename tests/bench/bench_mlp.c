/* SPDX-License-Identifier: BSD-3-Clause
 * How much of forward and backward lies outside matrix products: MLP 784-512-256-10, b = 64, one
 * thread. Not a test: run build/release/tests/bench_mlp [dropout] by hand on a quiet machine. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "nn/model.h"
#include "support/nn.h"
#include "tensor/blas.h"

enum { B = 64, N_WIDTHS = 4, ROUNDS = 300 };
static const size_t width[N_WIDTHS] = {784, 512, 256, 10};

/* The eight products of one pass, as dense calls them; the first layer needs no dx. */
static void products(const real *a, const real *b, real *c)
{
    for (size_t i = 0; i + 1 < N_WIDTHS; i++) {
        size_t in = width[i];
        size_t out = width[i + 1];
        cairn_gemm(&(struct cairn_gemm){
            .m = B, .n = out, .k = in, .a = a, .b = b, .b_transposed = true, .beta = 1, .c = c});
        cairn_gemm(&(struct cairn_gemm){
            .m = out, .n = in, .k = B, .a = a, .a_transposed = true, .b = b, .beta = 1, .c = c});
        if (i == 0) continue;
        cairn_gemm(&(struct cairn_gemm){.m = B, .n = in, .k = out, .a = a, .b = b, .c = c});
    }
}

/* The two are timed in turn and the fastest round counts, so that other work on the machine does
 * not. */
static void measure(struct bench *bench, const struct cairn_micro *micro, const real *a, real *c)
{
    double best_pass = 1;
    double best_products = 1;
    for (int round = 0; round < ROUNDS; round++) {
        double start = cairn_clock_s();
        if (bench_gradient(bench, micro) != CAIRN_OK) fprintf(stderr, "%s\n", cairn_error_text());
        double middle = cairn_clock_s();
        products(a, a, c);
        double end = cairn_clock_s();
        if (middle - start < best_pass) best_pass = middle - start;
        if (end - middle < best_products) best_products = end - middle;
    }
    printf("forward and backward %.1f us, matrix products alone %.1f us: %.1f %% outside\n",
           1e6 * best_pass, 1e6 * best_products, 100 * (1 - best_products / best_pass));
}

int main(int argc, char **argv)
{
    bool dropout = argc > 1 && strcmp(argv[1], "dropout") == 0;
    struct cairn_node *layers = tree_of(
        dropout
            ? "[{type: dense, units: 512}, {type: relu}, {type: dropout, p: 0.2}, "
              "{type: dense, units: 256}, {type: relu}, {type: dropout, p: 0.2}, {type: dense, "
              "units: 10}]"
            : "[{type: dense, units: 512}, {type: relu}, {type: dense, units: 256}, {type: relu}, "
              "{type: dense, units: 10}]");
    struct cairn_model_options options = {
        .layers = layers, .input = {1, {784}}, .n_classes = 10, .micro = B, .seed = 1};
    struct samples samples = samples_make(&options, B);
    struct bench *bench = bench_make(&options);
    real *c = NULL; /* as large as the largest weight */
    if (cairn_memory_get(512 * 784, sizeof *c, "products", &c) == CAIRN_OK)
        measure(bench, &samples.micro, bench->w, c);
    free(c);
    bench_free(bench);
    samples_free(&samples);
    cairn_node_free(layers);
    return 0;
}
