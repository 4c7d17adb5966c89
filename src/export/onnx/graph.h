/* SPDX-License-Identifier: BSD-3-Clause
 * A graph of ONNX while it is made of layers: nodes, initializers, and the names of what they give.
 * The first failure is kept in it, and nothing is added from then on, so that the nodes of a layer
 * read one after the other.  Local. */
#ifndef CAIRN_EXPORT_ONNX_GRAPH_H
#define CAIRN_EXPORT_ONNX_GRAPH_H

#include <stddef.h>
#include <stdint.h>

#include "export/export.h"
#include "export/onnx/onnx.pb-c.h"

/** What a graph is made from, and the graph. */
struct cairn_onnx {
    const struct cairn_export_source *source;
    const struct cairn_layer *layer; /* whose nodes are added: its name begins theirs */
    Onnx__GraphProto *graph;         /* owned by who made it */
    size_t n_names;                  /* so far: each name has its number */
    cairn_status st;                 /* the first failure */
};

/** An attribute of a node. */
struct cairn_onnx_attribute {
    const char *name; /* NULL ends a list */
    Onnx__AttributeProto__AttributeType type;
    int64_t i;
    double f;
    const char *s;
    const int64_t *ints; /* [n_ints] */
    size_t n_ints;
};

/* Lists of inputs and attributes where a node is added: OF(x, weight), WITH(INT("axis", 1)). */
#define OF(...)   ((const char *const[]){__VA_ARGS__, NULL})
#define WITH(...) ((const struct cairn_onnx_attribute[]){__VA_ARGS__, {.name = NULL}})
#define INT(key, value)                                                                            \
    {                                                                                              \
        .name = (key), .type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT, .i = (int64_t)(value)   \
    }
#define FLOAT(key, value)                                                                          \
    {                                                                                              \
        .name = (key), .type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT, .f = (value)          \
    }
#define TEXT(key, value)                                                                           \
    {                                                                                              \
        .name = (key), .type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING, .s = (value)         \
    }
#define INTS(key, n, values)                                                                       \
    {                                                                                              \
        .name = (key), .type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS, .ints = (values),      \
        .n_ints = (n)                                                                              \
    }

/** Add a node of one output; its name.  An input "" is one that is left out; `with` may be NULL.
 * Ranks: local; borrowed from the graph.  Errors: onnx->st; the name is "" then, as below. */
const char *cairn_onnx_node(struct cairn_onnx *onnx, const char *op, const char *const *of,
                            const struct cairn_onnx_attribute *with);

/** The same with n_out outputs, whose names go into out [n_out].  Ranks: local.  Errors: as
 * above. */
void cairn_onnx_nodes(struct cairn_onnx *onnx, const char *op, const char *const *of,
                      const struct cairn_onnx_attribute *with, size_t n_out, const char **out);

/** An array of the source as an initializer, under its own name; a second time it is that name
 * alone.  The data are borrowed until the graph is written.  Ranks: local.  Errors: as above. */
const char *cairn_onnx_array(struct cairn_onnx *onnx, const struct cairn_export_array *array);

/** The array <layer>.<param> of the layer whose nodes are added; NULL where it has none.
 * Ranks: local.  Errors: as above. */
const char *cairn_onnx_param(struct cairn_onnx *onnx, const char *param);

/** Whole numbers [n] as an initializer; n 0: a single one.  Ranks: local.  Errors: as above. */
const char *cairn_onnx_ints(struct cairn_onnx *onnx, size_t n, const int64_t *values);

/** Numbers of the model's precision, copied.  Ranks: local.  Errors: as above. */
const char *cairn_onnx_reals(struct cairn_onnx *onnx, const struct cairn_shape *shape,
                             const real *values);

/** A single number.  Ranks: local.  Errors: as above. */
const char *cairn_onnx_number(struct cairn_onnx *onnx, double value);

/** n times the same number.  Ranks: local.  Errors: as above. */
const char *cairn_onnx_filled(struct cairn_onnx *onnx, size_t n, double value);

/** float32 numbers [n], which some operators want in either precision.  Ranks: local.  Errors: as
 * above. */
const char *cairn_onnx_floats(struct cairn_onnx *onnx, size_t n, const float *values);

/** x in another shape for each sample.  Ranks: local.  Errors: as above. */
const char *cairn_onnx_reshape(struct cairn_onnx *onnx, const char *x,
                               const struct cairn_shape *shape);

/** The name of the model's input. */
#define CAIRN_ONNX_INPUT "input"

/** Make CAIRN_ONNX_INPUT: numbers of a type, [batch, shape...].  Ranks: local.  Errors: as above.
 */
void cairn_onnx_input(struct cairn_onnx *onnx, Onnx__TensorProto__DataType type,
                      const struct cairn_shape *shape, const char *doc);

/** Make y the output of the model, called "output".  Ranks: local.  Errors: as above. */
void cairn_onnx_output(struct cairn_onnx *onnx, const char *y, const struct cairn_shape *shape);

/** Let go of what was borrowed from the source, so that the rest can be released.  Ranks: local.
 * Errors: none. */
void cairn_onnx_give_back(struct cairn_onnx *onnx);

/** The type of the model's numbers.  Ranks: local.  Errors: none. */
Onnx__TensorProto__DataType cairn_onnx_real(void);

/** Zeroed memory, NULL after a failure.  Ranks: local.  Errors: as above. */
void *cairn_onnx_memory(struct cairn_onnx *onnx, size_t count, size_t size);

/** A text of its own, NULL after a failure.  Ranks: local.  Errors: as above. */
char *cairn_onnx_text(struct cairn_onnx *onnx, const char *text);

/** Zeroed memory for one of a list of pointers, and its place at the end of it, *list [*n]; NULL
 * after a failure.  Ranks: local.  Errors: as above. */
void *cairn_onnx_add(struct cairn_onnx *onnx, size_t size, size_t *n, void *list);

/** What the layers of a list make of x.  Ranks: local.  Errors: CAIRN_USAGE in onnx->st: a layer
 * that nothing in ONNX stands for. */
const char *cairn_onnx_chain(struct cairn_onnx *onnx, const struct cairn_chain *chain,
                             const char *x);

/** x W^T + bias, of x [.., in] with ndim dimensions of a sample; bias NULL: none.  Ranks: local.
 * Errors: as above. */
const char *cairn_onnx_linear(struct cairn_onnx *onnx, int ndim, const char *x, const char *weight,
                              const char *bias);

/** A real key of the layer whose nodes are added.  Ranks: local.  Errors: none. */
double cairn_onnx_key(const struct cairn_onnx *onnx, const char *key);

/** Whether a key of it has this word.  Ranks: local.  Errors: none. */
bool cairn_onnx_key_is(const struct cairn_onnx *onnx, const char *key, const char *word);

/* What each kind of layer becomes: from the name of x to that of y. */
#define X(kind, function)                                                                          \
    const char *cairn_onnx_##function(struct cairn_onnx *onnx, const struct cairn_layer *layer,    \
                                      const char *x);
#include "export/onnx/layers.def"
#undef X

#endif
