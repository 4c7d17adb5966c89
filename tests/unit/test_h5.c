/* SPDX-License-Identifier: BSD-3-Clause
 * HDF5 files: what is written comes back, and a damaged file is one sentence. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/process.h"
#include "h5/h5.h"

static const char path[] = "test_h5.h5";

static void assert_says(cairn_status st, cairn_status wanted, const char *words)
{
    assert_int_equal(st, wanted);
    if (strstr(cairn_error_text(), words) == NULL)
        fail_msg("'%s' lacks '%s'", cairn_error_text(), words);
}

static void write_floats(struct cairn_h5 *file, const char *where, size_t rows, size_t columns)
{
    struct cairn_h5_form form = {.type = CAIRN_H5_F32,
                                 .shape = {.ndim = 2, .dim = {rows, columns}}};
    float *data = calloc(rows * columns + 1, sizeof *data);
    assert_non_null(data);
    for (size_t i = 0; i < rows * columns; i++) data[i] = (float)i * 0.5f;
    assert_int_equal(cairn_h5_write(file, where, &form, data), CAIRN_OK);
    free(data);
}

static void test_arrays_come_back(void **state)
{
    (void)state;
    struct cairn_h5 *file = NULL;
    struct cairn_h5_form form;
    char config[6] = "";
    uint64_t update = 0x123456789abcdefu;
    uint64_t update_back = 0;
    assert_int_equal(cairn_h5_create(path, &file), CAIRN_OK);
    assert_int_equal(cairn_h5_group(file, "/weights"), CAIRN_OK);
    write_floats(file, "/weights/1.weight", 700, 1000);
    write_floats(file, "/weights/0.none", 0, 3);
    struct cairn_h5_form number = {.type = CAIRN_H5_U64};
    struct cairn_h5_form text = {
        .type = CAIRN_H5_TEXT, .text_bytes = 6, .shape = {.ndim = 1, .dim = {1}}};
    assert_int_equal(cairn_h5_write(file, "/update", &number, &update), CAIRN_OK);
    assert_int_equal(cairn_h5_write(file, "/config", &text, "a: b\n"), CAIRN_OK);
    assert_int_equal(cairn_h5_flush(file), CAIRN_OK);
    assert_int_equal(cairn_h5_close(file), CAIRN_OK);

    assert_int_equal(cairn_h5_open(path, &file), CAIRN_OK);
    assert_int_equal(cairn_h5_describe(file, "/weights/1.weight", &form), CAIRN_OK);
    assert_int_equal(form.type, CAIRN_H5_F32);
    assert_int_equal(form.shape.dim[0], 700);
    float *data = calloc(700 * 1000, sizeof *data);
    assert_int_equal(cairn_h5_read(file, "/weights/1.weight", &form, data), CAIRN_OK);
    for (size_t i = 0; i < 700 * 1000; i++) assert_true(data[i] == (float)i * 0.5f);
    assert_int_equal(cairn_h5_read(file, "/update", &number, &update_back), CAIRN_OK);
    assert_true(update_back == update);
    assert_int_equal(cairn_h5_read(file, "/config", &text, config), CAIRN_OK);
    assert_string_equal(config, "a: b\n");
    form.shape.dim[1] = 999;
    assert_says(cairn_h5_read(file, "/weights/1.weight", &form, data), CAIRN_DATA,
                "[700, 1000], expected [700, 999]");
    assert_says(cairn_h5_read(file, "/config", &number, &update), CAIRN_DATA, "holds text");
    assert_says(cairn_h5_describe(file, "/nothing", &form), CAIRN_DATA, "/nothing is not an array");
    assert_true(cairn_h5_has_group(file, "/weights") && !cairn_h5_has_array(file, "/weights"));
    assert_true(cairn_h5_has_array(file, "/config") && !cairn_h5_has_group(file, "/config"));
    assert_false(cairn_h5_has_array(file, "/absent/too"));
    free(data);
    cairn_h5_close(file);
}

static void test_rows(void **state)
{
    (void)state;
    struct cairn_h5 *file = NULL;
    struct cairn_h5_array *array = NULL;
    double data[6] = {0};
    assert_int_equal(cairn_h5_create(path, &file), CAIRN_OK);
    write_floats(file, "/x", 10, 3);
    assert_int_equal(cairn_h5_close(file), CAIRN_OK);
    assert_int_equal(cairn_h5_open(path, &file), CAIRN_OK);
    assert_int_equal(cairn_h5_array_open(file, "/x", &array), CAIRN_OK);
    assert_int_equal(cairn_h5_array_form(array)->shape.dim[1], 3);
    assert_int_equal(cairn_h5_array_rows(array, 8, 2, CAIRN_H5_F64, data), CAIRN_OK);
    for (int i = 0; i < 6; i++) assert_true(data[i] == 0.5 * (24 + i));
    assert_int_equal(cairn_h5_array_rows(array, 9, 2, CAIRN_H5_F64, data), CAIRN_BUG);
    cairn_h5_array_close(array);
    cairn_h5_close(file);
}

static cairn_status join_names(void *context, const char *name, bool is_group)
{
    char *names = context;
    snprintf(names + strlen(names), 64 - strlen(names), "%s%s ", name, is_group ? "/" : "");
    return CAIRN_OK;
}

static void test_children_keep_their_order(void **state)
{
    (void)state;
    struct cairn_h5 *file = NULL;
    char names[64] = "";
    assert_int_equal(cairn_h5_create(path, &file), CAIRN_OK);
    assert_int_equal(cairn_h5_group(file, "/z"), CAIRN_OK);
    write_floats(file, "/b", 1, 1);
    assert_int_equal(cairn_h5_group(file, "/a"), CAIRN_OK);
    assert_int_equal(cairn_h5_children(file, "/", join_names, names), CAIRN_OK);
    assert_string_equal(names, "z/ b a/ ");
    assert_int_equal(cairn_h5_close(file), CAIRN_OK);
}

static void test_attributes(void **state)
{
    (void)state;
    struct cairn_h5 *file = NULL;
    const double scale[3] = {0.25, 0.5, 1};
    double back[4] = {0};
    size_t n = 0;
    char *text = NULL;
    assert_int_equal(cairn_h5_create(path, &file), CAIRN_OK);
    assert_int_equal(cairn_h5_set_text(file, "/", "format", "cairn-dataset"), CAIRN_OK);
    assert_int_equal(cairn_h5_set_text(file, "/", "title", ""), CAIRN_OK);
    assert_int_equal(cairn_h5_set_whole(file, "/", "format_version", 1), CAIRN_OK);
    assert_int_equal(cairn_h5_set_numbers(file, "/", "scale", scale, 3), CAIRN_OK);
    assert_int_equal(cairn_h5_close(file), CAIRN_OK);
    assert_int_equal(cairn_h5_open(path, &file), CAIRN_OK);
    assert_int_equal(cairn_h5_get_text(file, "/", "format", &text), CAIRN_OK);
    assert_string_equal(text, "cairn-dataset");
    free(text);
    assert_int_equal(cairn_h5_get_text(file, "/", "title", &text), CAIRN_OK);
    assert_string_equal(text, "");
    free(text);
    assert_int_equal(cairn_h5_get_numbers(file, "/", "format_version", 1, back, &n), CAIRN_OK);
    assert_true(n == 1 && back[0] == 1);
    assert_int_equal(cairn_h5_get_numbers(file, "/", "scale", 4, back, &n), CAIRN_OK);
    assert_true(n == 3 && back[1] == 0.5);
    assert_says(cairn_h5_get_numbers(file, "/", "scale", 2, back, &n), CAIRN_DATA,
                "is not 1 to 2 numbers");
    assert_says(cairn_h5_get_numbers(file, "/", "format", 2, back, &n), CAIRN_DATA, "numbers");
    assert_says(cairn_h5_get_text(file, "/", "scale", &text), CAIRN_DATA, "is not one text");
    assert_says(cairn_h5_get_text(file, "/", "absent", &text), CAIRN_DATA,
                "has no attribute 'absent'");
    assert_true(cairn_h5_has_attribute(file, "/", "scale") &&
                !cairn_h5_has_attribute(file, "/", "shift"));
    cairn_h5_close(file);
}

static void overwrite_byte(long offset)
{
    FILE *stream = fopen(path, "r+b");
    assert_non_null(stream);
    fseek(stream, offset, SEEK_SET);
    int byte = fgetc(stream);
    fseek(stream, offset, SEEK_SET);
    fputc(byte ^ 0xff, stream);
    fclose(stream);
}

static void test_bad_files(void **state)
{
    (void)state;
    struct cairn_h5 *file = NULL;
    assert_says(cairn_h5_open("absent.h5", &file), CAIRN_DATA, "absent.h5: No such file");
    assert_says(cairn_h5_open(".", &file), CAIRN_DATA, "is not a file");
    FILE *stream = fopen(path, "wb");
    fputs("train,test\n", stream);
    fclose(stream);
    assert_says(cairn_h5_open(path, &file), CAIRN_DATA, "is not an HDF5 file");
    stream = fopen(path, "wb");
    fclose(stream);
    assert_says(cairn_h5_open(path, &file), CAIRN_DATA, "is not an HDF5 file");

    struct stat about;
    struct cairn_h5_form form = {.type = CAIRN_H5_F32, .shape = {.ndim = 2, .dim = {100, 100}}};
    float *data = calloc(100 * 100, sizeof *data);
    assert_int_equal(cairn_h5_create(path, &file), CAIRN_OK);
    write_floats(file, "/x", 100, 100);
    assert_int_equal(cairn_h5_close(file), CAIRN_OK);
    assert_int_equal(stat(path, &about), 0);
    overwrite_byte(about.st_size - 20000);
    assert_int_equal(cairn_h5_open(path, &file), CAIRN_OK);
    assert_says(cairn_h5_read(file, "/x", &form, data), CAIRN_DATA, "Fletcher32");
    cairn_h5_close(file);
    assert_int_equal(truncate(path, about.st_size / 2), 0);
    assert_says(cairn_h5_open(path, &file), CAIRN_DATA, "truncated");
    free(data);
}

static void test_a_full_disk(void **state)
{
    (void)state;
    struct cairn_h5 *file = NULL;
    struct rlimit old;
    struct cairn_h5_form form = {.type = CAIRN_H5_F32, .shape = {.ndim = 2, .dim = {500, 1000}}};
    float *data = calloc(500 * 1000, sizeof *data);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    struct rlimit small = {.rlim_cur = 100000, .rlim_max = old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    for (int i = 0; i < 2; i++) { /* and again under the same name */
        cairn_status st = CAIRN_OK;
        assert_int_equal(cairn_h5_create(path, &file), CAIRN_OK);
        st = cairn_h5_write(file, "/x", &form, data);
        if (st == CAIRN_OK) st = cairn_h5_flush(file);
        assert_says(st, CAIRN_FILES, "File too large");
        cairn_h5_close(file);
        unlink(path);
    }
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(cairn_h5_create(path, &file), CAIRN_OK);
    assert_int_equal(cairn_h5_write(file, "/x", &form, data), CAIRN_OK);
    assert_int_equal(cairn_h5_close(file), CAIRN_OK);
    assert_says(cairn_h5_create("no/such/folder.h5", &file), CAIRN_FILES, "No such file");
    free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arrays_come_back),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_children_keep_their_order),
        cmocka_unit_test(test_attributes),
        cmocka_unit_test(test_bad_files),
        cmocka_unit_test(test_a_full_disk),
    };
    cairn_process_begin(); /* as in the program */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
