/* SPDX-License-Identifier: BSD-3-Clause
 * y of any shape: real targets, labels of positions and a weight for each number, opened, packed
 * for another rank, held or read as they come. */
#include <stdlib.h>
#include <unistd.h>

#include "data/loader.h"
#include "h5/h5.h"
#include "support/data.h"

static const char path[] = "test_positions.h5";

enum { N = 4, H = 2, W = 3, PLACES = H * W };

/* Arrays of /train; y and weight of this type and these dimensions of a sample. */
struct arrays {
    enum cairn_h5_type type;
    const void *y;
    struct cairn_shape shape; /* of y */
    const double *weight;
    struct cairn_shape weight_shape;
};

static void write_arrays(const struct arrays *arrays)
{
    const float x[N * 2 * PLACES] = {0};
    const struct cairn_h5_form x_form = {.type = CAIRN_H5_F32, .shape = {4, {N, 2, H, W}}};
    const struct cairn_h5_form y_form = {.type = arrays->type, .shape = arrays->shape};
    const struct cairn_h5_form w_form = {.type = CAIRN_H5_F64, .shape = arrays->weight_shape};
    struct cairn_h5 *file = NULL;
    assert_ok(cairn_h5_create(path, &file));
    assert_ok(cairn_h5_group(file, "/train"));
    assert_ok(cairn_h5_write(file, "/train/x", &x_form, x));
    assert_ok(cairn_h5_write(file, "/train/y", &y_form, arrays->y));
    if (arrays->weight != NULL)
        assert_ok(cairn_h5_write(file, "/train/weight", &w_form, arrays->weight));
    assert_ok(cairn_h5_close(file));
}

static struct cairn_dataset *open_arrays(const struct arrays *arrays)
{
    struct cairn_dataset *dataset = NULL;
    write_arrays(arrays);
    assert_ok(cairn_dataset_open(path, &dataset));
    return dataset;
}

static void assert_refused(const struct arrays *arrays, const char *words)
{
    struct cairn_dataset *dataset = NULL;
    write_arrays(arrays);
    assert_says(cairn_dataset_open(path, &dataset), CAIRN_DATA, words);
}

static void test_whole_numbers_are_targets_or_labels(void **state)
{
    (void)state;
    const int64_t y[N * PLACES] = {[3] = 2, [17] = 4, [20] = -100};
    const struct arrays arrays = {.type = CAIRN_H5_I64, .y = y, .shape = {3, {N, H, W}}};
    struct cairn_dataset *dataset = open_arrays(&arrays);
    assert_true(cairn_dataset_y_is_whole(dataset));
    assert_int_equal(cairn_dataset_targets(dataset), PLACES);
    assert_int_equal(cairn_dataset_classes(dataset), 0);
    assert_int_equal(cairn_dataset_n_labels(dataset), 0);
    assert_ok(cairn_dataset_set_classes(dataset, true));
    assert_int_equal(cairn_dataset_targets(dataset), 0);
    assert_int_equal(cairn_dataset_classes(dataset), 5);
    assert_int_equal(cairn_dataset_n_labels(dataset), PLACES);
    assert_int_equal(cairn_dataset_y(dataset)->ndim, 2);
    assert_null(cairn_dataset_labels(dataset, CAIRN_SPLIT_TRAIN));
    assert_ok(cairn_dataset_check_labels(dataset, 5, -100));
    assert_says(cairn_dataset_check_labels(dataset, 5, CAIRN_NO_LABEL), CAIRN_DATA,
                "/train/y row 3: the label -100 of position 2 is outside the classes 0 to 4");
    assert_says(cairn_dataset_check_labels(dataset, 4, -100), CAIRN_DATA,
                "/train/y row 2: the label 4 of position 5 is outside the classes 0 to 3");
    assert_ok(cairn_dataset_set_classes(dataset, false));
    assert_int_equal(cairn_dataset_targets(dataset), PLACES);
    cairn_dataset_close(dataset);
}

/* What another rank makes of the bytes that it is handed. */
static struct cairn_dataset *pass_on(struct cairn_dataset *dataset)
{
    struct cairn_dataset *other = NULL;
    char *bytes = NULL;
    size_t n_bytes = 0;
    assert_ok(cairn_dataset_pack(dataset, &bytes, &n_bytes));
    assert_ok(cairn_dataset_unpack(bytes, n_bytes, &other));
    free(bytes);
    cairn_dataset_close(dataset);
    return other;
}

/* Both rows of a micro-batch from sample 1 on, held and as they come. */
static void check_rows(struct cairn_dataset *dataset, const int32_t *label, const double *target,
                       const double *weight)
{
    for (size_t held = 0; held < 2; held++) {
        struct cairn_loader *loader = NULL;
        struct cairn_micro micro;
        const struct cairn_loader_options options = {
            .micro = 2, .shuffle = {.kind = CAIRN_SHUFFLE_NONE}, .memory_bytes = held * (1 << 20)};
        assert_ok(cairn_loader_create(dataset, &options, &loader));
        assert_ok(cairn_loader_read(loader, 1, 2, &micro));
        assert_int_equal(micro.n_labels, label != NULL ? PLACES : 1);
        assert_int_equal(micro.n_weights, PLACES);
        for (size_t i = 0; i < 2 * PLACES; i++) {
            if (label != NULL) assert_int_equal(micro.label[i], label[PLACES + i]);
            if (target != NULL) assert_true((double)micro.target[i] == target[PLACES + i]);
            assert_true((double)micro.weight[i] == weight[PLACES + i]);
            assert_true(cairn_micro_weight(&micro, i / PLACES, i % PLACES) == weight[PLACES + i]);
        }
        cairn_loader_free(loader);
    }
    cairn_dataset_close(dataset);
}

static void test_rows_held_and_as_they_come(void **state)
{
    (void)state;
    unsigned char byte[N * PLACES];
    int64_t whole[N * PLACES];
    int32_t label[N * PLACES];
    double target[N * PLACES], weight[N * PLACES];
    for (int i = 0; i < N * PLACES; i++) {
        label[i] = i * 5 % 7;
        byte[i] = (unsigned char)label[i];
        whole[i] = label[i];
        target[i] = label[i] + 0.5;
        weight[i] = i % 4 * 0.25;
    }
    const struct cairn_shape shape = {3, {N, H, W}};
    const struct cairn_shape one_more = {4, {N, 1, H, W}};
    const struct arrays rows[] = {{CAIRN_H5_U8, byte, shape, weight, shape},
                                  {CAIRN_H5_I64, whole, shape, weight, one_more},
                                  {CAIRN_H5_F64, target, one_more, weight, shape}};
    for (size_t i = 0; i < 3; i++) {
        const bool labels = i < 2;
        struct cairn_dataset *dataset = pass_on(open_arrays(&rows[i]));
        assert_ok(cairn_dataset_set_classes(dataset, labels));
        check_rows(dataset, labels ? label : NULL, labels ? NULL : target, weight);
    }
}

/* The arrays that a host has, for the functions that it gives. */
struct host {
    real x[N * 2 * PLACES], weight[N * PLACES];
    int32_t label[N * PLACES];
};

static cairn_status fill_rows(void *context, const uint64_t *sample, size_t n,
                              const struct cairn_rows_out *out)
{
    const struct host *host = context;
    for (size_t i = 0; i < n; i++) {
        const size_t from = (size_t)sample[i] * PLACES;
        memcpy(out->x + i * 2 * PLACES, host->x + 2 * from, 2 * PLACES * sizeof *out->x);
        memcpy(out->label + i * PLACES, host->label + from, PLACES * sizeof *out->label);
        memcpy(out->weight + i * PLACES, host->weight + from, PLACES * sizeof *out->weight);
    }
    return CAIRN_OK;
}

/* Of memory: arrays, rows by their number, and as they are fed. */
static void test_rows_of_a_host(void **state)
{
    (void)state;
    static struct host host;
    const size_t dim[3] = {2, H, W}, y_dim[2] = {H, W};
    const struct cairn_data_form form = {.size = sizeof form,
                                         .dim = dim,
                                         .n_dims = 3,
                                         .n_classes = 7,
                                         .weighted = true,
                                         .y_dim = y_dim,
                                         .n_y_dims = 2,
                                         .weight_each = true};
    const struct cairn_samples all = {
        .n = N, .x = host.x, .label = host.label, .weight = host.weight};
    double weight[N * PLACES];
    for (size_t i = 0; i < N * PLACES; i++) {
        host.label[i] = (int32_t)(i * 5 % 7);
        weight[i] = (double)(i % 4) * 0.25;
        host.weight[i] = (real)weight[i];
    }
    for (int way = 0; way < 2; way++) {
        cairn_data *data = NULL;
        assert_ok(cairn_data_create(&form, &data));
        if (way == 0)
            assert_ok(cairn_data_arrays(data, "train", &all));
        else
            assert_ok(cairn_data_function(data, "train", N, fill_rows, &host));
        check_rows(data, host.label, NULL, weight);
    }
    struct cairn_loader *loader = NULL;
    struct cairn_micro micro;
    cairn_data *data = NULL;
    const struct cairn_loader_options options = {.micro = N};
    assert_ok(cairn_data_create(&form, &data));
    assert_ok(cairn_data_fed(data, N));
    assert_ok(cairn_loader_create(data, &options, &loader));
    assert_ok(cairn_loader_take(loader, 0, &all, &micro));
    assert_memory_equal(micro.label, host.label, sizeof host.label);
    assert_memory_equal(micro.weight, host.weight, sizeof host.weight);
    cairn_loader_free(loader);
    cairn_data_free(data);
    struct cairn_data_form wrong = form;
    wrong.n_classes = 0;
    wrong.n_targets = 5;
    assert_says(cairn_data_create(&wrong, &data), CAIRN_USAGE, "y_dim makes 6 numbers of a sample");
}

static void test_what_does_not_fit(void **state)
{
    (void)state;
    const double number[N * 2 * PLACES] = {[PLACES + 2] = -1};
    const struct cairn_shape shape = {3, {N, H, W}};
    struct arrays arrays = {CAIRN_H5_F64, number, shape, number, {3, {N, W, H}}};
    assert_refused(&arrays, "/train/weight has the shape [4, 3, 2]; give one weight for each of 4 "
                            "samples, or for each a weight of every number of its y, [2, 3]");
    arrays.weight_shape = (struct cairn_shape){2, {N, 2}};
    assert_refused(&arrays, "/train/weight has the shape [4, 2]; give one weight for each of 4");
    arrays.shape = (struct cairn_shape){1, {N}};
    assert_refused(&arrays, "/train/weight has the shape [4, 2]; give one weight for each of 4");
    arrays.shape = (struct cairn_shape){3, {2 * N, H, W}};
    assert_refused(&arrays, "/train/y has the shape [8, 2, 3], but there are 4 samples in x");
    arrays.shape = arrays.weight_shape = shape;
    struct cairn_dataset *dataset = open_arrays(&arrays);
    struct cairn_loader *loader = NULL;
    const struct cairn_loader_options options = {.micro = 2, .memory_bytes = 1 << 20};
    assert_says(cairn_loader_create(dataset, &options, &loader), CAIRN_DATA,
                "/train/weight row 1: -1 is not a weight");
    cairn_dataset_close(dataset);
}

static int clean_up(void **state)
{
    (void)state;
    unlink(path);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_numbers_are_targets_or_labels),
        cmocka_unit_test(test_rows_held_and_as_they_come),
        cmocka_unit_test(test_rows_of_a_host),
        cmocka_unit_test(test_what_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, clean_up);
}
