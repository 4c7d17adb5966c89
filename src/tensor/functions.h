/* SPDX-License-Identifier: BSD-3-Clause
 * exp, tanh and the normal distribution that become vectors where they stand in a loop: no branch,
 * no table, no call.  In double they are libm's.  Compiled in two precisions (tensor/real.h).
 * Local. */
#ifndef CAIRN_TENSOR_FUNCTIONS_H
#define CAIRN_TENSOR_FUNCTIONS_H

#include "tensor/real.h"

#define CAIRN_ROOT_HALF    ((real)0.70710678118654752440) /* sqrt(1/2) */
#define CAIRN_DENSITY_AT_0 ((real)0.39894228040143267794) /* 1/sqrt(2 pi) */

#if CAIRN_R_BITS == 64

#include <math.h>

static inline double CAIRN_R(cairn_exp)(double x)
{
    return exp(x);
}

static inline double CAIRN_R(cairn_decay)(double x)
{
    return exp(x);
}

static inline double CAIRN_R(cairn_normal)(double x, double *density)
{
    *density = CAIRN_DENSITY_AT_0 * exp(-0.5 * x * x);
    return 0.5 * erfc(-x * CAIRN_ROOT_HALF);
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

/* a b + c, rounded once where that costs nothing */
static inline float cairn_fused(float a, float b, float c)
{
#if defined(__FP_FAST_FMAF) || defined(__FMA__) || defined(__aarch64__)
    return __builtin_fmaf(a, b, c);
#else
    return a * b + c;
#endif
}

/**
 * e^x of x <= 0, in half the time of cairn_exp(): within 2 units of the last place; 0 where it is
 * below 2^-126.  What is not a number stays so; above 0 it ends at 88.
 *
 * As cairn_exp().  Chains of operations are short, since that is what such loops wait for; the
 * power of two is a factor, which lets what is not a number through.
 *
 * Ranks   local
 * Errors  none
 */
static inline float cairn_decay(float x)
{
    const float rounder = 0x1.8p23F;
    const float least = -87.33654F;
    float inside = x < least ? least : x;
    float shifted = cairn_fused(inside, 1.44269504088896341F, rounder);
    float n = shifted - rounder;
    float r = cairn_fused(n, -0.693359375F, inside);
    r = cairn_fused(n, 2.12194440e-4F, r);
    float s = r * r;
    float low = cairn_fused(r, 1.6666665459e-1F, 5.0000001201e-1F);
    float middle = cairn_fused(r, 8.3334519073e-3F, 4.1665795894e-2F);
    float high = cairn_fused(r, 1.9875691500e-4F, 1.3981999507e-3F);
    float p = 1 + cairn_fused(cairn_fused(cairn_fused(high, s, middle), s, low), s, r);
    uint32_t power;
    memcpy(&power, &shifted, sizeof power);
    power = (power << 23) + 0x3f800000u;
    float scale;
    memcpy(&scale, &power, sizeof scale);
    return x < least ? 0 : p * scale;
}

/**
 * The normal distribution function, and its density: within 4 units of the last place where x is at
 * least 0; below, where it goes to 0, the relative error is under 4e-7 (1 + x^2), as that of the
 * density is everywhere.
 *
 * Below 0 it is exp(-x^2 / 2) q(k) with k = 1 / (1 + 0.285 abs(x)), above 0 1 minus that.
 *
 * Ranks   local
 * Errors  none
 * Source  the form is that of Abramowitz and Stegun 26.2.17; q: fitted to the least largest
 * relative error, 1.3e-8 for abs(x) <= 9, for this file
 */
static inline float cairn_normal(float x, float *density)
{
    float k = 1 / cairn_fused(0.285F, x < 0 ? -x : x, 1);
    float k2 = k * k;
    float k4 = k2 * k2;
    float q01 = cairn_fused(0.112318381507F, k, 7.2872541137e-5F);
    float q23 = cairn_fused(0.0510660071444F, k, 0.125072271214F);
    float q45 = cairn_fused(-0.233899222951F, k, 0.242614992767F);
    float q67 = cairn_fused(-0.217212814045F, k, 0.378038896557F);
    float high = cairn_fused(0.0419286088983F, k4, cairn_fused(q67, k2, q45));
    float q = cairn_fused(high, k4, cairn_fused(q23, k2, q01));
    float decay = cairn_decay(-0.5F * x * x);
    float below = decay * q;
    *density = CAIRN_DENSITY_AT_0 * decay;
    return x < 0 ? below : cairn_fused(-decay, q, 1);
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
    float e = cairn_decay(-2 * t);
    float outer = (1 - e) / (1 + e);
    outer = x < 0 ? -outer : outer;
    return t < 0.625F ? inner : outer;
}

#endif

#define cairn_exp     CAIRN_R(cairn_exp)
#define cairn_decay   CAIRN_R(cairn_decay)
#define cairn_normal  CAIRN_R(cairn_normal)
#define cairn_tanh    CAIRN_R(cairn_tanh)
#define cairn_sigmoid CAIRN_R(cairn_sigmoid)

/** 1 / (1 + e^-x).  Ranks: local.  Errors: none. */
static inline real cairn_sigmoid(real x)
{
    real e = cairn_decay(x < 0 ? x : -x);
    return (x < 0 ? e : 1) / (1 + e);
}

#endif
