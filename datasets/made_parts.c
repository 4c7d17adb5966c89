/* SPDX-License-Identifier: BSD-3-Clause
 * What made-up volumes and pictures share: numbers drawn from a sample's number, a blur, and rows
 * of a file. */
#include "made.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { CHUNK_BYTES = 1 << 16 };

/* Steele, Lea and Flood 2014: splitmix64. */
static uint64_t next_bits(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15U;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
    z = (z ^ z >> 27) * 0x94d049bb133111ebU;
    return z ^ z >> 31;
}

double next_unit(uint64_t *state)
{
    return (double)(next_bits(state) >> 11) * 0x1p-53;
}

double next_normal(uint64_t *state)
{
    const uint64_t bits = next_bits(state);
    double sum = -2;
    for (unsigned shift = 0; shift < 64; shift += 16)
        sum += (double)(bits >> shift & 0xffff) * 0x1p-16;
    return sum * sqrt(3);
}

void blur(double *field, size_t n, size_t side, size_t step, double *line)
{
    for (size_t from = 0; from < n; from++) {
        if (from / step % side != 0) continue; /* a line along the axis begins here */
        for (size_t i = 0; i < side; i++) line[i] = field[from + i * step];
        for (size_t i = 0; i < side; i++)
            field[from + i * step] =
                (line[(i + side - 1) % side] + 2 * line[i] + line[(i + 1) % side]) / 4;
    }
}

void write_number(hid_t at, const char *name, double value)
{
    hid_t space = H5Screate(H5S_SCALAR);
    hid_t id = H5Acreate2(at, name, H5T_IEEE_F64LE, space, H5P_DEFAULT, H5P_DEFAULT);
    if (H5Awrite(id, H5T_NATIVE_DOUBLE, &value) < 0) stop(name);
    H5Aclose(id);
    H5Sclose(space);
}

hid_t write_rows(hid_t group, const char *name, int ndim, const hsize_t *dim, const void *rows)
{
    const bool bytes = ndim > 2;
    hsize_t chunk[5];
    memcpy(chunk, dim, (size_t)ndim * sizeof *chunk);
    size_t row = 1;
    for (int d = 1; d < ndim; d++) row *= dim[d];
    if (bytes) chunk[0] = row < CHUNK_BYTES ? CHUNK_BYTES / row : 1;
    if (chunk[0] > dim[0]) chunk[0] = dim[0];
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
