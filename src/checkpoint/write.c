/* SPDX-License-Identifier: BSD-3-Clause
 * Writing a checkpoint.  The whole file is made in memory first: HDF5 then never sees a full disk,
 * and what the operating system refuses is known by its own name. */
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "cairn/version.h"
#include "checkpoint/internal.h"

/* Make the groups above a path that are not there yet. */
static cairn_status make_groups(struct cairn_h5 *file, const char *path)
{
    char group[CAIRN_CHECKPOINT_PATH_BYTES];
    for (const char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        size_t n = (size_t)(slash - path);
        memcpy(group, path, n);
        group[n] = '\0';
        if (!cairn_h5_has_group(file, group)) CAIRN_TRY(cairn_h5_group(file, group));
    }
    return CAIRN_OK;
}

static cairn_status fill(struct cairn_h5 *file, const struct cairn_state *state)
{
    CAIRN_TRY(cairn_h5_set_text(file, "/", "format", CAIRN_CHECKPOINT_FORMAT));
    CAIRN_TRY(cairn_h5_set_whole(file, "/", "format_version", CAIRN_CHECKPOINT_VERSION));
    CAIRN_TRY(cairn_h5_set_text(file, "/", "written_by", "cairn " CAIRN_VERSION));
    for (size_t i = 0; i < state->n_attributes; i++)
        CAIRN_TRY(cairn_h5_set_text(file, "/", state->attribute[i].name, state->attribute[i].text));
    for (size_t i = 0; i < state->n_arrays; i++) {
        const struct cairn_array *array = &state->array[i];
        const struct cairn_h5_form form = cairn_array_form(array);
        CAIRN_TRY(make_groups(file, array->path));
        CAIRN_TRY(cairn_h5_write(file, array->path, &form, array->data));
    }
    return CAIRN_OK;
}

static cairn_status make_image(const char *path, const struct cairn_state *state,
                               unsigned char **bytes, size_t *n_bytes)
{
    struct cairn_h5 *file = NULL;
    CAIRN_TRY(cairn_h5_create_image(path, &file));
    cairn_status st = fill(file, state);
    if (st == CAIRN_OK) return cairn_h5_close_image(file, bytes, n_bytes);
    cairn_h5_close(file);
    return st;
}

/* The bytes beside the file's name, and read back. */
static cairn_status write_unfinished(struct cairn_new_file *file, const struct cairn_state *state,
                                     const unsigned char *bytes, size_t n_bytes)
{
    if (cairn_fault("checkpoint.write")) return cairn_file_refused(file->path, "cannot be written");
    CAIRN_TRY(cairn_file_put(file, bytes, n_bytes));
    if (cairn_checkpoint_compare(file->unfinished, state) == CAIRN_OK) return CAIRN_OK;
    return cairn_fail(CAIRN_FILES, "%s: is not as it was written: %s", file->path,
                      cairn_error_text());
}

/* The new file, complete and checked, in the place of its name. */
static cairn_status write_file(const struct cairn_checkpoint_place *place, const char *path,
                               const struct cairn_state *state)
{
    struct cairn_new_file file;
    unsigned char *bytes = NULL;
    size_t n_bytes = 0;
    if (make_image(path, state, &bytes, &n_bytes) != CAIRN_OK)
        return CAIRN_FILES; /* also for memory */
    cairn_status st = cairn_file_begin(path, &file);
    if (st == CAIRN_OK) st = write_unfinished(&file, state, bytes, n_bytes);
    free(bytes);
    if (st == CAIRN_OK && place->before_name != NULL) st = place->before_name(place->context);
    if (st == CAIRN_OK && cairn_fault("checkpoint.rename"))
        st = cairn_file_refused(path, "cannot be named so");
    if (st == CAIRN_OK) return cairn_file_finish(&file);
    cairn_file_abandon(&file);
    return st;
}

cairn_status cairn_checkpoint_write(const struct cairn_checkpoint_place *place, uint64_t update,
                                    bool best, const struct cairn_state *state)
{
    char name[CAIRN_FILE_NAME_BYTES];
    char path[CAIRN_PATH_BYTES];
    cairn_checkpoint_name(update, name);
    CAIRN_TRY(cairn_path_join(place->folder, name, path));
    CAIRN_TRY(write_file(place, path, state));
    CAIRN_TRY(cairn_checkpoint_set_latest(place->folder, update));
    return best ? cairn_checkpoint_set_best(place->folder, update) : CAIRN_OK;
}
