/* SPDX-License-Identifier: BSD-3-Clause
 * conv1d, conv2d, conv3d and their transposes against the sums written out, with every kind of
 * kernel, stride, padding, dilation and groups, small and large inputs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tgmath.h>

#include <cmocka.h>

#include "support/patches.h"

enum { MICRO = 5 };

/* Of one sample: values and gradients, all in double. */
struct direct {
    const real *w, *x, *dy;
    double *y, *dw, *dx;
};

static void multiply(void *to, size_t y, size_t w, size_t x)
{
    struct direct *d = to;
    d->y[y] += (double)d->w[w] * (double)d->x[x];
    d->dw[w] += (double)d->dy[y] * (double)d->x[x];
    d->dx[x] += (double)d->dy[y] * (double)d->w[w];
}

/* y, dw, db and dx of n samples; the layer was planned for MICRO. */
static void check_convolution(const struct patch_sizes *s, size_t n, bool bias)
{
    char text[PATCH_TEXT];
    snprintf(text, sizeof text, "{type: conv%zud, channels: %zu, groups: %zu, bias: %s",
             patch_n_dims(s), s->channels, s->groups, bias ? "true" : "false");
    patch_add_key(s, "kernel", s->kernel, text);
    patch_add_key(s, "stride", s->stride, text);
    if (s->dilation[0] > 0) patch_add_key(s, "dilation", s->dilation, text);
    if (s->padding == NULL) patch_add_key(s, "padding", s->before, text);
    strcat(text, s->padding == NULL ? "}" : ", padding: same}");
    const struct cairn_shape in = patch_shape(s);
    const struct patch_sizes all = patch_whole(*s);
    struct alone *alone = alone_make(text, &in, MICRO);
    size_t out[DIMS];
    patch_output(s, alone, out);
    const size_t n_in = cairn_shape_count(&in), n_out = alone_n_out(alone),
                 n_plane = n_out / s->channels, n_w = alone->params.item[0].count;
    real *x = patch_numbers(n * n_in, 1), *dy = patch_numbers(n * n_out, 2);
    double *y = patch_zeros(n * n_out), *g = patch_zeros(n_w + s->channels),
           *dx = patch_zeros(n * n_in);
    for (size_t i = 0; i < n; i++) {
        struct direct d = {alone->w, x + i * n_in, dy + i * n_out, y + i * n_out, g, dx + i * n_in};
        patch_visit(&all, out, multiply, &d);
    }
    for (size_t e = 0; e < n * n_out && bias; e++) {
        y[e] += (double)alone->w[n_w + e / n_plane % s->channels];
        g[n_w + e / n_plane % s->channels] += (double)dy[e];
    }
    patch_assert_close("y", text, alone_forward(alone, n, x), y, n * n_out);
    for (size_t e = 0; e < alone->params.n_values; e++) alone->g[e] = NAN; /* beta is 0 */
    alone_backward(alone, dy);
    patch_assert_close("weight gradient", text, alone->g, g, n_w);
    if (bias) patch_assert_close("bias gradient", text, alone->g + n_w, g + n_w, s->channels);
    patch_assert_close("dx", text, alone->dx, dx, n * n_in);
    alone_free(alone);
    free(x), free(dy), free(y), free(g), free(dx);
}

static void test_convolutions_are_the_sums_written_out(void **state)
{
    (void)state;
    for (size_t i = 0; i < PATCH_TABLE; i++) {
        const struct cairn_shape in = patch_shape(&patch_table[i]);
        bool is_large = cairn_shape_count(&in) > 20000;
        check_convolution(&patch_table[i], is_large ? 2 : MICRO, true);
        if (is_large) continue;
        check_convolution(&patch_table[i], 1, true);
        check_convolution(&patch_table[i], 3, false);
    }
}

/* What is left over where patches do not end at the end of the padded input. */
static void output_padding(const struct patch_sizes *s, size_t out[DIMS], size_t more[DIMS])
{
    for (size_t d = 0; d < DIMS; d++) {
        const size_t padded = s->before[d] + s->in[d + 1] + s->after[d];
        const size_t rest = padded - (s->kernel[d] - 1) * s->dilation[d] - 1;
        out[d] = rest / s->stride[d] + 1;
        more[d] = rest % s->stride[d];
    }
}

/* The convolution of these sizes turned round: x has the shape of its y. */
static void check_transpose(const struct patch_sizes *s, size_t n, bool bias)
{
    char text[PATCH_TEXT];
    size_t out[DIMS], more[DIMS];
    const struct patch_sizes all = patch_whole(*s);
    output_padding(&all, out, more);
    snprintf(text, sizeof text, "{type: conv_transpose%zud, channels: %zu, groups: %zu, bias: %s",
             patch_n_dims(s), s->in[0], s->groups, bias ? "true" : "false");
    patch_add_key(s, "kernel", s->kernel, text);
    patch_add_key(s, "stride", s->stride, text);
    patch_add_key(s, "padding", s->before, text);
    patch_add_key(s, "output_padding", more, text);
    if (s->dilation[0] > 0) patch_add_key(s, "dilation", s->dilation, text);
    strcat(text, "}");
    const struct cairn_shape given = patch_shape(s);
    struct cairn_shape in = {.ndim = given.ndim, .dim = {s->channels}};
    memcpy(in.dim + 1, out, (size_t)(in.ndim - 1) * sizeof *out);
    struct alone *alone = alone_make(text, &in, MICRO);
    assert_true(cairn_shape_same(alone_out(alone), &given));
    const size_t n_in = cairn_shape_count(&in), n_out = alone_n_out(alone),
                 n_plane = n_out / s->in[0], n_w = alone->params.item[0].count;
    real *x = patch_numbers(n * n_in, 1), *dy = patch_numbers(n * n_out, 2);
    double *y = patch_zeros(n * n_out), *g = patch_zeros(n_w + s->in[0]),
           *dx = patch_zeros(n * n_in);
    for (size_t i = 0; i < n; i++) {
        struct direct d = {alone->w, dy + i * n_out, x + i * n_in, dx + i * n_in, g, y + i * n_out};
        patch_visit(&all, out, multiply, &d);
    }
    for (size_t e = 0; e < n * n_out && bias; e++) {
        y[e] += (double)alone->w[n_w + e / n_plane % s->in[0]];
        g[n_w + e / n_plane % s->in[0]] += (double)dy[e];
    }
    patch_assert_close("y", text, alone_forward(alone, n, x), y, n * n_out);
    for (size_t e = 0; e < alone->params.n_values; e++) alone->g[e] = NAN; /* beta is 0 */
    alone_backward(alone, dy);
    patch_assert_close("weight gradient", text, alone->g, g, n_w);
    if (bias) patch_assert_close("bias gradient", text, alone->g + n_w, g + n_w, s->in[0]);
    patch_assert_close("dx", text, alone->dx, dx, n * n_in);
    alone_free(alone);
    free(x), free(dy), free(y), free(g), free(dx);
}

static void test_transposes_are_the_sums_written_out(void **state)
{
    (void)state;
    for (size_t i = 0; i < PATCH_TABLE; i++) {
        const struct patch_sizes *s = &patch_table[i];
        const struct cairn_shape given = patch_shape(s);
        if (memcmp(s->before, s->after, sizeof s->before) != 0) continue; /* there is no `same` */
        const bool is_large = cairn_shape_count(&given) > 20000;
        check_transpose(s, is_large ? 2 : MICRO, true);
        if (!is_large) check_transpose(s, 3, false);
    }
}

int main(void)
{
    setenv("CAIRN_FAULT", "none", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_convolutions_are_the_sums_written_out),
        cmocka_unit_test(test_transposes_are_the_sums_written_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
