/* SPDX-License-Identifier: BSD-3-Clause
 * Lists of layers as Python, and the one layer that became several: transformer_block. */
#include <stdlib.h>
#include <string.h>

#include "export/python.h"

void cairn_python_line(struct cairn_python *python)
{
    fprintf(python->out, "\n%*s", 4 * python->depth, "");
}

void cairn_python_open(struct cairn_python *python, const char *text)
{
    fputs(text, python->out);
    python->depth++;
}

void cairn_python_close(struct cairn_python *python, const char *text)
{
    python->depth--;
    cairn_python_line(python);
    fputs(text, python->out);
}

/* ---- a list */

/* Its name in the list, without what stands inside it: "4" of "4.attention". */
struct name {
    const char *text;
    size_t n;
};

static struct name name_of(const struct cairn_layer *layer, size_t n_prefix)
{
    const char *text = layer->name + n_prefix;
    return (struct name){text, strcspn(text, ".")};
}

/* How many layers from this one on have the same name. */
static size_t n_alike(const struct cairn_chain *chain, size_t first, size_t n_prefix)
{
    const struct name name = name_of(cairn_chain_written(chain, first), n_prefix);
    size_t n = 1;
    for (; first + n < chain->n_layers; n++) {
        const struct name next = name_of(cairn_chain_written(chain, first + n), n_prefix);
        if (next.n != name.n || memcmp(next.text, name.text, name.n) != 0) break;
    }
    return n;
}

/* Whether all are named by their indices. */
static bool is_counted(const struct cairn_chain *chain, size_t n_prefix)
{
    char index[32];
    size_t count = 0;
    for (size_t i = 0; i < chain->n_layers; i += n_alike(chain, i, n_prefix)) {
        const struct name name = name_of(cairn_chain_written(chain, i), n_prefix);
        const size_t n = (size_t)snprintf(index, sizeof index, "%zu", count++);
        if (n != name.n || memcmp(index, name.text, n) != 0) return false;
    }
    return true;
}

/* The output of a layer as they are written: that of one which runs behind the next is its input.
 */
static const struct cairn_shape *shape_after(const struct cairn_chain *chain, size_t index)
{
    const struct cairn_layer *runs = &chain->layer[index];
    return runs->is_early ? &runs->in : &runs->out;
}

cairn_status cairn_python_chain(struct cairn_python *python, const struct cairn_chain *chain,
                                size_t n_prefix)
{
    const bool counted = is_counted(chain, n_prefix);
    char shape[CAIRN_SHAPE_TEXT_BYTES];
    size_t n = 0;
    if (chain->n_layers == 0) {
        fputs("nn.Identity()", python->out);
        return CAIRN_OK;
    }
    cairn_python_open(python, counted ? "nn.Sequential(" : "Named({");
    for (size_t i = 0; i < chain->n_layers; i += n) {
        const struct cairn_layer *layer = cairn_chain_written(chain, i);
        const struct name name = name_of(layer, n_prefix);
        n = n_alike(chain, i, n_prefix);
        cairn_python_line(python);
        if (!counted) fprintf(python->out, "\"%.*s\": ", (int)name.n, name.text);
        if (name.text[name.n] == '.')
            CAIRN_TRY(cairn_python_block(python, layer, n));
        else
            CAIRN_TRY(cairn_python_layer(python, layer));
        fprintf(python->out, ",  # %s", cairn_shape_text(shape_after(chain, i + n - 1), shape));
    }
    cairn_python_close(python, counted ? ")" : "})");
    return CAIRN_OK;
}

/* ---- transformer_block */

void cairn_python_heads(struct cairn_python *python, const struct cairn_layer *attention)
{
    char text[CAIRN_KEY_TEXT_BYTES];
    const char *causal = cairn_export_key(attention, "causal", text);
    if (strcmp(causal, "true") == 0 ||
        (strcmp(causal, "auto") == 0 && python->source->vocabulary > 0))
        fputs(", causal=True", python->out);
    if (strcmp(cairn_export_key(attention, "position", text), "rotary") == 0)
        fputs(", rotary=True", python->out);
}

/* The layer of that name, among n and in the lists inside them. */
static const struct cairn_layer *find(const struct cairn_layer *layer, size_t n, const char *name)
{
    const struct cairn_layer *found = NULL;
    for (size_t i = 0; i < n && found == NULL; i++) {
        const char *last = strrchr(layer[i].name, '.');
        if (last != NULL && strcmp(last + 1, name) == 0) return &layer[i];
        const struct cairn_chain *inner =
            layer[i].kind->inner == NULL ? NULL : layer[i].kind->inner(&layer[i], 0);
        if (inner != NULL) found = find(inner->layer, inner->n_layers, name);
    }
    return found;
}

static bool is(const struct cairn_layer *layer, const char *kind)
{
    return layer != NULL && strcmp(layer->kind->name, kind) == 0;
}

cairn_status cairn_python_block(struct cairn_python *python, const struct cairn_layer *layer,
                                size_t n)
{
    char text[CAIRN_KEY_TEXT_BYTES];
    const struct cairn_layer *attention = find(layer, n, "self_attn");
    const struct cairn_layer *norm = find(layer, n, "norm1");
    const struct cairn_layer *linear1 = find(layer, n, "linear1");
    const struct cairn_layer *linear2 = find(layer, n, "linear2");
    const struct cairn_layer *dropout = find(layer, n, "dropout1");
    if (!is(attention, "attention") || !is(linear1, "dense") || !is(linear2, "dense") ||
        norm == NULL)
        return cairn_python_refuse(layer);
    const size_t inner = linear2->in.dim[1];
    fprintf(python->out, "TransformerBlock(%zu, %s, %zu", attention->in.dim[1],
            cairn_export_key(attention, "heads", text), inner);
    cairn_python_heads(python, attention);
    if (is(norm, "rmsnorm")) fputs(", rms=True", python->out);
    if (linear1->out.dim[1] > inner) fputs(", swiglu=True", python->out);
    if (n > 2) fputs(", norm_first=False", python->out); /* the norms stand beside the residuals */
    if (dropout != NULL) fprintf(python->out, ", dropout=%s", cairn_export_key(dropout, "p", text));
    fputc(')', python->out);
    return CAIRN_OK;
}
