/* SPDX-License-Identifier: BSD-3-Clause
 * For tests of convolutions and pools: sizes of every kind, and the sums written out, place by
 * place.  Every function ends the test where it fails. */
#ifndef CAIRN_TESTS_SUPPORT_PATCHES_H
#define CAIRN_TESTS_SUPPORT_PATCHES_H

#include "support/alone.h"
#include "tensor/patches.h"

enum { DIMS = CAIRN_PATCH_DIMS, PATCH_TEXT = 256, PATCH_TABLE = 38 };

/** A layer's sizes, a number for each dimension; those that are not there are the last, and 0. */
struct patch_sizes {
    size_t in[1 + DIMS], channels, groups, kernel[DIMS], stride[DIMS], before[DIMS], after[DIMS];
    const char *padding; /* NULL: as `before` */
    size_t dilation[DIMS];
};

/** Convolutions; some are pools as well. */
extern const struct patch_sizes patch_table[PATCH_TABLE];

/** 1 for rows, 2 for planes, 3 for volumes. */
size_t patch_n_dims(const struct patch_sizes *sizes);

/** With 1 for the dimensions that are not there. */
struct patch_sizes patch_whole(struct patch_sizes sizes);

/** The input of one sample. */
struct cairn_shape patch_shape(const struct patch_sizes *sizes);

/** Sizes of the output, after a check that the layer has planned the same. */
void patch_output(const struct patch_sizes *sizes, const struct alone *alone, size_t out[DIMS]);

size_t patch_product(const size_t size[DIMS]);

/** ", key: [3, 2]" after what is in text [PATCH_TEXT]. */
void patch_add_key(const struct patch_sizes *sizes, const char *key, const size_t size[DIMS],
                   char *text);

/** Is given the places of y, w and x in every product of a convolution of one sample. */
typedef void patch_visitor(void *to, size_t y, size_t w, size_t x);

/** Calls it for them all; sizes are whole. */
void patch_visit(const struct patch_sizes *sizes, const size_t out[DIMS], patch_visitor *visit,
                 void *to);

/** n random numbers from -1 to 1; n zeros.  Released with free(). */
real *patch_numbers(size_t n, uint64_t stream);
double *patch_zeros(size_t n);

/** That a [n] is b [n] but for rounding. */
void patch_assert_close(const char *what, const char *of, const real *a, const double *b, size_t n);

#endif
