/* SPDX-License-Identifier: BSD-3-Clause
 * What each layer is called in PyTorch: a row of text, or a function where that is not enough.
 * Classes that are not torch.nn's stand in pytorch.py. */
#include <stdlib.h>
#include <string.h>

#include "export/python.h"

/* {key} is the value of a key, {,key} the same as an argument by its name, left out where it is the
 * default; of the input {C} is the first dimension, {D} the last, {in} are all, {n} counts those
 * besides channels; {out} are all of the output; {V} is the vocabulary. */
struct row {
    const char *kind, *text;
};

#define CONV "({C}, {channels}, {kernel}{,stride}{,padding}"
#define POOL "({kernel}{,stride}{,padding}"

static const struct row rows[] = {
    {"dense", "nn.Linear({D}, {units}{,bias})"},
    {"relu", "nn.ReLU()"},
    {"tanh", "nn.Tanh()"},
    {"sigmoid", "nn.Sigmoid()"},
    {"gelu", "nn.GELU({,approximate})"},
    {"leaky_relu", "nn.LeakyReLU({slope})"},
    {"elu", "nn.ELU({alpha})"},
    {"silu", "nn.SiLU()"},
    {"softplus", "nn.Softplus({,beta}{,threshold})"},
    {"scale", "Scale({factor})"},
    {"dropout", "nn.Dropout({p})"},
    {"dropout2d", "nn.Dropout{n}d({p})"},
    {"flatten", "nn.Flatten()"},
    {"reshape", "Reshape({out})"},
    {"transpose", "Permute({dims})"},
    {"conv1d", "nn.Conv1d" CONV "{,dilation}{,groups}{,bias})"},
    {"conv2d", "nn.Conv2d" CONV "{,dilation}{,groups}{,bias})"},
    {"conv3d", "nn.Conv3d" CONV "{,dilation}{,groups}{,bias})"},
    {"conv_transpose1d", "nn.ConvTranspose1d" CONV "{,output_padding}{,groups}{,bias}{,dilation})"},
    {"conv_transpose2d", "nn.ConvTranspose2d" CONV "{,output_padding}{,groups}{,bias}{,dilation})"},
    {"conv_transpose3d", "nn.ConvTranspose3d" CONV "{,output_padding}{,groups}{,bias}{,dilation})"},
    {"maxpool", "nn.MaxPool{n}d" POOL "{,dilation})"},
    {"maxpool2d", "nn.MaxPool2d" POOL "{,dilation})"},
    {"avgpool", "nn.AvgPool{n}d" POOL ")"},
    {"avgpool2d", "nn.AvgPool2d" POOL ")"},
    {"global_avgpool", "nn.Sequential(nn.AdaptiveAvgPool{n}d(1), nn.Flatten())"},
    {"batchnorm", "nn.BatchNorm{n}d({C}{,eps}{,momentum})"},
    {"layernorm", "nn.LayerNorm({D}{,eps})"},
    {"rmsnorm", "nn.RMSNorm({D}, eps={eps})"},
    {"groupnorm", "nn.GroupNorm({groups}, {C}{,eps})"},
    {"instancenorm", "nn.InstanceNorm{n}d({C}{,eps}{,affine})"},
    {"softmax", "nn.Softmax(-1)"},
    {"embedding", "nn.Embedding({V}, {units})"},
    {"position", "Position({in})"},
};

cairn_status cairn_python_refuse(const struct cairn_layer *layer)
{
    return cairn_fail(
        CAIRN_DATA,
        "layer %s (%s) is not known to cairn export as Python; the weights can be had "
        "as .safetensors and .npz",
        layer->name, layer->kind->name);
}

/* ---- rows */

static size_t n_places(const struct cairn_layer *layer)
{
    return layer->in.ndim > 1 ? (size_t)layer->in.ndim - 1 : 1;
}

void cairn_python_sizes(struct cairn_python *python, const size_t *size, size_t n)
{
    bool alike = true;
    for (size_t i = 1; i < n; i++) alike = alike && size[i] == size[0];
    if (alike) {
        fprintf(python->out, "%zu", size[0]);
        return;
    }
    for (size_t i = 0; i < n; i++) fprintf(python->out, "%s%zu", i == 0 ? "(" : ", ", size[i]);
    fputc(')', python->out);
}

static void put_list(struct cairn_python *python, const size_t *size, int n)
{
    for (int i = 0; i < n; i++) fprintf(python->out, "%s%zu", i == 0 ? "" : ", ", size[i]);
}

/* A key that holds a number for each dimension. */
static void put_tree(struct cairn_python *python, const struct cairn_layer *layer, const char *key)
{
    size_t size[CAIRN_MAX_DIMS];
    const bool dims = strcmp(key, "dims") == 0;
    const size_t n = dims ? (size_t)layer->in.ndim : n_places(layer);
    if (!cairn_export_sizes(layer, key, 0, n, size))
        fputs("\"same\"", python->out);
    else if (dims)
        put_list(python, size, layer->in.ndim);
    else
        cairn_python_sizes(python, size, n);
}

static void put_value(struct cairn_python *python, const struct cairn_layer *layer,
                      const struct cairn_key *key)
{
    char text[CAIRN_KEY_TEXT_BYTES];
    const char *value = cairn_key_text(key, layer->self, text);
    if (key->type == CAIRN_KEY_TREE)
        put_tree(python, layer, key->name);
    else if (key->type == CAIRN_KEY_BOOL)
        fputs(strcmp(value, "true") == 0 ? "True" : "False", python->out);
    else if (key->type == CAIRN_KEY_CHOICE)
        fprintf(python->out, "\"%s\"", value);
    else
        fputs(value, python->out);
}

/* As it would be without being given. */
static bool is_default(const struct cairn_layer *layer, const struct cairn_key *key)
{
    char text[CAIRN_KEY_TEXT_BYTES], usual[CAIRN_KEY_TEXT_BYTES];
    const char *fallback = NULL;
    const struct cairn_node *node = NULL;
    if (key->type == CAIRN_KEY_TREE) {
        memcpy(&node, (const char *)layer->self + key->offset, sizeof(struct cairn_node *));
        return node == NULL;
    }
    return cairn_key_value(key, NULL, usual, &fallback) == CAIRN_OK &&
           strcmp(cairn_key_text(key, layer->self, text), fallback) == 0;
}

/* {,key}; `first` among the arguments until one is written. */
static void put_argument(struct cairn_python *python, const struct cairn_layer *layer,
                         const char *name, bool *first)
{
    const struct cairn_key *key = cairn_export_find_key(layer, name);
    if (is_default(layer, key)) return;
    fprintf(python->out, "%s%s=", *first ? "" : ", ", name);
    put_value(python, layer, key);
    *first = false;
}

/* What else stands between braces. */
static void put_name(struct cairn_python *python, const struct cairn_layer *layer, const char *name)
{
    const struct cairn_shape *in = &layer->in;
    const struct cairn_key *key = cairn_export_find_key(layer, name);
    if (key != NULL) {
        put_value(python, layer, key);
    } else if (strcmp(name, "in") == 0) {
        put_list(python, in->dim, in->ndim);
    } else if (strcmp(name, "out") == 0) {
        put_list(python, layer->out.dim, layer->out.ndim);
    } else {
        fprintf(python->out, "%zu",
                *name == 'C'   ? in->dim[0]
                : *name == 'D' ? in->dim[in->ndim - 1]
                : *name == 'V' ? python->source->vocabulary
                               : n_places(layer));
    }
}

static void put_row(struct cairn_python *python, const struct cairn_layer *layer, const char *text)
{
    char name[32];
    bool first = true;
    while (*text != '\0') {
        const size_t n = strcspn(text, "{");
        fwrite(text, 1, n, python->out);
        if (n > 0) first = text[n - 1] == '(';
        text += n;
        if (*text == '\0') return;
        const size_t n_name = strcspn(text, "}") - 1;
        snprintf(name, sizeof name, "%.*s", (int)n_name, text + 1);
        if (*name == ',') {
            put_argument(python, layer, name + 1, &first);
        } else {
            put_name(python, layer, name);
            first = false;
        }
        text += n_name + 2;
    }
}

/* ---- those that a row cannot say */

static cairn_status put_attention(struct cairn_python *python, const struct cairn_layer *layer)
{
    put_row(python, layer, "Attention({D}, {heads}");
    cairn_python_heads(python, layer);
    fputc(')', python->out);
    return CAIRN_OK;
}

static cairn_status put_glu(struct cairn_python *python, const struct cairn_layer *layer)
{
    char text[CAIRN_KEY_TEXT_BYTES];
    const bool silu = strcmp(cairn_export_key(layer, "gate", text), "silu") == 0;
    fputs(silu ? "SwiGLU()" : "nn.GLU()", python->out);
    return CAIRN_OK;
}

static cairn_status put_upsample(struct cairn_python *python, const struct cairn_layer *layer)
{
    static const char *const linear[] = {"linear", "bilinear", "trilinear"};
    char text[CAIRN_KEY_TEXT_BYTES];
    put_row(python, layer, "nn.Upsample(scale_factor={factor}");
    if (strcmp(cairn_export_key(layer, "mode", text), "linear") == 0)
        fprintf(python->out, ", mode=\"%s\"", linear[n_places(layer) - 1]);
    fputc(')', python->out);
    return CAIRN_OK;
}

/* Its weights say what it is: W_hh [gates x units, units] of each way, four gates being an lstm. */
static cairn_status put_recurrent(struct cairn_python *python, const struct cairn_layer *layer)
{
    const struct cairn_export_array *w = cairn_export_tensor(python->source, layer, "weight_hh_l0");
    const size_t *dim = w->shape.dim;
    fprintf(python->out, "%s(", dim[0] == 4 * dim[1] ? "LSTM" : "GRU");
    put_row(python, layer, "{D}");
    fprintf(python->out, ", %zu", dim[1]);
    if (layer->out.ndim == 1) fputs(", last=True", python->out);
    if (cairn_export_tensor(python->source, layer, "bias_hh_l0") == NULL)
        fputs(", bias=False", python->out);
    if (strcmp(layer->kind->name, "bidirectional") == 0) fputs(", bidirectional=True", python->out);
    fputc(')', python->out);
    return CAIRN_OK;
}

static cairn_status put_residual(struct cairn_python *python, const struct cairn_layer *layer)
{
    char text[CAIRN_KEY_TEXT_BYTES];
    const size_t n = strlen(layer->name) + 1;
    const struct cairn_chain *project = layer->kind->inner(layer, 1);
    if (strcmp(cairn_export_key(layer, "flat", text), "true") == 0)
        return cairn_python_refuse(layer); /* its names are those of another module */
    cairn_python_open(python, "Residual(");
    cairn_python_line(python);
    CAIRN_TRY(cairn_python_chain(python, layer->kind->inner(layer, 0), n + strlen("body.")));
    fputc(',', python->out);
    if (project != NULL) {
        cairn_python_line(python);
        CAIRN_TRY(cairn_python_chain(python, project, n + strlen("project.")));
        fputc(',', python->out);
    }
    cairn_python_close(python, ")");
    return CAIRN_OK;
}

static cairn_status put_branches(struct cairn_python *python, const struct cairn_layer *layer)
{
    const struct cairn_chain *chain = NULL;
    char text[CAIRN_KEY_TEXT_BYTES];
    cairn_python_open(python, "Branches(");
    for (size_t i = 0; (chain = layer->kind->inner(layer, i)) != NULL; i++) {
        const int n_digits = snprintf(text, sizeof text, ".%zu.", i);
        cairn_python_line(python);
        CAIRN_TRY(cairn_python_chain(python, chain, strlen(layer->name) + (size_t)n_digits));
        fputc(',', python->out);
    }
    if (strcmp(cairn_export_key(layer, "join", text), "concat") == 0) {
        cairn_python_line(python);
        fprintf(python->out, "dim=%lu,",
                strtoul(cairn_export_key(layer, "dim", text), NULL, 10) + 1);
    }
    cairn_python_close(python, ")");
    return CAIRN_OK;
}

static const struct {
    const char *kind;
    cairn_status (*put)(struct cairn_python *python, const struct cairn_layer *layer);
} others[] = {
    {"glu", put_glu},           {"upsample", put_upsample}, {"attention", put_attention},
    {"lstm", put_recurrent},    {"gru", put_recurrent},     {"bidirectional", put_recurrent},
    {"residual", put_residual}, {"branches", put_branches},
};

cairn_status cairn_python_layer(struct cairn_python *python, const struct cairn_layer *layer)
{
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (strcmp(others[i].kind, layer->kind->name) == 0) return others[i].put(python, layer);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(rows[i].kind, layer->kind->name) != 0) continue;
        put_row(python, layer, rows[i].text);
        return CAIRN_OK;
    }
    return cairn_python_refuse(layer);
}
