/* SPDX-License-Identifier: BSD-3-Clause
 * Attention against its formula written out in double, over several blocks of rows; what a position
 * sees; memory. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "nn/heads.h"
#include "nn/reference.h"
#include "support/nn.h"
#include "tensor/tile.h"

enum { TEXT = 256 };

static const double SINGLE = 2e-5; /* sums of tens of float products, each rounded to 2^-24 */
static const double CHECK = 1e-6;  /* central differences in double, as in test_nn_layers */

static struct cairn_model_options options_of(const struct cairn_node *tree, size_t T, size_t D,
                                             size_t n_targets)
{
    return (struct cairn_model_options){
        .layers = tree, .input = {2, {T, D}}, .n_targets = n_targets, .micro = 2, .seed = 8};
}

static const real *tensor(const struct bench *bench, size_t index)
{
    return bench->w + bench->params->item[index].offset;
}

static double *numbers(size_t n)
{
    double *x = NULL;
    assert_int_equal(cairn_memory_get(n, sizeof *x, "a test", &x), CAIRN_OK);
    return x;
}

/* y [n, out] = x [n, in] W^T + b, W and b tensors `index` and the next */
static void linear(const struct bench *bench, size_t index, const double *x, size_t n, double *y)
{
    const real *w = tensor(bench, index);
    const real *b = tensor(bench, index + 1);
    size_t out = bench->params->item[index].shape.dim[0];
    size_t in = bench->params->item[index].shape.dim[1];
    for (size_t i = 0; i < n; i++)
        for (size_t o = 0; o < out; o++) {
            double sum = (double)b[o];
            for (size_t k = 0; k < in; k++) sum += x[i * in + k] * (double)w[o * in + k];
            y[i * out + o] = sum;
        }
}

/* One position of one head: o [width] from q, and k, v of the positions that it sees. */
static void ask(const double *qkv, size_t t, size_t n_seen, size_t D, size_t width, double *o)
{
    double sum = 0;
    for (size_t j = 0; j < width; j++) o[j] = 0;
    for (size_t s = 0; s < n_seen; s++) {
        double product = 0;
        for (size_t j = 0; j < width; j++) product += qkv[t * 3 * D + j] * qkv[s * 3 * D + D + j];
        double e = exp(product / sqrt((double)width));
        sum += e;
        for (size_t j = 0; j < width; j++) o[j] += e * qkv[s * 3 * D + 2 * D + j];
    }
    for (size_t j = 0; j < width; j++) o[j] /= sum;
}

/* rotate_half() of Hugging Face's Llama: q and k of position t, v not. */
static void rotate(double *qkv, size_t t, size_t D, size_t width)
{
    for (size_t at = 0; at < 2 * D; at += width)
        for (size_t j = 0; j < width / 2; j++) {
            const double angle = (double)t * pow(10000, -2.0 * (double)j / (double)width);
            const double a = qkv[at + j], b = qkv[at + j + width / 2];
            qkv[at + j] = a * cos(angle) - b * sin(angle);
            qkv[at + j + width / 2] = b * cos(angle) + a * sin(angle);
        }
}

/* How a layer attends. */
struct way {
    size_t heads;
    bool causal, rotary;
};

/* One sample, x [T, D], through the weights of a bench whose only layer is attention. */
static void written_out(const struct bench *bench, const real *x, size_t T, const struct way *way,
                        double *y)
{
    const size_t heads = way->heads;
    size_t D = bench->params->item[2].shape.dim[0];
    size_t width = D / heads;
    double *exact = numbers(T * D);
    double *qkv = numbers(T * 3 * D);
    double *o = numbers(T * D);
    for (size_t i = 0; i < T * D; i++) exact[i] = (double)x[i];
    linear(bench, 0, exact, T, qkv);
    for (size_t t = 0; t < T && way->rotary; t++) rotate(qkv + t * 3 * D, t, D, width);
    for (size_t h = 0; h < heads; h++)
        for (size_t t = 0; t < T; t++)
            ask(qkv + h * width, t, way->causal ? t + 1 : T, D, width, o + t * D + h * width);
    linear(bench, 2, o, T, y);
    free(exact);
    free(qkv);
    free(o);
}

static void check_values(size_t T, size_t heads, bool causal, bool rotary)
{
    enum { D = 12 };
    const struct way way = {heads, causal, rotary};
    char text[TEXT];
    snprintf(text, sizeof text, "[{type: attention, heads: %zu, causal: %s, position: %s}]", heads,
             causal ? "true" : "false", rotary ? "rotary" : "none");
    struct cairn_node *tree = tree_of(text);
    struct cairn_model_options options = options_of(tree, T, D, T * D);
    struct samples samples = samples_make(&options, 2);
    struct bench *bench = bench_make(&options);
    double *exact = numbers(T * D);
    const real *y = NULL;
    for (size_t i = 0; i < bench->params->item[1].count; i++)
        bench->w[bench->params->item[1].offset + i] = 0.1F * (real)(i % 7); /* biases begin at 0 */
    assert_int_equal(cairn_model_outputs(bench->model, bench->w, &samples.micro, &y), CAIRN_OK);
    for (size_t i = 0; i < 2; i++) {
        written_out(bench, samples.x + i * T * D, T, &way, exact);
        if (difference(y + i * T * D, exact, T * D) > SINGLE)
            fail_msg("T %zu: %s, sample %zu", T, text, i);
    }
    free(exact);
    bench_free(bench);
    samples_free(&samples);
    cairn_node_free(tree);
}

/* Blocks of rows are 64 high: less than one, one, one and a row, more than two. */
static void test_values_written_out(void **state)
{
    (void)state;
    static const size_t lengths[] = {1, 5, 64, 65, 150};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        check_values(lengths[i], 1, true, false);
        check_values(lengths[i], 3, true, false);
        check_values(lengths[i], 4, false, false);
        check_values(lengths[i], 3, true, true);
        check_values(lengths[i], 1, false, true);
    }
}

static void check_gradient(const char *model, size_t T, size_t D, bool by_input)
{
    char text[TEXT];
    snprintf(text, sizeof text, "[%s%s, {type: flatten}, {type: dense, units: 2}]",
             by_input ? "{type: dense, units: 6}, " : "", model);
    struct cairn_node *tree = tree_of(text);
    struct cairn_model_options options = options_of(tree, T, D, 2);
    struct samples samples = samples_make(&options, 2);
    double worst = 1;
    assert_int_equal(cairn_gradient_check(&options, &samples.micro, 20, &worst), CAIRN_OK);
    if (worst > CHECK) fail_msg("%s: gradient check %g", text, worst);

    struct cairn_reference *reference = NULL;
    struct cairn_scores scores;
    struct bench *bench = bench_make(&options);
    assert_int_equal(cairn_reference_create(&options, &reference), CAIRN_OK);
    cairn_reference_begin(reference, bench->w);
    assert_int_equal(cairn_reference_add(reference, &samples.micro), CAIRN_OK);
    assert_int_equal(bench_gradient(bench, &samples.micro), CAIRN_OK);
    const double *g = cairn_reference_gradient(reference, &scores);
    double apart = difference(bench->g, g, bench->params->n_weights);
    if (apart > SINGLE) fail_msg("%s: single and double differ by %g", text, apart);
    bench_check_recompute(bench, &options, &samples.micro);
    cairn_reference_free(reference);
    bench_free(bench);
    samples_free(&samples);
    cairn_node_free(tree);
}

static void test_gradients_over_several_blocks(void **state)
{
    (void)state;
    check_gradient("{type: attention, heads: 2, causal: true}", 70, 6, true);
    check_gradient("{type: attention, heads: 2, causal: false}", 70, 6, true);
    check_gradient("{type: attention, heads: 3, causal: true}", 130, 6, false);
    check_gradient("{type: attention, heads: 3, position: rotary}", 70, 6, true);
    check_gradient("{type: attention, heads: 1, causal: true, position: rotary}", 5, 6, false);
    check_gradient("{type: attention, heads: 3, position: rotary}", 1, 6, true);
}

/* Outputs of the first position after a number of the last has changed. */
static bool first_sees_last(const char *layer, size_t vocabulary)
{
    enum { T = 66, D = 4 };
    char text[TEXT];
    snprintf(text, sizeof text, "[%s%s]", vocabulary > 0 ? "{type: embedding, units: 4}, " : "",
             layer);
    struct cairn_node *tree = tree_of(text);
    struct cairn_model_options options = options_of(tree, T, D, T * D);
    options.vocabulary = vocabulary;
    if (vocabulary > 0) options.input = (struct cairn_shape){1, {T}};
    struct samples samples = samples_make(&options, 1);
    struct bench *bench = bench_make(&options);
    const real *y = NULL;
    real before[D];
    assert_int_equal(cairn_model_outputs(bench->model, bench->w, &samples.micro, &y), CAIRN_OK);
    memcpy(before, y, sizeof before);
    real *last = &samples.x[cairn_shape_count(&options.input) - 1];
    *last = *last == 0 ? 1 : 0;
    assert_int_equal(cairn_model_outputs(bench->model, bench->w, &samples.micro, &y), CAIRN_OK);
    bool sees = memcmp(before, y, sizeof before) != 0;
    bench_free(bench);
    samples_free(&samples);
    cairn_node_free(tree);
    return sees;
}

static void test_what_a_position_sees(void **state)
{
    (void)state;
    assert_false(first_sees_last("{type: attention, heads: 2, causal: true}", 0));
    assert_true(first_sees_last("{type: attention, heads: 2, causal: false}", 0));
    assert_true(first_sees_last("{type: attention, heads: 2}", 0));  /* numbers: all */
    assert_false(first_sees_last("{type: attention, heads: 2}", 9)); /* tokens: those before */
    assert_true(first_sees_last("{type: attention, heads: 2, causal: false}", 9));
}

/* What a micro-batch holds grows with T, not with T x T. */
static void test_memory_grows_with_the_length(void **state)
{
    (void)state;
    struct cairn_node *tree = tree_of("[{type: attention, heads: 4}]");
    size_t bytes[2];
    for (size_t i = 0; i < 2; i++) {
        size_t T = 1000 * (i + 1);
        struct cairn_model_options options = options_of(tree, T, 8, T * 8);
        struct cairn_model *model = NULL;
        options.micro = 50;
        assert_int_equal(cairn_model_create(&options, &model), CAIRN_OK);
        bytes[i] = cairn_model_activation_bytes(model);
        cairn_model_free(model);
    }
    /* qkv 24, o, y, d_o and two gradients 8 each, 4 heads: 68 floats for each of 50,000 positions,
     * and two blocks of 64 rows; a matrix for each head and sample would be 4,000 floats more */
    assert_true((double)bytes[0] < 1.01 * sizeof(real) * (68.0 * 50000 + 2 * 64 * 1000));
    assert_true((double)bytes[1] < 2.05 * (double)bytes[0]);
    cairn_node_free(tree);
}

static void wrong(const char *layer, const struct cairn_shape *in, const char *words)
{
    char text[TEXT];
    snprintf(text, sizeof text, "[%s, {type: flatten}, {type: dense, units: 2}]", layer);
    struct cairn_node *tree = tree_of(text);
    struct cairn_model_options options = {.layers = tree, .input = *in, .n_targets = 2, .micro = 2};
    struct cairn_model *model = NULL;
    assert_int_equal(cairn_model_create(&options, &model), CAIRN_USAGE);
    if (strstr(cairn_error_text(), words) == NULL)
        fail_msg("%s\n   lacks: %s", cairn_error_text(), words);
    cairn_node_free(tree);
}

static void test_wrong_layers_are_told_why(void **state)
{
    (void)state;
    const struct cairn_shape row = {1, {6}};
    const struct cairn_shape text = {2, {5, 6}};
    wrong("{type: attention, heads: 2}", &row, "takes [T, D]");
    wrong("{type: attention, heads: 4}", &text, "cannot be cut into 4 equal heads");
    wrong("{type: attention}", &text, "heads");
    wrong("{type: attention, heads: 2, position: rotary}", &text,
          "each of 2 heads has 3 of them; choose heads so that it is an even number");
    wrong("{type: attention, heads: 2, causal: maybe}", &text, "causal");
}

static double largest(const real *x, size_t n)
{
    double most = 0;
    for (size_t i = 0; i < n; i++) most = fmax(most, fabs((double)x[i]));
    return most;
}

/* torch.nn.MultiheadAttention: xavier over [3 D, D], Wout as torch.nn.Linear, biases 0. */
static void test_initial_weights_are_those_of_pytorch(void **state)
{
    (void)state;
    enum { D = 40 };
    struct cairn_node *tree = tree_of("[{type: attention, heads: 2}]");
    struct cairn_model_options options = options_of(tree, 3, D, 3 * D);
    struct bench *bench = bench_make(&options);
    const struct cairn_param *item = bench->params->item;
    static const char *const names[] = {"0.in_proj_weight", "0.in_proj_bias", "0.out_proj.weight",
                                        "0.out_proj.bias"};
    for (size_t i = 0; i < 4; i++) assert_string_equal(item[i].name, names[i]);
    assert_int_equal(item[0].shape.dim[0], 3 * D);
    double in = largest(tensor(bench, 0), item[0].count) / sqrt(6.0 / (4 * D));
    double out = largest(tensor(bench, 2), item[2].count) * sqrt(D);
    assert_true(in <= 1 && in > 0.99 && out <= 1 && out > 0.99);
    assert_true(largest(tensor(bench, 1), 3 * D) == 0 && largest(tensor(bench, 3), D) == 0);
    bench_free(bench);
    cairn_node_free(tree);
}

enum { HEAD_T = 70, HEAD_WIDTH = 66, N_QKV = 3 * HEAD_T * HEAD_WIDTH };

/* What one head makes of the same numbers: o, and dq, dk, dv in the place of q, k, v. */
struct made {
    real o[HEAD_T * HEAD_WIDTH];
    real d_qkv[N_QKV];
};

static void make(struct cairn_heads heads, bool rounds, struct made *made)
{
    static real d_o[HEAD_T * HEAD_WIDTH];
    real top[HEAD_T], factor[HEAD_T];
    heads.rounds = rounds;
    for (size_t i = 0; i < N_QKV; i++) made->d_qkv[i] = (real)sin((double)(i * i % 1009));
    for (size_t i = 0; i < HEAD_T * HEAD_WIDTH; i++) d_o[i] = (real)cos((double)(i * i % 1013));
    struct cairn_head head = {.q = made->d_qkv,
                              .k = made->d_qkv + heads.D,
                              .v = made->d_qkv + 2 * heads.D,
                              .o = made->o,
                              .d_o = d_o,
                              .top = top,
                              .factor = factor};
    const size_t bytes = (cairn_heads_room(&heads) * sizeof(real) + 63) / 64 * 64;
    head.room = aligned_alloc(64, bytes);
    assert_non_null(head.room);
    memset(head.room, 0xff, bytes); /* what is not a number */
    cairn_head_forward(&heads, &head);
    cairn_head_backward(&heads, &head);
    free(head.room);
}

static void assert_near(const real *a, const real *b, size_t n)
{
    static const double HALF = 0.02; /* of the largest: sums of products of numbers of 8 bits */
    double most = 0, apart = 0;
    for (size_t i = 0; i < n; i++) {
        most = fmax(most, fabs((double)b[i]));
        apart = fmax(apart, fabs((double)a[i] - (double)b[i]));
        assert_true(isfinite((double)a[i]));
    }
    assert_true(apart > 0);
    assert_true(apart <= HALF * most);
}

/* Odd and even numbers of positions and widths: a pair may be half empty. */
static void test_operands_are_rounded(void **state)
{
    static struct made plain, rounded;
    static const size_t T[] = {2, 31, 64, 65, HEAD_T};
    static const size_t width[] = {3, 32, HEAD_WIDTH};
    (void)state;
    if (!CAIRN_TILE_PAIRS) skip();
    for (size_t i = 0; i < sizeof T / sizeof T[0]; i++)
        for (size_t j = 0; j < sizeof width / sizeof width[0]; j++)
            for (int causal = 0; causal < 2; causal++) {
                const struct cairn_heads heads = {.T = T[i],
                                                  .D = width[j],
                                                  .width = width[j],
                                                  .causal = causal != 0,
                                                  .scale = (real)0.3};
                make(heads, false, &plain);
                make(heads, true, &rounded);
                assert_near(rounded.o, plain.o, T[i] * width[j]);
                assert_near(rounded.d_qkv, plain.d_qkv, 3 * T[i] * width[j]);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_written_out),
        cmocka_unit_test(test_operands_are_rounded),
        cmocka_unit_test(test_gradients_over_several_blocks),
        cmocka_unit_test(test_what_a_position_sees),
        cmocka_unit_test(test_memory_grows_with_the_length),
        cmocka_unit_test(test_wrong_layers_are_told_why),
        cmocka_unit_test(test_initial_weights_are_those_of_pytorch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
