/* SPDX-License-Identifier: BSD-3-Clause
 * The formulas of the optimizers in double. */
#include "support/optim.h"

#include <math.h>

typedef struct cairn_optim_options options;

const struct cairn_params two_tensors = {
    .item = (struct cairn_param[]){{.name = "0.weight",
                                    .shape = {.ndim = 2, .dim = {11, 100}},
                                    .offset = 0,
                                    .count = FIRST},
                                   {.name = "0.bias",
                                    .shape = {.ndim = 1, .dim = {N - FIRST}},
                                    .offset = FIRST,
                                    .count = N - FIRST}},
    .n_items = N_TENSORS,
    .n_tensors = N_TENSORS,
    .n_weights = N,
    .n_values = N,
};

void reference_sgd(struct reference *r, const float *g, const options *o, struct cairn_rate rate,
                   int t)
{
    for (int i = 0; i < N; i++) {
        double d = (double)g[i] + o->weight_decay * r->w[i];
        if (o->momentum != 0) {
            r->m[i] = t == 1 ? d : o->momentum * r->m[i] + (1 - o->dampening) * d;
            d = o->nesterov ? d + o->momentum * r->m[i] : r->m[i];
        }
        r->w[i] -= rate.now * d;
    }
}

static void reference_adam_step(struct reference *r, int i, double d, const options *o,
                                struct cairn_rate rate, int t)
{
    r->m[i] = o->beta1 * r->m[i] + (1 - o->beta1) * d;
    r->v[i] = o->beta2 * r->v[i] + (1 - o->beta2) * d * d;
    double m_hat = r->m[i] / (1 - pow(o->beta1, t));
    double v_hat = r->v[i] / (1 - pow(o->beta2, t));
    r->w[i] -= rate.now * m_hat / (sqrt(v_hat) + o->eps);
}

void reference_adam(struct reference *r, const float *g, const options *o, struct cairn_rate rate,
                    int t)
{
    for (int i = 0; i < N; i++)
        reference_adam_step(r, i, (double)g[i] + o->weight_decay * r->w[i], o, rate, t);
}

void reference_adamw(struct reference *r, const float *g, const options *o, struct cairn_rate rate,
                     int t)
{
    for (int i = 0; i < N; i++) {
        r->w[i] *= 1 - rate.now * o->weight_decay;
        reference_adam_step(r, i, (double)g[i], o, rate, t);
    }
}

void reference_rmsprop(struct reference *r, const float *g, const options *o,
                       struct cairn_rate rate, int t)
{
    (void)t;
    for (int i = 0; i < N; i++) {
        double d = (double)g[i] + o->weight_decay * r->w[i];
        r->v[i] = o->alpha * r->v[i] + (1 - o->alpha) * d * d;
        r->mean[i] = o->alpha * r->mean[i] + (1 - o->alpha) * d;
        double variance = r->v[i] - (o->centered ? r->mean[i] * r->mean[i] : 0);
        r->m[i] = o->momentum * r->m[i] + d / (sqrt(variance) + o->eps);
        r->w[i] -= rate.now * r->m[i];
    }
}

static double norm_of(const double *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += x[i] * x[i];
    return sqrt(sum);
}

void reference_lars(struct reference *r, const float *g, const options *o, struct cairn_rate rate,
                    int t)
{
    bool corrects = o->momentum_correction && t > 1;
    double kept = corrects ? o->momentum * rate.now / rate.before : o->momentum;
    for (int k = 0; k < N_TENSORS; k++) {
        size_t first = two_tensors.item[k].offset, n = two_tensors.item[k].count;
        double d[N];
        for (size_t i = 0; i < n; i++) d[i] = (double)g[first + i];
        bool excluded = o->exclude_1d && two_tensors.item[k].shape.ndim == 1;
        double decay = excluded ? 0 : o->weight_decay;
        double w = norm_of(r->w + first, n);
        double ratio = o->trust_coefficient * w / (norm_of(d, n) + decay * w + o->eps);
        if (excluded) ratio = 1;
        for (size_t i = 0; i < n; i++) {
            d[i] += decay * r->w[first + i];
            r->m[first + i] = kept * r->m[first + i] + rate.now * ratio * d[i];
            r->w[first + i] -= r->m[first + i];
        }
    }
}

void reference_lamb(struct reference *r, const float *g, const options *o, struct cairn_rate rate,
                    int t)
{
    for (int k = 0; k < N_TENSORS; k++) {
        size_t first = two_tensors.item[k].offset, n = two_tensors.item[k].count;
        bool excluded = o->exclude_1d && two_tensors.item[k].shape.ndim == 1;
        double m_start = o->bias_correction ? 1 - pow(o->beta1, t) : 1;
        double v_start = o->bias_correction ? 1 - pow(o->beta2, t) : 1;
        double u[N];
        for (size_t i = 0; i < n; i++) {
            double *m = &r->m[first + i], *v = &r->v[first + i], d = (double)g[first + i];
            *m = o->beta1 * *m + (1 - o->beta1) * d;
            *v = o->beta2 * *v + (1 - o->beta2) * d * d;
            u[i] = *m / m_start / (sqrt(*v / v_start) + o->eps);
            u[i] += (excluded ? 0 : o->weight_decay) * r->w[first + i];
        }
        double ratio = excluded ? 1 : norm_of(r->w + first, n) / norm_of(u, n);
        for (size_t i = 0; i < n; i++) r->w[first + i] -= rate.now * ratio * u[i];
    }
}
