/* SPDX-License-Identifier: BSD-3-Clause
 * A list of named arrays to an HDF5 file and back (layout: launch/guide/contract.md 7).  Knows no
 * layer, optimizer or rank.  Local: the caller lets only one rank write. */
#ifndef CAIRN_CHECKPOINT_CHECKPOINT_H
#define CAIRN_CHECKPOINT_CHECKPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/file.h"
#include "base/own.h"
#include "cairn/status.h"
#include "tensor/params.h"
#include "tensor/shape.h"

enum { CAIRN_CHECKPOINT_PATH_BYTES = 160 };
enum cairn_array_type {
    CAIRN_ARRAY_REAL, /* float32, or float64 in a build with doubles */
    CAIRN_ARRAY_F64,
    CAIRN_ARRAY_U64,
    CAIRN_ARRAY_I64,
    CAIRN_ARRAY_TEXT
};

/** One dataset of the file.  TEXT is a fixed-length string in an array of one; data are its
 * characters. */
struct cairn_array {
    char path[CAIRN_CHECKPOINT_PATH_BYTES]; /* "/weights/1.weight" */
    enum cairn_array_type type;
    struct cairn_shape shape;
    void *data;        /* borrowed */
    size_t text_bytes; /* TEXT only: bytes of data */
    bool optional;     /* a file without it is read all the same, and leaves the data alone */
};

/** Bytes of its data.  Ranks: local.  Errors: none. */
size_t cairn_array_bytes(const struct cairn_array *array);

/** A text attribute of the file: the version of a library, say. */
struct cairn_attribute {
    const char *name, *text; /* borrowed */
};

/** What is saved: arrays in checkpoint order and text attributes of the file.  A zeroed one is
 * empty. */
struct cairn_state {
    struct cairn_array *array; /* owned list, borrowed data */
    size_t n_arrays;
    struct cairn_attribute *attribute; /* owned list */
    size_t n_attributes;
};

/** Put an array after the others.  Ranks: local.  Errors: CAIRN_MEMORY, path too long or
 * taken twice. */
CAIRN_CHECKED cairn_status cairn_state_add(struct cairn_state *state, const char *path,
                                           enum cairn_array_type type,
                                           const struct cairn_shape *shape, void *data);

/** As above for one number.  Ranks: local.  Errors: as above. */
CAIRN_CHECKED cairn_status cairn_state_add_number(struct cairn_state *state, const char *path,
                                                  enum cairn_array_type type, void *data);

/** As above for a text in a field of so many bytes, which may change before it is saved.
 * Ranks: local.  Errors: as above. */
CAIRN_CHECKED cairn_status cairn_state_add_field(struct cairn_state *state, const char *path,
                                                 const char *text, size_t n_bytes);

/** As above for one text, which is saved, but never read into.  Ranks: local.  Errors: as above. */
CAIRN_CHECKED cairn_status cairn_state_add_text(struct cairn_state *state, const char *path,
                                                const char *text);

/** Put the weights of a block after the others as /weights/<name>, then its buffers as
 * /buffers/<name>.  Ranks: local.  Errors: as above. */
CAIRN_CHECKED cairn_status cairn_state_add_weights(struct cairn_state *state,
                                                   const struct cairn_params *params, real *block);

/** Put one array for each weight tensor after the others as <group>/<name>.  Ranks: local. Errors:
 * as above. */
CAIRN_CHECKED cairn_status cairn_state_add_tensors(struct cairn_state *state, const char *group,
                                                   const struct cairn_params *params, real *block);

/** Put an attribute of the file after the others.  Ranks: local.  Errors: CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_state_add_attribute(struct cairn_state *state, const char *name,
                                                     const char *text);

/**
 * Take the memory for a copy of a state: arrays like those of `of`, whose data lie one after the
 * other in *block, to be released with free().  The attributes are borrowed as they are, and with
 * `lent` so are the data of tensors (CAIRN_ARRAY_REAL).
 *
 * Ranks   local
 * Errors  CAIRN_MEMORY
 */
CAIRN_CHECKED cairn_status cairn_state_twin(const struct cairn_state *of, bool lent,
                                            struct cairn_state *out, void **block);

/** Bytes of that block.  Ranks: local.  Errors: none. */
size_t cairn_state_twin_bytes(const struct cairn_state *of, bool lent);

/** Copy the data of a state into its twin; allocates nothing.  Ranks: local.  Errors: none. */
void cairn_state_copy(const struct cairn_state *from, const struct cairn_state *twin);

/** Release the lists, not what they borrow; a zeroed state is fine.  Ranks: local.
 * Errors: none. */
void cairn_state_free(struct cairn_state *state);

enum { CAIRN_MOST_MILESTONES = 64 };

/** Which checkpoints stay.  The one that best.h5 points at always does. */
struct cairn_keep {
    size_t newest;  /* so many; 0: all */
    uint64_t every; /* and those of every so many updates; 0: none */
    size_t n_at;    /* and those of the updates at [n_at] */
    uint64_t at[CAIRN_MOST_MILESTONES];
};

/** Whether the checkpoint of this update is a milestone, which stays whatever comes after it.
 * Ranks: local.  Errors: none. */
bool cairn_keep_always(const struct cairn_keep *keep, uint64_t update);

/** Where checkpoints go. */
struct cairn_checkpoint_place {
    const char *folder; /* borrowed */
    struct cairn_keep keep;
    cairn_status (*before_name)(void *context); /* called when the file is complete and has no name
                                                   yet; NULL: nothing */
    void *context;
};

/** The bytes of a checkpoint's file, made in memory; a zeroed one has none. */
struct cairn_image {
    unsigned char *bytes; /* [n_bytes], owned */
    size_t n_bytes;
};

/**
 * Make the bytes of folder/update-NNNNNNNN.h5, of which messages speak: all that writing a
 * checkpoint in this way wants of HDF5.  *out stays as it is on failure.
 *
 * Ranks   local
 * Errors  CAIRN_FILES: memory
 */
CAIRN_CHECKED cairn_status cairn_image_make(const struct cairn_checkpoint_place *place,
                                            uint64_t update, const struct cairn_state *state,
                                            struct cairn_image *out);

/** Release the bytes.  Ranks: local.  Errors: none. */
void cairn_image_free(struct cairn_image *image);

/**
 * Write it as folder/update-NNNNNNNN.h5, as cairn_checkpoint_write(), but without HDF5: what was
 * written is compared with the image.
 *
 * Ranks   local; one writer per folder
 * Errors  as cairn_checkpoint_write()
 */
CAIRN_CHECKED cairn_status cairn_image_write(const struct cairn_checkpoint_place *place,
                                             uint64_t update, bool best,
                                             const struct cairn_image *image);

/**
 * Write folder/update-NNNNNNNN.h5 (beside its name, in room reserved for all of it, synced, opened
 * again and compared, renamed, folder synced), point folder/latest.h5, and best.h5 where it is the
 * best, at it (relative links, by rename).
 *
 * Ranks   local; one writer per folder
 * Errors  CAIRN_FILES: full, read-only, no permission; then nothing but the unfinished file, which
 * is removed, changed; those of before_name
 */
CAIRN_CHECKED cairn_status cairn_checkpoint_write(const struct cairn_checkpoint_place *place,
                                                  uint64_t update, bool best,
                                                  const struct cairn_state *state);

/** The same under any name, in the place of an older file: a checkpoint that no run owns.
 * Ranks: local.  Errors: CAIRN_FILES. */
CAIRN_CHECKED cairn_status cairn_checkpoint_write_to(const char *path,
                                                     const struct cairn_state *state);

/** Remove the checkpoints that need not stay, never that of update `written` or a later one, nor a
 * link of such a name, and what killed writers left.  Ranks: local.  Errors: CAIRN_FILES: some
 * stay; the others are gone. */
CAIRN_CHECKED cairn_status cairn_checkpoint_prune(const struct cairn_checkpoint_place *place,
                                                  uint64_t written);

/**
 * Put right what a writer left that was killed: unfinished files go, latest.h5 points at the newest
 * checkpoint, that of update `newest` (UINT64_MAX: there is none), and those that need not stay go.
 *
 * Ranks   local
 * Errors  CAIRN_FILES: some of it is as it was
 */
CAIRN_CHECKED cairn_status cairn_checkpoint_tidy(const struct cairn_checkpoint_place *place,
                                                 uint64_t newest);

/** What is ours in a folder of checkpoints. */
extern const struct cairn_own cairn_checkpoint_own;

/** folder/update-NNNNNNNN.h5, whether or not there is one.  Ranks: local.  Errors: CAIRN_USAGE: too
 * long. */
CAIRN_CHECKED cairn_status cairn_checkpoint_path(const char *folder, uint64_t update,
                                                 char path[CAIRN_PATH_BYTES]);

/** The updates that a folder has checkpoints of by their names, newest first: *update [*n], to be
 * released with free().  Ranks: local.  Errors: CAIRN_DATA: the folder cannot be read;
 * CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_checkpoint_list(const char *folder, uint64_t **update, size_t *n);

/** Whether there is a file for the checkpoint of this update; it is not opened.  Ranks: local.
 * Errors: none. */
bool cairn_checkpoint_exists(const char *folder, uint64_t update);

/** Point best.h5 at the checkpoint of an update; UINT64_MAX: remove it.  Ranks: local.
 * Errors: CAIRN_FILES. */
CAIRN_CHECKED cairn_status cairn_checkpoint_set_best(const char *folder, uint64_t update);

/**
 * Read into the arrays of `state`, by path and shape; numbers are converted, with a warning where
 * reals are of the other precision; texts are left alone.
 * The checksums of all that is read are verified.  After an error the arrays hold anything.
 *
 * Ranks   local
 * Errors  CAIRN_DATA: missing, damaged, not a checkpoint, another shape (names array, wanted and
 * found)
 */
CAIRN_CHECKED cairn_status cairn_checkpoint_read(const char *path, const struct cairn_state *state);

/**
 * Read weights made elsewhere: the arrays of `wanted`, all CAIRN_ARRAY_REAL below /weights or
 * /buffers, by name and shape from any HDF5 file with a group /weights, or a .safetensors file.
 * Numbers are converted, there those of any type, here reals.  Buffers may also stand among the
 * weights, as in a state_dict, and a weight that layers share may stand there again.  After an
 * error the arrays hold anything.
 *
 * partial  take what fits, and name the rest in a warning; what does not fit keeps its values
 *
 * Ranks   local
 * Errors  CAIRN_DATA: missing, no HDF5 file, no such group, numbers not finite; arrays missing,
 * surplus, or of another shape (names them); with `partial`: nothing fits
 */
CAIRN_CHECKED cairn_status cairn_weights_read(const char *path, const struct cairn_state *wanted,
                                              bool partial);

/** The text at `path_in_file` ("/config"), to be released with free().  Ranks: local.
 * Errors: CAIRN_DATA. */
CAIRN_CHECKED cairn_status cairn_checkpoint_text(const char *path, const char *path_in_file,
                                                 char **out);

/** The same; *out is NULL where there is none.  Ranks: local.  Errors: CAIRN_DATA. */
CAIRN_CHECKED cairn_status cairn_checkpoint_text_if_any(const char *path, const char *path_in_file,
                                                        char **out);

/** The text that is an attribute of the file, likewise.  Ranks: local.  Errors: CAIRN_DATA. */
CAIRN_CHECKED cairn_status cairn_checkpoint_attribute(const char *path, const char *name,
                                                      char **out);

/**
 * Read everything in a checkpoint, for its checksums alone.
 *
 * Ranks   local
 * Errors  CAIRN_DATA: missing, damaged, not a checkpoint
 */
CAIRN_CHECKED cairn_status cairn_checkpoint_verify(const char *path);

/** The newest checkpoint of a folder by its name, whether or not it can be used; "" where there is
 * none.  Ranks: local.  Errors: CAIRN_DATA: the folder cannot be read. */
CAIRN_CHECKED cairn_status cairn_checkpoint_last(const char *folder, char path[CAIRN_PATH_BYTES]);

/**
 * The newest checkpoint of a folder that opens, whose checksums all hold and that is of the update
 * in its name; *found false where there is none, or no folder.  Those passed over are named by a
 * warning.
 *
 * Ranks   local
 * Errors  CAIRN_DATA: there are checkpoints and none can be used, the folder cannot be read
 */
CAIRN_CHECKED cairn_status cairn_checkpoint_newest(const char *folder, bool *found,
                                                   char path[CAIRN_PATH_BYTES]);

/** Remove the checkpoints of later updates than this: a run that goes on from here makes others.
 *  Ranks: local.  Errors: CAIRN_DATA: the folder cannot be read; CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_checkpoint_remove_later(const char *folder, uint64_t update);

#endif
