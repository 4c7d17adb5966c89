/* SPDX-License-Identifier: BSD-3-Clause
 * What a sweep does (sweep.h), along rows: the numbers of a strip, some rows of an output plane,
 * lie side by side and are the columns of a product, its rows are the channels.  Made for few
 * channels of the output, which would not fill the columns of a sweep.  A strip runs over the
 * padding between its rows, whose sums are left out.  Compiled in two precisions (tensor/real.h).
 * Local. */
#ifndef CAIRN_TENSOR_STRIPS_H
#define CAIRN_TENSOR_STRIPS_H

#include "tensor/sweep.h"

#define cairn_strips_plan CAIRN_R(cairn_strips_plan)
#define cairn_strips_look CAIRN_R(cairn_strips_look)
#define cairn_strips_run  CAIRN_R(cairn_strips_run)

/** Planned once. */
struct cairn_strips {
    const struct cairn_patches *patches; /* of the convolution; kept */
    bool is_back;                        /* from its output to its input */
    size_t n_groups;
    size_t n_from, n_to; /* channels of a group */
    bool pairs;          /* as in sweep.h */

    size_t from[CAIRN_PATCH_DIMS], to[CAIRN_PATCH_DIMS]; /* sizes */
    ptrdiff_t before[CAIRN_PATCH_DIMS]; /* padding before `from`; less than 0: it is cut */
    size_t width;                       /* of `from` with its padding */
    size_t n_rows;                      /* of a strip */
    size_t n_columns;                   /* that it takes, whole vectors */
    size_t box[2];                      /* planes and rows of `to` that are worked at a time ... */
    size_t seen[2];                     /* ... and those of `from` that they see, at most */
    size_t block;                       /* channels of `from` whose steps are listed at a time */
    size_t of_a_thread;                 /* numbers of memory */
    double cost;                        /* columns and rows that are worked for each number */
};

/**
 * Plan from patches, is_back, n_groups, n_from, n_to.  False: it cannot be done so, for steps that
 * are not 1.
 *
 * Ranks   local
 * Errors  none
 */
bool cairn_strips_plan(struct cairn_strips *strips);

/** Copy what a box of `to` sees of n channels, whose numbers begin at `from`, with its padding:
 * seen [n, seen, width], of which the columns of padding are zero and stay so.  Ranks: local.
 * Errors: none. */
void cairn_strips_look(const struct cairn_strips *strips, const real *from, size_t n,
                       const size_t first[2], real *seen);

/** Do it; job->packed is memory of of_a_thread numbers for each thread, job->steps is not used.
 * Ranks: local.  Errors: none. */
void cairn_strips_run(const struct cairn_strips *strips, const struct cairn_sweep_job *job);

#endif
