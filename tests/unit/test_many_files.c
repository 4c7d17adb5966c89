/* SPDX-License-Identifier: BSD-3-Clause
 * A dataset of many files: few of them open at once, read by two threads, handed to another
 * process, changed meanwhile. */
#include "data/internal.h"
#include "support/data.h"

#include <dirent.h>
#include <pthread.h>
#include <unistd.h>

enum { N_FILES = 12, N_ROWS = 8, N_VALUES = 4, OPEN = 2, N_READS = 400 };

static const char pattern[] = "test_many_files_??.h5";

static const char *name_of(int i, char *text)
{
    sprintf(text, "test_many_files_%02d.h5", i);
    return text;
}

/* Number d of row `row` of all. */
static unsigned char number(size_t row, size_t d)
{
    return (unsigned char)(row * 7 + d * 31);
}

static void write_file(int i, size_t n_rows)
{
    char name[64];
    unsigned char x[N_ROWS * N_VALUES];
    int32_t label[N_ROWS];
    for (size_t r = 0; r < n_rows; r++) {
        label[r] = (int32_t)r % 3;
        for (size_t d = 0; d < N_VALUES; d++)
            x[r * N_VALUES + d] = number((size_t)i * N_ROWS + r, d);
    }
    const struct cairn_table table = {.n = n_rows,
                                      .input = {.ndim = 1, .dim = {N_VALUES}},
                                      .x_type = CAIRN_H5_U8,
                                      .x = x,
                                      .scale = 1,
                                      .label = label};
    write_dataset(name_of(i, name), &table, NULL);
}

static int write_all(void **state)
{
    (void)state;
    for (int i = 0; i < N_FILES; i++) write_file(i, N_ROWS);
    return 0;
}

static int remove_all(void **state)
{
    char name[64];
    (void)state;
    for (int i = 0; i < N_FILES; i++) unlink(name_of(i, name));
    return 0;
}

static struct cairn_dataset *open_all(void)
{
    struct cairn_dataset *dataset = NULL;
    const struct cairn_dataset_options options = {.file = pattern, .open_files = OPEN};
    assert_ok(cairn_dataset_open_as(&options, &dataset));
    return dataset;
}

/* Files of the test that this process has open, by what Linux says. */
static int count_open(void)
{
    int n = 0;
    char link[300], target[4096];
    DIR *folder = opendir("/proc/self/fd");
    if (folder == NULL) return 0;
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        snprintf(link, sizeof link, "/proc/self/fd/%.200s", entry->d_name);
        const ssize_t length = readlink(link, target, sizeof target - 1);
        if (length < 0) continue;
        target[length] = '\0';
        n += strstr(target, "test_many_files_") != NULL ? 1 : 0;
    }
    closedir(folder);
    return n;
}

/* Rows here and there, across the borders of files; false where a number is wrong. */
static bool read_here_and_there(const struct cairn_rows *rows, size_t seed)
{
    unsigned char x[2 * N_ROWS * N_VALUES];
    const size_t n_all = (size_t)N_FILES * N_ROWS;
    for (size_t i = 0; i < N_READS; i++) {
        const size_t first = (i * 29 + seed * 13) % n_all;
        size_t n = 1 + (i + seed) % (2 * N_ROWS);
        if (n > n_all - first) n = n_all - first;
        if (cairn_rows_read(rows, first, n, CAIRN_H5_U8, x) != CAIRN_OK) return false;
        for (size_t k = 0; k < n * N_VALUES; k++)
            if (x[k] != number(first + k / N_VALUES, k % N_VALUES)) return false;
    }
    return true;
}

static void *read_beside(void *rows)
{
    return read_here_and_there(rows, 5) ? rows : NULL;
}

static void test_two_threads_and_few_files(void **state)
{
    pthread_t beside;
    void *good = NULL;
    (void)state;
    struct cairn_dataset *dataset = open_all();
    struct cairn_rows *x = &dataset->group[CAIRN_SPLIT_TRAIN].x;
    assert_int_equal(cairn_dataset_size(dataset, CAIRN_SPLIT_TRAIN), N_FILES * N_ROWS);
    assert_in_range(count_open(), 0, OPEN);
    assert_int_equal(pthread_create(&beside, NULL, read_beside, x), 0);
    const bool here = read_here_and_there(x, 1);
    assert_int_equal(pthread_join(beside, &good), 0);
    assert_true(here);
    assert_ptr_equal(good, x);
    assert_in_range(count_open(), 0, OPEN);
    cairn_dataset_close(dataset);
    assert_int_equal(count_open(), 0);
}

static struct cairn_dataset *hand_over(const struct cairn_dataset *dataset)
{
    struct cairn_dataset *other = NULL;
    char *bytes = NULL;
    size_t n_bytes = 0;
    assert_ok(cairn_dataset_pack(dataset, &bytes, &n_bytes));
    assert_ok(cairn_dataset_unpack(bytes, n_bytes, &other));
    free(bytes);
    for (size_t i = 0; i < (size_t)N_FILES * N_ROWS; i++) /* they go another way */
        cairn_dataset_room_for_labels(other, CAIRN_SPLIT_TRAIN)[i] =
            cairn_dataset_labels(dataset, CAIRN_SPLIT_TRAIN)[i];
    return other;
}

static void test_handed_over(void **state)
{
    uint64_t here = 0, there = 0;
    (void)state;
    struct cairn_dataset *dataset = open_all();
    struct cairn_dataset *other = hand_over(dataset);
    struct cairn_dataset *once_more = hand_over(other);
    cairn_dataset_close(other);
    assert_string_equal(cairn_dataset_path(once_more), cairn_dataset_path(dataset));
    assert_memory_equal(cairn_dataset_labels(once_more, CAIRN_SPLIT_TRAIN),
                        cairn_dataset_labels(dataset, CAIRN_SPLIT_TRAIN),
                        N_FILES * N_ROWS * sizeof(int32_t));
    assert_ok(cairn_dataset_fingerprint(dataset, &here));
    assert_ok(cairn_dataset_fingerprint(once_more, &there));
    assert_true(here == there);
    assert_true(cairn_dataset_sample(dataset) == cairn_dataset_sample(once_more));
    assert_true(read_here_and_there(&once_more->group[CAIRN_SPLIT_TRAIN].x, 3));
    cairn_dataset_close(once_more);
    cairn_dataset_close(dataset);
}

/* What other ranks would see: another file where the first was checked, or none. */
static void test_changed_meanwhile(void **state)
{
    char *bytes = NULL, *files = NULL;
    size_t n_bytes = 0;
    unsigned char row[N_VALUES];
    struct cairn_dataset *other = NULL;
    (void)state;
    struct cairn_dataset *dataset = open_all();
    assert_ok(cairn_dataset_pack(dataset, &bytes, &n_bytes));
    assert_ok(cairn_dataset_files_text(dataset, &files));
    assert_ok(cairn_dataset_check_files(dataset, files, "c.h5"));
    write_file(5, N_ROWS / 2);
    assert_says(
        cairn_rows_read(&dataset->group[CAIRN_SPLIT_TRAIN].x, 5 * N_ROWS, 1, CAIRN_H5_U8, row),
        CAIRN_DATA, "test_many_files_05.h5: ");
    cairn_dataset_close(dataset);
    dataset = open_all();
    assert_says(cairn_dataset_check_files(dataset, files, "c.h5"), CAIRN_DATA,
                "test_many_files_05.h5: has changed since c.h5 was made");
    cairn_dataset_close(dataset);
    unlink("test_many_files_05.h5");
    assert_says(cairn_dataset_unpack(bytes, n_bytes, &other), CAIRN_DATA,
                "test_many_files_05.h5: No such file");
    free(bytes);
    free(files);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_two_threads_and_few_files, write_all, remove_all),
        cmocka_unit_test_setup_teardown(test_handed_over, write_all, remove_all),
        cmocka_unit_test_setup_teardown(test_changed_meanwhile, write_all, remove_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
