/* SPDX-License-Identifier: BSD-3-Clause
 * groupnorm: y = (x - mean) / sqrt(variance + eps) * weight + bias, with the statistics of each
 * group of neighbouring channels of one sample, as torch.nn.GroupNorm.  instancenorm: the same with
 * each channel a group, and weight and bias only where it is `affine`, as torch.nn.InstanceNorm1d,
 * InstanceNorm2d, InstanceNorm3d.  No sample sees another, so both are the same for every b.
 *
 * Source  Wu and He 2018; Ulyanov, Vedaldi and Lempitsky 2016 */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "nn/channels.h"
#include "nn/layer.h"
#include "nn/patch_keys.h"
#include "tensor/row_sums.h"
#include "tensor/spread.h"

struct groupnorm {
    double eps;
    size_t n_groups;
    size_t n_channels, area;
    bool affine;         /* there are weight and bias */
    size_t weight, bias; /* tensors */
    size_t moments;      /* in the arena: double [b, groups, 2], mean and 1 / deviation */
};

#define EPS                                                                                        \
    {                                                                                              \
        "eps", CAIRN_KEY_REAL, offsetof(struct groupnorm, eps), "1e-5", 1e-12, 1, NULL,            \
            "added to the variance"                                                                \
    }

static const struct cairn_key keys[] = {
    {"groups", CAIRN_KEY_COUNT, offsetof(struct groupnorm, n_groups), NULL, 1, 1e9, NULL,
     "groups of channels, each with its own mean and variance"},
    EPS,
};

static const struct cairn_key instance_keys[] = {
    {"affine", CAIRN_KEY_BOOL, offsetof(struct groupnorm, affine), "false", 0, 0, NULL,
     "scaled and shifted by a weight and a bias for each channel"},
    EPS,
};

/* Arrays of one sample, in pass->workspace. */
struct work {
    double *mean, *sum_dy, *sum_product; /* [C] */
    real *centre, *a, *b, *shift;        /* [C] */
};

static size_t work_bytes(size_t n_channels)
{
    return cairn_memory_whole(n_channels * (3 * sizeof(double) + 4 * sizeof(real)));
}

static struct work work_at(const struct cairn_pass *pass, size_t n_channels, size_t i)
{
    double *first = (double *)(void *)((char *)pass->workspace + i * work_bytes(n_channels));
    real *map = (real *)(void *)(first + 3 * n_channels);
    return (struct work){.mean = first,
                         .sum_dy = first + n_channels,
                         .sum_product = first + 2 * n_channels,
                         .centre = map,
                         .a = map + n_channels,
                         .b = map + 2 * n_channels,
                         .shift = map + 3 * n_channels};
}

static cairn_status plan_groups(struct cairn_layer *layer, struct cairn_plan *plan)
{
    struct groupnorm *self = layer->self;
    const struct cairn_shape channels = {1, {self->n_channels}};
    self->area = layer->n_in / self->n_channels;
    layer->out = layer->in;
    self->moments = cairn_plan_activation(plan, self->n_groups, 2 * sizeof(double));
    cairn_plan_workspace(plan, plan->micro * work_bytes(self->n_channels));
    if (!self->affine) return CAIRN_OK;
    CAIRN_TRY(cairn_plan_param(plan, layer, "weight", &channels, &self->weight));
    return cairn_plan_param(plan, layer, "bias", &channels, &self->bias);
}

static cairn_status plan(struct cairn_layer *layer, struct cairn_plan *plan)
{
    struct groupnorm *self = layer->self;
    CAIRN_TRY(cairn_channels_check(&layer->in, plan->vocabulary > 0));
    self->n_channels = layer->in.dim[0];
    self->affine = true;
    if (self->n_channels % self->n_groups != 0)
        return cairn_fail(CAIRN_USAGE, "%zu channels do not make %zu equal groups",
                          self->n_channels, self->n_groups);
    if (layer->n_in == self->n_groups)
        return cairn_fail(CAIRN_USAGE,
                          "a group has only one value, which has no variance; use fewer groups");
    return plan_groups(layer, plan);
}

static cairn_status plan_instance(struct cairn_layer *layer, struct cairn_plan *plan)
{
    struct groupnorm *self = layer->self;
    char text[CAIRN_SHAPE_TEXT_BYTES];
    CAIRN_TRY(cairn_patch_input(&layer->in, 0));
    CAIRN_TRY(cairn_channels_check(&layer->in, plan->vocabulary > 0));
    self->n_channels = layer->in.dim[0];
    self->n_groups = self->n_channels;
    if (layer->n_in > self->n_channels) return plan_groups(layer, plan);
    return cairn_fail(CAIRN_USAGE,
                      "the input of one sample is %s: a channel has only one value, which has no "
                      "variance; there are groupnorm and batchnorm",
                      cairn_shape_text(&layer->in, text));
}

static void init(const struct cairn_layer *layer, const struct cairn_params *params, uint64_t seed,
                 real *w)
{
    const struct groupnorm *self = layer->self;
    (void)seed;
    if (!self->affine) return;
    memset(w + params->item[self->bias].offset, 0, self->n_channels * sizeof *w);
    for (size_t c = 0; c < self->n_channels; c++) w[params->item[self->weight].offset + c] = 1;
}

/* [C], or NULL where it has none. */
static const real *tensor(const struct groupnorm *self, const struct cairn_pass *pass, size_t index)
{
    return self->affine ? cairn_pass_tensor(pass, index) : NULL;
}

static double weight_at(const real *weight, size_t c)
{
    return weight == NULL ? 1 : (double)weight[c];
}

/* Moments [groups, 2] of one sample. */
static void take_moments(const struct groupnorm *self, const real *x, double *moments)
{
    size_t n = self->n_channels / self->n_groups * self->area;
    for (size_t g = 0; g < self->n_groups; g++, x += n) {
        double mean = cairn_row_sum(x, n) / (double)n;
        double variance = cairn_row_squares(x, n, mean) / (double)n;
        moments[2 * g] = mean;
        moments[2 * g + 1] = 1 / sqrt(variance + self->eps);
    }
}

/* Over samples; within one where they are few. */
static size_t threads_of(const struct cairn_layer *layer, size_t n)
{
    const size_t n_threads = cairn_threads_for(n * layer->n_in);
    return n_threads <= n ? n_threads : 1;
}

static void forward_sample(const struct cairn_layer *layer, const struct cairn_pass *pass, size_t i)
{
    const struct groupnorm *self = layer->self;
    const struct cairn_channels shape = {1, self->n_channels, self->area};
    const struct work work = work_at(pass, self->n_channels, i);
    const real *weight = tensor(self, pass, self->weight);
    const real *bias = tensor(self, pass, self->bias);
    const real *x = layer->x + i * layer->n_in;
    double *moments = cairn_arena_at(pass->arena, self->moments);
    const size_t n_together = self->n_channels / self->n_groups;
    moments += i * 2 * self->n_groups;
    take_moments(self, x, moments);
    for (size_t c = 0; c < self->n_channels; c++) {
        const double *of_group = moments + 2 * (c / n_together);
        work.centre[c] = (real)of_group[0];
        double factor = weight_at(weight, c) * of_group[1];
        double shift = bias == NULL ? 0 : (double)bias[c];
        work.a[c] = (real)factor;
        work.shift[c] = (real)(shift - (of_group[0] - (double)work.centre[c]) * factor);
    }
    cairn_channels_scale(&shape, x, work.centre, work.a, work.shift, layer->y + i * layer->n_in);
}

static void forward(const struct cairn_layer *layer, const struct cairn_pass *pass)
{
    const size_t n = pass->micro->n;
    const size_t n_threads = threads_of(layer, n);
    CAIRN_SPREAD(n_threads)
    for (size_t t = 0; t < n_threads; t++)
        for (size_t i = n * t / n_threads; i < n * (t + 1) / n_threads; i++)
            forward_sample(layer, pass, i);
}

/* Sums of one sample, channel by channel -> the factors of dx; as batchnorm, with g = weight dy. */
static void find_factors(const struct groupnorm *self, const double *moments, const real *weight,
                         const struct work *work)
{
    size_t n_together = self->n_channels / self->n_groups;
    double n_values = (double)(n_together * self->area);
    for (size_t first = 0; first < self->n_channels; first += n_together, moments += 2) {
        double r = moments[1];
        double sum_g = 0;
        double sum_product = 0;
        for (size_t c = first; c < first + n_together; c++) {
            sum_g += weight_at(weight, c) * work->sum_dy[c];
            sum_product += weight_at(weight, c) * work->sum_product[c];
        }
        double along = r * r * r * sum_product / n_values;
        for (size_t c = first; c < first + n_together; c++) {
            work->centre[c] = (real)moments[0];
            work->a[c] = (real)(weight_at(weight, c) * r);
            work->b[c] = (real)along;
            work->shift[c] =
                (real)(r * sum_g / n_values - along * (moments[0] - (double)work->centre[c]));
        }
    }
}

/* dx of a sample, and the sums of its channels. */
static void backward_sample(const struct cairn_layer *layer, const struct cairn_pass *pass,
                            size_t i, const real *dy, real *dx)
{
    const struct groupnorm *self = layer->self;
    const struct cairn_channels shape = {1, self->n_channels, self->area};
    const struct work work = work_at(pass, self->n_channels, i);
    const struct cairn_combination factors = {work.centre, work.a, work.b, work.shift};
    const double *moments = cairn_arena_at(pass->arena, self->moments);
    const size_t n_together = self->n_channels / self->n_groups;
    const size_t at = i * layer->n_in;
    moments += i * 2 * self->n_groups;
    for (size_t c = 0; c < self->n_channels; c++) work.mean[c] = moments[2 * (c / n_together)];
    cairn_channels_sum(&shape, dy + at, work.sum_dy);
    cairn_channels_products(&shape, dy + at, layer->x + at, work.mean, work.sum_product);
    if (dx == NULL) return;
    find_factors(self, moments, tensor(self, pass, self->weight), &work);
    cairn_channels_combine(&shape, &factors, layer->x + at, dy + at, dx + at);
}

/* The sums of all samples, in their order. */
static void put_gradients(const struct groupnorm *self, const struct cairn_pass *pass)
{
    const double *moments = cairn_arena_at(pass->arena, self->moments);
    const size_t n_together = self->n_channels / self->n_groups;
    real *dweight = cairn_pass_open_sum(pass, self->weight);
    real *dbias = cairn_pass_open_sum(pass, self->bias);
    for (size_t i = 0; i < pass->micro->n; i++, moments += 2 * self->n_groups) {
        const struct work work = work_at(pass, self->n_channels, i);
        for (size_t c = 0; c < self->n_channels; c++) {
            dweight[c] += (real)(moments[2 * (c / n_together) + 1] * work.sum_product[c]);
            dbias[c] += (real)work.sum_dy[c];
        }
    }
    pass->sink->close(pass->sink, self->weight);
    pass->sink->close(pass->sink, self->bias);
}

static void backward(const struct cairn_layer *layer, const struct cairn_pass *pass, const real *dy,
                     real *dx)
{
    const struct groupnorm *self = layer->self;
    const size_t n = pass->micro->n;
    const size_t n_threads = threads_of(layer, n);
    CAIRN_SPREAD(n_threads)
    for (size_t t = 0; t < n_threads; t++)
        for (size_t i = n * t / n_threads; i < n * (t + 1) / n_threads; i++)
            backward_sample(layer, pass, i, dy, dx);
    if (self->affine) put_gradients(self, pass);
}

#define GROUPNORM(kind, doc_of_it, example_keys, keys_of_it, plan_of_it, ...)                      \
    const struct cairn_layer_kind CAIRN_R(cairn_layer_##kind) = {                                  \
        .size = sizeof(struct cairn_layer_kind),                                                   \
        .name = #kind,                                                                             \
        .doc = doc_of_it,                                                                          \
        .example = "{type: " #kind ", " example_keys "}",                                          \
        .example_in = {__VA_ARGS__},                                                               \
        .keys = keys_of_it,                                                                        \
        .n_keys = sizeof keys_of_it / sizeof keys_of_it[0],                                        \
        .self_bytes = sizeof(struct groupnorm),                                                    \
        .flags = CAIRN_LAYER_ELEMENTWISE | CAIRN_LAYER_NEEDS_X,                                    \
        .plan = plan_of_it,                                                                        \
        .init = init,                                                                              \
        .forward = forward,                                                                        \
        .backward = backward,                                                                      \
    }

GROUPNORM(groupnorm,
          "each group of channels of a sample with mean 0 and variance 1, then scaled and shifted",
          "groups: 2", keys, plan, 1, {8});
GROUPNORM(instancenorm, "each channel of a sample with mean 0 and variance 1", "affine: true",
          instance_keys, plan_instance, 2, {3, 5});
