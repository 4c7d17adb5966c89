/* SPDX-License-Identifier: BSD-3-Clause
 * From planned layers to a model of ONNX and its bytes. */
#include "export/onnx/model.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "cairn/version.h"
#include "export/onnx/graph.h"

/* The oldest operators with LayerNormalization; programs of 2022 and later read them. */
enum { OPSET = 17, IR_VERSION = 8 };

static const struct {
    const char *layer;
    const char *(*nodes)(struct cairn_onnx *onnx, const struct cairn_layer *layer, const char *x);
} kinds[] = {
#define X(kind, function) {#kind, cairn_onnx_##function},
#include "export/onnx/layers.def"
#undef X
};

static const char *layer_nodes(struct cairn_onnx *onnx, const struct cairn_layer *layer,
                               const char *x)
{
    const size_t n = sizeof kinds / sizeof kinds[0];
    size_t i = 0;
    if (onnx->st != CAIRN_OK) return "";
    while (i < n && strcmp(kinds[i].layer, layer->kind->name) != 0) i++;
    if (i < n) return kinds[i].nodes(onnx, layer, x);
    onnx->st =
        cairn_fail(CAIRN_USAGE,
                   "layer %s (%s) has nothing that stands for it in ONNX; export the weights "
                   "alone, to .safetensors",
                   layer->name, layer->kind->name);
    return "";
}

const char *cairn_onnx_chain(struct cairn_onnx *onnx, const struct cairn_chain *chain,
                             const char *x)
{
    const struct cairn_layer *outer = onnx->layer;
    for (size_t i = 0; i < chain->n_layers; i++) {
        onnx->layer = &chain->layer[i];
        x = layer_nodes(onnx, onnx->layer, x);
    }
    onnx->layer = outer;
    return x;
}

/* (x - mean) / std of each channel, as the loader has it: one product and one sum. */
static const char *normalized(struct cairn_onnx *onnx, const char *x)
{
    const struct cairn_export_source *source = onnx->source;
    const size_t n = source->input.dim[0];
    struct cairn_shape shape = {source->input.ndim, {n, 1, 1, 1}};
    if (source->mean == NULL) return x;
    real *scale = cairn_onnx_memory(onnx, 2 * n, sizeof *scale);
    if (scale == NULL) return x;
    for (size_t c = 0; c < n; c++) {
        scale[c] = (real)(1 / source->std[c]);
        scale[n + c] = (real)(-source->mean[c] / source->std[c]);
    }
    x = cairn_onnx_node(onnx, "Mul", OF(x, cairn_onnx_reals(onnx, &shape, scale)), NULL);
    x = cairn_onnx_node(onnx, "Add", OF(x, cairn_onnx_reals(onnx, &shape, scale + n)), NULL);
    free(scale);
    return x;
}

static void fill_graph(struct cairn_onnx *onnx)
{
    const struct cairn_export_source *source = onnx->source;
    const bool tokens = source->vocabulary > 0;
    onnx->graph->name = cairn_onnx_text(onnx, "cairn");
    cairn_onnx_input(
        onnx, tokens ? ONNX__TENSOR_PROTO__DATA_TYPE__INT64 : cairn_onnx_real(), &source->input,
        tokens ? "the numbers of tokens" : "x of the data, value * scale + shift; channels first");
    const char *y = cairn_onnx_chain(onnx, source->layers, normalized(onnx, CAIRN_ONNX_INPUT));
    cairn_onnx_output(onnx, y, cairn_chain_output(source->layers));
}

static void fill_model(struct cairn_onnx *onnx, Onnx__ModelProto *model)
{
    onnx__model_proto__init(model);
    model->has_ir_version = true;
    model->ir_version = IR_VERSION;
    model->producer_name = cairn_onnx_text(onnx, "cairn");
    model->producer_version = cairn_onnx_text(onnx, CAIRN_VERSION);
    Onnx__OperatorSetIdProto *set =
        cairn_onnx_add(onnx, sizeof *set, &model->n_opset_import, &model->opset_import);
    if (set != NULL) {
        onnx__operator_set_id_proto__init(set);
        set->domain = cairn_onnx_text(onnx, "");
        set->has_version = true;
        set->version = OPSET;
    }
    Onnx__StringStringEntryProto *entry =
        cairn_onnx_add(onnx, sizeof *entry, &model->n_metadata_props, &model->metadata_props);
    if (entry != NULL) {
        onnx__string_string_entry_proto__init(entry);
        entry->key = cairn_onnx_text(onnx, "config");
        entry->value = cairn_onnx_text(onnx, onnx->source->config);
    }
    model->graph = onnx->graph = cairn_onnx_memory(onnx, 1, sizeof *model->graph);
    if (model->graph == NULL) return;
    onnx__graph_proto__init(model->graph);
    fill_graph(onnx);
}

static cairn_status put(const Onnx__ModelProto *model, struct cairn_new_file *file)
{
    unsigned char *bytes = NULL;
    const size_t n = onnx__model_proto__get_packed_size(model);
    if (n > INT32_MAX)
        return cairn_fail(CAIRN_USAGE,
                          "the model takes %zu bytes, and a file of ONNX at most 2 GB; export the "
                          "weights alone, to .safetensors",
                          n);
    CAIRN_TRY(cairn_memory_get(n, 1, "the bytes of the file", &bytes));
    onnx__model_proto__pack(model, bytes);
    cairn_status st = cairn_file_put(file, bytes, n);
    free(bytes);
    return st;
}

cairn_status cairn_onnx_write(const struct cairn_export_source *source, struct cairn_new_file *file)
{
    struct cairn_onnx onnx = {.source = source};
    Onnx__ModelProto *model = cairn_onnx_memory(&onnx, 1, sizeof *model);
    if (model == NULL) return onnx.st;
    fill_model(&onnx, model);
    if (onnx.st == CAIRN_OK) onnx.st = put(model, file);
    if (model->graph != NULL) cairn_onnx_give_back(&onnx);
    onnx__model_proto__free_unpacked(model, NULL);
    return onnx.st;
}
