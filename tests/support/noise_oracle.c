/* SPDX-License-Identifier: BSD-3-Clause
 * The exact noise scale of a small perceptron. */
#include "support/noise_oracle.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "train/trainer.h"

enum { W1 = 0, B1 = N_IN * HIDDEN, W2 = B1 + HIDDEN, B2 = W2 + HIDDEN * N_OUT, ALL = B2 + N_OUT };

cairn_trainer *noise_oracle_open(cairn_comm *comm, const char *const keys[][2], size_t n)
{
    cairn_options *options = NULL;
    cairn_trainer *trainer = NULL;
    cairn_status st = cairn_options_create(&options);
    for (size_t i = 0; i < n && st == CAIRN_OK; i++)
        st = cairn_options_set(options, keys[i][0], keys[i][1]);
    if (st == CAIRN_OK) st = cairn_trainer_open(options, comm, &trainer);
    cairn_options_free(options);
    return st == CAIRN_OK ? trainer : NULL;
}
static double squares(const double *x, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++) sum += x[i] * x[i];
    return sum;
}

/* w x + b: w is [n_out, n_in] */
static void affine(const real *w, const real *b, const double *x, int n_in, int n_out, double *y)
{
    for (int o = 0; o < n_out; o++) {
        y[o] = (double)b[o];
        for (int i = 0; i < n_in; i++) y[o] += (double)w[o * n_in + i] * x[i];
    }
}

/* Add delta input^T and delta to a layer's part of the summed gradient. */
static void add_outer(const double *delta, const double *x, int n_in, int n_out, double *g)
{
    for (int o = 0; o < n_out; o++)
        for (int i = 0; i < n_in; i++) g[o * n_in + i] += delta[o] * x[i];
    for (int o = 0; o < n_out; o++) g[n_in * n_out + o] += delta[o];
}

/* |g_i|^2 of one sample; its gradient is added to g [ALL]. */
static double sample_gradient(const real *w, const double *x, int label, double *g)
{
    double z[HIDDEN], h[HIDDEN], p[N_OUT], d1[HIDDEN];
    double sum = 0;
    affine(w + W1, w + B1, x, N_IN, HIDDEN, z);
    for (int k = 0; k < HIDDEN; k++) h[k] = fmax(z[k], 0);
    affine(w + W2, w + B2, h, HIDDEN, N_OUT, p);
    for (int o = 0; o < N_OUT; o++) sum += exp(p[o]);
    for (int o = 0; o < N_OUT; o++) p[o] = exp(p[o]) / sum - (o == label); /* delta */
    for (int k = 0; k < HIDDEN; k++) {
        d1[k] = 0;
        for (int o = 0; o < N_OUT; o++) d1[k] += (double)w[W2 + o * HIDDEN + k] * p[o];
        if (z[k] <= 0) d1[k] = 0;
    }
    add_outer(d1, x, N_IN, HIDDEN, g + W1);
    add_outer(p, h, HIDDEN, N_OUT, g + W2);
    return squares(p, N_OUT) * (squares(h, HIDDEN) + 1) +
           squares(d1, HIDDEN) * (squares(x, N_IN) + 1);
}

/* Updates draw without replacement from n samples, so what they tell of |mu|^2 is that of endless
 * data of which these n are a sample: |mean|^2 - S / n. */
bool noise_oracle_ask(cairn_trainer *t, struct oracle *out)
{
    static double g[ALL];
    struct cairn_loader *loader = t->parts.loader[CAIRN_SPLIT_TRAIN];
    size_t n = (size_t)t->parts.rule.n_samples;
    double all = 0;
    memset(g, 0, sizeof g);
    const size_t b = (size_t)t->parts.rule.micro;
    for (size_t done = 0; done < n; done += b) {
        struct cairn_micro micro;
        size_t here = n - done < b ? n - done : b;
        if (cairn_loader_read(loader, done, here, &micro) != CAIRN_OK) return false;
        for (size_t i = 0; i < here; i++) {
            double x[N_IN];
            for (int k = 0; k < N_IN; k++) x[k] = (double)micro.x[i * N_IN + (size_t)k];
            all += sample_gradient(t->w, x, (int)micro.label[i], g);
        }
    }
    double mean2 = squares(g, ALL) / (double)n / (double)n;
    out->noise = (all - (double)n * mean2) / (double)(n - 1);
    out->signal = mean2 - out->noise / (double)n;
    return true;
}
