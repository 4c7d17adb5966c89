/* SPDX-License-Identifier: BSD-3-Clause
 * The gradient of a convolution by its weights: for each place of the kernel, dy times what it saw
 * of x, added over all places and samples.  Compiled in two precisions (tensor/real.h).  Local. */
#ifndef CAIRN_TENSOR_CORRELATION_H
#define CAIRN_TENSOR_CORRELATION_H

#include "cairn/status.h"
#include "tensor/patches.h"
#include "tensor/real.h"

#define cairn_correlation_plan CAIRN_R(cairn_correlation_plan)
#define cairn_correlation_free CAIRN_R(cairn_correlation_free)
#define cairn_correlation_run  CAIRN_R(cairn_correlation_run)

/** Planned once. */
struct cairn_correlation {
    const struct cairn_patches *patches; /* kept */
    size_t n_groups;
    size_t n_in, n_out; /* channels of a group */
    size_t micro;       /* most samples of a run */
    size_t n_threads;   /* no influence on the bits */
    bool pairs;         /* x and dy are pairs (tile.h), so many in the place of samples */

    size_t n_rows;      /* channels in times places of the kernel, of a group */
    size_t *row;        /* [n_rows] where they begin in the padded input; owned */
    size_t n_panels;    /* of columns of a tile that the channels out of a group make */
    size_t n_samples;   /* at a time, and ... */
    size_t n_places;    /* ... of each so many places */
    size_t n_padded;    /* numbers of a thread's input with its padding; 0 where there is none */
    size_t n_numbers;   /* of a run's memory */
    size_t of_a_thread; /* of these */
};

/** The arrays of one run. */
struct cairn_correlation_job {
    size_t n;       /* samples */
    const real *x;  /* [n, n_groups * n_in, in] */
    const real *dy; /* [n, n_groups * n_out, out] */
    real beta;      /* 0: dw is not read */
    real *dw;       /* [n_groups * n_out, n_in, kernel] */
    real *memory;   /* [n_numbers] */
};

/**
 * Plan from what stands first in the struct.  Free it, also after a failure.
 *
 * Ranks   local
 * Errors  CAIRN_MEMORY
 */
CAIRN_CHECKED cairn_status cairn_correlation_plan(struct cairn_correlation *plan);

/** Release what was planned; a zeroed one is fine.  Ranks: local.  Errors: none. */
void cairn_correlation_free(struct cairn_correlation *plan);

/** Do it.  Ranks: local.  Errors: none. */
void cairn_correlation_run(const struct cairn_correlation *plan,
                           const struct cairn_correlation_job *job);

#endif
