/* SPDX-License-Identifier: BSD-3-Clause
 * Layers of ONNX: functions of each number, softmax and gates. */
#include "export/onnx/graph.h"

static const char *one(struct cairn_onnx *onnx, const char *op, const char *x)
{
    return cairn_onnx_node(onnx, op, OF(x), NULL);
}

static const char *two(struct cairn_onnx *onnx, const char *op, const char *a, const char *b)
{
    return cairn_onnx_node(onnx, op, OF(a, b), NULL);
}

static const char *times(struct cairn_onnx *onnx, const char *x, double factor)
{
    return two(onnx, "Mul", x, cairn_onnx_number(onnx, factor));
}

const char *cairn_onnx_relu(struct cairn_onnx *onnx, const struct cairn_layer *layer, const char *x)
{
    (void)layer;
    return one(onnx, "Relu", x);
}

const char *cairn_onnx_tanh(struct cairn_onnx *onnx, const struct cairn_layer *layer, const char *x)
{
    (void)layer;
    return one(onnx, "Tanh", x);
}

const char *cairn_onnx_sigmoid(struct cairn_onnx *onnx, const struct cairn_layer *layer,
                               const char *x)
{
    (void)layer;
    return one(onnx, "Sigmoid", x);
}

const char *cairn_onnx_silu(struct cairn_onnx *onnx, const struct cairn_layer *layer, const char *x)
{
    (void)layer;
    return two(onnx, "Mul", x, one(onnx, "Sigmoid", x));
}

/* x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) / 2, or with erf(x / sqrt 2) */
const char *cairn_onnx_gelu(struct cairn_onnx *onnx, const struct cairn_layer *layer, const char *x)
{
    const char *bent = NULL;
    (void)layer;
    if (cairn_onnx_key_is(onnx, "approximate", "tanh")) {
        const char *cube = two(onnx, "Mul", two(onnx, "Mul", x, x), x);
        const char *sum = two(onnx, "Add", x, times(onnx, cube, 0.044715));
        bent = one(onnx, "Tanh", times(onnx, sum, 0.79788456080286535588));
    } else {
        bent =
            one(onnx, "Erf", two(onnx, "Div", x, cairn_onnx_number(onnx, 1.41421356237309504880)));
    }
    const char *share = two(onnx, "Add", bent, cairn_onnx_number(onnx, 1));
    return times(onnx, two(onnx, "Mul", x, share), 0.5);
}

const char *cairn_onnx_leaky_relu(struct cairn_onnx *onnx, const struct cairn_layer *layer,
                                  const char *x)
{
    (void)layer;
    return cairn_onnx_node(onnx, "LeakyRelu", OF(x),
                           WITH(FLOAT("alpha", cairn_onnx_key(onnx, "slope"))));
}

const char *cairn_onnx_elu(struct cairn_onnx *onnx, const struct cairn_layer *layer, const char *x)
{
    (void)layer;
    return cairn_onnx_node(onnx, "Elu", OF(x), WITH(FLOAT("alpha", cairn_onnx_key(onnx, "alpha"))));
}

/* x where beta x is above the threshold, else softplus(beta x) / beta */
const char *cairn_onnx_softplus(struct cairn_onnx *onnx, const struct cairn_layer *layer,
                                const char *x)
{
    (void)layer;
    const double beta = cairn_onnx_key(onnx, "beta");
    const char *z = times(onnx, x, beta);
    const char *bent = two(onnx, "Div", one(onnx, "Softplus", z), cairn_onnx_number(onnx, beta));
    const char *threshold = cairn_onnx_number(onnx, cairn_onnx_key(onnx, "threshold"));
    return cairn_onnx_node(onnx, "Where", OF(two(onnx, "Greater", z, threshold), x, bent), NULL);
}

const char *cairn_onnx_scale(struct cairn_onnx *onnx, const struct cairn_layer *layer,
                             const char *x)
{
    (void)layer;
    return times(onnx, x, cairn_onnx_key(onnx, "factor"));
}

const char *cairn_onnx_glu(struct cairn_onnx *onnx, const struct cairn_layer *layer, const char *x)
{
    const char *half[2];
    (void)layer;
    cairn_onnx_nodes(onnx, "Split", OF(x), WITH(INT("axis", -1)), 2, half);
    const char *y = two(onnx, "Mul", half[0], one(onnx, "Sigmoid", half[1]));
    return cairn_onnx_key_is(onnx, "gate", "silu") ? two(onnx, "Mul", y, half[1]) : y;
}

const char *cairn_onnx_softmax(struct cairn_onnx *onnx, const struct cairn_layer *layer,
                               const char *x)
{
    (void)layer;
    return cairn_onnx_node(onnx, "Softmax", OF(x), WITH(INT("axis", -1)));
}
