/* SPDX-License-Identifier: BSD-3-Clause
 * Normalisation: values against the plain formula in double, gradients on all shapes, what
 * batch normalisation averages, and that its gradient is a sum over micro-batches in any share. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nn/reference.h"
#include "support/nn.h"

static const double CHECK = 1e-6;  /* of test_nn_layers.c */
static const double VALUE = 2e-6;  /* of y, a few roundings of 2^-24 at numbers up to 4 */
static const double SINGLE = 2e-5; /* sums of tens of float products, each rounded to 2^-24 */

/* A planned model on random samples. */
struct subject {
    struct cairn_node *tree;
    struct cairn_model_options options;
    struct samples samples;
    struct bench *bench;
};

static struct subject make(const char *text, const struct cairn_shape *in, size_t n)
{
    struct subject s = {.tree = tree_of(text)};
    s.options = (struct cairn_model_options){
        .layers = s.tree, .input = *in, .n_targets = cairn_shape_count(in), .micro = n, .seed = 7};
    s.samples = samples_make(&s.options, n);
    s.bench = bench_make(&s.options);
    return s;
}

static void release(struct subject *s)
{
    bench_free(s->bench);
    samples_free(&s->samples);
    cairn_node_free(s->tree);
}

/* weight and bias that show where they go */
static void set_affine(struct subject *s)
{
    for (size_t t = 0; t < s->bench->params->n_items; t++) {
        const struct cairn_param *item = &s->bench->params->item[t];
        for (size_t i = 0; i < item->count; i++)
            s->bench->w[item->offset + i] = (real)(t == 0 ? 1 : -1) + 0.25f * (real)i;
    }
}

/* Element (sample i, channel c, place p) of x [n, C, area]. */
static double at(const real *x, const size_t dim[3], size_t i, size_t c, size_t p)
{
    return (double)x[(i * dim[1] + c) * dim[2] + p];
}

struct moments {
    double mean, variance; /* biased */
};

/* Over samples [i, i + n) and channels [c, c + m), all places. */
static struct moments moments_of(const real *x, const size_t dim[3], const size_t from[2],
                                 const size_t count[2])
{
    struct moments out = {0};
    double n = (double)(count[0] * count[1] * dim[2]);
    for (size_t k = 0; k < count[0] * count[1] * dim[2]; k++)
        out.mean += at(x, dim, from[0] + k / dim[2] / count[1], from[1] + k / dim[2] % count[1],
                       k % dim[2]) /
                    n;
    for (size_t k = 0; k < count[0] * count[1] * dim[2]; k++) {
        double apart = at(x, dim, from[0] + k / dim[2] / count[1], from[1] + k / dim[2] % count[1],
                          k % dim[2]) -
                       out.mean;
        out.variance += apart * apart / n;
    }
    return out;
}

static double normal(double x, struct moments m, double weight, double bias)
{
    return (x - m.mean) / sqrt(m.variance + 1e-5) * weight + bias;
}

/* In training the outputs are not to be had: the gradient of squared error by the bias, y - target,
 * summed over a channel, tells them. */
static void batchnorm_on(const struct cairn_shape *in, size_t n)
{
    struct subject s = make("[{type: batchnorm}]", in, n);
    const size_t dim[3] = {n, in->dim[0], cairn_shape_count(in) / in->dim[0]};
    size_t n_channels = dim[1];
    assert_true(cairn_model_is_ghost(s.bench->model));
    set_affine(&s);
    s.options.n_targets = cairn_shape_count(in);
    assert_int_equal(bench_gradient(s.bench, &s.samples.micro), CAIRN_OK);
    for (size_t c = 0; c < n_channels; c++) {
        struct moments m = moments_of(s.samples.x, dim, (size_t[2]){0, c}, (size_t[2]){n, 1});
        double weight = (double)s.bench->w[c];
        double bias = (double)s.bench->w[n_channels + c];
        double dweight = 0;
        double dbias = 0;
        for (size_t k = 0; k < n * dim[2]; k++) {
            double x = at(s.samples.x, dim, k / dim[2], c, k % dim[2]);
            double dy =
                normal(x, m, weight, bias) - at(s.samples.target, dim, k / dim[2], c, k % dim[2]);
            dweight += dy * normal(x, m, 1, 0);
            dbias += dy;
        }
        double n_values = (double)(n * dim[2]);
        double unbiased = m.variance * n_values / (n_values - 1);
        const real *g = s.bench->g;
        double most = SINGLE * n_values;
        assert_true(fabs((double)g[c] - dweight) < most);
        assert_true(fabs((double)g[n_channels + c] - dbias) < most);
        assert_true(fabs((double)g[2 * n_channels + c] - (double)n * m.mean) < most);
        assert_true(fabs((double)g[3 * n_channels + c] - (double)n * unbiased) < most);
    }
    release(&s);
}

static void test_batchnorm_of_training(void **state)
{
    (void)state;
    batchnorm_on(&(struct cairn_shape){1, {5}}, 6);
    batchnorm_on(&(struct cairn_shape){3, {3, 4, 5}}, 4);
    batchnorm_on(&(struct cairn_shape){3, {2, 7, 9}}, 1);
    batchnorm_on(&(struct cairn_shape){3, {4, 1, 1}}, 9);
    batchnorm_on(&(struct cairn_shape){2, {3, 8}}, 4);
    batchnorm_on(&(struct cairn_shape){4, {3, 2, 3, 4}}, 3);
}

static void test_batchnorm_of_evaluation(void **state)
{
    (void)state;
    const struct cairn_shape in = {3, {3, 2, 2}};
    const size_t dim[3] = {4, 3, 4};
    struct subject s = make("[{type: batchnorm, eps: 1e-5}]", &in, 4);
    const real *y = NULL;
    set_affine(&s);
    const real *first = s.bench->w;
    for (size_t c = 0; c < 3; c++)
        assert_true(first[6 + c] == 0 && first[9 + c] == 1); /* running mean and variance */
    for (size_t c = 0; c < 3; c++) {
        s.bench->w[6 + c] = 0.1f * (real)c;
        s.bench->w[9 + c] = 0.5f + (real)c;
    }
    assert_int_equal(cairn_model_outputs(s.bench->model, s.bench->w, &s.samples.micro, &y),
                     CAIRN_OK);
    for (size_t k = 0; k < 48; k++) {
        size_t c = k / 4 % 3;
        struct moments m = {(double)first[6 + c], (double)first[9 + c]};
        double wanted = normal((double)s.samples.x[k], m, (double)first[c], (double)first[3 + c]);
        assert_true(fabs((double)y[k] - wanted) < VALUE);
        assert_true(fabs((double)y[k] - at(y, dim, k / 12, c, k % 4)) < 1e-12);
    }
    release(&s);
}

/* layernorm, for which n_groups is 0, or groupnorm with this many */
static void rows_on(const char *text, const struct cairn_shape *in, size_t n_groups)
{
    enum { N = 3 };
    struct subject s = make(text, in, N);
    const real *y = NULL;
    bool tokens = n_groups == 0 && in->ndim == 2;
    size_t count = cairn_shape_count(in);
    /* as [rows, channels, area], with a group of `together` channels */
    const size_t dim[3] = {tokens ? N * in->dim[0] : N, tokens ? in->dim[1] : in->dim[0],
                           tokens ? 1 : count / in->dim[0]};
    size_t together = n_groups == 0 ? dim[1] : dim[1] / n_groups;
    assert_false(cairn_model_is_ghost(s.bench->model));
    set_affine(&s);
    assert_int_equal(cairn_model_outputs(s.bench->model, s.bench->w, &s.samples.micro, &y),
                     CAIRN_OK);
    for (size_t k = 0; k < N * count; k++) {
        size_t i = k / dim[2] / dim[1];
        size_t c = k / dim[2] % dim[1];
        struct moments m = moments_of(s.samples.x, dim, (size_t[2]){i, c / together * together},
                                      (size_t[2]){1, together});
        double wanted = normal((double)s.samples.x[k], m, (double)s.bench->w[c],
                               (double)s.bench->w[dim[1] + c]);
        if (fabs((double)y[k] - wanted) > 2 * VALUE)
            fail_msg("%s: y[%zu] is %g, not %g", text, k, (double)y[k], wanted);
    }
    release(&s);
}

static void test_values_of_layernorm_and_groupnorm(void **state)
{
    (void)state;
    rows_on("[{type: layernorm}]", &(struct cairn_shape){1, {7}}, 0);
    rows_on("[{type: layernorm}]", &(struct cairn_shape){1, {40}}, 0);
    rows_on("[{type: layernorm}]", &(struct cairn_shape){2, {5, 6}}, 0);
    rows_on("[{type: groupnorm, groups: 2}]", &(struct cairn_shape){1, {8}}, 2);
    rows_on("[{type: groupnorm, groups: 1}]", &(struct cairn_shape){3, {3, 2, 5}}, 1);
    rows_on("[{type: groupnorm, groups: 3}]", &(struct cairn_shape){3, {6, 4, 5}}, 3);
    rows_on("[{type: groupnorm, groups: 6}]", &(struct cairn_shape){3, {6, 4, 5}}, 6);
    rows_on("[{type: groupnorm, groups: 3}]", &(struct cairn_shape){2, {6, 7}}, 3);
    rows_on("[{type: groupnorm, groups: 2}]", &(struct cairn_shape){4, {4, 3, 2, 5}}, 2);
    rows_on("[{type: instancenorm, affine: true}]", &(struct cairn_shape){2, {6, 7}}, 6);
    rows_on("[{type: instancenorm, affine: true}]", &(struct cairn_shape){4, {4, 3, 2, 5}}, 4);
}

/* Through shapes that the list of layers does not reach: a first dense layer, whose output is an
 * image or tokens only where the data are, cannot stand before them, so a second normalisation
 * does. */
static void test_gradients_of_all_shapes(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "[{type: batchnorm}, {type: tanh}, {type: batchnorm, eps: 0.01}, {type: flatten}]",
        "[{type: groupnorm, groups: 3}, {type: tanh}, {type: groupnorm, groups: 2}]",
        "[{type: groupnorm, groups: 1}, {type: tanh}, {type: batchnorm}]",
        "[{type: layernorm}, {type: tanh}, {type: layernorm, eps: 0.1}, {type: flatten}]",
        "[{type: dense, units: 5}, {type: batchnorm}, {type: relu}, {type: dense, units: 12}]",
        "[{type: batchnorm}, {type: tanh}, {type: groupnorm, groups: 3}]",
        "[{type: groupnorm, groups: 2}, {type: tanh}, {type: batchnorm}]",
        "[{type: rmsnorm}, {type: tanh}, {type: rmsnorm, eps: 0.1}, {type: flatten}]",
        "[{type: instancenorm, affine: true}, {type: tanh}, {type: instancenorm}]",
        "[{type: conv3d, channels: 4, kernel: 1}, {type: instancenorm, eps: 0.1}]",
    };
    static const struct cairn_shape ins[] = {
        {3, {3, 4, 5}}, {3, {6, 3, 3}},    {3, {2, 5, 5}}, {2, {4, 20}},   {1, {12}},
        {2, {6, 7}},    {4, {4, 2, 3, 3}}, {2, {4, 20}},   {3, {3, 4, 5}}, {4, {4, 2, 3, 3}}};
    for (size_t r = 0; r < sizeof texts / sizeof texts[0]; r++) {
        struct subject s = make(texts[r], &ins[r], 5);
        struct cairn_reference *reference = NULL;
        struct cairn_scores scores = {0};
        double worst = 1;
        assert_int_equal(cairn_gradient_check(&s.options, &s.samples.micro, 60, &worst), CAIRN_OK);
        if (worst > CHECK) fail_msg("%s: gradient check %g", texts[r], worst);
        assert_int_equal(cairn_reference_create(&s.options, &reference), CAIRN_OK);
        cairn_reference_begin(reference, s.bench->w);
        assert_int_equal(cairn_reference_add(reference, &s.samples.micro), CAIRN_OK);
        assert_int_equal(bench_gradient(s.bench, &s.samples.micro), CAIRN_OK);
        double apart = difference(s.bench->g, cairn_reference_gradient(reference, &scores),
                                  s.bench->params->n_values); /* the statistics too */
        if (apart > SINGLE) fail_msg("%s: single and double differ by %g", texts[r], apart);
        cairn_reference_free(reference);
        release(&s);
    }
}

static const char *const deep = "[{type: dense, units: 6}, {type: batchnorm}, {type: relu}, "
                                "{type: dense, units: 8}]";

/* Micro-batches of 4, 4, 4 and a short one of 2, added in one sink or in two that are added: the
 * same sum.  Another b is another one: that is what ghost means. */
static void test_shares_add_up_and_b_matters(void **state)
{
    (void)state;
    enum { N = 14, B = 4 };
    const struct cairn_shape in = {1, {8}};
    struct subject s = make(deep, &in, N);
    struct subject other = make(deep, &in, N);
    struct subject whole = make(deep, &in, N);
    size_t n_values = s.bench->params->n_values;
    struct cairn_reference *reference = NULL;
    struct cairn_scores scores = {0};
    assert_int_equal(cairn_reference_create(&s.options, &reference), CAIRN_OK);
    cairn_reference_begin(reference, s.bench->w);
    for (size_t m = 0; m * B < N; m++) {
        size_t n = N - m * B < B ? N - m * B : B;
        struct cairn_micro part = samples_part(&s.samples, &s.options, m * B, n);
        assert_int_equal(cairn_reference_add(reference, &part), CAIRN_OK);
        assert_int_equal(bench_gradient(m == 1 ? s.bench : other.bench, &part), CAIRN_OK);
    }
    for (size_t i = 0; i < n_values; i++) s.bench->g[i] += other.bench->g[i];
    const double *g = cairn_reference_gradient(reference, &scores);
    assert_true(difference(s.bench->g, g, n_values) < SINGLE);
    assert_int_equal(bench_gradient(whole.bench, &whole.samples.micro), CAIRN_OK);
    assert_true(difference(whole.bench->g, g, n_values) > 100 * SINGLE);
    cairn_reference_free(reference);
    release(&s);
    release(&other);
    release(&whole);
}

/* One value for each channel: y is the bias, nothing flows back, and the running variance stays. */
static void test_a_last_micro_batch_of_one_sample(void **state)
{
    (void)state;
    const struct cairn_shape in = {1, {8}};
    struct subject s = make(deep, &in, 4);
    const struct cairn_params *params = s.bench->params;
    const struct cairn_param *mean = &params->item[params->n_items];
    const struct cairn_param *variance = &params->item[params->n_items + 1];
    struct cairn_micro one = samples_part(&s.samples, &s.options, 0, 1);
    for (size_t i = 0; i < variance->count; i++) s.bench->w[variance->offset + i] = 3;
    assert_string_equal(mean->name, "1.running_mean");
    assert_string_equal(variance->name, "1.running_var");
    assert_int_equal(bench_gradient(s.bench, &one), CAIRN_OK);
    for (size_t i = 0; i < params->item[0].count; i++) assert_true(s.bench->g[i] == 0);
    for (size_t i = 0; i < variance->count; i++) assert_true(s.bench->g[variance->offset + i] == 3);
    cairn_buffers_update(params, s.bench->g, 1, s.bench->w);
    for (size_t i = 0; i < variance->count; i++) {
        assert_true(s.bench->w[variance->offset + i] == 3);
        double wanted = 0.1 * (double)s.bench->g[mean->offset + i];
        assert_true(fabs((double)s.bench->w[mean->offset + i] - wanted) < VALUE);
    }
    release(&s);
}

/* Far from 0 nothing cancels: a mean of 1000 with a deviation of 1. */
static void test_large_means(void **state)
{
    (void)state;
    enum { N = 64 };
    static const char *const texts[] = {"[{type: batchnorm}]", "[{type: groupnorm, groups: 1}]"};
    const struct cairn_shape in = {3, {1, 4, 4}};
    for (int i = 0; i < 2; i++) {
        struct subject near = make(texts[i], &in, N);
        struct subject far = make(texts[i], &in, N);
        for (size_t k = 0; k < N * 16; k++) {
            near.samples.x[k] = (real)(k * 37 % 101) / 64; /* exact in both */
            far.samples.x[k] = near.samples.x[k] + 1024;
        }
        assert_int_equal(bench_gradient(near.bench, &near.samples.micro), CAIRN_OK);
        assert_int_equal(bench_gradient(far.bench, &far.samples.micro), CAIRN_OK);
        const double wanted[2] = {(double)near.bench->g[0], (double)near.bench->g[1]};
        const real *g = far.bench->g;
        assert_true(difference(g, wanted, 2) < 1e-4); /* 1024 / 2^24 of the deviation */
        release(&near);
        release(&far);
    }
}

static void check_refused(const struct cairn_model_options *options, const char *text,
                          const char *says)
{
    struct cairn_model *model = NULL;
    assert_int_equal(cairn_model_create(options, &model), CAIRN_USAGE);
    if (strstr(cairn_error_text(), says) == NULL)
        fail_msg("%s: '%s' does not say '%s'", text, cairn_error_text(), says);
}

static void refused(const char *text, const struct cairn_shape *in, size_t n, const char *says)
{
    struct cairn_node *tree = tree_of(text);
    const struct cairn_model_options options = {
        .layers = tree, .input = *in, .n_targets = cairn_shape_count(in), .micro = n};
    check_refused(&options, text, says);
    cairn_node_free(tree);
}

/* [T, D] of a text look like rows [C, L]. */
static void refused_for_text(const char *text)
{
    struct cairn_node *tree = tree_of(text);
    const struct cairn_model_options options = token_options(tree, 4, 11, 8);
    check_refused(&options, text, "[4, 6], tokens [T, D]; for these there is layernorm");
    cairn_node_free(tree);
}

static void test_refused(void **state)
{
    (void)state;
    const struct cairn_shape row = {1, {6}}, image = {3, {6, 2, 2}};
    refused("[{type: batchnorm}]", &row, 1, "set batch.micro to 2");
    refused_for_text("[{type: embedding, units: 6}, {type: batchnorm}]");
    refused("[{type: batchnorm, momentum: 2}]", &row, 8, "momentum");
    refused("[{type: layernorm}]", &image, 8, "[6, 2, 2]");
    refused("[{type: groupnorm}]", &image, 8, "groups");
    refused("[{type: groupnorm, groups: 4}]", &image, 8, "6 channels do not make 4 equal groups");
    refused("[{type: groupnorm, groups: 6}]", &row, 8, "fewer groups");
    refused_for_text("[{type: embedding, units: 6}, {type: groupnorm, groups: 2}]");
    struct subject s = make("[{type: batchnorm}]", &image, 1); /* planes have values enough */
    release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_batchnorm_of_training),
        cmocka_unit_test(test_batchnorm_of_evaluation),
        cmocka_unit_test(test_values_of_layernorm_and_groupnorm),
        cmocka_unit_test(test_gradients_of_all_shapes),
        cmocka_unit_test(test_shares_add_up_and_b_matters),
        cmocka_unit_test(test_a_last_micro_batch_of_one_sample),
        cmocka_unit_test(test_large_means),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
