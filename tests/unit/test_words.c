/* SPDX-License-Identifier: BSD-3-Clause
 * Words as a shell reads and writes them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/words.h"

/* What a shell would read stands behind each text. */
static void test_split(void **state)
{
    (void)state;
    static const struct {
        const char *text, *word[4];
    } cases[] = {
        {"", {NULL}},
        {" \t ", {NULL}},
        {"one", {"one"}},
        {"  apptainer exec  image.sif ", {"apptainer", "exec", "image.sif"}},
        {"a 'b c' \"d 'e\"", {"a", "b c", "d 'e"}},
        {"a'b'\"c\"d ''", {"abcd", ""}},
        {"a\\ b \\'", {"a b", "'"}},
        {"'a\\b' \\", {"a\\b", "\\"}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cairn_words words = {.n = 0};
        assert_int_equal(cairn_words_split(cases[i].text, &words), CAIRN_OK);
        for (size_t k = 0; k < words.n; k++) assert_string_equal(words.word[k], cases[i].word[k]);
        assert_null(cases[i].word[words.n]);
        assert_null(words.word[words.n]);
        cairn_words_free(&words);
    }
}

static void test_no_end(void **state)
{
    (void)state;
    static const char *const texts[] = {"a 'b", "\"", "a'b\"c\""};
    struct cairn_words words = {.n = 7};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_int_equal(cairn_words_split(texts[i], &words), CAIRN_USAGE);
    assert_int_equal(words.n, 7);
    assert_string_equal(cairn_error_text(), "a quote ' has no end");
}

/* Quoted and read again, a word is what it was. */
static void test_quote(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "", "plain-1.0_/x=y,z:@%+", "two words", "it's", "$(rm) `x`", "\\", "\"", "a\nb"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char *text = NULL;
        size_t n = 0;
        struct cairn_words words = {.n = 0};
        FILE *file = open_memstream(&text, &n);
        assert_non_null(file);
        cairn_words_quote(file, texts[i]);
        fclose(file);
        if (i == 1) assert_string_equal(text, texts[i]);
        if (i == 4) assert_string_equal(text, "'$(rm) `x`'");
        assert_int_equal(cairn_words_split(text, &words), CAIRN_OK);
        assert_int_equal(words.n, 1);
        assert_string_equal(words.word[0], texts[i]);
        cairn_words_free(&words);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_split),
        cmocka_unit_test(test_no_end),
        cmocka_unit_test(test_quote),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
