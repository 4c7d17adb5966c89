/* SPDX-License-Identifier: BSD-3-Clause
 * Writes a dataset as others store it, by HDF5 itself, for the tests of types:
 *
 *   run_make_strangers FILE x=TYPE y=KIND numbers=whole|bits|ties names=GROUP/X,GROUP/Y,... how=HOW
 *       part=I/N
 *
 * how is matlab (matrices by columns), netcdf (x is half of its numbers plus 1, packed),
 * netcdf_plain (the same numbers as they are) netcdf_missing (one number of x is none), or virtual
 * (x is made of arrays of s0.h5 and s1.h5).  names are those of x, y of train and x, y of test;
 * without, train/x, train/y, ... and weights. x [60, 4] and y of groups train and test hold the
 * same numbers whatever their type; those called ties are rounded to float32.  Of N parts the file
 * has rows of part I, or for part=all/N FILE00, FILE01, ... are all of them. */
#include <hdf5.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N = 60, D = 4, K = 3, NAME_BYTES = 4, PATH_BYTES = 256 };

static hid_t links; /* makes the groups of a path */
static int the_part, n_parts = 1;
static const char *const names[K] = {"cat", "dog", "emu"};

static hid_t half(void)
{
    hid_t type = H5Tcopy(H5T_IEEE_F32LE);
    H5Tset_fields(type, 15, 10, 5, 0, 10);
    H5Tset_size(type, 2);
    H5Tset_ebias(type, 15);
    return type;
}

static hid_t enum_of(const char *const *name, int n)
{
    hid_t type = H5Tenum_create(H5T_NATIVE_SCHAR);
    for (signed char i = 0; i < n; i++) H5Tenum_insert(type, name[i], &i);
    return type;
}

static hid_t texts(size_t bytes)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, bytes);
    H5Tset_strpad(type, H5T_STR_SPACEPAD);
    return type;
}

static hid_t type_of(const char *name)
{
    static const char *const truth[] = {"FALSE", "TRUE"};
    if (strcmp(name, "f2") == 0) return half();
    if (strcmp(name, "long") == 0) return H5Tcopy(H5T_NATIVE_LDOUBLE);
    if (strcmp(name, "bool") == 0) return enum_of(truth, 2);
    if (strcmp(name, "enum") == 0) return enum_of(names, K);
    if (strcmp(name, "text") == 0) return texts(NAME_BYTES);
    if (strcmp(name, "texts") == 0) return texts(H5T_VARIABLE);
    const struct {
        const char *name;
        hid_t type;
    } plain[] = {{"f4", H5T_IEEE_F32LE},   {"f4be", H5T_IEEE_F32BE}, {"f8", H5T_IEEE_F64LE},
                 {"f8be", H5T_IEEE_F64BE}, {"i1", H5T_STD_I8LE},     {"i2", H5T_STD_I16LE},
                 {"i2be", H5T_STD_I16BE},  {"i4", H5T_STD_I32LE},    {"i8", H5T_STD_I64LE},
                 {"i8be", H5T_STD_I64BE},  {"u1", H5T_STD_U8LE},     {"u2", H5T_STD_U16LE},
                 {"u4be", H5T_STD_U32BE},  {"u8", H5T_STD_U64LE}};
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
        if (strcmp(plain[i].name, name) == 0) return H5Tcopy(plain[i].type);
    fprintf(stderr, "run_make_strangers: no type %s\n", name);
    exit(2);
}

/* Write n x d numbers as this type; no d: [n]. */
static void put(hid_t file, const char *path, hid_t type, hsize_t n, hsize_t d,
                const double *number)
{
    const hsize_t dim[] = {n, d};
    signed char small[N * D];
    char text[N][NAME_BYTES];
    const char *pointer[N];
    const void *data = number;
    hid_t space = H5Screate_simple(d == 0 ? 1 : 2, dim, NULL);
    hid_t memory = H5T_NATIVE_DOUBLE;
    hid_t id = H5Dcreate2(file, path, type, space, links, H5P_DEFAULT, H5P_DEFAULT);
    if (H5Tget_class(type) == H5T_ENUM) {
        for (hsize_t i = 0; i < n * (d == 0 ? 1 : d); i++) small[i] = (signed char)number[i];
        data = small;
        memory = type;
    }
    if (H5Tget_class(type) == H5T_STRING) {
        memset(text, ' ', sizeof text);
        for (hsize_t i = 0; i < n; i++) {
            pointer[i] = names[(int)number[i]];
            memcpy(text[i], pointer[i], strlen(pointer[i]));
        }
        data = H5Tis_variable_str(type) > 0 ? (const void *)pointer : (const void *)text;
        memory = type;
    }
    if (H5Dwrite(id, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) < 0) exit(1);
    H5Dclose(id);
    H5Sclose(space);
    H5Tclose(type);
}

static void mark(hid_t file, const char *path, const char *name, double value)
{
    hid_t space = H5Screate(H5S_SCALAR);
    hid_t id = H5Acreate_by_name(file, path, name, H5T_IEEE_F64LE, space, H5P_DEFAULT, H5P_DEFAULT,
                                 H5P_DEFAULT);
    H5Awrite(id, H5T_NATIVE_DOUBLE, &value);
    H5Aclose(id);
    H5Sclose(space);
}

/* A matrix [n, d] of doubles as MATLAB stores it. */
static void put_matlab(hid_t file, const char *path, hsize_t n, hsize_t d, const double *number)
{
    double turned[N * D];
    for (hsize_t i = 0; i < n * d; i++) turned[i % d * n + i / d] = number[i];
    put(file, path, H5Tcopy(H5T_IEEE_F64LE), d, n, turned);
    mark(file, path, "MATLAB_class", 1); /* a text there; only that it is there counts */
}

static double number_at(const char *kind, int i)
{
    const int whole = (i * 37 + i / 7 * 11) % 101;
    if (strcmp(kind, "bits") == 0) return whole % 2;
    if (strcmp(kind, "ties") == 0) return (1 << 24) + 2.0 * whole + 1; /* between two floats */
    return whole;
}

/* Where the part begins of n rows. */
static hsize_t first_of(hsize_t n, int of)
{
    return n * (hsize_t)of / (hsize_t)n_parts;
}

static void put_labels(hid_t file, const char *path, const char *kind, hsize_t n)
{
    double label[N], row[N * K] = {0};
    const hsize_t first = first_of(n, the_part);
    n = first_of(n, the_part + 1) - first;
    for (hsize_t i = 0; i < n; i++) label[i] = (double)((first + i) * 7 % 11 % K);
    for (hsize_t i = 0; i < n; i++) row[i * K + (hsize_t)label[i]] = 1;
    for (hsize_t i = 0; strcmp(kind, "one") == 0 && i < n; i++) label[i] += 1;
    if (strcmp(kind, "one") == 0) kind = "i4";
    if (strcmp(kind, "matlab") == 0)
        put_matlab(file, path, n, 1, label);
    else if (strncmp(kind, "hot:", 4) == 0)
        put(file, path, type_of(kind + 4), n, K, row);
    else if (strncmp(kind, "column:", 7) == 0)
        put(file, path, type_of(kind + 7), n, 1, label);
    else if (strcmp(kind, "half") == 0) {
        label[n / 2] = 1.5;
        put(file, path, type_of("f4"), n, 0, label);
    } else if (strcmp(kind, "two") == 0) {
        for (hsize_t i = 0; i < n; i++) label[i] = label[i] > 0;
        put(file, path, type_of("texts"), n, 0, label);
    } else
        put(file, path, type_of(kind), n, 0, label);
}

static const char *argument(int argc, char **argv, const char *name, const char *fallback)
{
    for (int i = 2; i < argc; i++)
        if (strncmp(argv[i], name, strlen(name)) == 0) return argv[i] + strlen(name);
    return fallback;
}

/* The paths of an x and a y, in groups that are made. */
static void next_name(const char **list, char *path)
{
    size_t n = strcspn(*list, ",");
    snprintf(path, PATH_BYTES, "%.*s", (int)n, *list);
    *list += n + ((*list)[n] == ',');
}

/* x [n, D] as a virtual array of halves in the files s0.h5 and s1.h5. */
static void put_virtual(hid_t file, const char *path, hsize_t n, const double *x, const char *type)
{
    const hsize_t whole[] = {n, D}, half[] = {n / 2, D};
    char name[PATH_BYTES], array[PATH_BYTES];
    hid_t create = H5Pcreate(H5P_DATASET_CREATE);
    hid_t space = H5Screate_simple(2, whole, NULL);
    hid_t part = H5Screate_simple(2, half, NULL);
    hid_t in_file = type_of(type);
    snprintf(array, sizeof array, "/x%d", (int)n);
    for (hsize_t i = 0; i < 2; i++) {
        const hsize_t start[] = {i * (n / 2), 0};
        snprintf(name, sizeof name, "s%d.h5", (int)i);
        hid_t source = n == N ? H5Fcreate(name, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT)
                              : H5Fopen(name, H5F_ACC_RDWR, H5P_DEFAULT);
        put(source, array, type_of(type), n / 2, D, x + i * (n / 2) * D);
        H5Fclose(source);
        H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, half, NULL);
        H5Pset_virtual(create, space, name, array, part);
    }
    H5Sselect_all(space);
    H5Dclose(H5Dcreate2(file, path, in_file, space, links, create, H5P_DEFAULT));
    H5Tclose(in_file);
    H5Sclose(part);
    H5Sclose(space);
    H5Pclose(create);
}

/* x [n, D] the way that others write it. */
static void put_x(hid_t file, const char *path, hsize_t n, double *x, const char *how,
                  const char *type)
{
    const hsize_t first = first_of(n, the_part);
    n = first_of(n, the_part + 1) - first;
    x += first * D;
    if (strcmp(how, "matlab") == 0) {
        put_matlab(file, path, n, D, x);
        return;
    }
    if (strcmp(how, "virtual") == 0) {
        put_virtual(file, path, n, x, type);
        return;
    }
    put(file, path, type_of(type), n, D, x);
    if (strcmp(how, "netcdf") == 0 || strcmp(how, "netcdf_missing") == 0) {
        mark(file, path, "scale_factor", 0.5);
        mark(file, path, "add_offset", 1);
        mark(file, path, "_FillValue", strcmp(how, "netcdf") == 0 ? -999 : x[11]);
    }
}

static int make(const char *place, int argc, char **argv)
{
    double x[N * D];
    char path[PATH_BYTES];
    const char *numbers = argument(argc, argv, "numbers=", "whole");
    const char *names_of = argument(argc, argv, "names=", "train/x,train/y,test/x,test/y");
    const bool weighted = strcmp(argument(argc, argv, "names=", ""), "") == 0;
    hid_t file = H5Fcreate(place, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    const char *how = argument(argc, argv, "how=", "");
    const bool half_plain = strcmp(how, "netcdf_plain") == 0;
    for (int i = 0; i < N * D; i++)
        x[i] = half_plain ? number_at(numbers, i) / 2 + 1 : number_at(numbers, i);
    for (int g = 0; g < 2 && *names_of != '\0'; g++) {
        const hsize_t n = g == 0 ? N : N / 3;
        next_name(&names_of, path);
        if (path[0] != '\0') put_x(file, path, n, x, how, argument(argc, argv, "x=", "f4"));
        next_name(&names_of, path);
        if (path[0] != '\0') put_labels(file, path, argument(argc, argv, "y=", "i8"), n);
        if (weighted)
            put(file, g == 0 ? "train/weight" : "test/weight",
                type_of(argument(argc, argv, "weight=", "f4")), n, 0, x);
    }
    return H5Fclose(file) < 0;
}

int main(int argc, char **argv)
{
    char place[2 * PATH_BYTES];
    int failed = 0;
    const char *parts = argument(argc, argv, "part=", "0/1");
    const char *of = strchr(parts, '/');
    links = H5Pcreate(H5P_LINK_CREATE);
    H5Pset_create_intermediate_group(links, 1);
    if (of != NULL) n_parts = atoi(of + 1);
    if (strncmp(parts, "all", 3) != 0) {
        the_part = atoi(parts);
        failed = make(argv[argc > 1], argc, argv);
    } else {
        for (; the_part < n_parts; the_part++) {
            snprintf(place, sizeof place, "%.*s%02d.h5", PATH_BYTES, argv[1], the_part);
            failed = failed || make(place, argc, argv);
        }
    }
    H5Pclose(links);
    return failed;
}
