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

/* Each cell becomes the mean of itself, twice, and its two neighbours along an axis. */
static void blur(double *field, size_t step, double *line)
{
    for (size_t from = 0; from < CELLS; from++) {
        if (from / step % SIDE != 0) continue; /* a line along the axis begins here */
        for (size_t i = 0; i < SIDE; i++) line[i] = field[from + i * step];
        for (size_t i = 0; i < SIDE; i++)
            field[from + i * step] =
                (line[(i + SIDE - 1) % SIDE] + 2 * line[i] + line[(i + 1) % SIDE]) / 4;
    }
}

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
        for (size_t step = 1; step < CELLS; step *= SIDE) blur(field, step, line);
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

static void attribute(hid_t at, const char *name, double value)
{
    hid_t space = H5Screate(H5S_SCALAR);
    hid_t id = H5Acreate2(at, name, H5T_IEEE_F64LE, space, H5P_DEFAULT, H5P_DEFAULT);
    if (H5Awrite(id, H5T_NATIVE_DOUBLE, &value) < 0) stop(name);
    H5Aclose(id);
    H5Sclose(space);
}

/* Rows [dim[0], ...] of bytes or floats, in chunks of one of them. */
static hid_t write_rows(hid_t group, const char *name, int ndim, const hsize_t *dim,
                        const void *rows)
{
    const bool bytes = ndim > 2;
    hsize_t chunk[5];
    memcpy(chunk, dim, (size_t)ndim * sizeof *chunk);
    if (bytes) chunk[0] = 1;
    hid_t layout = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(layout, ndim, chunk);
    H5Pset_fletcher32(layout);
    hid_t space = H5Screate_simple(ndim, dim, NULL);
    hid_t id = H5Dcreate2(group, name, bytes ? H5T_STD_U8LE : H5T_IEEE_F32LE, space, H5P_DEFAULT,
                          layout, H5P_DEFAULT);
    if (H5Dwrite(id, bytes ? H5T_NATIVE_UINT8 : H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT,
                 rows) < 0)
        stop(name);
    H5Sclose(space);
    H5Pclose(layout);
    return id;
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
    attribute(id, "scale", 1.0 / 32);
    attribute(id, "shift", -1.5);
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
