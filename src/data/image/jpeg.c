/* SPDX-License-Identifier: BSD-3-Clause
 * JPEG, by libjpeg or one of its kind. */
#include <setjmp.h>
#include <stdio.h> /* jpeglib.h wants it before */

#include <jerror.h>
#include <jpeglib.h>

#include "data/image/decode.h"

/* A damaged file may claim scans without end, each of which costs as much as the image. */
enum { MOST_SCANS = 256 };

/* What is at work; libjpeg knows the addresses of its three parts. */
struct decoder {
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    struct jpeg_decompress_struct jpeg;
    jmp_buf back;
    const char *path;
    cairn_status st;
};

static void refuse(j_common_ptr jpeg)
{
    char words[JMSG_LENGTH_MAX];
    struct decoder *decoder = jpeg->client_data;
    jpeg->err->format_message(jpeg, words);
    decoder->st = cairn_picture_damaged(decoder->path, words);
    longjmp(decoder->back, 1);
}

/* libjpeg only warns where pixels are missing; bytes between the parts of a file do no harm. */
static void take_warning(j_common_ptr jpeg, int level)
{
    if (level < 0 && jpeg->err->msg_code != JWRN_EXTRANEOUS_DATA) refuse(jpeg);
}

static void count_scans(j_common_ptr jpeg)
{
    struct decoder *decoder = jpeg->client_data;
    if (decoder->jpeg.input_scan_number <= MOST_SCANS) return;
    decoder->st = cairn_picture_damaged(decoder->path, "scans without end");
    longjmp(decoder->back, 1);
}

static cairn_status begin(struct decoder *decoder, struct cairn_picture *out)
{
    struct jpeg_decompress_struct *jpeg = &decoder->jpeg;
    jpeg_read_header(jpeg, TRUE);
    if (jpeg->jpeg_color_space == JCS_CMYK || jpeg->jpeg_color_space == JCS_YCCK)
        return cairn_fail(CAIRN_DATA, "%s: is for print (CMYK); save it as RGB", decoder->path);
    jpeg->out_color_space = jpeg->jpeg_color_space == JCS_GRAYSCALE ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_calc_output_dimensions(jpeg);
    out->height = jpeg->output_height;
    out->width = jpeg->output_width;
    out->channels = jpeg->out_color_space == JCS_GRAYSCALE ? 1 : 3;
    return cairn_picture_take_room(decoder->path, out);
}

/* Errors of libjpeg come back here. */
static void decode(struct decoder *decoder, FILE *stream, struct cairn_picture *out)
{
    struct jpeg_decompress_struct *jpeg = &decoder->jpeg;
    if (setjmp(decoder->back) != 0) return;
    jpeg_create_decompress(jpeg);
    jpeg->progress = &decoder->progress;
    jpeg_stdio_src(jpeg, stream);
    decoder->st = begin(decoder, out);
    if (decoder->st != CAIRN_OK) return;
    jpeg_start_decompress(jpeg);
    while (jpeg->output_scanline < jpeg->output_height) {
        JSAMPROW row = out->pixel + jpeg->output_scanline * out->width * out->channels;
        jpeg_read_scanlines(jpeg, &row, 1);
    }
    jpeg_finish_decompress(jpeg);
}

cairn_status cairn_picture_jpeg(const char *path, FILE *stream, struct cairn_picture *out)
{
    struct decoder decoder = {.path = path, .st = CAIRN_OK};
    decoder.jpeg.err = jpeg_std_error(&decoder.errors);
    decoder.errors.error_exit = refuse;
    decoder.errors.emit_message = take_warning;
    decoder.progress.progress_monitor = count_scans;
    decoder.jpeg.client_data = &decoder;
    decode(&decoder, stream, out);
    jpeg_destroy_decompress(&decoder.jpeg);
    return decoder.st;
}
