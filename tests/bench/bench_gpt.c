/* SPDX-License-Identifier: BSD-3-Clause
 * Where the time of a small GPT goes: forward and backward of one micro-batch, one thread.  Not a
 * test: run build/dev/tests/bench_gpt [T D heads layers b rounds] by hand; the
 * fastest of the rounds counts. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "nn/model.h"
#include "support/nn.h"
#include "tensor/blas.h"

enum { VOCABULARY = 65, TEXT = 4096 };

/* Of this process: what runs beside it on the machine does not count. */
static double cpu_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static double products_s; /* inside matrix products */
static double product_flops;

void __real_cairn_gemm(const struct cairn_gemm *job);
void __wrap_cairn_gemm(const struct cairn_gemm *job);

void __wrap_cairn_gemm(const struct cairn_gemm *job)
{
    double start = cpu_s();
    __real_cairn_gemm(job);
    products_s += cpu_s() - start;
    product_flops += 2.0 * (double)job->m * (double)job->n * (double)job->k;
}

static void measure(const char *what, struct bench *bench, const struct cairn_micro *micro,
                    int rounds)
{
    double best = 1e9;
    double products = 0;
    double flops = 0;
    for (int round = 0; round < rounds; round++) {
        products_s = product_flops = 0;
        double start = cpu_s();
        if (bench_gradient(bench, micro) != CAIRN_OK) fprintf(stderr, "%s\n", cairn_error_text());
        double all = cpu_s() - start;
        if (all >= best) continue;
        best = all;
        products = products_s;
        flops = product_flops;
    }
    printf("%-22s %8.2f ms, matrix products %8.2f ms, %5.1f Gflop/s in them, %4.1f %% outside\n",
           what, 1e3 * best, 1e3 * products, 1e-9 * flops / products, 100 * (1 - products / best));
}

static size_t argument(int argc, char **argv, int index, size_t fallback)
{
    return argc > index ? (size_t)strtoul(argv[index], NULL, 10) : fallback;
}

int main(int argc, char **argv)
{
    size_t T = argument(argc, argv, 1, 64);
    size_t D = argument(argc, argv, 2, 128);
    size_t heads = argument(argc, argv, 3, 4);
    size_t layers = argument(argc, argv, 4, 4);
    size_t b = argument(argc, argv, 5, 12);
    int rounds = (int)argument(argc, argv, 6, 40);
    const char *const parts[] = {
        "whole",     "{type: transformer_block, heads: %zu}",
        "attention", "{type: attention, heads: %zu}",
        "layernorm", "{type: layernorm}",
        "gelu",      "{type: gelu}",
    };
    for (size_t p = 0; p < sizeof parts / sizeof parts[0]; p += 2) {
        char text[TEXT];
        int used = snprintf(text, sizeof text,
                            "[{type: embedding, units: %zu}, {type: position, init: gpt2}", D);
        for (size_t i = 0; i < layers; i++) {
            used += snprintf(text + used, sizeof text - (size_t)used, ", ");
            used += snprintf(text + used, sizeof text - (size_t)used, parts[p + 1], heads);
        }
        snprintf(text + used, sizeof text - (size_t)used, ", {type: dense, units: 65, tie: 0}]");
        struct cairn_node *tree = tree_of(text);
        struct cairn_model_options options = {.layers = tree,
                                              .input = {1, {T}},
                                              .n_classes = VOCABULARY,
                                              .n_labels = T,
                                              .vocabulary = VOCABULARY,
                                              .micro = b,
                                              .seed = 1};
        struct samples samples = samples_make(&options, b);
        struct bench *bench = bench_make(&options);
        measure(parts[p], bench, &samples.micro, rounds);
        printf("%-22s %zu weights, activations %.1f MB\n", "", bench->params->n_weights,
               1e-6 * (double)cairn_model_activation_bytes(bench->model));
        bench_free(bench);
        samples_free(&samples);
        cairn_node_free(tree);
    }
    return 0;
}
