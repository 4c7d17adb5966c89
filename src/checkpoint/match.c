/* SPDX-License-Identifier: BSD-3-Clause
 * Weights made elsewhere: what of a file fits the arrays that are wanted, by name and shape.
 * Checkpoints of the same run are read by read.c, which wants everything to be as it was written.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/log.h"
#include "base/memory.h"
#include "checkpoint/arrays.h"
#include "checkpoint/internal.h"

#define WEIGHTS "/weights/"
#define BUFFERS "/buffers/"

/* Three lists, a path and the words around them fit into one line of an error. */
enum { MOST_NAMES = 10, NAME_BYTES = 320, LIST_BYTES = 480, WORDS_BYTES = 3 * (LIST_BYTES + 32) };

/* Names for a message: the first few of n. */
struct names {
    size_t n, n_shown;
    char text[LIST_BYTES];
};

/* What was found in a file. */
struct match {
    struct cairn_arrays *file;
    const char *path;
    const struct cairn_state *wanted;
    const char *group; /* whose children are walked */
    char prefix[CAIRN_H5_NAME_BYTES];
    size_t n_taken;
    struct names missing, reshaped, surplus;
};

static void CAIRN_PRINTF(2, 3) add_name(struct names *names, const char *format, ...)
{
    va_list arguments;
    char name[NAME_BYTES];
    size_t used = strlen(names->text);
    va_start(arguments, format);
    vsnprintf(name, sizeof name, format, arguments);
    va_end(arguments);
    names->n++;
    if (names->n > MOST_NAMES || names->n_shown + 1 < names->n) return;
    if (used + strlen(name) + 3 > sizeof names->text) return;
    snprintf(names->text + used, sizeof names->text - used, "%s%s", used == 0 ? "" : ", ", name);
    names->n_shown++;
}

/* "; missing 3.weight, 3.bias and 4 more" after what `text` holds. */
static void list_names(const char *what, const struct names *names, char text[WORDS_BYTES])
{
    char more[32] = "";
    size_t used = strlen(text);
    if (names->n == 0) return;
    if (names->n > names->n_shown)
        snprintf(more, sizeof more, " and %zu more", names->n - names->n_shown);
    snprintf(text + used, WORDS_BYTES - used, "%s%s %s%s", used == 0 ? "" : "; ", what, names->text,
             more);
}

/* Its name without the group. */
static const char *name_of(const struct cairn_array *array)
{
    return strchr(array->path + 1, '/') + 1;
}

/* Where the file has it; a state_dict holds running averages among the weights. */
static bool find_array(const struct match *match, const struct cairn_array *array,
                       char place[CAIRN_CHECKPOINT_PATH_BYTES])
{
    snprintf(place, CAIRN_CHECKPOINT_PATH_BYTES, "%s", array->path);
    if (cairn_arrays_has(match->file, place)) return true;
    snprintf(place, CAIRN_CHECKPOINT_PATH_BYTES, WEIGHTS "%s", name_of(array));
    return cairn_arrays_has(match->file, place);
}

static cairn_status check_finite(const struct match *match, const struct cairn_array *array,
                                 const char *place)
{
    const real *value = array->data;
    size_t n = cairn_shape_count(&array->shape);
    for (size_t i = 0; i < n; i++)
        if (!isfinite(value[i]))
            return cairn_fail(CAIRN_DATA, "%s: %s: number %zu is not finite as %s", match->path,
                              place, i, cairn_h5_type_name(CAIRN_H5_REAL));
    return CAIRN_OK;
}

static cairn_status take(struct match *match, const struct cairn_array *array)
{
    char want[CAIRN_SHAPE_TEXT_BYTES];
    char have[CAIRN_SHAPE_TEXT_BYTES];
    char place[CAIRN_CHECKPOINT_PATH_BYTES];
    struct cairn_shape found;
    if (!find_array(match, array, place)) {
        add_name(&match->missing, "%s %s", name_of(array), cairn_shape_text(&array->shape, want));
        return CAIRN_OK;
    }
    CAIRN_TRY(cairn_arrays_shape(match->file, place, &found));
    bool one = cairn_shape_count(&found) == 1 && cairn_shape_count(&array->shape) == 1;
    if (!cairn_shape_same(&found, &array->shape) && !(one && found.ndim == 0)) {
        add_name(&match->reshaped, "%s %s, wanted %s", name_of(array),
                 cairn_shape_text(&found, have), cairn_shape_text(&array->shape, want));
        return CAIRN_OK;
    }
    CAIRN_TRY(cairn_arrays_read(match->file, place, &array->shape, array->data));
    match->n_taken++;
    return check_finite(match, array, place);
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text);
    size_t n_end = strlen(end);
    return n >= n_end && strcmp(text + n - n_end, end) == 0;
}

/* Keep what stands before a wanted name in a surplus one: "module." */
static void keep_prefix(struct match *match, const char *surplus)
{
    for (size_t i = 0; i < match->wanted->n_arrays && match->prefix[0] == '\0'; i++) {
        const char *name = name_of(&match->wanted->array[i]);
        size_t before = ends_with(surplus, name) ? strlen(surplus) - strlen(name) : 0;
        if (before == 0 || surplus[before - 1] != '.') continue;
        snprintf(match->prefix, sizeof match->prefix, "%.*s", (int)before, surplus);
    }
}

/* Whether an array of the file holds the numbers of one that was taken. */
static bool same_numbers(const struct match *match, const char *place,
                         const struct cairn_array *taken)
{
    size_t n = cairn_shape_count(&taken->shape);
    real *value = NULL;
    bool same = cairn_memory_get(n, sizeof *value, "a weight", &value) == CAIRN_OK &&
                cairn_arrays_read(match->file, place, &taken->shape, value) == CAIRN_OK &&
                memcmp(value, taken->data, n * sizeof *value) == 0;
    free(value);
    return same;
}

/* A weight that layers share is in a state_dict once for each of them, and in a model here once.
 * Vectors may be equal by chance, all of them zeros. */
static bool is_shared_weight(const struct match *match, const char *name)
{
    char place[2 * CAIRN_H5_NAME_BYTES];
    struct cairn_shape found;
    snprintf(place, sizeof place, "%s%s", match->group, name);
    if (cairn_arrays_shape(match->file, place, &found) != CAIRN_OK) return false;
    for (size_t i = 0; i < match->wanted->n_arrays; i++) {
        const struct cairn_array *taken = &match->wanted->array[i];
        if (found.ndim < 2 || !cairn_shape_same(&found, &taken->shape)) continue;
        if (same_numbers(match, place, taken)) return true;
    }
    return false;
}

/* A child of one of the groups: surplus unless it is wanted.  PyTorch counts batches beside its
 * running averages; nobody needs that count. */
static cairn_status check_surplus(void *context, const char *name, bool is_group)
{
    struct match *match = context;
    for (size_t i = 0; i < match->wanted->n_arrays && !is_group; i++) {
        const struct cairn_array *array = &match->wanted->array[i];
        bool here = strcmp(match->group, WEIGHTS) == 0 ||
                    strncmp(array->path, match->group, strlen(match->group)) == 0;
        if (here && strcmp(name_of(array), name) == 0) return CAIRN_OK;
    }
    if (ends_with(name, ".num_batches_tracked")) return CAIRN_OK;
    if (!is_group && is_shared_weight(match, name)) return CAIRN_OK;
    add_name(&match->surplus, "%s%s", name, is_group ? "/" : "");
    keep_prefix(match, name);
    return CAIRN_OK;
}

/* Whether every wanted name is there under the same prefix. */
static bool all_have_prefix(const struct match *match)
{
    char place[CAIRN_CHECKPOINT_PATH_BYTES + CAIRN_H5_NAME_BYTES];
    if (match->prefix[0] == '\0') return false;
    for (size_t i = 0; i < match->wanted->n_arrays; i++) {
        snprintf(place, sizeof place, WEIGHTS "%s%s", match->prefix,
                 name_of(&match->wanted->array[i]));
        if (!cairn_arrays_has(match->file, place)) return false;
    }
    return true;
}

static cairn_status judge(const struct match *match, bool partial)
{
    char text[WORDS_BYTES] = "";
    list_names("missing", &match->missing, text);
    list_names("of another shape", &match->reshaped, text);
    list_names("surplus", &match->surplus, text);
    if (text[0] == '\0') return CAIRN_OK;
    if (all_have_prefix(match))
        return cairn_fail(CAIRN_DATA,
                          "%s: all names begin with '%s', which a wrapper around the model puts "
                          "there; write them without it",
                          match->path, match->prefix);
    if (match->n_taken == 0)
        return cairn_fail(CAIRN_DATA, "%s: nothing in it fits the model: %s", match->path, text);
    if (!partial)
        return cairn_fail(CAIRN_DATA,
                          "%s: does not fit the model: %s; --init-partial takes what fits",
                          match->path, text);
    cairn_log_warning("%s: taken in part: %s", match->path, text);
    return CAIRN_OK;
}

static cairn_status walk(struct match *match, bool partial)
{
    const struct cairn_state *wanted = match->wanted;
    if (!cairn_arrays_has_group(match->file, "/weights"))
        return cairn_fail(CAIRN_DATA,
                          "%s: has no group /weights; store each array as /weights/<name>, named "
                          "as in a checkpoint of this model",
                          match->path);
    for (size_t i = 0; i < wanted->n_arrays; i++) CAIRN_TRY(take(match, &wanted->array[i]));
    match->group = WEIGHTS;
    CAIRN_TRY(cairn_arrays_each(match->file, match->group, check_surplus, match));
    match->group = BUFFERS;
    if (cairn_arrays_has_group(match->file, match->group))
        CAIRN_TRY(cairn_arrays_each(match->file, match->group, check_surplus, match));
    return judge(match, partial);
}

cairn_status cairn_weights_read(const char *path, const struct cairn_state *wanted, bool partial)
{
    struct match match = {.path = path, .wanted = wanted};
    if (cairn_fault("checkpoint.read"))
        return cairn_fail(CAIRN_DATA, "%s: cannot be read: planted fault", path);
    CAIRN_TRY(cairn_arrays_open(path, &match.file));
    cairn_status st = walk(&match, partial);
    cairn_arrays_close(match.file);
    return st;
}
