/* SPDX-License-Identifier: BSD-3-Clause
 * A convolution to its output, or the gradient by the data, by the tiles of AMX (amx.h), without
 * copies of patches.  Output channels are the rows of a product, places of a plane (view.h) its
 * columns; pairs of the channels that are summed over lie one above the other.  A row of the plane
 * ends in places that are no outputs, what is made there is left out.  Local. */
#ifndef CAIRN_TENSOR_AMX_SWEEP_H
#define CAIRN_TENSOR_AMX_SWEEP_H

#include "tensor/amx.h"
#include "tensor/conv.h"
#include "tensor/view.h"

/** Planned once. */
struct cairn_amx_sweep {
    const struct cairn_patches *patches; /* of the convolution; kept */
    bool is_back;                        /* from its output to its input */
    bool lifts;       /* forward: of few channels, what each place of the kernel sees is one */
    size_t channels;  /* of its output */
    size_t parts;     /* of operands */
    size_t micro;     /* most samples of a run */
    size_t n_threads; /* no influence on the bits */

    struct cairn_view view;
    size_t n_from, n_to;           /* channels */
    size_t from, to;               /* numbers of a channel */
    size_t row;                    /* bytes of a plane of pairs */
    size_t n_slots;                /* threads that have memory for samples, each for ... */
    size_t n_images;               /* ... so many, worked at a time ... */
    size_t image_bytes;            /* ... and what each of them takes */
    size_t n_taps;                 /* that are summed over, besides channels */
    size_t part_bytes, planes_at;  /* in that: of each part; planes, where it lifts */
    size_t packed_at, images_at;   /* in the workspace */
    size_t workspace_bytes;        /* of a run */
    struct cairn_amx_place *place; /* of each tap of the view; owned */
};

/**
 * Plan from what stands first in the struct.  Free it, also after a failure.
 *
 * Ranks   local
 * Errors  CAIRN_MEMORY
 */
CAIRN_CHECKED cairn_status cairn_amx_sweep_plan(struct cairn_amx_sweep *sweep);

/** Release what was planned; a zeroed one is fine.  Ranks: local.  Errors: none. */
void cairn_amx_sweep_free(struct cairn_amx_sweep *sweep);

/** y [n, n_to, to] from x [n, n_from, from], w and bias; back these are dx and dy.  Ranks: local;
 * the bits of a sample do not depend on the others.  Errors: none. */
void cairn_amx_sweep_run(const struct cairn_amx_sweep *sweep, const struct cairn_conv_job *job);

#endif
