/* SPDX-License-Identifier: BSD-3-Clause
 * The last error's sentence, checked memory, the arena, and planted faults. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/fault.h"
#include "base/last_error.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "cairn/status.h"

static cairn_status forwards(void)
{
    CAIRN_TRY_IN(cairn_fail(CAIRN_DATA, "%s: %d labels", "a.h5", 3), "reading shard %d", 7);
    return CAIRN_OK;
}

static cairn_status forwards_twice(void)
{
    CAIRN_TRY_IN(forwards(), "training");
    return CAIRN_OK;
}

static void test_sentence(void **state)
{
    (void)state;
    assert_int_equal(forwards_twice(), CAIRN_DATA);
    assert_string_equal(cairn_error_text(), "training: reading shard 7: a.h5: 3 labels");
    assert_int_equal(cairn_fail(CAIRN_FILES, "again: %s", cairn_error_text()), CAIRN_FILES);
    assert_string_equal(cairn_error_text(), "again: training: reading shard 7: a.h5: 3 labels");
    cairn_fail(CAIRN_USAGE, "two\nlines\r");
    assert_string_equal(cairn_error_text(), "two lines ");
}

/* Names and texts of files are in messages: none of them may steer a terminal. */
static void test_clean_text(void **state)
{
    (void)state;
    static const struct {
        const char *text, *clean;
    } cases[] = {
        {"plain \xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80",
         "plain \xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80"},
        {"red \x1b[31m, bell \x07, del \x7f", "red ?[31m, bell ?, del ?"},
        {"C1 \xc2\x9b"
         "31m",
         "C1 ?31m"},
        {"turned \xe2\x80\xae"
         "gpj.exe",
         "turned ?gpj.exe"},
        {"line\r\nand\ttab", "line  and tab"},
        {"cut \xe2\x82", "cut ??"},
        {"Latin-1 \xe4", "Latin-1 ?"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[64];
        char shown[64] = "";
        snprintf(text, sizeof text, "%s", cases[i].text);
        FILE *out = fmemopen(shown, sizeof shown, "w");
        assert_non_null(out);
        cairn_utf8_show(out, text, strlen(text));
        fclose(out);
        assert_string_equal(shown, cases[i].clean);
        assert_string_equal(cairn_utf8_clean(text), cases[i].clean);
        assert_int_equal(cairn_fail(CAIRN_DATA, "%s", cases[i].text), CAIRN_DATA);
        assert_string_equal(cairn_error_text(), cases[i].clean);
    }
}

static void test_long_sentence(void **state)
{
    static char words[5000];
    (void)state;
    memset(words, 'x', sizeof words - 1);
    cairn_fail(CAIRN_USAGE, "%s", words);
    size_t n = strlen(cairn_error_text());
    assert_true(n > 1000 && n < sizeof words);
    for (int i = 0; i < 3; i++) {
        cairn_fail_in(CAIRN_USAGE, "%s", words);
        assert_true(strlen(cairn_error_text()) <= n);
    }
}

static void test_every_status_has_a_meaning(void **state)
{
    (void)state;
#define X(name, value, code, text)                                                                 \
    assert_string_equal(cairn_status_text(CAIRN_##name), text);                                    \
    assert_int_equal(cairn_exit_code(CAIRN_##name), code);
#include "base/status.def"
#undef X
    assert_non_null(cairn_status_text((cairn_status)99));
    assert_int_equal(cairn_exit_code(CAIRN_MEMORY), 2); /* as the contract of the program says */
}

static void test_an_error_is_kept(void **state)
{
    struct cairn_error error;
    (void)state;
    cairn_error_take(cairn_fail(CAIRN_DATA, "the first"), &error);
    assert_string_equal(cairn_error_text(), "the first");
    assert_int_equal(cairn_fail(CAIRN_FILES, "the second"), CAIRN_FILES);
    assert_int_equal(cairn_error_put(&error), CAIRN_DATA);
    assert_string_equal(cairn_error_text(), "the first");
}

static void test_memory(void **state)
{
    unsigned char *block = NULL;
    char *text = NULL;
    (void)state;
    assert_int_equal(cairn_memory_get(3, 5, "bytes", &block), CAIRN_OK);
    assert_int_equal((uintptr_t)block % CAIRN_ALIGNMENT, 0);
    for (int i = 0; i < 15; i++) assert_int_equal(block[i], 0);
    free(block);
    block = NULL;
    assert_int_equal(cairn_memory_get(0, 5, "nothing", &block), CAIRN_OK);
    assert_non_null(block);
    free(block);
    block = NULL;
    assert_int_equal(cairn_memory_get(SIZE_MAX / 4, 5, "too much", &block), CAIRN_MEMORY);
    assert_int_equal(cairn_memory_get(SIZE_MAX, 1, "too much", &block), CAIRN_MEMORY);
    assert_non_null(strstr(cairn_error_text(), "too much"));
    assert_int_equal(cairn_memory_get((size_t)1 << 46, 1, "64 TiB", &block), CAIRN_MEMORY);
    assert_non_null(strstr(cairn_error_text(), "64 TiB"));
    assert_null(block);
    assert_int_equal(cairn_memory_text("a word", &text), CAIRN_OK);
    assert_string_equal(text, "a word");
    free(text);
}

static void test_arena(void **state)
{
    struct cairn_arena arena = {0};
    (void)state;
    size_t a = cairn_arena_plan(&arena, 3, sizeof(float));
    size_t b = cairn_arena_plan(&arena, 17, sizeof(float));
    size_t c = cairn_arena_plan(&arena, 1, 1);
    assert_int_equal(a, 0);
    assert_int_equal(b, CAIRN_ALIGNMENT);
    assert_int_equal(c, 3 * CAIRN_ALIGNMENT);
    assert_int_equal(arena.planned_bytes, 4 * CAIRN_ALIGNMENT);
    assert_int_equal(cairn_arena_allocate(&arena, "a test"), CAIRN_OK);
    assert_int_equal((uintptr_t)cairn_arena_at(&arena, b) % CAIRN_ALIGNMENT, 0);
    assert_true((unsigned char *)cairn_arena_at(&arena, c) -
                    (unsigned char *)cairn_arena_at(&arena, b) ==
                2 * CAIRN_ALIGNMENT);
    cairn_arena_free(&arena);
    assert_null(arena.base);
    cairn_arena_free(&arena);
}

static void test_arena_that_overflows(void **state)
{
    struct cairn_arena arena = {0};
    (void)state;
    cairn_arena_plan(&arena, SIZE_MAX / 2, 1);
    cairn_arena_plan(&arena, SIZE_MAX / 2, 4);
    cairn_arena_plan(&arena, 1, 1);
    assert_int_equal(cairn_arena_allocate(&arena, "a test"), CAIRN_MEMORY);
    assert_null(arena.base);
}

static void test_faults(void **state)
{
    static const bool wanted[] = {false, false, true, false, false};
    (void)state;
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        assert_false(cairn_fault("data.rea"));
        assert_false(cairn_fault("data.reader"));
        assert_int_equal(cairn_fault("data.read"), wanted[i]);
    }
}

static void test_fault_of_another_rank(void **state)
{
    (void)state;
    assert_int_equal(setenv("CAIRN_FAULT", "data.open@1#6", 1), 0); /* five were counted above */
    assert_false(cairn_fault("data.open"));
    cairn_fault_set_rank(1);
    assert_true(cairn_fault("data.open"));
    cairn_fault_set_rank(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sentence),
        cmocka_unit_test(test_clean_text),
        cmocka_unit_test(test_long_sentence),
        cmocka_unit_test(test_every_status_has_a_meaning),
        cmocka_unit_test(test_an_error_is_kept),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_arena),
        cmocka_unit_test(test_arena_that_overflows),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_fault_of_another_rank),
    };
    if (setenv("CAIRN_FAULT", "data.read#3", 1) != 0)
        return 1; /* it is looked up once, at the first point */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
