/* SPDX-License-Identifier: BSD-3-Clause
 * Layers of planes against the sums written out: conv2d and the pools with every kind of kernel,
 * stride, padding and groups, planes small and large; what wins in a patch; whole planes dropped.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tgmath.h>

#include <cmocka.h>

#include "base/random.h"
#include "support/alone.h"

enum { MICRO = 5, TEXT = 256 };

static const double ROUNDING =
    1e-5; /* of the largest: sums of up to ten thousand float products near 1 */

/* One line of a table: the layer's sizes, two numbers each for rows and columns. */
struct sizes {
    size_t in[3], channels, groups, kernel[2], stride[2], before[2], after[2];
    const char *padding; /* NULL: as `before` */
};

static const struct sizes table[] = {
    {{2, 6, 7}, 3, 1, {1, 1}, {1, 1}, {0, 0}, {0, 0}, NULL},
    {{2, 6, 7}, 3, 1, {1, 1}, {2, 3}, {0, 0}, {0, 0}, NULL},
    {{2, 6, 7}, 3, 1, {1, 1}, {1, 1}, {1, 0}, {1, 0}, NULL},
    {{1, 12, 12}, 5, 1, {5, 5}, {1, 1}, {0, 0}, {0, 0}, NULL},
    {{3, 10, 10}, 4, 1, {3, 3}, {1, 1}, {0, 0}, {0, 0}, NULL},
    {{3, 9, 8}, 4, 1, {3, 3}, {1, 1}, {1, 1}, {1, 1}, "same"},
    {{3, 8, 7}, 4, 1, {2, 4}, {1, 1}, {0, 1}, {1, 2}, "same"},
    {{2, 9, 11}, 4, 2, {3, 2}, {2, 1}, {1, 1}, {1, 1}, NULL},
    {{6, 5, 5}, 6, 6, {3, 3}, {1, 1}, {1, 1}, {1, 1}, NULL},
    {{6, 5, 5}, 9, 3, {2, 3}, {2, 2}, {0, 2}, {0, 2}, NULL},
    {{2, 7, 7}, 3, 1, {3, 3}, {3, 3}, {2, 1}, {2, 1}, NULL},
    {{2, 8, 8}, 3, 1, {4, 2}, {4, 2}, {0, 0}, {0, 0}, NULL},
    {{3, 2, 2}, 4, 1, {3, 3}, {2, 2}, {1, 1}, {1, 1}, NULL},
    {{4, 1, 9}, 2, 2, {1, 9}, {1, 1}, {0, 4}, {0, 4}, NULL},
    {{1, 4, 4}, 2, 1, {9, 9}, {1, 1}, {4, 3}, {4, 3}, NULL},
    /* large planes: some rows at a time become columns */
    {{1, 200, 180}, 2, 1, {3, 3}, {1, 1}, {0, 0}, {0, 0}, NULL},
    {{1, 200, 180}, 2, 1, {3, 3}, {1, 1}, {1, 1}, {1, 1}, "same"},
    {{2, 150, 260}, 2, 2, {5, 4}, {2, 1}, {2, 3}, {2, 3}, NULL},
};
enum { N_TABLE = sizeof table / sizeof table[0] };

static real *numbers(size_t n, uint64_t stream)
{
    uint32_t *bits = malloc((n + 1) * sizeof *bits);
    real *x = malloc((n + 1) * sizeof *x);
    assert_true(bits != NULL && x != NULL);
    cairn_random_fill(stream, 0, n, bits);
    for (size_t i = 0; i < n; i++) x[i] = 2 * cairn_random_unit(bits[i]) - 1;
    free(bits);
    return x;
}

static double *zeros(size_t n)
{
    double *x = calloc(n + 1, sizeof *x);
    assert_non_null(x);
    return x;
}

static void assert_close(const char *what, const char *of, const real *a, const double *b, size_t n)
{
    double largest = 0;
    for (size_t i = 0; i < n; i++) largest = fmax(largest, fabs(b[i]));
    for (size_t i = 0; i < n; i++)
        if (!(fabs((double)a[i] - b[i]) <= ROUNDING * largest))
            fail_msg("%s, %s: element %zu of %zu is %.9g instead of %.9g", of, what, i, n,
                     (double)a[i], b[i]);
}

/* Where position `tap` of output `out` lies in x, or -1 in the padding. */
static long source(const struct sizes *s, int d, size_t out, size_t tap)
{
    long at = (long)(out * s->stride[d] + tap) - (long)s->before[d];
    return at >= 0 && at < (long)s->in[d + 1] ? at : -1;
}

/* Calls visit for every product of a convolution of one sample: y[o] += w x. */
typedef void visitor(void *to, size_t y, size_t w, size_t x);

static void visit_patch(const struct sizes *s, const size_t at[3], size_t y, visitor *visit,
                        void *to)
{
    size_t per_group = s->in[0] / s->groups;
    size_t group = at[0] / (s->channels / s->groups);
    for (size_t c = 0; c < per_group; c++)
        for (size_t k = 0; k < s->kernel[0] * s->kernel[1]; k++) {
            long row = source(s, 0, at[1], k / s->kernel[1]);
            long column = source(s, 1, at[2], k % s->kernel[1]);
            if (row < 0 || column < 0) continue;
            size_t plane = group * per_group + c;
            visit(to, y, (at[0] * per_group + c) * s->kernel[0] * s->kernel[1] + k,
                  (plane * s->in[1] + (size_t)row) * s->in[2] + (size_t)column);
        }
}

static void visit_all(const struct sizes *s, const size_t out[3], visitor *visit, void *to)
{
    for (size_t y = 0; y < out[0] * out[1] * out[2]; y++) {
        size_t at[3] = {y / (out[1] * out[2]), y / out[2] % out[1], y % out[2]};
        visit_patch(s, at, y, visit, to);
    }
}

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

static void padding_text(const struct sizes *s, char *text, size_t bytes)
{
    if (s->padding != NULL)
        snprintf(text, bytes, "%s", s->padding);
    else
        snprintf(text, bytes, "[%zu, %zu]", s->before[0], s->before[1]);
}

/* y, dw, db and dx of n samples; the layer was planned for MICRO. */
static void check_convolution(const struct sizes *s, size_t n, bool bias)
{
    char text[TEXT];
    char padding[32];
    padding_text(s, padding, sizeof padding);
    snprintf(text, sizeof text,
             "{type: conv2d, channels: %zu, kernel: [%zu, %zu], stride: [%zu, %zu], padding: %s, "
             "groups: %zu, bias: %s}",
             s->channels, s->kernel[0], s->kernel[1], s->stride[0], s->stride[1], padding,
             s->groups, bias ? "true" : "false");
    const struct cairn_shape in = {3, {s->in[0], s->in[1], s->in[2]}};
    struct alone *alone = alone_make(text, &in, MICRO);
    const size_t *out = alone_out(alone)->dim;
    for (int d = 0; d < 2; d++)
        assert_int_equal(out[d + 1],
                         (s->before[d] + s->in[d + 1] + s->after[d] - s->kernel[d]) / s->stride[d] +
                             1);
    const size_t n_in = cairn_shape_count(&in), n_out = alone_n_out(alone),
                 n_plane = n_out / s->channels, n_w = alone->params.item[0].count;
    real *x = numbers(n * n_in, 1), *dy = numbers(n * n_out, 2);
    double *y = zeros(n * n_out), *g = zeros(n_w + s->channels), *dx = zeros(n * n_in);
    for (size_t i = 0; i < n; i++) {
        struct direct d = {alone->w, x + i * n_in, dy + i * n_out, y + i * n_out, g, dx + i * n_in};
        visit_all(s, out, multiply, &d);
    }
    for (size_t e = 0; e < n * n_out && bias; e++) {
        y[e] += (double)alone->w[n_w + e / n_plane % s->channels];
        g[n_w + e / n_plane % s->channels] += (double)dy[e];
    }
    assert_close("y", text, alone_forward(alone, n, x), y, n * n_out);
    for (size_t e = 0; e < alone->params.n_values; e++) alone->g[e] = NAN; /* beta is 0 */
    alone_backward(alone, dy);
    assert_close("weight gradient", text, alone->g, g, n_w);
    if (bias) assert_close("bias gradient", text, alone->g + n_w, g + n_w, s->channels);
    assert_close("dx", text, alone->dx, dx, n * n_in);
    alone_free(alone);
    free(x), free(dy), free(y), free(g), free(dx);
}

static void test_conv2d_is_the_sum_written_out(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_TABLE; i++) {
        bool is_large = table[i].in[1] > 100;
        check_convolution(&table[i], is_large ? 2 : MICRO, true);
        if (is_large) continue;
        check_convolution(&table[i], 1, true);
        check_convolution(&table[i], 3, false);
    }
}

/* The state of one pool of one sample. */
struct pooled {
    const real *x, *dy;
    double *y, *dx;
    size_t *found;
    double share; /* 0: the largest */
};

static void pool(void *to, size_t y, size_t w, size_t x)
{
    struct pooled *p = to;
    (void)w;
    if (p->share > 0) {
        p->y[y] += p->share * (double)p->x[x];
        p->dx[x] += p->share * (double)p->dy[y];
    } else if ((double)p->x[x] > p->y[y]) { /* so the first of equal ones stays */
        p->y[y] = (double)p->x[x];
        p->found[y] = x;
    }
}

/* A pool is a convolution in groups of one channel, without products. */
static void check_pool(struct sizes s, bool is_max, bool ties)
{
    char text[TEXT];
    s.channels = s.groups = s.in[0];
    snprintf(text, sizeof text,
             "{type: %s, kernel: [%zu, %zu], stride: [%zu, %zu], padding: [%zu, %zu]}",
             is_max ? "maxpool2d" : "avgpool2d", s.kernel[0], s.kernel[1], s.stride[0], s.stride[1],
             s.before[0], s.before[1]);
    const struct cairn_shape in = {3, {s.in[0], s.in[1], s.in[2]}};
    struct alone *alone = alone_make(text, &in, MICRO);
    const size_t n = 3, n_in = cairn_shape_count(&in), n_out = alone_n_out(alone);
    real *x = numbers(n * n_in, 1), *dy = numbers(n * n_out, 2);
    double *y = zeros(n * n_out), *dx = zeros(n * n_in);
    size_t *found = calloc(n_out, sizeof *found);
    assert_non_null(found);
    for (size_t e = 0; e < n * n_in && ties; e++) x[e] = floor(2 * x[e]);
    for (size_t e = 0; e < n * n_out && is_max; e++) y[e] = -INFINITY;
    for (size_t i = 0; i < n; i++) {
        struct pooled p = {x + i * n_in,  dy + i * n_out,
                           y + i * n_out, dx + i * n_in,
                           found,         is_max ? 0 : 1.0 / (double)(s.kernel[0] * s.kernel[1])};
        visit_all(&s, alone_out(alone)->dim, pool, &p);
        for (size_t e = 0; e < n_out && is_max; e++) p.dx[found[e]] += (double)p.dy[e];
    }
    assert_close("y", text, alone_forward(alone, n, x), y, n * n_out);
    alone_backward(alone, dy);
    assert_close("dx", text, alone->dx, dx, n * n_in);
    alone_free(alone);
    free(x), free(dy), free(y), free(dx), free(found);
}

static void test_pools_are_the_sums_written_out(void **state)
{
    (void)state;
    static const struct sizes more[] = {
        {{3, 8, 12}, 0, 0, {2, 2}, {2, 2}, {0, 0}, {0, 0}, NULL},
        {{3, 9, 13}, 0, 0, {2, 2}, {2, 2}, {0, 0}, {0, 0}, NULL},
        {{2, 9, 9}, 0, 0, {2, 2}, {2, 2}, {1, 1}, {1, 1}, NULL},
        {{2, 9, 9}, 0, 0, {3, 3}, {2, 2}, {1, 1}, {1, 1}, NULL},
        {{2, 1, 1}, 0, 0, {5, 5}, {1, 1}, {2, 2}, {2, 2}, NULL}, /* places that are all padding */
        {{2, 2, 1}, 0, 0, {6, 5}, {1, 2}, {3, 2}, {3, 2}, NULL},
        {{2, 40, 33}, 0, 0, {17, 16}, {5, 9}, {3, 8}, {3, 8}, NULL}, /* 272 places in a patch */
    };
    for (size_t i = 0; i < N_TABLE + sizeof more / sizeof more[0]; i++) {
        const struct sizes *s = i < N_TABLE ? &table[i] : &more[i - N_TABLE];
        bool fits = s->padding == NULL && s->before[0] <= s->kernel[0] / 2 &&
                    s->before[1] <= s->kernel[1] / 2;
        if (!fits) continue;
        check_pool(*s, false, false);
        check_pool(*s, true, false);
        check_pool(*s, true, true);
    }
}

static void test_what_is_not_a_number_wins(void **state)
{
    (void)state;
    static const char *const layers[] = {"{type: maxpool2d, kernel: 2}",
                                         "{type: maxpool2d, kernel: [2, 3]}"};
    for (size_t l = 0; l < 2; l++)
        for (size_t at = 0; at < 4; at++) {
            real x[6] = {1, 2, 3, 4, 5, 6}, dy[1] = {7};
            const struct cairn_shape in = {3, {1, 2, 2 + l}};
            struct alone *alone = alone_make(layers[l], &in, 1);
            x[at] = NAN;
            assert_true(isnan(alone_forward(alone, 1, x)[0]));
            alone_backward(alone, dy);
            for (size_t e = 0; e < 4 + 2 * l; e++)
                assert_true(alone->dx[e] == (e == at ? dy[0] : 0));
            for (size_t e = 0; e < 6; e++) x[e] = -INFINITY; /* the first is taken */
            assert_true(alone_forward(alone, 1, x)[0] == -INFINITY);
            alone_backward(alone, dy);
            assert_true(alone->dx[0] == dy[0] && alone->dx[3] == 0);
            alone_free(alone);
        }
}

static void test_global_avgpool_is_the_mean(void **state)
{
    (void)state;
    const struct cairn_shape in = {3, {2, 3, 7}};
    struct alone *alone = alone_make("{type: global_avgpool}", &in, 2);
    real x[84], dy[4] = {21, 42, 63, -21};
    for (size_t e = 0; e < 84; e++) x[e] = (real)e;
    const real *y = alone_forward(alone, 2, x);
    assert_int_equal(alone_out(alone)->ndim, 1);
    for (size_t c = 0; c < 4; c++) assert_true(y[c] == (real)(21 * c + 10));
    alone_backward(alone, dy);
    for (size_t e = 0; e < 84; e++) assert_true(alone->dx[e] == dy[e / 21] / 21);
    alone_free(alone);
}

static void test_dropout2d_drops_whole_planes(void **state)
{
    (void)state;
    enum { CHANNELS = 2000, COUNT = 6, N = 2 };
    static real ones[N * CHANNELS * COUNT];
    static const uint64_t sample[N] = {5, 6}, epoch[N] = {1, 1};
    const struct cairn_shape in = {3, {CHANNELS, 2, 3}};
    struct alone *alone = alone_make("{type: dropout2d, p: 0.25}", &in, N);
    alone->micro.sample = sample;
    alone->micro.epoch = epoch;
    for (size_t e = 0; e < N * CHANNELS * COUNT; e++) ones[e] = 1;
    const real *y = alone_forward(alone, N, ones);
    const real scale = (real)(1 / 0.75);
    size_t n_kept = 0, n_same = 0;
    for (size_t c = 0; c < N * CHANNELS; c++) {
        assert_true(y[c * COUNT] == 0 || y[c * COUNT] == scale);
        for (size_t e = 1; e < COUNT; e++) assert_true(y[c * COUNT + e] == y[c * COUNT]);
        n_kept += y[c * COUNT] != 0;
        n_same += c < CHANNELS && y[c * COUNT] == y[(CHANNELS + c) * COUNT];
    }
    assert_true(fabs((double)n_kept - 0.75 * N * CHANNELS) <
                5 * sqrt(0.1875 * N * CHANNELS)); /* 5 deviations */
    assert_true(n_same < 7 * CHANNELS / 10);      /* of two samples: 0.625 agree by chance */
    alone_backward(alone, ones);
    for (size_t e = 0; e < N * CHANNELS * COUNT; e++) assert_true(alone->dx[e] == y[e]);
    alone->pass.training = false;
    y = alone_forward(alone, N, ones);
    for (size_t e = 0; e < N * CHANNELS * COUNT; e++) assert_true(y[e] == 1);
    alone_free(alone);
}

int main(void)
{
    setenv("CAIRN_FAULT", "none", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conv2d_is_the_sum_written_out),
        cmocka_unit_test(test_pools_are_the_sums_written_out),
        cmocka_unit_test(test_what_is_not_a_number_wins),
        cmocka_unit_test(test_global_avgpool_is_the_mean),
        cmocka_unit_test(test_dropout2d_drops_whole_planes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
