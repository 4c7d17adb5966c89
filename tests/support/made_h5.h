/* SPDX-License-Identifier: BSD-3-Clause
 * HDF5 files made by HDF5 itself, for tests of what no writer of ours makes. */
#ifndef CAIRN_TESTS_SUPPORT_MADE_H5_H
#define CAIRN_TESTS_SUPPORT_MADE_H5_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include <cmocka.h>
#include <hdf5.h>

static inline hid_t new_file(const char *name)
{
    hid_t file = H5Fcreate(name, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(file >= 0);
    return file;
}

/* An array [n, 4] of this type and creation list; bytes of zeros where `write`. */
static inline void put_array(hid_t file, const char *where, hid_t type, hid_t create, bool write)
{
    static const char zeros[4096];
    const hsize_t dim[] = {8, 4};
    hid_t space = H5Screate_simple(2, dim, NULL);
    hid_t id = H5Dcreate2(file, where, type, space, H5P_DEFAULT, create, H5P_DEFAULT);
    assert_true(id >= 0);
    if (write) assert_true(H5Dwrite(id, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, zeros) >= 0);
    H5Dclose(id);
    H5Sclose(space);
}

#endif
