/* SPDX-License-Identifier: BSD-3-Clause
 * The noise scale from sums of squares. */
#include "train/noise.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

#define PARTS         10  /* of a run, of which the newest is looked at, ... */
#define LEAST_UPDATES 5   /* ... if it has so many updates, ... */
#define GOOD_ERROR    0.2 /* ... and more of the run where the error is above this part */

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

static void add(struct cairn_noise_sums *to, const struct cairn_noise_sums *more)
{
    to->n += more->n;
    to->noise += more->noise;
    to->signal += more->signal;
    to->noise2 += more->noise2;
    to->signal2 += more->signal2;
    to->both += more->both;
}

/* Two blocks become one, twice as long. */
static void halve(struct cairn_noise_history *history)
{
    for (size_t i = 0; i < CAIRN_NOISE_BLOCKS / 2; i++) {
        struct cairn_noise_sums two = history->block[2 * i];
        add(&two, &history->block[2 * i + 1]);
        history->block[i] = two;
    }
    history->n_blocks = CAIRN_NOISE_BLOCKS / 2;
    history->length *= 2;
}

void cairn_noise_add(struct cairn_noise_history *history, const struct cairn_noise_squares *update)
{
    double noise, signal;
    if (!solve(update, &noise, &signal)) return;
    const struct cairn_noise_sums one = {.n = 1,
                                         .noise = noise,
                                         .signal = signal,
                                         .noise2 = noise * noise,
                                         .signal2 = signal * signal,
                                         .both = noise * signal};
    if (history->length == 0) history->length = 1;
    size_t last = (size_t)history->n_blocks;
    if (last > 0 && history->block[last - 1].n < history->length) {
        add(&history->block[last - 1], &one);
        return;
    }
    if (last == CAIRN_NOISE_BLOCKS) {
        halve(history);
        last = CAIRN_NOISE_BLOCKS / 2;
    }
    history->block[last] = one;
    history->n_blocks++;
}

/* Of a stretch; NaN where |mu|^2 or S is not above 0. */
static struct cairn_noise_scale scale_of(const struct cairn_noise_sums *sums)
{
    const double n = sums->n;
    const double s = sums->noise / n;
    const double m = sums->signal / n;
    struct cairn_noise_scale out = {
        .value = (double)NAN, .error = (double)NAN, .n_updates = (double)NAN};
    if (!(s > 0 && m > 0)) return out;
    out.value = s / m;
    out.n_updates = n;
    if (n < 2) return out;
    double spread = (sums->noise2 / n - s * s) / (s * s) + (sums->signal2 / n - m * m) / (m * m) -
                    2 * (sums->both / n - s * m) / (s * m);
    out.error = out.value * sqrt(fmax(spread, 0) / (n - 1));
    return out;
}

struct cairn_noise_scale cairn_noise_scale(const struct cairn_noise_history *history)
{
    struct cairn_noise_scale best = {
        .value = (double)NAN, .error = (double)NAN, .n_updates = (double)NAN};
    struct cairn_noise_sums sums = {0};
    double all = 0;
    const size_t n_blocks = (size_t)history->n_blocks;
    for (size_t i = 0; i < n_blocks; i++) all += history->block[i].n;
    const double fewest = fmax(LEAST_UPDATES, all / PARTS);
    for (size_t i = n_blocks; i-- > 0;) {
        add(&sums, &history->block[i]);
        if (sums.n < fewest && i > 0) continue;
        struct cairn_noise_scale here = scale_of(&sums);
        if (isnan(here.value)) continue;
        best = here;
        if (here.error <= GOOD_ERROR * here.value) break;
    }
    return best;
}
