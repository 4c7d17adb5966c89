/* SPDX-License-Identifier: BSD-3-Clause
 * Amounts of memory: as people write them, and the same after a way there and back. */
#include "base/bytes.h"
#include "support/data.h"

static void test_forms(void **state)
{
    static const struct {
        const char *text;
        double bytes;
    } cases[] = {{"0", 0},
                 {"1500", 1500},
                 {"64G", 64.0 * 1024 * 1024 * 1024},
                 {"64g", 64.0 * 1024 * 1024 * 1024},
                 {"64GiB", 64.0 * 1024 * 1024 * 1024},
                 {"64GB", 64e9},
                 {"1.5KiB", 1536},
                 {"3M", 3.0 * 1024 * 1024},
                 {"2TB", 2e12},
                 {"1e6", 1e6}};
    static const char *const wrong[] = {"",     "G",    "-1", "1 G", "1Gi", "1X",
                                        "0x10", "1GBs", "1B", "nan", " 1",  "1e999"};
    double bytes = 0;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_true(cairn_amount_read(cases[i].text, &bytes));
        assert_true(bytes == cases[i].bytes);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(cairn_amount_read(wrong[i], &bytes));
}

static void test_there_and_back(void **state)
{
    static const double amounts[] = {0, 1, 1023, 1024, 1025, 3.0 * 1024 * 1024 * 1024, 1e9, 5e15};
    static const char *const texts[] = {"0", "1", "1023", "1KiB", "1025", "3GiB"};
    char text[CAIRN_AMOUNT_BYTES];
    (void)state;
    for (size_t i = 0; i < sizeof amounts / sizeof amounts[0]; i++) {
        double bytes = -1;
        cairn_amount_text(amounts[i], text);
        assert_true(cairn_amount_read(text, &bytes));
        assert_true(bytes == amounts[i]);
        if (i < 6) assert_string_equal(text, texts[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_there_and_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
