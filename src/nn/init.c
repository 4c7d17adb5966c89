/* SPDX-License-Identifier: BSD-3-Clause
 * Initial weights.  All arithmetic is in double and rounds to float once, so that both precisions
 * start alike. */
#include "nn/init.h"

#include <math.h>
#include <string.h>

#include "base/random.h"
#include "nn/layer.h"

/* Element e is number e % CHUNK of "sample" e / CHUNK of the tensor's stream: no buffer as large as
 * the tensor. */
enum { CHUNK = 1024 };

static const double GPT2_DEVIATION = 0.02; /* Radford and others 2018, section 4.1 */

static void uniform(const uint32_t *bits, size_t n, double limit, real *w)
{
    for (size_t e = 0; e < n; e++)
        w[e] = (real)(float)(limit * (2.0 * (double)cairn_random_unit(bits[e]) - 1.0));
}

/* Box and Muller 1958: two normal numbers from two uniform ones. */
static void normal(const uint32_t *bits, size_t n, double deviation, real *w)
{
    const double turn = 6.283185307179586476925;
    for (size_t e = 0; e < n; e += 2) {
        double radius = deviation * sqrt(-2.0 * log(((double)bits[e] + 0.5) * 0x1p-32));
        double angle = turn * (double)bits[e + 1] * 0x1p-32;
        w[e] = (real)(float)(radius * cos(angle));
        if (e + 1 < n) w[e + 1] = (real)(float)(radius * sin(angle));
    }
}

typedef void distribution(const uint32_t *bits, size_t n, double scale, real *w);

static void draw(distribution *fill, double scale, const struct cairn_param *param, uint64_t seed,
                 real *w)
{
    uint32_t bits[CHUNK];
    uint64_t key = cairn_random_key(seed, CAIRN_RANDOM_INIT, cairn_name_number(param->name), 0);
    for (size_t first = 0; first < param->count; first += CHUNK) {
        size_t n = param->count - first < CHUNK ? param->count - first : CHUNK;
        cairn_random_fill(key, first / CHUNK, CHUNK, bits);
        fill(bits, n, scale, w + param->offset + first);
    }
}

static void zero(const struct cairn_param *param, real *w)
{
    memset(w + param->offset, 0, param->count * sizeof *w);
}

struct cairn_fan cairn_fan_of(int scheme, const struct cairn_param *weight)
{
    return (struct cairn_fan){.scheme = scheme,
                              .in = weight->count / weight->shape.dim[0],
                              .out = weight->count / weight->shape.dim[1]};
}

void cairn_init_weight(const struct cairn_fan *fan, const struct cairn_param *param, uint64_t seed,
                       real *w)
{
    double in = (double)fan->in;
    switch ((enum cairn_init_scheme)fan->scheme) {
    case CAIRN_INIT_PYTORCH: draw(uniform, 1.0 / sqrt(in), param, seed, w); break;
    case CAIRN_INIT_HE: draw(normal, sqrt(2.0 / in), param, seed, w); break;
    case CAIRN_INIT_XAVIER:
        draw(uniform, sqrt(6.0 / (in + (double)fan->out)), param, seed, w);
        break;
    case CAIRN_INIT_ZEROS: zero(param, w); break;
    case CAIRN_INIT_GPT2: draw(normal, GPT2_DEVIATION, param, seed, w); break;
    }
}

void cairn_init_bias(const struct cairn_fan *fan, const struct cairn_param *param, uint64_t seed,
                     real *w)
{
    if (fan->scheme == CAIRN_INIT_PYTORCH)
        draw(uniform, 1.0 / sqrt((double)fan->in), param, seed, w);
    else
        zero(param, w);
}

void cairn_init_table(int scheme, const struct cairn_param *param, uint64_t seed, real *w)
{
    switch ((enum cairn_table_scheme)scheme) {
    case CAIRN_TABLE_PYTORCH: draw(normal, 1, param, seed, w); break;
    case CAIRN_TABLE_GPT2: draw(normal, GPT2_DEVIATION, param, seed, w); break;
    case CAIRN_TABLE_ZEROS: zero(param, w); break;
    }
}

void cairn_init_around(double value, double spread, const struct cairn_param *param, uint64_t seed,
                       real *w)
{
    zero(param, w);
    if (spread > 0) draw(uniform, spread, param, seed, w);
    for (size_t i = param->offset; i < param->offset + param->count; i++)
        w[i] = (real)(float)(value + (double)w[i]);
}
