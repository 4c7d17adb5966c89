/* SPDX-License-Identifier: BSD-3-Clause
 * What a run records of itself: provenance.json, summary.json, their numbers and texts, and facts
 * of the system. */
#include <math.h>

#include "record/json.h"
#include "record/number.h"
#include "record/system.h"
#include "support/run_folder.h"

/* The number of places where `part` stands in a file. */
static size_t count_in(const char *name, const char *part)
{
    char *text = NULL;
    size_t n = 0;
    assert_int_equal(cairn_file_read(path_of(name), &text), CAIRN_OK);
    assert_non_null(text);
    for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part)) n++;
    free(text);
    return n;
}

static void test_provenance(void **state)
{
    (void)state;
    const struct cairn_fact facts[] = {
        {"version", "0.1.0", false},       {"ranks", "4", true},
        {"hosts", "[\"a\", \"b\"]", true}, {"command_line", "[x] \"q\" \\ \t", false},
        {"resumed", NULL, false},          {NULL, NULL, false}};
    struct cairn_run_folder *folder = started(0);
    for (int start = 0; start < 3; start++) {
        assert_int_equal(cairn_run_folder_provenance_begin(folder, facts), CAIRN_OK);
        assert_int_equal(count_in("provenance.json", "\"end\": null"), start == 0 ? 1 : 2);
        if (start == 0) continue; /* killed: its end stays null */
        assert_int_equal(cairn_run_folder_provenance_end(folder, "done"), CAIRN_OK);
    }
    assert_int_equal(count_in("provenance.json", "\"begin\": \"20"), 3);
    assert_int_equal(count_in("provenance.json", "\"end\": null"), 1);
    assert_int_equal(count_in("provenance.json", "\"status\": \"done\"\n  }"), 2);
    assert_int_equal(
        count_in("provenance.json", "\"command_line\": \"[x] \\\"q\\\" \\\\ \\u0009\""), 3);
    assert_int_equal(count_in("provenance.json", "\"ranks\": 4,"), 3);
    assert_int_equal(count_in("provenance.json", "\n  },\n  {\n"), 2);
    cairn_run_folder_close(folder);
}

static void test_damaged_provenance_is_kept(void **state)
{
    (void)state;
    const struct cairn_fact facts[] = {{"version", "0.1.0", false}, {NULL, NULL, false}};
    struct cairn_run_folder *folder = started(0);
    write_text("provenance.json", "[\n  {\"begin\": ");
    assert_int_equal(cairn_run_folder_provenance_begin(folder, facts), CAIRN_OK);
    assert_text("provenance.json.damaged", "[\n  {\"begin\": ");
    assert_int_equal(count_in("provenance.json", "[\n  {\n    \"begin\": "), 1);
    write_text("provenance.json", "[ ]"); /* an empty list */
    assert_int_equal(cairn_run_folder_provenance_begin(folder, facts), CAIRN_OK);
    assert_int_equal(count_in("provenance.json", "[\n  {\n    \"begin\": "), 1);
    write_text("provenance.json", "changed");
    assert_int_equal(cairn_run_folder_provenance_end(folder, "done"), CAIRN_OK);
    assert_text("provenance.json", "changed");
    cairn_run_folder_close(folder);
}

static void test_summary(void **state)
{
    (void)state;
    struct cairn_run_folder *folder = started(0);
    struct cairn_summary summary = {.status = "done",
                                    .updates = 120,
                                    .ranks = 2,
                                    .train_loss = 0.125,
                                    .eval = {.loss = 0.25, .accuracy = (double)NAN},
                                    .weights_hash = UINT64_C(0xabc),
                                    .wall_s = 1.0 / 3,
                                    .n_parameters = 650};
    char *text = NULL;
    assert_int_equal(cairn_run_folder_summary(folder, &summary, &text), CAIRN_OK);
    assert_text("summary.json", text);
    assert_string_equal(
        text,
        "{\n  \"status\": \"done\",\n  \"updates\": 120,\n  \"epochs\": "
        "0,\n  \"samples\": 0,\n"
        "  \"ranks\": 2,\n  \"micro_batch\": 0,\n  \"global_batch\": 0,\n  \"train_loss\": 0.125,\n"
        "  \"eval_loss\": 0.25,\n  \"eval_accuracy\": null,\n"
        "  \"weights_hash\": \"0000000000000abc\",\n  \"samples_per_s\": 0,\n"
        "  \"wall_s\": 0.333333,\n  \"compute_s\": 0,\n  \"reduce_s\": 0,\n  \"data_s\": 0,\n"
        "  \"checkpoint_s\": 0,\n  \"checkpoints\": 0,\n  \"checkpoint_write_s\": 0,\n"
        "  \"peak_rss_bytes\": 0,\n  \"n_parameters\": 650\n}\n");
    free(text);
    cairn_run_folder_close(folder);
}

static void test_json_escapes(void **state)
{
    (void)state;
    struct cairn_json json = {0};
    char *text = NULL;
    cairn_json_open(&json, NULL, '[');
    cairn_json_text(&json, NULL, "\x01\x1f\n\"\\/");
    cairn_json_text(&json, NULL, "M\xc3\xbcnster \xf0\x9f\x8f\x94");
    cairn_json_text(&json, NULL, "\xff \xc0\xaf \xed\xa0\x80 \xe2\x82"); /* no UTF-8 */
    cairn_json_number(&json, NULL, (double)INFINITY);
    cairn_json_open(&json, NULL, '{');
    cairn_json_close(&json, '}');
    cairn_json_close(&json, ']');
    assert_int_equal(cairn_json_take(&json, &text), CAIRN_OK);
    assert_string_equal(text, "[\n  \"\\u0001\\u001f\\n\\\"\\\\/\",\n"
                              "  \"M\xc3\xbcnster \xf0\x9f\x8f\x94\",\n"
                              "  \"\\ufffd \\ufffd\\ufffd \\ufffd\\ufffd\\ufffd \\ufffd\\ufffd\",\n"
                              "  null,\n  {}\n]\n");
    free(text);
}

static void test_numbers_read_back(void **state)
{
    (void)state;
    const double values[] = {0.1, 1.0 / 3, 5e-324, 1.7976931348623157e308, -0.0, 0.1f, 123456789};
    char text[CAIRN_NUMBER_BYTES];
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        cairn_number_text(values[i], text);
        double back = strtod(text, NULL);
        assert_memory_equal(&back, &values[i], sizeof back);
    }
    cairn_number_text(0.1, text);
    assert_string_equal(text, "0.1");
}

static void expect_cpu(const char *file, const char *expected)
{
    char text[CAIRN_SYSTEM_TEXT_BYTES] = "aarch64";
    write_text("cpuinfo", file);
    cairn_system_cpu_in(path_of("cpuinfo"), text);
    assert_string_equal(text, expected);
}

static void test_cpu_by_words_or_numbers(void **state)
{
    (void)state;
    cairn_run_folder_close(started(0)); /* for files to be in */
    expect_cpu("processor\t: 0\nmodel\t\t: 1\nmodel name\t: An x86 of 3.0 GHz\nstepping\t: 1\n",
               "An x86 of 3.0 GHz");
    expect_cpu("processor\t: 0\nBogoMIPS\t: 243.75\nFeatures\t: fp asimd\nCPU implementer\t: 0x41\n"
               "CPU architecture: 8\nCPU variant\t: 0x3\nCPU part\t: 0xd0c\nCPU revision\t: 1\n\n"
               "processor\t: 1\nCPU implementer\t: 0x42\n",
               "aarch64, implementer 0x41, variant 0x3, part 0xd0c, revision 1");
    expect_cpu("processor\t: 0\nhart\t: 0\n", "aarch64");
    expect_cpu("", "aarch64");
}

static void test_system(void **state)
{
    (void)state;
    char text[CAIRN_SYSTEM_TEXT_BYTES];
    char *command = NULL;
    cairn_system_cpu(text);
    assert_true(strlen(text) > 0);
    cairn_system_release(text);
    assert_non_null(strchr(text, ' '));
    assert_int_equal(cairn_system_command(&command), CAIRN_OK);
    assert_non_null(strstr(command, "test_run_records"));
    free(command);
    assert_true(cairn_system_peak_rss_bytes() > 100000);
    assert_true(cairn_system_free_bytes(".") > 0);
    assert_true(cairn_system_program_hash() != 0);
    assert_true(cairn_system_program_hash() == cairn_system_program_hash());
    assert_true(strlen(cairn_system_build()->compiler) > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_provenance, fresh),
        cmocka_unit_test_setup(test_damaged_provenance_is_kept, fresh),
        cmocka_unit_test_setup(test_summary, fresh),
        cmocka_unit_test(test_json_escapes),
        cmocka_unit_test(test_numbers_read_back),
        cmocka_unit_test_setup(test_cpu_by_words_or_numbers, fresh),
        cmocka_unit_test_setup(test_system, fresh),
    };
    return cmocka_run_group_tests(tests, make_top, remove_top);
}
