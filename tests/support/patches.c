/* SPDX-License-Identifier: BSD-3-Clause
 * Convolutions and pools written out. */
#include "support/patches.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tgmath.h>

#include <cmocka.h>

#include "base/random.h"

static const double ROUNDING =
    1e-5; /* of the largest: sums of up to ten thousand float products near 1 */

const struct patch_sizes patch_table[PATCH_TABLE] = {
    {{2, 6, 7}, 3, 1, {1, 1}, {1, 1}, {0, 0}, {0, 0}, NULL, {0}},
    {{2, 6, 7}, 3, 1, {1, 1}, {2, 3}, {0, 0}, {0, 0}, NULL, {0}},
    {{2, 6, 7}, 3, 1, {1, 1}, {1, 1}, {1, 0}, {1, 0}, NULL, {0}},
    {{1, 12, 12}, 5, 1, {5, 5}, {1, 1}, {0, 0}, {0, 0}, NULL, {0}},
    {{3, 10, 10}, 4, 1, {3, 3}, {1, 1}, {0, 0}, {0, 0}, NULL, {0}},
    {{3, 9, 8}, 4, 1, {3, 3}, {1, 1}, {1, 1}, {1, 1}, "same", {0}},
    {{3, 8, 7}, 4, 1, {2, 4}, {1, 1}, {0, 1}, {1, 2}, "same", {0}},
    {{2, 9, 11}, 4, 2, {3, 2}, {2, 1}, {1, 1}, {1, 1}, NULL, {0}},
    {{6, 5, 5}, 6, 6, {3, 3}, {1, 1}, {1, 1}, {1, 1}, NULL, {0}},
    {{6, 5, 5}, 9, 3, {2, 3}, {2, 2}, {0, 2}, {0, 2}, NULL, {0}},
    {{2, 7, 7}, 3, 1, {3, 3}, {3, 3}, {2, 1}, {2, 1}, NULL, {0}},
    {{2, 8, 8}, 3, 1, {4, 2}, {4, 2}, {0, 0}, {0, 0}, NULL, {0}},
    {{3, 2, 2}, 4, 1, {3, 3}, {2, 2}, {1, 1}, {1, 1}, NULL, {0}},
    {{4, 1, 9}, 2, 2, {1, 9}, {1, 1}, {0, 4}, {0, 4}, NULL, {0}},
    {{1, 4, 4}, 2, 1, {9, 9}, {1, 1}, {4, 3}, {4, 3}, NULL, {0}},
    /* a dilation */
    {{2, 9, 8}, 3, 1, {3, 2}, {1, 1}, {0, 0}, {0, 0}, NULL, {2, 3}},
    {{4, 9, 12}, 4, 2, {3, 3}, {2, 1}, {1, 3}, {1, 3}, NULL, {3, 2}},
    {{3, 7, 9}, 2, 1, {2, 4}, {1, 1}, {1, 3}, {1, 3}, "same", {2, 2}},
    /* rows */
    {{3, 17}, 4, 1, {3}, {1}, {0}, {0}, NULL, {0}},
    {{1, 64}, 4, 1, {5}, {3}, {4}, {4}, NULL, {0}},
    {{6, 20}, 4, 2, {4}, {1}, {1}, {2}, "same", {0}},
    {{4, 21}, 8, 4, {3}, {2}, {2}, {2}, NULL, {4}},
    {{2, 9}, 3, 1, {1}, {2}, {0}, {0}, NULL, {0}},
    {{300, 3000}, 2, 1, {3}, {1}, {1}, {1}, NULL, {2}}, /* pieces of a row become columns */
    /* volumes */
    {{2, 5, 6, 7}, 3, 1, {1, 1, 1}, {1, 1, 1}, {0, 0, 0}, {0, 0, 0}, NULL, {0}},
    {{2, 5, 6, 7}, 3, 1, {3, 3, 3}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, "same", {0}},
    {{4, 6, 5, 8}, 6, 2, {2, 3, 4}, {1, 2, 3}, {1, 0, 2}, {1, 0, 2}, NULL, {0}},
    {{2, 7, 8, 9}, 2, 2, {3, 2, 3}, {2, 1, 1}, {2, 1, 0}, {2, 1, 0}, NULL, {2, 3, 4}},
    {{1, 4, 4, 4}, 2, 1, {4, 4, 4}, {4, 4, 4}, {0, 0, 0}, {0, 0, 0}, NULL, {0}},
    {{2, 6, 8, 10}, 2, 1, {2, 2, 2}, {2, 2, 2}, {0, 0, 0}, {0, 0, 0}, NULL, {0}},
    {{2, 5, 7, 59}, 2, 1, {2, 2, 2}, {2, 2, 2}, {0, 0, 0}, {0, 0, 0}, NULL, {0}},
    {{2, 3, 6, 26}, 2, 1, {1, 2, 2}, {1, 2, 2}, {0, 0, 0}, {0, 0, 0}, NULL, {0}},
    {{2, 1, 6, 1}, 2, 1, {1, 3, 1}, {1, 1, 1}, {0, 0, 0}, {0, 0, 0}, NULL, {0}},
    /* some of its planes, or rows of one plane, become columns */
    {{3, 20, 40, 30}, 2, 1, {3, 3, 3}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, NULL, {0}},
    {{2, 3, 190, 180}, 2, 1, {2, 3, 3}, {1, 1, 1}, {0, 1, 0}, {0, 1, 0}, NULL, {0}},
    /* large planes: some rows at a time become columns */
    {{1, 200, 180}, 2, 1, {3, 3}, {1, 1}, {0, 0}, {0, 0}, NULL, {0}},
    {{1, 200, 180}, 2, 1, {3, 3}, {1, 1}, {1, 1}, {1, 1}, "same", {0}},
    {{2, 150, 260}, 2, 2, {5, 4}, {2, 1}, {2, 3}, {2, 3}, NULL, {0}},
};

real *patch_numbers(size_t n, uint64_t stream)
{
    uint32_t *bits = malloc((n + 1) * sizeof *bits);
    real *x = malloc((n + 1) * sizeof *x);
    assert_true(bits != NULL && x != NULL);
    cairn_random_fill(stream, 0, n, bits);
    for (size_t i = 0; i < n; i++) x[i] = 2 * cairn_random_unit(bits[i]) - 1;
    free(bits);
    return x;
}

double *patch_zeros(size_t n)
{
    double *x = calloc(n + 1, sizeof *x);
    assert_non_null(x);
    return x;
}

void patch_assert_close(const char *what, const char *of, const real *a, const double *b, size_t n)
{
    double largest = 0;
    for (size_t i = 0; i < n; i++) largest = fmax(largest, fabs(b[i]));
    for (size_t i = 0; i < n; i++)
        if (!(fabs((double)a[i] - b[i]) <= ROUNDING * largest))
            fail_msg("%s, %s: element %zu of %zu is %.9g instead of %.9g", of, what, i, n,
                     (double)a[i], b[i]);
}

size_t patch_n_dims(const struct patch_sizes *s)
{
    return s->in[3] > 0 ? 3 : s->in[2] > 0 ? 2 : 1;
}

/* With 1 for what is not there. */
struct patch_sizes patch_whole(struct patch_sizes s)
{
    for (size_t d = 0; d < DIMS; d++) {
        if (s.in[1 + d] == 0) s.in[1 + d] = 1;
        if (s.kernel[d] == 0) s.kernel[d] = 1;
        if (s.stride[d] == 0) s.stride[d] = 1;
        if (s.dilation[d] == 0) s.dilation[d] = 1;
    }
    return s;
}

size_t patch_product(const size_t size[DIMS])
{
    return size[0] * size[1] * size[2];
}

/* Place i of an array of this size. */
static void unroll(size_t i, const size_t size[DIMS], size_t at[DIMS])
{
    at[0] = i / size[2] / size[1];
    at[1] = i / size[2] % size[1];
    at[2] = i % size[2];
}

/* Where place k of the kernel sees x for an output, or -1 in the padding. */
static long source(const struct patch_sizes *s, const size_t out[DIMS], size_t k)
{
    size_t tap[DIMS];
    long place = 0;
    unroll(k, s->kernel, tap);
    for (size_t d = 0; d < DIMS; d++) {
        long at = (long)(out[d] * s->stride[d] + tap[d] * s->dilation[d]) - (long)s->before[d];
        if (at < 0 || at >= (long)s->in[d + 1]) return -1;
        place = place * (long)s->in[d + 1] + at;
    }
    return place;
}

void patch_visit(const struct patch_sizes *s, const size_t out[DIMS], patch_visitor *visit,
                 void *to)
{
    const size_t per_group = s->in[0] / s->groups, n_places = patch_product(out),
                 n_taps = patch_product(s->kernel), n_in = patch_product(s->in + 1);
    for (size_t y = 0; y < s->channels * n_places; y++) {
        size_t at[DIMS];
        size_t channel = y / n_places;
        unroll(y % n_places, out, at);
        for (size_t c = 0; c < per_group; c++)
            for (size_t k = 0; k < n_taps; k++) {
                long x = source(s, at, k);
                size_t plane = channel / (s->channels / s->groups) * per_group + c;
                if (x < 0) continue;
                visit(to, y, (channel * per_group + c) * n_taps + k, plane * n_in + (size_t)x);
            }
    }
}

void patch_add_key(const struct patch_sizes *s, const char *key, const size_t size[DIMS],
                   char *text)
{
    size_t n = strlen(text);
    n += (size_t)snprintf(text + n, PATCH_TEXT - n, ", %s: [", key);
    for (size_t d = 0; d < patch_n_dims(s); d++)
        n += (size_t)snprintf(text + n, PATCH_TEXT - n, "%s%zu", d > 0 ? ", " : "", size[d]);
    snprintf(text + n, PATCH_TEXT - n, "]");
}

struct cairn_shape patch_shape(const struct patch_sizes *s)
{
    struct cairn_shape in = {.ndim = (int)patch_n_dims(s) + 1};
    memcpy(in.dim, s->in, sizeof s->in);
    return in;
}

void patch_output(const struct patch_sizes *s, const struct alone *alone, size_t out[DIMS])
{
    const struct patch_sizes all = patch_whole(*s);
    for (size_t d = 0; d < DIMS; d++) {
        size_t extent = (all.kernel[d] - 1) * all.dilation[d] + 1;
        out[d] = (all.before[d] + all.in[d + 1] + all.after[d] - extent) / all.stride[d] + 1;
        if (d < patch_n_dims(s)) assert_int_equal(alone_out(alone)->dim[d + 1], out[d]);
    }
    assert_int_equal(alone_out(alone)->ndim, patch_n_dims(s) + 1);
}
