/* SPDX-License-Identifier: BSD-3-Clause
 * Nodes, initializers and names of a graph. */
#include "export/onnx/graph.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { NAME_BYTES = CAIRN_PARAM_NAME_BYTES + 64 };

static const char what[] = "the graph";

void *cairn_onnx_memory(struct cairn_onnx *onnx, size_t count, size_t size)
{
    void *out = NULL;
    if (onnx->st == CAIRN_OK) onnx->st = cairn_memory_get(count, size, what, &out);
    return onnx->st == CAIRN_OK ? out : NULL;
}

char *cairn_onnx_text(struct cairn_onnx *onnx, const char *text)
{
    char *out = NULL;
    if (onnx->st == CAIRN_OK) onnx->st = cairn_memory_text(text, &out);
    return out;
}

void *cairn_onnx_add(struct cairn_onnx *onnx, size_t size, size_t *n, void *list)
{
    void **items = NULL;
    if (onnx->st == CAIRN_OK) onnx->st = cairn_memory_room(*n, sizeof *items, what, list);
    void *item = cairn_onnx_memory(onnx, 1, size);
    if (item == NULL) return NULL;
    memcpy(&items, list, sizeof(void *)); /* a pointer of any type */
    items[(*n)++] = item;
    return item;
}

/* The next name: "3.body.0/Conv_7", or "Conv_7" outside of layers. */
static char *next_name(struct cairn_onnx *onnx, const char *op)
{
    char name[NAME_BYTES];
    const struct cairn_layer *layer = onnx->layer;
    snprintf(name, sizeof name, "%s%s%s_%zu", layer == NULL ? "" : layer->name,
             layer == NULL ? "" : "/", op, onnx->n_names++);
    return cairn_onnx_text(onnx, name);
}

static void add_text(struct cairn_onnx *onnx, const char *text, size_t *n, char ***list)
{
    char *copy = cairn_onnx_text(onnx, text);
    if (onnx->st == CAIRN_OK) onnx->st = cairn_memory_room(*n, sizeof **list, what, list);
    if (onnx->st == CAIRN_OK)
        (*list)[(*n)++] = copy;
    else
        free(copy);
}

static void set_bytes(struct cairn_onnx *onnx, const void *bytes, size_t n,
                      ProtobufCBinaryData *out)
{
    out->data = cairn_onnx_memory(onnx, n, 1);
    if (out->data == NULL) return;
    memcpy(out->data, bytes, n);
    out->len = n;
}

static void add_attribute(struct cairn_onnx *onnx, const struct cairn_onnx_attribute *from,
                          Onnx__NodeProto *node)
{
    Onnx__AttributeProto *to =
        cairn_onnx_add(onnx, sizeof *to, &node->n_attribute, &node->attribute);
    if (to == NULL) return;
    onnx__attribute_proto__init(to);
    to->name = cairn_onnx_text(onnx, from->name);
    to->has_type = true;
    to->type = from->type;
    to->has_i = from->type == ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT;
    to->i = from->i;
    to->has_f = from->type == ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT;
    to->f = (float)from->f;
    to->has_s = from->type == ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING;
    if (to->has_s) set_bytes(onnx, from->s, strlen(from->s), &to->s);
    if (from->n_ints == 0) return;
    to->ints = cairn_onnx_memory(onnx, from->n_ints, sizeof *to->ints);
    if (to->ints == NULL) return;
    memcpy(to->ints, from->ints, from->n_ints * sizeof *to->ints);
    to->n_ints = from->n_ints;
}

void cairn_onnx_nodes(struct cairn_onnx *onnx, const char *op, const char *const *of,
                      const struct cairn_onnx_attribute *with, size_t n_out, const char **out)
{
    Onnx__GraphProto *graph = onnx->graph;
    for (size_t i = 0; i < n_out; i++) out[i] = "";
    Onnx__NodeProto *node = cairn_onnx_add(onnx, sizeof *node, &graph->n_node, &graph->node);
    if (node == NULL) return;
    onnx__node_proto__init(node);
    node->name = next_name(onnx, op);
    node->op_type = cairn_onnx_text(onnx, op);
    for (; *of != NULL; of++) add_text(onnx, *of, &node->n_input, &node->input);
    for (; with != NULL && with->name != NULL; with++) add_attribute(onnx, with, node);
    for (size_t i = 0; i < n_out; i++) {
        char name[NAME_BYTES];
        snprintf(name, sizeof name, "%s_y%zu", node->name == NULL ? "" : node->name, i);
        add_text(onnx, n_out == 1 && node->name != NULL ? node->name : name, &node->n_output,
                 &node->output);
    }
    for (size_t i = 0; i < n_out && onnx->st == CAIRN_OK; i++) out[i] = node->output[i];
}

const char *cairn_onnx_node(struct cairn_onnx *onnx, const char *op, const char *const *of,
                            const struct cairn_onnx_attribute *with)
{
    const char *out = NULL;
    cairn_onnx_nodes(onnx, op, of, with, 1, &out);
    return out;
}

/* An initializer without data; takes the name. */
static Onnx__TensorProto *add_tensor(struct cairn_onnx *onnx, char *name,
                                     Onnx__TensorProto__DataType type,
                                     const struct cairn_shape *shape)
{
    Onnx__GraphProto *graph = onnx->graph;
    Onnx__TensorProto *tensor =
        cairn_onnx_add(onnx, sizeof *tensor, &graph->n_initializer, &graph->initializer);
    if (tensor == NULL) {
        free(name);
        return NULL;
    }
    onnx__tensor_proto__init(tensor);
    tensor->name = name;
    tensor->has_data_type = true;
    tensor->data_type = (int32_t)type;
    tensor->has_raw_data = true;
    if (shape->ndim == 0) return tensor;
    tensor->dims = cairn_onnx_memory(onnx, (size_t)shape->ndim, sizeof *tensor->dims);
    if (tensor->dims == NULL) return NULL;
    for (int d = 0; d < shape->ndim; d++) tensor->dims[tensor->n_dims++] = (int64_t)shape->dim[d];
    return tensor;
}

const char *cairn_onnx_array(struct cairn_onnx *onnx, const struct cairn_export_array *array)
{
    const Onnx__GraphProto *graph = onnx->graph;
    for (size_t i = 0; i < graph->n_initializer && onnx->st == CAIRN_OK; i++)
        if (strcmp(graph->initializer[i]->name, array->name) == 0)
            return graph->initializer[i]->name;
    char *name = cairn_onnx_text(onnx, array->name);
    Onnx__TensorProto *tensor = add_tensor(onnx, name, cairn_onnx_real(), &array->shape);
    if (tensor == NULL) return "";
    tensor->raw_data.data = (uint8_t *)array->data;
    tensor->raw_data.len = cairn_shape_count(&array->shape) * sizeof *array->data;
    return tensor->name;
}

const char *cairn_onnx_param(struct cairn_onnx *onnx, const char *param)
{
    const struct cairn_export_array *array = cairn_export_tensor(onnx->source, onnx->layer, param);
    return array == NULL ? NULL : cairn_onnx_array(onnx, array);
}

/* An initializer with a copy of `values`. */
static const char *add_values(struct cairn_onnx *onnx, Onnx__TensorProto__DataType type,
                              const struct cairn_shape *shape, const void *values, size_t size)
{
    Onnx__TensorProto *tensor = add_tensor(onnx, next_name(onnx, "values"), type, shape);
    if (tensor == NULL) return "";
    set_bytes(onnx, values, cairn_shape_count(shape) * size, &tensor->raw_data);
    return onnx->st == CAIRN_OK ? tensor->name : "";
}

const char *cairn_onnx_ints(struct cairn_onnx *onnx, size_t n, const int64_t *values)
{
    return add_values(onnx, ONNX__TENSOR_PROTO__DATA_TYPE__INT64, &(struct cairn_shape){n > 0, {n}},
                      values, sizeof *values);
}

const char *cairn_onnx_floats(struct cairn_onnx *onnx, size_t n, const float *values)
{
    return add_values(onnx, ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT, &(struct cairn_shape){1, {n}},
                      values, sizeof *values);
}

const char *cairn_onnx_reals(struct cairn_onnx *onnx, const struct cairn_shape *shape,
                             const real *values)
{
    return add_values(onnx, cairn_onnx_real(), shape, values, sizeof *values);
}

const char *cairn_onnx_number(struct cairn_onnx *onnx, double value)
{
    const real number = (real)value;
    return cairn_onnx_reals(onnx, &(struct cairn_shape){.ndim = 0}, &number);
}

const char *cairn_onnx_filled(struct cairn_onnx *onnx, size_t n, double value)
{
    real *values = cairn_onnx_memory(onnx, n, sizeof *values);
    for (size_t i = 0; i < n && values != NULL; i++) values[i] = (real)value;
    const char *name =
        values == NULL ? "" : cairn_onnx_reals(onnx, &(struct cairn_shape){1, {n}}, values);
    free(values);
    return name;
}

const char *cairn_onnx_reshape(struct cairn_onnx *onnx, const char *x,
                               const struct cairn_shape *shape)
{
    int64_t size[CAIRN_MAX_DIMS + 1] = {0}; /* 0: as many samples as there are */
    for (int d = 0; d < shape->ndim; d++) size[d + 1] = (int64_t)shape->dim[d];
    return cairn_onnx_node(onnx, "Reshape",
                           OF(x, cairn_onnx_ints(onnx, (size_t)shape->ndim + 1, size)), NULL);
}

Onnx__TensorProto__DataType cairn_onnx_real(void)
{
    return CAIRN_REAL_BITS == 64 ? ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE
                                 : ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
}

/* ---- the surface */

static void add_dim(struct cairn_onnx *onnx, Onnx__TensorShapeProto *shape, const char *name,
                    size_t size)
{
    Onnx__TensorShapeProto__Dimension *dim =
        cairn_onnx_add(onnx, sizeof *dim, &shape->n_dim, &shape->dim);
    if (dim == NULL) return;
    onnx__tensor_shape_proto__dimension__init(dim);
    if (name != NULL) dim->dim_param = cairn_onnx_text(onnx, name);
    dim->has_dim_value = name == NULL;
    dim->dim_value = (int64_t)size;
}

static void set_shape(struct cairn_onnx *onnx, Onnx__TypeProto__Tensor *tensor,
                      const struct cairn_shape *shape)
{
    tensor->shape = cairn_onnx_memory(onnx, 1, sizeof *tensor->shape);
    if (tensor->shape == NULL) return;
    onnx__tensor_shape_proto__init(tensor->shape);
    add_dim(onnx, tensor->shape, "batch", 0);
    for (int d = 0; d < shape->ndim; d++) add_dim(onnx, tensor->shape, NULL, shape->dim[d]);
}

static void set_value(struct cairn_onnx *onnx, Onnx__ValueInfoProto *value, const char *name,
                      Onnx__TensorProto__DataType type, const struct cairn_shape *shape)
{
    if (value == NULL) return;
    onnx__value_info_proto__init(value);
    value->name = cairn_onnx_text(onnx, name);
    value->type = cairn_onnx_memory(onnx, 1, sizeof *value->type);
    if (value->type == NULL) return;
    onnx__type_proto__init(value->type);
    Onnx__TypeProto__Tensor *tensor = cairn_onnx_memory(onnx, 1, sizeof *tensor);
    value->type->tensor_type = tensor;
    if (tensor == NULL) return;
    onnx__type_proto__tensor__init(tensor);
    tensor->has_elem_type = true;
    tensor->elem_type = (int32_t)type;
    set_shape(onnx, tensor, shape);
}

void cairn_onnx_input(struct cairn_onnx *onnx, Onnx__TensorProto__DataType type,
                      const struct cairn_shape *shape, const char *doc)
{
    Onnx__GraphProto *graph = onnx->graph;
    Onnx__ValueInfoProto *value =
        cairn_onnx_add(onnx, sizeof *value, &graph->n_input, &graph->input);
    set_value(onnx, value, CAIRN_ONNX_INPUT, type, shape);
    if (value != NULL) value->doc_string = cairn_onnx_text(onnx, doc);
}

void cairn_onnx_output(struct cairn_onnx *onnx, const char *y, const struct cairn_shape *shape)
{
    static const char name[] = "output";
    Onnx__GraphProto *graph = onnx->graph;
    Onnx__ValueInfoProto *value =
        cairn_onnx_add(onnx, sizeof *value, &graph->n_output, &graph->output);
    set_value(onnx, value, name, cairn_onnx_real(), shape);
    cairn_onnx_node(onnx, "Identity", OF(y), NULL);
    if (onnx->st != CAIRN_OK) return;
    char **of = &graph->node[graph->n_node - 1]->output[0];
    free(*of);
    *of = cairn_onnx_text(onnx, name);
}

void cairn_onnx_give_back(struct cairn_onnx *onnx)
{
    const struct cairn_export_source *source = onnx->source;
    for (size_t i = 0; i < onnx->graph->n_initializer; i++) {
        ProtobufCBinaryData *data = &onnx->graph->initializer[i]->raw_data;
        size_t a = 0;
        while (a < source->n_arrays && (uint8_t *)source->array[a].data != data->data) a++;
        if (a < source->n_arrays) *data = (ProtobufCBinaryData){.data = NULL};
    }
}
