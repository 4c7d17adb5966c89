/* SPDX-License-Identifier: BSD-3-Clause
 * Names of PyTorch and Keras: what stands for them is there, all that is there has a row, and the
 * tables of launch/guide/which-layer.md are these rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cli/names.h"
#include "config/config.h"
#include "nn/layer.h"
#include "nn/loss.h"
#include "nn/metric/metric.h"
#include "optim/optim.h"

enum { LINE = 1024 };

/* The values of schedule.decay, separated by blanks. */
static const char *schedules(void)
{
    struct cairn_config_walk walk = {0};
    while (cairn_config_next(&walk))
        if (strcmp(walk.key->name, "schedule.decay") == 0) return walk.key->words;
    fail_msg("there is no schedule.decay");
    return "";
}

static bool has_row(enum cairn_named_kind kind, const char *name)
{
    const struct cairn_named *row = NULL;
    for (size_t i = 0; (row = cairn_named_at(i)) != NULL; i++)
        if (row->kind == kind && strcmp(row->ours, name) == 0) return true;
    fail_msg("src/cli/names.def has no row for %s", name);
    return false;
}

static size_t check_layers(void)
{
    size_t n = 0;
    for (; cairn_layer_kind_at(n) != NULL; n++)
        has_row(CAIRN_NAMED_LAYER, cairn_layer_kind_at(n)->name);
    return n;
}

static size_t check_losses(void)
{
    size_t n = 0;
    for (; cairn_loss_kind_at(n) != NULL; n++)
        has_row(CAIRN_NAMED_LOSS, cairn_loss_kind_at(n)->name);
    return n;
}

static size_t check_metrics(void)
{
    size_t n = 0;
    for (; cairn_metric_at(n) != NULL; n++) has_row(CAIRN_NAMED_METRIC, cairn_metric_at(n)->name);
    return n;
}

static size_t check_optimizers(void)
{
    size_t n = 0;
    for (; cairn_optim_kind_at(n) != NULL; n++)
        has_row(CAIRN_NAMED_OPTIMIZER, cairn_optim_kind_at(n)->name);
    return n;
}

static size_t check_schedules(void)
{
    size_t n = 0;
    for (const char *word = schedules(); *word != '\0'; n++) {
        char name[32];
        const size_t length = strcspn(word, " ");
        snprintf(name, sizeof name, "%.*s", (int)length, word);
        has_row(CAIRN_NAMED_SCHEDULE, name);
        word += length + strspn(word + length, " ");
    }
    return n;
}

/* As many rows as there are kinds, and one for each: none is for what is not there. */
static void test_rows_are_what_is_there(void **state)
{
    (void)state;
    size_t n = 0;
    while (cairn_named_at(n) != NULL) n++;
    assert_int_equal(n, check_layers() + check_losses() + check_metrics() + check_optimizers() +
                            check_schedules());
}

/* A line of the page from a row, "| `Conv2d` | `Conv2D` | `conv2d` | ... |". */
static void line_of(const struct cairn_named *row, char out[LINE])
{
    const char *const cells[] = {row->pytorch, row->keras, row->ours};
    size_t n = 0;
    for (size_t i = 0; i < 3; i++)
        n +=
            (size_t)snprintf(out + n, LINE - n, cells[i][0] == '\0' ? "|%s " : "| `%s` ", cells[i]);
    snprintf(out + n, LINE - n, row->note[0] == '\0' ? "| |\n" : "| %s |\n", row->note);
}

static bool page_has(const char *line)
{
    char text[LINE];
    FILE *page = fopen(CAIRN_SOURCE_DIR "/launch/guide/which-layer.md", "r");
    bool found = false;
    assert_non_null(page);
    while (!found && fgets(text, sizeof text, page) != NULL) found = strcmp(text, line) == 0;
    fclose(page);
    return found;
}

static void test_the_page_has_every_row(void **state)
{
    (void)state;
    char line[LINE];
    const struct cairn_named *row = NULL;
    size_t n_missing = 0;
    for (size_t i = 0; (row = cairn_named_at(i)) != NULL; i++) {
        line_of(row, line);
        if (page_has(line)) continue;
        n_missing++;
        print_error("%s", line);
    }
    if (n_missing > 0) fail_msg("launch/guide/which-layer.md lacks these lines");
}

static bool is_answered(const char *word, const char *ours)
{
    const struct cairn_named *row = NULL;
    for (size_t i = 0; (row = cairn_named_at(i)) != NULL; i++)
        if (strcmp(row->ours, ours) == 0 && cairn_named_is(row, word)) return true;
    return false;
}

static void test_words_in_any_case_and_with_modules(void **state)
{
    (void)state;
    assert_true(is_answered("linear", "dense") && is_answered("torch.nn.Linear", "dense"));
    assert_true(is_answered("keras.layers.MaxPooling3D", "maxpool"));
    assert_true(is_answered("conv2D", "conv2d") && is_answered("AdamW", "adamw"));
    assert_false(is_answered("Adam", "adamw") || is_answered("Conv", "conv2d"));
    assert_false(is_answered("", "lars") || is_answered("nn.", "glu"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_are_what_is_there),
        cmocka_unit_test(test_the_page_has_every_row),
        cmocka_unit_test(test_words_in_any_case_and_with_modules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
