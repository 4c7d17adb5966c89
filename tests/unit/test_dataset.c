/* SPDX-License-Identifier: BSD-3-Clause
 * Dataset files: those of Cairn, those of others, and those that are refused. */
#include "base/sample.h"
#include "data/dataset.h"
#include "data/loader.h"
#include "support/data.h"

#include <fcntl.h>
#include <math.h>
#include <unistd.h>

static const char path[] = "test_dataset.h5";

static const unsigned char pixel[6 * 4] = {1, 2, 3, 4, 5, 6};
static const int32_t label[6] = {0, 1, 2, 0, 1, 4};

static struct cairn_table images(size_t n)
{
    return (struct cairn_table){.n = n,
                                .input = {.ndim = 3, .dim = {1, 2, 2}},
                                .x_type = CAIRN_H5_U8,
                                .x = pixel,
                                .scale = 0.5,
                                .label = label};
}

static void test_what_a_file_says(void **state)
{
    (void)state;
    struct cairn_dataset *dataset = NULL;
    struct cairn_table train = images(5);
    struct cairn_table test = images(6);
    write_dataset(path, &train, &test);
    assert_ok(cairn_dataset_open(path, &dataset));
    assert_int_equal(cairn_dataset_path(dataset)[0], '/');
    assert_true(cairn_dataset_has(dataset, CAIRN_SPLIT_TEST));
    assert_false(cairn_dataset_has(dataset, CAIRN_SPLIT_VAL));
    assert_int_equal(cairn_dataset_size(dataset, CAIRN_SPLIT_TRAIN), 5);
    assert_int_equal(cairn_dataset_size(dataset, CAIRN_SPLIT_VAL), 0);
    assert_int_equal(cairn_dataset_input(dataset)->ndim, 3);
    assert_int_equal(cairn_dataset_classes(dataset), 5); /* the largest is in test */
    assert_int_equal(cairn_dataset_targets(dataset), 0);
    assert_int_equal(cairn_dataset_labels(dataset, CAIRN_SPLIT_TEST)[5], 4);
    assert_string_equal(cairn_dataset_about(dataset, "title"), "a test");
    assert_string_equal(cairn_dataset_about(dataset, "license"), "");
    assert_ok(cairn_dataset_check_labels(dataset, 5, CAIRN_NO_LABEL));
    assert_ok(cairn_dataset_check_labels(dataset, 3, 4));
    assert_says(cairn_dataset_check_labels(dataset, 4, CAIRN_NO_LABEL), CAIRN_DATA,
                "/test/y row 5: the label 4 is outside the classes 0 to 3");
    cairn_dataset_close(dataset);
}

/* A dataset stays open until all who share it have closed it, and is sampled as the file is. */
static void test_shared(void **state)
{
    (void)state;
    struct cairn_dataset *dataset = NULL;
    struct cairn_table train = images(5);
    write_dataset(path, &train, NULL);
    assert_ok(cairn_dataset_open(path, &dataset));
    assert_ptr_equal(cairn_dataset_share(dataset), dataset);
    cairn_dataset_close(dataset);
    assert_int_equal(cairn_dataset_size(dataset, CAIRN_SPLIT_TRAIN), 5);
    int fd = open(path, O_RDONLY);
    assert_true(cairn_file_sample(fd) != 0);
    assert_true(cairn_dataset_sample(dataset) == cairn_file_sample(fd));
    close(fd);
    cairn_dataset_close(dataset);
}

/* Images whose channels come last are turned round, held or not. */
static void test_channels_last(void **state)
{
    (void)state;
    static const unsigned char stored[2 * 12] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 100};
    static const real wanted[12] = {0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11};
    const struct cairn_dataset_options options = {.file = path, .hwc = true};
    struct cairn_dataset *dataset = NULL;
    struct cairn_table train = {
        .n = 2, .input = {3, {2, 2, 3}}, .x_type = CAIRN_H5_U8, .x = stored, .label = label};
    write_dataset(path, &train, NULL);
    assert_ok(cairn_dataset_open_as(&options, &dataset));
    assert_int_equal(cairn_dataset_input(dataset)->dim[0], 3);
    for (size_t held = 0; held < 2; held++) {
        const struct cairn_loader_options rows = {.micro = 2, .memory_bytes = held * SIZE_MAX};
        struct cairn_loader *loader = NULL;
        struct cairn_micro micro;
        assert_ok(cairn_loader_create(dataset, &rows, &loader));
        assert_ok(cairn_loader_read(loader, 0, 2, &micro));
        assert_memory_equal(micro.x, wanted, sizeof wanted);
        assert_true(micro.x[12] == 100 && micro.x[13] == 0);
        cairn_loader_free(loader);
    }
    cairn_dataset_close(dataset);
    train.input = (struct cairn_shape){1, {12}};
    write_dataset(path, &train, NULL);
    assert_says(cairn_dataset_open_as(&options, &dataset), CAIRN_DATA,
                "/train/x is [2, 12]; data.layout: hwc is for images [n, H, W, C]");
}

static uint64_t fingerprint(const struct cairn_table *train)
{
    uint64_t hash = 0;
    struct cairn_dataset *dataset = NULL;
    write_dataset(path, train, NULL);
    assert_ok(cairn_dataset_open(path, &dataset));
    assert_ok(cairn_dataset_fingerprint(dataset, &hash));
    cairn_dataset_close(dataset);
    return hash;
}

static void test_fingerprint(void **state)
{
    (void)state;
    unsigned char other[6 * 4];
    int32_t other_label[6];
    memcpy(other, pixel, sizeof other);
    memcpy(other_label, label, sizeof other_label);
    other[23] = 1;
    other_label[0] = 1;
    struct cairn_table table = images(6);
    uint64_t hash = fingerprint(&table);
    assert_true(hash == fingerprint(&table));
    table.scale = 0.25;
    assert_true(hash != fingerprint(&table));
    table = images(6);
    table.x = other;
    assert_true(hash != fingerprint(&table));
    table = images(6);
    table.label = other_label;
    assert_true(hash != fingerprint(&table));
}

/* Checkpoints hold fingerprints: those of shapes that earlier versions read stay as they were. */
static void test_fingerprint_of_earlier_versions(void **state)
{
    (void)state;
    struct cairn_table table = images(6);
    assert_true(fingerprint(&table) == 0x3720e786ae9bf630u);
}

/* [n, C, D, H, W]: every size is in the fingerprint. */
static void test_volumes(void **state)
{
    (void)state;
    static const size_t sizes[3][4] = {{1, 2, 2, 1}, {1, 2, 1, 2}, {1, 1, 2, 2}};
    uint64_t hash[3];
    for (size_t i = 0; i < 3; i++) {
        struct cairn_table table = images(6);
        struct cairn_dataset *dataset = NULL;
        table.input.ndim = 4;
        memcpy(table.input.dim, sizes[i], sizeof sizes[i]);
        hash[i] = fingerprint(&table);
        assert_ok(cairn_dataset_open(path, &dataset));
        assert_true(cairn_shape_same(cairn_dataset_input(dataset), &table.input));
        cairn_dataset_close(dataset);
    }
    assert_true(hash[0] != hash[1] && hash[0] != hash[2] && hash[1] != hash[2]);
}

/* A file of a stranger: x and y of any form, nothing else. */
static void write_foreign(const struct cairn_h5_form *x, const struct cairn_h5_form *y,
                          const void *x_data, const void *y_data)
{
    struct cairn_h5 *file = NULL;
    assert_ok(cairn_h5_create(path, &file));
    assert_ok(cairn_h5_group(file, "/train"));
    assert_ok(cairn_h5_write(file, "/train/x", x, x_data));
    if (y != NULL) assert_ok(cairn_h5_write(file, "/train/y", y, y_data));
    assert_ok(cairn_h5_close(file));
}

static struct cairn_h5_form form(enum cairn_h5_type type, size_t n, size_t d)
{
    return (struct cairn_h5_form){.type = type, .shape = {.ndim = d == 0 ? 1 : 2, .dim = {n, d}}};
}

static void assert_refused(const char *words)
{
    struct cairn_dataset *dataset = NULL;
    assert_says(cairn_dataset_open(path, &dataset), CAIRN_DATA, words);
    assert_null(dataset);
}

/* A file that opens, but whose labels a model of four classes does not know. */
static void assert_labels_refused(int64_t ignored, const char *words)
{
    struct cairn_dataset *dataset = NULL;
    assert_ok(cairn_dataset_open(path, &dataset));
    assert_ok(cairn_dataset_check_labels(dataset, 4, -1));
    assert_says(cairn_dataset_check_labels(dataset, 4, ignored), CAIRN_DATA, words);
    cairn_dataset_close(dataset);
}

static void test_files_of_others(void **state)
{
    (void)state;
    struct cairn_dataset *dataset = NULL;
    const float x[8] = {0};
    const double y[4] = {1, 2, 3, 4};
    struct cairn_h5_form x_form = form(CAIRN_H5_F32, 4, 2);
    struct cairn_h5_form y_form = form(CAIRN_H5_F64, 4, 0);
    write_foreign(&x_form, &y_form, x, y);
    assert_ok(cairn_dataset_open(path, &dataset));
    assert_int_equal(cairn_dataset_targets(dataset), 1);
    assert_int_equal(cairn_dataset_classes(dataset), 0);
    assert_null(cairn_dataset_labels(dataset, CAIRN_SPLIT_TRAIN));
    cairn_dataset_close(dataset);
}

static void test_bad_contents(void **state)
{
    (void)state;
    const double x[8] = {0};
    const int64_t y[5] = {0, 1, -1, 3};
    const int64_t large[4] = {0, (int64_t)1 << 40};
    const int64_t low[4] = {0, 1, INT64_C(-2147483649)};
    struct cairn_h5_form x_form = form(CAIRN_H5_F32, 4, 2);
    struct cairn_h5_form y_form = form(CAIRN_H5_I64, 5, 0);
    write_foreign(&x_form, &y_form, x, y);
    assert_refused("/train/y has the shape [5], but there are 4 samples in x");
    y_form = form(CAIRN_H5_I64, 4, 0);
    write_foreign(&x_form, &y_form, x, y);
    assert_labels_refused(CAIRN_NO_LABEL, "/train/y row 2: the label -1 is not a class");
    assert_labels_refused(-2, "/train/y row 2: the label -1 is not a class");
    write_foreign(&x_form, &y_form, x, large);
    assert_refused("/train/y row 1: the label 1099511627776");
    write_foreign(&x_form, &y_form, x, low);
    assert_refused("/train/y row 2: the label -2147483649 is not a class");
    write_foreign(&x_form, NULL, x, NULL);
    assert_refused("/train/y is not an array");
    y_form = form(CAIRN_H5_TEXT, 4, 0);
    y_form.text_bytes = 2;
    write_foreign(&x_form, &y_form, x, "a\0b\0\0\0a\0");
    assert_refused("/train/y row 2: the label is empty");
    write_foreign(&y_form, &y_form, "a\0b\0\0\0a\0", "a\0b\0\0\0a\0");
    assert_refused("/train/x holds texts; store numbers");
    y_form = form(CAIRN_H5_I64, 4, 0);
    x_form = form(CAIRN_H5_F32, 0, 2);
    write_foreign(&x_form, &y_form, x, y);
    assert_refused("/train/x holds no samples: its shape is [0, 2]");
}

static void test_groups_must_agree(void **state)
{
    (void)state;
    const real target[6] = {0};
    struct cairn_table train = images(6);
    struct cairn_table test = images(6);
    test.input = (struct cairn_shape){.ndim = 1, .dim = {4}};
    write_dataset(path, &train, &test);
    assert_refused("a sample of /test/x is [4], one of another group [1, 2, 2]");
    test = images(6);
    test.label = NULL;
    test.target = target;
    test.n_targets = 1;
    write_dataset(path, &train, &test);
    assert_refused("/test/y has 1 real targets, another group 0");
}

static void write_marked(const char *format, double version)
{
    struct cairn_h5 *file = NULL;
    assert_ok(cairn_h5_create(path, &file));
    if (format != NULL) assert_ok(cairn_h5_set_text(file, "/", "format", format));
    assert_ok(cairn_h5_set_numbers(file, "/", "format_version", &version, 1));
    assert_ok(cairn_h5_close(file));
}

static void test_no_datasets(void **state)
{
    (void)state;
    write_marked("cairn-checkpoint", 1);
    assert_refused("is a checkpoint, not a dataset");
    write_marked("something", 1);
    assert_refused("format is not cairn-dataset");
    write_marked("cairn-dataset", 2);
    assert_refused("format version 2; this cairn reads version 1");
    write_marked(NULL, 1);
    assert_refused("has none of the groups train, val and test");
    write_words(path, "a,b\n1,2\n");
    assert_refused("is not an HDF5 file");
    unlink(path);
    assert_refused("No such file");
}

static void test_truncated(void **state)
{
    (void)state;
    struct cairn_table train = images(6);
    write_dataset(path, &train, NULL);
    FILE *stream = fopen(path, "rb");
    assert_non_null(stream);
    fseek(stream, 0, SEEK_END);
    long bytes = ftell(stream);
    fclose(stream);
    for (long kept = bytes - 1; kept > 0; kept -= bytes / 50) {
        struct cairn_dataset *dataset = NULL;
        assert_int_equal(truncate(path, kept), 0);
        assert_int_equal(cairn_dataset_open(path, &dataset), CAIRN_DATA);
    }
}

/* Wherever a byte is wrong, the file is refused or read; never a crash. */
static void test_damage_anywhere(void **state)
{
    (void)state;
    unsigned char bytes[16384];
    struct cairn_table train = images(6);
    write_dataset(path, &train, NULL);
    FILE *stream = fopen(path, "rb");
    assert_non_null(stream);
    size_t n = fread(bytes, 1, sizeof bytes, stream);
    fclose(stream);
    assert_in_range(n, 1, sizeof bytes - 1);
    for (size_t i = 0; i < n; i += 7) {
        struct cairn_dataset *dataset = NULL;
        uint64_t hash = 0;
        bytes[i] ^= 0xff;
        write_bytes(path, bytes, n);
        bytes[i] ^= 0xff;
        cairn_status st = cairn_dataset_open(path, &dataset);
        if (st == CAIRN_OK) st = cairn_dataset_fingerprint(dataset, &hash);
        assert_true(st == CAIRN_OK || st == CAIRN_DATA);
        cairn_dataset_close(dataset);
    }
}

static void write_scaled(const double *scale, size_t n)
{
    const unsigned char x[4] = {1, 2, 3, 4};
    const unsigned char y[2] = {0, 1};
    struct cairn_h5_form x_form = form(CAIRN_H5_U8, 2, 2);
    struct cairn_h5_form y_form = form(CAIRN_H5_U8, 2, 0);
    struct cairn_h5 *file = NULL;
    assert_ok(cairn_h5_create(path, &file));
    assert_ok(cairn_h5_group(file, "/train"));
    assert_ok(cairn_h5_write(file, "/train/x", &x_form, x));
    assert_ok(cairn_h5_set_numbers(file, "/train/x", "scale", scale, n));
    assert_ok(cairn_h5_write(file, "/train/y", &y_form, y));
    assert_ok(cairn_h5_close(file));
}

static void test_scale(void **state)
{
    (void)state;
    const double scale[3] = {0.5, 0.25, 0.125};
    const double large = CAIRN_REAL_BITS == 64 ? (double)INFINITY : 1e300;
    struct cairn_dataset *dataset = NULL;
    write_scaled(scale, 2);
    assert_ok(cairn_dataset_open(path, &dataset));
    cairn_dataset_close(dataset);
    write_scaled(scale, 3);
    assert_refused("'scale' of /train/x is not 1 to 2 numbers");
    write_scaled(&large, 1);
    assert_refused("'scale' of /train/x is not finite");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_a_file_says),
        cmocka_unit_test(test_fingerprint),
        cmocka_unit_test(test_fingerprint_of_earlier_versions),
        cmocka_unit_test(test_volumes),
        cmocka_unit_test(test_files_of_others),
        cmocka_unit_test(test_bad_contents),
        cmocka_unit_test(test_channels_last),
        cmocka_unit_test(test_shared),
        cmocka_unit_test(test_groups_must_agree),
        cmocka_unit_test(test_no_datasets),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_damage_anywhere),
        cmocka_unit_test(test_scale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
