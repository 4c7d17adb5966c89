/* SPDX-License-Identifier: BSD-3-Clause
 * HDF5 files: arrays, attributes and groups by path.  The only module that sees hdf5.h; knows
 * nothing of datasets and checkpoints.  All functions are local.
 *
 * Several threads may be here at once, each with files of its own: HDF5 need not be thread-safe, so
 * each call holds a lock; what takes long is cut into pieces that leave room for others.  visit of
 * the walks is called with the lock held.
 *
 * What a file says is checked before anything is allocated: sizes that overflow or that the file
 * cannot hold, and types that have no C type are refused as CAIRN_DATA.
 * Messages start with the file's path. */
#ifndef CAIRN_H5_H5_H
#define CAIRN_H5_H5_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/file.h"
#include "cairn/real.h"
#include "cairn/status.h"
#include "tensor/shape.h"

enum { CAIRN_H5_NAME_BYTES = 256 };

/** What an element is.  TEXT is a string of fixed length, padded with zeros. */
enum cairn_h5_type {
    CAIRN_H5_U8,
    CAIRN_H5_I8,
    CAIRN_H5_U16,
    CAIRN_H5_I16,
    CAIRN_H5_U32,
    CAIRN_H5_I32,
    CAIRN_H5_U64,
    CAIRN_H5_I64,
    CAIRN_H5_F16, /* any real of two bytes in the file; as 16 bits of IEEE 754 in memory */
    CAIRN_H5_F32,
    CAIRN_H5_F64,
    CAIRN_H5_TEXT,
};

/** How the elements lie in a file, where that is not plainly as their type. */
enum cairn_h5_coding {
    CAIRN_H5_PLAIN,
    CAIRN_H5_BOOL,     /* h5py's: an enum of FALSE and TRUE */
    CAIRN_H5_ENUM,     /* whole numbers with names */
    CAIRN_H5_LONG,     /* a long double; read as one of 8 bytes */
    CAIRN_H5_VARIABLE, /* TEXT, each of its own length: cairn_h5_array_texts() reads it */
};

/** What a cairn_real is. */
#define CAIRN_H5_REAL (CAIRN_REAL_BITS == 64 ? CAIRN_H5_F64 : CAIRN_H5_F32)

/** What an array is, in the file or in memory.  A single number (ndim 0) is stored as an array of
 * one. */
struct cairn_h5_form {
    enum cairn_h5_type type;
    struct cairn_shape shape;
    size_t text_bytes;  /* TEXT only: bytes of one string */
    size_t chunk_bytes; /* written in chunks of whole rows of about so many bytes; 0 for 1 MiB */
    unsigned deflate;   /* written: level of compression, after shuffling; 0 for none */
    enum cairn_h5_coding coding; /* in a file that is read, ... */
    bool swapped;                /* ... and whether the other byte comes first there */
};

struct cairn_h5;
struct cairn_h5_array;
struct cairn_h5_new_array;

/** Bytes of one element; text_bytes for TEXT.  Ranks: local.  Errors: none. */
size_t cairn_h5_element_bytes(const struct cairn_h5_form *form);

/** Whether it is one of the reals.  Ranks: local.  Errors: none. */
bool cairn_h5_is_real(enum cairn_h5_type type);

/** "uint8", "float32", "text", ...  Ranks: local.  Errors: none. */
const char *cairn_h5_type_name(enum cairn_h5_type type);

enum { CAIRN_H5_STORED_BYTES = 48 };

/** How the elements lie in the file: "float64, big-endian", "bool", "enum of uint8"; in text
 * [CAIRN_H5_STORED_BYTES].  Ranks: local.  Errors: none. */
const char *cairn_h5_stored_text(const struct cairn_h5_form *form, char *text);

/** Version of the HDF5 library, "1.10.8"; text holds at least 32 bytes.  Ranks: local.
 * Errors: none. */
void cairn_h5_version(char *text);

/** Give back what HDF5 keeps of freed memory.  Ranks: local.  Errors: none. */
void cairn_h5_give_back(void);

/** Make an empty file, in place of an older one.  Ranks: local.  Errors: CAIRN_FILES: cannot be
 * written. */
CAIRN_CHECKED cairn_status cairn_h5_create(const char *path, struct cairn_h5 **out);

/** The same in a file that was begun, to be closed before that is finished; messages say the name
 * it gets.  Where reading another one crashes HDF5, it is removed.  Ranks: local.
 * Errors: CAIRN_FILES: cannot be written. */
CAIRN_CHECKED cairn_status cairn_h5_create_new(const struct cairn_new_file *place,
                                               struct cairn_h5 **out);

/** Make an empty file in memory, so that a full disk cannot hit HDF5, which would not let go of the
 * file then; `path` only names it in messages.  Ranks: local.  Errors: CAIRN_FILES. */
CAIRN_CHECKED cairn_status cairn_h5_create_image(const char *path, struct cairn_h5 **out);

/**
 * Close a file in memory, always, and hand over its bytes, to be released with free().
 *
 * Ranks   local
 * Errors  CAIRN_FILES: memory
 */
CAIRN_CHECKED cairn_status cairn_h5_close_image(struct cairn_h5 *file, unsigned char **bytes,
                                                size_t *n_bytes);

/** Open for reading.  Ranks: local.  Errors: CAIRN_DATA: missing, no HDF5 file, truncated, not
 * readable. */
CAIRN_CHECKED cairn_status cairn_h5_open(const char *path, struct cairn_h5 **out);

/** The path by which it was opened.  Ranks: local; borrowed.  Errors: none. */
const char *cairn_h5_path(const struct cairn_h5 *file);

/** Bytes of a file when it was opened for reading.  Ranks: local.  Errors: none. */
uint64_t cairn_h5_bytes(const struct cairn_h5 *file);

/** cairn_file_sample() of an open file; 0: it cannot be read.  Ranks: local.  Errors: none. */
uint64_t cairn_h5_sample(const struct cairn_h5 *file);

/** Hand everything to the operating system (the caller syncs).  Ranks: local.
 * Errors: CAIRN_FILES. */
CAIRN_CHECKED cairn_status cairn_h5_flush(struct cairn_h5 *file);

/** Its bytes, as they are after a flush.  Ranks: local.  Errors: CAIRN_FILES. */
CAIRN_CHECKED cairn_status cairn_h5_written_bytes(struct cairn_h5 *file, size_t *out);

/**
 * Close and release, always; NULL is fine.  The status only matters for a file that was written.
 *
 * Ranks   local
 * Errors  CAIRN_FILES: what was written did not all reach the file
 */
cairn_status cairn_h5_close(struct cairn_h5 *file);

/** Make a group that keeps creation order; those above it must be there.  Ranks: local.
 * Errors: CAIRN_FILES. */
CAIRN_CHECKED cairn_status cairn_h5_group(struct cairn_h5 *file, const char *path);

/** Whether there is a group, or an array, at `path`.  Ranks: local.  Errors: none. */
bool cairn_h5_has_group(struct cairn_h5 *file, const char *path);
bool cairn_h5_has_array(struct cairn_h5 *file, const char *path);

/** Whether there is a name at `path`, wherever it may lead.  Ranks: local.  Errors: none. */
bool cairn_h5_has_name(const struct cairn_h5 *file, const char *path);

/** Whether `path`, or a group above it, is a link to another file, which is not followed.
 * Ranks: local.  Errors: none. */
bool cairn_h5_is_elsewhere(const struct cairn_h5 *file, const char *path);

/**
 * Call visit for each child of a group, in creation order where the file keeps an index of it, else
 * as the file has them, mostly by name.  A status other than CAIRN_OK ends the walk and is
 * returned.
 *
 * Ranks   local
 * Errors  CAIRN_DATA: no such group, a name of CAIRN_H5_NAME_BYTES or more; those of visit
 */
CAIRN_CHECKED cairn_status cairn_h5_children(struct cairn_h5 *file, const char *path,
                                             cairn_status (*visit)(void *context, const char *name,
                                                                   bool is_group),
                                             void *context);

/**
 * Call visit for each array of the file, however deep, with its path; one of several names once;
 * visit may be NULL. Takes time by the size of the file, whatever its groups claim to hold.
 *
 * Ranks   local
 * Errors  CAIRN_DATA: a group with two names, as in a graph or a circle; a child that leads nowhere
 *         is visited; as cairn_h5_children(); those of visit.  CAIRN_MEMORY
 */
CAIRN_CHECKED cairn_status cairn_h5_arrays(struct cairn_h5 *file,
                                           cairn_status (*visit)(void *context, const char *path),
                                           void *context);

/**
 * Write a whole array, in chunks that carry Fletcher-32.
 *
 * Shapes  data: form->shape
 * Ranks   local
 * Errors  CAIRN_FILES
 */
CAIRN_CHECKED cairn_status cairn_h5_write(struct cairn_h5 *file, const char *path,
                                          const struct cairn_h5_form *form, const void *data);

/** Begin an array of form->shape whose rows come one after the other.  Ranks: local.
 * Errors: CAIRN_FILES; CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_h5_array_begin(struct cairn_h5 *file, const char *path,
                                                const struct cairn_h5_form *form,
                                                struct cairn_h5_new_array **out);
/** The next n rows.  Ranks: local.  Errors: CAIRN_FILES; CAIRN_BUG: more than it has. */
CAIRN_CHECKED cairn_status cairn_h5_array_append(struct cairn_h5_new_array *array, size_t n,
                                                 const void *data);
/** Rows of one of its chunks.  Ranks: local.  Errors: none. */
size_t cairn_h5_new_array_chunk(const struct cairn_h5_new_array *array);
/** Close and release, always, before the file; NULL is fine.  Rows that never came read as zeros.
 * Ranks: local.  Errors: CAIRN_FILES. */
cairn_status cairn_h5_array_end(struct cairn_h5_new_array *array);

/**
 * Convert n numbers of from->type and byte order, as they lie in memory, to `type`, as they would
 * be read from a file.
 *
 * Shapes  data: [n] of any alignment; out: [n]
 * Ranks   local
 * Errors  CAIRN_BUG: no numbers
 */
CAIRN_CHECKED cairn_status cairn_h5_convert(const struct cairn_h5_form *from, const void *data,
                                            size_t n, enum cairn_h5_type type, void *out);

/** What is stored at `path`.  Ranks: local.  Errors: CAIRN_DATA: no array there, or none that can
 * be read. */
CAIRN_CHECKED cairn_status cairn_h5_describe(struct cairn_h5 *file, const char *path,
                                             struct cairn_h5_form *out);

/**
 * Read a whole array as wanted->type; numbers are converted, TEXT is not.  Checksums are verified.
 *
 * Shapes  data: wanted->shape, which must be that of the file
 * Ranks   local
 * Errors  CAIRN_DATA: no array there, another shape (names both), text for numbers, a damaged chunk
 */
CAIRN_CHECKED cairn_status cairn_h5_read(struct cairn_h5 *file, const char *path,
                                         const struct cairn_h5_form *wanted, void *data);

/** Read an array that is one text, to be released with free().  Ranks: local.  Errors: CAIRN_DATA:
 * no array there, not one text, damaged. */
CAIRN_CHECKED cairn_status cairn_h5_read_text(struct cairn_h5 *file, const char *path, char **out);

/** Keep an array open for reading rows; close it before the file.  Ranks: local.
 * Errors: CAIRN_DATA. */
CAIRN_CHECKED cairn_status cairn_h5_array_open(struct cairn_h5 *file, const char *path,
                                               struct cairn_h5_array **out);
/** Close; NULL is fine.  Ranks: local.  Errors: none. */
void cairn_h5_array_close(struct cairn_h5_array *array);

/** What the array is.  Ranks: local.  Errors: none. */
const struct cairn_h5_form *cairn_h5_array_form(const struct cairn_h5_array *array);

/** Rows that a chunk of the array has; 0: it has no chunks.  Ranks: local.  Errors: none. */
size_t cairn_h5_array_chunk(const struct cairn_h5_array *array);

/** Call visit with the path of each file of which a virtual array is made, besides its own; one
 * that gives several pieces mostly once.  Nothing for other arrays.  A status other than CAIRN_OK
 * ends the walk and is returned.  Ranks: local.  Errors: CAIRN_DATA: damaged; CAIRN_MEMORY; those
 * of visit. */
CAIRN_CHECKED cairn_status cairn_h5_array_sources(const struct cairn_h5_array *array,
                                                  cairn_status (*visit)(void *context,
                                                                        const char *path),
                                                  void *context);

/** The same for all arrays of a file, whether they can be read or not.  Ranks: local.
 * Errors: as above, and those of cairn_h5_arrays(). */
CAIRN_CHECKED cairn_status cairn_h5_sources(struct cairn_h5 *file,
                                            cairn_status (*visit)(void *context, const char *path),
                                            void *context);

/** Whether the file has no place for some of its numbers, which read as what they are filled with.
 * Ranks: local.  Errors: none. */
bool cairn_h5_array_unwritten(const struct cairn_h5_array *array);

/** What the rows of an array are. */
enum cairn_h5_taken {
    CAIRN_H5_ROWS,      /* as it is stored, its first dimension counts them */
    CAIRN_H5_ROWS_LAST, /* its last one does: [d, ..., n] is taken as [n, d, ...] */
    CAIRN_H5_WHOLE,     /* all of it is one row */
};

/** Take an array like this from now on, once; one [n] has its rows last, too.  Ranks: local.
 * Errors: CAIRN_DATA: a whole with more dimensions than there may be. */
CAIRN_CHECKED cairn_status cairn_h5_array_take(struct cairn_h5_array *array,
                                               enum cairn_h5_taken taken);

/**
 * Read rows first .. first + n - 1 of the outermost dimension as `type`.
 *
 * Ranks   local
 * Errors  CAIRN_DATA: a damaged chunk; CAIRN_BUG: rows that are not there
 */
CAIRN_CHECKED cairn_status cairn_h5_array_rows(struct cairn_h5_array *array, size_t first, size_t n,
                                               enum cairn_h5_type type, void *data);

/**
 * Call visit for each text of rows first .. first + n - 1 of an array [n] or [n, 1], of fixed or
 * variable length; what pads it is left out.  A status other than CAIRN_OK ends the walk and is
 * returned.
 *
 * Ranks   local
 * Errors  CAIRN_DATA: no texts, damaged; CAIRN_MEMORY; those of visit
 */
CAIRN_CHECKED cairn_status
cairn_h5_array_texts(struct cairn_h5_array *array, size_t first, size_t n,
                     cairn_status (*visit)(void *context, const char *text), void *context);

/** Call visit for each name of an enum and the number that it stands for, as the file has them.
 * Ranks: local.  Errors: CAIRN_DATA: no enum, damaged; those of visit. */
CAIRN_CHECKED cairn_status cairn_h5_array_names(
    struct cairn_h5_array *array,
    cairn_status (*visit)(void *context, const char *name, int64_t value), void *context);

/** Set an attribute of the object at `path` ("/" is the file).  Ranks: local.
 * Errors: CAIRN_FILES. */
CAIRN_CHECKED cairn_status cairn_h5_set_text(struct cairn_h5 *file, const char *path,
                                             const char *name, const char *text);
CAIRN_CHECKED cairn_status cairn_h5_set_whole(struct cairn_h5 *file, const char *path,
                                              const char *name, int64_t value);
/** As float64: a scalar for n = 1, else [n].  Ranks: local.  Errors: CAIRN_FILES. */
CAIRN_CHECKED cairn_status cairn_h5_set_numbers(struct cairn_h5 *file, const char *path,
                                                const char *name, const double *value, size_t n);

/** Call visit for each attribute of the object at `path`, by name; a status other than CAIRN_OK
 * ends the walk.  Ranks: local.  Errors: CAIRN_DATA: a name that cannot be read; those of visit. */
CAIRN_CHECKED cairn_status cairn_h5_attributes(struct cairn_h5 *file, const char *path,
                                               cairn_status (*visit)(void *context,
                                                                     const char *name),
                                               void *context);

/** Whether the object at `path` has the attribute.  Ranks: local.  Errors: none. */
bool cairn_h5_has_attribute(struct cairn_h5 *file, const char *path, const char *name);

/** A text attribute (of fixed or variable length), to be released with free().  Ranks: local.
 * Errors: CAIRN_DATA. */
CAIRN_CHECKED cairn_status cairn_h5_get_text(struct cairn_h5 *file, const char *path,
                                             const char *name, char **out);

/**
 * A number attribute, scalar or [n] with n at most `most`, as doubles; how many in *n.
 *
 * Ranks   local
 * Errors  CAIRN_DATA: missing, not numbers, too many
 */
CAIRN_CHECKED cairn_status cairn_h5_get_numbers(struct cairn_h5 *file, const char *path,
                                                const char *name, size_t most, double *value,
                                                size_t *n);

#endif
