/* SPDX-License-Identifier: BSD-3-Clause
 * gelu: y = x P(x), P the normal distribution function; `approximate: tanh` as torch.nn.GELU has
 * it. Source: Hendrycks and Gimpel 2016. */
#include "nn/layer.h"
#include "tensor/functions.h"
#include "tensor/spread.h"

#define CAIRN_WORDS_APPROXIMATE(FIRST, NEXT)                                                       \
    FIRST(APPROXIMATE_NONE, "none") NEXT(APPROXIMATE_TANH, "tanh")
CAIRN_CHOICE(approximate, CAIRN_WORDS_APPROXIMATE);

struct gelu {
    int approximate; /* enum approximate */
};

static const struct cairn_key keys[] = {
    {"approximate", CAIRN_KEY_CHOICE, offsetof(struct gelu, approximate), "none", 0, 0,
     CAIRN_CHOICE_TEXT(CAIRN_WORDS_APPROXIMATE),
     "none: by the error function; tanh: the faster formula of the paper"},
};

#define ROOT_2_OVER_PI ((real)0.79788456080286535588) /* sqrt(2/pi) */
#define CUBIC          ((real)0.044715)

static real value(real x)
{
    real density = 0;
    return x * cairn_normal(x, &density);
}

static real tanh_part(real x)
{
    return cairn_tanh(ROOT_2_OVER_PI * (x + CUBIC * x * x * x));
}

static void forward(const struct cairn_layer *layer, const struct cairn_pass *pass)
{
    const struct gelu *self = layer->self;
    const real *x = layer->x;
    real *y = layer->y;
    size_t count = pass->micro->n * layer->n_in;
    if (self->approximate == CAIRN_APPROXIMATE_TANH) {
        CAIRN_EACH(i, count, y[i] = (real)0.5 * x[i] * (1 + tanh_part(x[i])));
    } else {
        CAIRN_EACH(i, count, y[i] = value(x[i]));
    }
}

static real slope(real x)
{
    real density = 0;
    real p = cairn_normal(x, &density);
    return p + x * density;
}

static real tanh_slope(real x)
{
    real t = tanh_part(x);
    real inner = ROOT_2_OVER_PI * (1 + 3 * CUBIC * x * x);
    return (real)0.5 * (1 + t) + (real)0.5 * x * (1 - t * t) * inner;
}

static void backward(const struct cairn_layer *layer, const struct cairn_pass *pass, const real *dy,
                     real *dx)
{
    const struct gelu *self = layer->self;
    const real *x = layer->x;
    size_t count = pass->micro->n * layer->n_in;
    if (self->approximate == CAIRN_APPROXIMATE_TANH) {
        CAIRN_EACH(i, count, dx[i] = tanh_slope(x[i]) * dy[i]);
    } else {
        CAIRN_EACH(i, count, dx[i] = slope(x[i]) * dy[i]);
    }
}

static void backward_again(const struct cairn_layer *layer, const struct cairn_pass *pass,
                           real *dy_y, real *dx)
{
    const struct gelu *self = layer->self;
    const real *x = layer->x;
    size_t count = pass->micro->n * layer->n_in;
    if (self->approximate == CAIRN_APPROXIMATE_TANH) {
        CAIRN_EACH(i, count, {
            const real d = tanh_slope(x[i]) * dy_y[i];
            dy_y[i] = (real)0.5 * x[i] * (1 + tanh_part(x[i]));
            dx[i] = d;
        });
    } else {
        CAIRN_EACH(i, count, {
            real density = 0;
            const real p = cairn_normal(x[i], &density);
            const real d = (p + x[i] * density) * dy_y[i];
            dy_y[i] = x[i] * p;
            dx[i] = d;
        });
    }
}

const struct cairn_layer_kind CAIRN_R(cairn_layer_gelu) = {
    .size = sizeof(struct cairn_layer_kind),
    .name = "gelu",
    .doc = "x times the normal distribution function of x",
    .example = "{type: gelu, approximate: tanh}",
    .example_in = {1, {6}},
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .self_bytes = sizeof(struct gelu),
    .flags = CAIRN_LAYER_ELEMENTWISE | CAIRN_LAYER_NEEDS_X,
    .plan = cairn_layer_unchanged,
    .forward = forward,
    .again = forward,
    .backward = backward,
    .backward_again = backward_again,
};
