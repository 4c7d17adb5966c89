/* SPDX-License-Identifier: BSD-3-Clause
 * Spans of time: what is read, what is refused, and that what is printed reads the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"

static void test_read(void **state)
{
    static const struct {
        const char *text;
        double seconds;
    } good[] = {
        {"0", 0},
        {"90", 90},
        {"90s", 90},
        {"10m", 600},
        {"2h", 7200},
        {"1d", 86400},
        {"1.5h", 5400},
        {".5s", 0.5},
        {"01:30", 90},
        {"90:00", 5400},
        {"0:05", 5},
        {"2:00:00", 7200},
        {"100:00:01", 360001},
        {"1-0", 86400},
        {"1-12", 129600},
        {"1-12:30", 131400},
        {"1-12:30:15", 131415},
        {"7-00:00:00", 604800},
        {"2.", 2},
    };
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        double seconds = -1;
        if (cairn_duration_read(good[i].text, &seconds) != CAIRN_OK || seconds != good[i].seconds)
            fail_msg("%s: %.17g", good[i].text, seconds);
    }
}

static void test_refused(void **state)
{
    static const char *const bad[] = {
        "",
        " 1",
        "1 ",
        "-1",
        "+1",
        "1x",
        "1ms",
        "s",
        ".",
        "..",
        "1.2.3",
        "1e3",
        "inf",
        "nan",
        "0x10",
        "1h30m",
        ":30",
        "1:",
        "1:60",
        "1:5:60",
        "1:100",
        "1:2:3:4",
        "1-",
        "-1:00",
        "1-24",
        "1-2-3",
        "1-1:60",
        "1-1:1:60",
        "1-1:1:1:1",
        "1.5:00",
        "1:0.5",
        "1:00s",
        "1000000000001",
        "1234567890123456789",
        "9999999999999:00",
        "one hour",
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        double seconds = -1;
        if (cairn_duration_read(bad[i], &seconds) != CAIRN_USAGE || seconds != -1)
            fail_msg("'%s' is taken for %.17g", bad[i], seconds);
    }
    double seconds = 0;
    assert_int_equal(cairn_duration_read("soon", &seconds), CAIRN_USAGE);
    assert_string_equal(cairn_error_text(),
                        "'soon' is not a duration; write it as 90s, 10m, 2h, 1d, MM:SS, HH:MM:SS "
                        "or D-HH:MM:SS; a bare number is seconds");
}

static void test_text(void **state)
{
    static const struct {
        double seconds;
        const char *text;
    } good[] = {{0, "0s"},
                {1, "1s"},
                {60, "1m"},
                {90, "90s"},
                {5400, "90m"},
                {7200, "2h"},
                {86400, "1d"},
                {90000, "25h"},
                {1.5, "1.5s"},
                {0.1, "0.1s"},
                {1e12, "1000000000000s"},
                {0.05, "0.05s"}};
    char buffer[CAIRN_DURATION_BYTES];
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_string_equal(cairn_duration_text(good[i].seconds, buffer), good[i].text);
}

/* Whatever can be read. */
static void test_text_reads_the_same(void **state)
{
    static const char *const texts[] = {
        "0.1d",     "0.3333333333333h", "1.234567890123m", "0.0000000000000001", "0.0005",
        "999.9996", "11574073.1d",      "999999999999",    "123456789.87654321", "1000000000000",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char buffer[CAIRN_DURATION_BYTES];
        double first = -1;
        double again = -2;
        assert_int_equal(cairn_duration_read(texts[i], &first), CAIRN_OK);
        cairn_duration_text(first, buffer);
        if (cairn_duration_read(buffer, &again) != CAIRN_OK || first != again)
            fail_msg("%s: %s gives %.17g, not %.17g", texts[i], buffer, again, first);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_text_reads_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
