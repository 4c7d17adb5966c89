/* SPDX-License-Identifier: BSD-3-Clause
 * PNG, by libpng. */
#include <png.h>
#include <setjmp.h>
#include <stdlib.h>

#include "base/memory.h"
#include "data/image/decode.h"

enum { MOST_SIDE = 1 << 16 };

/* What is at work, so that an error can leave by one way. */
struct decoder {
    const char *path;
    FILE *stream;
    png_structp png;
    png_infop info;
    png_bytep *row; /* [height] into the pixels, owned */
    cairn_status st;
};

static void refuse(png_structp png, png_const_charp words)
{
    struct decoder *decoder = png_get_error_ptr(png);
    decoder->st = cairn_picture_damaged(decoder->path, words);
    png_longjmp(png, 1);
}

static void ignore(png_structp png, png_const_charp words)
{
    (void)png;
    (void)words;
}

/* Bytes, 1 or 3 of them for a pixel. */
static void simplify(struct decoder *decoder)
{
    png_set_expand(decoder->png); /* palettes, fewer than 8 bits */
    png_set_scale_16(decoder->png);
    png_set_strip_alpha(decoder->png);
    png_set_interlace_handling(decoder->png);
    png_read_update_info(decoder->png, decoder->info);
}

static void read_head(struct decoder *decoder, struct cairn_picture *out)
{
    png_init_io(decoder->png, decoder->stream);
    png_set_user_limits(decoder->png, MOST_SIDE, MOST_SIDE);
    png_set_chunk_malloc_max(decoder->png, 1 << 24);
    png_read_info(decoder->png, decoder->info);
    simplify(decoder);
    out->height = png_get_image_height(decoder->png, decoder->info);
    out->width = png_get_image_width(decoder->png, decoder->info);
    out->channels = png_get_channels(decoder->png, decoder->info);
}

static void take_rows(struct decoder *decoder, struct cairn_picture *out)
{
    const size_t bytes = out->width * out->channels;
    if (bytes != png_get_rowbytes(decoder->png, decoder->info) ||
        (out->channels != 1 && out->channels != 3))
        png_error(decoder->png, "pixels of an unknown kind");
    decoder->st = cairn_picture_take_room(decoder->path, out);
    if (decoder->st == CAIRN_OK)
        decoder->st =
            cairn_memory_get(out->height, sizeof *decoder->row, "an image", &decoder->row);
    for (size_t i = 0; decoder->st == CAIRN_OK && i < out->height; i++)
        decoder->row[i] = out->pixel + i * bytes;
}

/* Errors of libpng come back here. */
static void decode(struct decoder *decoder, struct cairn_picture *out)
{
    if (setjmp(png_jmpbuf(decoder->png)) != 0) return;
    read_head(decoder, out);
    take_rows(decoder, out);
    if (decoder->st != CAIRN_OK) return;
    png_read_image(decoder->png, decoder->row);
    png_read_end(decoder->png, NULL);
}

cairn_status cairn_picture_png(const char *path, FILE *stream, struct cairn_picture *out)
{
    struct decoder decoder = {.path = path, .stream = stream, .st = CAIRN_OK};
    decoder.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &decoder, refuse, ignore);
    if (decoder.png != NULL) decoder.info = png_create_info_struct(decoder.png);
    if (decoder.info == NULL)
        decoder.st = cairn_fail(CAIRN_MEMORY, "%s: no memory to decode it", path);
    else
        decode(&decoder, out);
    png_destroy_read_struct(&decoder.png, &decoder.info, NULL);
    free(decoder.row);
    return decoder.st;
}
