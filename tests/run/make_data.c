/* SPDX-License-Identifier: BSD-3-Clause
 * Writes an HDF5 file of any arrays, right or wrong, for the tests of errors:
 *
 *   run_make_data FILE PATH=TYPE:DIMxDIM[:VALUE] ... PATH@ATTRIBUTE=NUMBER[,NUMBER] ...
 *
 * or a text that begins with a letter.
 *
 * TYPE is one of cairn_h5_type_name(); without VALUE (nan is one) element i is i mod 3, with
 * "rising" i, and "rising:17=nan:20=1" is that with two others.  Not for data that a test trains on
 * for long. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "h5/h5.h"

enum { MOST_NUMBERS = 16 };

static cairn_status make_groups(struct cairn_h5 *file, char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        cairn_status st = cairn_h5_has_group(file, path) ? CAIRN_OK : cairn_h5_group(file, path);
        *slash = '/';
        CAIRN_TRY(st);
    }
    return CAIRN_OK;
}

static void set(enum cairn_h5_type type, unsigned char *data, size_t i, double number)
{
    if (type == CAIRN_H5_F32) ((float *)data)[i] = (float)number;
    if (type == CAIRN_H5_F64) ((double *)data)[i] = number;
    if (type == CAIRN_H5_U8) data[i] = (unsigned char)number;
    if (type == CAIRN_H5_I32) ((int *)data)[i] = (int)number;
}

static void fill(const struct cairn_h5_form *form, const char *value, unsigned char *data)
{
    size_t n = cairn_shape_count(&form->shape);
    const bool rising = value != NULL && strncmp(value, "rising", strlen("rising")) == 0;
    for (size_t i = 0; i < n; i++)
        set(form->type, data, i,
            rising          ? (double)i
            : value == NULL ? (double)(i % 3)
                            : strtod(value, NULL));
    const char *other = rising ? strchr(value, ':') : NULL;
    for (; other != NULL; other = strchr(other + 1, ':')) {
        char *end = NULL;
        size_t at = strtoul(other + 1, &end, 10);
        if (at < n) set(form->type, data, at, strtod(end + 1, NULL));
    }
}

/* "float32:30x4:nan" at `path`. */
static cairn_status write_array(struct cairn_h5 *file, char *path, char *what)
{
    struct cairn_h5_form form = {.type = CAIRN_H5_U8, .text_bytes = 4};
    char *dims = strchr(what, ':');
    if (dims == NULL) return cairn_fail(CAIRN_USAGE, "%s: no dimensions", what);
    *dims++ = '\0';
    char *value = strchr(dims, ':');
    if (value != NULL) *value++ = '\0';
    while (form.type < CAIRN_H5_TEXT && strcmp(cairn_h5_type_name(form.type), what) != 0)
        form.type++;
    while (*dims != '\0' && form.shape.ndim < CAIRN_MAX_DIMS) {
        form.shape.dim[form.shape.ndim++] = strtoul(dims, &dims, 10);
        if (*dims == 'x') dims++;
    }
    if (form.type == CAIRN_H5_TEXT && value != NULL) form.text_bytes = strlen(value);
    size_t bytes = cairn_shape_count(&form.shape) * cairn_h5_element_bytes(&form);
    unsigned char *data = calloc(bytes + 1, 1);
    if (data == NULL) return cairn_fail(CAIRN_USAGE, "no memory");
    if (form.type != CAIRN_H5_TEXT) fill(&form, value, data);
    if (form.type == CAIRN_H5_TEXT && value != NULL) memcpy(data, value, form.text_bytes);
    cairn_status st = make_groups(file, path);
    if (st == CAIRN_OK) st = cairn_h5_write(file, path, &form, data);
    free(data);
    return st;
}

static cairn_status write_attribute(struct cairn_h5 *file, char *path, char *values)
{
    double number[MOST_NUMBERS] = {0};
    size_t n = 0;
    char *name = strchr(path, '@');
    *name++ = '\0';
    if (isalpha((unsigned char)*values)) return cairn_h5_set_text(file, path, name, values);
    while (*values != '\0' && n < MOST_NUMBERS) {
        number[n++] = strtod(values, &values);
        if (*values == ',') values++;
    }
    return cairn_h5_set_numbers(file, path, name, number, n);
}

static cairn_status write_all(struct cairn_h5 *file, char **what, int n)
{
    for (int i = 0; i < n; i++) {
        char *equals = strchr(what[i], '=');
        if (equals == NULL) return cairn_fail(CAIRN_USAGE, "%s: no '='", what[i]);
        *equals = '\0';
        CAIRN_TRY(strchr(what[i], '@') == NULL ? write_array(file, what[i], equals + 1)
                                               : write_attribute(file, what[i], equals + 1));
    }
    return CAIRN_OK;
}

int main(int argc, char **argv)
{
    struct cairn_h5 *file = NULL;
    cairn_status st = argc < 2 ? CAIRN_USAGE : cairn_h5_create(argv[1], &file);
    if (st == CAIRN_OK) st = write_all(file, argv + 2, argc - 2);
    cairn_status closed = cairn_h5_close(file);
    if (st == CAIRN_OK) st = closed;
    if (st != CAIRN_OK) fprintf(stderr, "run_make_data: %s\n", cairn_error_text());
    return (int)st;
}
