/* SPDX-License-Identifier: BSD-3-Clause
 * Patches: what a kernel sees of one sample [C, L], [C, H, W] or [C, D, H, W], in convolution and
 * pooling.  Only the geometry; the keys it comes from are read by nn/patch_keys.h.  Local. */
#ifndef CAIRN_TENSOR_PATCHES_H
#define CAIRN_TENSOR_PATCHES_H

#include <stdbool.h>
#include <stddef.h>

enum { CAIRN_PATCH_DIMS = 3 };

/** Geometry.  Sizes are those of depth, rows and columns; with fewer dimensions the missing first
 * ones have one place, which the kernel sees as it is: in, out, kernel, stride, dilation are 1. */
struct cairn_patches {
    size_t n_dims; /* 1 to CAIRN_PATCH_DIMS */
    size_t channels;
    size_t in[CAIRN_PATCH_DIMS], out[CAIRN_PATCH_DIMS];
    size_t kernel[CAIRN_PATCH_DIMS], stride[CAIRN_PATCH_DIMS];
    size_t dilation[CAIRN_PATCH_DIMS];                        /* between the kernel's places */
    size_t before[CAIRN_PATCH_DIMS], after[CAIRN_PATCH_DIMS]; /* padding, zeros around x */
    size_t padded[CAIRN_PATCH_DIMS];                          /* before + in + after */
};

/** How many places a size has: the product of its three numbers.  Ranks: local.  Errors: none. */
size_t cairn_patches_count(const size_t size[CAIRN_PATCH_DIMS]);

/** Whether there is any padding.  Ranks: local.  Errors: none. */
bool cairn_patches_padding(const struct cairn_patches *patches);

/** The first place of the kernel that is not padding, along dimension d for output `out`; where all
 * of them are, it may be any.  Ranks: local.  Errors: none. */
size_t cairn_patches_first(const struct cairn_patches *patches, size_t d, size_t out);

/** Whether every patch sees something besides padding.  Ranks: local.  Errors: none. */
bool cairn_patches_see(const struct cairn_patches *patches);

/** Where in a channel of x the row begins that row `line` of the kernel sees for row `row` of the
 * outputs, both counted through their planes; false: it is padding.  Ranks: local.  Errors: none.
 */
bool cairn_patches_line(const struct cairn_patches *patches, size_t row, size_t line, size_t *at);

/** What one place of a row of the kernel sees for a row of outputs: every stride-th number of a row
 * of x. */
struct cairn_strip {
    size_t first, n; /* outputs for which it is not padding; n may be 0 */
    size_t at;       /* in the row of x: what the first of them sees */
    size_t stride;
};

/** That of place `tap`.  Ranks: local.  Errors: none. */
struct cairn_strip cairn_patches_strip(const struct cairn_patches *patches, size_t tap);

#endif
