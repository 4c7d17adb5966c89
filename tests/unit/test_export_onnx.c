/* SPDX-License-Identifier: BSD-3-Clause
 * Models of ONNX, read again message by message: every listed layer becomes nodes whose inputs are
 * there, with weights as initializers; what cannot be written is refused.  Whether other programs
 * get the same outputs: run/export_onnx.sh. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/build_config.h"
#include "export/export.h"
#include "support/nn.h"

#ifdef CAIRN_HAVE_ONNX
#include "export/onnx/model.h"
#include "export/onnx/onnx.pb-c.h"

enum { TEXT = 512, MOST_VALUES = 1024 };

static const char path[] = "test_export_onnx.onnx";

/* A planned model and what is written of it. */
struct exported {
    struct cairn_node *tree;
    struct bench *bench;
    struct cairn_export_source source;
};

static struct exported export_of(const char *layers, const struct cairn_shape *in, size_t tokens)
{
    struct exported made = {.tree = tree_of(layers)};
    struct cairn_model_options options = {
        .layers = made.tree, .input = *in, .unlabelled = "squared_error", .micro = 2, .seed = 1};
    options.vocabulary = tokens;
    made.bench = bench_make(&options);
    const struct cairn_params *params = made.bench->params;
    struct cairn_export_source *source = &made.source;
    *source =
        (struct cairn_export_source){.checkpoint = "none",
                                     .config = "model: []",
                                     .array = calloc(params->n_tensors + 1, sizeof(*source->array)),
                                     .layers = cairn_model_layers(made.bench->model),
                                     .input = *in,
                                     .vocabulary = tokens};
    assert_non_null(source->array);
    for (; source->n_arrays < params->n_tensors; source->n_arrays++) {
        struct cairn_param *from = &params->item[source->n_arrays];
        source->array[source->n_arrays] = (struct cairn_export_array){
            .name = from->name, .shape = from->shape, .data = made.bench->w + from->offset};
    }
    return made;
}

static void export_free(struct exported *made)
{
    free(made->source.array);
    bench_free(made->bench);
    cairn_node_free(made->tree);
}

/* Written, and read again; to be freed. */
static Onnx__ModelProto *written(const struct cairn_export_source *source)
{
    static unsigned char bytes[1 << 20];
    remove(path);
    if (cairn_export_write(&cairn_export_onnx, source, path) != CAIRN_OK)
        fail_msg("%s", cairn_error_text());
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t n = fread(bytes, 1, sizeof bytes, file);
    assert_true(n < sizeof bytes && fclose(file) == 0);
    Onnx__ModelProto *model = onnx__model_proto__unpack(NULL, n, bytes);
    assert_non_null(model);
    return model;
}

/* Names of values that are there so far. */
struct values {
    const char *name[MOST_VALUES];
    size_t n;
};

static bool is_there(const struct values *values, const char *name)
{
    size_t i = 0;
    while (i < values->n && strcmp(values->name[i], name) != 0) i++;
    return i < values->n;
}

static void add_value(struct values *values, const char *name)
{
    if (is_there(values, name)) fail_msg("%s is there twice", name);
    assert_true(values->n < MOST_VALUES);
    values->name[values->n++] = name;
}

/* Data of as many bytes as the shape says. */
static void check_initializer(const Onnx__TensorProto *tensor)
{
    size_t n = tensor->data_type == ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT ? 4 : 8;
    for (size_t d = 0; d < tensor->n_dims; d++) n *= (size_t)tensor->dims[d];
    assert_int_equal(tensor->raw_data.len, n);
}

/* Each node takes what is there before it, and "output" is there in the end. */
static void check_graph(const Onnx__GraphProto *graph)
{
    static struct values values;
    values.n = 0;
    assert_int_equal(graph->n_input, 1);
    assert_int_equal(graph->n_output, 1);
    assert_string_equal(graph->output[0]->name, "output");
    add_value(&values, graph->input[0]->name);
    for (size_t i = 0; i < graph->n_initializer; i++) {
        check_initializer(graph->initializer[i]);
        add_value(&values, graph->initializer[i]->name);
    }
    for (size_t i = 0; i < graph->n_node; i++) {
        const Onnx__NodeProto *node = graph->node[i];
        for (size_t k = 0; k < node->n_input; k++)
            if (*node->input[k] != '\0' && !is_there(&values, node->input[k]))
                fail_msg("%s takes %s, which is not there", node->name, node->input[k]);
        for (size_t k = 0; k < node->n_output; k++) add_value(&values, node->output[k]);
    }
    assert_true(is_there(&values, "output"));
}

static const Onnx__TensorProto *find_initializer(const Onnx__GraphProto *graph, const char *name)
{
    for (size_t i = 0; i < graph->n_initializer; i++)
        if (strcmp(graph->initializer[i]->name, name) == 0) return graph->initializer[i];
    return NULL;
}

/* Every weight and buffer stands there under its name, bit by bit. */
static void check_weights(const Onnx__GraphProto *graph, const struct cairn_export_source *source)
{
    for (size_t i = 0; i < source->n_arrays; i++) {
        const struct cairn_export_array *array = &source->array[i];
        const Onnx__TensorProto *tensor = find_initializer(graph, array->name);
        if (tensor == NULL) fail_msg("no initializer %s", array->name);
        assert_int_equal(tensor->n_dims, array->shape.ndim);
        for (int d = 0; d < array->shape.ndim; d++)
            assert_int_equal(tensor->dims[d], array->shape.dim[d]);
        assert_memory_equal(tensor->raw_data.data, array->data, tensor->raw_data.len);
    }
}

static void test_every_layer_has_nodes(void **state)
{
    (void)state;
    for (size_t i = 0; cairn_layer_kind_at(i) != NULL; i++) {
        const struct cairn_layer_kind *kind = cairn_layer_kind_at(i);
        const bool tokens = (kind->flags & CAIRN_LAYER_TOKENS) != 0;
        char layers[TEXT];
        snprintf(layers, sizeof layers, "[%s]", kind->example);
        struct exported made = export_of(layers, &kind->example_in, tokens ? 9 : 0);
        Onnx__ModelProto *model = written(&made.source);
        check_graph(model->graph);
        check_weights(model->graph, &made.source);
        onnx__model_proto__free_unpacked(model, NULL);
        export_free(&made);
    }
}

static void check_shape(const Onnx__ValueInfoProto *value, int type, size_t n, const int64_t *dims)
{
    const Onnx__TypeProto__Tensor *tensor = value->type->tensor_type;
    assert_int_equal(tensor->elem_type, type);
    assert_int_equal(tensor->shape->n_dim, n + 1);
    assert_string_equal(tensor->shape->dim[0]->dim_param, "batch");
    for (size_t d = 0; d < n; d++) assert_int_equal(tensor->shape->dim[d + 1]->dim_value, dims[d]);
}

static void test_a_net_node_by_node(void **state)
{
    (void)state;
    static const char *const ops[] = {"Mul", "Add", "Conv", "Relu", "Reshape", "Gemm", "Identity"};
    static const double mean[] = {1, 2}, std[] = {4, 5};
    const struct cairn_shape in = {3, {2, 4, 4}};
    struct exported made = export_of("[{type: conv2d, channels: 3, kernel: [2, 3], padding: same}, "
                                     "{type: relu}, {type: flatten}, {type: dense, units: 5}]",
                                     &in, 0);
    made.source.mean = mean;
    made.source.std = std;
    Onnx__ModelProto *model = written(&made.source);
    const Onnx__GraphProto *graph = model->graph;
    assert_int_equal(model->ir_version, 8);
    assert_int_equal(model->n_opset_import, 1);
    assert_int_equal(model->opset_import[0]->version, 17);
    assert_string_equal(model->producer_name, "cairn");
    assert_int_equal(graph->n_node, sizeof ops / sizeof ops[0]);
    for (size_t i = 0; i < graph->n_node; i++) assert_string_equal(graph->node[i]->op_type, ops[i]);
    const Onnx__NodeProto *conv = graph->node[2];
    assert_string_equal(conv->name, "0/Conv_4");
    assert_string_equal(conv->input[1], "0.weight");
    assert_string_equal(conv->attribute[3]->name, "pads");
    static const int64_t pads[] = {0, 1, 1, 1}; /* what is uneven goes after */
    assert_int_equal(conv->attribute[3]->n_ints, 4);
    assert_memory_equal(conv->attribute[3]->ints, pads, sizeof pads);
    assert_int_equal(graph->n_initializer, 4 + 3); /* weights; scale, shift and a shape */
    check_shape(graph->input[0], ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT, 3,
                (const int64_t[]){2, 4, 4});
    check_shape(graph->output[0], ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT, 1, (const int64_t[]){5});
    onnx__model_proto__free_unpacked(model, NULL);
    export_free(&made);
}

static void test_tokens_are_whole_numbers(void **state)
{
    (void)state;
    const struct cairn_shape in = {1, {6}};
    struct exported made = export_of("[{type: embedding, units: 4, name: words}, {type: attention, "
                                     "heads: 2}, {type: dense, units: 9, bias: false, tie: words}]",
                                     &in, 9);
    Onnx__ModelProto *model = written(&made.source);
    size_t n_masks = 0, n_uses = 0;
    check_graph(model->graph);
    check_shape(model->graph->input[0], ONNX__TENSOR_PROTO__DATA_TYPE__INT64, 1,
                (const int64_t[]){6});
    for (size_t i = 0; i < model->graph->n_node; i++) {
        const Onnx__NodeProto *node = model->graph->node[i];
        n_masks += strcmp(node->op_type, "Trilu") == 0; /* causal: auto, of tokens */
        for (size_t k = 0; k < node->n_input; k++)
            n_uses += strcmp(node->input[k], "words.weight") == 0;
    }
    assert_int_equal(n_masks, 1);
    assert_int_equal(n_uses, 2);
    onnx__model_proto__free_unpacked(model, NULL);
    export_free(&made);
}

static void check_refused(const struct cairn_export_source *source, const char *says)
{
    remove(path);
    assert_int_equal(cairn_export_write(&cairn_export_onnx, source, path), CAIRN_USAGE);
    if (strstr(cairn_error_text(), says) == NULL)
        fail_msg("wanted: %s\ngot:    %s", says, cairn_error_text());
    FILE *file = fopen(path, "rb");
    assert_null(file);
}

/* Only the size is looked at: there are not so many numbers. */
static void test_more_than_a_message_holds(void **state)
{
    (void)state;
    const struct cairn_shape in = {1, {6}};
    struct exported made = export_of("[{type: dense, units: 4}]", &in, 0);
    made.source.array[0].shape.dim[0] = (size_t)1 << 28;
    check_refused(&made.source, "a file of ONNX at most 2 GB");
    export_free(&made);
}

static void test_layers_that_onnx_lacks(void **state)
{
    (void)state;
    const struct cairn_shape in = {1, {6}};
    struct exported made = export_of(
        "[{type: residual, body: [{type: dense, units: 6}, {type: relu, name: mine}]}]", &in, 0);
    const struct cairn_chain *body =
        made.source.layers->layer[0].kind->inner(&made.source.layers->layer[0], 0);
    struct cairn_layer_kind own = *body->layer[1].kind;
    const struct cairn_layer_kind *const ours = body->layer[1].kind;
    own.name = "powers";
    body->layer[1].kind = &own;
    check_refused(&made.source,
                  "layer 0.body.mine (powers) has nothing that stands for it in ONNX");
    body->layer[1].kind = ours;
    export_free(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_layer_has_nodes),
        cmocka_unit_test(test_a_net_node_by_node),
        cmocka_unit_test(test_tokens_are_whole_numbers),
        cmocka_unit_test(test_more_than_a_message_holds),
        cmocka_unit_test(test_layers_that_onnx_lacks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
#else
static void test_what_is_missing_is_said(void **state)
{
    const struct cairn_export_source source = {.checkpoint = "none"};
    (void)state;
    assert_int_equal(cairn_export_write(&cairn_export_onnx, &source, "test_export_onnx.onnx"),
                     CAIRN_USAGE);
    assert_non_null(strstr(cairn_error_text(), "libprotobuf-c-dev"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_what_is_missing_is_said)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
#endif
