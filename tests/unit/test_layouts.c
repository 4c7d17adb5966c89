/* SPDX-License-Identifier: BSD-3-Clause
 * Samples that are not rows: counted by the last dimension, or one in each file; x and y in files
 * of their own. */
#include "data/dataset.h"
#include "data/loader.h"
#include "h5/h5.h"
#include "support/data.h"

/* An array in a new file, or in one more. */
static void put(struct cairn_h5 *file, const char *path, enum cairn_h5_type type,
                struct cairn_shape shape, const void *data)
{
    const struct cairn_h5_form form = {.type = type, .shape = shape};
    assert_ok(cairn_h5_write(file, path, &form, data));
}

static struct cairn_h5 *new_file(const char *path)
{
    struct cairn_h5 *file = NULL;
    assert_ok(cairn_h5_create(path, &file));
    return file;
}

/* The rows of train, held and not, are wanted [n, d]. */
static void assert_rows(struct cairn_dataset *dataset, const float *wanted, size_t n, size_t d)
{
    for (size_t held = 0; held < 2; held++) {
        const struct cairn_loader_options rows = {.micro = n, .memory_bytes = held * SIZE_MAX};
        struct cairn_loader *loader = NULL;
        struct cairn_micro micro;
        assert_ok(cairn_loader_create(dataset, &rows, &loader));
        assert_ok(cairn_loader_read(loader, 0, n, &micro));
        for (size_t i = 0; i < n * d; i++) assert_true(micro.x[i] == (cairn_real)wanted[i]);
        cairn_loader_free(loader);
    }
}

static void test_samples_last(void **state)
{
    static const float stored[2 * 3 * 4] = {0,  1,  2,  3,  10, 11, 12, 13, 20, 21, 22, 23,
                                            30, 31, 32, 33, 40, 41, 42, 43, 50, 51, 52, 53};
    static const float wanted[4 * 6] = {0, 10, 20, 30, 40, 50, 1, 11, 21, 31, 41, 51,
                                        2, 12, 22, 32, 42, 52, 3, 13, 23, 33, 43, 53};
    static const int32_t label[4] = {1, 0, 2, 1};
    const struct cairn_dataset_options options = {.file = "last.h5", .chwn = true};
    struct cairn_dataset *dataset = NULL;
    (void)state;
    for (int shape = 0; shape < 2; shape++) {
        struct cairn_h5 *file = new_file("last.h5");
        put(file, "/x", CAIRN_H5_F32, (struct cairn_shape){3, {2, 3, 4}}, stored);
        put(file, "/y", CAIRN_H5_I32,
            shape == 0 ? (struct cairn_shape){1, {4}} : (struct cairn_shape){2, {1, 4}}, label);
        assert_ok(cairn_h5_close(file));
        assert_ok(cairn_dataset_open_as(&options, &dataset));
        assert_int_equal(cairn_dataset_size(dataset, CAIRN_SPLIT_TRAIN), 4);
        assert_int_equal(cairn_dataset_input(dataset)->dim[1], 3);
        assert_memory_equal(cairn_dataset_labels(dataset, CAIRN_SPLIT_TRAIN), label, sizeof label);
        assert_rows(dataset, wanted, 4, 6);
        cairn_dataset_close(dataset);
    }
}

static void test_one_in_each_file(void **state)
{
    static const float stored[2][6] = {{0, 1, 2, 3, 4, 5}, {6, 7, 8, 9, 10, 11}};
    static const float turned[12] = {0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11};
    static const float target[2][4] = {{1, 2, 3, 4}, {5, 6, 7, 8}};
    struct cairn_dataset_options options = {
        .file = "one?.h5", .x = "full", .y = "unitPar", .whole = true};
    struct cairn_dataset *dataset = NULL;
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct cairn_h5 *file = new_file(i == 0 ? "one0.h5" : "one1.h5");
        put(file, "/full", CAIRN_H5_F32, (struct cairn_shape){3, {1, 2, 3}}, stored[i]);
        put(file, "/unitPar", CAIRN_H5_F32, (struct cairn_shape){1, {4}}, target[i]);
        assert_ok(cairn_h5_close(file));
    }
    assert_ok(cairn_dataset_open_as(&options, &dataset));
    assert_int_equal(cairn_dataset_size(dataset, CAIRN_SPLIT_TRAIN), 2);
    assert_int_equal(cairn_dataset_input(dataset)->ndim, 3);
    assert_int_equal(cairn_dataset_targets(dataset), 4);
    assert_rows(dataset, stored[0], 2, 6);
    cairn_dataset_close(dataset);
    options.hwc = true;
    assert_ok(cairn_dataset_open_as(&options, &dataset));
    assert_int_equal(cairn_dataset_input(dataset)->dim[0], 3);
    assert_rows(dataset, turned, 2, 6);
    cairn_dataset_close(dataset);
}

static void test_files_of_their_own(void **state)
{
    static const float x[6] = {0, 1, 2, 3, 4, 5};
    static const unsigned char y[4] = {1, 0, 1, 1};
    const struct cairn_node second = {.kind = CAIRN_NODE_SCALAR, .text = "own_y.h5"};
    struct cairn_node first = {.kind = CAIRN_NODE_SCALAR, .text = "own_x.h5"};
    const struct cairn_node list = {.kind = CAIRN_NODE_LIST, .child = &first};
    const struct cairn_dataset_options options = {.file = "own_x.h5",
                                                  .group = {[CAIRN_SPLIT_TRAIN] = &list}};
    struct cairn_dataset *dataset = NULL;
    (void)state;
    first.next = (struct cairn_node *)&second;
    for (size_t n = 3; n < 5; n++) { /* labels for as many samples, and for one more */
        struct cairn_h5 *file = new_file("own_x.h5");
        put(file, "/x", CAIRN_H5_F32, (struct cairn_shape){2, {3, 2}}, x);
        assert_ok(cairn_h5_close(file));
        file = new_file("own_y.h5");
        put(file, "/y", CAIRN_H5_U8, (struct cairn_shape){4, {n, 1, 1, 1}}, y);
        assert_ok(cairn_h5_close(file));
        if (n == 4) break;
        assert_ok(cairn_dataset_open_as(&options, &dataset));
        assert_int_equal(cairn_dataset_labels(dataset, CAIRN_SPLIT_TRAIN)[2], 1);
        assert_rows(dataset, x, 3, 2);
        cairn_dataset_close(dataset);
    }
    assert_says(cairn_dataset_open_as(&options, &dataset), CAIRN_DATA,
                "own_x.h5: /y is not an array of this file; there are: /x [3, 2] float32; name one "
                "by data.y");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples_last),
        cmocka_unit_test(test_one_in_each_file),
        cmocka_unit_test(test_files_of_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
