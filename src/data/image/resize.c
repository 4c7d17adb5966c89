/* SPDX-License-Identifier: BSD-3-Clause
 * Resizing, first along the rows and then along the columns: each new pixel is the mean of old ones
 * under a triangle as wide as two old or two new pixels, whichever is more. */
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "data/image/picture.h"

/* Which old pixels make one new one. */
struct reach {
    size_t first, n;
    double *weight; /* [n], sum 1 */
};

/* The lines along one of the two directions. */
struct lines {
    size_t n_lines, line_step; /* how far apart the same place of two lines is, ... */
    size_t step;               /* ... and neighbours in one */
};

static size_t widest(size_t from, size_t to)
{
    const double scale = (double)from / (double)to;
    return (size_t)(2 * (scale > 1 ? scale : 1)) + 3;
}

static void find_reach(size_t from, size_t to, size_t i, struct reach *reach)
{
    const double scale = (double)from / (double)to;
    const double half = scale > 1 ? scale : 1;
    const double centre = ((double)i + 0.5) * scale;
    const double low = floor(centre - half + 0.5);
    const double high = floor(centre + half + 0.5);
    double sum = 0;
    reach->first = low < 0 ? 0 : (size_t)low;
    const size_t end = high > (double)from ? from : (size_t)high;
    reach->n = end - reach->first;
    for (size_t k = 0; k < reach->n; k++) {
        const double away = fabs(((double)(reach->first + k) + 0.5 - centre) / half);
        reach->weight[k] = away < 1 ? 1 - away : 0;
        sum += reach->weight[k];
    }
    for (size_t k = 0; k < reach->n; k++) reach->weight[k] /= sum;
}

/* Pixel i of every line, from `old` to `new`. */
static void make_pixel(const struct reach *reach, const struct lines *old, const struct lines *new,
                       size_t i, const unsigned char *in, unsigned char *out)
{
    for (size_t line = 0; line < old->n_lines; line++) {
        const unsigned char *from = in + line * old->line_step + reach->first * old->step;
        double sum = 0.5;
        for (size_t k = 0; k < reach->n; k++) sum += reach->weight[k] * from[k * old->step];
        out[line * new->line_step + i *new->step] = (unsigned char)(sum > 255 ? 255 : sum);
    }
}

static cairn_status resize(struct cairn_picture *image, size_t from, size_t to,
                           const struct lines *old, const struct lines *new)
{
    struct reach reach = {.n = 0};
    unsigned char *pixel = NULL;
    const size_t n_bytes = image->height * image->width / from * to;
    CAIRN_TRY(cairn_memory_get(widest(from, to), sizeof *reach.weight, "an image", &reach.weight));
    cairn_status st = cairn_memory_get(n_bytes, image->channels, "an image", &pixel);
    for (size_t i = 0; i < to && st == CAIRN_OK; i++) {
        find_reach(from, to, i, &reach);
        for (size_t c = 0; c < image->channels; c++)
            make_pixel(&reach, old, new, i, image->pixel + c, pixel + c);
    }
    free(reach.weight);
    if (st != CAIRN_OK) return st;
    free(image->pixel);
    image->pixel = pixel;
    return CAIRN_OK;
}

static cairn_status resize_rows(struct cairn_picture *image, size_t width)
{
    const size_t c = image->channels;
    const struct lines old = {image->height, image->width * c, c};
    const struct lines new = {image->height, width * c, c};
    if (width == image->width) return CAIRN_OK;
    CAIRN_TRY(resize(image, image->width, width, &old, &new));
    image->width = width;
    return CAIRN_OK;
}

static cairn_status resize_columns(struct cairn_picture *image, size_t height)
{
    const size_t c = image->channels;
    const struct lines lines = {image->width, c, image->width * c};
    if (height == image->height) return CAIRN_OK;
    CAIRN_TRY(resize(image, image->height, height, &lines, &lines));
    image->height = height;
    return CAIRN_OK;
}

cairn_status cairn_picture_resize(struct cairn_picture *image, size_t height, size_t width)
{
    CAIRN_TRY(resize_rows(image, width));
    return resize_columns(image, height);
}
