/* SPDX-License-Identifier: BSD-3-Clause
 * What the files of this folder share.  Not for other modules: they include h5/h5.h. */
#ifndef CAIRN_H5_INTERNAL_H
#define CAIRN_H5_INTERNAL_H

#include <hdf5.h>

#include "h5/h5.h"

/* An array that is open for reading. */
struct cairn_h5_array {
    struct cairn_h5 *file;
    char *path;              /* owned */
    hid_t id, space, create; /* create: how it is stored */
    struct cairn_h5_form form;
    size_t rows_at_once;   /* that are read */
    size_t chunk_rows;     /* that a chunk has; 0: there are no chunks */
    uint64_t source_bytes; /* of the files of which a virtual array is made, ... */
    size_t n_sources;      /* ... and how many these are */
    bool transposed;       /* form is [n, d, ...] of what is stored as [d, ..., n] */
    bool whole;            /* form is [1, ...] of what is stored as [...] */
    bool via_double;       /* HDF5 would round its reals otherwise than C does */
    double *piece;         /* [PIECE] of those, owned */
};

struct cairn_h5 {
    char *path; /* for messages; owned */
    hid_t id;
    bool writable;
    uint64_t bytes; /* of the file when it was opened for reading */
    void *image;    /* of a file in memory, once HDF5 has let go of it; owned */
};

/** One thread at a time is between these two; it may enter again.  What leaves hands a status on.
 * Ranks: local.  Errors: none of their own. */
void cairn_h5_enter(void);
cairn_status cairn_h5_leave(cairn_status st);

/** Call a function with the lock held; each public function of this folder is such a call. */
#define CAIRN_H5_LOCKED(call) (cairn_h5_enter(), cairn_h5_leave(call))

/** Make the file behind a new handle at `path`, by the driver that `access` names, which is closed;
 * the handle is released where that fails.  Ranks: local.  Errors: CAIRN_FILES. */
CAIRN_CHECKED cairn_status cairn_h5_create_with(struct cairn_h5 *file, const char *path,
                                                hid_t access);

/** A handle for a file that is to be written or read.  Ranks: local.  Errors: memory. */
CAIRN_CHECKED cairn_status cairn_h5_handle(const char *path, bool writable, struct cairn_h5 **out);

/** Release a handle whose file is closed.  Ranks: local.  Errors: none. */
void cairn_h5_release(struct cairn_h5 *file);

/** The status of a failed call on this file: CAIRN_FILES where it is written, CAIRN_DATA where it
 * is read, with the path, `where` in the file, and the innermost sentence of HDF5's error stack.
 * Ranks: local.  Errors: always. */
cairn_status cairn_h5_failed(const struct cairn_h5 *file, const char *where, const char *what);

/** From now on a crash inside of CAIRN_H5_READING ends the process with CAIRN_DATA and a line.
 * Ranks: local.  Errors: none. */
void cairn_h5_catch_crashes(void);
const char *cairn_h5_begin_reading(const struct cairn_h5 *file);
void cairn_h5_end_reading(const char **old);

/** A crash removes this file, until its end: one at a time in a thread.  Ranks: local; keeps the
 * text.  Errors: none. */
void cairn_h5_begin_making(const char *unfinished);
void cairn_h5_end_making(void);

/* Until the end of the block HDF5 works on this file; a file of our own that is written does not
 * count. */
#define CAIRN_H5_READING(file)                                                                     \
    const char *reading_before __attribute__((unused, cleanup(cairn_h5_end_reading))) =            \
        cairn_h5_begin_reading(file)

/** How files are opened for reading; to be closed.  Ranks: local.  Errors: < 0. */
hid_t cairn_h5_reading_access(void);

/** A collection of texts that was read last, for the next that lies in it; zeroed at first. */
struct cairn_h5_heap {
    uint64_t address;
    unsigned char *bytes; /* owned: to be released with free() */
    size_t n;
};

/** Bytes of one text of variable length as it stands in an array: where it is. */
enum { CAIRN_H5_REFERENCE_BYTES = 4 + 8 + 4 };

/** Read what stands in an array for texts of variable length; to [n, CAIRN_H5_REFERENCE_BYTES].
 * Ranks: local.  Errors: false: it cannot be read. */
bool cairn_h5_read_references(hid_t array, hid_t in_memory, hid_t in_file, unsigned char *to);

/** The text that is meant by one of them, to be released with free().  Ranks: local.
 * Errors: CAIRN_DATA: damaged, without a sentence; CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_h5_text_of(const struct cairn_h5 *file,
                                            const unsigned char *reference,
                                            struct cairn_h5_heap *heap, char **out);

/** The text of an attribute of variable length, to be released with free().  Ranks: local.
 * Errors: CAIRN_DATA: damaged, without a sentence. */
CAIRN_CHECKED cairn_status cairn_h5_variable_text(const struct cairn_h5 *file, hid_t attribute,
                                                  hid_t type, char **out);

/** Whether an array's numbers lie in its own file, in a way that is read here; else *why.  Ranks:
 * local.  Errors: none. */
bool cairn_h5_well_stored(hid_t create, const char **why);
/** Check all sources of an array that is virtual; others are fine.  Ranks: local.
 * Errors: CAIRN_DATA: a source that is missing, too short, or elsewhere, by its name; more of them
 * than a process may open. */
CAIRN_CHECKED cairn_status cairn_h5_check_virtual(struct cairn_h5_array *array);

/** The sources of an array that is closed are closed, too.  Ranks: local.  Errors: none. */
void cairn_h5_forget_sources(struct cairn_h5_array *array);

/** Whether one of its filters may make it smaller.  Ranks: local.  Errors: none. */
bool cairn_h5_is_packed(hid_t create);
/** Whether its chunks have as many dimensions as the array, are not empty, and are no more than
 * `most`: HDF5 1.10 goes through all of them.  Ranks: local.  Errors: none. */
bool cairn_h5_sane_chunks(hid_t create, const struct cairn_shape *shape, uint64_t most);

/** Whether the file has no place for some of an array's numbers.  Ranks: local.  Errors: none. */
bool cairn_h5_is_unwritten(const struct cairn_h5_array *array);

/** The shape in a file: a single number is an array of one.  Ranks: local.  Errors: none. */
struct cairn_shape cairn_h5_shape_stored(const struct cairn_shape *shape);

/** Rows of whole chunks, of some MiB together: between two such pieces another thread may have the
 * library.  Ranks: local.  Errors: none. */
size_t cairn_h5_rows_at_once(hid_t create, size_t row_bytes);

/** The status of an array that cannot be opened.  Ranks: local.  Errors: always. */
cairn_status cairn_h5_no_array(const struct cairn_h5 *file, const char *path);

/** A new HDF5 type as it lies in memory, or in a file (little-endian); to be closed.  Ranks: local.
 * Errors: < 0. */
hid_t cairn_h5_memory_type(const struct cairn_h5_form *form);
hid_t cairn_h5_file_type(const struct cairn_h5_form *form);

/** Which of our types an HDF5 type is, with its text_bytes; false for none.  Ranks: local.
 * Errors: none. */
bool cairn_h5_known_type(hid_t type, struct cairn_h5_form *form);

/** What a type is that is not known, and what to store in its place.  Ranks: local.  Errors: none.
 */
const char *cairn_h5_instead_of(hid_t type);

#endif
