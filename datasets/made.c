/* SPDX-License-Identifier: BSD-3-Clause
 * Writes the data that a recipe trains on into the working folder, by HDF5 alone:
 *
 *   made NAME      writes NAME.h5 or NAME.nc, and prints which
 *
 * Numbers of the series follow from +, -, * and / alone: they are the same wherever a compiler does
 * not fuse them. */
#include "made.h"

#include <hdf5.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void stop(const char *what)
{
    fprintf(stderr, "made: %s\n", what);
    exit(2);
}

static hid_t checked(hid_t id, const char *what)
{
    if (id < 0) stop(what);
    return id;
}

static double *numbers(size_t n)
{
    double *x = malloc(n * sizeof *x);
    if (x == NULL) stop("no memory");
    return x;
}

void write_text(hid_t file, const char *name, const char *text)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, strlen(text));
    hid_t space = H5Screate(H5S_SCALAR);
    hid_t at = checked(H5Acreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT), name);
    if (H5Awrite(at, type, text) < 0) stop(name);
    H5Aclose(at);
    H5Sclose(space);
    H5Tclose(type);
}

/* `path` [dim[0], ...] float32, in chunks of at most 256 samples. */
static void write_array(hid_t file, const char *path, int ndim, const hsize_t *dim, const double *x)
{
    hsize_t chunk[8];
    memcpy(chunk, dim, (size_t)ndim * sizeof *chunk);
    if (chunk[0] > 256) chunk[0] = 256;
    hid_t links = H5Pcreate(H5P_LINK_CREATE), layout = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_create_intermediate_group(links, 1);
    H5Pset_chunk(layout, ndim, chunk);
    H5Pset_fletcher32(layout);
    hid_t space = H5Screate_simple(ndim, dim, NULL);
    hid_t array =
        checked(H5Dcreate2(file, path, H5T_IEEE_F32LE, space, links, layout, H5P_DEFAULT), path);
    if (H5Dwrite(array, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, x) < 0) stop(path);
    H5Dclose(array);
    H5Sclose(space);
    H5Pclose(layout);
    H5Pclose(links);
}

/* ---- lstm-series: windows of the Mackey-Glass series, and the number after each */

enum { DELAY = 17, FINE = 10, SPACING = 6, WINDOW = 24 };

static double slope(double now, double delayed)
{
    const double squared = delayed * delayed;
    const double tenth = squared * squared * squared * squared * squared;
    return 0.2 * delayed / (1 + tenth) - 0.1 * now;
}

/* x'(t) = 0.2 x(t - 17) / (1 + x(t - 17)^10) - 0.1 x(t), from x = 1.2 on, by Runge and Kutta's
 * method of fourth order with a step of 1 / FINE, what lies between two steps being their mean. */
static void mackey_glass(size_t n_fine, double *x)
{
    const double by = 1.0 / FINE;
    const size_t delay = (size_t)DELAY * FINE;
    x[0] = 1.2;
    for (size_t i = 0; i + 1 < n_fine; i++) {
        const double before = i < delay ? 0 : x[i - delay];
        const double after = i + 1 < delay ? 0 : x[i + 1 - delay];
        const double between = (before + after) / 2;
        const double a = slope(x[i], before);
        const double b = slope(x[i] + by / 2 * a, between);
        const double c = slope(x[i] + by / 2 * b, between);
        const double d = slope(x[i] + by * c, after);
        x[i + 1] = x[i] + by / 6 * (a + 2 * b + 2 * c + d);
    }
}

/* n windows from the series at `s`, one further each. */
static void write_windows(hid_t file, const char *group, const double *s, size_t n)
{
    char path[32];
    double *x = numbers(n * WINDOW);
    for (size_t i = 0; i < n; i++) memcpy(x + i * WINDOW, s + i, WINDOW * sizeof *x);
    snprintf(path, sizeof path, "%s/x", group);
    write_array(file, path, 3, (hsize_t[]){n, WINDOW, 1}, x);
    snprintf(path, sizeof path, "%s/y", group);
    write_array(file, path, 2, (hsize_t[]){n, 1}, s + WINDOW);
    free(x);
}

static void write_series(hid_t file)
{
    enum { SETTLE = 200, TRAIN = 4000, VAL = 500, TEST = 1000 };
    const size_t n = SETTLE + TRAIN + VAL + TEST + 3 * (WINDOW + 1);
    const size_t step = (size_t)SPACING * FINE;
    const double mean = 0.93, deviation = 0.23; /* about */
    double *fine = numbers(n * step), *s = numbers(n);
    mackey_glass(n * step, fine);
    for (size_t i = 0; i < n; i++) s[i] = (fine[i * step] - mean) / deviation;
    write_text(file, "title", "Mackey-Glass series, delay 17, a number every 6 units of time");
    write_text(file, "source", "made by datasets/make lstm-series");
    write_text(file, "citation",
               "M. C. Mackey and L. Glass, Oscillation and Chaos in Physiological Control Systems, "
               "Science, 1977");
    const double *at = s + SETTLE; /* no number is in two groups */
    write_windows(file, "train", at, TRAIN);
    write_windows(file, "val", at += TRAIN + WINDOW + 1, VAL);
    write_windows(file, "test", at + VAL + WINDOW + 1, TEST);
    free(fine);
    free(s);
}

/* ---- */

static void write_version(hid_t file)
{
    const int version = 1;
    hid_t space = H5Screate(H5S_SCALAR);
    hid_t at = H5Acreate2(file, "format_version", H5T_STD_I32LE, space, H5P_DEFAULT, H5P_DEFAULT);
    if (H5Awrite(at, H5T_NATIVE_INT, &version) < 0) stop("format_version");
    H5Aclose(at);
    H5Sclose(space);
}

static const struct {
    const char *name;
    const char *file;
    void (*write)(hid_t file);
    bool foreign; /* not in Cairn's layout */
} recipes[] = {{"lstm-series", "lstm-series.h5", write_series, false},
               {"cosmoflow-mini", "cosmoflow-mini.h5", write_universes, false},
               {"climate-column", "climate-column.nc", write_columns, true},
               {"unet2d-cells", "unet2d-cells.h5", write_cells, false},
               {"unet3d-blobs", "unet3d-blobs.h5", write_blobs, false}};

int main(int argc, char **argv)
{
    enum { N = sizeof recipes / sizeof recipes[0] };
    size_t i = 0;
    while (i < N && (argc != 2 || strcmp(argv[1], recipes[i].name) != 0)) i++;
    if (i == N) stop("made NAME: datasets/make lists the names");
    const char *path = recipes[i].file;
    hid_t how = H5Pcreate(H5P_FILE_CREATE);
    if (recipes[i].foreign) /* netCDF-4 wants it */
        H5Pset_link_creation_order(how, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
    hid_t file = checked(H5Fcreate(path, H5F_ACC_TRUNC, how, H5P_DEFAULT), path);
    H5Pclose(how);
    if (!recipes[i].foreign) {
        write_text(file, "format", "cairn-dataset");
        write_version(file);
    }
    recipes[i].write(file);
    if (H5Fclose(file) < 0) stop(path);
    puts(path);
    return 0;
}
