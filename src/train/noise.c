/* SPDX-License-Identifier: BSD-3-Clause
 * The noise scale from sums of squares. */
#include "train/noise.h"

#include <math.h>
#include <stdbool.h>

/* S and |mu|^2 of one update, each without bias; false: it tells nothing. */
static bool solve(const struct cairn_noise_squares *update, double *noise, double *signal)
{
    double determinant = update->n_samples * update->n_units - update->unit_samples;
    if (!(determinant > 0)) return false;
    *noise =
        (update->n_samples * update->units - update->unit_samples * update->whole) / determinant;
    *signal = (update->n_units * update->whole - update->units) / determinant;
    return isfinite(*noise) && isfinite(*signal);
}

static void move(double *average, double value, double weight)
{
    *average += weight * (value - *average);
}

void cairn_noise_add(struct cairn_noise_average *average, const struct cairn_noise_squares *update)
{
    double noise, signal;
    if (!solve(update, &noise, &signal)) return;
    average->n++;
    double weight = 1 / fmin(average->n, CAIRN_NOISE_MEMORY);
    move(&average->noise, noise, weight);
    move(&average->signal, signal, weight);
    move(&average->noise2, noise * noise, weight);
    move(&average->signal2, signal * signal, weight);
    move(&average->both, noise * signal, weight);
    average->weights2 = (1 - weight) * (1 - weight) * average->weights2 + weight * weight;
}

struct cairn_noise_scale cairn_noise_scale(const struct cairn_noise_average *average)
{
    struct cairn_noise_scale none = {.value = (double)NAN, .error = (double)NAN};
    double s = average->noise;
    double m = average->signal;
    if (!(s > 0 && m > 0)) return none;
    struct cairn_noise_scale out = {.value = s / m, .error = (double)NAN};
    if (average->n < 2) return out;
    /* of the averages: variance of an update, freed of its bias, times the squares of the weights
     */
    double of_mean = average->weights2 / (1 - average->weights2);
    double spread = (average->noise2 - s * s) / (s * s) + (average->signal2 - m * m) / (m * m) -
                    2 * (average->both - s * m) / (s * m);
    out.error = out.value * sqrt(fmax(spread * of_mean, 0));
    return out;
}
