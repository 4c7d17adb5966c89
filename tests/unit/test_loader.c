/* SPDX-License-Identifier: BSD-3-Clause
 * The loader: the samples of the order, converted, the same whether held in memory or read row by
 * row. */
#include "data/loader.h"
#include "data/order.h"
#include "support/data.h"

#include <math.h>
#include <unistd.h>

static const char path[] = "test_loader.h5";

enum { N = 23, VALUES = 12, MICRO = 8 };

static struct cairn_dataset *open_table(const struct cairn_table *table)
{
    struct cairn_dataset *dataset = NULL;
    write_dataset(path, table, NULL);
    assert_ok(cairn_dataset_open(path, &dataset));
    return dataset;
}

static struct cairn_loader *create(struct cairn_dataset *dataset, bool shuffle, size_t memory_bytes)
{
    struct cairn_loader *loader = NULL;
    const struct cairn_loader_options options = {
        .micro = MICRO,
        .shuffle = {.kind = shuffle ? CAIRN_SHUFFLE_FULL : CAIRN_SHUFFLE_NONE},
        .seed = 5,
        .memory_bytes = memory_bytes};
    assert_ok(cairn_loader_create(dataset, &options, &loader));
    return loader;
}

static struct cairn_table real_table(real *x, real *target)
{
    for (int i = 0; i < N * VALUES; i++) x[i] = (real)i - 7.25f;
    for (int i = 0; i < N * 2; i++) target[i] = (real)i * 3;
    return (struct cairn_table){.n = N,
                                .input = {.ndim = 2, .dim = {3, 4}},
                                .x_type = CAIRN_H5_REAL,
                                .x = x,
                                .target = target,
                                .n_targets = 2};
}

/* Every position of three epochs, in reads of several sizes that cross from epoch to epoch. */
static void check_order(struct cairn_loader *loader, const real *x, const real *target)
{
    static const size_t sizes[] = {8, 1, 5, 0, 7};
    struct cairn_micro micro;
    uint64_t position = 0;
    for (size_t turn = 0; position < 3 * N; turn++) {
        size_t n = sizes[turn % 5];
        assert_ok(cairn_loader_read(loader, position, n, &micro));
        assert_int_equal(micro.n, n);
        assert_null(micro.label);
        for (size_t i = 0; i < n; i++, position++) {
            uint64_t epoch = position / N;
            uint64_t sample = cairn_order_sample(5, epoch, N, position % N);
            assert_int_equal(micro.epoch[i], epoch);
            assert_int_equal(micro.sample[i], sample);
            assert_memory_equal(micro.x + i * VALUES, x + sample * VALUES, VALUES * sizeof *x);
            assert_memory_equal(micro.target + i * 2, target + sample * 2, 2 * sizeof *target);
        }
    }
}

static void test_order_held_and_read(void **state)
{
    (void)state;
    real x[N * VALUES];
    real target[N * 2];
    struct cairn_table table = real_table(x, target);
    struct cairn_dataset *dataset = open_table(&table);
    struct cairn_loader *held = create(dataset, true, sizeof x + sizeof target);
    struct cairn_loader *read = create(dataset, true, sizeof x + sizeof target - N);
    assert_int_equal(cairn_loader_bytes(held), sizeof x + sizeof target);
    assert_int_equal(cairn_loader_bytes(read), 0);
    check_order(held, x, target);
    check_order(read, x, target);
    cairn_loader_free(held);
    cairn_loader_free(read);
    cairn_dataset_close(dataset);
}

static void test_as_stored(void **state)
{
    (void)state;
    real x[N * VALUES];
    real target[N * 2];
    struct cairn_micro micro;
    struct cairn_table table = real_table(x, target);
    struct cairn_dataset *dataset = open_table(&table);
    struct cairn_loader *loader = create(dataset, false, SIZE_MAX);
    assert_ok(cairn_loader_read(loader, 20, 6, &micro)); /* 20, 21, 22, 0, 1, 2 */
    assert_memory_equal(micro.x, x + 20 * VALUES, 3 * VALUES * sizeof *x);
    assert_memory_equal(micro.x + 3 * VALUES, x, 3 * VALUES * sizeof *x);
    assert_int_equal(micro.epoch[3], 1);
    assert_int_equal(cairn_loader_read(loader, 0, MICRO + 1, &micro), CAIRN_BUG);
    cairn_loader_free(loader);
    cairn_dataset_close(dataset);
}

/* One sample of three channels of two numbers, with a scale for each channel and one shift. */
static void write_channels(enum cairn_h5_type type, const void *x)
{
    const double scale[3] = {1, 0.5, 0.25};
    const double shift = -1;
    const unsigned char y = 3;
    struct cairn_h5_form x_form = {.type = type, .shape = {.ndim = 3, .dim = {1, 3, 2}}};
    struct cairn_h5_form y_form = {.type = CAIRN_H5_U8, .shape = {.ndim = 1, .dim = {1}}};
    struct cairn_h5 *file = NULL;
    assert_ok(cairn_h5_create(path, &file));
    assert_ok(cairn_h5_group(file, "/train"));
    assert_ok(cairn_h5_write(file, "/train/x", &x_form, x));
    assert_ok(cairn_h5_set_numbers(file, "/train/x", "scale", scale, 3));
    assert_ok(cairn_h5_set_numbers(file, "/train/x", "shift", &shift, 1));
    assert_ok(cairn_h5_write(file, "/train/y", &y_form, &y));
    assert_ok(cairn_h5_close(file));
}

static void test_types_and_scales(void **state)
{
    (void)state;
    const uint8_t bytes[6] = {0, 10, 20, 30, 40, 255};
    const int16_t shorts[6] = {0, 10, 20, 30, 40, 255};
    const real floats[6] = {0, 10, 20, 30, 40, 255};
    const real wanted[6] = {-1, 9, 9, 14, 9, 62.75f};
    const struct {
        enum cairn_h5_type type;
        const void *x;
    } cases[] = {{CAIRN_H5_U8, bytes}, {CAIRN_H5_I16, shorts}, {CAIRN_H5_REAL, floats}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cairn_dataset *dataset = NULL;
        struct cairn_micro micro;
        write_channels(cases[i].type, cases[i].x);
        assert_ok(cairn_dataset_open(path, &dataset));
        struct cairn_loader *loader = create(dataset, true, i == 0 ? 0 : SIZE_MAX);
        assert_ok(cairn_loader_read(loader, 0, 1, &micro));
        assert_memory_equal(micro.x, wanted, sizeof wanted);
        assert_int_equal(micro.label[0], 3);
        assert_null(micro.target);
        cairn_loader_free(loader);
        cairn_dataset_close(dataset);
    }
}

static void test_numbers_that_are_not_finite(void **state)
{
    (void)state;
    real x[N * VALUES];
    real target[N * 2];
    struct cairn_loader *loader = NULL;
    struct cairn_micro micro;
    struct cairn_loader_options options = {.micro = MICRO, .memory_bytes = SIZE_MAX};
    struct cairn_table table = real_table(x, target);
    x[9 * VALUES + 4] = NAN;
    struct cairn_dataset *dataset = open_table(&table);
    assert_says(cairn_loader_create(dataset, &options, &loader), CAIRN_DATA,
                "/train/x row 9: number 4 is not finite");
    options.memory_bytes = 0;
    assert_ok(cairn_loader_create(dataset, &options, &loader));
    assert_ok(cairn_loader_read(loader, 0, 8, &micro));
    assert_says(cairn_loader_read(loader, 8, 8, &micro), CAIRN_DATA, "/train/x row 9: number 4");
    cairn_loader_free(loader);
    cairn_dataset_close(dataset);

    table = real_table(x, target);
    target[2 * 22 + 1] = -INFINITY;
    dataset = open_table(&table);
    options.memory_bytes = SIZE_MAX;
    assert_says(cairn_loader_create(dataset, &options, &loader), CAIRN_DATA,
                "/train/y row 22: number 1 is not finite");
    cairn_dataset_close(dataset);
}

static void test_group_that_is_not_there(void **state)
{
    (void)state;
    real x[N * VALUES];
    real target[N * 2];
    struct cairn_loader *loader = NULL;
    const struct cairn_loader_options options = {.split = CAIRN_SPLIT_VAL, .micro = 1};
    struct cairn_table table = real_table(x, target);
    struct cairn_dataset *dataset = open_table(&table);
    assert_says(cairn_loader_create(dataset, &options, &loader), CAIRN_DATA, "has no group 'val'");
    cairn_dataset_close(dataset);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_held_and_read),
        cmocka_unit_test(test_as_stored),
        cmocka_unit_test(test_types_and_scales),
        cmocka_unit_test(test_numbers_that_are_not_finite),
        cmocka_unit_test(test_group_that_is_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
