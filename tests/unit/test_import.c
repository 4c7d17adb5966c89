/* SPDX-License-Identifier: BSD-3-Clause
 * Importing: each format, its rules and its refusals; the datasets in the repository. */
#include "data/format.h"
#include "data/loader.h"
#include "support/data.h"

#include <dirent.h>
#include <sys/stat.h>
#include <tgmath.h>
#include <unistd.h>
#include <zlib.h>

static const char out[] = "test_import.h5";
static const char in[] = "test_import.in";

static cairn_status import_as(const char *name, const struct cairn_import *import)
{
    const struct cairn_format *format = NULL;
    const struct cairn_about about = {0};
    struct cairn_writer *writer = NULL;
    assert_ok(cairn_format_find(name, &format));
    assert_ok(cairn_writer_create(out, true, &about, &writer));
    cairn_status st = format->run(import, writer);
    if (st == CAIRN_OK) st = cairn_writer_finish(writer);
    cairn_writer_free(writer);
    return st;
}

static cairn_status import_csv(const char *text, const struct cairn_import *rules)
{
    const char *const source[1] = {in};
    struct cairn_import import = *rules;
    import.source = source;
    import.n_sources = 1;
    write_words(in, text);
    return import_as("csv", &import);
}

static bool anything_unfinished(void)
{
    bool any = false;
    DIR *names = opendir(".");
    assert_non_null(names);
    for (struct dirent *entry = readdir(names); entry != NULL; entry = readdir(names))
        any =
            any || (cairn_file_is_unfinished(entry->d_name) && strstr(entry->d_name, out) != NULL);
    closedir(names);
    return any;
}

/* Row `row` of a group, as a model sees it. */
static struct cairn_micro read_row(struct cairn_dataset *dataset, enum cairn_split split,
                                   size_t row, struct cairn_loader **loader)
{
    const struct cairn_loader_options options = {
        .split = split, .micro = 1, .memory_bytes = SIZE_MAX};
    struct cairn_micro micro;
    assert_ok(cairn_loader_create(dataset, &options, loader));
    assert_ok(cairn_loader_read(*loader, row, 1, &micro));
    return micro;
}

static void test_registry(void **state)
{
    (void)state;
    const struct cairn_format *format = NULL;
    for (const struct cairn_format *const *f = cairn_formats(); *f != NULL; f++) {
        assert_ok(cairn_format_find((*f)->name, &format));
        assert_ptr_equal(format, *f);
        assert_true(strncmp((*f)->heading, (*f)->name, strlen((*f)->name)) == 0);
        assert_non_null(strstr((*f)->heading, ": "));
        assert_non_null((*f)->flags);
    }
    assert_says(cairn_format_find("cvs", &format), CAIRN_USAGE, "did you mean 'csv'");
}

static void test_csv_with_header(void **state)
{
    (void)state;
    struct cairn_dataset *dataset = NULL;
    struct cairn_loader *loader = NULL;
    const struct cairn_import rules = {.csv.target = "price", .test_every = 3, .n_val = 1};
    assert_ok(import_csv(
        "\xef\xbb\xbfprice;\"a;b\";c\r\n10;1;2\r\n20;3;4\r\n\r\n30;5;6\r\n40;7;8\r\n", &rules));
    assert_ok(cairn_dataset_open(out, &dataset));
    assert_int_equal(cairn_dataset_size(dataset, CAIRN_SPLIT_TRAIN), 1);
    assert_int_equal(cairn_dataset_size(dataset, CAIRN_SPLIT_VAL), 1);
    assert_int_equal(cairn_dataset_size(dataset, CAIRN_SPLIT_TEST), 2);
    struct cairn_micro micro = read_row(dataset, CAIRN_SPLIT_VAL, 0, &loader);
    assert_true(micro.x[0] == 5 && micro.x[1] == 6 && micro.target[0] == 30);
    cairn_loader_free(loader);
    cairn_dataset_close(dataset);
}

static void test_csv_classes(void **state)
{
    (void)state;
    struct cairn_dataset *dataset = NULL;
    struct cairn_import rules = {.csv.classes = true};
    assert_ok(import_csv("1 2  rose\n3\t4 daisy \n5 6 \"tulip\"\n7 8 daisy\n", &rules));
    assert_ok(cairn_dataset_open(out, &dataset));
    const int32_t *label = cairn_dataset_labels(dataset, CAIRN_SPLIT_TRAIN);
    assert_int_equal(cairn_dataset_classes(dataset), 3);
    assert_true(label[0] == 1 && label[1] == 0 && label[2] == 2 && label[3] == 0);
    cairn_dataset_close(dataset);
    rules.csv.target = "0";
    assert_ok(import_csv("3,1,2\n7,3,4\n", &rules));
    assert_ok(cairn_dataset_open(out, &dataset));
    assert_int_equal(cairn_dataset_classes(dataset), 8); /* whole numbers stand for themselves */
    cairn_dataset_close(dataset);
}

static void test_csv_fraction(void **state)
{
    enum { ROWS = 1000 };
    (void)state;
    char text[ROWS * 8] = "";
    uint64_t fingerprint[2];
    for (size_t i = 0, n = 0; i < ROWS; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%zu,1\n", i % 100);
    for (size_t seed = 0; seed < 2; seed++) {
        struct cairn_dataset *dataset = NULL;
        const struct cairn_import rules = {.test_fraction = 0.25, .seed = seed};
        assert_ok(import_csv(text, &rules));
        assert_ok(cairn_dataset_open(out, &dataset));
        assert_int_equal(cairn_dataset_size(dataset, CAIRN_SPLIT_TEST), ROWS / 4);
        assert_int_equal(cairn_dataset_size(dataset, CAIRN_SPLIT_TRAIN), ROWS - ROWS / 4);
        assert_ok(cairn_dataset_fingerprint(dataset, &fingerprint[seed]));
        cairn_dataset_close(dataset);
    }
    assert_true(fingerprint[0] != fingerprint[1]); /* other rows */
}

static void test_csv_refusals(void **state)
{
    (void)state;
    const struct cairn_import plain = {0};
    const struct cairn_import named = {.csv.target = "z"};
    const struct cairn_import all_val = {.n_val = 2};
    const struct cairn_import classes = {.csv.classes = true};
    assert_says(import_csv("a,b\n1,2\n3\n", &plain), CAIRN_DATA, "test_import.in:3: 1 columns");
    assert_says(import_csv("a,b\n1,2\n3,4,5\n", &plain), CAIRN_DATA, "test_import.in:3: 3 columns");
    assert_says(import_csv("a,b\n1,2\nx,4\n", &plain), CAIRN_DATA,
                "test_import.in:3: column 0 is 'x'");
    assert_says(import_csv("a,b\n1,\n", &plain), CAIRN_DATA, "column 1 is ''");
    assert_says(import_csv("1,nan\n", &plain), CAIRN_DATA, "column 1 is 'nan', no value");
    assert_says(import_csv("1,inf\n", &plain), CAIRN_DATA, "column 1 is inf, not finite");
    assert_says(import_csv("1e39,1\n", &plain), CAIRN_DATA, "column 0 is 1e39, not finite");
    assert_says(import_csv("a,b\n1,\n", &classes), CAIRN_DATA, "(column b, the target); --missing");
    assert_says(import_csv("a,b\n1,\"x\ny\n", &plain), CAIRN_DATA,
                "test_import.in:2: a text in quotes does not end");
    assert_says(import_csv("a,b\n", &plain), CAIRN_DATA, "has a header but no rows");
    assert_says(import_csv("\n\n", &plain), CAIRN_DATA, "is empty");
    assert_says(import_csv("a\n1\n", &plain), CAIRN_DATA, "a single column");
    assert_says(import_csv("a,b\n1,2\n", &named), CAIRN_USAGE,
                "--target z: no column of that name");
    assert_says(import_csv("1,2\n3,4\n", &all_val), CAIRN_USAGE, "none is left after --val 2");
    assert_false(anything_unfinished());
}

/* An IDX file: the head and big-endian bytes. */
static void write_idx(const char *path, unsigned char type, int ndim, const unsigned char *dim,
                      const void *bytes, size_t n_bytes)
{
    unsigned char file[256] = {0, 0, type, (unsigned char)ndim};
    size_t n = 4;
    for (int d = 0; d < ndim; d++, n += 4) file[n + 3] = dim[d];
    memcpy(file + n, bytes, n_bytes);
    write_bytes(path, file, n + n_bytes);
}

static cairn_status import_idx(size_t n_val)
{
    const struct cairn_import import = {.train = {"images.idx", "labels.idx"}, .n_val = n_val};
    return import_as("idx", &import);
}

static void test_idx_types(void **state)
{
    (void)state;
    const unsigned char images_dim[3] = {2, 1, 2};
    const unsigned char labels_dim[1] = {2};
    const unsigned char bytes[5][32] = {
        {0, 51, 255, 1},
        {0xff, 2, 0x80, 0x7f},
        {0xff, 0xff, 0, 2, 0x80, 0, 1, 0},
        {0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff, 0, 1, 0, 0, 0, 0, 0, 2},
        {0x3f, 0xc0, 0, 0, 0, 0, 0, 0, 0xbf, 0x80, 0, 0, 0, 0, 0, 0},
    };
    static const float wanted[5][4] = {
        {0, 51.0f / 255, 1, 1.0f / 255},
        {-1, 2, -128, 127},
        {-1, 2, -32768, 256},
        {1, -1, 65536, 2},
        {1.5f, 0, -1, 0},
    };
    static const unsigned char type[5] = {0x08, 0x09, 0x0B, 0x0C, 0x0D};
    static const size_t size[5] = {1, 1, 2, 4, 4};
    const unsigned char labels[2] = {1, 0};
    write_idx("labels.idx", 0x08, 1, labels_dim, labels, 2);
    for (int i = 0; i < 5; i++) {
        struct cairn_dataset *dataset = NULL;
        struct cairn_loader *loader = NULL;
        write_idx("images.idx", type[i], 3, images_dim, bytes[i], 4 * size[i]);
        assert_ok(import_idx(0));
        assert_ok(cairn_dataset_open(out, &dataset));
        assert_int_equal(cairn_dataset_input(dataset)->ndim, 3);
        for (size_t row = 0; row < 2; row++) {
            struct cairn_micro micro = read_row(dataset, CAIRN_SPLIT_TRAIN, row, &loader);
            for (size_t k = 0; k < 2; k++)
                assert_true(fabs(micro.x[k] - wanted[i][2 * row + k]) < 1e-6f);
            assert_int_equal(micro.label[0], labels[row]);
            cairn_loader_free(loader);
        }
        cairn_dataset_close(dataset);
    }
}

static void test_idx_doubles_are_targets(void **state)
{
    (void)state;
    const unsigned char images_dim[2] = {2, 1};
    const unsigned char labels_dim[1] = {2};
    const unsigned char pi[16] = {0x40, 0x09, 0x21, 0xfb, 0x54, 0x44, 0x2d, 0x18};
    struct cairn_dataset *dataset = NULL;
    struct cairn_loader *loader = NULL;
    write_idx("images.idx", 0x08, 2, images_dim, pi, 2);
    write_idx("labels.idx", 0x0E, 1, labels_dim, pi, 16);
    assert_ok(import_idx(1));
    assert_ok(cairn_dataset_open(out, &dataset));
    assert_int_equal(cairn_dataset_size(dataset, CAIRN_SPLIT_VAL), 1);
    struct cairn_micro micro = read_row(dataset, CAIRN_SPLIT_TRAIN, 0, &loader);
    assert_true(micro.target[0] == (cairn_real)3.14159265358979311600);
    cairn_loader_free(loader);
    cairn_dataset_close(dataset);
}

static void test_idx_refusals(void **state)
{
    (void)state;
    const unsigned char two[2] = {2, 2};
    const unsigned char three[2] = {3, 2};
    const unsigned char bytes[8] = {0x7f, 0xc0, 0, 0, 0xff, 0xff, 0xff, 0xff};
    write_idx("labels.idx", 0x08, 1, two, bytes, 2);
    write_idx("images.idx", 0x08, 2, three, bytes, 6);
    assert_says(import_idx(0), CAIRN_DATA, "labels.idx: 2 labels for the 3 images of images.idx");
    write_idx("images.idx", 0x08, 2, two, bytes, 3);
    assert_says(import_idx(0), CAIRN_DATA, "images.idx: ends 1 bytes before it should");
    write_idx("images.idx", 0x08, 2, two, bytes, 5);
    assert_says(import_idx(0), CAIRN_DATA, "holds more bytes than its header says");
    write_idx("images.idx", 0x0A, 2, two, bytes, 4);
    assert_says(import_idx(0), CAIRN_DATA, "images.idx: is not an IDX file");
    write_idx("images.idx", 0x08, 2, two, bytes, 4);
    assert_says(import_idx(2), CAIRN_USAGE, "none is left after --val 2");
    write_idx("labels.idx", 0x0C, 1, two, bytes, 8);
    assert_says(import_idx(0), CAIRN_DATA, "labels.idx: row 1: the label -1 is not a class");
    write_idx("labels.idx", 0x0D, 1, two, bytes, 8);
    assert_says(import_idx(0), CAIRN_DATA, "labels.idx: row 0: number 0 is not finite");
    const unsigned char odd[8] = {0x01, 0, 0, 1};
    write_idx("images.idx", 0x0C, 2, two, odd, 4);
    assert_says(import_idx(0), CAIRN_DATA, "images.idx: ends 12 bytes before it should");
    const unsigned char column[2] = {2, 1};
    write_idx("images.idx", 0x0C, 2, column, odd, 8);
    if (CAIRN_REAL_BITS == 32) /* doubles are all of them */
        assert_says(import_idx(0), CAIRN_DATA, "images.idx: row 0: no float32 is 16777217");
    unlink("images.idx");
    assert_says(import_idx(0), CAIRN_DATA, "images.idx: No such file");
}

/* What stands behind it is not lost in silence. */
static void test_csv_with_nul(void **state)
{
    (void)state;
    static const char *const line[] = {"a\0,b\n1,2\n", "a,b\n1,2\0\n3,4\n", "a,b\n1,2\n\0"};
    static const char *const says[] = {"test_import.in:1: has a NUL", "test_import.in:2: has a NUL",
                                       "test_import.in:3: has a NUL"};
    static const size_t n[] = {9, 13, 9};
    const char *const source[1] = {in};
    const struct cairn_import import = {.source = source, .n_sources = 1};
    for (int i = 0; i < 3; i++) {
        write_bytes(in, line[i], n[i]);
        assert_says(import_as("csv", &import), CAIRN_DATA, says[i]);
    }
}

static void test_damaged_gzip(void **state)
{
    (void)state;
    const char *const source[1] = {in};
    const struct cairn_import import = {.source = source, .n_sources = 1};
    struct stat about;
    gzFile stream = gzopen(in, "wb");
    assert_non_null(stream);
    for (int i = 0; i < 1000; i++) gzprintf(stream, "%d,%d\n", i * 7919 % 1009, i);
    gzclose(stream);
    assert_ok(import_as("csv", &import));
    assert_int_equal(stat(in, &about), 0);
    assert_int_equal(truncate(in, about.st_size / 2), 0);
    assert_says(import_as("csv", &import), CAIRN_DATA,
                "test_import.in: is damaged or not complete");
}

static void test_nothing_is_replaced_unasked(void **state)
{
    (void)state;
    const struct cairn_about about = {0};
    struct cairn_writer *writer = NULL;
    write_words(out, "precious");
    assert_says(cairn_writer_create(out, false, &about, &writer), CAIRN_USAGE,
                "--overwrite replaces it");
    assert_says(cairn_writer_create("no/such/folder.h5", false, &about, &writer), CAIRN_FILES,
                "No such file");
}

/* What is in the repository is what the CSV files make. */
static uint64_t fingerprint_of(const char *path)
{
    uint64_t hash = 0;
    struct cairn_dataset *dataset = NULL;
    assert_ok(cairn_dataset_open(path, &dataset));
    assert_ok(cairn_dataset_fingerprint(dataset, &hash));
    cairn_dataset_close(dataset);
    return hash;
}

static void test_datasets_of_the_repository(void **state)
{
    (void)state;
    const char *const digits[1] = {CAIRN_SOURCE_DIR "/datasets/digits.csv.gz"};
    const char *const diabetes[1] = {CAIRN_SOURCE_DIR "/datasets/diabetes.csv.gz"};
    struct cairn_import import = {.source = digits, .n_sources = 1};
    assert_ok(import_as("digits", &import));
    assert_true(fingerprint_of(out) == fingerprint_of(CAIRN_SOURCE_DIR "/datasets/digits.h5"));
    import = (struct cairn_import){
        .source = diabetes, .n_sources = 1, .standardize = true, .test_every = 5};
    assert_ok(import_as("csv", &import));
    if (CAIRN_REAL_BITS == 32) /* a build with doubles stores float64 */
        assert_true(fingerprint_of(out) ==
                    fingerprint_of(CAIRN_SOURCE_DIR "/datasets/diabetes.h5"));
}

static void test_diabetes_is_standardised(void **state)
{
    (void)state;
    struct cairn_dataset *dataset = NULL;
    struct cairn_loader *loader = NULL;
    const struct cairn_loader_options options = {.micro = 353, .memory_bytes = SIZE_MAX};
    struct cairn_micro micro;
    assert_ok(cairn_dataset_open(CAIRN_SOURCE_DIR "/datasets/diabetes.h5", &dataset));
    assert_int_equal(cairn_dataset_size(dataset, CAIRN_SPLIT_TEST), 89);
    assert_ok(cairn_loader_create(dataset, &options, &loader));
    assert_ok(cairn_loader_read(loader, 0, 353, &micro));
    for (size_t column = 0; column < 11; column++) {
        double sum = 0;
        double squares = 0;
        for (size_t i = 0; i < 353; i++) {
            double value = (double)(column < 10 ? micro.x[i * 10 + column] : micro.target[i]);
            sum += value;
            squares += value * value;
        }
        assert_true(fabs(sum / 353) < 1e-6 && fabs(squares / 353 - 1) < 1e-6); /* float32 */
    }
    cairn_loader_free(loader);
    cairn_dataset_close(dataset);
    unlink(out);
    unlink(in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_registry),
        cmocka_unit_test(test_csv_with_header),
        cmocka_unit_test(test_csv_classes),
        cmocka_unit_test(test_csv_fraction),
        cmocka_unit_test(test_csv_refusals),
        cmocka_unit_test(test_csv_with_nul),
        cmocka_unit_test(test_idx_types),
        cmocka_unit_test(test_idx_doubles_are_targets),
        cmocka_unit_test(test_idx_refusals),
        cmocka_unit_test(test_damaged_gzip),
        cmocka_unit_test(test_nothing_is_replaced_unasked),
        cmocka_unit_test(test_datasets_of_the_repository),
        cmocka_unit_test(test_diabetes_is_standardised),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
