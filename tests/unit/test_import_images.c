/* SPDX-License-Identifier: BSD-3-Clause
 * Images: decoded to the pixels that were stored, resized to known values, and never decoded to
 * others where a byte of a PNG file is changed. */
#include <stdbool.h>

#include "data/image/picture.h"
#include "support/data.h"
#include "support/sources.h"

static const char in[] = "test_import_images.png";

enum { H = 9, W = 11, N = H * W * 3 };

static void fill(unsigned char pixel[N])
{
    for (size_t i = 0; i < N; i++) pixel[i] = (unsigned char)(i * i + 7 * i);
}

static void test_png(void **state)
{
    (void)state;
    unsigned char pixel[N];
    fill(pixel);
    for (unsigned way = 0; way < 4; way++) {
        const struct source_image image = {H, W, way < 2 ? 1 : 3, pixel, way % 2 == 1};
        struct cairn_picture read = {0};
        source_write_png(in, &image);
        assert_ok(cairn_picture_read(in, &read));
        assert_true(read.height == H && read.width == W && read.channels == image.channels);
        assert_memory_equal(read.pixel, pixel, (size_t)H * W * image.channels);
        cairn_picture_free(&read);
    }
}

static void test_jpeg(void **state)
{
    (void)state;
    unsigned char pixel[N];
    memset(pixel, 77, sizeof pixel); /* which no rounding changes */
    for (unsigned way = 0; way < 4; way++) {
        const struct source_image image = {H, W, way < 2 ? 1 : 3, pixel, way % 2 == 1};
        struct cairn_picture read = {0};
        source_write_jpeg(in, &image);
        assert_ok(cairn_picture_read(in, &read));
        assert_true(read.height == H && read.width == W && read.channels == image.channels);
        assert_memory_equal(read.pixel, pixel, (size_t)H * W * image.channels);
        cairn_picture_free(&read);
    }
}

/* All bytes of a file, into `bytes`; how many. */
static size_t load(unsigned char bytes[SOURCE_MOST_BYTES])
{
    FILE *stream = fopen(in, "rb");
    assert_non_null(stream);
    const size_t n = fread(bytes, 1, SOURCE_MOST_BYTES, stream);
    fclose(stream);
    return n;
}

static void test_damage(void **state)
{
    (void)state;
    static unsigned char bytes[SOURCE_MOST_BYTES];
    unsigned char pixel[N];
    fill(pixel);
    source_write_png(in, &(struct source_image){H, W, 3, pixel, false});
    const size_t n = load(bytes);
    for (size_t i = 0; i < n; i++) {
        struct cairn_picture read = {0};
        bytes[i] ^= 0x21;
        source_write(in, bytes, n);
        if (cairn_picture_read(in, &read) == CAIRN_OK)
            assert_memory_equal(read.pixel, pixel, N);
        else
            assert_non_null(strstr(cairn_error_text(), in));
        cairn_picture_free(&read);
        bytes[i] ^= 0x21;
    }
    for (size_t cut = 0; cut < n; cut += 7) {
        struct cairn_picture read = {0};
        source_write(in, bytes, cut);
        assert_int_equal(cairn_picture_read(in, &read), CAIRN_DATA);
    }
}

static void test_cut_jpeg(void **state)
{
    (void)state;
    static unsigned char bytes[SOURCE_MOST_BYTES];
    unsigned char pixel[N];
    fill(pixel);
    for (int progressive = 0; progressive < 2; progressive++) {
        source_write_jpeg(in, &(struct source_image){H, W, 3, pixel, progressive == 1});
        const size_t n = load(bytes);
        for (size_t cut = 0; cut + 2 < n; cut += 5) { /* less than its end alone */
            struct cairn_picture read = {0};
            source_write(in, bytes, cut);
            assert_int_equal(cairn_picture_read(in, &read), CAIRN_DATA);
        }
    }
}

/* As Pillow's Image.resize(..., BILINEAR) gives them. */
static void test_resize(void **state)
{
    (void)state;
    static const unsigned char row[4] = {0, 100, 200, 40};
    static const struct {
        size_t height, width;
        unsigned char pixel[8];
    } wanted[] = {
        {1, 2, {71, 117}},
        {1, 8, {0, 25, 75, 125, 175, 160, 80, 40}},
        {2, 4, {0, 100, 200, 40, 0, 100, 200, 40}},
        {1, 3, {30, 150, 88}},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        struct cairn_picture image = {.height = 1, .width = 4, .channels = 1};
        image.pixel = malloc(4);
        assert_non_null(image.pixel);
        memcpy(image.pixel, row, 4);
        assert_ok(cairn_picture_resize(&image, wanted[i].height, wanted[i].width));
        assert_memory_equal(image.pixel, wanted[i].pixel, wanted[i].height * wanted[i].width);
        cairn_picture_free(&image);
    }
}

static void test_colours(void **state)
{
    (void)state;
    static const unsigned char pixels[6] = {255, 0, 0, 10, 200, 30};
    unsigned char planes[6];
    struct cairn_picture image = {.height = 1, .width = 2, .channels = 3};
    image.pixel = malloc(sizeof pixels);
    assert_non_null(image.pixel);
    memcpy(image.pixel, pixels, sizeof pixels);
    cairn_picture_planes(&image, planes);
    assert_memory_equal(planes, ((const unsigned char[]){255, 10, 0, 200, 0, 30}), 6);
    assert_ok(cairn_picture_colour(&image, 1));
    assert_memory_equal(image.pixel, ((const unsigned char[]){76, 124}), 2);
    assert_ok(cairn_picture_colour(&image, 3));
    assert_memory_equal(image.pixel, ((const unsigned char[]){76, 76, 76, 124, 124, 124}), 6);
    cairn_picture_free(&image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_png),    cmocka_unit_test(test_jpeg),
        cmocka_unit_test(test_damage), cmocka_unit_test(test_cut_jpeg),
        cmocka_unit_test(test_resize), cmocka_unit_test(test_colours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
