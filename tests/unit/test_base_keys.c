/* SPDX-License-Identifier: BSD-3-Clause
 * The document tree, and tables of keys that read from it: types, ranges, words, defaults, nearest
 * names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/keys.h"
#include "base/tree.h"

struct fields {
    size_t units;
    double p;
    bool bias;
    const char *title;
    int init;
    const struct cairn_node *body;
    double after;
};

static const struct cairn_key table[] = {
    {"units", CAIRN_KEY_COUNT, offsetof(struct fields, units), NULL, 1, 100, "none auto", "width"},
    {"p", CAIRN_KEY_REAL, offsetof(struct fields, p), "0.5", 0, 1, NULL, "fraction"},
    {"bias", CAIRN_KEY_BOOL, offsetof(struct fields, bias), "true", 0, 0, NULL, "adds a bias"},
    {"title", CAIRN_KEY_TEXT, offsetof(struct fields, title), "", 0, 0, NULL, "a text"},
    {"init", CAIRN_KEY_CHOICE, offsetof(struct fields, init), "he", 0, 0, "zeros he xavier",
     "scheme"},
    {"body", CAIRN_KEY_TREE, offsetof(struct fields, body), "", 0, 0, "list map", "inner list"},
    {"after", CAIRN_KEY_DURATION, offsetof(struct fields, after), "never", 60, 86400, "auto never",
     "pause"},
};

enum { N_KEYS = sizeof table / sizeof table[0] };

static struct cairn_node *make(enum cairn_node_kind kind, const char *key, const char *text)
{
    struct cairn_node *node = NULL;
    assert_int_equal(cairn_node_create(kind, key, text, &node), CAIRN_OK);
    node->source = "run.yaml";
    node->line = 4;
    node->column = 7;
    return node;
}

/* A map of one or two keys. */
static struct cairn_node *map_of(const char *key, const char *text, const char *key2,
                                 const char *text2)
{
    struct cairn_node *map = make(CAIRN_NODE_MAP, NULL, NULL);
    cairn_node_add(map, make(CAIRN_NODE_SCALAR, key, text));
    if (key2 != NULL) cairn_node_add(map, make(CAIRN_NODE_SCALAR, key2, text2));
    return map;
}

static cairn_status read_two(const char *key, const char *text, const char *key2, const char *text2,
                             struct fields *out)
{
    struct cairn_node *map = map_of(key, text, key2, text2);
    cairn_status st = cairn_keys_read(table, N_KEYS, map, "type name", "layer 2 (dense)", out);
    cairn_node_free(map);
    return st;
}

static void refuse(const char *key, const char *text, const char *says)
{
    struct fields fields = {0};
    assert_int_equal(read_two(key, text, strcmp(key, "units") == 0 ? NULL : "units", "1", &fields),
                     CAIRN_USAGE);
    if (strcmp(cairn_error_text(), says) != 0) print_error("said: %s\n", cairn_error_text());
    assert_string_equal(cairn_error_text(), says);
}

static void test_defaults(void **state)
{
    struct fields fields = {0};
    (void)state;
    assert_int_equal(read_two("units", "10", "type", "dense", &fields), CAIRN_OK);
    assert_int_equal(fields.units, 10);
    assert_true(fields.p == 0.5 && fields.bias);
    assert_string_equal(fields.title, "");
    assert_int_equal(fields.init, 1);
    assert_null(fields.body);
    assert_true(fields.after == CAIRN_KEY_DURATION_WORD(1));
    assert_int_equal(cairn_keys_read(table, N_KEYS, NULL, NULL, "layer", &fields), CAIRN_USAGE);
    assert_string_equal(cairn_error_text(), "the key 'layer.units' must be given: width");
}

static void test_values(void **state)
{
    static const char *const yes[] = {"true", "yes", "on", "True"};
    static const char *const no[] = {"false", "no", "off", "False"};
    struct fields fields = {0};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(read_two("units", "1", "bias", no[i], &fields), CAIRN_OK);
        assert_false(fields.bias);
        assert_int_equal(read_two("units", "1", "bias", yes[i], &fields), CAIRN_OK);
        assert_true(fields.bias);
    }
    assert_int_equal(read_two("units", "1e2", "p", "1e-3", &fields), CAIRN_OK);
    assert_int_equal(fields.units, 100);
    assert_true(fields.p == 1e-3);
    assert_int_equal(read_two("units", "auto", "init", "xavier", &fields), CAIRN_OK);
    assert_true(fields.units == CAIRN_KEY_WORD(1));
    assert_int_equal(fields.init, 2);
    assert_int_equal(read_two("units", "1", "after", "1:30:00", &fields), CAIRN_OK);
    assert_true(fields.after == 5400);
    assert_int_equal(read_two("units", "1", "after", "auto", &fields), CAIRN_OK);
    assert_true(fields.after == CAIRN_KEY_DURATION_WORD(0));
}

static void test_refused(void **state)
{
    (void)state;
    refuse("units", "12abc",
           "run.yaml:4:7: layer 2 (dense).units is 12abc, but takes a whole number, or one of: "
           "none auto");
    refuse(
        "units", "0",
        "run.yaml:4:7: layer 2 (dense).units is 0, but must be at least 1, or one of: none auto");
    refuse("units", "101",
           "run.yaml:4:7: layer 2 (dense).units is 101, but must be at most 100, or one of: none "
           "auto");
    refuse("units", "",
           "run.yaml:4:7: layer 2 (dense).units is empty, but takes a whole number, or one of: "
           "none auto");
    refuse("p", "inf", "run.yaml:4:7: layer 2 (dense).p is inf, but takes a number");
    refuse("p", " 1", "run.yaml:4:7: layer 2 (dense).p is  1, but takes a number");
    refuse("p", "-0.1", "run.yaml:4:7: layer 2 (dense).p is -0.1, but must be at least 0");
    refuse("bias", "1", "run.yaml:4:7: layer 2 (dense).bias is 1, but takes true or false");
    refuse("after", "soon",
           "run.yaml:4:7: layer 2 (dense).after is soon, but takes a span of time (90s, 10m, 2h, "
           "1d, MM:SS, HH:MM:SS or D-HH:MM:SS; a bare number is seconds), or one of: auto never");
    refuse("after", "59",
           "run.yaml:4:7: layer 2 (dense).after is 59, but must be at least 1m, or one of: auto "
           "never");
    refuse("after", "25h",
           "run.yaml:4:7: layer 2 (dense).after is 25h, but must be at most 1d, or one of: auto "
           "never");
    refuse("init", "hee",
           "run.yaml:4:7: layer 2 (dense).init is hee, but takes one of: zeros he xavier");
    refuse("body", "x", "run.yaml:4:7: layer 2 (dense).body is x, but takes one of: list map");
    refuse("unit", "1", "run.yaml:4:7: layer 2 (dense) has no key 'unit'; did you mean 'units'?");
    refuse("qqqqqq", "1", "run.yaml:4:7: layer 2 (dense) has no key 'qqqqqq'; see cairn options");
}

static void test_nearest(void **state)
{
    static const char *const names[] = {"dense", "relu", "dropout", "flatten"};
    (void)state;
    assert_string_equal(cairn_keys_nearest("dens", names, 4), "dense");
    assert_string_equal(cairn_keys_nearest("Dropuot", names, 4), "dropout");
    assert_string_equal(cairn_keys_nearest("flaten", names, 4), "flatten");
    assert_string_equal(cairn_keys_nearest("DENSE", names, 4), "dense");
    assert_null(cairn_keys_nearest("transformer", names, 4));
    assert_null(cairn_keys_nearest("x", names, 0));
}

static void test_words(void **state)
{
    int index = -1;
    (void)state;
    assert_true(cairn_words_find("exact drop carry", "carry", &index));
    assert_int_equal(index, 2);
    assert_false(cairn_words_find("exact drop carry", "carr", &index));
    assert_false(cairn_words_find("exact drop carry", "", NULL));
    assert_false(cairn_words_find(NULL, "x", NULL));
    assert_true(cairn_words_find("a", "a", NULL));
}

static void test_text_reads_the_same(void **state)
{
    static const double values[] = {0.1, 1e-3, 0.30000000000000004, 1.0 / 3, 1e15, 0, 123456789};
    char buffer[CAIRN_KEY_TEXT_BYTES];
    struct fields fields = {.units = CAIRN_KEY_WORD(1), .init = 2, .title = "t"};
    (void)state;
    assert_string_equal(cairn_key_text(&table[0], &fields, buffer), "auto");
    fields.units = 64;
    assert_string_equal(cairn_key_text(&table[0], &fields, buffer), "64");
    assert_string_equal(cairn_key_text(&table[2], &fields, buffer), "false");
    assert_string_equal(cairn_key_text(&table[3], &fields, buffer), "t");
    assert_string_equal(cairn_key_text(&table[4], &fields, buffer), "xavier");
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        fields.p = values[i];
        assert_true(strtod(cairn_key_text(&table[1], &fields, buffer), NULL) == values[i]);
    }
    fields.after = CAIRN_KEY_DURATION_WORD(0);
    assert_string_equal(cairn_key_text(&table[6], &fields, buffer), "auto");
    fields.after = CAIRN_KEY_DURATION_WORD(1);
    assert_string_equal(cairn_key_text(&table[6], &fields, buffer), "never");
    fields.after = 5400;
    assert_string_equal(cairn_key_text(&table[6], &fields, buffer), "90m");
    fields.p = 0.1;
    assert_string_equal(cairn_key_text(&table[1], &fields, buffer), "0.1");
}

static void test_tree(void **state)
{
    (void)state;
    struct cairn_node *a = map_of("x", "1", "y", "2");
    struct cairn_node *b = map_of("y", "2", "x", "1");
    assert_int_equal(cairn_node_count(a), 2);
    assert_string_equal(cairn_node_find(a, "y")->text, "2");
    assert_null(cairn_node_find(a, "z"));
    assert_null(cairn_node_find(NULL, "x"));
    assert_null(cairn_node_find(a->child, "x"));
    assert_true(cairn_node_same(a, b));
    cairn_node_add(b, make(CAIRN_NODE_LIST, "z", NULL));
    assert_false(cairn_node_same(a, b));
    cairn_node_add(a, make(CAIRN_NODE_MAP, "z", NULL));
    assert_false(cairn_node_same(a, b));
    assert_true(cairn_node_same(NULL, NULL));
    assert_false(cairn_node_same(a, NULL));
    assert_string_equal(cairn_node_place(a), "run.yaml:4:7");
    a->line = 0;
    assert_string_equal(cairn_node_place(a), "run.yaml");
    cairn_node_free(a);
    cairn_node_free(b);
    cairn_node_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults), cmocka_unit_test(test_values),
        cmocka_unit_test(test_refused),  cmocka_unit_test(test_nearest),
        cmocka_unit_test(test_words),    cmocka_unit_test(test_text_reads_the_same),
        cmocka_unit_test(test_tree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
