/* SPDX-License-Identifier: BSD-3-Clause
 * Made-up universes for layouts.c, in the manner of CosmoFlow's: matter in a periodic box at four
 * times, and the four numbers that it was made with, each from -1 to 1.  All follow from the
 * sample's number, so the same files are made each time.
 *
 *   p[0]  how much matter there is: 2 to 8 in a cell
 *   p[1]  how far the logarithm of the density strays: by 0.35 to 1.05
 *   p[2]  how much of that is coarse, how much fine
 *   p[3]  how fast it grows: what it was at the times before
 *
 * Stored is 32 log(1 + count), which fits in a byte; attributes make it log(1 + count) - 1.5. */
#include <hdf5.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "layouts.h"

enum { TIMES = 4, NUMBERS = 4, FINE = 1, COARSE = 6 };

/* Steele, Lea and Flood 2014: splitmix64. */
static uint64_t next_bits(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15U;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
    z = (z ^ z >> 27) * 0x94d049bb133111ebU;
    return z ^ z >> 31;
}

static double next_unit(uint64_t *state)
{
    return (double)(next_bits(state) >> 11) * 0x1p-53;
}

/* Nearly normal: the sum of four even ones. */
static double next_normal(uint64_t *state)
{
    const uint64_t bits = next_bits(state);
    double sum = -2;
    for (unsigned shift = 0; shift < 64; shift += 16)
        sum += (double)(bits >> shift & 0xffff) * 0x1p-16;
    return sum * sqrt(3);
}

/* Each cell becomes the mean of itself, twice, and its two neighbours along an axis. */
static void blur(double *field, size_t side, size_t step, double *line)
{
    const size_t n = side * side * side;
    for (size_t from = 0; from < n; from++) {
        if (from / step % side != 0) continue; /* a line along the axis begins here */
        for (size_t i = 0; i < side; i++) line[i] = field[from + i * step];
        for (size_t i = 0; i < side; i++)
            field[from + i * step] =
                (line[(i + side - 1) % side] + 2 * line[i] + line[(i + 1) % side]) / 4;
    }
}

/* Mean 0 and deviation 1. */
static void standardise(double *field, size_t n)
{
    double mean = 0;
    double square = 0;
    for (size_t i = 0; i < n; i++) mean += field[i] / (double)n;
    for (size_t i = 0; i < n; i++) square += (field[i] - mean) * (field[i] - mean) / (double)n;
    for (size_t i = 0; i < n; i++) field[i] = (field[i] - mean) / sqrt(square);
}

static void draw(uint64_t *state, size_t side, int times, double *field, double *line)
{
    const size_t n = side * side * side;
    for (size_t i = 0; i < n; i++) field[i] = next_normal(state);
    for (int t = 0; t < times; t++)
        for (size_t step = 1; step < n; step *= side) blur(field, side, step, line);
    standardise(field, n);
}

/* Of a cell in which so much is expected. */
static uint8_t stored(double expected, double unit)
{
    const double value = round(32 * log1p(floor(expected + unit)));
    return (uint8_t)fmin(value, UINT8_MAX);
}

/* x: [TIMES, side, side, side], y: [NUMBERS]. */
static void make(uint64_t sample, size_t side, double *work, uint8_t *x, float *y)
{
    const size_t n = side * side * side;
    double *fine = work, *coarse = work + n, *line = work + 2 * n;
    uint64_t state = sample * 0xd1342543de82ef95U + 1;
    double p[NUMBERS];
    for (size_t k = 0; k < NUMBERS; k++) {
        p[k] = 2 * next_unit(&state) - 1;
        y[k] = (float)p[k];
    }
    draw(&state, side, FINE, fine, line);
    draw(&state, side, COARSE, coarse, line);
    for (size_t t = 0; t < TIMES; t++) {
        const double strays = (0.7 + 0.35 * p[1]) * exp(-(0.35 + 0.3 * p[3]) * (double)t);
        for (size_t i = 0; i < n; i++) {
            const double apart = sqrt((1 - p[2]) / 2) * fine[i] + sqrt((1 + p[2]) / 2) * coarse[i];
            const double expected = 4 * exp2(p[0]) * exp(strays * apart - strays * strays / 2);
            x[t * n + i] = stored(expected, next_unit(&state));
        }
    }
}

static void attribute(hid_t at, const char *name, double value)
{
    hid_t space = H5Screate(H5S_SCALAR);
    hid_t id = H5Acreate2(at, name, H5T_IEEE_F64LE, space, H5P_DEFAULT, H5P_DEFAULT);
    H5Awrite(id, H5T_NATIVE_DOUBLE, &value);
    H5Aclose(id);
    H5Sclose(space);
}

static void write_rows(hid_t group, const char *name, hid_t type, hid_t native,
                       const struct universes *of, int ndim, const void *rows)
{
    const hsize_t dim[5] = {of->n, ndim == 2 ? NUMBERS : TIMES, of->side, of->side, of->side};
    hid_t space = H5Screate_simple(ndim, dim, NULL);
    hid_t id = H5Dcreate2(group, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    H5Dwrite(id, native, H5S_ALL, H5S_ALL, H5P_DEFAULT, rows);
    if (ndim > 2) attribute(id, "scale", 1.0 / 32);
    if (ndim > 2) attribute(id, "shift", -1.5);
    H5Dclose(id);
    H5Sclose(space);
}

void write_universes(hid_t file, const struct universes *of)
{
    const size_t n = of->side * of->side * of->side;
    uint8_t *x = malloc(of->n * TIMES * n);
    float *y = malloc(of->n * NUMBERS * sizeof *y);
    double *work = malloc((2 * n + of->side) * sizeof *work);
    if (x == NULL || y == NULL || work == NULL) stop("no memory", of->group);
    for (size_t i = 0; i < of->n; i++)
        make(of->first + i, of->side, work, x + i * TIMES * n, y + i * NUMBERS);
    hid_t group = H5Gcreate2(file, of->group, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    write_rows(group, "x", H5T_STD_U8LE, H5T_NATIVE_UINT8, of, 5, x);
    write_rows(group, "y", H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, of, 2, y);
    H5Gclose(group);
    free(work);
    free(y);
    free(x);
}
