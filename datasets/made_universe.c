/* SPDX-License-Identifier: BSD-3-Clause
 * Data of cosmoflow-mini: made-up universes, in the manner of CosmoFlow's: matter in a periodic box
 * at four times, and the four numbers that it was made with, each from -1 to 1.  All follow from
 * the sample's number, so the same files are made each time.
 *
 *   p[0]  how much matter there is: 2 to 8 in a cell
 *   p[1]  how far the logarithm of the density strays: by 0.35 to 1.05
 *   p[2]  how much of that is coarse, how much fine
 *   p[3]  how fast it grows: what it was at the times before
 *
 * Stored is 32 log(1 + count), which fits in a byte; attributes make it log(1 + count) - 1.5. */
#include <hdf5.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "made.h"

enum {
    SIDE = 32,
    CELLS = SIDE * SIDE * SIDE,
    TIMES = 4,
    NUMBERS = 4,
    FINE = 1,
    COARSE = 6,
    TRAIN = 256,
    TEST = 64
};

/* Mean 0 and deviation 1. */
static void standardise(double *field)
{
    double mean = 0;
    double square = 0;
    for (size_t i = 0; i < CELLS; i++) mean += field[i] / CELLS;
    for (size_t i = 0; i < CELLS; i++) square += (field[i] - mean) * (field[i] - mean) / CELLS;
    for (size_t i = 0; i < CELLS; i++) field[i] = (field[i] - mean) / sqrt(square);
}

static void draw(uint64_t *state, int times, double *field, double *line)
{
    for (size_t i = 0; i < CELLS; i++) field[i] = next_normal(state);
    for (int t = 0; t < times; t++)
        for (size_t step = 1; step < CELLS; step *= SIDE) blur(field, CELLS, SIDE, step, line);
    standardise(field);
}

/* Of a cell in which so much is expected. */
static uint8_t stored(double expected, double unit)
{
    const double value = round(32 * log1p(floor(expected + unit)));
    return (uint8_t)fmin(value, UINT8_MAX);
}

/* x: [TIMES, SIDE, SIDE, SIDE], y: [NUMBERS]; work: two fields and a line. */
static void make(uint64_t sample, double *work, uint8_t *x, float *y)
{
    double *fine = work, *coarse = work + CELLS, *line = work + 2 * CELLS;
    uint64_t state = sample * 0xd1342543de82ef95U + 1;
    double p[NUMBERS];
    for (size_t k = 0; k < NUMBERS; k++) {
        p[k] = 2 * next_unit(&state) - 1;
        y[k] = (float)p[k];
    }
    draw(&state, FINE, fine, line);
    draw(&state, COARSE, coarse, line);
    for (size_t t = 0; t < TIMES; t++) {
        const double strays = (0.7 + 0.35 * p[1]) * exp(-(0.35 + 0.3 * p[3]) * (double)t);
        for (size_t i = 0; i < CELLS; i++) {
            const double apart = sqrt((1 - p[2]) / 2) * fine[i] + sqrt((1 + p[2]) / 2) * coarse[i];
            const double expected = 4 * exp2(p[0]) * exp(strays * apart - strays * strays / 2);
            x[t * CELLS + i] = stored(expected, next_unit(&state));
        }
    }
}

/* n universes from number `first` on. */
static void write_group(hid_t file, const char *name, size_t first, size_t n)
{
    uint8_t *x = malloc(n * TIMES * CELLS);
    float *y = malloc(n * NUMBERS * sizeof *y);
    double *work = malloc((2 * CELLS + SIDE) * sizeof *work);
    if (x == NULL || y == NULL || work == NULL) stop("no memory");
    for (size_t i = 0; i < n; i++) make(first + i, work, x + i * TIMES * CELLS, y + i * NUMBERS);
    hid_t group = H5Gcreate2(file, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    hid_t id = write_rows(group, "x", 5, (hsize_t[]){n, TIMES, SIDE, SIDE, SIDE}, x);
    write_number(id, "scale", 1.0 / 32);
    write_number(id, "shift", -1.5);
    H5Dclose(id);
    H5Dclose(write_rows(group, "y", 2, (hsize_t[]){n, NUMBERS}, y));
    H5Gclose(group);
    free(work);
    free(y);
    free(x);
}

void write_universes(hid_t file)
{
    write_text(file, "title",
               "Made-up universes at four times, and the numbers they were made with");
    write_text(file, "source", "made by datasets/make cosmoflow-mini");
    write_group(file, "train", 0, TRAIN);
    write_group(file, "test", TRAIN, TEST);
}
