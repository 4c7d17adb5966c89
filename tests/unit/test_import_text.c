/* SPDX-License-Identifier: BSD-3-Clause
 * cairn import text: characters and bytes as tokens, parts, and what is refused; and UTF-8. */
#include "base/utf8.h"
#include "data/format.h"
#include "support/data.h"

#include <zlib.h>

static const char path[] = "test_import_text.h5";

static cairn_status import_text(const struct cairn_import *rules)
{
    const struct cairn_about about = {0};
    const struct cairn_format *format = NULL;
    struct cairn_writer *writer = NULL;
    assert_ok(cairn_format_find("text", &format));
    assert_ok(cairn_writer_create(path, true, &about, &writer));
    cairn_status st = format->run(rules, writer);
    if (st == CAIRN_OK) assert_ok(cairn_writer_finish(writer));
    cairn_writer_free(writer);
    return st;
}

static cairn_status import_bytes(const char *bytes, size_t n, struct cairn_import rules)
{
    static const char *const sources[] = {"test_import_text.txt"};
    write_bytes(sources[0], bytes, n);
    rules.source = sources;
    rules.n_sources = 1;
    return import_text(&rules);
}

/* All tokens of a group. */
static void read_tokens(enum cairn_split split, enum cairn_h5_type type, size_t n, void *out)
{
    char name[32];
    struct cairn_h5 *file = NULL;
    struct cairn_h5_form stored;
    snprintf(name, sizeof name, "/%s/tokens", cairn_split_name(split));
    assert_ok(cairn_h5_open(path, &file));
    assert_ok(cairn_h5_describe(file, name, &stored));
    assert_int_equal(stored.type, type);
    assert_int_equal(stored.shape.dim[0], n);
    assert_ok(cairn_h5_read(file, name, &stored, out));
    assert_ok(cairn_h5_close(file));
}

static void test_import_characters(void **state)
{
    (void)state;
    struct cairn_dataset *dataset = NULL;
    uint8_t token[16];
    static const char text[] = "\xef\xbb\xbf"
                               "zb\xc3\xa4\xe2\x82\xac\n\xf0\x9f\x98\x80zzab"; /* 10 characters */
    const struct cairn_import rules = {.val_part = 0.2, .test_part = 0.2};
    assert_ok(import_bytes(text, sizeof text - 1, rules));
    read_tokens(CAIRN_SPLIT_TRAIN, CAIRN_H5_U8, 6, token);
    assert_memory_equal(token, "\3\2\4\5\0\6", 6);
    read_tokens(CAIRN_SPLIT_VAL, CAIRN_H5_U8, 2, token);
    assert_memory_equal(token, "\3\3", 2);
    read_tokens(CAIRN_SPLIT_TEST, CAIRN_H5_U8, 2, token);
    assert_memory_equal(token, "\1\2", 2);
    assert_ok(cairn_dataset_open(path, &dataset));
    assert_string_equal(cairn_dataset_characters(dataset),
                        "\nabz\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
    assert_int_equal(cairn_dataset_vocabulary(dataset), 7);
    cairn_dataset_close(dataset);
}

static void test_import_bytes(void **state)
{
    (void)state;
    struct cairn_dataset *dataset = NULL;
    unsigned char text[300];
    unsigned char token[300];
    for (size_t i = 0; i < sizeof text; i++) text[i] = (unsigned char)(i * 7);
    assert_ok(import_bytes((char *)text, sizeof text, (struct cairn_import){.bytes = true}));
    read_tokens(CAIRN_SPLIT_TRAIN, CAIRN_H5_U8, sizeof text, token);
    assert_memory_equal(token, text, sizeof text);
    assert_ok(cairn_dataset_open(path, &dataset));
    assert_int_equal(cairn_dataset_vocabulary(dataset), 256);
    assert_null(cairn_dataset_characters(dataset));
    assert_false(cairn_dataset_has(dataset, CAIRN_SPLIT_VAL));
    cairn_dataset_close(dataset);
}

/* More characters than a byte counts, then more than two bytes count: in the smallest type. */
static void check_many(uint32_t n, enum cairn_h5_type type, size_t size)
{
    enum { MOST = 70000 };
    static char text[MOST * CAIRN_UTF8_BYTES];
    static unsigned char token[MOST * 4];
    struct cairn_dataset *dataset = NULL;
    size_t bytes = 0;
    for (uint32_t i = 0; i < n; i++)
        bytes += cairn_utf8_write(i < 0xd000 ? i + 1 : i + 0x2000, text + bytes);
    assert_ok(import_bytes(text, bytes, (struct cairn_import){0}));
    read_tokens(CAIRN_SPLIT_TRAIN, type, n, token);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t value = 0;
        memcpy(&value, token + i * size, size);
        assert_int_equal(value, i);
    }
    assert_ok(cairn_dataset_open(path, &dataset));
    assert_int_equal(cairn_dataset_vocabulary(dataset), n);
    assert_int_equal(strlen(cairn_dataset_characters(dataset)), bytes);
    cairn_dataset_close(dataset);
}

static void test_import_types(void **state)
{
    (void)state;
    check_many(256, CAIRN_H5_U8, 1);
    check_many(257, CAIRN_H5_U16, 2);
    check_many(65536, CAIRN_H5_U16, 2);
    check_many(65537, CAIRN_H5_U32, 4);
}

static void test_import_several_files(void **state)
{
    (void)state;
    static const char *const sources[] = {"test_import_text.a", "test_import_text.b.gz",
                                          "test_import_text.a"};
    const struct cairn_import rules = {.source = sources, .n_sources = 3};
    static char packed[20000];
    static unsigned char token[20100];
    for (size_t i = 0; i < sizeof packed; i++) packed[i] = (char)('a' + i % 3);
    write_words(sources[0], "cb");
    gzFile stream = gzopen(sources[1], "wb");
    assert_int_equal(gzwrite(stream, packed, sizeof packed), sizeof packed);
    assert_int_equal(gzclose(stream), Z_OK);
    assert_ok(import_text(&rules));
    read_tokens(CAIRN_SPLIT_TRAIN, CAIRN_H5_U8, sizeof packed + 4, token);
    assert_memory_equal(token, "\2\1", 2);
    for (size_t i = 0; i < sizeof packed; i++) assert_int_equal(token[i + 2], i % 3);
    assert_memory_equal(token + 2 + sizeof packed, "\2\1", 2);
}

static void test_import_refusals(void **state)
{
    (void)state;
    const struct cairn_import plain = {0};
    const struct cairn_import all = {.val_part = 0.6, .test_part = 0.4};
    const struct cairn_import small = {.val_part = 0.1};
    const struct cairn_import both = {.bytes = true, .characters = true};
    const struct cairn_import none = {0};
    static const char *const missing[] = {"test_import_text.none"};
    const struct cairn_import absent = {.source = missing, .n_sources = 1};
    assert_says(import_bytes("a\nb\xff"
                             "c",
                             5, plain),
                CAIRN_DATA, "test_import_text.txt:2: byte 3 (0xff) is not UTF-8");
    assert_says(import_bytes("a\nb\xc3", 4, plain), CAIRN_DATA, "byte 3 (0xc3) is not UTF-8");
    assert_says(import_bytes("a\n\0b", 4, plain), CAIRN_DATA,
                "test_import_text.txt:2: byte 2 is NUL, not a character; --bytes accepts any file");
    assert_says(import_bytes("", 0, plain), CAIRN_DATA, "test_import_text.txt: is empty");
    assert_says(import_bytes("abcdef", 6, all), CAIRN_USAGE, "leave nothing to train on");
    assert_says(import_bytes("abcdef", 6, small), CAIRN_USAGE,
                "of 6 tokens the group val gets 1, too few");
    assert_says(import_bytes("a", 1, plain), CAIRN_USAGE, "of 1 tokens the group train gets 1");
    assert_says(import_bytes("abc", 3, both), CAIRN_USAGE, "--bytes or --characters");
    assert_says(import_text(&none), CAIRN_USAGE, "takes one or more files");
    assert_says(import_text(&absent), CAIRN_DATA, "test_import_text.none: No such file");
}

/* Every code point there and back, and what is none. */
static void test_utf8(void **state)
{
    (void)state;
    static const char *const wrong[] = {"\x80",         "\xc0\xaf",
                                        "\xc1\x81",     "\xe0\x9f\xbf",
                                        "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
                                        "\xf5\x80\x80", "\xf4\x90\x80\x80",
                                        "\xe2\x82",     "\xc3z",
                                        "\xff"};
    uint32_t back = 0;
    for (uint32_t code = 0; code < CAIRN_UTF8_CODES; code++) {
        char text[CAIRN_UTF8_BYTES];
        size_t n = cairn_utf8_write(code, text);
        bool surrogate = code >= 0xd800 && code < 0xe000;
        assert_int_equal(cairn_utf8_read(text, n, &back), surrogate ? 0 : n);
        if (!surrogate) assert_int_equal(back, code);
        assert_int_equal(cairn_utf8_read(text, n - 1, &back), 0);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(cairn_utf8_read(wrong[i], strlen(wrong[i]), &back), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_import_characters), cmocka_unit_test(test_import_bytes),
        cmocka_unit_test(test_import_types),      cmocka_unit_test(test_import_several_files),
        cmocka_unit_test(test_import_refusals),   cmocka_unit_test(test_utf8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
