/* SPDX-License-Identifier: BSD-3-Clause
 * im2col and col2im: patches of planes as columns of a matrix, so that a convolution is a matrix
 * product, and their gradient back onto the planes.  Compiled in two precisions (tensor/real.h).
 * Local. */
#ifndef CAIRN_NN_IM2COL_H
#define CAIRN_NN_IM2COL_H

#include "nn/plane.h"

#define cairn_im2col     CAIRN_R(cairn_im2col)
#define cairn_col2im     CAIRN_R(cairn_col2im)
#define cairn_plane_pad  CAIRN_R(cairn_plane_pad)
#define cairn_plane_crop CAIRN_R(cairn_plane_crop)

/** Which patches: all columns of some output rows of some samples. */
struct cairn_patches {
    size_t n_samples, row, n_rows;
};

/**
 * Columns from padded planes: row (c, i, j) holds, for each sample, output row and output column,
 * what position (i, j) of the kernel sees of channel c.
 *
 * Shapes  planes: [n_samples, C, padded]; columns: [C * kernel, n_samples * n_rows * out columns]
 * Ranks   local
 * Errors  none
 */
void cairn_im2col(const struct cairn_plane *plane, const struct cairn_patches *patches,
                  const real *planes, real *columns);

/** The other way: add each number of the columns to where it came from.  Shapes: as above.
 * Ranks: local.  Errors: none. */
void cairn_col2im(const struct cairn_plane *plane, const struct cairn_patches *patches,
                  const real *columns, real *planes);

/** Planes with their padding, zeros, around them.  Shapes: x: [n, C, in]; planes: [n, C, padded].
 * Ranks: local.  Errors: none. */
void cairn_plane_pad(const struct cairn_plane *plane, size_t n, const real *x, real *planes);

/** Planes without their padding; shapes as above.  Ranks: local.  Errors: none. */
void cairn_plane_crop(const struct cairn_plane *plane, size_t n, const real *planes, real *x);

#endif
