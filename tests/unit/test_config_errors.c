/* SPDX-License-Identifier: BSD-3-Clause
 * The run file: what is read, what is refused and in which words, and that what is printed reads
 * the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/config.h"

#define DATA  "data: {file: /d.h5}\n"
#define MODEL "model: [{type: dense, units: 10}]\n"
#define RUN   DATA MODEL

static const char *const none[] = {NULL};

/* Two words for every wrong run file: the place, and a piece of the sentence. */
struct bad {
    const char *text, *place, *says;
};

static void refuse(const struct bad *bad, const char *const *overrides)
{
    struct cairn_config *config = NULL;
    cairn_status st =
        cairn_config_read(bad->text, strlen(bad->text), "/runs/run.yaml", overrides, &config);
    const char *said = cairn_error_text();
    bool good = st == CAIRN_USAGE && config == NULL && strstr(said, bad->says) != NULL &&
                strncmp(said, bad->place, strlen(bad->place)) == 0 && strchr(said, '\n') == NULL;
    if (!good)
        print_error("input: %s\nsaid (%d): %s\nwanted: %s ... %s\n", bad->text, st, said,
                    bad->place, bad->says);
    assert_true(good);
}

static void refuse_all(const struct bad *list, size_t n)
{
    for (size_t i = 0; i < n; i++) refuse(&list[i], none);
}

static void test_yaml(void **state)
{
    static const struct bad list[] = {
        {"data: {file: /d.h5\n", "/runs/run.yaml:2:1", "not YAML"},
        {"batch:\n\tglobal: 3\n", "/runs/run.yaml:2:1", "tabs"},
        {"a: \x01\n", "/runs/run.yaml:1:4", "UTF-8"},
        {"a: b\nc: \xff\n", "/runs/run.yaml:2:4", "UTF-8"},
        {"a: \"x\\0y\"\n", "/runs/run.yaml:1:4", "NUL"},
        {"batch: &b {global: 1}\n", "/runs/run.yaml:1:8", "anchor"},
        {"batch: *b\n", "/runs/run.yaml:1:8", "anchor"},
        {"batch: !!map {global: 1}\n", "/runs/run.yaml:1:8", "tag"},
        {RUN "---\na: 1\n", "/runs/run.yaml:3:1", "second document"},
        {"? [a]\n: b\n", "/runs/run.yaml:1:3", "key"},
        {"'': b\n", "/runs/run.yaml:1:1", "empty key"},
        {"a: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "/runs/run.yaml:1:", "deep"},
        {"batch:\n  global: 1\n  micro: 1\n  global: 2\n", "/runs/run.yaml:4:3",
         "'global' is given twice, first in line 2"},
        {DATA DATA, "/runs/run.yaml:2:1", "'data' is given twice, first in line 1"},
    };
    (void)state;
    refuse_all(list, sizeof list / sizeof list[0]);
}

static void test_shape_of_the_file(void **state)
{
    static const struct bad list[] = {
        {"- a\n", "/runs/run.yaml:1:1", "map of sections"},
        {"hello\n", "/runs/run.yaml:1:1", "map of sections"},
        {"batch: 256\n", "/runs/run.yaml:1:1",
         "batch must be a map of keys, as in batch: {global: 256}"},
        {"schedule: linear\n", "/runs/run.yaml:1:1", "as in schedule: {decay: linear}"},
        {"batch: [256]\n", "/runs/run.yaml:1:1", "batch must be a map of keys"},
        {"", "/runs/run.yaml", "'data.file' must be given"},
        {"data:\n" MODEL, "/runs/run.yaml", "'data.file' must be given"},
        {DATA, "/runs/run.yaml", "'model' must be given: list of layers"},
        {DATA "model: mlp\n", "/runs/run.yaml:2:1", "model is mlp, but takes one of: list"},
        {RUN "loss: [a]\n", "/runs/run.yaml:3:1", "loss is a list, but takes one of: name map"},
        {RUN "loss:\n", "/runs/run.yaml:3:1", "loss is empty, but takes one of: name map"},
    };
    (void)state;
    refuse_all(list, sizeof list / sizeof list[0]);
}

static void test_unknown_keys(void **state)
{
    static const struct bad list[] = {
        {"bach: {global: 1}\n", "/runs/run.yaml:1:8", "did you mean 'batch.global'?"},
        {"batch: {globl: 1}\n", "/runs/run.yaml:1:9",
         "'batch.globl'; did you mean 'batch.global'?"},
        {"batch: {quux: 1}\n", "/runs/run.yaml:1:9", "unknown key 'batch.quux'; 'cairn options'"},
        {"global: 1\n", "/runs/run.yaml:1:1", "did you mean 'batch.global'?"},
        {"train: {momentum: 1}\n", "/runs/run.yaml:1:9", "did you mean 'optim.momentum'?"},
        {"optim: {trust_coeficient: 1}\n", "/runs/run.yaml:1:9",
         "did you mean 'optim.trust_coefficient'?"},
        {"modle: []\n", "/runs/run.yaml:1:1", "did you mean 'model'?"},
        {"batch.global: 1\n", "/runs/run.yaml:1:1", "batch: {global: ...}"},
        {"fp16: true\n", "/runs/run.yaml:1:1", "'fp16': weights and gradients are float32"},
        {"shuffle: {buffer: 1}\n", "/runs/run.yaml:1:1", "every epoch has an order of its own"},
        {"train: {early_stopping: 3}\n", "/runs/run.yaml:1:9", "Cairn calls this train.patience"},
        {"data: {num_workers: 3}\n", "/runs/run.yaml:1:8", "data.in_memory: true"},
        {"iter_size: 2\n", "/runs/run.yaml:1:1", "Cairn calls this batch.accumulate"},
        {"zzzzzzzzzzzzzzzzzzz: 1\n", "/runs/run.yaml:1:1", "'cairn options' lists all"},
        {"zzzzzzzzzzzzzzzzzzz:\n", "/runs/run.yaml:1:1", "'cairn options' lists all"},
    };
    (void)state;
    refuse_all(list, sizeof list / sizeof list[0]);
}

static void test_keys_of_other_trainers(void **state)
{
    static const struct bad list[] = {
        {"gradient_accumulation_steps: 8\n", "/runs/run.yaml:1:1",
         "'gradient_accumulation_steps'; Cairn calls this batch.accumulate"},
        {"batch: {accumulate_grad_batches: 8}\n", "/runs/run.yaml:1:9",
         "calls this batch.accumulate"},
        {"train:\n  per_device_train_batch_size: 8\n", "/runs/run.yaml:2:3",
         "calls this batch.micro"},
        {"train: {batch_size: 8}\n", "/runs/run.yaml:1:9", "batch.micro (of one rank"},
        {"optimizer: {type: Adam, params: {lr: 1}}\n", "/runs/run.yaml:1:1", "calls this optim"},
        {"trainer: {max_steps: 8}\n", "/runs/run.yaml:1:11", "calls this train.updates"},
        {"lr: 8\n", "/runs/run.yaml:1:1", "calls this optim.lr"},
    };
    (void)state;
    refuse_all(list, sizeof list / sizeof list[0]);
}

static void test_values(void **state)
{
    static const struct bad list[] = {
        {RUN "batch: {global: 12abc}\n", "/runs/run.yaml:3:9",
         "batch.global is 12abc, but takes a whole number, or one of: none"},
        {RUN "batch: {global: 1.5}\n", "/runs/run.yaml:3:9", "batch.global is 1.5, but"},
        {RUN "batch: {global: 0}\n", "/runs/run.yaml:3:9",
         "batch.global is 0, but must be at least 1"},
        {RUN "batch: {global: 1e16}\n", "/runs/run.yaml:3:9", "must be at most 1000000000000000"},
        {RUN "batch: {global: 0x10}\n", "/runs/run.yaml:3:9", "batch.global is 0x10, but"},
        {RUN "batch: {global: }\n", "/runs/run.yaml:3:9", "batch.global is empty, but"},
        {RUN "batch: {global: [1]}\n", "/runs/run.yaml:3:9", "batch.global is a list, but"},
        {RUN "train: {threads: '2'}\n", "/runs/run.yaml:3:9", "a whole number without quotes"},
        {RUN "optim:\n  lr: fast\n", "/runs/run.yaml:4:3", "optim.lr is fast, but takes a number"},
        {RUN "optim:\n  beta1: 2\n", "/runs/run.yaml:4:3",
         "optim.beta1 is 2, but must be at most 1"},
        {RUN "optim:\n  nesterov: 1\n", "/runs/run.yaml:4:3",
         "optim.nesterov is 1, but takes true"},
        {RUN "optim:\n  lr: nan\n", "/runs/run.yaml:4:3", "optim.lr is nan, but takes a number"},
        {RUN "optim:\n  lr: 1e999\n", "/runs/run.yaml:4:3", "optim.lr is 1e999, but"},
        {RUN "optim: {momentum: 1.01}\n", "/runs/run.yaml:3:9", "must be at most 1"},
        {RUN "optim: {nesterov: 2}\n", "/runs/run.yaml:3:9", "takes true or false"},
        {RUN "batch: {tail: cut}\n", "/runs/run.yaml:3:9", "takes one of: exact drop carry"},
        {"data: {file: ''}\n" MODEL, "/runs/run.yaml:1:8", "data.file: the path is empty"},
        {"data:\n  file: ${CAIRN_NOT_SET}/d.h5\n" MODEL, "/runs/run.yaml:2:3",
         "${CAIRN_NOT_SET} is not set"},
        {"data:\n  file: ${CAIRN_NOT_SET\n" MODEL, "/runs/run.yaml:2:3", "is not ${NAME}"},
        {"data: {file: {a: b}}\n" MODEL, "/runs/run.yaml:1:8", "data.file is a map"},
        {"data: {file: []}\n" MODEL, "/runs/run.yaml:1:8", "data.file is an empty list"},
        {"data: {file: [a, [b]]}\n" MODEL, "/runs/run.yaml:1:18", "data.file takes names of files"},
    };
    (void)state;
    refuse_all(list, sizeof list / sizeof list[0]);
}

static void test_bad_overrides(void **state)
{
    static const struct bad list[] = {
        {"batch.global", "command line: ", "'batch.global' is not key=value"},
        {"=3", "command line: ", "is not key=value"},
        {"batch.global=many", "command line: ", "batch.global is many, but takes a whole number"},
        {"batch.gobal=3", "command line: ", "did you mean 'batch.global'?"},
        {"train_batch_size=3", "command line: ", "Cairn calls this batch.global"},
        {"train.learning_rate=3", "command line: ", "Cairn calls this optim.lr"},
        {"batch..global=3", "command line: ", "empty part"},
        {"batch.tail.x=3", "command line: ", "tail is the single value exact"},
        {"batch.micro.x=3", "command line: ", "batch.micro is a map"},
        {"model.7.units=3", "command line: ", "no element '7' in a list of 1"},
        {"model.x=3", "command line: ", "no element 'x'"},
        {"model.-0=3", "command line: ", "no element '-0'"},
        {"model=[", "command line: ", "'[' is not YAML"},
        {"model=[{a: 1, a: 2}]", "command line: ", "'a' is given twice in"},
        {"model=[{a: 1, a: 2, b: 0123456789012345678901234567890123456789012345678901234}]",
         "command line: ", "0123456789012...'"},
        {"loss=&a b", "command line: ", "anchor"},
        {"data.file=", "command line: ", "data.file: the path is empty"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
        const char *overrides[] = {list[i].text, NULL};
        struct bad bad = list[i];
        bad.text = RUN "batch: {tail: exact}\n";
        refuse(&bad, overrides);
    }
}

static void test_path_that_is_no_text(void **state)
{
    static const struct bad bad = {"data:\n  file: ${CAIRN_TEST_BYTES}\n" MODEL,
                                   "/runs/run.yaml:2:3", "is not text in UTF-8"};
    (void)state;
    assert_int_equal(setenv("CAIRN_TEST_BYTES", "/a\xff", 1), 0);
    refuse(&bad, none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_yaml),
        cmocka_unit_test(test_shape_of_the_file),
        cmocka_unit_test(test_unknown_keys),
        cmocka_unit_test(test_keys_of_other_trainers),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_bad_overrides),
        cmocka_unit_test(test_path_that_is_no_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
