/* SPDX-License-Identifier: BSD-3-Clause
 * batchnorm: y = (x - mean) / sqrt(variance + eps) * weight + bias for each channel, over samples
 * and places, as torch.nn.BatchNorm1d, BatchNorm2d, BatchNorm3d.
 *
 * In training the statistics are those of the micro-batch, never of the global batch or of a rank's
 * share ("ghost" batch normalisation): they depend on b and on the data order, not on the world.  A
 * short last micro-batch is normalised by its own size.  The running averages, which evaluation
 * uses, take mean and unbiased variance of each micro-batch, weighted by its samples; they travel
 * with the gradient.  A micro-batch with one value for each channel has no unbiased variance: the
 * running variance itself stands in, so that the average stays where it is, and y is the bias.
 *
 * Source  Ioffe and Szegedy 2015; Hoffer, Hubara and Soudry 2017, algorithm 1 (ghost) */
#include <math.h>
#include <string.h>

#include "nn/channels.h"
#include "nn/layer.h"

struct batchnorm {
    double eps, momentum;
    size_t n_channels, area;
    size_t weight, bias;                 /* tensors */
    size_t running_mean, running_var;    /* buffers */
    size_t mean_at, variance_at, sum_at; /* in the arena: double [C], of the running micro-batch;
                                            sum is [2, C] */
    size_t map_at;                       /* in the arena: real [4, C], factors of a map; what the
                                            mean loses as a real is made up for in its shift */
};

static const struct cairn_key keys[] = {
    {"eps", CAIRN_KEY_REAL, offsetof(struct batchnorm, eps), "1e-5", 1e-12, 1, NULL,
     "added to the variance"},
    {"momentum", CAIRN_KEY_REAL, offsetof(struct batchnorm, momentum), "0.1", 0, 1, NULL,
     "what the newest update counts in the running averages"},
};

static cairn_status plan_tensors(struct cairn_layer *layer, struct cairn_plan *plan)
{
    struct batchnorm *self = layer->self;
    const struct cairn_shape channels = {1, {self->n_channels}};
    CAIRN_TRY(cairn_plan_param(plan, layer, "weight", &channels, &self->weight));
    CAIRN_TRY(cairn_plan_param(plan, layer, "bias", &channels, &self->bias));
    CAIRN_TRY(cairn_plan_buffer(plan, layer, "running_mean", &channels, self->momentum,
                                &self->running_mean));
    return cairn_plan_buffer(plan, layer, "running_var", &channels, self->momentum,
                             &self->running_var);
}

static cairn_status plan(struct cairn_layer *layer, struct cairn_plan *plan)
{
    struct batchnorm *self = layer->self;
    CAIRN_TRY(cairn_channels_check(&layer->in, plan->vocabulary > 0));
    self->n_channels = layer->in.dim[0];
    self->area = layer->n_in / self->n_channels;
    if (self->area * plan->micro < 2)
        return cairn_fail(CAIRN_USAGE, "a micro-batch of one sample has one value for each "
                                       "channel, which has no variance; set batch.micro to 2 or "
                                       "more, or use layernorm");
    layer->out = layer->in;
    self->mean_at = cairn_arena_plan(plan->arena, self->n_channels, sizeof(double));
    self->variance_at = cairn_arena_plan(plan->arena, self->n_channels, sizeof(double));
    self->sum_at = cairn_arena_plan(plan->arena, self->n_channels, 2 * sizeof(double));
    self->map_at = cairn_arena_plan(plan->arena, self->n_channels, 4 * sizeof(real));
    return plan_tensors(layer, plan);
}

static real *buffer_at(const struct cairn_params *params, size_t buffer, real *w)
{
    return w + params->item[params->n_items + buffer].offset;
}

static void init(const struct cairn_layer *layer, const struct cairn_params *params, uint64_t seed,
                 real *w)
{
    const struct batchnorm *self = layer->self;
    (void)seed;
    size_t n_channels = self->n_channels;
    memset(w + params->item[self->bias].offset, 0, n_channels * sizeof *w);
    memset(buffer_at(params, self->running_mean, w), 0, n_channels * sizeof *w);
    for (size_t c = 0; c < n_channels; c++) {
        w[params->item[self->weight].offset + c] = 1;
        buffer_at(params, self->running_var, w)[c] = 1;
    }
}

static struct cairn_channels channels_of(const struct batchnorm *self,
                                         const struct cairn_pass *pass)
{
    return (struct cairn_channels){pass->micro->n, self->n_channels, self->area};
}

/* Mean and biased variance of the micro-batch, in two passes. */
static void take_statistics(const struct cairn_layer *layer, const struct cairn_pass *pass)
{
    const struct batchnorm *self = layer->self;
    const struct cairn_channels shape = channels_of(self, pass);
    double *mean = cairn_arena_at(pass->arena, self->mean_at);
    double *variance = cairn_arena_at(pass->arena, self->variance_at);
    double n_values = (double)(pass->micro->n * self->area);
    cairn_channels_sum(&shape, layer->x, mean);
    for (size_t c = 0; c < self->n_channels; c++) mean[c] /= n_values;
    cairn_channels_squares(&shape, layer->x, mean, variance);
    for (size_t c = 0; c < self->n_channels; c++) variance[c] /= n_values;
}

/* The running averages in their place. */
static void take_running(const struct cairn_layer *layer, const struct cairn_pass *pass)
{
    const struct batchnorm *self = layer->self;
    size_t n_items = pass->params->n_items;
    const real *running_mean = cairn_pass_tensor(pass, n_items + self->running_mean);
    const real *running_var = cairn_pass_tensor(pass, n_items + self->running_var);
    double *mean = cairn_arena_at(pass->arena, self->mean_at);
    double *variance = cairn_arena_at(pass->arena, self->variance_at);
    for (size_t c = 0; c < self->n_channels; c++) {
        mean[c] = (double)running_mean[c];
        variance[c] = (double)running_var[c];
    }
}

static void forward(const struct cairn_layer *layer, const struct cairn_pass *pass)
{
    const struct batchnorm *self = layer->self;
    const struct cairn_channels shape = channels_of(self, pass);
    const double *mean = cairn_arena_at(pass->arena, self->mean_at);
    const double *variance = cairn_arena_at(pass->arena, self->variance_at);
    const real *weight = cairn_pass_tensor(pass, self->weight);
    const real *bias = cairn_pass_tensor(pass, self->bias);
    size_t n_channels = self->n_channels;
    real *centre = cairn_arena_at(pass->arena, self->map_at);
    real *scale = centre + n_channels, *shift = scale + n_channels;
    if (pass->training)
        take_statistics(layer, pass);
    else
        take_running(layer, pass);
    for (size_t c = 0; c < n_channels; c++) {
        centre[c] = (real)mean[c];
        double factor = (double)weight[c] / sqrt(variance[c] + self->eps);
        scale[c] = (real)factor;
        shift[c] = (real)((double)bias[c] - (mean[c] - (double)centre[c]) * factor);
    }
    cairn_channels_scale(&shape, layer->x, centre, scale, shift, layer->y);
}

/* What a buffer averages: the statistic of the micro-batch times its samples. */
static void put_statistics(const struct cairn_layer *layer, const struct cairn_pass *pass)
{
    const struct batchnorm *self = layer->self;
    struct cairn_sink *sink = pass->sink;
    const double *mean = cairn_arena_at(pass->arena, self->mean_at);
    const double *variance = cairn_arena_at(pass->arena, self->variance_at);
    size_t index = pass->params->n_items + self->running_mean;
    double n = (double)pass->micro->n;
    double n_values = n * (double)self->area;
    real *out = cairn_pass_open_sum(pass, index);
    for (size_t c = 0; c < self->n_channels; c++) out[c] += (real)(n * mean[c]);
    sink->close(sink, index);
    index = pass->params->n_items + self->running_var;
    const real *running = cairn_pass_tensor(pass, index);
    out = cairn_pass_open_sum(pass, index);
    for (size_t c = 0; c < self->n_channels; c++) {
        double unbiased =
            n_values > 1 ? variance[c] * (n_values / (n_values - 1)) : (double)running[c];
        out[c] += (real)(n * unbiased);
    }
    sink->close(sink, index);
}

/* Sums of dy and of dy (x - mean) -> gradients by bias and weight. */
static void put_gradients(const struct cairn_layer *layer, const struct cairn_pass *pass,
                          const double *sum_dy, const double *sum_product)
{
    const struct batchnorm *self = layer->self;
    struct cairn_sink *sink = pass->sink;
    const double *variance = cairn_arena_at(pass->arena, self->variance_at);
    real *out = cairn_pass_open_sum(pass, self->bias);
    for (size_t c = 0; c < self->n_channels; c++) out[c] += (real)sum_dy[c];
    sink->close(sink, self->bias);
    out = cairn_pass_open_sum(pass, self->weight);
    for (size_t c = 0; c < self->n_channels; c++)
        out[c] += (real)(sum_product[c] / sqrt(variance[c] + self->eps));
    sink->close(sink, self->weight);
}

/* With r = 1 / sqrt(variance + eps) and m values for each channel:
 * dx = weight r (dy - sum dy / m - (x - mean) r^2 sum dy (x - mean) / m). */
static void backward(const struct cairn_layer *layer, const struct cairn_pass *pass, const real *dy,
                     real *dx)
{
    const struct batchnorm *self = layer->self;
    const struct cairn_channels shape = channels_of(self, pass);
    size_t n_channels = self->n_channels;
    const double *mean = cairn_arena_at(pass->arena, self->mean_at);
    const double *variance = cairn_arena_at(pass->arena, self->variance_at);
    const real *weight = cairn_pass_tensor(pass, self->weight);
    double *sum_dy = cairn_arena_at(pass->arena, self->sum_at);
    double *sum_product = sum_dy + n_channels;
    real *centre = cairn_arena_at(pass->arena, self->map_at);
    real *a = centre + n_channels, *b = a + n_channels, *shift = b + n_channels;
    double n_values = (double)(pass->micro->n * self->area);
    cairn_channels_sum(&shape, dy, sum_dy);
    cairn_channels_products(&shape, dy, layer->x, mean, sum_product);
    put_statistics(layer, pass);
    put_gradients(layer, pass, sum_dy, sum_product);
    if (dx == NULL) return;
    for (size_t c = 0; c < n_channels; c++) {
        double r = 1 / sqrt(variance[c] + self->eps);
        double factor = (double)weight[c] * r;
        a[c] = (real)factor;
        double along = factor * r * r * sum_product[c] / n_values;
        b[c] = (real)along;
        shift[c] = (real)(factor * sum_dy[c] / n_values - along * (mean[c] - (double)centre[c]));
    }
    const struct cairn_combination combination = {centre, a, b, shift};
    cairn_channels_combine(&shape, &combination, layer->x, dy, dx);
}

const struct cairn_layer_kind CAIRN_R(cairn_layer_batchnorm) = {
    .size = sizeof(struct cairn_layer_kind),
    .name = "batchnorm",
    .doc = "each channel with mean 0 and variance 1 over the micro-batch, then scaled and shifted",
    .example = "{type: batchnorm}",
    .example_in = {1, {6}},
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .self_bytes = sizeof(struct batchnorm),
    .flags = CAIRN_LAYER_ELEMENTWISE | CAIRN_LAYER_NEEDS_X | CAIRN_LAYER_GHOST,
    .plan = plan,
    .init = init,
    .forward = forward,
    .backward = backward,
};
