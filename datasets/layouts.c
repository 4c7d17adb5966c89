/* SPDX-License-Identifier: BSD-3-Clause
 * Writes the files of one layout of layouts.txt into the working folder, by HDF5 alone:
 *
 *   layouts layouts.txt NAME
 *
 * Numbers are made up and the same each time.  TYPE is f2, f4, f8, i1, i2, i4, i8, u1, u2, u4 or
 * u8, all little-endian, text (fixed length), texts (variable), complex (h5py's compound of r and
 * i) or reference (to the file's top, as MATLAB's cells hold them). */
#include <hdf5.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_DIMS = 5, LINE_BYTES = 4096, TEXT_BYTES = 28 };

struct array {
    char *file, *path, *type;
    int ndim;
    hsize_t dim[MOST_DIMS];
    size_t n;
    size_t seed;  /* of its name: no two arrays are alike */
    char kind[8]; /* label, one, hot; "" */
    long classes;
    bool deflate;
};

static void stop(const char *what, const char *which)
{
    fprintf(stderr, "layouts: %s: %s\n", which, what);
    exit(2);
}

/* ---- types and numbers */

static hid_t type_of(const char *name)
{
    const struct {
        const char *name;
        hid_t type;
    } plain[] = {{"f4", H5T_IEEE_F32LE}, {"f8", H5T_IEEE_F64LE},        {"i1", H5T_STD_I8LE},
                 {"i2", H5T_STD_I16LE},  {"i4", H5T_STD_I32LE},         {"i8", H5T_STD_I64LE},
                 {"u1", H5T_STD_U8LE},   {"u2", H5T_STD_U16LE},         {"u4", H5T_STD_U32LE},
                 {"u8", H5T_STD_U64LE},  {"reference", H5T_STD_REF_OBJ}};
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
        if (strcmp(plain[i].name, name) == 0) return H5Tcopy(plain[i].type);
    if (strcmp(name, "complex") == 0) {
        hid_t pair = H5Tcreate(H5T_COMPOUND, 2 * sizeof(float));
        H5Tinsert(pair, "r", 0, H5T_NATIVE_FLOAT);
        H5Tinsert(pair, "i", sizeof(float), H5T_NATIVE_FLOAT);
        return pair;
    }
    if (strncmp(name, "text", 4) != 0) stop("no such type", name);
    hid_t text = H5Tcopy(H5T_C_S1);
    H5Tset_size(text, strcmp(name, "texts") == 0 ? H5T_VARIABLE : TEXT_BYTES);
    return text;
}

/* Number i of an array, whose rows are numbered as those of any other of their length. */
static double number_at(const struct array *a, size_t i)
{
    const size_t n_rows =
        a->ndim == 0 ? 1 : a->n / (a->ndim == 2 && a->dim[0] == 1 ? 1 : a->n / a->dim[0]);
    const size_t wide = a->n / n_rows;
    const size_t row = i / wide;
    const long label = (long)(row * 7 % 11) % (a->classes > 0 ? a->classes : 1);
    const long mixed = (long)(((i + a->seed) * 2654435761U + row * 40503U) >> 7 & 1023);
    if (strcmp(a->kind, "label") == 0 || strcmp(a->kind, "one") == 0)
        return (double)(wide == 1 ? label + (a->kind[0] == 'o') : mixed % a->classes);
    if (strcmp(a->kind, "hot") == 0) return (long)(i % wide) == label;
    return a->type[0] == 'f' ? (double)mixed / 512 - 1 : (double)(mixed % 100);
}

static void write_texts(hid_t id, hid_t type, const struct array *a)
{
    char(*text)[TEXT_BYTES] = calloc(a->n, sizeof *text);
    char **pointer = calloc(a->n, sizeof *pointer);
    for (size_t i = 0; i < a->n; i++) {
        snprintf(text[i], TEXT_BYTES, "name%zu", i);
        pointer[i] = text[i];
    }
    H5Dwrite(id, type, H5S_ALL, H5S_ALL, H5P_DEFAULT,
             H5Tis_variable_str(type) > 0 ? (void *)pointer : (void *)text);
    free(pointer);
    free(text);
}

static void write_references(hid_t file, hid_t id, const struct array *a)
{
    hobj_ref_t *reference = calloc(a->n, sizeof *reference);
    for (size_t i = 0; i < a->n; i++) H5Rcreate(&reference[i], file, "/", H5R_OBJECT, -1);
    H5Dwrite(id, H5T_STD_REF_OBJ, H5S_ALL, H5S_ALL, H5P_DEFAULT, reference);
    free(reference);
}

static void write_numbers(hid_t id, hid_t type, const struct array *a)
{
    const bool pairs = strcmp(a->type, "complex") == 0;
    double *number = calloc(a->n, sizeof *number);
    float *pair = calloc(2 * a->n, sizeof *pair);
    for (size_t i = 0; i < a->n; i++) number[i] = number_at(a, i);
    for (size_t i = 0; i < a->n; i++) pair[2 * i] = (float)number[i] / 100;
    H5Dwrite(id, pairs ? type : H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT,
             pairs ? (void *)pair : (void *)number);
    free(pair);
    free(number);
}

/* ---- files */

static hid_t open_file(const char *name)
{
    FILE *there = fopen(name, "rb");
    if (there == NULL) return H5Fcreate(name, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    fclose(there);
    return H5Fopen(name, H5F_ACC_RDWR, H5P_DEFAULT);
}

/* "NAME=VALUE": a number where it is one, else a text. */
static void write_attribute(hid_t at, char *text)
{
    char *equals = strchr(text, '=');
    char *end = NULL;
    if (equals == NULL) stop("no value", text);
    *equals = '\0';
    const double number = strtod(equals + 1, &end);
    const bool is_number = *end == '\0' && end > equals + 1;
    hid_t space = H5Screate(H5S_SCALAR);
    hid_t type = is_number ? H5Tcopy(H5T_NATIVE_DOUBLE) : H5Tcopy(H5T_C_S1);
    if (!is_number) H5Tset_size(type, strlen(equals + 1) + 1);
    hid_t id = H5Acreate2(at, text, type, space, H5P_DEFAULT, H5P_DEFAULT);
    H5Awrite(id, type, is_number ? (const void *)&number : (const void *)(equals + 1));
    H5Aclose(id);
    H5Tclose(type);
    H5Sclose(space);
}

static hid_t create(hid_t file, const struct array *a, hid_t type)
{
    hid_t links = H5Pcreate(H5P_LINK_CREATE);
    hid_t how = H5Pcreate(H5P_DATASET_CREATE);
    hid_t space = H5Screate_simple(a->ndim, a->dim, NULL);
    H5Pset_create_intermediate_group(links, 1);
    if (a->deflate) {
        H5Pset_chunk(how, a->ndim, a->dim);
        H5Pset_deflate(how, 4);
    }
    hid_t id = H5Dcreate2(file, a->path, type, space, links, how, H5P_DEFAULT);
    H5Sclose(space);
    H5Pclose(how);
    H5Pclose(links);
    if (id < 0) stop("cannot be made", a->path);
    return id;
}

static char *next_word(char **rest)
{
    char *word = strtok_r(NULL, " \n", rest);
    if (word == NULL) stop("words are missing", "array");
    return word;
}

/* What follows the shape: a kind, or attributes. */
static void take_kind(struct array *a, const char *word)
{
    const char *colon = strchr(word, ':');
    a->deflate = a->deflate || strcmp(word, "deflate") == 0;
    if (colon == NULL) return;
    snprintf(a->kind, sizeof a->kind, "%.*s", (int)(colon - word), word);
    a->classes = strtol(colon + 1, NULL, 10);
}

/* "FILE PATH TYPE SHAPE [KIND ...] [@NAME=VALUE ...]" */
static void write_array(char **rest)
{
    struct array a = {.file = next_word(rest), .path = next_word(rest), .type = next_word(rest)};
    char *attribute[8];
    size_t n_attributes = 0;
    a.n = 1;
    char *dim = next_word(rest); /* "scalar" has none */
    for (; *dim >= '0' && *dim <= '9' && a.ndim < MOST_DIMS; dim += *dim == 'x') {
        a.dim[a.ndim] = strtoul(dim, &dim, 10);
        a.n *= a.dim[a.ndim++];
    }
    for (char *word = strtok_r(NULL, " \n", rest); word != NULL; word = strtok_r(NULL, " \n", rest))
        if (word[0] == '@' && n_attributes < 8)
            attribute[n_attributes++] = word + 1;
        else
            take_kind(&a, word);
    for (const char *at = a.file; *at != '\0'; at++) a.seed = 31 * a.seed + (unsigned char)*at;
    for (const char *at = a.path; *at != '\0'; at++) a.seed = 31 * a.seed + (unsigned char)*at;
    hid_t file = open_file(a.file);
    hid_t type = type_of(a.type);
    hid_t id = create(file, &a, type);
    if (strncmp(a.type, "text", 4) == 0)
        write_texts(id, type, &a);
    else if (strcmp(a.type, "reference") == 0)
        write_references(file, id, &a);
    else
        write_numbers(id, type, &a);
    for (size_t i = 0; i < n_attributes; i++) write_attribute(id, attribute[i]);
    H5Dclose(id);
    H5Tclose(type);
    H5Fclose(file);
}

static void write_about(char **rest)
{
    hid_t file = open_file(next_word(rest));
    write_attribute(file, next_word(rest));
    H5Fclose(file);
}

int main(int argc, char **argv)
{
    char line[LINE_BYTES];
    bool ours = false;
    bool found = false;
    FILE *list = argc == 3 ? fopen(argv[1], "r") : NULL;
    if (list == NULL) stop("is the list of layouts, and then a name is wanted", argv[argc > 1]);
    while (fgets(line, sizeof line, list) != NULL) {
        char *rest = NULL;
        const char *what = strtok_r(line, " \n", &rest);
        if (what == NULL || what[0] == '#') continue;
        if (strcmp(what, "layout") == 0) ours = strcmp(next_word(&rest), argv[2]) == 0;
        found = found || ours;
        if (ours && strcmp(what, "array") == 0) write_array(&rest);
        if (ours && strcmp(what, "about") == 0) write_about(&rest);
    }
    fclose(list);
    if (!found) stop("no such layout", argv[2]);
    return 0;
}
