/* SPDX-License-Identifier: BSD-3-Clause
 * Virtual arrays: what they are made of is looked at before HDF5 would read zeros for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>
#include <hdf5.h>

#include "h5/h5.h"
#include "support/made_h5.h"

static const char file_name[] = "test_h5_virtual.h5", other[] = "test_h5_virtual_other.h5";

static void assert_refused(const char *path, const char *words)
{
    struct cairn_h5 *file = NULL;
    struct cairn_h5_array *array = NULL;
    assert_int_equal(cairn_h5_open(path, &file), CAIRN_OK);
    assert_int_equal(cairn_h5_array_open(file, "/x", &array), CAIRN_DATA);
    if (strstr(cairn_error_text(), words) == NULL)
        fail_msg("'%s' lacks '%s'", cairn_error_text(), words);
    cairn_h5_close(file);
}

/* A virtual array [8, 4] whose first `filled` rows are rows of this array of this file. */
static void put_virtual(const char *of, const char *path, hsize_t filled)
{
    const hsize_t dim[] = {8, 4}, part[] = {filled, 4}, start[] = {0, 0};
    hid_t made = new_file(file_name);
    hid_t create = H5Pcreate(H5P_DATASET_CREATE);
    hid_t space = H5Screate_simple(2, dim, NULL);
    hid_t rows = H5Screate_simple(2, dim, NULL);
    H5Sselect_hyperslab(rows, H5S_SELECT_SET, start, NULL, part, NULL);
    H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, part, NULL);
    H5Pset_virtual(create, space, of, path, rows);
    put_array(made, "/x", H5T_NATIVE_FLOAT, create, false);
    H5Sclose(rows);
    H5Sclose(space);
    H5Pclose(create);
    H5Fclose(made);
}

static void test_virtual_arrays(void **state)
{
    (void)state;
    const hsize_t dim[] = {8, 4};
    hid_t source = new_file(other);
    put_array(source, "/x", H5T_NATIVE_FLOAT, H5P_DEFAULT, true);
    hid_t create = H5Pcreate(H5P_DATASET_CREATE);
    hid_t space = H5Screate_simple(2, dim, NULL);
    H5Pset_virtual(create, space, "elsewhere.h5", "/x", space);
    put_array(source, "/nested", H5T_NATIVE_FLOAT, create, false);
    H5Sclose(space);
    H5Pclose(create);
    H5Fclose(source);
    put_virtual(other, "/x", 5);
    assert_refused(file_name, "/x is made of others, which do not fill it");
    put_virtual(other, "/y", 8);
    assert_refused(file_name, "/y is not an array of this file");
    put_virtual(other, "/nested", 8);
    assert_refused(file_name, "/nested of test_h5_virtual_other.h5 is virtual itself");
    put_virtual("/tmp/x.h5", "/x", 8);
    assert_refused(file_name, "/x of /tmp/x.h5 is not looked for");
    put_virtual("../x.h5", "/x", 8);
    assert_refused(file_name, "/x of ../x.h5 is not looked for");
    put_virtual(".", "/x", 8);
    assert_refused(file_name, "/x of . is virtual itself");
    put_virtual(other, "/x", 8);
    setenv("HDF5_VDS_PREFIX", "/tmp", 1);
    assert_refused(file_name, "by HDF5_VDS_PREFIX=/tmp they would be looked for elsewhere");
    unsetenv("HDF5_VDS_PREFIX");
    unlink(other);
    unlink(file_name);
}

/* Each row of a file of its own. */
static void put_virtual_of_many(void)
{
    char name[64];
    const hsize_t dim[] = {8, 4}, row[] = {1, 4};
    hid_t made = new_file(file_name);
    hid_t create = H5Pcreate(H5P_DATASET_CREATE);
    hid_t space = H5Screate_simple(2, dim, NULL);
    for (hsize_t i = 0; i < dim[0]; i++) {
        const hsize_t start[] = {i, 0};
        sprintf(name, "test_h5_virtual_%d.h5", (int)i);
        hid_t source = new_file(name);
        put_array(source, "/x", H5T_NATIVE_FLOAT, H5P_DEFAULT, true);
        H5Fclose(source);
        H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, row, NULL);
        H5Pset_virtual(create, space, name, "/x", space);
    }
    put_array(made, "/x", H5T_NATIVE_FLOAT, create, false);
    H5Sclose(space);
    H5Pclose(create);
    H5Fclose(made);
}

static cairn_status count(void *context, const char *path)
{
    (void)path;
    (*(int *)context)++;
    return CAIRN_OK;
}

/* HDF5 would read zeros for a source that it may not open. */
static void test_more_sources_than_may_be_open(void **state)
{
    (void)state;
    int n = 0;
    char name[64];
    struct rlimit before, few;
    struct cairn_h5 *file = NULL;
    struct cairn_h5_array *array = NULL;
    put_virtual_of_many();
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    few = before;
    few.rlim_cur = 15;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    assert_refused(file_name, "/x is made of arrays in 8 files, and a process may have 15");
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(cairn_h5_open(file_name, &file), CAIRN_OK);
    assert_int_equal(cairn_h5_array_open(file, "/x", &array), CAIRN_OK);
    assert_int_equal(cairn_h5_array_sources(array, count, &n), CAIRN_OK);
    assert_int_equal(n, 8);
    cairn_h5_array_close(array);
    cairn_h5_close(file);
    for (int i = 0; i < 8; i++) {
        sprintf(name, "test_h5_virtual_%d.h5", i);
        unlink(name);
    }
    unlink(file_name);
}

/* Selections of a version that HDF5 does not know yet: their number is that after their kind. */
static void test_newer_files(void **state)
{
    static const unsigned char hyperslab[] = {2, 0, 0, 0, 1, 0, 0, 0};
    unsigned char bytes[1 << 16];
    (void)state;
    put_virtual(other, "/x", 5);
    FILE *file = fopen(file_name, "r+b");
    assert_non_null(file);
    const size_t n = fread(bytes, 1, sizeof bytes, file);
    for (size_t i = 0; i + sizeof hyperslab <= n; i++)
        if (memcmp(bytes + i, hyperslab, sizeof hyperslab) == 0) bytes[i + 4] = 99;
    rewind(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    fclose(file);
    assert_refused(file_name, "/x is not an array of this file (");
    assert_refused(file_name, "if a newer HDF5 than that of cairn wrote it");
    unlink(file_name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_virtual_arrays),
        cmocka_unit_test(test_more_sources_than_may_be_open),
        cmocka_unit_test(test_newer_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
