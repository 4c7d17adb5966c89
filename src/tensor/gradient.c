/* SPDX-License-Identifier: BSD-3-Clause
 * The gradient of an update, divided once and clipped by its global norm. */
#include "tensor/gradient.h"

#include <math.h>
#include <string.h>

#include "tensor/kernels.h"
#include "tensor/norm.h"
#include "tensor/threads.h"

/* Whether multiplying by 1 / x gives the bits that dividing by x does. */
static bool has_exact_inverse(cairn_real x)
{
    int e = 0;
    return frexp((double)x, &e) == 0.5 && isnormal(1 / x);
}

/* out = x / divisor * factor; out may be x. */
static void divide(const cairn_real *x, size_t n, double divisor, cairn_real factor,
                   cairn_real *out)
{
    const cairn_real rounded = (cairn_real)divisor;
    if (divisor == 0) {
        memset(out, 0, n * sizeof *out);
    } else if (has_exact_inverse(rounded)) {
        const cairn_real inverse = 1 / rounded;
        CAIRN_INDEPENDENT
        for (size_t i = 0; i < n; i++) out[i] = x[i] * inverse * factor;
    } else if (isinf(rounded)) {
        CAIRN_INDEPENDENT
        for (size_t i = 0; i < n; i++) out[i] = (cairn_real)((double)x[i] / divisor) * factor;
    } else {
        CAIRN_INDEPENDENT
        for (size_t i = 0; i < n; i++) out[i] = x[i] / rounded * factor;
    }
}

static bool is_settled(const struct cairn_gradient *gradient)
{
    return gradient->divisor == 1 && gradient->factor == 1;
}

const cairn_real *cairn_gradient_read(const struct cairn_gradient *gradient, size_t first, size_t n,
                                      cairn_real *block)
{
    const cairn_real *x = gradient->sum + first;
    if (is_settled(gradient)) return x;
    divide(x, n, gradient->divisor, gradient->factor, block);
    return block;
}

double cairn_gradient_squares(const struct cairn_gradient *gradient, size_t first, size_t n)
{
    cairn_real block[CAIRN_GRADIENT_BLOCK];
    const cairn_real divisor = (cairn_real)gradient->divisor;
    /* of doubles the square of what is not divided yet may be too large */
    if (CAIRN_REAL_BITS == 64 || gradient->factor != 1 || !has_exact_inverse(divisor))
        return cairn_sum_of_squares(cairn_gradient_read(gradient, first, n, block), n);
    const double inverse = 1 / (double)divisor; /* a power of two, taken out of the sum */
    return cairn_sum_of_squares(gradient->sum + first, n) * inverse * inverse;
}

struct settling {
    const struct cairn_gradient *gradient;
    size_t n;
};

static void settle_block(void *context, size_t i)
{
    const struct settling *all = context;
    const size_t first = i * CAIRN_GRADIENT_BLOCK;
    const size_t left = all->n - first;
    const size_t n = left < CAIRN_GRADIENT_BLOCK ? left : CAIRN_GRADIENT_BLOCK;
    (void)cairn_gradient_read(all->gradient, first, n, all->gradient->sum + first);
}

void cairn_gradient_settle(struct cairn_gradient *gradient, size_t n)
{
    struct settling all = {gradient, n};
    if (is_settled(gradient)) return;
    cairn_threads_each((n + CAIRN_GRADIENT_BLOCK - 1) / CAIRN_GRADIENT_BLOCK, settle_block, &all);
    cairn_gradient_settled(gradient);
}

void cairn_gradient_settled(struct cairn_gradient *gradient)
{
    gradient->divisor = 1;
    gradient->factor = 1;
}

void cairn_gradient_clip(struct cairn_gradient *gradient, double norm, double limit)
{
    if (limit > 0 && norm > limit) gradient->factor = (cairn_real)(limit / (norm + 1e-6));
}
