/* SPDX-License-Identifier: BSD-3-Clause
 * Rows that come as they are wanted: the same whatever is kept and made ahead, in every order, and
 * the same errors. */
#include <math.h>
#include <unistd.h>

#include "data/loader_state.h"
#include "support/data.h"

static const char path[] = "test_read_ahead.h5";

enum { N = 1000, VALUES = 6, MICRO = 16, CHUNK_ROWS = 10 };

/* x in chunks of CHUNK_ROWS rows; targets in the one chunk that HDF5's file has room for. */
static struct cairn_dataset *open_chunked(void)
{
    static real x[N * VALUES], y[N];
    struct cairn_h5_form x_form = {.type = CAIRN_H5_REAL,
                                   .shape = {.ndim = 2, .dim = {N, VALUES}},
                                   .chunk_bytes = CHUNK_ROWS * VALUES * sizeof *x};
    struct cairn_h5_form y_form = {.type = CAIRN_H5_REAL, .shape = {.ndim = 1, .dim = {N}}};
    struct cairn_h5 *file = NULL;
    struct cairn_dataset *dataset = NULL;
    for (int i = 0; i < N * VALUES; i++) x[i] = (real)i;
    for (int i = 0; i < N; i++) y[i] = (real)i / 2;
    assert_ok(cairn_h5_create(path, &file));
    assert_ok(cairn_h5_group(file, "/train"));
    assert_ok(cairn_h5_write(file, "/train/x", &x_form, x));
    assert_ok(cairn_h5_write(file, "/train/y", &y_form, y));
    assert_ok(cairn_h5_close(file));
    assert_ok(cairn_dataset_open(path, &dataset));
    return dataset;
}

static struct cairn_loader *create(struct cairn_dataset *dataset,
                                   const struct cairn_shuffle *shuffle, size_t prefetch)
{
    struct cairn_loader *loader = NULL;
    const struct cairn_loader_options options = {
        .micro = MICRO, .shuffle = *shuffle, .seed = 5, .prefetch = prefetch};
    assert_ok(cairn_loader_create(dataset, &options, &loader));
    return loader;
}

static void check_micro(const struct cairn_micro *micro, uint64_t first, size_t n,
                        const struct cairn_shuffle *shuffle)
{
    struct cairn_shuffled order = {.epoch = UINT64_MAX};
    assert_int_equal(micro->n, n);
    for (size_t i = 0; i < n; i++) {
        cairn_shuffle_begin(shuffle, 5, (first + i) / N, N, &order);
        const uint64_t sample = cairn_shuffle_at(&order, (first + i) % N);
        assert_int_equal(micro->sample[i], sample);
        for (size_t v = 0; v < VALUES; v++)
            assert_true(micro->x[i * VALUES + v] == (real)(sample * VALUES + v));
        assert_true(micro->target[i] == (real)sample / 2);
    }
}

static const struct cairn_shuffle orders[] = {{CAIRN_SHUFFLE_NONE, 0, 0, false},
                                              {CAIRN_SHUFFLE_FULL, 0, 0, false},
                                              {CAIRN_SHUFFLE_BLOCKS, 10, 40, false},
                                              {CAIRN_SHUFFLE_BLOCKS, 7, 300, false},
                                              {CAIRN_SHUFFLE_BLOCKS, 1000, 1000, false}};

/* Two epochs one after the other, with what nobody could foresee: back, and far on. */
static void test_every_order(void **state)
{
    struct cairn_dataset *dataset = open_chunked();
    (void)state;
    for (size_t o = 0; o < sizeof orders / sizeof orders[0]; o++)
        for (size_t prefetch = 0; prefetch < 5; prefetch += 2) {
            struct cairn_micro micro;
            struct cairn_loader *loader = create(dataset, &orders[o], prefetch);
            for (uint64_t first = 0; first < 2 * N; first += MICRO - first / 100 % 3) {
                const size_t n = MICRO - first / 100 % 3;
                assert_ok(cairn_loader_read(loader, first, n, &micro));
                check_micro(&micro, first, n, &orders[o]);
                if (first / 100 % 5 != 4) continue;
                const uint64_t jump = first * 37 % (5 * N);
                assert_ok(cairn_loader_read(loader, jump, 3, &micro));
                check_micro(&micro, jump, 3, &orders[o]);
            }
            cairn_loader_free(loader);
        }
    cairn_dataset_close(dataset);
}

/* Every third micro-batch, as one of three ranks. */
static bool third(void *context, uint64_t *first, size_t *n)
{
    size_t *calls = context;
    ++*calls;
    *first += 3 * MICRO;
    *n = MICRO;
    return true;
}

static void test_what_is_expected(void **state)
{
    struct cairn_dataset *dataset = open_chunked();
    struct cairn_loader *loader = create(dataset, &orders[2], 4);
    struct cairn_micro micro;
    size_t calls = 0;
    const struct cairn_upcoming upcoming = {third, &calls};
    (void)state;
    cairn_loader_expect(loader, &upcoming);
    for (uint64_t i = 0; i < 40; i++) {
        assert_ok(cairn_loader_read(loader, 3 * MICRO * i, MICRO, &micro));
        check_micro(&micro, 3 * MICRO * i, MICRO, &orders[2]);
    }
    assert_in_range(calls, 40, 90); /* one for each, and one that found no room */
    cairn_loader_free(loader);
    cairn_dataset_close(dataset);
}

/* Half an epoch, one micro-batch after the other. */
static void check_half(struct cairn_loader *loader, const struct cairn_shuffle *order)
{
    struct cairn_micro micro;
    for (uint64_t first = 0; first < N / 2; first += MICRO) {
        assert_ok(cairn_loader_read(loader, first, MICRO, &micro));
        check_micro(&micro, first, MICRO, order);
    }
}

static void test_another_order(void **state)
{
    struct cairn_dataset *dataset = open_chunked();
    struct cairn_loader *loader = create(dataset, &orders[1], 2);
    (void)state;
    for (size_t o = 0; o < sizeof orders / sizeof orders[0]; o++) {
        assert_ok(cairn_loader_set_shuffle(loader, &orders[o]));
        check_half(loader, &orders[o]);
    }
    cairn_loader_free(loader);
    cairn_dataset_close(dataset);
}

/* The order of a checkpoint, whatever it says, takes no more memory than was planned. */
static void test_another_order_takes_no_more(void **state)
{
    static const struct cairn_shuffle greedy[] = {{CAIRN_SHUFFLE_BLOCKS, 1, N, false},
                                                  {CAIRN_SHUFFLE_BLOCKS, 10, N, false},
                                                  {CAIRN_SHUFFLE_BLOCKS, N, N, false}};
    struct cairn_dataset *dataset = open_chunked();
    struct cairn_loader *loader = create(dataset, &orders[2], 2);
    (void)state;
    const size_t planned = loader->x.kept.n * loader->x.kept.block;
    assert_true(planned > 0);
    for (size_t o = 0; o < sizeof greedy / sizeof greedy[0]; o++) {
        assert_ok(cairn_loader_set_shuffle(loader, &greedy[o]));
        assert_true(loader->x.kept.n * loader->x.kept.block <= planned);
        check_half(loader, &greedy[o]);
    }
    cairn_loader_free(loader);
    cairn_dataset_close(dataset);
}

/* What a thread cannot read is said when it is wanted, and not before. */
static void test_errors_come_when_wanted(void **state)
{
    real x[N] = {0};
    const uint8_t y[N] = {0};
    struct cairn_h5_form x_form = {.type = CAIRN_H5_REAL, .shape = {.ndim = 2, .dim = {N, 1}}};
    struct cairn_h5_form y_form = {.type = CAIRN_H5_U8, .shape = {.ndim = 1, .dim = {N}}};
    struct cairn_h5 *file = NULL;
    struct cairn_dataset *dataset = NULL;
    struct cairn_micro micro;
    (void)state;
    x[3 * MICRO] = (real)INFINITY;
    assert_ok(cairn_h5_create(path, &file));
    assert_ok(cairn_h5_group(file, "/train"));
    assert_ok(cairn_h5_write(file, "/train/x", &x_form, x));
    assert_ok(cairn_h5_write(file, "/train/y", &y_form, y));
    assert_ok(cairn_h5_close(file));
    assert_ok(cairn_dataset_open(path, &dataset));
    struct cairn_loader *loader = create(dataset, &(struct cairn_shuffle){.block = 0}, 8);
    for (uint64_t i = 0; i < 3; i++) assert_ok(cairn_loader_read(loader, i * MICRO, MICRO, &micro));
    assert_int_equal(cairn_loader_read(loader, (uint64_t)3 * MICRO, MICRO, &micro), CAIRN_DATA);
    assert_non_null(strstr(cairn_error_text(), "row 48"));
    cairn_loader_free(loader);
    cairn_dataset_close(dataset);
    unlink(path);
}

/* Labels that stay in the file are the same ones, held or read as they come, and recognised alike.
 */
static void test_labels_that_stay(void **state)
{
    static real x[N];
    static int16_t y[N];
    struct cairn_h5_form x_form = {.type = CAIRN_H5_REAL, .shape = {.ndim = 2, .dim = {N, 1}}};
    struct cairn_h5_form y_form = {
        .type = CAIRN_H5_I16, .shape = {.ndim = 1, .dim = {N}}, .chunk_bytes = 64};
    struct cairn_h5 *file = NULL;
    struct cairn_dataset *all = NULL, *some = NULL;
    uint64_t prints[2] = {0, 1};
    (void)state;
    for (int i = 0; i < N; i++) y[i] = (int16_t)(i * 7 % 11);
    assert_ok(cairn_h5_create(path, &file));
    assert_ok(cairn_h5_group(file, "/train"));
    assert_ok(cairn_h5_write(file, "/train/x", &x_form, x));
    assert_ok(cairn_h5_write(file, "/train/y", &y_form, y));
    assert_ok(cairn_h5_close(file));
    assert_ok(cairn_dataset_open_as(&(struct cairn_dataset_options){.file = path, .most_labels = N},
                                    &all));
    assert_ok(cairn_dataset_open_as(
        &(struct cairn_dataset_options){.file = path, .most_labels = N - 1}, &some));
    assert_non_null(cairn_dataset_labels(all, CAIRN_SPLIT_TRAIN));
    assert_null(cairn_dataset_labels(some, CAIRN_SPLIT_TRAIN));
    assert_int_equal(cairn_dataset_classes(some), 11);
    assert_ok(cairn_dataset_fingerprint(all, &prints[0]));
    assert_ok(cairn_dataset_fingerprint(some, &prints[1]));
    assert_true(prints[0] == prints[1]);
    assert_ok(cairn_dataset_check_labels(some, 11, CAIRN_NO_LABEL));
    assert_int_equal(cairn_dataset_check_labels(some, 10, CAIRN_NO_LABEL), CAIRN_DATA);
    assert_non_null(strstr(cairn_error_text(), "/train/y row 3: the label 10 is outside"));
    assert_ok(cairn_dataset_check_labels(some, 10, 10));
    for (size_t o = 0; o < 2 * sizeof orders / sizeof orders[0]; o++) {
        struct cairn_micro micro;
        struct cairn_loader *loader = NULL;
        const struct cairn_loader_options options = {.micro = MICRO,
                                                     .shuffle = orders[o / 2],
                                                     .memory_bytes = o % 2 == 0 ? 0 : SIZE_MAX,
                                                     .prefetch = 3};
        assert_ok(cairn_loader_create(some, &options, &loader));
        assert_int_equal(cairn_loader_bytes(loader),
                         o % 2 == 0 ? 0 : N * (sizeof *x + sizeof(int32_t)));
        for (uint64_t first = 0; first < N; first += MICRO) {
            assert_ok(cairn_loader_read(loader, first, MICRO, &micro));
            assert_null(micro.target);
            for (size_t i = 0; i < MICRO; i++) assert_int_equal(micro.label[i], y[micro.sample[i]]);
        }
        cairn_loader_free(loader);
    }
    cairn_dataset_close(all);
    cairn_dataset_close(some);
    unlink(path);
}

/* Blocks are whole chunks of a quarter of a megabyte or more, windows whole blocks. */
static void test_sizes_by_the_file(void **state)
{
    struct cairn_dataset *dataset = open_chunked();
    struct cairn_shuffle shuffle = {.kind = CAIRN_SHUFFLE_BLOCKS};
    (void)state;
    const struct cairn_stored_layout layout = cairn_loader_layout(dataset, CAIRN_SPLIT_TRAIN);
    assert_true(layout.in_chunks);
    assert_false(layout.scattered);
    cairn_loader_shuffle(dataset, CAIRN_SPLIT_TRAIN, &shuffle);
    assert_int_equal(shuffle.block, N); /* all of it is less */
    assert_int_equal(shuffle.window, N);
    shuffle = (struct cairn_shuffle){CAIRN_SHUFFLE_BLOCKS, 10, 30, false};
    cairn_loader_shuffle(dataset, CAIRN_SPLIT_TRAIN, &shuffle);
    assert_int_equal(shuffle.block, 10);
    assert_int_equal(shuffle.window, 30);
    cairn_dataset_close(dataset);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_order),
        cmocka_unit_test(test_what_is_expected),
        cmocka_unit_test(test_another_order),
        cmocka_unit_test(test_another_order_takes_no_more),
        cmocka_unit_test(test_errors_come_when_wanted),
        cmocka_unit_test(test_labels_that_stay),
        cmocka_unit_test(test_sizes_by_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
