/* SPDX-License-Identifier: BSD-3-Clause
 * Text tables: cells, headers, what columns become, rows without values. */
#include "data/csv/cell.h"
#include "data/csv/columns.h"
#include "data/csv/stored.h"
#include "data/csv/table.h"
#include "support/data.h"

#include <math.h>

static const char in[] = "test_csv.in";

static cairn_status read(const char *text, const struct cairn_csv_options *options,
                         struct cairn_csv_table *out)
{
    write_words(in, text);
    return cairn_csv_table_read(in, options, out);
}

/* The features of all rows, one after the other. */
static void assert_features(const struct cairn_csv_table *table, size_t n, const double *wanted)
{
    assert_int_equal(table->n_rows * table->n_features, n);
    for (size_t i = 0; i < n; i++) assert_true(table->feature[i] == wanted[i]);
}
#define ASSERT_FEATURES(table, ...)                                                                \
    assert_features((table), sizeof((double[]){__VA_ARGS__}) / sizeof(double),                     \
                    (double[]){__VA_ARGS__})

static void test_cells(void **state)
{
    (void)state;
    static const char *const missing[] = {"", "NA", "nan", "N/A", "NULL", "none", "?", "."};
    static const char *const filled[] = {"0", "x", "nano", "-", ".."};
    static const char *const no_dates[] = {"2024-02-30", "2023-02-29",  "2024-13-01",      "2024-1",
                                           "2024-01/02", "2024-01-02x", "2024-01-02T25:00"};
    double value = 0;
    for (size_t i = 0; i < 8; i++) assert_true(cairn_cell_is_missing(missing[i]));
    for (size_t i = 0; i < 5; i++) assert_false(cairn_cell_is_missing(filled[i]));
    for (size_t i = 0; i < 7; i++) assert_false(cairn_cell_date(no_dates[i], &value));
    assert_true(cairn_cell_date("1970-01-01", &value) && value == 0);
    assert_true(cairn_cell_date("2024-02-29", &value) && value == 19782);
    assert_true(cairn_cell_date("1900/03/01", &value) && value == -25508);
    assert_true(cairn_cell_date("1970-01-02T18:00:00Z", &value) && value == 1.75);
    assert_true(cairn_cell_date("1969-12-31 12:00", &value) && value == -0.5);
    assert_true(cairn_cell_number("1,5", true, &value) && value == 1.5);
    assert_false(cairn_cell_number("1,5", false, &value));
    assert_false(cairn_cell_number("nan", false, &value));
    assert_true(cairn_cell_boolean("TRUE", &value) && value == 1);
    assert_true(cairn_cell_boolean("no", &value) && value == 0);
    assert_false(cairn_cell_boolean("nope", &value));
}

static void test_headers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int header;
        size_t n_rows;
    } cases[] = {
        {"a,b\n1,2\n3,4\n", CAIRN_CSV_HEADER_AUTO, 2},
        {"1,2\n3,4\n", CAIRN_CSV_HEADER_AUTO, 2},
        {"0,1,2\n5,6,7\n", CAIRN_CSV_HEADER_AUTO, 1},          /* pandas without names */
        {"0,1\n5,6\n", CAIRN_CSV_HEADER_AUTO, 2},              /* may well be numbers */
        {"name,2019,2020\n5,6,7\n", CAIRN_CSV_HEADER_AUTO, 1}, /* years as names */
        {"1,2\n3,4\n", CAIRN_CSV_HEADER_YES, 1},
        {"0,1,2\n5,6,7\n", CAIRN_CSV_HEADER_NO, 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct cairn_csv_options options = {.header = cases[i].header};
        struct cairn_csv_table table = {0};
        assert_ok(read(cases[i].text, &options, &table));
        assert_int_equal(table.n_rows, cases[i].n_rows);
        cairn_csv_table_free(&table);
    }
}

static void test_rows_are_not_features(void **state)
{
    (void)state;
    static const char *const left_out[] = {
        "\"\",a,b\n1,5,6\n2,7,8\n",     "Unnamed: 0,a,b\n0,5,6\n1,7,8\n",
        "\"\",a,b\n3,5,6\n17,7,8\n",    "\"\",a,b\nFord,5,6\nFiat,7,8\n",
        "rownames,a,b\n1,5,6\n2,7,8\n", "\"\",a,b\n20,5,6\n3,7,8\n",
        "\"\",7.5,8.5\nx,5,6\ny,7,8\n",
    };
    static const char *const kept[] = {"id,a,b\n1,5,6\n2,7,8\n", "rownames,a,b\n2,5,6\n1,7,8\n",
                                       "1,5,6\n2,7,8\n"};
    const struct cairn_csv_options plain = {0}, only = {.only = "a"};
    struct cairn_csv_table table = {0};
    for (size_t i = 0; i < sizeof left_out / sizeof left_out[0]; i++) {
        assert_ok(read(left_out[i], &plain, &table));
        ASSERT_FEATURES(&table, 5, 7);
        assert_non_null(strstr(table.column[0].why, "names or counts the rows"));
        cairn_csv_table_free(&table);
    }
    for (size_t i = 0; i < 3; i++) {
        assert_ok(read(kept[i], &plain, &table));
        assert_int_equal(table.n_features, 2);
        cairn_csv_table_free(&table);
    }
    assert_says(read("\"\",a\n1,5\n2,7\n", &only, &table), CAIRN_USAGE, "no column is left");
    const struct cairn_csv_options chosen = {.only = "0,a", .target = "b"};
    assert_ok(read(left_out[0], &chosen, &table));
    ASSERT_FEATURES(&table, 1, 5, 2, 7); /* a list has it */
    cairn_csv_table_free(&table);
}

static void test_what_columns_become(void **state)
{
    (void)state;
    static const char text[] = "kind;born;tall;size;t\n"
                               "\"a\nb\";1970-01-02;yes;1,5;1\n"
                               "c;1970-01-03;no;2;2\n"
                               "\"a\nb\";1970-01-04;no;-1,25;3\n";
    const struct cairn_csv_options named = {.categories = "kind"},
                                   automatic = {.categories = "auto"},
                                   dropped = {.drop = "kind,1", .target = "t,size"}, plain = {0},
                                   unknown = {.drop = "kin"},
                                   whole = {.categories = "auto", .target = "kind"},
                                   none = {.categories = "kind", .no_target = true};
    struct cairn_csv_table table = {0};
    for (int i = 0; i < 2; i++) {
        assert_ok(read(text, i == 0 ? &named : &automatic, &table));
        ASSERT_FEATURES(&table, 1, 0, 1, 1, 1.5, 0, 1, 2, 0, 2, 1, 0, 3, 0, -1.25);
        assert_true(table.n_targets == 1 && table.target[2] == 3);
        cairn_csv_table_free(&table);
    }
    assert_ok(read(text, &dropped, &table));
    ASSERT_FEATURES(&table, 1, 0, 0);
    assert_true(table.n_targets == 2 && table.target[0] == 1.5 && table.target[1] == 1);
    cairn_csv_table_free(&table);
    assert_ok(read(text, &whole, &table));
    assert_true(table.label[0] == 0 && table.label[1] == 1);
    assert_string_equal(table.class_names, "a\nb,c");
    cairn_csv_table_free(&table);
    assert_ok(read(text, &none, &table));
    assert_true(table.target == NULL && table.label == NULL && table.n_features == 6);
    cairn_csv_table_free(&table);
    assert_says(
        read(text, &plain, &table), CAIRN_DATA,
        "test_csv.in:2: column 0 is 'a b', not a number (column kind); --categories 'kind'");
    assert_says(read(text, &unknown, &table), CAIRN_USAGE,
                "--drop kin: no column of that name, and indices go from 0 to 4; the columns are "
                "kind, born, tall, size, t");
}

static void test_missing_values(void **state)
{
    (void)state;
    static const char text[] = "a,b,t\n1,x,5\n,y,6\n3,NA,7\n4,y,?\n";
    struct cairn_csv_options options = {.categories = "b"};
    struct cairn_csv_table table = {0};
    assert_says(read(text, &options, &table), CAIRN_DATA,
                "test_csv.in:3: column 0 is '', no value (column a); --missing drop");
    options.missing = CAIRN_CSV_MISSING_DROP;
    assert_ok(read(text, &options, &table));
    ASSERT_FEATURES(&table, 1, 1, 0);
    assert_int_equal(table.n_dropped, 3);
    cairn_csv_table_free(&table);
    options.missing = CAIRN_CSV_MISSING_MEAN; /* of features; a row without target is left out */
    assert_ok(read(text, &options, &table));
    assert_int_equal(table.n_rows, 3);
    assert_true(isnan(table.feature[3]) && table.feature[6] == 3);
    assert_true(table.feature[7] == 0 && table.feature[8] == 0);
    cairn_csv_table_free(&table);
    options.missing = CAIRN_CSV_MISSING_DROP;
    assert_says(read("a,t\n,1\n2,\n",
                     &(struct cairn_csv_options){.missing = CAIRN_CSV_MISSING_DROP}, &table),
                CAIRN_DATA, "every row lacks a value");
}

static void test_lines_passed_over(void **state)
{
    (void)state;
    const struct cairn_csv_options options = {.form = {.skip = 2, .comment = "#"}};
    struct cairn_csv_table table = {0};
    assert_ok(read("made by, a machine\nin, 1999, at night\n# a, b, c\n\n1,2\n#3,4\n5,6\n",
                   &options, &table));
    ASSERT_FEATURES(&table, 1, 5);
    cairn_csv_table_free(&table);
}

/* Names and values with tabs, line ends and backslashes; numbers to the last bit. */
static void test_columns_as_text(void **state)
{
    (void)state;
    char plain[] = "a\tb", slash[] = "c\\n", end[] = "\nd", one[] = "one";
    struct cairn_class value[] = {{slash, 0}, {plain, 1}};
    const struct cairn_csv_column column[] = {
        {.name = plain,
         .kind = CAIRN_CSV_NUMBER,
         .first = 2,
         .mean = 1.0 / 3,
         .deviation = 0.1,
         .standardized = true,
         .filled = true},
        {.name = slash,
         .kind = CAIRN_CSV_CATEGORY,
         .texts = {.item = value, .n = 2},
         .filled = true},
        {.name = end, .why = "--drop"},
        {.name = one,
         .kind = CAIRN_CSV_CATEGORY,
         .is_target = true,
         .texts = {.item = value, .n = 2}},
    };
    struct cairn_csv_columns read = {0};
    char *text = NULL, *again = NULL;
    assert_ok(cairn_csv_columns_text(column, 4, true, &text));
    assert_string_equal(text, "a\\tb\tfeature 2, numbers, less 0.33333333333333331, by "
                              "0.10000000000000001, 0.33333333333333331 where missing\n"
                              "c\\\\n\tfeatures 0 to 1, one for each of 2 values, zeros where "
                              "missing\tc\\\\n\ta\\tb\n"
                              "\\nd\tleft out: --drop\n"
                              "one\ttarget, classes by name\tc\\\\n\ta\\tb\n");
    assert_ok(cairn_csv_columns_parse(text, &read.item, &read.n));
    assert_int_equal(read.n, 4);
    assert_string_equal(read.item[0].name, plain);
    assert_true(read.item[0].mean == 1.0 / 3 && read.item[0].deviation == 0.1);
    assert_true(read.item[1].texts.n == 2 && read.item[3].is_target);
    free(text);
    assert_ok(cairn_csv_columns_text(read.item, read.n, true, &text));
    cairn_csv_columns_free(&read);
    assert_ok(cairn_csv_columns_parse(text, &read.item, &read.n));
    assert_ok(cairn_csv_columns_text(read.item, read.n, true, &again));
    assert_non_null(strstr(again, "a\\tb\tfeature 2, numbers, less 0.33333333333333331, by"));
    cairn_csv_columns_free(&read);
    free(text);
    free(again);
}

static void test_text_that_is_no_columns(void **state)
{
    (void)state;
    static const char *const texts[] = {"a",
                                        "a\tfeature",
                                        "a\tfeature x, numbers",
                                        "a\tsomething",
                                        "a\tfeature 0, letters",
                                        "a\tfeatures 0 to 2, one for each of 2 values\tb\tc",
                                        "a\tfeatures 0 to 1, one for each of 2 values\tb",
                                        "a\tfeatures 0 to 1, one for each of 2 values\tb\tb",
                                        "a\tleft out: "};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct cairn_csv_columns read = {0};
        char text[128];
        snprintf(text, sizeof text, "b\tfeature 0, numbers\n%s\n", texts[i]);
        assert_says(cairn_csv_columns_parse(text, &read.item, &read.n), CAIRN_DATA,
                    "line 2 of its columns");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cells),
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_rows_are_not_features),
        cmocka_unit_test(test_what_columns_become),
        cmocka_unit_test(test_missing_values),
        cmocka_unit_test(test_lines_passed_over),
        cmocka_unit_test(test_columns_as_text),
        cmocka_unit_test(test_text_that_is_no_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
