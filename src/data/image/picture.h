/* SPDX-License-Identifier: BSD-3-Clause
 * Images: decoded, made grey or coloured, resized.  Local. */
#ifndef CAIRN_DATA_IMAGE_PICTURE_H
#define CAIRN_DATA_IMAGE_PICTURE_H

#include <stddef.h>
#include <stdint.h>

#include "cairn/status.h"

/** An image of bytes, 1 channel or 3 (red, green, blue), the channels of a pixel side by side. */
struct cairn_picture {
    size_t height, width, channels;
    unsigned char *pixel; /* [height, width, channels], owned */
};

/**
 * Decode a PNG or JPEG file, whichever it is.  Transparency is left out, 16 bits become 8.
 *
 * Ranks   local
 * Errors  CAIRN_DATA: neither of the two, damaged, too large; names the path.  CAIRN_MEMORY
 */
CAIRN_CHECKED cairn_status cairn_picture_read(const char *path, struct cairn_picture *out);

/** Release; a zeroed one is fine.  Ranks: local.  Errors: none. */
void cairn_picture_free(struct cairn_picture *image);

/** Make it grey (1) or coloured (3), in place; grey is 0.299 red + 0.587 green + 0.114 blue.
 * Ranks: local.  Errors: CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_picture_colour(struct cairn_picture *image, size_t channels);

/** Resize in place: bilinear where it grows, the mean over an area under the same triangle where
 * it shrinks.  Ranks: local.  Errors: CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_picture_resize(struct cairn_picture *image, size_t height,
                                                size_t width);

/** Copy to [channels, height, width].  Ranks: local.  Errors: none. */
void cairn_picture_planes(const struct cairn_picture *image, unsigned char *out);

#endif
