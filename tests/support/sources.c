/* SPDX-License-Identifier: BSD-3-Clause
 * Files as other programs write them. */
#include "support/sources.h"

#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <png.h>
#include <zip.h>

static void give_up(const char *path)
{
    fprintf(stderr, "%s: cannot be made\n", path);
    abort();
}

static FILE *open_new(const char *path)
{
    FILE *stream = fopen(path, "wb");
    if (stream == NULL) give_up(path);
    return stream;
}

void source_write(const char *path, const void *bytes, size_t n)
{
    FILE *stream = open_new(path);
    if (fwrite(bytes, 1, n, stream) != n || fclose(stream) != 0) give_up(path);
}

size_t source_npy(const struct source_array *array, unsigned char *out)
{
    char head[512];
    int n = snprintf(head, sizeof head, "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }",
                     array->descr, array->columns ? "True" : "False", array->shape);
    while ((10 + n + 1) % 64 != 0) head[n++] = ' ';
    head[n++] = '\n';
    const size_t all = 10 + (size_t)n + array->n_bytes;
    if (all > SOURCE_MOST_BYTES) give_up(array->descr);
    memcpy(out, "\x93NUMPY\x01\x00", 8);
    out[8] = (unsigned char)n;
    out[9] = (unsigned char)(n >> 8);
    memcpy(out + 10, head, (size_t)n);
    memcpy(out + 10 + n, array->data, array->n_bytes);
    return all;
}

void source_write_npy(const char *path, const struct source_array *array)
{
    static unsigned char bytes[SOURCE_MOST_BYTES];
    source_write(path, bytes, source_npy(array, bytes));
}

void source_write_npz(const char *path, const struct source_array *array, size_t n, bool deflated)
{
    enum { MOST = 8 };
    static unsigned char bytes[MOST][SOURCE_MOST_BYTES];
    char name[64];
    zip_t *archive = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, NULL);
    if (archive == NULL || n > MOST) give_up(path);
    for (size_t i = 0; i < n; i++) {
        zip_source_t *source =
            zip_source_buffer(archive, bytes[i], source_npy(&array[i], bytes[i]), 0);
        snprintf(name, sizeof name, "%s.npy", array[i].name);
        const zip_int64_t at = zip_file_add(archive, name, source, 0);
        if (at < 0) give_up(path);
        zip_set_file_compression(archive, (zip_uint64_t)at,
                                 deflated ? ZIP_CM_DEFLATE : ZIP_CM_STORE, 0);
        zip_file_set_mtime(archive, (zip_uint64_t)at, 1000000000, 0); /* the same bytes always */
    }
    if (zip_close(archive) != 0) give_up(path);
}

void source_write_png(const char *path, const struct source_image *image)
{
    FILE *stream = open_new(path);
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png == NULL ? NULL : png_create_info_struct(png);
    if (info == NULL || setjmp(png_jmpbuf(png)) != 0) give_up(path);
    png_init_io(png, stream);
    png_set_IHDR(png, info, image->width, image->height, 8,
                 image->channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB,
                 image->progressive ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    const int passes = png_set_interlace_handling(png);
    for (int pass = 0; pass < passes; pass++)
        for (size_t i = 0; i < image->height; i++)
            png_write_row(png, image->pixel + i * image->width * image->channels);
    png_write_end(png, NULL);
    png_destroy_write_struct(&png, &info);
    if (fclose(stream) != 0) give_up(path);
}

void source_write_jpeg(const char *path, const struct source_image *image)
{
    struct jpeg_error_mgr errors;
    struct jpeg_compress_struct jpeg = {.err = jpeg_std_error(&errors)}; /* which exits */
    static unsigned char row[SOURCE_MOST_BYTES];
    const size_t bytes = (size_t)image->width * image->channels;
    FILE *stream = open_new(path);
    jpeg_create_compress(&jpeg);
    jpeg_stdio_dest(&jpeg, stream);
    jpeg.image_width = image->width;
    jpeg.image_height = image->height;
    jpeg.input_components = (int)image->channels;
    jpeg.in_color_space = image->channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(&jpeg);
    jpeg_set_quality(&jpeg, 95, TRUE);
    if (image->progressive) jpeg_simple_progression(&jpeg);
    jpeg_start_compress(&jpeg, TRUE);
    while (jpeg.next_scanline < image->height) {
        JSAMPROW at = row;
        memcpy(row, image->pixel + jpeg.next_scanline * bytes, bytes);
        jpeg_write_scanlines(&jpeg, &at, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    if (fclose(stream) != 0) give_up(path);
}
