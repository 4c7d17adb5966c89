/* SPDX-License-Identifier: BSD-3-Clause
 * Positions -> micro-batch.  Holds a group of the dataset in memory where it fits, else reads rows.
 * Local; knows ranges, not ranks. */
#ifndef CAIRN_DATA_LOADER_H
#define CAIRN_DATA_LOADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cairn/data.h"
#include "cairn/status.h"
#include "data/augment.h"
#include "data/dataset.h"
#include "data/shuffle.h"
#include "tensor/micro.h"

/** What will be read after what was asked for last: *first and *n, what was asked, become what is
 * next; false: nothing is known. */
struct cairn_upcoming {
    bool (*next)(void *context, uint64_t *first, size_t *n);
    void *context;
};

/** Memory for the raw data of a group that several loaders hold together, each of which reads a
 * part of it; zeroed: each has its own. */
struct cairn_together {
    unsigned char *memory; /* borrowed: what the data take and CAIRN_TOGETHER_MORE bytes */
    size_t part, n_parts;  /* part `part` is this loader's to read */
};
enum { CAIRN_TOGETHER_MORE = 3 * 64 /* each array begins at a cache line */ };

struct cairn_loader_options {
    enum cairn_split split;
    size_t micro;                 /* b: the most samples of one read */
    struct cairn_shuffle shuffle; /* as cairn_loader_shuffle() has chosen it */
    uint64_t seed;
    size_t memory_bytes;            /* hold the raw data if it is not larger than this */
    struct cairn_together together; /* held there: to be read from once all have made theirs */
    size_t prefetch;                /* micro-batches that are made ahead where they are not held */
    struct cairn_augment augment;   /* of images; zeroed for none */
};

struct cairn_loader;

/** Allocates all it needs and reads all data that it holds; checks what it holds (finite
 * numbers, weights of 0 or more, tokens below the vocabulary).  Ranks: local.  Errors: CAIRN_DATA,
 * CAIRN_MEMORY.  Keeps the dataset, which must live longer. */
CAIRN_CHECKED cairn_status cairn_loader_create(struct cairn_dataset *dataset,
                                               const struct cairn_loader_options *options,
                                               struct cairn_loader **out);
void cairn_loader_free(struct cairn_loader *loader);

/** The failure of a group whose weights or masks leave nothing to learn from or to judge by.
 * Ranks: local.  Errors: CAIRN_DATA: always. */
CAIRN_CHECKED cairn_status cairn_loader_no_weight(const struct cairn_loader *loader);

/** Name file, group and array of labels where a model refused its data; other failures stay.
 * Ranks: local.  Errors: st. */
CAIRN_CHECKED cairn_status cairn_loader_refused(const struct cairn_loader *loader, cairn_status st);

/** Memory of a loader, in bytes. */
struct cairn_loader_memory {
    size_t data;   /* where they are held */
    size_t rows;   /* of a micro-batch */
    size_t chunks; /* that HDF5 keeps of an array that is open, and to turn a sample round */
};

/** Choose the sizes of blocks and windows where they are 0: for a group as its file has it, the
 * same in any world.  Ranks: local.  Errors: none. */
void cairn_loader_shuffle(struct cairn_dataset *dataset, enum cairn_split split,
                          struct cairn_shuffle *shuffle);

/** What reading samples as they come would meet in the file. */
struct cairn_stored_layout {
    bool in_chunks; /* several lie together, and are read together */
    bool scattered; /* neighbours among the samples are not neighbours there: they were picked */
};

/** How the samples of a group lie.  Ranks: local.  Errors: none. */
struct cairn_stored_layout cairn_loader_layout(struct cairn_dataset *dataset,
                                               enum cairn_split split);

/** Give samples in another order from now on: that of a checkpoint.  Ranks: local.
 * Errors: CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_loader_set_shuffle(struct cairn_loader *loader,
                                                    const struct cairn_shuffle *shuffle);

/** The order that it gives them in.  Ranks: local; borrowed.  Errors: none. */
const struct cairn_shuffle *cairn_loader_get_shuffle(const struct cairn_loader *loader);

/** Say what will be read; NULL: what follows, up to the end of the epoch.  Ranks: local.
 * Errors: none. */
void cairn_loader_expect(struct cairn_loader *loader, const struct cairn_upcoming *upcoming);

/** About how much such a loader would take.  Ranks: local.  Errors: none. */
struct cairn_loader_memory cairn_loader_would_take(struct cairn_dataset *dataset,
                                                   const struct cairn_loader_options *options);

/** Bytes held.  Ranks: local.  Errors: none. */
size_t cairn_loader_bytes(const struct cairn_loader *loader);

/**
 * Fill a micro-batch with positions [first, first + n) of the endless order: position p is position
 * p % N of epoch p / N (epochs laid end to end, each in its own order).  n <= b.  The arrays belong
 * to the loader until its next read.
 *
 * Ranks   local
 * Errors  CAIRN_DATA: cannot read, a number that is not finite, a weight below 0, a token that is
 *         not in the vocabulary (names file, group and row)
 */
CAIRN_CHECKED cairn_status cairn_loader_read(struct cairn_loader *loader, uint64_t first, size_t n,
                                             struct cairn_micro *out);

/** Inputs of the host's, as they would stand in the dataset, for the model alone: [n, n_in], at
 * most b; scaled, shifted and normalised as those of the dataset are.  Ranks: local. Errors:
 * CAIRN_DATA: a token that is none. */
CAIRN_CHECKED cairn_status cairn_loader_inputs(struct cairn_loader *loader, const real *x, size_t n,
                                               struct cairn_micro *out);

/** The same with samples that the host hands over for these positions, at most b of them.
 * Ranks: local.  Errors: CAIRN_USAGE: arrays are missing; CAIRN_DATA: as above. */
CAIRN_CHECKED cairn_status cairn_loader_take(struct cairn_loader *loader, uint64_t first,
                                             const struct cairn_samples *samples,
                                             struct cairn_micro *out);

#endif
