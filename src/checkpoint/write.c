/* SPDX-License-Identifier: BSD-3-Clause
 * Writing a checkpoint.  HDF5 writes into room that was reserved for all of it, or makes the whole
 * file in memory where it belongs to a host's threads: so it never sees a full disk, and what the
 * operating system refuses is known by its own name. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/last_error.h"
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
                               struct cairn_image *out)
{
    struct cairn_h5 *file = NULL;
    if (cairn_h5_create_image(path, &file) != CAIRN_OK) return CAIRN_FILES; /* also for memory */
    cairn_status st = fill(file, state);
    if (st == CAIRN_OK)
        st = cairn_h5_close_image(file, &out->bytes, &out->n_bytes);
    else
        cairn_h5_close(file);
    return st == CAIRN_OK ? CAIRN_OK : CAIRN_FILES;
}

void cairn_image_free(struct cairn_image *image)
{
    free(image->bytes);
    *image = (struct cairn_image){.bytes = NULL};
}

/* Whether a file holds these bytes and no others. */
static cairn_status compare_bytes(const char *path, const struct cairn_image *image)
{
    unsigned char block[1 << 14];
    size_t n_same = 0, n = 0;
    FILE *stream = NULL;
    if (cairn_fault("checkpoint.check"))
        return cairn_fail(CAIRN_DATA, "planted fault checkpoint.check");
    CAIRN_TRY(cairn_file_stream(path, &stream));
    if (stream == NULL) return cairn_fail(CAIRN_DATA, "is gone");
    while ((n = fread(block, 1, sizeof block, stream)) > 0) {
        if (n > image->n_bytes - n_same || memcmp(block, image->bytes + n_same, n) != 0) break;
        n_same += n;
    }
    const bool whole = n == 0 && ferror(stream) == 0 && n_same == image->n_bytes;
    fclose(stream);
    return whole ? CAIRN_OK
                 : cairn_fail(CAIRN_DATA, "%zu of %zu bytes are the same", n_same, image->n_bytes);
}

/* More than the file will have: HDF5 stores the last chunk of an array whole. */
static size_t room_for(const struct cairn_state *state)
{
    enum { OF_FILE = 1 << 12, OF_ARRAY = 768, SHARE = 32 };
    size_t n = OF_FILE;
    for (size_t i = 0; i < state->n_arrays; i++) {
        const size_t data = cairn_array_bytes(&state->array[i]);
        n += OF_ARRAY + data + data / SHARE;
    }
    return n;
}

static cairn_status cut(const struct cairn_new_file *file, size_t n)
{
    if (ftruncate(file->fd, (off_t)n) == 0) return CAIRN_OK;
    return cairn_file_refused(file->path, "cannot be written");
}

/* The arrays into the file, which the disk has after it, or the system still holds for the disk. */
static cairn_status stream(struct cairn_new_file *file, const struct cairn_state *state)
{
    struct cairn_h5 *h5 = NULL;
    size_t n_bytes = 0;
    const size_t room = room_for(state);
    if (cairn_fault("file.write")) return cairn_file_refused(file->path, "cannot be written");
    CAIRN_TRY(cairn_file_reserve(file, room));
    if (cairn_h5_create_new(file, &h5) != CAIRN_OK) return CAIRN_FILES;
    cairn_status st = cairn_file_reserve(file, room); /* HDF5 has begun by emptying the file */
    if (st == CAIRN_OK) st = fill(h5, state);
    if (st == CAIRN_OK) st = cairn_h5_flush(h5);
    if (st == CAIRN_OK) st = cairn_h5_written_bytes(h5, &n_bytes);
    if (st != CAIRN_OK) {
        struct cairn_error error;
        cairn_error_take(CAIRN_OK, &error); /* the first one is what is said */
        (void)cut(file, 0); /* what HDF5 cannot close it keeps: that takes no room */
        cairn_h5_close(h5);
        (void)cairn_error_put(&error);
        return CAIRN_FILES;
    }
    CAIRN_TRY(cairn_h5_close(h5));
    return cut(file, n_bytes);
}

/* The bytes beside the file's name, and read back. */
static cairn_status write_unfinished(struct cairn_new_file *file, const struct cairn_image *image,
                                     const struct cairn_state *state)
{
    if (cairn_fault("checkpoint.write")) return cairn_file_refused(file->path, "cannot be written");
    CAIRN_TRY(image == NULL ? stream(file, state)
                            : cairn_file_put(file, image->bytes, image->n_bytes));
    cairn_status st = image != NULL ? compare_bytes(file->unfinished, image)
                                    : cairn_checkpoint_compare(file->unfinished, state);
    if (st == CAIRN_OK) return CAIRN_OK;
    return cairn_fail(CAIRN_FILES, "%s: is not as it was written: %s", file->path,
                      cairn_error_text());
}

/* The new file, complete and checked, in the place of its name. */
static cairn_status write_file(const struct cairn_checkpoint_place *place, const char *path,
                               const struct cairn_image *image, const struct cairn_state *state)
{
    struct cairn_new_file file;
    CAIRN_TRY(cairn_file_begin(path, &file));
    cairn_status st = write_unfinished(&file, image, state);
    if (st == CAIRN_OK && place->before_name != NULL) st = place->before_name(place->context);
    if (st == CAIRN_OK && cairn_fault("checkpoint.rename"))
        st = cairn_file_refused(path, "cannot be named so");
    if (st == CAIRN_OK) return cairn_file_finish(&file);
    cairn_file_abandon(&file);
    return st;
}

static cairn_status path_of(const struct cairn_checkpoint_place *place, uint64_t update,
                            char path[CAIRN_PATH_BYTES])
{
    char name[CAIRN_FILE_NAME_BYTES];
    cairn_checkpoint_name(update, name);
    return cairn_path_join(place->folder, name, path);
}

cairn_status cairn_image_make(const struct cairn_checkpoint_place *place, uint64_t update,
                              const struct cairn_state *state, struct cairn_image *out)
{
    char path[CAIRN_PATH_BYTES];
    CAIRN_TRY(path_of(place, update, path));
    return make_image(path, state, out);
}

static cairn_status write_named(const struct cairn_checkpoint_place *place, uint64_t update,
                                bool best, const struct cairn_image *image,
                                const struct cairn_state *state)
{
    char path[CAIRN_PATH_BYTES];
    CAIRN_TRY(path_of(place, update, path));
    CAIRN_TRY(write_file(place, path, image, state));
    CAIRN_TRY(cairn_checkpoint_set_latest(place->folder, update));
    return best ? cairn_checkpoint_set_best(place->folder, update) : CAIRN_OK;
}

cairn_status cairn_image_write(const struct cairn_checkpoint_place *place, uint64_t update,
                               bool best, const struct cairn_image *image)
{
    return write_named(place, update, best, image, NULL);
}

cairn_status cairn_checkpoint_write(const struct cairn_checkpoint_place *place, uint64_t update,
                                    bool best, const struct cairn_state *state)
{
    return write_named(place, update, best, NULL, state);
}

cairn_status cairn_checkpoint_write_to(const char *path, const struct cairn_state *state)
{
    static const struct cairn_checkpoint_place nowhere = {.folder = NULL};
    return write_file(&nowhere, path, NULL, state);
}
