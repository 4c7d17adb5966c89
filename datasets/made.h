/* SPDX-License-Identifier: BSD-3-Clause
 * What the parts of the program that makes the data of recipes share. */
#ifndef CAIRN_DATASETS_MADE_H
#define CAIRN_DATASETS_MADE_H

#include <hdf5.h>
#include <stddef.h>
#include <stdint.h>

/** Of cosmoflow-mini, into its file. */
void write_universes(hid_t file);

/** Of climate-column, into its file. */
void write_columns(hid_t file);

/** Of unet2d-cells, into its file. */
void write_cells(hid_t file);

/** Of unet3d-blobs, into its file. */
void write_blobs(hid_t file);

/** An attribute of the file. */
void write_text(hid_t file, const char *name, const char *text);

/** An attribute of an array. */
void write_number(hid_t at, const char *name, double value);

/** Rows [dim[0], ...] of bytes, in chunks of 64 KiB or one of them; of floats where there are two
 * dimensions. Returns the array. */
hid_t write_rows(hid_t group, const char *name, int ndim, const hsize_t *dim, const void *rows);

/** From 0 to 1. */
double next_unit(uint64_t *state);

/** Nearly normal: the sum of four even ones. */
double next_normal(uint64_t *state);

/** Each of n = side^2, side^3 cells becomes the mean of itself, twice, and its two neighbours along
 * the axis of `step`; edges meet.  line: [side], for work. */
void blur(double *field, size_t n, size_t side, size_t step, double *line);

/** A dimension of a netCDF-4 group, which HDF5 calls a scale; `text`, where there is one, is what
 * its places are called. */
struct dimension {
    const char *name;
    hsize_t n;
    const char *const *text; /* [n], or NULL */
    hid_t id;                /* of open_dimensions() */
    int n_users;
    struct dimension_user {
        hobj_ref_t array;
        int place;
    } user[4];
};

/** A group of netCDF-4 and its dimensions, as xarray and h5netcdf write them. */
hid_t open_group(hid_t file, const char *name, struct dimension *dimension, int n_dimensions);

/** A variable of doubles over some of them. */
void write_variable(hid_t group, const char *name, int ndim, struct dimension *const *over,
                    const double *x, const char *units, const char *about);

/** Writes who uses each dimension, and closes all. */
void close_group(hid_t group, struct dimension *dimension, int n_dimensions);

/** End the program. */
_Noreturn void stop(const char *what);

#endif
