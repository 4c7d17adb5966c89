/* SPDX-License-Identifier: BSD-3-Clause
 * Groups of netCDF-4 by HDF5 alone, as xarray's to_netcdf(group=...) writes them: a dimension is an
 * array with CLASS and NAME, which names the variables that use it; a variable names its
 * dimensions. */
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "made.h"

static void attribute(hid_t at, const char *name, hid_t type, int n, const void *value)
{
    hid_t space =
        n == 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, (hsize_t[]){(hsize_t)n}, NULL);
    hid_t id = H5Acreate2(at, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    if (id < 0 || H5Awrite(id, type, value) < 0) stop(name);
    H5Aclose(id);
    H5Sclose(space);
}

static hid_t text_type(void)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, H5T_VARIABLE);
    H5Tset_cset(type, H5T_CSET_UTF8);
    return type;
}

static void fixed_text(hid_t at, const char *name, const char *text)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, strlen(text) + 1);
    attribute(at, name, type, 0, text);
    H5Tclose(type);
}

static hid_t array(hid_t group, const char *name, hid_t type, int ndim, const hsize_t *dim)
{
    hid_t how = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_attr_creation_order(how, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
    hid_t space = H5Screate_simple(ndim, dim, NULL);
    hid_t id = H5Dcreate2(group, name, type, space, H5P_DEFAULT, how, H5P_DEFAULT);
    if (id < 0) stop(name);
    H5Sclose(space);
    H5Pclose(how);
    return id;
}

/* One without texts is an array of which nothing is written, and its name says so. */
static void open_dimension(hid_t group, struct dimension *d, int number)
{
    char name[96];
    hid_t texts = text_type();
    snprintf(name, sizeof name, "This is a netCDF dimension but not a netCDF variable.%10d",
             (int)d->n);
    d->id = array(group, d->name, d->text == NULL ? H5T_IEEE_F32BE : texts, 1, &d->n);
    d->n_users = 0;
    if (d->text != NULL && H5Dwrite(d->id, texts, H5S_ALL, H5S_ALL, H5P_DEFAULT, d->text) < 0)
        stop(d->name);
    fixed_text(d->id, "CLASS", "DIMENSION_SCALE");
    fixed_text(d->id, "NAME", d->text == NULL ? name : d->name);
    attribute(d->id, "_Netcdf4Dimid", H5T_NATIVE_INT, 0, &number);
    H5Tclose(texts);
}

hid_t open_group(hid_t file, const char *name, struct dimension *dimension, int n_dimensions)
{
    hid_t how = H5Pcreate(H5P_GROUP_CREATE);
    H5Pset_link_creation_order(how, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
    hid_t group = H5Gcreate2(file, name, H5P_DEFAULT, how, H5P_DEFAULT);
    if (group < 0) stop(name);
    H5Pclose(how);
    for (int i = 0; i < n_dimensions; i++) open_dimension(group, &dimension[i], i);
    return group;
}

void write_variable(hid_t group, const char *name, int ndim, struct dimension *const *over,
                    const double *x, const char *units, const char *about)
{
    hsize_t dim[4];
    hobj_ref_t reference[4];
    hvl_t list[4];
    const double fill = (double)NAN;
    for (int i = 0; i < ndim; i++) {
        dim[i] = over[i]->n;
        list[i] = (hvl_t){.len = 1, .p = &reference[i]};
        H5Rcreate(&reference[i], group, over[i]->name, H5R_OBJECT, -1);
    }
    hid_t id = array(group, name, H5T_IEEE_F64LE, ndim, dim);
    if (H5Dwrite(id, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, x) < 0) stop(name);
    hid_t type = H5Tvlen_create(H5T_STD_REF_OBJ);
    attribute(id, "_FillValue", H5T_IEEE_F64LE, 1, &fill);
    attribute(id, "DIMENSION_LIST", type, ndim, list);
    write_text(id, "long_name", about);
    write_text(id, "units", units);
    for (int i = 0; i < ndim; i++) {
        struct dimension_user *user = &over[i]->user[over[i]->n_users++];
        H5Rcreate(&user->array, group, name, H5R_OBJECT, -1);
        user->place = i;
    }
    H5Tclose(type);
    H5Dclose(id);
}

void close_group(hid_t group, struct dimension *dimension, int n_dimensions)
{
    hid_t type = H5Tcreate(H5T_COMPOUND, sizeof(struct dimension_user));
    H5Tinsert(type, "dataset", offsetof(struct dimension_user, array), H5T_STD_REF_OBJ);
    H5Tinsert(type, "dimension", offsetof(struct dimension_user, place), H5T_NATIVE_INT);
    for (int i = 0; i < n_dimensions; i++) {
        attribute(dimension[i].id, "REFERENCE_LIST", type, dimension[i].n_users, dimension[i].user);
        H5Dclose(dimension[i].id);
    }
    H5Tclose(type);
    H5Gclose(group);
}
