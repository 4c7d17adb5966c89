/* SPDX-License-Identifier: BSD-3-Clause
 * Random crop with padding, and horizontal flip.  Rows are copied whole: no choice is made for a
 * single number. */
#include "data/augment.h"

#include <string.h>

#include "base/random.h"

cairn_status cairn_augment_check(const struct cairn_augment *augment,
                                 const struct cairn_shape *image)
{
    char text[CAIRN_SHAPE_TEXT_BYTES];
    const char *key = augment->flip ? "augment.flip" : "augment.crop_padding";
    if (image->ndim != 3)
        return cairn_fail(CAIRN_USAGE,
                          "%s is for images [C, H, W], but samples are %s; leave it out", key,
                          cairn_shape_text(image, text));
    if (augment->crop_padding < image->dim[1] && augment->crop_padding < image->dim[2])
        return CAIRN_OK;
    return cairn_fail(
        CAIRN_USAGE, "augment.crop_padding is %zu, but images are %s; it must be smaller than they",
        augment->crop_padding, cairn_shape_text(image, text));
}

bool cairn_augment_any(const struct cairn_augment *augment)
{
    return augment->crop_padding > 0 || augment->flip;
}

/* One of 0 .. n-1, each equally likely to 2^-32 n. */
static size_t below(uint32_t bits, size_t n)
{
    return (size_t)(((uint64_t)bits * n) >> 32);
}

struct cairn_view cairn_augment_view(const struct cairn_augment *augment, uint64_t seed,
                                     uint64_t epoch, uint64_t sample)
{
    uint32_t bits[4];
    size_t n_places = 2 * augment->crop_padding + 1;
    cairn_random_block(cairn_random_key(seed, CAIRN_RANDOM_AUGMENT, 0, epoch), sample, 0, bits);
    return (struct cairn_view){.down = below(bits[0], n_places),
                               .right = below(bits[1], n_places),
                               .flipped = augment->flip && bits[2] >> 31 != 0};
}

static void fill(real *out, size_t n, real value)
{
    for (size_t i = 0; i < n; i++) out[i] = value;
}

/* One row of the view: `from` of the image, shifted by `right` - P. */
static void crop_row(const real *restrict from, size_t width, size_t padding, size_t right,
                     real border, real *restrict out)
{
    size_t before = right < padding ? padding - right : 0; /* columns of the left border */
    size_t skipped = right < padding ? 0 : right - padding;
    size_t n = width - before - skipped;
    fill(out, before, border);
    memcpy(out + before, from + skipped, n * sizeof *out);
    fill(out + before + n, skipped, border);
}

static void turn_round(real *row, size_t width)
{
    for (size_t i = 0; i < width / 2; i++) {
        real left = row[i];
        row[i] = row[width - 1 - i];
        row[width - 1 - i] = left;
    }
}

void cairn_augment_image(const struct cairn_augment *augment, const struct cairn_view *view,
                         const struct cairn_shape *image, const real *border,
                         const real *restrict in, real *restrict out)
{
    size_t padding = augment->crop_padding;
    size_t height = image->dim[1];
    size_t width = image->dim[2];
    for (size_t c = 0; c < image->dim[0]; c++)
        for (size_t y = 0; y < height; y++, out += width) {
            size_t row = y + view->down; /* of the padded image */
            if (row < padding || row >= padding + height)
                fill(out, width, border[c]);
            else
                crop_row(in + (c * height + row - padding) * width, width, padding, view->right,
                         border[c], out);
            if (view->flipped) turn_round(out, width);
        }
}
