/* SPDX-License-Identifier: BSD-3-Clause
 * Every layer in every format of cairn export: it is written, or refused by its name.  What the
 * files hold: run/export.sh. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/memory.h"
#include "export/export.h"
#include "nn/layer.h"
#include "nn/model.h"
#include "support/nn.h"

enum { TEXT = 512, VOCABULARY = 11, MICRO = 2 };

/* A model and its initial weights, as a source. */
struct trained {
    struct cairn_node *tree;
    struct cairn_model *model;
    real *w;
    struct cairn_export_source source;
};

static void make_arrays(struct trained *trained)
{
    const struct cairn_params *params = cairn_model_params(trained->model);
    struct cairn_export_source *source = &trained->source;
    assert_int_equal(cairn_memory_get(params->n_values + 1, sizeof(real), "w", &trained->w),
                     CAIRN_OK);
    cairn_model_init(trained->model, trained->w);
    assert_int_equal(
        cairn_memory_get(params->n_tensors + 1, sizeof *source->array, "arrays", &source->array),
        CAIRN_OK);
    for (source->n_arrays = 0; source->n_arrays < params->n_tensors; source->n_arrays++) {
        struct cairn_param *item = &params->item[source->n_arrays];
        source->array[source->n_arrays] =
            (struct cairn_export_array){.name = item->name,
                                        .shape = item->shape,
                                        .data = trained->w + item->offset,
                                        .is_buffer = source->n_arrays >= params->n_items};
    }
}

static void make(const char *layers, const struct cairn_shape *in, bool tokens,
                 struct trained *trained)
{
    *trained = (struct trained){.tree = tree_of(layers)};
    const struct cairn_model_options options = {.layers = trained->tree,
                                                .input = *in,
                                                .unlabelled = "squared_error",
                                                .vocabulary = tokens ? VOCABULARY : 0,
                                                .micro = MICRO};
    if (cairn_model_create(&options, &trained->model) != CAIRN_OK)
        fail_msg("%s: %s", layers, cairn_error_text());
    trained->source = (struct cairn_export_source){.checkpoint = "some.h5",
                                                   .config = "model: []\n",
                                                   .layers = cairn_model_layers(trained->model),
                                                   .input = *in,
                                                   .vocabulary = options.vocabulary};
    make_arrays(trained);
}

static void release(struct trained *trained)
{
    free(trained->source.array);
    free(trained->w);
    cairn_model_free(trained->model);
    cairn_node_free(trained->tree);
}

static void check_formats(const char *layers, const struct cairn_layer_kind *kind)
{
    struct trained trained;
    char name[64];
    make(layers, &kind->example_in, (kind->flags & CAIRN_LAYER_TOKENS) != 0, &trained);
    for (const struct cairn_export_kind *const *format = cairn_exports(); *format != NULL;
         format++) {
        snprintf(name, sizeof name, "export-%ld%s", (long)getpid(), (*format)->ending);
        cairn_status st = cairn_export_write(*format, &trained.source, name);
        const bool refused = st == CAIRN_DATA && strstr(cairn_error_text(), "layer ") != NULL;
        if (st != CAIRN_OK && !refused)
            fail_msg("%s as %s: %s", layers, (*format)->name, cairn_error_text());
        assert_int_equal(access(name, F_OK) == 0, st == CAIRN_OK);
        unlink(name);
        if (st != CAIRN_OK) printf("%s is not known to %s\n", kind->name, (*format)->name);
    }
    release(&trained);
}

static void test_every_layer_in_every_format(void **state)
{
    (void)state;
    for (size_t i = 0; cairn_layer_kind_at(i) != NULL; i++) {
        const struct cairn_layer_kind *kind = cairn_layer_kind_at(i);
        char text[TEXT];
        snprintf(text, sizeof text, "[%s, {type: flatten}, {type: dense, units: 2}]", kind->example);
        check_formats(text, kind);
    }
}

/* A new layer has its row in pytorch_layers.c. */
static void test_every_layer_as_python(void **state)
{
    (void)state;
    for (size_t i = 0; cairn_layer_kind_at(i) != NULL; i++) {
        const struct cairn_layer_kind *kind = cairn_layer_kind_at(i);
        struct trained trained;
        char text[TEXT];
        char *python = NULL;
        snprintf(text, sizeof text, "[%s]", kind->example);
        make(text, &kind->example_in, (kind->flags & CAIRN_LAYER_TOKENS) != 0, &trained);
        if (cairn_export_python(&trained.source, &python) != CAIRN_OK)
            fail_msg("%s", cairn_error_text());
        assert_non_null(strstr(python, "def load(path)"));
        free(python);
        release(&trained);
    }
}

static void test_what_has_no_words(void **state)
{
    (void)state;
    struct trained trained;
    char *python = NULL;
    const struct cairn_shape in = {2, {5, 4}};
    make("[{type: residual, name: r, flat: true, body: [{type: relu, name: a}]}]", &in, false,
         &trained);
    assert_int_equal(cairn_export_python(&trained.source, &python), CAIRN_DATA);
    assert_non_null(strstr(cairn_error_text(), "layer r (residual) is not known"));
    assert_null(python);
    release(&trained);
}

static void test_endings(void **state)
{
    (void)state;
    const struct cairn_export_kind *kind = NULL;
    assert_int_equal(cairn_export_find("a.b/c.npz", &kind), CAIRN_OK);
    assert_string_equal(kind->name, "npz");
    static const char *const wrong[] = {"", "npz", ".npz", "a.NPZ", "a.npz.gz", "a"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(cairn_export_find(wrong[i], &kind), CAIRN_USAGE);
    for (const struct cairn_export_kind *const *all = cairn_exports(); *all != NULL; all++)
        assert_non_null(strstr(cairn_error_text(), (*all)->ending));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_layer_in_every_format),
        cmocka_unit_test(test_every_layer_as_python),
        cmocka_unit_test(test_what_has_no_words),
        cmocka_unit_test(test_endings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
