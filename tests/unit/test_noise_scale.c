/* SPDX-License-Identifier: BSD-3-Clause
 * The noise scale from made-up squares, whose S and |mu|^2 are known. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/random.h"
#include "train/noise.h"

enum { DIMENSIONS = 16, UNITS = 4, SAMPLES = 32, RUNS = 200, UPDATES = 1000 };

static const double SIGNAL = 0.5, NOISE = 24; /* |mu|^2 and S: a scale of 48 samples */

/* Two numbers with the normal distribution. */
static void normal(uint64_t run, uint64_t n, double out[2])
{
    uint32_t bits[4];
    cairn_random_block(7, run, n, bits); /* any stream will do */
    double radius = sqrt(-2 * log(1 - (double)cairn_random_unit(bits[0])));
    double angle = 6.283185307179586 * (double)cairn_random_unit(bits[1]);
    out[0] = radius * cos(angle);
    out[1] = radius * sin(angle);
}

/* An update of equal units: their mean gradients scatter around mu by S / n_a. */
static struct cairn_noise_squares made_up(uint64_t run, uint64_t update, size_t n_known)
{
    const double n_a = (double)SAMPLES / UNITS;
    struct cairn_noise_squares out = {
        .n_units = (double)n_known, .unit_samples = n_a * (double)n_known, .n_samples = SAMPLES};
    for (size_t i = 0; i < DIMENSIONS; i++) {
        double whole = 0;
        for (size_t a = 0; a < UNITS; a += 2) {
            double two[2];
            normal(run, (update * DIMENSIONS + i) * UNITS / 2 + a / 2, two);
            for (size_t k = 0; k < 2; k++) {
                double g = sqrt(SIGNAL / DIMENSIONS) + sqrt(NOISE / n_a / DIMENSIONS) * two[k];
                whole += g / UNITS;
                if (a + k < n_known) out.units += n_a * g * g;
            }
        }
        out.whole += SAMPLES * whole * whole;
    }
    return out;
}

/* Scale and error at the end of a run. */
static struct cairn_noise_scale after(uint64_t run, size_t n_known)
{
    struct cairn_noise_history history = {0};
    for (uint64_t u = 0; u < UPDATES; u++) {
        struct cairn_noise_squares update = made_up(run, u, n_known);
        cairn_noise_add(&history, &update);
    }
    return cairn_noise_scale(&history);
}

static int rising(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The mean of the runs is right, and they scatter as the standard errors say. */
static void scatter(size_t n_known, double bias, double *median_error)
{
    double sum = 0, squares = 0, error[RUNS];
    for (uint64_t run = 0; run < RUNS; run++) {
        struct cairn_noise_scale scale = after(run, n_known);
        sum += scale.value / RUNS;
        squares += scale.value * scale.value / RUNS;
        error[run] = scale.error;
    }
    qsort(error, RUNS, sizeof error[0], rising);
    *median_error = error[RUNS / 2];
    double spread = sqrt(squares - sum * sum);
    if (fabs(sum / (NOISE / SIGNAL) - 1) > bias) fail_msg("a mean scale of %g", sum);
    /* a spread of 200 runs is known to 5 %, and the error is itself an estimate */
    if (fabs(*median_error / spread - 1) > 0.2)
        fail_msg("runs scatter by %g, their errors say %g", spread, *median_error);
}

static void all_units(void **state)
{
    double error;
    (void)state;
    scatter(UNITS, 0.02, &error); /* the ratio of two means is a little too large */
}

/* Short runs, whose error is a fifth and more: that of the scale is not even, and one that came out
 * small must not say that it is sure. */
static void two_errors_hold_what_they_should(void **state)
{
    enum { SHORT = 40, MANY = 2000 };
    size_t n = 0, n_within = 0;
    (void)state;
    for (uint64_t run = 0; run < MANY; run++) {
        struct cairn_noise_history history = {0};
        for (uint64_t u = 0; u < SHORT; u++) {
            struct cairn_noise_squares update = made_up(run, u, UNITS);
            cairn_noise_add(&history, &update);
        }
        struct cairn_noise_scale scale = cairn_noise_scale(&history);
        if (isnan(scale.value)) continue;
        n++;
        n_within += fabs(scale.value - NOISE / SIGNAL) <= 2 * scale.error;
    }
    if ((double)n_within < 0.94 * (double)n) fail_msg("%zu of %zu", n_within, n);
    assert_true((double)n > 0.99 * MANY);
}

/* Half of the samples as one unit, as of one rank alone: right, with a larger error. */
static void half_is_a_unit(void **state)
{
    double error, of_all;
    (void)state;
    scatter(UNITS, 0.02, &of_all);
    scatter(1, 0.05, &error);
    assert_true(error > of_all);
}

/* One micro-batch in all tells nothing: no number, rather than 0. */
static void one_unit_is_all(void **state)
{
    const struct cairn_noise_squares alone = {
        .units = 3, .whole = 3, .n_units = 1, .unit_samples = 16, .n_samples = 16};
    struct cairn_noise_history history = {0};
    (void)state;
    cairn_noise_add(&history, &alone);
    assert_true(history.n_blocks == 0);
    assert_true(isnan(cairn_noise_scale(&history).value));
}

/* An update of which S and |mu|^2 come out as these. */
static struct cairn_noise_squares known(double noise, double signal)
{
    return (struct cairn_noise_squares){.units = 32 * signal + 4 * noise,
                                        .whole = 32 * signal + noise,
                                        .n_units = 4,
                                        .unit_samples = 32,
                                        .n_samples = 32};
}

/* A run whose scale falls by a step is told from the part behind it, divided once, and the stretch
 * is said. */
static void the_last_tenth_counts(void **state)
{
    (void)state;
    for (uint64_t n = 1; n <= 3000; n++) {
        struct cairn_noise_history history = {0};
        struct cairn_noise_scale scale = {0};
        if (n > 30 && n % 97 != 0) continue;
        for (uint64_t u = 1; u <= n; u++) {
            double jitter = u % 2 == 0 ? 1.1 : 0.9;
            struct cairn_noise_squares update = known(u * 5 < n * 4 ? 1e6 : 30 * jitter, jitter);
            cairn_noise_add(&history, &update);
        }
        scale = cairn_noise_scale(&history);
        assert_true(scale.n_updates >= fmin(5, (double)n));
        if (n <= 30) continue;
        assert_true(scale.n_updates <= 0.2 * (double)n);
        assert_true(fabs(scale.value - 30) < 1e-9);
    }
}

/* More of the run is taken where its last tenth alone would be too uncertain. */
static void longer_where_it_scatters(void **state)
{
    struct cairn_noise_history history = {0};
    (void)state;
    for (uint64_t u = 0; u < 2000; u++) {
        struct cairn_noise_squares update = known(30, u % 2 == 0 ? 9 : -7);
        cairn_noise_add(&history, &update);
    }
    struct cairn_noise_scale scale = cairn_noise_scale(&history);
    assert_true(scale.n_updates > 1000 && scale.error < 0.25 * scale.value);
    assert_true(fabs(scale.value - 30) < 1e-9);
}

/* Equal units give McCandlish's form for a small and a large batch. */
static void two_batch_form(void **state)
{
    const double small = 8, large = 32, of_small = 3.5, of_large = 1.25; /* sizes and |g|^2 */
    const struct cairn_noise_squares update = {.units = 4 * small * of_small,
                                               .whole = large * of_large,
                                               .n_units = 4,
                                               .unit_samples = large,
                                               .n_samples = large};
    struct cairn_noise_history history = {0};
    (void)state;
    cairn_noise_add(&history, &update);
    double signal = (large * of_large - small * of_small) / (large - small);
    double noise = (of_small - of_large) / (1 / small - 1 / large);
    assert_true(fabs(history.block[0].signal / signal - 1) < 1e-12);
    assert_true(fabs(history.block[0].noise / noise - 1) < 1e-12);
}

/* What is not a number, or tells of no signal, gives none. */
static void no_number(void **state)
{
    struct cairn_noise_history history = {0};
    struct cairn_noise_squares update = {
        .units = INFINITY, .whole = 1, .n_units = 2, .unit_samples = 4, .n_samples = 4};
    (void)state;
    cairn_noise_add(&history, &update);
    assert_true(history.n_blocks == 0);
    update.units = 8; /* S = 7, |mu|^2 = -1.5 */
    cairn_noise_add(&history, &update);
    assert_true(history.n_blocks == 1 && history.block[0].signal < 0);
    assert_true(isnan(cairn_noise_scale(&history).value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_units),
        cmocka_unit_test(two_errors_hold_what_they_should),
        cmocka_unit_test(half_is_a_unit),
        cmocka_unit_test(one_unit_is_all),
        cmocka_unit_test(two_batch_form),
        cmocka_unit_test(the_last_tenth_counts),
        cmocka_unit_test(longer_where_it_scatters),
        cmocka_unit_test(no_number),
    };
    return cmocka_run_group_tests_name("noise_scale", tests, NULL, NULL);
}
