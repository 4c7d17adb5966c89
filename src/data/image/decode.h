/* SPDX-License-Identifier: BSD-3-Clause
 * The two decoders.  Not for other folders.  Local. */
#ifndef CAIRN_DATA_IMAGE_DECODE_H
#define CAIRN_DATA_IMAGE_DECODE_H

#include <stdio.h>

#include "data/image/picture.h"

/** Decode a file that is open at its beginning.  Ranks: local.  Errors: CAIRN_DATA: damaged, too
 * large; CAIRN_MEMORY.  Then what out->pixel holds is still the caller's to free. */
CAIRN_CHECKED cairn_status cairn_picture_png(const char *path, FILE *stream,
                                             struct cairn_picture *out);
CAIRN_CHECKED cairn_status cairn_picture_jpeg(const char *path, FILE *stream,
                                              struct cairn_picture *out);

/** Room for the pixels of out->height x out->width x out->channels.  Ranks: local.
 * Errors: CAIRN_DATA: too large to be one sample; CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_picture_take_room(const char *path, struct cairn_picture *out);

/** The status of a file that a decoder refused.  Ranks: local.  Errors: always. */
cairn_status cairn_picture_damaged(const char *path, const char *words);

#endif
