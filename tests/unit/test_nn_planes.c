/* SPDX-License-Identifier: BSD-3-Clause
 * Pools against the sums written out, with every kind of kernel, stride and padding; what wins in a
 * patch; whole planes dropped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tgmath.h>

#include <cmocka.h>

#include "support/patches.h"

enum { MICRO = 5 };

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
static void check_pool(struct patch_sizes s, bool is_max, bool ties)
{
    char text[PATCH_TEXT];
    size_t out[DIMS];
    s.channels = s.groups = s.in[0];
    snprintf(text, sizeof text, "{type: %s%s", is_max ? "maxpool" : "avgpool",
             patch_n_dims(&s) == 2 ? "2d" : "");
    patch_add_key(&s, "kernel", s.kernel, text);
    patch_add_key(&s, "stride", s.stride, text);
    patch_add_key(&s, "padding", s.before, text);
    if (s.dilation[0] > 0) patch_add_key(&s, "dilation", s.dilation, text);
    strcat(text, "}");
    const struct cairn_shape in = patch_shape(&s);
    struct alone *alone = alone_make(text, &in, MICRO);
    patch_output(&s, alone, out);
    s = patch_whole(s);
    const size_t n = 3, n_in = cairn_shape_count(&in), n_out = alone_n_out(alone);
    real *x = patch_numbers(n * n_in, 1), *dy = patch_numbers(n * n_out, 2);
    double *y = patch_zeros(n * n_out), *dx = patch_zeros(n * n_in);
    size_t *found = calloc(n_out, sizeof *found);
    assert_non_null(found);
    for (size_t e = 0; e < n * n_in && ties; e++) x[e] = floor(2 * x[e]);
    for (size_t e = 0; e < n * n_out && is_max; e++) y[e] = -INFINITY;
    for (size_t i = 0; i < n; i++) {
        struct pooled p = {x + i * n_in,  dy + i * n_out,
                           y + i * n_out, dx + i * n_in,
                           found,         is_max ? 0 : 1.0 / (double)patch_product(s.kernel)};
        patch_visit(&s, out, pool, &p);
        for (size_t e = 0; e < n_out && is_max; e++) p.dx[found[e]] += (double)p.dy[e];
    }
    patch_assert_close("y", text, alone_forward(alone, n, x), y, n * n_out);
    alone_backward(alone, dy);
    patch_assert_close("dx", text, alone->dx, dx, n * n_in);
    alone_free(alone);
    free(x), free(dy), free(y), free(dx), free(found);
}

static void test_pools_are_the_sums_written_out(void **state)
{
    (void)state;
    static const struct patch_sizes more[] = {
        {{3, 8, 12}, 0, 0, {2, 2}, {2, 2}, {0, 0}, {0, 0}, NULL, {0}},
        {{3, 9, 13}, 0, 0, {2, 2}, {2, 2}, {0, 0}, {0, 0}, NULL, {0}},
        {{2, 9, 9}, 0, 0, {2, 2}, {2, 2}, {1, 1}, {1, 1}, NULL, {0}},
        {{2, 9, 9}, 0, 0, {3, 3}, {2, 2}, {1, 1}, {1, 1}, NULL, {0}},
        {{2, 1, 1}, 0, 0, {5, 5}, {1, 1}, {2, 2}, {2, 2}, NULL, {0}}, /* places that are all padding
                                                                       */
        {{2, 2, 1}, 0, 0, {6, 5}, {1, 2}, {3, 2}, {3, 2}, NULL, {0}},
        {{2, 40, 33}, 0, 0, {17, 16}, {5, 9}, {3, 8}, {3, 8}, NULL, {0}}, /* 272 places in a patch
                                                                           */
        {{2, 9, 8}, 0, 0, {2, 2}, {2, 2}, {0, 0}, {0, 0}, NULL, {1, 2}},
        {{2, 9, 12}, 0, 0, {3, 3}, {2, 1}, {1, 1}, {1, 1}, NULL, {3, 2}}, /* first places are
                                                                           * padding
                                                                           */
        {{2, 11}, 0, 0, {4}, {1}, {2}, {2}, NULL, {3}},
        {{2, 5, 6, 7}, 0, 0, {2, 3, 2}, {1, 2, 1}, {1, 1, 0}, {1, 1, 0}, NULL, {2, 2, 3}},
    };
    for (size_t i = 0; i < PATCH_TABLE + sizeof more / sizeof more[0]; i++) {
        const struct patch_sizes *s = i < PATCH_TABLE ? &patch_table[i] : &more[i - PATCH_TABLE];
        bool fits = s->padding == NULL;
        for (size_t d = 0; d < DIMS; d++) fits = fits && s->before[d] <= s->kernel[d] / 2;
        if (!fits) continue;
        if (s->dilation[0] == 0) check_pool(*s, false, false);
        check_pool(*s, true, false);
        check_pool(*s, true, true);
    }
}

static void test_what_is_not_a_number_wins(void **state)
{
    (void)state;
    static const char *const layers[] = {"{type: maxpool2d, kernel: 2}",
                                         "{type: maxpool, kernel: [2, 3]}"};
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
    static const struct cairn_shape ins[] = {{3, {2, 3, 7}}, {2, {2, 21}}, {4, {2, 7, 1, 3}}};
    for (size_t i = 0; i < sizeof ins / sizeof ins[0]; i++) {
        struct alone *alone = alone_make("{type: global_avgpool}", &ins[i], 2);
        real x[84], dy[4] = {21, 42, 63, -21};
        for (size_t e = 0; e < 84; e++) x[e] = (real)e;
        const real *y = alone_forward(alone, 2, x);
        assert_int_equal(alone_out(alone)->ndim, 1);
        for (size_t c = 0; c < 4; c++) assert_true(y[c] == (real)(21 * c + 10));
        alone_backward(alone, dy);
        for (size_t e = 0; e < 84; e++) assert_true(alone->dx[e] == dy[e / 21] / 21);
        alone_free(alone);
    }
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
        cmocka_unit_test(test_pools_are_the_sums_written_out),
        cmocka_unit_test(test_what_is_not_a_number_wins),
        cmocka_unit_test(test_global_avgpool_is_the_mean),
        cmocka_unit_test(test_dropout2d_drops_whole_planes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
