/* SPDX-License-Identifier: BSD-3-Clause
 * The run file: what is read, what is refused and in which words, and that what is printed reads
 * the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/config.h"

#define DATA  "data: {file: /d.h5}\n"
#define MODEL "model: [{type: dense, units: 10}]\n"
#define RUN   DATA MODEL

static const char *const none[] = {NULL};

static struct cairn_config *read_ok(const char *text, const char *const *overrides)
{
    struct cairn_config *config = NULL;
    cairn_status st = cairn_config_read(text, strlen(text), "/runs/run.yaml", overrides, &config);
    if (st != CAIRN_OK) print_error("%s\n", cairn_error_text());
    assert_int_equal(st, CAIRN_OK);
    return config;
}

static void test_defaults_and_values(void **state)
{
    (void)state;
    struct cairn_config *config = read_ok(
        RUN
        "loss: cross_entropy\nbatch: {global: 1e3, micro: auto}\noptim: {lr: 1e-3, nesterov: yes}\n"
        "train:\n",
        none);
    assert_int_equal(config->batch_global, 1000);
    assert_true(config->batch_micro == CAIRN_KEY_WORD(1));
    assert_true(config->batch_accumulate == CAIRN_NONE);
    assert_true(config->optim_lr == 1e-3);
    assert_int_equal(config->batch_tail, 0);
    assert_string_equal(config->optim_name, "sgd");
    assert_int_equal(config->train_seed, 1);
    assert_string_equal(config->loss->text, "cross_entropy");
    assert_int_equal(cairn_node_count(config->model), 1);
    assert_true(cairn_config_given(config, "batch.global"));
    assert_false(cairn_config_given(config, "batch.tail"));
    assert_string_equal(cairn_config_place(config, "batch.global"), "/runs/run.yaml:4:9");
    assert_string_equal(cairn_config_place(config, "batch.tail"), "default");
    cairn_config_free(config);
}

static void test_alternatives(void **state)
{
    static const char *const updates[] = {"train.updates=7", NULL};
    static const char *const nothing[] = {"train.updates=none", NULL};
    (void)state;
    struct cairn_config *config = read_ok(RUN "train: {epochs: 3}\n", updates);
    assert_int_equal(config->train_updates, 7);
    assert_true(config->train_epochs == CAIRN_NONE); /* the command line is the later word */
    cairn_config_free(config);
    config = read_ok(RUN "train: {epochs: 3}\n", nothing);
    assert_int_equal(config->train_epochs, 3);
    cairn_config_free(config);
}

static void test_overrides(void **state)
{
    static const char *const overrides[] = {"batch.global=4096",
                                            "optim.lr=1",
                                            "optim.lr=1e-3",
                                            "batch.micro=none",
                                            "model=[{type: dense, units: 3}, {type: relu}]",
                                            "model.0.units=32",
                                            "model.1.name=last",
                                            "train.epochs=7",
                                            NULL};
    (void)state;
    struct cairn_config *config = read_ok(RUN "batch: {global: 1, micro: 2}\ntrain:\n", overrides);
    assert_int_equal(config->batch_global, 4096);
    assert_true(config->batch_micro == CAIRN_NONE);
    assert_true(config->optim_lr == 1e-3);
    assert_int_equal(config->train_epochs, 7);
    assert_string_equal(cairn_config_place(config, "batch.global"), "command line");
    const struct cairn_node *layer = config->model->child;
    assert_string_equal(cairn_node_find(layer, "units")->text, "32");
    assert_string_equal(cairn_node_find(layer->next, "name")->text, "last");
    cairn_config_free(config);
}

static void test_all_from_the_command_line(void **state)
{
    static const char *const overrides[] = {"data.file=/d.h5", "model=[{type: flatten}]", NULL};
    (void)state;
    struct cairn_config *config = read_ok("# nothing\n", overrides);
    assert_string_equal(config->data_file->text, "/d.h5");
    cairn_config_free(config);
}

static void check_path(const char *source, const char *file, const char *override,
                       const char *wanted)
{
    char text[256];
    const char *overrides[] = {override, NULL};
    struct cairn_config *config = NULL;
    snprintf(text, sizeof text, "data:\n  file: %s\n" MODEL, file);
    assert_int_equal(cairn_config_read(text, strlen(text), source, overrides, &config), CAIRN_OK);
    assert_string_equal(config->data_file->text, wanted);
    assert_string_equal(cairn_node_find(cairn_node_find(config->tree, "data"), "file")->text,
                        wanted);
    cairn_config_free(config);
}

static void test_paths(void **state)
{
    char folder[1024];
    char wanted[2048];
    (void)state;
    assert_non_null(getcwd(folder, sizeof folder));
    assert_int_equal(setenv("CAIRN_TEST_FOLDER", "/big/disk", 1), 0);
    check_path("/runs/run.yaml", "/a/b.h5", NULL, "/a/b.h5");
    check_path("/runs/run.yaml", "a/b.h5", NULL, "/runs/a/b.h5");
    check_path("/runs/run.yaml", "./a/b.h5", NULL, "/runs/a/b.h5");
    check_path("/run.yaml", "b.h5", NULL, "/b.h5");
    check_path("/runs/run.yaml", "../b.h5", NULL, "/runs/../b.h5");
    check_path("/runs/run.yaml", "${CAIRN_TEST_FOLDER}/x/${CAIRN_TEST_FOLDER}.h5", NULL,
               "/big/disk/x//big/disk.h5");
    check_path("/runs/run.yaml", "'${CAIRN_TEST_FOLDER}/$HOME/$$.h5'", NULL,
               "/big/disk/$HOME/$$.h5");
    check_path("/runs/run.yaml", "gr\xc3\xbc\xc3\x9f.h5", NULL, "/runs/gr\xc3\xbc\xc3\x9f.h5");
    snprintf(wanted, sizeof wanted, "%s/recipes/b.h5", folder);
    check_path("recipes/run.yaml", "b.h5", NULL, wanted);
    check_path("./recipes/run.yaml", "b.h5", NULL, wanted);
    snprintf(wanted, sizeof wanted, "%s/b.h5", folder);
    check_path("run.yaml", "b.h5", NULL, wanted);
    check_path("./run.yaml", "b.h5", NULL, wanted);
    check_path("/runs/run.yaml", "a.h5", "data.file=b.h5", wanted);
}

static void check_round_trip(const char *text)
{
    char *first = NULL;
    char *second = NULL;
    char *changed = NULL;
    struct cairn_config *config = read_ok(text, none);
    assert_int_equal(cairn_config_print(config, &first), CAIRN_OK);
    struct cairn_config *again = read_ok(first, none);
    assert_int_equal(cairn_config_print(again, &second), CAIRN_OK);
    assert_string_equal(first, second);
    assert_int_equal(cairn_config_changed(again, config, &changed), CAIRN_OK);
    assert_string_equal(changed, "");
    assert_string_equal(again->data_file->text, config->data_file->text);
    free(first);
    free(second);
    free(changed);
    cairn_config_free(config);
    cairn_config_free(again);
}

static void test_round_trips(void **state)
{
    (void)state;
    check_round_trip(RUN);
    check_round_trip("data: {file: 'a: b # c'}\n" MODEL);
    check_round_trip("data: {file: \"it's \\\"new\\\" \\u2028\"}\n" MODEL);
    check_round_trip("data: {file: gr\xc3\xbc\xc3\x9f \xe2\x98\x83.h5}\n" MODEL);
    check_round_trip(
        "data: {file: a.h5, mean: [0.1, 0.25, 0.5], std: 2}\naugment: {flip: true}\n" MODEL);
    check_round_trip("data: {train: ['b*.h5', c.nc], test: test_group, x: a/b}\n" MODEL);
    check_round_trip(RUN "optim: {lr: 0.30000000000000004, eps: 1e-300, weight_decay: 3.3e-5}\n");
    check_round_trip(RUN "batch: {global: 1000000000000000, micro: auto, tail: carry}\n"
                         "train: {reproducible: on, evaluate_every: none, updates: 0}\n");
    check_round_trip(
        DATA "model:\n- type: conv2d\n  kernel: [3, 3]\n  name: '32'\n"
             "- type: residual\n  body:\n  - {type: dense, units: 0x20}\n  - type: relu\n"
             "- {type: x, a: '', b: \"\", c: ~, d: , e: -, f: 'it''s', g: \"a\\tb\\nc\"}\n"
             "- type: long\n  text: >\n    many words\n    on lines\n  more: |\n    a\n\n    b\n"
             "loss: {type: cross_entropy, smoothing: 0.1}\n");
}

static void test_print_is_for_people(void **state)
{
    char *text = NULL;
    (void)state;
    struct cairn_config *config = read_ok(DATA "model: [{type: dense, units: 3}, {type: relu}]\n"
                                               "optim: {lr: 1.0e-1}\n",
                                          none);
    assert_int_equal(cairn_config_print(config, &text), CAIRN_OK);
    static const char begin[] = "data:\n"
                                "  file: /d.h5\n"
                                "  x: x\n  y: y\n  weight: weight\n"
                                "  open_files: 64\n"
                                "  layout: chw\n"
                                "  sample: row\n"
                                "  val_fraction: 0\n  test_fraction: 0\n"
                                "  split_seed: 1\n"
                                "  context: none\n"
                                "  mean: none\n  std: none\n"
                                "  shuffle: full\n"
                                "  shuffle_window: auto\n"
                                "  prefetch: 4\n"
                                "  in_memory: auto\n"
                                "  memory: auto\n"
                                "  stage: none\n"
                                "  exclude: none\n  ledger: false\n"
                                "augment:\n"
                                "  crop_padding: 0\n"
                                "  flip: false\n"
                                "model:\n"
                                "- {type: dense, units: 3}\n"
                                "- {type: relu}\n"
                                "batch:\n"
                                "  global: none\n";
    assert_memory_equal(text, begin, sizeof begin - 1);
    assert_non_null(strstr(text, "\noptim:\n  name: sgd\n  lr: 0.1\n"));
    free(text);
    cairn_config_free(config);
}

static void check_changed(const char *now, const char *before, const char *wanted)
{
    char *text = NULL;
    struct cairn_config *x = read_ok(now, none);
    struct cairn_config *y = read_ok(before, none);
    assert_int_equal(cairn_config_changed(x, y, &text), CAIRN_OK);
    assert_string_equal(text, wanted);
    free(text);
    cairn_config_free(x);
    cairn_config_free(y);
}

static void test_changed(void **state)
{
    (void)state;
    check_changed(RUN "batch: {global: 256}\noptim: {lr: 0.2}\ntrain: {epochs: 3}\n",
                  RUN "batch: {global: 1.28e2}\n",
                  "batch.global (256, was 128), optim.lr (0.2, was 0.1)");
    check_changed(RUN "optim: {momentum: 0.9, nesterov: yes}\n", RUN,
                  "optim.momentum (0.9, was 0), optim.nesterov (true, was false)");
    check_changed(RUN "optim: {momentum: 0.0, eps: 0.00000001, nesterov: no}\n", RUN, "");
    check_changed("data: {file: /other.h5}\n" MODEL, RUN, "");
    check_changed(RUN "train: {epochs: 5, threads: 2}\ncheckpoint: {keep: 0}\n", RUN, "");
    check_changed(DATA "model: [{type: dense, units: 9}]\n", RUN, "model.0.units (9, was 10)");
    check_changed(DATA "model: [{units: 10, type: dense}]\n", RUN, "");
    check_changed(DATA "model: [{type: dense}]\n", RUN, "model.0.units (not given, was 10)");
    check_changed(DATA "model: [{type: dense, units: 10}, {type: relu}]\n", RUN,
                  "model.1 (a map, was not given)");
    check_changed(DATA "model: [{type: dense, units: [10]}]\n", RUN,
                  "model.0.units (a list, was 10)");
    check_changed(RUN "loss: squared_error\n", RUN, "loss (squared_error, was not given)");
    check_changed(RUN "loss: {type: a, b: 1}\n", RUN "loss: {type: a}\n",
                  "loss.b (1, was not given)");
}

static void test_table(void **state)
{
    size_t n = 0;
    struct cairn_config_walk walk = {0};
    (void)state;
    for (; cairn_config_next(&walk); n++) {
        const struct cairn_key *key = walk.key;
        assert_true(key->doc != NULL && key->doc[0] != '\0');
        assert_true(key->type != CAIRN_KEY_COUNT || key->high <= 0x1p53);
        assert_true(key->type != CAIRN_KEY_CHOICE || key->words != NULL);
        assert_ptr_equal(cairn_config_key(key->name), key); /* each name once */
    }
    assert_true(n > 30);
    assert_false(cairn_config_next(&walk));
}

static bool is_key_or_section(const char *name, size_t n_name)
{
    struct cairn_config_walk walk = {0};
    while (cairn_config_next(&walk))
        if (strncmp(walk.key->name, name, n_name) == 0 &&
            (walk.key->name[n_name] == '\0' || walk.key->name[n_name] == '.'))
            return true;
    return false;
}

static void test_foreign_names_lead_to_ours(void **state)
{
    static const char *const ours[] = {
#define X(theirs, ours) ours,
#include "config/foreign.def"
#undef X
    };
    (void)state;
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
        assert_true(is_key_or_section(ours[i], strcspn(ours[i], " ,;")));
}

static void test_a_byte_order_mark_is_no_text(void **state)
{
    const char text[] = "\xef\xbb\xbf" RUN;
    struct cairn_config *config = NULL;
    (void)state;
    assert_int_equal(cairn_config_read(text, sizeof text - 1, "/runs/run.yaml", NULL, &config),
                     CAIRN_OK);
    cairn_config_free(config);
}

static void test_flags_of_others_lead_to_keys(void **state)
{
    char text[256];
    (void)state;
    assert_true(cairn_known_option("--lr", NULL, text, sizeof text));
    assert_non_null(strstr(text, "optim.lr=VALUE"));
    assert_true(cairn_known_option("--epochs", NULL, text, sizeof text));
    assert_non_null(strstr(text, "train.epochs=VALUE"));
    assert_true(cairn_known_option("--per-device-train-batch-size", NULL, text, sizeof text));
    assert_non_null(strstr(text, "batch.micro=VALUE"));
    assert_true(cairn_known_option("--fp16", NULL, text, sizeof text));
    assert_non_null(strstr(text, "float32"));
    assert_false(cairn_known_option("--rank", NULL, text, sizeof text));
}

static int write_file(void **state)
{
    (void)state;
    FILE *file = fopen("test_config.yaml", "wb");
    assert_non_null(file);
    fputs(RUN, file);
    return fclose(file);
}

static int remove_file(void **state)
{
    (void)state;
    return remove("test_config.yaml");
}

static void test_load(void **state)
{
    char *text = NULL;
    size_t n = 0;
    (void)state;
    assert_int_equal(cairn_config_load("test_config.yaml", &text, &n), CAIRN_OK);
    assert_int_equal(n, sizeof RUN - 1);
    assert_memory_equal(text, RUN, n);
    free(text);
    assert_int_equal(cairn_config_load("not_there.yaml", &text, &n), CAIRN_USAGE);
    assert_non_null(strstr(cairn_error_text(), "not_there.yaml"));
    assert_int_equal(cairn_config_load("/", &text, &n), CAIRN_USAGE);
}

static void test_options(void **state)
{
    static const char *const overrides[] = {"batch.global=8", NULL};
    cairn_options *options = NULL;
    struct cairn_config *config = NULL;
    (void)state;
    assert_int_equal(cairn_options_create(&options), CAIRN_OK);
    assert_int_equal(cairn_options_config(options, false, &config), CAIRN_USAGE);
    assert_int_equal(cairn_options_set(options, "data.file", "/d.h5"), CAIRN_OK);
    assert_int_equal(cairn_options_set(options, "model", "[{type: dense, units: 1}]"), CAIRN_OK);
    assert_int_equal(cairn_options_set(options, "model.0.units", "2"), CAIRN_OK);
    assert_int_equal(cairn_options_set(options, "batch.globl", "2"), CAIRN_USAGE);
    assert_non_null(strstr(cairn_error_text(), "did you mean 'batch.global'?"));
    assert_int_equal(cairn_options_set(options, "batch.global", "two"), CAIRN_USAGE);
    assert_int_equal(cairn_options_config(options, false, &config), CAIRN_OK);
    assert_string_equal(cairn_node_find(config->model->child, "units")->text, "2");
    cairn_config_free(config);
    cairn_options_free(options);
    options = NULL;
    assert_int_equal(cairn_options_read("not_there.yaml", NULL, &options), CAIRN_USAGE);
    assert_null(options);
    assert_int_equal(cairn_options_read("test_config.yaml", overrides, &options), CAIRN_OK);
    assert_int_equal(cairn_options_set(options, "batch.micro", "4"), CAIRN_OK);
    assert_int_equal(cairn_options_config(options, false, &config), CAIRN_OK);
    assert_int_equal(config->batch_global, 8);
    assert_int_equal(config->batch_micro, 4);
    cairn_config_free(config);
    cairn_options_free(options);
    cairn_options_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults_and_values),
        cmocka_unit_test(test_alternatives),
        cmocka_unit_test(test_overrides),
        cmocka_unit_test(test_all_from_the_command_line),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_round_trips),
        cmocka_unit_test(test_print_is_for_people),
        cmocka_unit_test(test_changed),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_foreign_names_lead_to_ours),
        cmocka_unit_test(test_a_byte_order_mark_is_no_text),
        cmocka_unit_test(test_flags_of_others_lead_to_keys),
        cmocka_unit_test(test_load),
        cmocka_unit_test(test_options),
    };
    return cmocka_run_group_tests(tests, write_file, remove_file);
}
