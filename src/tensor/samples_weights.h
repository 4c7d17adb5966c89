/* SPDX-License-Identifier: BSD-3-Clause
 * The gradient of a convolution by its weights by the tiles of AMX (amx.h): for each place of the
 * kernel channels of x are the rows of a product, those of dy its columns, samples the terms, and
 * what is seen through it is added up place by place.  Local. */
#ifndef CAIRN_TENSOR_SAMPLES_WEIGHTS_H
#define CAIRN_TENSOR_SAMPLES_WEIGHTS_H

#include "tensor/amx.h"
#include "tensor/conv.h"
#include "tensor/seen.h"

/** Planned once. */
struct cairn_samples_weights {
    const struct cairn_seen *seen; /* to the output; kept */
    size_t n_in, n_out;            /* channels */
    size_t parts;
    size_t n_threads; /* no influence on the bits */

    struct cairn_boxes boxes;          /* of places of dy that are worked at a time ... */
    struct cairn_windows windows;      /* ... what they see of x ... */
    size_t in, out;                    /* ... and so many channels of both */
    size_t dy_at, sums_at, threads_at; /* in the workspace, after x */
    size_t of_a_thread;                /* bytes */
    size_t workspace_bytes;            /* of a run */
};

/** Plan from what stands first in the struct.  Ranks: local.  Errors: none. */
void cairn_samples_weights_plan(struct cairn_samples_weights *plan);

/** dw from x and dy.  Ranks: local.  Errors: none. */
void cairn_samples_weights_run(const struct cairn_samples_weights *plan,
                               const struct cairn_conv_job *job);

#endif
