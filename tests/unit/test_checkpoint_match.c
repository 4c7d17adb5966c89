/* SPDX-License-Identifier: BSD-3-Clause
 * Weights made elsewhere: any numbers, running averages in either group, and what fits in part. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "checkpoint/checkpoint.h"
#include "h5/h5.h"

static const char path[] = "test_checkpoint_match.h5";

/* What the model wants: two weights and a running average. */
struct model {
    real weight[2][3], bias[2], mean[3];
    struct cairn_state state;
};

static void want(struct model *model)
{
    const struct cairn_shape shapes[] = {
        {.ndim = 2, .dim = {2, 3}}, {.ndim = 1, .dim = {2}}, {.ndim = 1, .dim = {3}}};
    const char *const names[] = {"/weights/0.weight", "/weights/0.bias", "/buffers/1.running_mean"};
    real *const data[] = {model->weight[0], model->bias, model->mean};
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(
            cairn_state_add(&model->state, names[i], CAIRN_ARRAY_REAL, &shapes[i], data[i]),
            CAIRN_OK);
}

static void put(struct cairn_h5 *file, const char *where, enum cairn_h5_type type,
                struct cairn_shape shape, const void *data)
{
    const struct cairn_h5_form form = {.type = type, .shape = shape};
    assert_int_equal(cairn_h5_write(file, where, &form, data), CAIRN_OK);
}

/* 0.weight as half precision, 0.bias as int64, the mean in `group` as float64. */
static void make_file(const char *mean, size_t n_mean)
{
    /* 1, -2, 0.5, 2^-24 (the smallest), 65504 (the largest), 1 / 3 */
    static const uint16_t half[] = {0x3c00, 0xc000, 0x3800, 0x0001, 0x7bff, 0x3555};
    static const int64_t whole[] = {-7, 1 << 20};
    static const double numbers[] = {0.1, 0.2, 0.3, 0.4};
    struct cairn_h5 *file = NULL;
    assert_int_equal(cairn_h5_create(path, &file), CAIRN_OK);
    assert_int_equal(cairn_h5_group(file, "/weights"), CAIRN_OK);
    assert_int_equal(cairn_h5_group(file, "/buffers"), CAIRN_OK);
    put(file, "/weights/0.weight", CAIRN_H5_F16, (struct cairn_shape){.ndim = 2, .dim = {2, 3}},
        half);
    put(file, "/weights/0.bias", CAIRN_H5_I64, (struct cairn_shape){.ndim = 1, .dim = {2}}, whole);
    put(file, mean, CAIRN_H5_F64, (struct cairn_shape){.ndim = 1, .dim = {n_mean}}, numbers);
    put(file, "/weights/1.num_batches_tracked", CAIRN_H5_I64, (struct cairn_shape){.ndim = 0},
        whole);
    assert_int_equal(cairn_h5_close(file), CAIRN_OK);
}

static void numbers_of_any_type_are_taken(void **state)
{
    static const char *const places[] = {"/buffers/1.running_mean", "/weights/1.running_mean"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct model model = {.bias = {0}};
        want(&model);
        make_file(places[i], 3);
        assert_int_equal(cairn_weights_read(path, &model.state, false), CAIRN_OK);
        const real wanted[] = {1, -2, 0.5f, 0x1p-24f, 65504, 0x1.554p-2f};
        assert_memory_equal(model.weight, wanted, sizeof wanted);
        assert_true(model.bias[0] == -7 && model.bias[1] == 1 << 20);
        assert_true(model.mean[0] == (real)0.1 && model.mean[2] == (real)0.3);
        cairn_state_free(&model.state);
    }
}

static void the_rest_keeps_its_values(void **state)
{
    struct model model = {.mean = {5, 6, 7}};
    (void)state;
    want(&model);
    make_file("/buffers/1.running_mean", 4);
    assert_int_equal(cairn_weights_read(path, &model.state, false), CAIRN_DATA);
    assert_non_null(strstr(cairn_error_text(),
                           "of another shape 1.running_mean [4], wanted [3]; --init-partial"));
    assert_int_equal(cairn_weights_read(path, &model.state, true), CAIRN_OK);
    assert_true(model.bias[0] == -7);
    assert_true(model.mean[0] == 5 && model.mean[1] == 6 && model.mean[2] == 7);
    cairn_state_free(&model.state);
}

/* A state_dict has a shared weight twice; other numbers are surplus, and so are vectors. */
static void a_shared_weight_may_stand_there_twice(void **state)
{
    static const struct cairn_shape matrix = {.ndim = 2, .dim = {2, 3}};
    static const struct cairn_shape vector = {.ndim = 1, .dim = {2}};
    (void)state;
    for (int twin = 0; twin < 3; twin++) {
        struct model model = {.bias = {0}};
        const real values[6] = {0, 1, 2, 3, 4, 5};
        const real others[6] = {0, 1, 2, 3, 4, 6};
        struct cairn_h5 *file = NULL;
        want(&model);
        assert_int_equal(cairn_h5_create(path, &file), CAIRN_OK);
        assert_int_equal(cairn_h5_group(file, "/weights"), CAIRN_OK);
        put(file, "/weights/0.weight", CAIRN_H5_REAL, matrix, values);
        put(file, "/weights/0.bias", CAIRN_H5_REAL, vector, values);
        put(file, "/weights/1.running_mean", CAIRN_H5_REAL,
            (struct cairn_shape){.ndim = 1, .dim = {3}}, values);
        if (twin < 2) put(file, "/weights/9.weight", CAIRN_H5_REAL, matrix, twin ? others : values);
        if (twin == 2) put(file, "/weights/9.bias", CAIRN_H5_REAL, vector, values);
        assert_int_equal(cairn_h5_close(file), CAIRN_OK);
        cairn_status st = cairn_weights_read(path, &model.state, false);
        assert_int_equal(st, twin == 0 ? CAIRN_OK : CAIRN_DATA);
        if (twin > 0) assert_non_null(strstr(cairn_error_text(), "surplus 9."));
        cairn_state_free(&model.state);
    }
}

/* A weight among the buffers is none. */
static void buffers_hold_no_weights(void **state)
{
    struct model model = {.bias = {0}};
    struct cairn_h5 *file = NULL;
    static const real bias[2];
    (void)state;
    want(&model);
    assert_int_equal(cairn_h5_create(path, &file), CAIRN_OK);
    assert_int_equal(cairn_h5_group(file, "/weights"), CAIRN_OK);
    assert_int_equal(cairn_h5_group(file, "/buffers"), CAIRN_OK);
    put(file, "/buffers/0.bias", CAIRN_H5_REAL, (struct cairn_shape){.ndim = 1, .dim = {2}}, bias);
    assert_int_equal(cairn_h5_close(file), CAIRN_OK);
    assert_int_equal(cairn_weights_read(path, &model.state, true), CAIRN_DATA);
    assert_non_null(strstr(cairn_error_text(),
                           "nothing in it fits the model: missing 0.weight [2, 3], 0.bias [2], "
                           "1.running_mean [3]; surplus 0.bias"));
    cairn_state_free(&model.state);
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_of_any_type_are_taken),
        cmocka_unit_test(the_rest_keeps_its_values),
        cmocka_unit_test(a_shared_weight_may_stand_there_twice),
        cmocka_unit_test(buffers_hold_no_weights),
    };
    cairn_log_mute();
    return cmocka_run_group_tests(tests, NULL, remove_file);
}
