/* SPDX-License-Identifier: BSD-3-Clause
 * What a correlation does (correlation.h), by scalar products of strips of dy (strips.h) with what
 * they see of x.  Made for few channels of the output.  Compiled in two precisions (tensor/real.h).
 * Local. */
#ifndef CAIRN_TENSOR_STRIPS_WEIGHTS_H
#define CAIRN_TENSOR_STRIPS_WEIGHTS_H

#include "tensor/correlation.h"
#include "tensor/strips.h"

#define cairn_strips_weights_plan CAIRN_R(cairn_strips_weights_plan)
#define cairn_strips_weights_free CAIRN_R(cairn_strips_weights_free)
#define cairn_strips_weights_run  CAIRN_R(cairn_strips_weights_run)

/** Planned once. */
struct cairn_strips_weights {
    struct cairn_strips strips; /* planned, forward; with pairs those of samples */
    size_t micro;               /* most samples of a run */
    size_t n_threads;           /* no influence on the bits */

    size_t n_columns;   /* channels in times places of the kernel */
    size_t *column;     /* [n_columns] where they begin in what is seen; owned */
    size_t n_samples;   /* at a time */
    size_t n_strips;    /* of a plane of a box */
    size_t n_dy;        /* numbers of a channel of dy in a box, with the gaps between its rows */
    size_t n_steps;     /* of a sample in a box */
    size_t seen_count;  /* numbers of a channel that it sees */
    size_t of_a_thread; /* numbers of memory */
};

/**
 * Plan from what stands first in the struct.  Free it, also after a failure.
 *
 * Ranks   local
 * Errors  CAIRN_MEMORY
 */
CAIRN_CHECKED cairn_status cairn_strips_weights_plan(struct cairn_strips_weights *plan);

/** Release what was planned; a zeroed one is fine.  Ranks: local.  Errors: none. */
void cairn_strips_weights_free(struct cairn_strips_weights *plan);

/** Do it; job->memory is of_a_thread numbers for each thread.  Ranks: local.  Errors: none. */
void cairn_strips_weights_run(const struct cairn_strips_weights *plan,
                              const struct cairn_correlation_job *job);

#endif
