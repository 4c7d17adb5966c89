/* SPDX-License-Identifier: BSD-3-Clause
 * Planes [C, H, W] of one sample, and the patches that a kernel sees of them: the keys `kernel`,
 * `stride` and `padding`, which take a number or two, and the shapes that follow.  Compiled in two
 * precisions (tensor/real.h).  Local. */
#ifndef CAIRN_NN_PLANE_H
#define CAIRN_NN_PLANE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/tree.h"
#include "cairn/status.h"
#include "tensor/real.h"
#include "tensor/shape.h"

#define cairn_plane_check     CAIRN_R(cairn_plane_check)
#define cairn_plane_plan      CAIRN_R(cairn_plane_plan)
#define cairn_plane_plan_pool CAIRN_R(cairn_plane_plan_pool)
#define cairn_plane_padding   CAIRN_R(cairn_plane_padding)
#define cairn_plane_inside    CAIRN_R(cairn_plane_inside)

/** What the run file says, as keys of type TREE that take "name list"; NULL where it says nothing.
 * Borrowed while planning. */
struct cairn_plane_keys {
    const struct cairn_node *kernel, *stride, *padding;
};

/** For the three rows of a layer's table of keys. */
#define CAIRN_PLANE_PAIR "number list"

/** Geometry.  Each pair is rows, columns. */
struct cairn_plane {
    size_t channels;
    size_t in[2], out[2];
    size_t kernel[2], stride[2];
    size_t before[2], after[2]; /* padding: zeros in front of the first row and after the last */
    size_t padded[2];           /* before + in + after */
};

/**
 * Whether the input is [C, H, W].
 *
 * Ranks   local
 * Errors  CAIRN_USAGE: it is not, says what it is
 */
CAIRN_CHECKED cairn_status cairn_plane_check(const struct cairn_shape *in);

/**
 * Geometry of a convolution from the keys; without a stride it is 1.
 *
 * Ranks   local
 * Errors  CAIRN_USAGE: not [C, H, W]; a key that is not a number and no two; a kernel larger than
 * the padded input; `same` with a stride; sizes that cannot be counted
 */
CAIRN_CHECKED cairn_status cairn_plane_plan(const struct cairn_plane_keys *keys,
                                            const struct cairn_shape *in, struct cairn_plane *out);

/** Geometry of pooling: without a stride it is the kernel, and no patch is padding alone.
 * Ranks: local.  Errors: as above, and padding of more than half of the kernel. */
CAIRN_CHECKED cairn_status cairn_plane_plan_pool(const struct cairn_plane_keys *keys,
                                                 const struct cairn_shape *in,
                                                 struct cairn_plane *out);

/** Whether there is any padding.  Ranks: local.  Errors: none. */
bool cairn_plane_padding(const struct cairn_plane *plane);

/** Outputs first .. end - 1 of dimension d (0 rows, 1 columns), whose position `tap` of the kernel
 * is not padding.  Ranks: local.  Errors: none. */
void cairn_plane_inside(const struct cairn_plane *plane, int d, size_t tap, size_t *first,
                        size_t *end);

#endif
