/* SPDX-License-Identifier: BSD-3-Clause
 * Where the time of a small GPT goes: forward and backward of one micro-batch, one thread.  Not a
 * test: launch/bench runs it, or bench_gpt [T D heads layers b rounds] by hand; the fastest of the
 * rounds counts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

/* What is measured: sizes, and the layer that is repeated. */
struct net {
    size_t T, D, heads, layers, b;
    int rounds;
};

static void build(const struct net *net, const char *layer, char *text)
{
    int used = snprintf(text, TEXT, "[{type: embedding, units: %zu}, {type: position, init: gpt2}",
                        net->D);
    for (size_t i = 0; i < net->layers; i++) {
        used += snprintf(text + used, TEXT - (size_t)used, ", {type: %s", layer);
        bool asks = strcmp(layer, "attention") == 0 || strcmp(layer, "transformer_block") == 0;
        if (asks) used += snprintf(text + used, TEXT - (size_t)used, ", heads: %zu", net->heads);
        used += snprintf(text + used, TEXT - (size_t)used, "}");
    }
    snprintf(text + used, TEXT - (size_t)used, ", {type: dense, units: 65, tie: 0}]");
}

static void measure_layers(const struct net *net, const char *layer)
{
    char text[TEXT];
    build(net, layer, text);
    struct cairn_node *tree = tree_of(text);
    struct cairn_model_options options = {.layers = tree,
                                          .input = {1, {net->T}},
                                          .n_classes = VOCABULARY,
                                          .n_labels = net->T,
                                          .vocabulary = VOCABULARY,
                                          .micro = net->b,
                                          .seed = 1};
    struct samples samples = samples_make(&options, net->b);
    struct bench *bench = bench_make(&options);
    measure(layer, bench, &samples.micro, net->rounds);
    printf("%-22s %zu weights, activations %.1f MB\n", "", bench->params->n_weights,
           1e-6 * (double)cairn_model_activation_bytes(bench->model));
    bench_free(bench);
    samples_free(&samples);
    cairn_node_free(tree);
}

int main(int argc, char **argv)
{
    const struct net net = {.T = argument(argc, argv, 1, 64),
                            .D = argument(argc, argv, 2, 128),
                            .heads = argument(argc, argv, 3, 4),
                            .layers = argument(argc, argv, 4, 4),
                            .b = argument(argc, argv, 5, 12),
                            .rounds = (int)argument(argc, argv, 6, 40)};
    measure_layers(&net, "transformer_block");
    measure_layers(&net, "attention");
    measure_layers(&net, "layernorm");
    measure_layers(&net, "gelu");
    return 0;
}
