/* SPDX-License-Identifier: BSD-3-Clause
 * A convolution to its output, or the gradient by the data, by the tiles of AMX (amx.h): at each
 * place the samples are the rows of a product, output channels its columns, and what the place sees
 * is its terms.  So no sum is made that is not wanted, whatever the sizes; with few samples tiles
 * are mostly empty.  Local. */
#ifndef CAIRN_TENSOR_SAMPLES_SWEEP_H
#define CAIRN_TENSOR_SAMPLES_SWEEP_H

#include "tensor/amx.h"
#include "tensor/conv.h"
#include "tensor/seen.h"

/** Planned once. */
struct cairn_samples_sweep {
    struct cairn_seen seen; /* its patches and is_back */
    size_t n_from, n_to;    /* channels */
    size_t micro;           /* most samples of a run */
    size_t parts;
    size_t n_threads; /* no influence on the bits */

    struct cairn_boxes boxes;             /* of places that a thread works at a time ... */
    struct cairn_windows windows;         /* ... what they see ... */
    size_t terms;                         /* ... and so many channels of that */
    size_t packed_at, work_at;            /* in the workspace */
    size_t sums_at, sights_at, places_at; /* in that of a thread */
    size_t of_a_thread;                   /* bytes */
    size_t workspace_bytes;               /* of a run */
};

/**
 * Plan from what stands first in the struct.  Free it, also after a failure.
 *
 * Ranks   local
 * Errors  CAIRN_MEMORY
 */
CAIRN_CHECKED cairn_status cairn_samples_sweep_plan(struct cairn_samples_sweep *sweep);

/** Release what was planned; a zeroed one is fine.  Ranks: local.  Errors: none. */
void cairn_samples_sweep_free(struct cairn_samples_sweep *sweep);

/** y [n, n_to, to] from x [n, n_from, from], w and bias; back these are dx and dy.  Ranks: local;
 * the bits of a sample do not depend on the others.  Errors: none. */
void cairn_samples_sweep_run(const struct cairn_samples_sweep *sweep,
                             const struct cairn_conv_job *job);

#endif
