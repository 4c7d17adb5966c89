/* SPDX-License-Identifier: BSD-3-Clause
 * im2col and col2im: patches as columns of a matrix, so that a convolution is a matrix product, and
 * their gradient back onto the input.  Compiled in two precisions (tensor/real.h).  Local. */
#ifndef CAIRN_TENSOR_IM2COL_H
#define CAIRN_TENSOR_IM2COL_H

#include "tensor/patches.h"
#include "tensor/real.h"

#define cairn_im2col       CAIRN_R(cairn_im2col)
#define cairn_col2im       CAIRN_R(cairn_col2im)
#define cairn_patches_pad  CAIRN_R(cairn_patches_pad)
#define cairn_patches_crop CAIRN_R(cairn_patches_crop)

/** Which patches: those of a box of the output, of some samples. */
struct cairn_box {
    size_t n_samples;
    size_t first[CAIRN_PATCH_DIMS], n[CAIRN_PATCH_DIMS];
};

/**
 * Columns from padded input: row (c, place of the kernel) holds, for each sample and place of the
 * box, what that place of the kernel sees of channel c.
 *
 * Shapes  x: [n_samples, C, padded]; columns: [C * kernel, n_samples * n]
 * Ranks   local
 * Errors  none
 */
void cairn_im2col(const struct cairn_patches *patches, const struct cairn_box *box, const real *x,
                  real *columns);

/** The other way: add each number of the columns to where it came from.  Shapes: as above.
 * Ranks: local.  Errors: none. */
void cairn_col2im(const struct cairn_patches *patches, const struct cairn_box *box,
                  const real *columns, real *x);

/** Zeros around x.  Shapes: x: [n, C, in]; padded: [n, C, padded].  Ranks: local.  Errors: none. */
void cairn_patches_pad(const struct cairn_patches *patches, size_t n, const real *x, real *padded);

/** x without what is around it; shapes as above.  Ranks: local.  Errors: none. */
void cairn_patches_crop(const struct cairn_patches *patches, size_t n, const real *padded, real *x);

#endif
