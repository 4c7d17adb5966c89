/* SPDX-License-Identifier: BSD-3-Clause
 * The gradient of a convolution by its weights, by the tiles of AMX (amx.h).  Channels of x are the
 * rows of a product, those of dy its columns, places of a plane (view.h) the sum; where a plane has
 * no output dy is zero.  Local. */
#ifndef CAIRN_TENSOR_AMX_WEIGHTS_H
#define CAIRN_TENSOR_AMX_WEIGHTS_H

#include "tensor/amx.h"
#include "tensor/conv.h"
#include "tensor/view.h"

/** Planned once. */
struct cairn_amx_weights {
    const struct cairn_view *view; /* to the output; kept */
    bool lifts;                    /* of few channels, what each place of the kernel sees is one */
    size_t n_in, n_out;            /* channels; where it lifts n_in are those */
    size_t parts;                  /* of operands */
    size_t micro;                  /* most samples of a run */
    size_t n_threads;              /* no influence on the bits */

    size_t row;                     /* bytes of a plane of x */
    size_t n_planes, n_steps;       /* of a channel of dy; steps of each */
    size_t x_bytes, dy_bytes;       /* bytes of a sample */
    size_t n_samples;               /* at a time ... */
    size_t n_places;                /* ... and so many planes of them */
    size_t dy_at, sums_at, wide_at; /* in the workspace, after x */
    size_t n_slots;                 /* threads that have memory of their own: */
    size_t wide_bytes; /* dy before it is packed, or dw of a channel; planes of x, where it lifts */
    size_t planes_at;  /* those, in that memory */
    size_t workspace_bytes;        /* of a run */
    struct cairn_amx_place *place; /* [n_samples, n_planes]; owned */
};

/**
 * Plan from what stands first in the struct.  Free it, also after a failure.
 *
 * Ranks   local
 * Errors  CAIRN_MEMORY
 */
CAIRN_CHECKED cairn_status cairn_amx_weights_plan(struct cairn_amx_weights *plan);

/** Release what was planned; a zeroed one is fine.  Ranks: local.  Errors: none. */
void cairn_amx_weights_free(struct cairn_amx_weights *plan);

/** dw from x and dy.  Ranks: local.  Errors: none. */
void cairn_amx_weights_run(const struct cairn_amx_weights *plan, const struct cairn_conv_job *job);

/** Sums [taps, in, out], whose channels are rounded up to whole blocks. */
struct cairn_tap_sums {
    size_t n_taps, n_in, n_out;
    const real *sums;
};

/** dw [out, in, taps] = beta * dw + sums, of channel `in`; added: room for [out, taps].
 * Ranks: local.  Errors: none. */
void cairn_tap_sums_put(const struct cairn_tap_sums *sums, size_t in, real beta, real *dw,
                        real *added);

#endif
