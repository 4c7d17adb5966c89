/* SPDX-License-Identifier: BSD-3-Clause
 * Images: by what they begin with, and what becomes of their colours. */
#include "data/image/picture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "data/image/decode.h"

static const size_t most_pixels = (size_t)1 << 27;

cairn_status cairn_picture_take_room(const char *path, struct cairn_picture *out)
{
    if (out->height > most_pixels / out->width)
        return cairn_fail(CAIRN_DATA, "%s: is %zu x %zu pixels, or damaged; make it smaller", path,
                          out->height, out->width);
    return cairn_memory_get(out->height * out->width, out->channels, path, &out->pixel);
}

cairn_status cairn_picture_damaged(const char *path, const char *words)
{
    return cairn_fail(CAIRN_DATA,
                      "%s: is damaged or not complete (%s); fetch it again, or remove "
                      "it",
                      path, words);
}

void cairn_picture_free(struct cairn_picture *image)
{
    free(image->pixel);
    *image = (struct cairn_picture){0};
}

static cairn_status decode(const char *path, FILE *stream, struct cairn_picture *out)
{
    unsigned char head[8] = {0};
    const size_t n = fread(head, 1, sizeof head, stream);
    rewind(stream);
    if (n == sizeof head && memcmp(head, "\x89PNG\r\n\x1a\n", sizeof head) == 0)
        return cairn_picture_png(path, stream, out);
    if (n > 2 && memcmp(head, "\xff\xd8\xff", 3) == 0) return cairn_picture_jpeg(path, stream, out);
    return cairn_fail(CAIRN_DATA, "%s: is neither PNG nor JPEG%s; convert it, or remove it", path,
                      n == 0 ? ", but empty" : "");
}

cairn_status cairn_picture_read(const char *path, struct cairn_picture *out)
{
    struct cairn_picture image = {0};
    FILE *stream = fopen(path, "rb");
    if (stream == NULL) return cairn_fail(CAIRN_DATA, "%s: %s", path, strerror(errno));
    cairn_status st = decode(path, stream, &image);
    fclose(stream);
    if (st == CAIRN_OK)
        *out = image;
    else
        cairn_picture_free(&image);
    return st;
}

static unsigned char grey(const unsigned char *pixel)
{
    /* as others round it: in units of 2^-16 */
    return (unsigned char)((pixel[0] * 19595u + pixel[1] * 38470u + pixel[2] * 7471u + 0x8000u) >>
                           16);
}

cairn_status cairn_picture_colour(struct cairn_picture *image, size_t channels)
{
    const size_t n = image->height * image->width;
    unsigned char *pixel = NULL;
    if (channels == image->channels) return CAIRN_OK;
    CAIRN_TRY(cairn_memory_get(n, channels, "an image", &pixel));
    for (size_t i = 0; i < n; i++) {
        if (channels == 1)
            pixel[i] = grey(image->pixel + 3 * i);
        else
            memset(pixel + 3 * i, image->pixel[i], 3);
    }
    free(image->pixel);
    image->pixel = pixel;
    image->channels = channels;
    return CAIRN_OK;
}

void cairn_picture_planes(const struct cairn_picture *image, unsigned char *out)
{
    const size_t n = image->height * image->width;
    for (size_t c = 0; c < image->channels; c++)
        for (size_t i = 0; i < n; i++) out[c * n + i] = image->pixel[i * image->channels + c];
}
