/* SPDX-License-Identifier: BSD-3-Clause
 * The noise scale from sums of squares. */
#include "train/noise.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

#define PARTS         10        /* of a run, of which the newest is looked at, ... */
#define LEAST_UPDATES 5         /* ... if it has so many updates, ... */
#define GOOD_ERROR    (1 / 6.0) /* ... and more where the scale would be off by above a fifth */
#define SHORTER_ERROR 0.7       /* of the error, for which less of the run is looked at */
#define MOST_PART     0.9       /* beyond it |mu|^2 may be 0, and the scale's error has no bound */

static const struct cairn_noise_scale none = {
    .value = (double)NAN, .error = (double)NAN, .n_updates = (double)NAN};

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

static void subtract(struct cairn_noise_sums *from, const struct cairn_noise_sums *less)
{
    from->n -= less->n;
    from->noise -= less->noise;
    from->signal -= less->signal;
    from->noise2 -= less->noise2;
    from->signal2 -= less->signal2;
    from->both -= less->both;
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

/* The newest updates, at least n of them where there are so many. */
static struct cairn_noise_sums newest(const struct cairn_noise_history *history, double n)
{
    struct cairn_noise_sums sums = {0};
    for (size_t i = (size_t)history->n_blocks; i-- > 0 && sums.n < n;)
        add(&sums, &history->block[i]);
    return sums;
}

/* |mu|^2 / S of a stretch, which scatters evenly around what it should be, as its inverse, the
 * noise scale, does not: that is small with a small error wherever |mu|^2 came out large by
 * chance. */
struct clearness {
    double value, error, n_updates;
};

/* By the scatter of the updates alone; NaN where S is not above 0. */
static struct clearness clearness_of(const struct cairn_noise_sums *sums)
{
    const double n = sums->n;
    const double s = sums->noise / n;
    const double m = sums->signal / n;
    const double value = s > 0 ? m / s : (double)NAN;
    const double spread = (sums->signal2 / n - m * m) - 2 * value * (sums->both / n - s * m) +
                          value * value * (sums->noise2 / n - s * s);
    return (struct clearness){
        .value = value,
        .error = n < 2 ? (double)NAN : sqrt(fmax(spread, 0) / (n - 1)) / s,
        .n_updates = n,
    };
}

/* Of the newest n updates; what it has changed from the older half of them to the newer one, beyond
 * what scatter makes of it, counts as an error: where it changes evenly by d from half to half, its
 * values along the stretch lie d / sqrt(3) from their mean, rms. */
static struct clearness clearness_over(const struct cairn_noise_history *history, double n)
{
    const struct cairn_noise_sums all = newest(history, n);
    const struct cairn_noise_sums half = newest(history, all.n / 2);
    struct cairn_noise_sums rest = all;
    struct clearness clear = clearness_of(&all);
    subtract(&rest, &half);
    const double drift = clearness_of(&half).value - clearness_of(&rest).value;
    const double scatter = clear.error * clear.error; /* each half's is twice that */
    const double excess = drift * drift - 4 * scatter;
    if (excess > 0) clear.error = sqrt(scatter + excess / 3);
    return clear;
}

/* The scale is the inverse, and its error that towards larger values, the larger one. */
static struct cairn_noise_scale scale_of(const struct clearness *clear)
{
    if (!(clear->value > 0)) return none;
    const double part = clear->error / clear->value;
    return (struct cairn_noise_scale){
        .value = 1 / clear->value,
        .error = part / (1 - fmin(part, MOST_PART)) / clear->value,
        .n_updates = clear->n_updates,
    };
}

struct cairn_noise_scale cairn_noise_scale(const struct cairn_noise_history *history)
{
    const struct cairn_noise_sums all = newest(history, HUGE_VAL);
    const struct cairn_noise_sums half = newest(history, all.n / 2);
    /* how long it has to be is asked of half of the run: were it the shortest stretch that looks
     * good, it would be one whose signal is too large by chance */
    const struct clearness first = clearness_of(&half);
    const double off = first.error / first.value / GOOD_ERROR;
    double n = fmax(LEAST_UPDATES, fmax(all.n / PARTS, half.n * off * off));
    if (!(off >= 0)) n = all.n;
    struct clearness best = clearness_over(history, n);
    if (!(best.value > 0)) best = clearness_over(history, all.n);
    for (n = best.n_updates / 2; n >= LEAST_UPDATES; n /= 2) { /* where it drifts */
        const struct clearness shorter = clearness_over(history, n);
        if (!(shorter.value > 0 && shorter.error < SHORTER_ERROR * best.error)) break;
        best = shorter;
    }
    return scale_of(&best);
}
