/* SPDX-License-Identifier: BSD-3-Clause
 * The noise scale from sums of squares. */
#include "train/noise.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

#define PARTS         10  /* of a run, of which the newest is looked at, ... */
#define LEAST_UPDATES 5   /* ... if it has so many updates, ... */
#define GOOD_ERROR    0.2 /* ... and more of the run where the error is above this part */
#define SHORTER_ERROR 0.7 /* of the error, for which less of the run is looked at */

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

/* Of a stretch, by its scatter alone; NaN where |mu|^2 or S is not above 0. */
static struct cairn_noise_scale scale_of(const struct cairn_noise_sums *sums)
{
    const double n = sums->n;
    const double s = sums->noise / n;
    const double m = sums->signal / n;
    if (!(s > 0 && m > 0)) return none;
    double spread = (sums->noise2 / n - s * s) / (s * s) + (sums->signal2 / n - m * m) / (m * m) -
                    2 * (sums->both / n - s * m) / (s * m);
    return (struct cairn_noise_scale){
        .value = s / m,
        .error = n < 2 ? (double)NAN : s / m * sqrt(fmax(spread, 0) / (n - 1)),
        .n_updates = n,
    };
}

/* Of the newest n updates; what the scale has changed from the older half of them to the newer one,
 * beyond what scatter makes of it, counts as an error. */
static struct cairn_noise_scale scale_over(const struct cairn_noise_history *history, double n)
{
    const struct cairn_noise_sums all = newest(history, n);
    const struct cairn_noise_sums half = newest(history, all.n / 2);
    struct cairn_noise_sums rest = all;
    struct cairn_noise_scale scale = scale_of(&all);
    subtract(&rest, &half);
    const double drift = scale_of(&half).value - scale_of(&rest).value;
    const double scatter = scale.error * scale.error; /* each half's is twice that */
    const double excess = drift * drift - 4 * scatter;
    if (excess > 0) scale.error = sqrt(scatter + excess);
    return scale;
}

struct cairn_noise_scale cairn_noise_scale(const struct cairn_noise_history *history)
{
    const struct cairn_noise_sums all = newest(history, HUGE_VAL);
    const struct cairn_noise_sums half = newest(history, all.n / 2);
    /* how long it has to be is asked of half of the run: were it the shortest stretch that looks
     * good, it would be one whose signal is too large by chance */
    const struct cairn_noise_scale first = scale_of(&half);
    const double off = first.error / first.value / GOOD_ERROR;
    double n = fmax(LEAST_UPDATES, fmax(all.n / PARTS, half.n * off * off));
    if (isnan(off)) n = all.n;
    struct cairn_noise_scale best = scale_over(history, n);
    if (isnan(best.value)) best = scale_over(history, all.n);
    for (n = best.n_updates / 2; n >= LEAST_UPDATES; n /= 2) { /* where it drifts */
        const struct cairn_noise_scale shorter = scale_over(history, n);
        if (!(shorter.error < SHORTER_ERROR * best.error)) break;
        best = shorter;
    }
    return best;
}
