/* SPDX-License-Identifier: BSD-3-Clause
 * Shapes, the flat parameter block and norms. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tensor/norm.h"
#include "tensor/params.h"
#include "tensor/shape.h"

static void test_shape(void **state)
{
    char text[CAIRN_SHAPE_TEXT_BYTES];
    struct cairn_shape image = {3, {1, 28, 28}};
    struct cairn_shape row = {1, {784}};
    struct cairn_shape number = {0};
    struct cairn_shape large = {4, {SIZE_MAX, SIZE_MAX, SIZE_MAX, SIZE_MAX}};
    (void)state;
    assert_int_equal(cairn_shape_count(&image), 784);
    assert_int_equal(cairn_shape_count(&number), 1);
    assert_false(cairn_shape_same(&image, &row));
    assert_true(cairn_shape_same(&image, &(struct cairn_shape){3, {1, 28, 28}}));
    assert_false(cairn_shape_same(&image, &(struct cairn_shape){3, {1, 28, 27}}));
    assert_string_equal(cairn_shape_text(&image, text), "[1, 28, 28]");
    assert_string_equal(cairn_shape_text(&number, text), "[]");
    assert_int_equal(strlen(cairn_shape_text(&large, text)), 4 * 20 + 8);
}

static void test_params(void **state)
{
    char long_name[CAIRN_PARAM_NAME_BYTES + 1];
    struct cairn_params params = {0};
    struct cairn_shape matrix = {2, {3, 4}};
    struct cairn_shape vector = {1, {3}};
    size_t index = 9;
    (void)state;
    memset(long_name, 'x', sizeof long_name);
    long_name[CAIRN_PARAM_NAME_BYTES] = '\0';
    assert_int_equal(cairn_params_add(&params, "1.weight", &matrix, &index), CAIRN_OK);
    assert_int_equal(index, 0);
    assert_int_equal(cairn_params_add(&params, "1.bias", &vector, &index), CAIRN_OK);
    assert_int_equal(index, 1);
    assert_int_equal(cairn_params_add(&params, "1.bias", &vector, &index), CAIRN_USAGE);
    assert_non_null(strstr(cairn_error_text(), "1.bias"));
    assert_int_equal(cairn_params_add(&params, long_name, &vector, &index), CAIRN_USAGE);
    assert_int_equal(index, 1);
    assert_int_equal(params.n_items, 2);
    assert_int_equal(params.n_weights, 15);
    assert_int_equal(params.item[1].offset, 12);
    assert_int_equal(params.item[1].count, 3);
    assert_string_equal(params.item[0].name, "1.weight");
    cairn_params_free(&params);
    assert_int_equal(params.n_items, 0);
}

/* More numbers than a size_t counts: no sum that is small again. */
static void test_too_many_weights_are_refused(void **state)
{
    struct cairn_params params = {0};
    const struct cairn_shape large = {2, {(size_t)1 << 31, (size_t)1 << 28}};
    char name[32];
    size_t index = 0;
    int n = 0;
    (void)state;
    do snprintf(name, sizeof name, "%d.weight", n);
    while (cairn_params_add(&params, name, &large, &index) == CAIRN_OK && ++n < 64);
    assert_true(n < 32);
    assert_non_null(strstr(cairn_error_text(), "can be counted"));
    assert_int_equal(params.n_values, params.n_weights);
    assert_int_equal(params.n_items, n);
    cairn_params_free(&params);
}

/* python: xxhash.xxh64(struct.pack("<3f", 1, 2, 3), seed=0).hexdigest(), "<3d" with doubles, and
 * that of nothing */
static void test_hash(void **state)
{
    const real block[] = {1, 2, 3};
    (void)state;
    assert_true(cairn_params_hash(block, 0) == 0xef46db3751d8e999u);
    assert_true(cairn_params_hash(block, 3) ==
                (CAIRN_REAL_BITS == 64 ? 0xd4eae4443a284f83u : 0x6d50bdacee372b0eu));
}

static void test_norms(void **state)
{
    enum { N = 1003 };
    static real x[N];
    double squares = 0;
    double sum = 0;
    (void)state;
    for (int i = 0; i < N; i++) {
        x[i] = (real)(i % 7 - 3);
        squares += (double)x[i] * (double)x[i];
        sum += fabs((double)x[i]);
    }
    assert_true(cairn_norm(x, N) == sqrt(squares)); /* whole numbers: no rounding in any order */
    assert_true(cairn_norm(x, 0) == 0);
    assert_true(cairn_rough_squares(x, N) == squares && cairn_rough_squares(x, 0) == 0);
    assert_true(cairn_rough_squares(x + 1, N - 1) == squares - 9);
    struct cairn_magnitudes found = cairn_magnitudes(x, N);
    assert_true(found.norm == sqrt(squares) && found.max_abs == 3 && found.mean_abs == sum / N);
    found = cairn_magnitudes(x, 0);
    assert_true(found.norm == 0 && found.max_abs == 0 && found.mean_abs == 0);
    if (CAIRN_REAL_BITS == 64) return;
    x[5] = 1e30f; /* its square is no float */
    assert_true(fabs(cairn_norm(x, N) / 1e30 - 1) < 1e-6);
    assert_true(isinf(cairn_rough_squares(x, N)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shape),
        cmocka_unit_test(test_params),
        cmocka_unit_test(test_too_many_weights_are_refused),
        cmocka_unit_test(test_hash),
        cmocka_unit_test(test_norms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
