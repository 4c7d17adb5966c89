/* SPDX-License-Identifier: BSD-3-Clause
 * Checkpoints: round trip, layout, damage, the folder.  What full disks and killed writers leave:
 * test_durable.c. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/checkpoint.h"

#include "base/log.h"
#include "h5/h5.h"

static void round_trip_of_all_types(void **state)
{
    struct sample saved = {.update = 0}, found = {.update = 0};
    struct cairn_state from = {0}, to = {0};
    const struct cairn_checkpoint_place place = {.folder = folder};
    char *text = NULL;
    (void)state;
    fill_sample(&saved, 12);
    describe_sample(&from, &saved);
    describe_sample(&to, &found);
    assert_ok(cairn_state_add_attribute(&from, "hdf5_version", "1.2.3"));
    assert_ok(cairn_checkpoint_write(&place, 12, false, &from));
    assert_ok(cairn_checkpoint_read(in_folder("update-00000012.h5"), &to));
    assert_memory_equal(&saved, &found, sizeof saved);
    assert_ok(cairn_checkpoint_text(in_folder("latest.h5"), "/config", &text));
    assert_string_equal(text, CONFIG);
    free(text);
    cairn_state_free(&from);
    cairn_state_free(&to);
}

static void attributes_say_what_the_file_is(void **state)
{
    static const char *const wanted[][2] = {
        {"format", "cairn-checkpoint"}, {"written_by", "cairn "}, {"hdf5_version", "1.2.3"}};
    struct cairn_h5 *file = NULL;
    double version = 0;
    size_t n = 0;
    (void)state;
    assert_ok(cairn_h5_open(in_folder("latest.h5"), &file));
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        char *text = NULL;
        assert_ok(cairn_h5_get_text(file, "/", wanted[i][0], &text));
        assert_ptr_equal(strstr(text, wanted[i][1]), text);
        free(text);
    }
    assert_ok(cairn_h5_get_numbers(file, "/", "format_version", 1, &version, &n));
    assert_true(version == 1);
    cairn_h5_close(file);
}

static cairn_status join_names(void *names, const char *name, bool is_group)
{
    strcat(names, name);
    strcat(names, is_group ? "/ " : " ");
    return CAIRN_OK;
}

static void groups_keep_creation_order(void **state)
{
    struct cairn_h5 *file = NULL;
    char top[256] = "", weights[256] = "", slots[256] = "";
    (void)state;
    assert_ok(cairn_h5_open(in_folder("latest.h5"), &file));
    assert_ok(cairn_h5_children(file, "/", join_names, top));
    assert_ok(cairn_h5_children(file, "/weights", join_names, weights));
    assert_ok(cairn_h5_children(file, "/optimizer", join_names, slots));
    cairn_h5_close(file);
    assert_string_equal(top, "weights/ optimizer/ progress/ config ");
    assert_string_equal(weights, "10.weight 10.bias 2.weight 2.bias ");
    assert_string_equal(slots, "exp_avg_sq/ exp_avg/ ");
}

static void every_dataset_is_chunked_and_carries_a_checksum(void **state)
{
    char command[CAIRN_PATH_BYTES + 64], line[512];
    int n_datasets = 0, n_chunked = 0, n_checksums = 0;
    (void)state;
    if (system("h5dump --version > /dev/null 2>&1") != 0) {
        print_message("h5dump is not installed\n");
        skip();
    }
    snprintf(command, sizeof command, "h5dump -pH '%s'", in_folder("latest.h5"));
    FILE *stream = popen(command, "r");
    assert_non_null(stream);
    while (fgets(line, sizeof line, stream) != NULL) {
        n_datasets += strstr(line, "DATASET \"") != NULL;
        n_chunked += strstr(line, "CHUNKED (") != NULL;
        n_checksums += strstr(line, "CHECKSUM FLETCHER32") != NULL;
    }
    assert_int_equal(pclose(stream), 0);
    assert_int_equal(n_datasets, 12);
    assert_int_equal(n_chunked, n_datasets);
    assert_int_equal(n_checksums, n_datasets);
}

struct wrong_array {
    const char *path, *says;
    int ndim;
    size_t rows, columns;
};

static void another_model_is_named(void **state)
{
    static const struct wrong_array wrong[] = {
        {"/weights/10.weight", "/weights/10.weight has the shape [7, 5], expected [5, 7]", 2, 5, 7},
        {"/weights/3.weight", "has no /weights/3.weight", 1, 4, 0},
        {"/weights", "/weights is not an array of this file", 1, 4, 0},
        {"/config", "/config", 1, 1, 0},
    };
    static real room[64];
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct cairn_state list = {0};
        const struct cairn_shape shape = {wrong[i].ndim, {wrong[i].rows, wrong[i].columns}};
        assert_ok(cairn_state_add(&list, wrong[i].path, CAIRN_ARRAY_REAL, &shape, room));
        assert_refused(cairn_checkpoint_read(in_folder("latest.h5"), &list), CAIRN_DATA,
                       wrong[i].says);
        cairn_state_free(&list);
    }
}

static void other_files_are_no_checkpoints(void **state)
{
    struct cairn_h5 *file = NULL;
    char *text = NULL;
    (void)state;
    assert_ok(cairn_h5_create(in_folder("data.h5"), &file));
    assert_ok(cairn_h5_set_text(file, "/", "format", "cairn-dataset"));
    assert_ok(cairn_h5_close(file));
    assert_refused(cairn_checkpoint_verify(in_folder("data.h5")), CAIRN_DATA,
                   "is not a Cairn checkpoint");
    assert_ok(cairn_h5_create(in_folder("data.h5"), &file));
    assert_ok(cairn_h5_set_text(file, "/", "format", "cairn-checkpoint"));
    assert_ok(cairn_h5_set_whole(file, "/", "format_version", 2));
    assert_ok(cairn_h5_close(file));
    assert_refused(cairn_checkpoint_verify(in_folder("data.h5")), CAIRN_DATA, "format version 2");
    put_file(in_folder("data.h5"), "words", 5);
    assert_refused(cairn_checkpoint_text(in_folder("data.h5"), "/config", &text), CAIRN_DATA,
                   "not an HDF5 file");
    assert_refused(cairn_checkpoint_verify(in_folder("nowhere.h5")), CAIRN_DATA, "No such file");
    assert_refused(cairn_checkpoint_text(in_folder("latest.h5"), "/progress/update", &text),
                   CAIRN_DATA, "one text");
    assert_null(text);
}

/* Flip one bit in the data of each array in turn. */
static void one_wrong_bit_is_found(void **state)
{
    struct sample sample = {.update = 0};
    struct cairn_state list = {0};
    size_t n_bytes = 0;
    (void)state;
    fill_sample(&sample, 12);
    describe_sample(&list, &sample);
    unsigned char *bytes = get_file(in_folder("latest.h5"), &n_bytes);
    for (size_t i = 0; i < list.n_arrays; i++) {
        if (list.array[i].data == &sample.update) continue; /* bytes that are in many places */
        unsigned char *data = find_bytes(bytes, n_bytes, &list.array[i]);
        assert_non_null(data);
        data[2] ^= 4;
        put_file(in_folder("damaged.h5"), bytes, n_bytes);
        data[2] ^= 4;
        assert_refused(cairn_checkpoint_verify(in_folder("damaged.h5")), CAIRN_DATA,
                       list.array[i].path);
        if (list.array[i].type == CAIRN_ARRAY_TEXT) continue;
        assert_refused(cairn_checkpoint_read(in_folder("damaged.h5"), &list), CAIRN_DATA,
                       list.array[i].path);
    }
    free(bytes);
    cairn_state_free(&list);
}

/* Wherever the damage lies, it is found, or hits nothing that counts: never other values, never a
 * crash. */
static void damage_anywhere_is_found_or_harmless(void **state)
{
    enum { STRIDE = 7 };
    struct sample whole = {.update = 0};
    size_t n_bytes = 0, n_found = 0;
    (void)state;
    fill_sample(&whole, 12);
    unsigned char *bytes = get_file(in_folder("latest.h5"), &n_bytes);
    const int n_open = count_open_files();
    for (size_t at = 0; at < n_bytes; at += STRIDE) {
        struct sample found = {.update = 0};
        struct cairn_state list = {0};
        describe_sample(&list, &found);
        bytes[at] ^= 0x55;
        put_file(in_folder("damaged.h5"), bytes, n_bytes);
        bytes[at] ^= 0x55;
        cairn_status st = cairn_checkpoint_verify(in_folder("damaged.h5"));
        if (st == CAIRN_OK) assert_ok(cairn_checkpoint_read(in_folder("damaged.h5"), &list));
        if (st == CAIRN_OK) assert_memory_equal(&found, &whole, sizeof whole);
        assert_true(st == CAIRN_OK || st == CAIRN_DATA);
        n_found += st == CAIRN_DATA;
        cairn_state_free(&list);
    }
    assert_true(n_found > n_bytes / STRIDE / 2);
    assert_int_equal(count_open_files(), n_open);
    free(bytes);
}

static void cut_files_are_refused(void **state)
{
    enum { CUTS = 40 };
    size_t n_bytes = 0;
    (void)state;
    unsigned char *bytes = get_file(in_folder("latest.h5"), &n_bytes);
    for (size_t i = 0; i < CUTS; i++) {
        put_file(in_folder("damaged.h5"), bytes, i * n_bytes / CUTS);
        assert_int_equal(cairn_checkpoint_verify(in_folder("damaged.h5")), CAIRN_DATA);
    }
    free(bytes);
}

static void paths_are_checked(void **state)
{
    struct cairn_state list = {0};
    char long_path[2 * CAIRN_CHECKPOINT_PATH_BYTES];
    double number = 0;
    (void)state;
    memset(long_path, 'a', sizeof long_path);
    long_path[sizeof long_path - 1] = '\0';
    assert_refused(cairn_state_add_number(&list, long_path, CAIRN_ARRAY_F64, &number), CAIRN_USAGE,
                   "longer than");
    assert_ok(cairn_state_add_number(&list, "/progress/a", CAIRN_ARRAY_F64, &number));
    assert_refused(cairn_state_add_text(&list, "/progress/a", "b"), CAIRN_USAGE, "/progress/a");
    cairn_state_free(&list);
}

static void only_the_newest_are_kept(void **state)
{
    char target[64] = "";
    bool found = true;
    char path[CAIRN_PATH_BYTES];
    (void)state;
    assert_ok(cairn_checkpoint_newest(in_folder("nowhere"), &found, path));
    assert_false(found);
    put_file(in_folder(".update-00000001.h5.0123456789abcdef.tmp"), "cut", 3);
    for (uint64_t update = 100; update <= 500; update += 100) write_sample(update, 3);
    assert_false(exists("update-00000200.h5"));
    assert_true(exists("update-00000300.h5") && exists("update-00000400.h5") &&
                exists("update-00000500.h5"));
    assert_false(exists(".update-00000001.h5.0123456789abcdef.tmp"));
    assert_int_equal(readlink(in_folder("latest.h5"), target, sizeof target - 1),
                     strlen("update-00000500.h5"));
    assert_string_equal(target, "update-00000500.h5");
    write_sample(350, 3); /* an older one, after resuming from 300: it is latest, so it stays */
    assert_true(exists("update-00000350.h5") && exists("update-00000500.h5"));
    write_sample(500, 3); /* the same name again */
    assert_ok(cairn_checkpoint_newest(folder, &found, path));
    assert_true(found);
    assert_string_equal(path, in_folder("update-00000500.h5"));
    assert_false(exists("update-00000300.h5"));
    assert_int_equal(count_files(), 4); /* 500, 400, 350 and the link */
}

static void damaged_ones_are_passed_over(void **state)
{
    size_t n_bytes = 0;
    bool found = false;
    char path[CAIRN_PATH_BYTES];
    (void)state;
    unsigned char *bytes = get_file(in_folder("update-00000500.h5"), &n_bytes);
    put_file(in_folder("update-00000500.h5"), bytes, n_bytes / 2);
    put_file(in_folder("update-5.h5"), "not a name of ours", 18);
    assert_ok(cairn_checkpoint_newest(folder, &found, path));
    assert_true(found);
    assert_string_equal(path, in_folder("update-00000400.h5"));
    put_file(in_folder("update-00000400.h5"), "", 0);
    put_file(in_folder("update-00000350.h5"), bytes, n_bytes); /* whole, but of update 500 */
    assert_refused(cairn_checkpoint_newest(folder, &found, path), CAIRN_DATA,
                   "all 3 checkpoints are damaged");
    put_file(in_folder("update-00000500.h5"), bytes, n_bytes);
    put_file(in_folder("update-00000900.h5"), bytes, n_bytes); /* likewise: not used, not removed */
    assert_ok(cairn_checkpoint_newest(folder, &found, path));
    assert_string_equal(path, in_folder("update-00000500.h5"));
    free(bytes);
}

/* As killed writers leave a folder: a checkpoint without its link, old ones, unfinished names. */
static void a_folder_is_put_right(void **state)
{
    const struct cairn_checkpoint_place place = {.folder = folder, .keep = {.newest = 1}};
    char target[64] = "";
    (void)state;
    write_sample(910, 0);
    write_sample(920, 0);
    assert_int_equal(unlink(in_folder("latest.h5")), 0);
    assert_int_equal(symlink("update-00000910.h5", in_folder("latest.h5")), 0);
    put_file(in_folder(".update-00000930.h5.0123456789abcdef.tmp"), "cut", 3);
    assert_int_equal(symlink("update-00000920.h5", in_folder(".latest.h5.0123456789abcdef.tmp")),
                     0);
    put_file(in_folder(".mine.tmp"), "not ours", 8);
    put_file(in_folder("update-00000930.h5"), "later", 5);
    assert_ok(cairn_checkpoint_tidy(&place, 920));
    assert_true(readlink(in_folder("latest.h5"), target, sizeof target - 1) > 0);
    assert_string_equal(target, "update-00000920.h5");
    assert_false(exists("update-00000910.h5"));
    assert_true(exists("update-00000920.h5") && exists("update-00000930.h5"));
    assert_true(exists(".mine.tmp"));
    assert_int_equal(count_files(),
                     5); /* these, the link, and update-5.h5, which is no name of ours */
    put_file(in_folder(".update-00000930.h5.0123456789abcdef.tmp"), "cut", 3);
    assert_ok(cairn_checkpoint_tidy(&place, UINT64_MAX)); /* before the first checkpoint */
    assert_int_equal(count_files(), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip_of_all_types),
        cmocka_unit_test(attributes_say_what_the_file_is),
        cmocka_unit_test(groups_keep_creation_order),
        cmocka_unit_test(every_dataset_is_chunked_and_carries_a_checksum),
        cmocka_unit_test(another_model_is_named),
        cmocka_unit_test(other_files_are_no_checkpoints),
        cmocka_unit_test(one_wrong_bit_is_found),
        cmocka_unit_test(damage_anywhere_is_found_or_harmless),
        cmocka_unit_test(cut_files_are_refused),
        cmocka_unit_test(paths_are_checked),
    };
    const struct CMUnitTest folder_tests[] = {
        cmocka_unit_test(only_the_newest_are_kept),
        cmocka_unit_test(damaged_ones_are_passed_over),
        cmocka_unit_test(a_folder_is_put_right),
    };
    cairn_log_mute();
    int failed = cmocka_run_group_tests_name("file", tests, make_folder, remove_folder);
    return failed + cmocka_run_group_tests_name("folder", folder_tests, make_folder, remove_folder);
}
