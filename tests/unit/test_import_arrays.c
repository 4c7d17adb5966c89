/* SPDX-License-Identifier: BSD-3-Clause
 * Importing arrays of NumPy: every type and order gives the numbers that were stored, whatever the
 * groups, and no change of an archive gives others. */
#include <math.h>
#include <stdbool.h>
#include <unistd.h>

#include "data/format.h"
#include "data/loader.h"
#include "data/npy/names.h"
#include "support/data.h"
#include "support/sources.h"

static const char out[] = "test_import_arrays.h5";
static const char in[] = "test_import_arrays.npz";

enum { N = 7, H = 2, W = 3, VALUES = H * W };

static cairn_status import_as(const char *name, const struct cairn_import *rules)
{
    const char *const source[1] = {in};
    const struct cairn_format *format = NULL;
    const struct cairn_about about = {0};
    struct cairn_writer *writer = NULL;
    struct cairn_import import = *rules;
    import.source = source;
    import.n_sources = 1;
    assert_ok(cairn_format_find(name, &format));
    assert_ok(cairn_writer_create(out, true, &about, &writer));
    cairn_status st = format->run(&import, writer);
    if (st == CAIRN_OK) st = cairn_writer_finish(writer);
    cairn_writer_free(writer);
    return st;
}

/* All numbers of x of a group as a model sees them, to [n, VALUES]. */
static void read_x(enum cairn_split split, double *x)
{
    struct cairn_dataset *dataset = NULL;
    struct cairn_loader *loader = NULL;
    struct cairn_micro micro;
    assert_ok(cairn_dataset_open(out, &dataset));
    const size_t n = cairn_dataset_size(dataset, split);
    const struct cairn_loader_options options = {
        .split = split, .micro = n, .memory_bytes = SIZE_MAX};
    assert_ok(cairn_loader_create(dataset, &options, &loader));
    assert_ok(cairn_loader_read(loader, 0, n, &micro));
    for (size_t i = 0; i < n * VALUES; i++) x[i] = (double)micro.x[i];
    cairn_loader_free(loader);
    cairn_dataset_close(dataset);
}

/* ---- every type */

/* Number i in `bytes` bytes of kind u, i or f, the other byte first where `swapped`. */
static void store(char kind, size_t bytes, bool swapped, double value, unsigned char *at)
{
    const float single = (float)value;
    const int64_t whole = (int64_t)value;
    unsigned char word[8];
    if (kind == 'f' && bytes == 4)
        memcpy(word, &single, 4);
    else if (kind == 'f')
        memcpy(word, &value, 8);
    else
        memcpy(word, &whole, 8); /* the low bytes first */
    for (size_t i = 0; i < bytes; i++) at[i] = word[swapped ? bytes - 1 - i : i];
}

static void check_type(const char *descr, bool columns, bool deflated)
{
    unsigned char x[N * VALUES * 8];
    unsigned char y[N];
    double back[N * VALUES];
    const size_t bytes = (size_t)(descr[2] - '0');
    for (size_t i = 0; i < N; i++) {
        y[i] = (unsigned char)(i % 3);
        for (size_t h = 0; h < H; h++)
            for (size_t w = 0; w < W; w++) {
                size_t at = columns ? i + N * (h + H * w) : (i * H + h) * W + w;
                double value = (double)(i * VALUES + h * W + w);
                store(descr[1], bytes, descr[0] == '>', value, x + at * bytes);
            }
    }
    const struct source_array arrays[] = {
        {"x", descr, columns, "(7, 2, 3)", x, N * VALUES * bytes},
        {"y", "|u1", false, "(7,)", y, N},
    };
    source_write_npz(in, arrays, 2, deflated);
    assert_ok(import_as("npz", &(struct cairn_import){0}));
    read_x(CAIRN_SPLIT_TRAIN, back);
    for (size_t i = 0; i < N * VALUES; i++)
        if (back[i] != (double)i) fail_msg("%s: number %zu is %g", descr, i, back[i]);
}

static void test_types(void **state)
{
    (void)state;
    static const char *const types[] = {"|u1", "|i1", "<u2", ">u2", "<i2", ">i2",
                                        "<u4", ">u4", "<i4", ">i4", "<u8", ">u8",
                                        "<i8", ">i8", "<f4", ">f4", "<f8", ">f8"};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        for (int way = 0; way < 4; way++) check_type(types[i], way % 2 == 1, way > 1);
}

/* ---- y of any shape */

/* What stands there after the import of images [N, H, W, 2] with this y and a weight for each of
 * its numbers, which are i as y is. */
static struct cairn_micro import_y(const struct source_array *y, const char *x_shape,
                                   struct cairn_loader **loader, struct cairn_dataset **dataset)
{
    float x[N * VALUES * 2];
    float weight[N * VALUES * 2];
    const bool two = strstr(y->shape, ", 2)") != NULL;
    struct cairn_micro micro;
    const struct cairn_loader_options options = {.micro = N, .memory_bytes = SIZE_MAX};
    for (size_t i = 0; i < N * VALUES * 2; i++) x[i] = weight[i] = (float)i;
    const struct source_array arrays[] = {
        {"x", "<f4", false, x_shape, x, sizeof x},
        *y,
        {"weight", "<f4", false, y->shape, weight, two ? sizeof weight : sizeof weight / 2}};
    source_write_npz(in, arrays, 3, true);
    assert_ok(import_as("npz", &(struct cairn_import){.layout = CAIRN_IMPORT_LAYOUT_HWC}));
    assert_ok(cairn_dataset_open(out, dataset));
    assert_ok(cairn_dataset_set_classes(*dataset, !two));
    assert_ok(cairn_loader_create(*dataset, &options, loader));
    assert_ok(cairn_loader_read(*loader, 0, N, &micro));
    return micro;
}

/* Number i of [C, H, W] comes from here in [H, W, C]. */
static size_t turned(size_t i)
{
    const size_t in_sample = i % (2 * VALUES);
    return i - in_sample + in_sample % VALUES * 2 + in_sample / VALUES;
}

static void test_shapes_of_y(void **state)
{
    (void)state;
    int64_t whole[N * VALUES];
    float real_y[N * VALUES * 2];
    struct cairn_dataset *dataset = NULL;
    struct cairn_loader *loader = NULL;
    for (size_t i = 0; i < N * VALUES; i++) whole[i] = (int64_t)i;
    for (size_t i = 0; i < N * VALUES * 2; i++) real_y[i] = (float)i;
    const struct source_array masks = {"y", "<i8", false, "(7, 2, 3)", whole, sizeof whole};
    struct cairn_micro micro = import_y(&masks, "(7, 2, 3, 2)", &loader, &dataset);
    assert_int_equal(cairn_dataset_y(dataset)->ndim, 2);
    assert_int_equal(micro.n_labels, VALUES);
    assert_int_equal(micro.n_weights, VALUES);
    for (size_t i = 0; i < N * VALUES; i++)
        assert_true(micro.label[i] == (int32_t)i && micro.weight[i] == (real)i);
    cairn_loader_free(loader);
    cairn_dataset_close(dataset);
    const struct source_array maps = {"y", "<f4", false, "(7, 2, 1, 3, 2)", real_y, sizeof real_y};
    micro = import_y(&maps, "(7, 2, 1, 3, 2)", &loader, &dataset);
    assert_int_equal(cairn_dataset_y(dataset)->ndim, 4);
    assert_int_equal(cairn_dataset_input(dataset)->dim[0], 2);
    for (size_t i = 0; i < N * VALUES * 2; i++) {
        assert_true(micro.x[i] == (real)turned(i) && micro.target[i] == (real)turned(i));
        assert_true(micro.weight[i] == (real)turned(i));
    }
    cairn_loader_free(loader);
    cairn_dataset_close(dataset);
}

/* ---- names */

static void test_names(void **state)
{
    (void)state;
    enum cairn_split split = CAIRN_SPLIT_TRAIN;
    static const struct {
        const char *name;
        enum cairn_role role;
        enum cairn_split split;
    } good[] = {{"x", CAIRN_ROLE_X, CAIRN_SPLIT_TRAIN},
                {"X_train", CAIRN_ROLE_X, CAIRN_SPLIT_TRAIN},
                {"y_test", CAIRN_ROLE_Y, CAIRN_SPLIT_TEST},
                {"train_images", CAIRN_ROLE_X, CAIRN_SPLIT_TRAIN},
                {"val_labels", CAIRN_ROLE_Y, CAIRN_SPLIT_VAL},
                {"validation-targets", CAIRN_ROLE_Y, CAIRN_SPLIT_VAL},
                {"testX", CAIRN_ROLE_X, CAIRN_SPLIT_TEST},
                {"sample_weight", CAIRN_ROLE_WEIGHT, CAIRN_SPLIT_TRAIN}};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        if (!cairn_role_of(good[i].name, good[i].role, NULL, &split) || split != good[i].split)
            fail_msg("%s", good[i].name);
    assert_false(cairn_role_of("latest", CAIRN_ROLE_X, NULL, &split));
    assert_false(cairn_role_of("train", CAIRN_ROLE_X, NULL, &split));
    assert_false(cairn_role_of("x", CAIRN_ROLE_X, "data", &split));
    assert_true(cairn_role_of("data_test", CAIRN_ROLE_X, "data", &split));
}

/* ---- what cannot be */

static void check_refused(const struct source_array *x, cairn_status st, const char *words)
{
    static const unsigned char y[2] = {0, 1};
    const struct source_array arrays[] = {*x, {"y", "|u1", false, "(2,)", y, sizeof y}};
    source_write_npz(in, arrays, 2, true);
    assert_says(import_as("npz", &(struct cairn_import){0}), st, words);
}

static void test_refusals(void **state)
{
    (void)state;
    unlink(out);
    static const double two[2] = {1, (double)NAN};
    static const struct {
        const char *descr, *shape, *words;
    } bad[] = {
        {"|O", "(2,)", "a pickle"},
        {"<c16", "(2,)", "complex numbers as two"},
        {"<M8[s]", "(2,)", "save times as numbers"},
        {"<f8", "(3,)", "its head says other than the file holds"},
        {"<f8", "(1,)", "its head says other than"},
        {"<f8", "()", "is one number"},
        {"<f8", "(0,)", "holds nothing: dimension 0"},
        {"<f8", "(2, 1, 1, 1, 1, 1)", "more than 5 dimensions"},
        {"<f8", "(99999999999, 99999999999)", "its head says other than"},
        {"<f8", "(2", "damaged head"},
        {"<f8", "(2,)", "row 1: number 0 is not finite"},
        {"|S8", "(2,)", "holds texts; only labels"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const struct source_array x = {"x", bad[i].descr, false, bad[i].shape, two, sizeof two};
        check_refused(&x, CAIRN_DATA, bad[i].words);
    }
    assert_int_not_equal(access(out, F_OK), 0);
}

/* ---- damage */

static float x_of(size_t i)
{
    return (float)i / 3;
}

/* Whether what was imported is what was meant. */
static bool is_whole(void)
{
    double back[2 * VALUES];
    struct cairn_dataset *dataset = NULL;
    const struct cairn_dataset_options options = {.file = out, .labels_optional = true};
    assert_ok(cairn_dataset_open_as(&options, &dataset));
    const int32_t *label = cairn_dataset_labels(dataset, CAIRN_SPLIT_TRAIN);
    bool same = cairn_dataset_size(dataset, CAIRN_SPLIT_TRAIN) == 2;
    if (label != NULL) same = same && label[0] == 1 && label[1] == 0;
    cairn_dataset_close(dataset);
    if (same && label != NULL) read_x(CAIRN_SPLIT_TRAIN, back);
    for (size_t i = 0; same && label != NULL && i < 2 * VALUES; i++)
        same = back[i] == (double)x_of(i);
    return same;
}

static void test_damage(void **state)
{
    (void)state;
    static unsigned char bytes[SOURCE_MOST_BYTES];
    float x[2 * VALUES];
    const char y[2][8] = {"pear", "apple"};
    for (size_t i = 0; i < 2 * VALUES; i++) x[i] = x_of(i);
    const struct source_array arrays[] = {{"x", "<f4", false, "(2, 6)", x, sizeof x},
                                          {"y", "|S8", false, "(2,)", y, sizeof y}};
    source_write_npz(in, arrays, 2, true);
    FILE *stream = fopen(in, "rb");
    assert_non_null(stream);
    const size_t n = fread(bytes, 1, sizeof bytes, stream);
    fclose(stream);
    for (size_t i = 0; i < n; i++) {
        bytes[i] ^= 0x10;
        source_write(in, bytes, n);
        unlink(out);
        if (import_as("npz", &(struct cairn_import){0}) == CAIRN_OK && !is_whole())
            fail_msg("a change of byte %zu gives other numbers", i);
        bytes[i] ^= 0x10;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),  cmocka_unit_test(test_shapes_of_y),
        cmocka_unit_test(test_names),  cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
