/* SPDX-License-Identifier: BSD-3-Clause
 * exp, erf and tanh that become vectors where they stand in a loop: no branch, no table, no call.
 * In double they are libm's.  Compiled in two precisions (tensor/real.h).  Local. */
#ifndef CAIRN_TENSOR_FUNCTIONS_H
#define CAIRN_TENSOR_FUNCTIONS_H

#include "tensor/real.h"

#if CAIRN_R_BITS == 64

#include <math.h>

static inline double CAIRN_R(cairn_exp)(double x)
{
    return exp(x);
}

static inline double CAIRN_R(cairn_erf)(double x)
{
    return erf(x);
}

static inline double CAIRN_R(cairn_tanh)(double x)
{
    return tanh(x);
}

#else

#include <stdint.h>
#include <string.h>

/**
 * e^x, within 2 units of the last place; 0 where it is below 2^-126.  What is not a number stays
 * so.
 *
 * x = n log 2 + r with |r| <= log(2)/2.  Adding 1.5 * 2^23 rounds x / log 2 to n, which then stands
 * in the last bits; log 2 is split so that n times its first part is exact.
 *
 * Ranks   local
 * Errors  none
 * Source  the polynomial and the split are those of expf in Moshier's Cephes library, 1989
 */
static inline float cairn_exp(float x)
{
    const float rounder = 0x1.8p23F;
    const float least = -87.33654F;
    const float most = 88.72283F;
    float inside = x < least ? least : x;
    inside = inside > most ? most : inside;
    float shifted = inside * 1.44269504088896341F + rounder;
    float n = shifted - rounder;
    float r = inside - n * 0.693359375F - n * -2.12194440e-4F;
    float p = 1.9875691500e-4F;
    p = p * r + 1.3981999507e-3F;
    p = p * r + 8.3334519073e-3F;
    p = p * r + 4.1665795894e-2F;
    p = p * r + 1.6666665459e-1F;
    p = p * r + 5.0000001201e-1F;
    p = p * r * r + r + 1;
    uint32_t bits, power;
    memcpy(&bits, &p, sizeof bits);
    memcpy(&power, &shifted, sizeof power);
    bits += power << 23;
    memcpy(&p, &bits, sizeof p);
    p = x <= most ? p : x + __builtin_inff(); /* also what is not a number */
    return x < least ? 0 : p;
}

/**
 * The error function, within 2 units of the last place.
 *
 * Below 0.92 t + t q(t^2), above it 1 - exp(t r(t)) with t r(t) = log(1 - erf(t)).
 *
 * Ranks   local
 * Errors  none
 * Source  q and r: fitted to nearly the least largest error, for this file
 */
static inline float cairn_erf(float x)
{
    float t = x < 0 ? -x : x;
    float s = x * x;
    float q = -5.999403952e-4F;
    q = q * s + 4.994829890e-3F;
    q = q * s + -2.676771958e-2F;
    q = q * s + 1.128184594e-1F;
    q = q * s + -3.761249646e-1F;
    q = q * s + 1.283791500e-1F;
    float inner = x + x * q;
    float far = t > 4 ? 4 : t; /* erf(4) is 1 in single precision */
    float r = -1.123146523e-5F;
    r = r * far + 3.228053901e-4F;
    r = r * far + -3.642465011e-3F;
    r = r * far + 2.376207504e-2F;
    r = r * far + -1.062368911e-1F;
    r = r * far + -6.351513087e-1F;
    r = r * far + -1.128648492e+0F;
    float outer = 1 - cairn_exp(r * far);
    outer = x < 0 ? -outer : outer;
    return t < 0.92F ? inner : outer;
}

/**
 * The hyperbolic tangent, within 2 units of the last place.
 *
 * Ranks   local
 * Errors  none
 * Source  tanhf of Moshier's Cephes library, 1989
 */
static inline float cairn_tanh(float x)
{
    float s = x * x;
    float q = -5.70498872745e-3F;
    q = q * s + 2.06390887954e-2F;
    q = q * s + -5.37397155531e-2F;
    q = q * s + 1.33314422036e-1F;
    q = q * s + -3.33332819422e-1F;
    float inner = x + x * (s * q);
    float t = x < 0 ? -x : x;
    float outer = 1 - 2 / (cairn_exp(2 * t) + 1);
    outer = x < 0 ? -outer : outer;
    return t < 0.625F ? inner : outer;
}

#endif

#define cairn_exp     CAIRN_R(cairn_exp)
#define cairn_erf     CAIRN_R(cairn_erf)
#define cairn_tanh    CAIRN_R(cairn_tanh)
#define cairn_sigmoid CAIRN_R(cairn_sigmoid)

static inline real cairn_sigmoid(real x)
{
    return 1 / (1 + cairn_exp(-x));
}

#endif
