/* SPDX-License-Identifier: BSD-3-Clause
 * The formulas of the optimizers in double. */
#include "support/optim.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/parts.h"

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

struct tried tried(const struct cairn_optim_kind *kind, const char *keys)
{
    struct cairn_node *own = NULL;
    if (cairn_yaml_value(keys, "test", &own) != CAIRN_OK) fail_msg("%s", cairn_error_text());
    const struct cairn_node *decay = cairn_node_find(own, "weight_decay");
    const struct cairn_node *exclude = cairn_node_find(own, "exclude_1d");
    return (struct tried){
        .kind = kind,
        .options = {.weight_decay = decay == NULL ? 0 : strtod(decay->text, NULL),
                    .exclude_1d = exclude != NULL && strcmp(exclude->text, "true") == 0,
                    .own = own},
    };
}

struct tried tried_named(const char *name, const char *keys)
{
    const struct cairn_optim_kind *kind = NULL;
    if (cairn_optim_find(name, &kind) != CAIRN_OK) fail_msg("%s", cairn_error_text());
    return tried(kind, keys);
}

void tried_free(struct tried *o)
{
    union {
        const struct cairn_node *borrowed;
        struct cairn_node *owned;
    } own = {o->options.own};
    cairn_node_free(own.owned);
}

double value_of(const struct tried *o, const char *key)
{
    char name[64], buffer[CAIRN_KEY_TEXT_BYTES];
    const char *text = NULL;
    const struct cairn_key *found = NULL;
    snprintf(name, sizeof name, "optim.%s", key);
    for (size_t i = 0; i < o->kind->n_keys; i++)
        if (strcmp(o->kind->keys[i].name, name) == 0) found = &o->kind->keys[i];
    if (found == NULL) fail_msg("%s has no key %s", o->kind->name, name);
    if (cairn_key_value(found, cairn_node_find(o->options.own, key), buffer, &text) != CAIRN_OK)
        fail_msg("%s", cairn_error_text());
    return strcmp(text, "true") == 0 ? 1 : strtod(text, NULL);
}

static void reference_sgd(struct reference *r, const real *g, const struct tried *o,
                          struct cairn_rate rate, int t)
{
    double momentum = value_of(o, "momentum");
    double dampening = value_of(o, "dampening");
    bool nesterov = value_of(o, "nesterov") != 0;
    for (int i = 0; i < N; i++) {
        double d = (double)g[i] + o->options.weight_decay * r->w[i];
        if (momentum != 0) {
            r->m[i] = t == 1 ? d : momentum * r->m[i] + (1 - dampening) * d;
            d = nesterov ? d + momentum * r->m[i] : r->m[i];
        }
        r->w[i] -= rate.now * d;
    }
}

static void reference_adam_step(struct reference *r, int i, double d, const struct tried *o,
                                struct cairn_rate rate, int t)
{
    double beta1 = value_of(o, "beta1");
    double beta2 = value_of(o, "beta2");
    double eps = value_of(o, "eps");
    r->m[i] = beta1 * r->m[i] + (1 - beta1) * d;
    r->v[i] = beta2 * r->v[i] + (1 - beta2) * d * d;
    double m_hat = r->m[i] / (1 - pow(beta1, t));
    double v_hat = r->v[i] / (1 - pow(beta2, t));
    r->w[i] -= rate.now * m_hat / (sqrt(v_hat) + eps);
}

static void reference_adam(struct reference *r, const real *g, const struct tried *o,
                           struct cairn_rate rate, int t)
{
    for (int i = 0; i < N; i++)
        reference_adam_step(r, i, (double)g[i] + o->options.weight_decay * r->w[i], o, rate, t);
}

static void reference_adamw(struct reference *r, const real *g, const struct tried *o,
                            struct cairn_rate rate, int t)
{
    for (int i = 0; i < N; i++) {
        r->w[i] *= 1 - rate.now * o->options.weight_decay;
        reference_adam_step(r, i, (double)g[i], o, rate, t);
    }
}

static void reference_rmsprop(struct reference *r, const real *g, const struct tried *o,
                              struct cairn_rate rate, int t)
{
    double alpha = value_of(o, "alpha");
    double eps = value_of(o, "eps");
    double momentum = value_of(o, "momentum");
    bool centered = value_of(o, "centered") != 0;
    (void)t;
    for (int i = 0; i < N; i++) {
        double d = (double)g[i] + o->options.weight_decay * r->w[i];
        r->v[i] = alpha * r->v[i] + (1 - alpha) * d * d;
        r->mean[i] = alpha * r->mean[i] + (1 - alpha) * d;
        double variance = r->v[i] - (centered ? r->mean[i] * r->mean[i] : 0);
        r->m[i] = momentum * r->m[i] + d / (sqrt(variance) + eps);
        r->w[i] -= rate.now * r->m[i];
    }
}

static double norm_of(const double *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += x[i] * x[i];
    return sqrt(sum);
}

static void reference_lars(struct reference *r, const real *g, const struct tried *o,
                           struct cairn_rate rate, int t)
{
    double momentum = value_of(o, "momentum");
    double trust_coefficient = value_of(o, "trust_coefficient");
    double eps = value_of(o, "eps");
    bool corrects = value_of(o, "momentum_correction") != 0 && t > 1;
    double kept = corrects ? momentum * rate.now / rate.before : momentum;
    for (int k = 0; k < N_TENSORS; k++) {
        size_t first = two_tensors.item[k].offset, n = two_tensors.item[k].count;
        double d[N];
        for (size_t i = 0; i < n; i++) d[i] = (double)g[first + i];
        bool excluded = o->options.exclude_1d && two_tensors.item[k].shape.ndim == 1;
        double decay = excluded ? 0 : o->options.weight_decay;
        double w = norm_of(r->w + first, n);
        double ratio = trust_coefficient * w / (norm_of(d, n) + decay * w + eps);
        if (excluded) ratio = 1;
        for (size_t i = 0; i < n; i++) {
            d[i] += decay * r->w[first + i];
            r->m[first + i] = kept * r->m[first + i] + rate.now * ratio * d[i];
            r->w[first + i] -= r->m[first + i];
        }
    }
}

static void reference_lamb(struct reference *r, const real *g, const struct tried *o,
                           struct cairn_rate rate, int t)
{
    double beta1 = value_of(o, "beta1");
    double beta2 = value_of(o, "beta2");
    double eps = value_of(o, "eps");
    bool bias_correction = value_of(o, "bias_correction") != 0;
    for (int k = 0; k < N_TENSORS; k++) {
        size_t first = two_tensors.item[k].offset, n = two_tensors.item[k].count;
        bool excluded = o->options.exclude_1d && two_tensors.item[k].shape.ndim == 1;
        double m_start = bias_correction ? 1 - pow(beta1, t) : 1;
        double v_start = bias_correction ? 1 - pow(beta2, t) : 1;
        double u[N];
        for (size_t i = 0; i < n; i++) {
            double *m = &r->m[first + i], *v = &r->v[first + i], d = (double)g[first + i];
            *m = beta1 * *m + (1 - beta1) * d;
            *v = beta2 * *v + (1 - beta2) * d * d;
            u[i] = *m / m_start / (sqrt(*v / v_start) + eps);
            u[i] += (excluded ? 0 : o->options.weight_decay) * r->w[first + i];
        }
        double ratio = excluded ? 1 : norm_of(r->w + first, n) / norm_of(u, n);
        for (size_t i = 0; i < n; i++) r->w[first + i] -= rate.now * ratio * u[i];
    }
}

static const struct formula formulas[] = {
    {"sgd",
     reference_sgd,
     {"{}", "{weight_decay: 0.01}", "{momentum: 0.9, dampening: 0.3, weight_decay: 0.01}",
      "{momentum: 0.9, weight_decay: 0.01, nesterov: true}", "{momentum: 0.9}"}},
    {"adam", reference_adam, {"{beta1: 0.8, beta2: 0.9, eps: 1e-3, weight_decay: 0.1}", "{}"}},
    {"adamw", reference_adamw, {"{beta1: 0.8, beta2: 0.9, eps: 1e-3, weight_decay: 0.1}", "{}"}},
    {"rmsprop",
     reference_rmsprop,
     {"{}", "{alpha: 0.9, eps: 1e-3, weight_decay: 0.1, momentum: 0.5}",
      "{alpha: 0.9, eps: 1e-2, centered: true}",
      "{alpha: 0.9, eps: 1e-2, momentum: 0.5, centered: true}"}},
    {"lars",
     reference_lars,
     {"{}", "{trust_coefficient: 2, momentum: 0.9, weight_decay: 0.1, eps: 0.1}",
      "{trust_coefficient: 2, momentum: 0.9, weight_decay: 0.1, eps: 0, exclude_1d: true}",
      "{trust_coefficient: 0.5, momentum: 0.9, momentum_correction: true, eps: 0}"}},
    {"lamb",
     reference_lamb,
     {"{beta1: 0.8, beta2: 0.9, eps: 1e-3, bias_correction: false, weight_decay: 0.1}",
      "{beta1: 0.8, beta2: 0.9, eps: 1e-3, bias_correction: false, weight_decay: 0.1, "
      "exclude_1d: true}",
      "{}"}},
};

const struct formula *formula_of(const struct cairn_optim_kind *kind)
{
    for (size_t i = 0; i < sizeof formulas / sizeof formulas[0]; i++)
        if (strcmp(formulas[i].name, kind->name) == 0) return &formulas[i];
    fail_msg("%s is registered, but has no formula in tests/support/optim.c", kind->name);
    return NULL;
}
