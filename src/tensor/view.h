/* SPDX-License-Identifier: BSD-3-Clause
 * What a convolution reads, laid out so that strides and dilations are gone: a plane of a channel
 * has its padding, and with steps of more than 1 a plane of its own for each phase, the places that
 * are a whole number of steps apart.  There the places that an output and its neighbours see
 * through one place of the kernel lie side by side, at a distance that is the same for all outputs.
 *
 * Outputs that see through the same places of the kernel are a class: forward there is one, in the
 * gradient by the data one for each phase.  Local. */
#ifndef CAIRN_TENSOR_VIEW_H
#define CAIRN_TENSOR_VIEW_H

#include <stdbool.h>
#include <stddef.h>

#include "cairn/status.h"
#include "tensor/patches.h"
#include "tensor/real.h"

#define cairn_view_copy CAIRN_R(cairn_view_copy)

/** A run of numbers in a plane, every stride-th of a channel; what no run has is zero. */
struct cairn_view_run {
    size_t from, to, n;
};

/** What is seen through one place of the kernel: it begins here in the plane for the first output.
 */
struct cairn_view_tap {
    size_t tap, at;
};

/** In each dimension every stride-th output from the first on. */
struct cairn_view_class {
    size_t first[CAIRN_PATCH_DIMS], n[CAIRN_PATCH_DIMS];
    size_t tap, n_taps; /* its taps */
};

/** Planned once. */
struct cairn_view {
    const struct cairn_patches *patches; /* kept */
    bool is_back;                        /* from the output to the input */

    size_t from_stride, to_stride[CAIRN_PATCH_DIMS]; /* of runs; of classes */
    size_t length[CAIRN_PATCH_DIMS];                 /* of the plane of a phase */
    size_t plane;                                    /* numbers of all phases */
    size_t n_runs, n_classes;
    struct cairn_view_run *run;     /* owned, as are these */
    struct cairn_view_class *class; /* [n_classes] */
    struct cairn_view_tap *tap;     /* of all classes */
};

/**
 * Plan from patches and is_back.  Free it, also after a failure.
 *
 * Ranks   local
 * Errors  CAIRN_MEMORY
 */
CAIRN_CHECKED cairn_status cairn_view_plan(struct cairn_view *view);

/** Release what was planned; a zeroed one is fine.  Ranks: local.  Errors: none. */
void cairn_view_free(struct cairn_view *view);

/** Of few channels, forward: what is seen through each place of the kernel is a channel of its own.
 * The planes [channels, plane] of a sample x [channels, in] as they are.  Ranks: local.
 * Errors: none. */
void cairn_view_copy(const struct cairn_view *view, const real *x, real *planes);

/** Where term k of those [channels, kernel] begins in these planes.  Ranks: local.  Errors: none.
 */
size_t cairn_view_term(const struct cairn_view *view, size_t k);

/** Numbers of a term up to the last output.  Ranks: local.  Errors: none. */
size_t cairn_view_terms_extent(const struct cairn_view *view);

/** Places of a plane from the first output of a class to the last.  Ranks: local.  Errors: none. */
static inline size_t cairn_view_extent(const struct cairn_view *view,
                                       const struct cairn_view_class *class)
{
    return (class->n[1] - 1) * view->length[2] + class->n[2];
}

#endif
