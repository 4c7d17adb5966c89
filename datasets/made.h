/* SPDX-License-Identifier: BSD-3-Clause
 * What the parts of the program that makes the data of recipes share. */
#ifndef CAIRN_DATASETS_MADE_H
#define CAIRN_DATASETS_MADE_H

#include <hdf5.h>
#include <stdint.h>

/** Of cosmoflow-mini, into its file. */
void write_universes(hid_t file);

/** Of climate-column, into its file. */
void write_columns(hid_t file);

/** An attribute of the file. */
void write_text(hid_t file, const char *name, const char *text);

/** From 0 to below 1. */
double next_unit(uint64_t *state);

/** Of mean 0 and deviation 1, nearly normal. */
double next_normal(uint64_t *state);

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
