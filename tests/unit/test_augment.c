/* SPDX-License-Identifier: BSD-3-Clause
 * Augmentation: what is drawn, what an image becomes, that a sample is the same in any split, and
 * normalisation of channels. */
#include "data/augment.h"

#include <tgmath.h>
#include <unistd.h>

#include "data/loader.h"
#include "support/data.h"

static const char path[] = "test_augment.h5";

enum { P = 2, C = 2, H = 4, W = 5, VALUES = C * H * W, N = 19, MICRO = 7, MANY = 20000 };

static const struct cairn_augment both = {.crop_padding = P, .flip = true};

/* Every place is drawn about equally often, half are flipped, and all that is in the key counts. */
static void test_views(void **state)
{
    (void)state;
    size_t place[2 * P + 1][2 * P + 1] = {{0}};
    size_t n_flipped = 0;
    size_t n_same[3] = {0};
    for (uint64_t sample = 0; sample < MANY; sample++) {
        struct cairn_view view = cairn_augment_view(&both, 7, 3, sample);
        struct cairn_view other[3] = {cairn_augment_view(&both, 7, 4, sample),
                                      cairn_augment_view(&both, 8, 3, sample),
                                      cairn_augment_view(&both, 7, 3, sample + MANY)};
        assert_true(view.down <= 2 * P && view.right <= 2 * P);
        place[view.down][view.right]++;
        n_flipped += view.flipped;
        for (int i = 0; i < 3; i++)
            n_same[i] += view.down == other[i].down && view.right == other[i].right &&
                         view.flipped == other[i].flipped;
    }
    const double n_places = (2 * P + 1) * (2 * P + 1);
    const double wanted = MANY / n_places;
    for (size_t i = 0; i < (size_t)n_places; i++) /* 5 deviations of a count */
        assert_true(fabs((double)place[i / (2 * P + 1)][i % (2 * P + 1)] - wanted) <
                    5 * sqrt(wanted));
    assert_true(fabs((double)n_flipped - MANY / 2.0) < 5 * sqrt(MANY / 4.0));
    for (int i = 0; i < 3; i++) /* one of 50 views is the same by chance */
        assert_true(fabs((double)n_same[i] - wanted / 2) < 5 * sqrt(wanted / 2));
}

static void test_parts_alone(void **state)
{
    (void)state;
    const struct cairn_augment crop = {.crop_padding = P};
    const struct cairn_augment flip = {.flip = true};
    const struct cairn_augment none = {0};
    size_t n_flipped = 0;
    assert_true(cairn_augment_any(&crop) && cairn_augment_any(&flip));
    assert_false(cairn_augment_any(&none));
    for (uint64_t sample = 0; sample < 100; sample++) {
        struct cairn_view view = cairn_augment_view(&flip, 7, 3, sample);
        assert_true(view.down == 0 && view.right == 0);
        n_flipped += view.flipped;
        assert_false(cairn_augment_view(&crop, 7, 3, sample).flipped);
    }
    assert_true(n_flipped > 20 && n_flipped < 80);
}

/* What stands at one place of the view, worked number by number. */
static real at(const real *in, const real *border, const struct cairn_view *view, size_t i)
{
    long c = (long)i / (H * W);
    long y = (long)i / W % H + (long)view->down - P;
    long x = (long)i % W;
    if (view->flipped) x = W - 1 - x;
    x += (long)view->right - P;
    return y < 0 || y >= H || x < 0 || x >= W ? border[c] : in[(c * H + y) * W + x];
}

static void test_every_view_of_an_image(void **state)
{
    (void)state;
    const struct cairn_shape image = {3, {C, H, W}};
    const real border[C] = {-1, -2};
    real in[VALUES];
    real out[VALUES];
    for (int i = 0; i < VALUES; i++) in[i] = (real)i;
    for (size_t n = 0; n < 2 * 25; n++) {
        const struct cairn_view view = {n % 5, n / 5 % 5, n / 25 != 0};
        cairn_augment_image(&both, &view, &image, border, in, out);
        for (size_t i = 0; i < VALUES; i++) assert_true(out[i] == at(in, border, &view, i));
    }
    const struct cairn_view middle = {P, P, false};
    cairn_augment_image(&both, &middle, &image, border, in, out);
    assert_memory_equal(out, in, sizeof in);
}

static cairn_status normalize(struct cairn_dataset *dataset, const double *mean, size_t n_mean,
                              const double *std, size_t n_std)
{
    const struct cairn_normalization by = {mean, std, n_mean, n_std};
    return cairn_dataset_normalize(dataset, &by);
}

static uint8_t pixel[N * VALUES];

static struct cairn_dataset *open_images(void)
{
    static int32_t label[N];
    struct cairn_dataset *dataset = NULL;
    for (int i = 0; i < N * VALUES; i++) pixel[i] = (uint8_t)(1 + i % 255);
    const struct cairn_table table = {.n = N,
                                      .input = {3, {C, H, W}},
                                      .x_type = CAIRN_H5_U8,
                                      .x = pixel,
                                      .scale = 0.125,
                                      .label = label};
    write_dataset(path, &table, NULL);
    assert_ok(cairn_dataset_open(path, &dataset));
    return dataset;
}

static struct cairn_loader *open_loader(struct cairn_dataset *dataset, size_t memory_bytes,
                                        const struct cairn_augment *augment)
{
    struct cairn_loader *loader = NULL;
    const struct cairn_loader_options options = {.micro = MICRO,
                                                 .shuffle = {.kind = CAIRN_SHUFFLE_FULL},
                                                 .seed = 5,
                                                 .memory_bytes = memory_bytes,
                                                 .augment = *augment};
    assert_ok(cairn_loader_create(dataset, &options, &loader));
    return loader;
}

/* Two epochs in reads of one size, sample by sample against its view. */
static void check_reads(struct cairn_loader *loader, size_t size, const real *mean, const real *std)
{
    struct cairn_micro micro;
    const real border[C] = {-mean[0] / std[0], -mean[1] / std[1]};
    real image[VALUES];
    for (uint64_t position = 0; position + size <= 2 * N; position += size) {
        assert_ok(cairn_loader_read(loader, position, size, &micro));
        for (size_t s = 0; s < size; s++) {
            struct cairn_view view = cairn_augment_view(&both, 5, micro.epoch[s], micro.sample[s]);
            const uint8_t *stored = pixel + micro.sample[s] * VALUES;
            for (size_t i = 0; i < VALUES; i++)
                image[i] = ((real)stored[i] * 0.125f - mean[i / (H * W)]) / std[i / (H * W)];
            for (size_t i = 0; i < VALUES; i++)
                assert_true(fabs(micro.x[s * VALUES + i] - at(image, border, &view, i)) < 1e-5f);
        }
    }
}

static void test_same_samples_in_any_split(void **state)
{
    (void)state;
    static const double mean[C] = {0.5, 3};
    static const double std[C] = {2, 0.25};
    static const real no_mean[C] = {0, 0}, no_std[C] = {1, 1};
    static const real each_mean[C] = {0.5f, 3}, each_std[C] = {2, 0.25f}, both_mean[C] = {3, 3};
    struct cairn_dataset *dataset = open_images();
    for (int turn = 0; turn < 6; turn++) {
        bool one = turn >= 4;
        if (turn == 2) assert_ok(normalize(dataset, mean, C, std, C));
        if (one) assert_ok(normalize(dataset, mean + 1, 1, std, C));
        struct cairn_loader *loader = open_loader(dataset, turn % 2 == 0 ? SIZE_MAX : 0, &both);
        const real *m = one ? both_mean : turn >= 2 ? each_mean : no_mean;
        const real *s = turn >= 2 ? each_std : no_std;
        check_reads(loader, MICRO, m, s);
        check_reads(loader, 3, m, s);
        check_reads(loader, 1, m, s);
        cairn_loader_free(loader);
    }
    cairn_dataset_close(dataset);
}

/* One mean and one deviation for all numbers, and none of it: as stored, in bits. */
static void test_normalisation_alone(void **state)
{
    (void)state;
    const double mean = 2;
    const double std = 0.5;
    const struct cairn_augment none = {0};
    struct cairn_micro micro;
    struct cairn_dataset *dataset = open_images();
    for (int turn = 0; turn < 2; turn++) {
        if (turn == 1) assert_ok(normalize(dataset, &mean, 1, &std, 1));
        struct cairn_loader *loader = open_loader(dataset, SIZE_MAX, &none);
        assert_ok(cairn_loader_read(loader, 0, 1, &micro));
        for (size_t i = 0; i < VALUES; i++) {
            real plain = (real)pixel[micro.sample[0] * VALUES + i] * 0.125f;
            assert_true(micro.x[i] == (turn == 0 ? plain : (plain - 2) * 2));
        }
        cairn_loader_free(loader);
    }
    cairn_dataset_close(dataset);
}

static void test_what_does_not_fit(void **state)
{
    (void)state;
    static const double three[3] = {1, 1, 1};
    struct cairn_loader *loader = NULL;
    struct cairn_loader_options options = {.micro = MICRO, .augment = {.crop_padding = H}};
    struct cairn_dataset *dataset = open_images();
    assert_says(normalize(dataset, three, 3, three, 1), CAIRN_USAGE,
                "data.mean has 3 numbers for 2 channels");
    assert_says(normalize(dataset, three, 1, three, 3), CAIRN_USAGE,
                "data.std has 3 numbers for 2 channels");
    assert_says(cairn_loader_create(dataset, &options, &loader), CAIRN_USAGE,
                "augment.crop_padding is 4, but images are [2, 4, 5]");
    cairn_dataset_close(dataset);
    real x[6] = {0};
    int32_t label[2] = {0, 1};
    const struct cairn_table table = {
        .n = 2, .input = {1, {3}}, .x_type = CAIRN_H5_REAL, .x = x, .label = label};
    write_dataset(path, &table, NULL);
    assert_ok(cairn_dataset_open(path, &dataset));
    options.augment = (struct cairn_augment){.flip = true};
    assert_says(cairn_loader_create(dataset, &options, &loader), CAIRN_USAGE,
                "augment.flip is for images [C, H, W], but samples are [3]");
    cairn_dataset_close(dataset);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_views),
        cmocka_unit_test(test_parts_alone),
        cmocka_unit_test(test_every_view_of_an_image),
        cmocka_unit_test(test_same_samples_in_any_split),
        cmocka_unit_test(test_normalisation_alone),
        cmocka_unit_test(test_what_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
