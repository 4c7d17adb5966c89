/* SPDX-License-Identifier: BSD-3-Clause
 * Augmentation of images: which part of a padded image a sample shows in an epoch, and whether it
 * is turned round.  Knows images and keys, not files and batches.  Local. */
#ifndef CAIRN_DATA_AUGMENT_H
#define CAIRN_DATA_AUGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cairn/status.h"
#include "tensor/real.h"
#include "tensor/shape.h"

/** What is done to the images of a group; zeroed is nothing. */
struct cairn_augment {
    size_t crop_padding; /* P: pad by P on every side, then cut H x W out at a random place */
    bool flip;           /* left for right, with probability 1/2 */
};

/** What one sample is shown as. */
struct cairn_view {
    size_t down, right; /* of the padded image, 0 to 2P; P and P: the middle */
    bool flipped;       /* after cutting */
};

/** Whether anything is done.  Ranks: local.  Errors: none. */
bool cairn_augment_any(const struct cairn_augment *augment);

/** Whether it can be done to samples of this shape.  Ranks: local.  Errors: CAIRN_USAGE: not
 * images, or smaller than the padding. */
CAIRN_CHECKED cairn_status cairn_augment_check(const struct cairn_augment *augment,
                                               const struct cairn_shape *image);

/**
 * The view of a sample in an epoch: a function of its arguments alone, so that it is the same in
 * every world, in every split into micro-batches, and after a resume.
 *
 * Ranks   local
 * Errors  none
 */
struct cairn_view cairn_augment_view(const struct cairn_augment *augment, uint64_t seed,
                                     uint64_t epoch, uint64_t sample);

/**
 * One image as its view shows it; what lies outside is `border`, one number for each channel.
 *
 * Shapes  image: [C, H, W], P smaller than H and W; border: [C]; in, out: [C, H, W], apart
 * Ranks   local
 * Errors  none
 * Source  torchvision.transforms.RandomCrop(size, padding) and RandomHorizontalFlip
 */
void cairn_augment_image(const struct cairn_augment *augment, const struct cairn_view *view,
                         const struct cairn_shape *image, const real *border,
                         const real *restrict in, real *restrict out);

#endif
