/* SPDX-License-Identifier: BSD-3-Clause
 * Reading checkpoints, and checking them piece by piece in a fixed amount of memory. */
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/log.h"
#include "base/memory.h"
#include "checkpoint/internal.h"

enum { PIECE_BYTES = 1 << 20 };

static cairn_status check_format(struct cairn_h5 *file, const char *path)
{
    char *format = NULL;
    double version = 0;
    size_t n = 0;
    bool ours = cairn_h5_has_attribute(file, "/", "format") &&
                cairn_h5_get_text(file, "/", "format", &format) == CAIRN_OK &&
                strcmp(format, CAIRN_CHECKPOINT_FORMAT) == 0;
    free(format);
    if (!ours)
        return cairn_fail(CAIRN_DATA, "%s: is not a Cairn checkpoint; cairn info says what it is",
                          path);
    CAIRN_TRY(cairn_h5_get_numbers(file, "/", "format_version", 1, &version, &n));
    if (version > CAIRN_CHECKPOINT_VERSION)
        return cairn_fail(
            CAIRN_DATA,
            "%s: has format version %g, this cairn reads versions up to %d; use a newer cairn",
            path, version, CAIRN_CHECKPOINT_VERSION);
    return CAIRN_OK;
}

cairn_status cairn_checkpoint_open(const char *path, struct cairn_h5 **out)
{
    struct cairn_h5 *file = NULL;
    CAIRN_TRY(cairn_h5_open(path, &file));
    cairn_status st = check_format(file, path);
    if (st == CAIRN_OK)
        *out = file;
    else
        cairn_h5_close(file);
    return st;
}

/* Say, where a file has other reals than this process, that they were converted. */
static void warn_of_reals(struct cairn_h5 *file, const char *path, const struct cairn_state *state)
{
    struct cairn_h5_form stored;
    size_t i = 0;
    while (i < state->n_arrays && state->array[i].type != CAIRN_ARRAY_REAL) i++;
    if (i == state->n_arrays) return;
    if (cairn_h5_describe(file, state->array[i].path, &stored) != CAIRN_OK) return;
    if (stored.type == CAIRN_H5_REAL) return;
    cairn_log_warning("%s holds %s, this run computes in %s: its numbers were converted, and the "
                      "bits that follow are not those of the run that wrote it",
                      path, cairn_h5_type_name(stored.type), cairn_h5_type_name(CAIRN_H5_REAL));
}

/* Also where it is damaged, which reading it says. */
static bool is_there(struct cairn_h5 *file, const char *path)
{
    return cairn_h5_has_array(file, path) || cairn_h5_has_name(file, path);
}

cairn_status cairn_checkpoint_read(const char *path, const struct cairn_state *state)
{
    struct cairn_h5 *file = NULL;
    if (cairn_fault("checkpoint.read"))
        return cairn_fail(CAIRN_DATA, "%s: cannot be read: planted fault", path);
    CAIRN_TRY(cairn_checkpoint_open(path, &file));
    cairn_status st = CAIRN_OK;
    for (size_t i = 0; i < state->n_arrays && st == CAIRN_OK; i++) {
        const struct cairn_array *array = &state->array[i];
        const struct cairn_h5_form form = cairn_array_form(array);
        if (array->type == CAIRN_ARRAY_TEXT) continue;
        const bool has = is_there(file, array->path);
        if (!has && array->optional) continue;
        st = has ? cairn_h5_read(file, array->path, &form, array->data)
                 : cairn_fail(CAIRN_DATA,
                              "%s: has no %s; it is a checkpoint of another model or optimizer",
                              path, array->path);
    }
    if (st == CAIRN_OK) warn_of_reals(file, path, state);
    cairn_h5_close(file);
    return st;
}

cairn_status cairn_checkpoint_text(const char *path, const char *path_in_file, char **out)
{
    struct cairn_h5 *file = NULL;
    CAIRN_TRY(cairn_checkpoint_open(path, &file));
    cairn_status st = cairn_h5_read_text(file, path_in_file, out);
    cairn_h5_close(file);
    return st;
}

cairn_status cairn_checkpoint_text_if_any(const char *path, const char *path_in_file, char **out)
{
    struct cairn_h5 *file = NULL;
    CAIRN_TRY(cairn_checkpoint_open(path, &file));
    cairn_status st = CAIRN_OK;
    *out = NULL;
    if (is_there(file, path_in_file)) st = cairn_h5_read_text(file, path_in_file, out);
    cairn_h5_close(file);
    return st;
}

cairn_status cairn_checkpoint_attribute(const char *path, const char *name, char **out)
{
    struct cairn_h5 *file = NULL;
    *out = NULL;
    CAIRN_TRY(cairn_checkpoint_open(path, &file));
    cairn_status st = CAIRN_OK;
    if (cairn_h5_has_attribute(file, "/", name)) st = cairn_h5_get_text(file, "/", name, out);
    cairn_h5_close(file);
    return st;
}

cairn_status cairn_checkpoint_held(const char *path, uint64_t *update)
{
    static const char place[] = "/progress/update";
    const struct cairn_h5_form form = {.type = CAIRN_H5_U64};
    struct cairn_h5 *file = NULL;
    uint64_t held = 0;
    CAIRN_TRY(cairn_checkpoint_open(path, &file));
    bool any = cairn_h5_has_array(file, place);
    cairn_status st = any ? cairn_h5_read(file, place, &form, &held) : CAIRN_OK;
    cairn_h5_close(file);
    if (any && st == CAIRN_OK) *update = held;
    return st;
}

/* Read all rows of an open array and compare them with `expected`, unless that is NULL. */
static cairn_status walk_rows(struct cairn_h5_array *array, const char *what,
                              const unsigned char *expected)
{
    const struct cairn_h5_form *form = cairn_h5_array_form(array);
    const size_t n_rows = form->shape.ndim == 0 ? 0 : form->shape.dim[0];
    const size_t row_bytes =
        n_rows == 0 ? 0 : cairn_shape_count(&form->shape) / n_rows * cairn_h5_element_bytes(form);
    const size_t fit = row_bytes == 0 || row_bytes > PIECE_BYTES ? 1 : PIECE_BYTES / row_bytes;
    const size_t at_once = n_rows < fit ? n_rows : fit;
    unsigned char *piece = NULL;
    cairn_status st = cairn_memory_get(at_once, row_bytes, "checking a checkpoint", &piece);
    for (size_t row = 0; row < n_rows && st == CAIRN_OK; row += at_once) {
        size_t n = n_rows - row < at_once ? n_rows - row : at_once;
        st = cairn_h5_array_rows(array, row, n, form->type, piece);
        if (st != CAIRN_OK || expected == NULL) continue;
        if (memcmp(piece, expected + row * row_bytes, n * row_bytes) != 0)
            st = cairn_fail(CAIRN_DATA, "%s reads back with other values", what);
    }
    free(piece);
    return st;
}

static cairn_status walk_array(struct cairn_h5 *file, const char *path,
                               const unsigned char *expected)
{
    struct cairn_h5_array *array = NULL;
    CAIRN_TRY(cairn_h5_array_open(file, path, &array));
    cairn_status st = walk_rows(array, path, expected);
    cairn_h5_array_close(array);
    return st;
}

cairn_status cairn_checkpoint_compare(const char *path, const struct cairn_state *state)
{
    struct cairn_h5 *file = NULL;
    if (cairn_fault("checkpoint.check"))
        return cairn_fail(CAIRN_DATA, "planted fault checkpoint.check");
    CAIRN_TRY(cairn_checkpoint_open(path, &file));
    cairn_status st = CAIRN_OK;
    for (size_t i = 0; i < state->n_arrays && st == CAIRN_OK; i++)
        st = walk_array(file, state->array[i].path, state->array[i].data);
    cairn_h5_close(file);
    return st;
}

static cairn_status verify_array(void *context, const char *path)
{
    return walk_array(context, path, NULL);
}

cairn_status cairn_checkpoint_verify(const char *path)
{
    struct cairn_h5 *file = NULL;
    CAIRN_TRY(cairn_checkpoint_open(path, &file));
    cairn_status st = cairn_h5_arrays(file, verify_array, file);
    cairn_h5_close(file);
    return st;
}
