/* SPDX-License-Identifier: BSD-3-Clause
 * HDF5 files as no writer of ours makes them: whole, but with links, layouts, filters and types
 * that lead elsewhere or that HDF5 takes on trust.  Damaged bytes: the fuzzer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <hdf5.h>

#include "base/process.h"
#include "checkpoint/checkpoint.h"
#include "data/dataset.h"
#include "h5/h5.h"
#include "support/made_h5.h"

static const char file_name[] = "test_h5_strangers.h5";
static const char links[] = "test_h5_strangers_links.h5", other[] = "test_h5_strangers_other.h5";

static void assert_says(cairn_status st, const char *words)
{
    assert_int_equal(st, CAIRN_DATA);
    if (strstr(cairn_error_text(), words) == NULL)
        fail_msg("'%s' lacks '%s'", cairn_error_text(), words);
}

/* What is said of the array /x of a file, by each way to it. */
static void assert_refused(const char *path, const char *words)
{
    struct cairn_h5 *file = NULL;
    struct cairn_h5_array *array = NULL;
    struct cairn_h5_form form = {.type = CAIRN_H5_F32, .shape = {.ndim = 2, .dim = {8, 4}}};
    float data[32];
    assert_int_equal(cairn_h5_open(path, &file), CAIRN_OK);
    assert_says(cairn_h5_read(file, "/x", &form, data), words);
    assert_says(cairn_h5_describe(file, "/x", &form), words);
    assert_says(cairn_h5_array_open(file, "/x", &array), words);
    assert_int_equal(cairn_h5_close(file), CAIRN_OK);
}

/* Before our own module starts HDF5: after that there are no such links. */
static int make_links(void **state)
{
    (void)state;
    hid_t foreign = new_file(other);
    put_array(foreign, "/x", H5T_NATIVE_FLOAT, H5P_DEFAULT, true);
    H5Fclose(foreign);
    hid_t made = new_file(links);
    H5Lcreate_external(other, "/x", made, "/x", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_external(other, "/", made, "/train", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_soft("/nowhere", made, "/soft", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_soft("/circle", made, "/circle", H5P_DEFAULT, H5P_DEFAULT);
    char version[32];
    cairn_h5_version(version);
    return H5Fclose(made);
}

static void test_links_to_other_files(void **state)
{
    (void)state;
    struct cairn_h5 *file = NULL;
    struct cairn_dataset *dataset = NULL;
    assert_refused(links, "/x is a link to another file, which is not followed");
    assert_int_equal(cairn_h5_open(links, &file), CAIRN_OK);
    assert_true(cairn_h5_is_elsewhere(file, "/train/x") && cairn_h5_is_elsewhere(file, "/x"));
    assert_false(cairn_h5_is_elsewhere(file, "/soft") || cairn_h5_is_elsewhere(file, "/none/x"));
    assert_false(cairn_h5_has_group(file, "/train") || cairn_h5_has_array(file, "/x"));
    assert_false(cairn_h5_has_array(file, "/circle") || cairn_h5_has_array(file, "/soft"));
    cairn_h5_close(file);
    assert_says(cairn_dataset_open(links, &dataset), "/train is a link to another file");
    unlink(links);
    unlink(other);
}

/* Names that lead nowhere, or to something else, are no groups that are not there. */
static void test_broken_links_in_a_dataset(void **state)
{
    static const char *const bad[] = {"/val", "/train/weight", "/test/tokens"};
    static const char *const good[] = {"/train/x", "/train/y", "/test/x", "/test/y"};
    struct cairn_dataset *dataset = NULL;
    (void)state;
    for (size_t i = 0; i < 2 * sizeof bad / sizeof bad[0]; i++) {
        hid_t made = new_file(file_name);
        const char *name = bad[i / 2];
        for (int g = 0; g < 2; g++)
            H5Gclose(H5Gcreate2(made, g == 0 ? "/train" : "/test", H5P_DEFAULT, H5P_DEFAULT,
                                H5P_DEFAULT));
        for (int k = 0; k < 4; k++) put_array(made, good[k], H5T_NATIVE_FLOAT, H5P_DEFAULT, true);
        H5Fclose(made);
        assert_int_equal(cairn_dataset_open(file_name, &dataset), CAIRN_OK);
        cairn_dataset_close(dataset);
        made = H5Fopen(file_name, H5F_ACC_RDWR, H5P_DEFAULT);
        H5Lcreate_soft(i % 2 == 0 ? "/nowhere" : name, made, name, H5P_DEFAULT, H5P_DEFAULT);
        H5Fclose(made);
        assert_says(cairn_dataset_open(file_name, &dataset), i / 2 == 2 ? "test holds" : name);
    }
}

static void test_numbers_of_other_files(void **state)
{
    (void)state;
    const hsize_t dim[] = {8, 4};
    hid_t made = new_file(file_name);
    hid_t create = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_external(create, "/etc/passwd", 0, 8 * 4 * sizeof(float));
    put_array(made, "/x", H5T_NATIVE_FLOAT, create, false);
    H5Pclose(create);
    H5Fclose(made);
    assert_refused(file_name, "/x keeps its numbers in another file");
    made = new_file(file_name);
    create = H5Pcreate(H5P_DATASET_CREATE);
    hid_t space = H5Screate_simple(2, dim, NULL);
    H5Pset_virtual(create, space, other, "/x", space);
    put_array(made, "/x", H5T_NATIVE_FLOAT, create, false);
    H5Sclose(space);
    H5Pclose(create);
    H5Fclose(made);
    assert_refused(file_name, "/x is made of others: test_h5_strangers_other.h5: No such file");
}

static size_t same_bytes(unsigned flags, size_t n_values, const unsigned values[], size_t n,
                         size_t *room, void **block)
{
    (void)flags, (void)n_values, (void)values, (void)room, (void)block;
    return n;
}

static void test_filters(void **state)
{
    (void)state;
    const hsize_t chunk[] = {8, 4};
    const H5Z_class2_t invented = {.version = H5Z_CLASS_T_VERS,
                                   .id = 511,
                                   .encoder_present = 1,
                                   .decoder_present = 1,
                                   .name = "invented",
                                   .filter = same_bytes};
    int plugins = 0;
    H5Zregister(&invented);
    for (int turn = 0; turn < 3; turn++) {
        hid_t made = new_file(file_name);
        hid_t create = H5Pcreate(H5P_DATASET_CREATE);
        H5Pset_chunk(create, 2, chunk);
        if (turn == 0) H5Pset_filter(create, 511, H5Z_FLAG_OPTIONAL, 0, NULL);
        if (turn == 1) H5Pset_scaleoffset(create, H5Z_SO_FLOAT_DSCALE, 2);
        if (turn == 2) H5Pset_nbit(create);
        put_array(made, "/x", H5T_NATIVE_FLOAT, create, true);
        H5Pclose(create);
        H5Fclose(made);
        assert_refused(file_name, "/x is packed by a filter other than deflate");
    }
    H5Zunregister(511);
    H5PLget_loading_state((unsigned *)&plugins);
    assert_int_equal(plugins, 0);
}

static void test_types(void **state)
{
    (void)state;
    const hsize_t dim[] = {8, 4};
    hid_t type[4];
    type[0] = H5Tcreate(H5T_COMPOUND, 4);
    H5Tinsert(type[0], "x", 0, H5T_NATIVE_FLOAT);
    type[1] = H5Tarray_create2(H5T_NATIVE_FLOAT, 2, dim);
    type[2] = H5Tcreate(H5T_OPAQUE, 4);
    type[3] = H5Tvlen_create(H5T_NATIVE_FLOAT);
    for (int i = 0; i < 4; i++) {
        hid_t made = new_file(file_name);
        put_array(made, "/x", type[i], H5P_DEFAULT, false);
        H5Fclose(made);
        assert_refused(file_name, "/x is of a type that cairn does not read");
    }
    for (int i = 0; i < 4; i++) H5Tclose(type[i]);
    hid_t made = new_file(file_name);
    hid_t nothing = H5Screate(H5S_NULL);
    hid_t id =
        H5Dcreate2(made, "/x", H5T_NATIVE_FLOAT, nothing, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    H5Dclose(id);
    H5Sclose(nothing);
    H5Fclose(made);
    assert_refused(file_name, "/x holds nothing, not even a shape");
}

/* Change the bytes behind the first place where `mark` stands. */
static void overwrite_behind(const char *mark, size_t offset, const void *bytes, size_t n)
{
    static char all[1 << 16];
    FILE *stream = fopen(file_name, "r+b");
    assert_non_null(stream);
    size_t n_all = fread(all, 1, sizeof all, stream);
    size_t at = 0;
    while (at + strlen(mark) <= n_all && memcmp(all + at, mark, strlen(mark)) != 0) at++;
    assert_true(at + strlen(mark) <= n_all);
    fseek(stream, (long)(at + offset), SEEK_SET);
    assert_int_equal(fwrite(bytes, 1, n, stream), n);
    fclose(stream);
}

static void write_variable_text(const char *text)
{
    hid_t made = new_file(file_name);
    hid_t type = H5Tcopy(H5T_C_S1);
    hid_t space = H5Screate(H5S_SCALAR);
    H5Tset_size(type, H5T_VARIABLE);
    hid_t id = H5Acreate2(made, "title", type, space, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(H5Awrite(id, type, &text) >= 0);
    H5Aclose(id);
    H5Sclose(space);
    H5Tclose(type);
    H5Fclose(made);
}

static cairn_status read_title(char **text)
{
    struct cairn_h5 *file = NULL;
    *text = NULL;
    assert_int_equal(cairn_h5_open(file_name, &file), CAIRN_OK);
    cairn_status st = cairn_h5_get_text(file, "/", "title", text);
    assert_int_equal(cairn_h5_close(file), CAIRN_OK);
    return st;
}

/* With these HDF5 1.10.8 itself goes round for ever, or reads outside of its memory. */
static void test_damaged_heaps(void **state)
{
    (void)state;
    static const struct {
        size_t offset, n;
        const char *bytes;
    } damage[] = {
        {8, 8, "\xff\xff\xff\xff\xff\xff\xff\x7f"},  /* bytes of the collection */
        {8, 8, "\0\0\0\0\0\0\0\0"},                  /* none */
        {24, 8, "\xff\xff\xff\xff\xff\xff\xff\xff"}, /* of the object */
        {24, 8, "\0\0\0\0\0\0\0\0"},
        {16, 2, "\0\0"}, /* its index: free space */
        {16, 2, "\x39\x30"},
        {0, 4, "COAL"},
    };
    char *text = NULL;
    write_variable_text("a text of 25 characters..");
    assert_int_equal(read_title(&text), CAIRN_OK);
    assert_string_equal(text, "a text of 25 characters..");
    free(text);
    write_variable_text("");
    assert_int_equal(read_title(&text), CAIRN_OK);
    assert_string_equal(text, "");
    free(text);
    for (size_t i = 0; i < sizeof damage / sizeof damage[0]; i++) {
        write_variable_text("a text of 25 characters..");
        overwrite_behind("GCOL", damage[i].offset, damage[i].bytes, damage[i].n);
        assert_says(read_title(&text), "'title' of / is not one text");
        assert_null(text);
    }
}

/* A file that says it is a checkpoint, with /weights/w of 8 rows. */
static hid_t new_checkpoint(const char *name)
{
    const int version = 1;
    hid_t file = new_file(name);
    hid_t text = H5Tcopy(H5T_C_S1);
    hid_t space = H5Screate(H5S_SCALAR);
    H5Tset_size(text, sizeof "cairn-checkpoint");
    hid_t id = H5Acreate2(file, "format", text, space, H5P_DEFAULT, H5P_DEFAULT);
    H5Awrite(id, text, "cairn-checkpoint");
    H5Aclose(id);
    id = H5Acreate2(file, "format_version", H5T_NATIVE_INT, space, H5P_DEFAULT, H5P_DEFAULT);
    H5Awrite(id, H5T_NATIVE_INT, &version);
    H5Aclose(id);
    H5Tclose(text);
    H5Sclose(space);
    H5Gclose(H5Gcreate2(file, "/weights", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    put_array(file, "/weights/w", H5T_NATIVE_FLOAT, H5P_DEFAULT, true);
    return file;
}

/* 24 groups, each with 10 names for the one before: 10^24 paths in some kB. */
static void add_graph(hid_t file)
{
    char from[32] = "/weights";
    for (int i = 0; i < 24; i++) {
        char group[32];
        char name[64];
        snprintf(group, sizeof group, "/h%d", i);
        H5Gclose(H5Gcreate2(file, group, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
        for (int k = 0; k < 10; k++) {
            snprintf(name, sizeof name, "%s/l%d", group, k);
            H5Lcreate_hard(file, from, file, name, H5P_DEFAULT, H5P_DEFAULT);
        }
        memcpy(from, group, sizeof from);
    }
}

static cairn_status count(void *context, const char *path)
{
    (void)path;
    ++*(int *)context;
    return CAIRN_OK;
}

static void test_graphs_of_groups(void **state)
{
    (void)state;
    enum { GRAPH, CIRCLE, TOP, SOFT_CIRCLE, NOWHERE, N_KINDS };
    static const char *const target[] = {NULL, "/weights", "/", "/weights", "/no"};
    for (int kind = 0; kind < N_KINDS; kind++) {
        bool soft = kind >= SOFT_CIRCLE;
        hid_t made = new_checkpoint(file_name);
        if (kind == GRAPH) add_graph(made);
        if (kind != GRAPH && !soft)
            H5Lcreate_hard(made, target[kind], made, "/weights/up", H5P_DEFAULT, H5P_DEFAULT);
        if (soft) H5Lcreate_soft(target[kind], made, "/weights/up", H5P_DEFAULT, H5P_DEFAULT);
        H5Fclose(made);
        assert_says(cairn_checkpoint_verify(file_name),
                    kind == NOWHERE ? "/weights/up is not an array" : " has another name too");
    }
}

/* Nothing is read twice, and nothing is wrong with it. */
static void test_arrays_with_names(void **state)
{
    (void)state;
    int n = 0;
    struct cairn_h5 *file = NULL;
    hid_t made = new_checkpoint(file_name);
    for (char name[] = "/weights/a"; name[9] <= 'j'; name[9]++)
        H5Lcreate_hard(made, "/weights/w", made, name, H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_soft("/weights/w", made, "/soft", H5P_DEFAULT, H5P_DEFAULT);
    H5Fclose(made);
    assert_int_equal(cairn_checkpoint_verify(file_name), CAIRN_OK);
    assert_int_equal(cairn_h5_open(file_name, &file), CAIRN_OK);
    assert_int_equal(cairn_h5_arrays(file, count, &n), CAIRN_OK);
    assert_int_equal(cairn_h5_arrays(file, NULL, NULL), CAIRN_OK);
    assert_int_equal(n, 1);
    cairn_h5_close(file);
}

/* As a start finds it: passed over, for the newest that is a tree. */
static void test_graph_is_passed_over(void **state)
{
    (void)state;
    char folder[] = "test_h5_strangers-XXXXXX";
    char old[64];
    char new[64];
    char path[CAIRN_PATH_BYTES];
    bool found = false;
    assert_non_null(mkdtemp(folder));
    snprintf(old, sizeof old, "%s/update-00000007.h5", folder);
    snprintf(new, sizeof new, "%s/update-00000099.h5", folder);
    H5Fclose(new_checkpoint(old));
    hid_t made = new_checkpoint(new);
    add_graph(made);
    H5Fclose(made);
    assert_int_equal(cairn_checkpoint_newest(folder, &found, path), CAIRN_OK);
    assert_true(found);
    assert_string_equal(path, old);
    unlink(old);
    unlink(new);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_links_to_other_files),
        cmocka_unit_test(test_broken_links_in_a_dataset),
        cmocka_unit_test(test_numbers_of_other_files),
        cmocka_unit_test(test_filters),
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_damaged_heaps),
        cmocka_unit_test(test_graphs_of_groups),
        cmocka_unit_test(test_arrays_with_names),
        cmocka_unit_test(test_graph_is_passed_over),
    };
    cairn_process_begin();
    return cmocka_run_group_tests(tests, make_links, NULL);
}
