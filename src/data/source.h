/* SPDX-License-Identifier: BSD-3-Clause
 * The rows of one array of a group, sample by sample: all held in memory, or those of one
 * micro-batch read from the file.  What is read is checked.  Not for other modules.  Local. */
#ifndef CAIRN_DATA_SOURCE_H
#define CAIRN_DATA_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cairn/status.h"
#include "data/internal.h"
#include "data/loader.h"

/** Which numbers are refused. */
enum cairn_source_check { CAIRN_SOURCE_FINITE, CAIRN_SOURCE_WEIGHTS, CAIRN_SOURCE_TOKENS };

/** Blocks of samples that are read whole, and kept for as long as others are wanted less. */
struct cairn_kept {
    size_t block, n;     /* samples of a block; blocks that there is room for, 0: none are kept */
    uint64_t *number;    /* [n] which block; UINT64_MAX: none */
    uint64_t *wanted;    /* [n] until when it is wanted: the least goes first */
    unsigned char *rows; /* [n, rows of a block] */
    size_t last;         /* where the last one was found */
};

/** Where an array's rows come from.  Sample i owns rows i step .. i step + length - 1, as far as
 * there are so many. */
struct cairn_source {
    const struct cairn_rows *rows; /* borrowed; NULL: there is none */
    enum cairn_h5_type type;       /* as which it is read */
    size_t n;                      /* rows of the array */
    size_t n_values, row_bytes;    /* of one row */
    size_t step, length;
    enum cairn_source_check check;
    size_t vocabulary;               /* of tokens */
    const char *path, *group, *name; /* for messages */
    const unsigned char *held;       /* [n rows], or NULL */
    unsigned char *held_owned;       /* what of it is to be released */
    unsigned char *gather;           /* [b, length rows] in the order of a sorted list, or NULL */
    struct cairn_kept kept;          /* where they are neither held nor read one by one */
};

/** A sample, and where in the micro-batch it goes. */
struct cairn_by_sample {
    uint64_t sample;
    size_t slot;
};

/** Set out an array, to be read as `type`; one row is one sample.  Ranks: local.  Errors: none. */
void cairn_source_begin(struct cairn_source *from, const struct cairn_rows *rows,
                        enum cairn_h5_type type);

/** Bytes of all rows of a file; 0 where there is none.  Ranks: local.  Errors: none. */
size_t cairn_source_bytes(const struct cairn_source *from);

/** Hold all rows in a place that others have, too: read this one's part of them, and let the place
 * begin after them.  Ranks: local.  Errors: CAIRN_DATA, as cairn_source_prepare(). */
CAIRN_CHECKED cairn_status cairn_source_hold_in(struct cairn_source *from,
                                                struct cairn_together *place);

/** Bytes of HDF5's cache of the chunks of the open array, unless it was told otherwise.  Ranks:
 * local.  Errors: none. */
size_t cairn_source_chunk_bytes(const struct cairn_source *from);

/** Bytes that keeping n blocks of so many samples takes.  Ranks: local.  Errors: none. */
size_t cairn_source_kept_bytes(const struct cairn_source *from, size_t block, size_t n);

/** Plan to read whole blocks of so many samples, and to keep n of them; 0: row by row.  Ranks:
 * local.  Errors: none. */
void cairn_source_keep(struct cairn_source *from, size_t block, size_t n);

/** Take the memory for these blocks, in place of those before.  Ranks: local.
 * Errors: CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_source_get_kept(struct cairn_source *from);

/** Read the block of a sample unless it is there, without a check; it is wanted until then, or
 * longer already.  Nothing where none are kept.  Ranks: local.  Errors: CAIRN_DATA: cannot be read.
 */
CAIRN_CHECKED cairn_status cairn_source_read_on(struct cairn_source *from, uint64_t sample,
                                                uint64_t until);

/** Read all rows, or make room for those of b samples.  Ranks: local.  Errors: CAIRN_DATA: cannot
 * be read, a number that is refused (names file, array and row); CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_source_prepare(struct cairn_source *from, bool hold, size_t b);

/** Read the rows of n samples, sorted, neighbours in one call; one may occur twice.  Blocks that
 * they are in are wanted `until` then.  Nothing where all are held.  Ranks: local.
 * Errors: CAIRN_DATA, as above. */
CAIRN_CHECKED cairn_status cairn_source_gather(struct cairn_source *from,
                                               const struct cairn_by_sample *sorted, size_t n,
                                               uint64_t until);

/** Check the row of each of n samples, where they are gathered: they came from elsewhere than a
 * file.  Ranks: local.  Errors: CAIRN_DATA, as above. */
CAIRN_CHECKED cairn_status cairn_source_check_gathered(const struct cairn_source *from,
                                                       const struct cairn_by_sample *sorted,
                                                       size_t n);

/** The first row of the sample that is sorted[i].  Ranks: local.  Errors: none. */
const void *cairn_source_at(const struct cairn_source *from, size_t i, uint64_t sample);

/** How many rows a sample has: less than `length` at the end of the array.  Ranks: local.
 * Errors: none. */
size_t cairn_source_count(const struct cairn_source *from, uint64_t sample);

/** Release; a zeroed one is fine.  Ranks: local.  Errors: none. */
void cairn_source_free(struct cairn_source *from);

#endif
