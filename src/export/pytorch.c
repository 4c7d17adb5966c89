/* SPDX-License-Identifier: BSD-3-Clause
 * pytorch: the model as a module of Python that needs nothing but torch: what it is, the classes of
 * pytorch.py that it is made of, model() and load(). */
#include <stdlib.h>
#include <string.h>

#include "cairn/version.h"
#include "export/python.h"
#include "record/number.h"

static const char pytorch_py[] = {
#include "export/pytorch_py.h"
    , '\0'};

#define FUNCTIONAL "functional."
enum { MOST_PARTS = 32, CALL_BYTES = 48 };

/* A class or function of pytorch.py, where two empty lines stand between them. */
struct part {
    const char *text;
    size_t n;
    char call[CALL_BYTES]; /* "Residual(" */
    bool needed;
};

/* The answer is how many there are. */
static size_t find_parts(struct part part[MOST_PARTS])
{
    static const char gap[] = "\n\n\n";
    size_t n = 0;
    for (const char *at = strstr(pytorch_py, gap); at != NULL && n < MOST_PARTS; n++) {
        const char *text = at + strlen(gap); /* the first gap is after the imports */
        const char *name = strchr(text, ' ') + 1;
        at = strstr(text, gap);
        part[n] =
            (struct part){.text = text, .n = at != NULL ? (size_t)(at + 1 - text) : strlen(text)};
        snprintf(part[n].call, CALL_BYTES, "%.*s(", (int)strcspn(name, "(:"), name);
    }
    return n;
}

/* Whether the text, of n bytes, has the call, and not as a part of a longer name. */
static bool has_call(const char *text, size_t n, const char *call)
{
    for (const char *at = strstr(text, call); at != NULL && at < text + n;
         at = strstr(at + 1, call))
        if (at == text || strchr(" (\n*", at[-1]) != NULL) return true;
    return false;
}

/* What the model calls, and what that calls, which stands before it. */
static void find_needed(const char *model, struct part *part, size_t n_parts)
{
    for (size_t i = n_parts; i-- > 0;) {
        bool needed = i + 1 == n_parts /* load() */ || has_call(model, strlen(model), part[i].call);
        for (size_t j = i + 1; j < n_parts && !needed; j++)
            needed = part[j].needed && has_call(part[j].text, part[j].n, part[i].call);
        part[i].needed = needed;
    }
}

/* ---- the module */

/* A weight that another layer has: dense with `tie`. */
static void put_tied(struct cairn_python *python, const struct cairn_chain *chain)
{
    const struct cairn_chain *inner = NULL;
    char text[CAIRN_KEY_TEXT_BYTES];
    for (size_t i = 0; i < chain->n_layers; i++) {
        const struct cairn_layer *layer = &chain->layer[i];
        if (layer->kind->inner != NULL)
            for (size_t j = 0; (inner = layer->kind->inner(layer, j)) != NULL; j++)
                put_tied(python, inner);
        const char *owner = cairn_export_key(layer, "tie", text);
        if (strcmp(layer->kind->name, "dense") != 0 || *owner == '\0') continue;
        fprintf(python->out,
                "    net.get_submodule(\"%s\").weight = net.get_submodule(\"%s\").weight\n",
                layer->name, owner);
    }
}

static cairn_status put_model(struct cairn_python *python)
{
    fputs("def model():\n"
          "    \"\"\"The network; its state_dict has the names of the checkpoint.\"\"\"\n"
          "    net = ",
          python->out);
    python->depth = 1;
    CAIRN_TRY(cairn_python_chain(python, python->source->layers, 0));
    fputc('\n', python->out);
    put_tied(python, python->source->layers);
    fprintf(python->out, "    return net%s\n", CAIRN_REAL_BITS == 64 ? ".double()" : "");
    return CAIRN_OK;
}

static void put_shape(FILE *out, const char *name, const char *type,
                      const struct cairn_shape *shape)
{
    fprintf(out, "%s: %s [n", name, type);
    for (int d = 0; d < shape->ndim; d++) fprintf(out, ", %zu", shape->dim[d]);
    fputc(']', out);
}

/* In quotes of Python, which nothing in a path is to end. */
static void put_plain(FILE *out, const char *text)
{
    for (; *text != '\0'; text++)
        fputc(*text < ' ' || *text > '~' || *text == '"' || *text == '\\' ? '?' : *text, out);
}

static void put_head(FILE *out, const struct cairn_export_source *source)
{
    const struct cairn_chain *layers = source->layers;
    const char *type = CAIRN_REAL_BITS == 64 ? "float64" : "float32";
    fputs("\"\"\"The model of ", out);
    put_plain(out, source->checkpoint);
    fprintf(out,
            " for PyTorch, written by cairn " CAIRN_VERSION ".\n\n"
            "    net = load(\"model.safetensors\")  # or .npz, both of cairn export, or the "
            "checkpoint itself\n"
            "    y = net(%s)\n\n",
            source->mean != NULL ? "normalized(x)" : "x");
    put_shape(out, "x", source->vocabulary > 0 ? "int64" : type, &source->input);
    if (source->vocabulary > 0) fprintf(out, ", tokens below %zu", source->vocabulary);
    fputs("; ", out);
    put_shape(out, "y", type, cairn_chain_output(layers));
    fputs("\n\"\"\"\n", out);
}

/* A number for each channel. */
static void put_numbers(FILE *out, const char *name, const double *value,
                        const struct cairn_shape *input)
{
    char text[CAIRN_NUMBER_BYTES];
    fprintf(out, "    %s = torch.tensor([", name);
    for (size_t c = 0; c < input->dim[0]; c++) {
        cairn_number_text(value[c], text);
        fprintf(out, "%s%s", c == 0 ? "" : ", ", text);
    }
    fputs("], dtype=x.dtype).reshape(-1", out);
    for (int d = 1; d < input->ndim; d++) fputs(", 1", out);
    fputs(")\n", out);
}

static void put_normalized(FILE *out, const struct cairn_export_source *source)
{
    if (source->mean == NULL) return;
    fputs("\n\ndef normalized(x):\n"
          "    \"\"\"What the model takes, from what the data hold.\"\"\"\n",
          out);
    put_numbers(out, "mean", source->mean, &source->input);
    put_numbers(out, "std", source->std, &source->input);
    fputs("    return (x - mean) / std\n", out);
}

/* `model` is the text of its function. */
static void put_module(FILE *out, const struct cairn_export_source *source, const char *model)
{
    struct part part[MOST_PARTS];
    const size_t n_parts = find_parts(part);
    bool functional = false;
    find_needed(model, part, n_parts);
    for (size_t i = 0; i < n_parts; i++)
        functional =
            functional || (part[i].needed && has_call(part[i].text, part[i].n, FUNCTIONAL));
    put_head(out, source);
    fputs("\nimport torch\nfrom torch import nn\n", out);
    if (functional) fputs("from torch.nn import functional\n", out);
    for (size_t i = 0; i + 1 < n_parts; i++)
        if (part[i].needed) fprintf(out, "\n\n%.*s", (int)part[i].n, part[i].text);
    put_normalized(out, source);
    fprintf(out, "\n\n%s\n\nGROUPS = (\"%s\", \"buffers\")  # of a checkpoint\n", model,
            source->average ? "ema" : "weights");
    fprintf(out, "\n\n%s", part[n_parts - 1].text);
}

static cairn_status no_memory(void)
{
    return cairn_fail(CAIRN_MEMORY, "there is no memory for the text of a model");
}

/* To be released with free(). */
static cairn_status make_model(const struct cairn_export_source *source, char **out)
{
    size_t n = 0;
    struct cairn_python python = {.out = open_memstream(out, &n), .source = source};
    if (python.out == NULL) return no_memory();
    cairn_status st = put_model(&python);
    return fclose(python.out) != 0 && st == CAIRN_OK ? no_memory() : st;
}

cairn_status cairn_export_python(const struct cairn_export_source *source, char **out)
{
    char *model = NULL, *module = NULL;
    size_t n = 0;
    cairn_status st = make_model(source, &model);
    FILE *stream = st == CAIRN_OK ? open_memstream(&module, &n) : NULL;
    if (stream != NULL) put_module(stream, source, model);
    if (st == CAIRN_OK && (stream == NULL || fclose(stream) != 0)) st = no_memory();
    free(model);
    if (st == CAIRN_OK)
        *out = module;
    else
        free(module);
    return st;
}

static cairn_status write(const struct cairn_export_source *source, struct cairn_new_file *file)
{
    char *text = NULL;
    CAIRN_TRY(cairn_export_python(source, &text));
    cairn_status st = cairn_file_put(file, text, strlen(text));
    free(text);
    return st;
}

const struct cairn_export_kind cairn_export_pytorch = {
    .name = "pytorch",
    .ending = ".py",
    .doc = "the model as Python for PyTorch, without the weights",
    .wants_layers = true,
    .write = write,
};
