/* SPDX-License-Identifier: BSD-3-Clause
 * A sweep over the places of a convolution without copies: each number of `to` is a sum over the
 * channels and places of `from` that it sees.  Forward is one from x to y, the gradient by the data
 * one from dy to dx.  Places that see through the same places of the kernel are a class; they are
 * the rows of one product, wherever they lie and whatever sample they are of, so padding costs
 * neither memory nor time.  Compiled in two precisions (tensor/real.h).  Local. */
#ifndef CAIRN_TENSOR_SWEEP_H
#define CAIRN_TENSOR_SWEEP_H

#include "cairn/status.h"
#include "tensor/patches.h"
#include "tensor/real.h"

#define cairn_sweep_plan CAIRN_R(cairn_sweep_plan)
#define cairn_sweep_free CAIRN_R(cairn_sweep_free)
#define cairn_sweep_taps CAIRN_R(cairn_sweep_taps)
#define cairn_sweep_run  CAIRN_R(cairn_sweep_run)

enum { CAIRN_SWEEP_KERNEL = 32 }; /* longest side of a kernel: the bits of a set */

/** Its places along one dimension, by class. */
struct cairn_sweep_axis {
    size_t n_classes;
    uint32_t *taps;                /* [n_classes] the places of the kernel that they see through */
    size_t *first;                 /* [n_classes + 1] in `spot` */
    struct cairn_sweep_spot *spot; /* [places] */
};

/** One of them. */
struct cairn_sweep_spot {
    size_t to, from; /* and the first that it sees */
};

/** A place of the kernel, and what it sees of `from`, counted from the first that is seen. */
struct cairn_sweep_tap {
    size_t tap, from;
};

/** Planned once. */
struct cairn_sweep {
    const struct cairn_patches *patches; /* of the convolution; kept */
    bool is_back;                        /* from its output to its input */
    size_t n_groups;
    size_t n_from, n_to; /* channels of a group */
    bool pairs;          /* `from` and w are pairs (tile.h), so many in the place of channels */

    size_t from[CAIRN_PATCH_DIMS], to[CAIRN_PATCH_DIMS]; /* sizes */
    struct cairn_sweep_axis axis[CAIRN_PATCH_DIMS];
    size_t n_panels;  /* of columns of a tile that the channels of a group make */
    size_t block;     /* channels of `from` whose steps are listed at a time */
    size_t n_weights; /* numbers of the packed weights */
    size_t n_steps;   /* of the list of a thread */
    double cost;      /* columns that are worked for each place and place of the kernel */
    size_t n_samples; /* that are worked at a time: they stay in the cache */
};

/** The arrays of one run. */
struct cairn_sweep_job {
    size_t n;         /* samples */
    const real *from; /* [n, n_groups * n_from, from] */
    const real *w;    /* of the convolution: [K, C / groups, kernel] */
    const real *bias; /* [n_groups * n_to], or NULL */
    real *to;         /* [n, n_groups * n_to, to] */
    real *packed;     /* memory [n_weights] */
    void *steps;      /* memory of n_steps struct cairn_tile_step for each thread */
    size_t n_threads; /* has no influence on the bits */
};

/**
 * Plan from patches, is_back, n_groups, n_from, n_to.  Free it, also after a failure.
 *
 * Ranks   local
 * Errors  CAIRN_MEMORY
 */
CAIRN_CHECKED cairn_status cairn_sweep_plan(struct cairn_sweep *sweep);

/** Release what was planned; a zeroed one is fine.  Ranks: local.  Errors: none. */
void cairn_sweep_free(struct cairn_sweep *sweep);

/** The places of the kernel, along dimension d, that a class sees through: their count, and
 * themselves.  Ranks: local.  Errors: none. */
size_t cairn_sweep_taps(const struct cairn_sweep *sweep, size_t d, size_t class,
                        struct cairn_sweep_tap taps[CAIRN_SWEEP_KERNEL]);

/** Do it.  Ranks: local.  Errors: none. */
void cairn_sweep_run(const struct cairn_sweep *sweep, const struct cairn_sweep_job *job);

#endif
