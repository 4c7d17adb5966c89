/* SPDX-License-Identifier: BSD-3-Clause
 * cairn export CHECKPOINT -o FILE: a trained model for other programs. */
#include "export/export.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/command.h"
#include "cli/export_source.h"
#include "cli/trained.h"

struct request {
    struct cairn_trained_request model;
    const char *out;
    bool pytorch, overwrite;
};

#define AT(field) offsetof(struct request, field)

static const struct cairn_option flags[] = {
    {"-o", "FILE", CAIRN_KEY_PATH, AT(out),
     .doc = "what is written; the ending of its name says what that is"},
    {"--pytorch", NULL, CAIRN_KEY_BOOL, AT(pytorch),
     .doc = "the model as Python, on standard output where there is no -o"},
    CAIRN_OPTION_EMA(struct request, model),
    {"--data", "FILE.h5", CAIRN_KEY_PATH, AT(model.data),
     .doc =
         "samples of the shape that the model takes, where the checkpoint is of a Cairn that did "
         "not keep it and its data are elsewhere now"},
    {"--overwrite", NULL, CAIRN_KEY_BOOL, AT(overwrite), .doc = "replace an older file"},
    {.name = NULL},
};

static cairn_status choose_kind(const struct request *request, const struct cairn_export_kind **out)
{
    *out = &cairn_export_pytorch;
    if (request->pytorch && request->out == NULL) return CAIRN_OK;
    if (request->out == NULL) return cairn_usage_fail(&cairn_command_export, "-o FILE is missing;");
    CAIRN_TRY(cairn_export_find(request->out, out));
    if (!request->pytorch || *out == &cairn_export_pytorch) return CAIRN_OK;
    return cairn_fail(CAIRN_USAGE, "--pytorch writes Python: -o %s must end in %s", request->out,
                      cairn_export_pytorch.ending);
}

static cairn_status read_request(const struct cairn_arguments *arguments, struct request *request,
                                 const struct cairn_export_kind **kind)
{
    CAIRN_TRY(cairn_arguments_read(&cairn_command_export, arguments, request));
    if (request->model.checkpoint == NULL)
        return cairn_usage_fail(&cairn_command_export, "which checkpoint?");
    if (request->out != NULL && cairn_file_same(request->out, request->model.checkpoint))
        return cairn_fail(CAIRN_USAGE, "-o %s is what export reads; choose another name",
                          request->out);
    CAIRN_TRY(choose_kind(request, kind));
    if (request->out == NULL || request->overwrite || access(request->out, F_OK) != 0)
        return CAIRN_OK;
    return cairn_fail(CAIRN_USAGE, "%s is there; --overwrite replaces it", request->out);
}

static cairn_status write_file(const struct cairn_export_kind *kind,
                               const struct cairn_export_source *source, const char *path)
{
    CAIRN_TRY(cairn_export_write(kind, source, path));
    printf("%s: %s\n", path, kind->doc);
    return CAIRN_OK;
}

static cairn_status print_python(const struct cairn_export_source *source)
{
    char *text = NULL;
    CAIRN_TRY(cairn_export_python(source, &text));
    fputs(text, stdout);
    free(text);
    return CAIRN_OK;
}

static cairn_status run_export(const struct cairn_arguments *arguments, cairn_comm *comm)
{
    (void)comm;
    struct request request = {.out = NULL};
    const struct cairn_export_kind *kind = NULL;
    struct cairn_exported exported = {.model = NULL};
    CAIRN_TRY(read_request(arguments, &request, &kind));
    cairn_status st = cairn_exported_open(&request.model, kind->wants_layers, &exported);
    if (st == CAIRN_OK && request.out != NULL) st = write_file(kind, &exported.source, request.out);
    if (st == CAIRN_OK && request.out == NULL) st = print_python(&exported.source);
    cairn_exported_close(&exported);
    return st;
}

const struct cairn_command cairn_command_export = {
    .name = "export",
    .operands = "CHECKPOINT.h5",
    .doc = "writes a trained model for other programs",
    .about = "  cairn export latest.h5 -o model.safetensors   the weights\n"
             "  cairn export latest.h5 -o model.npz           the weights, for NumPy\n"
             "  cairn export latest.h5 -o model.onnx          the model, for onnxruntime\n"
             "  cairn export latest.h5 -o model.py            the model as Python, for PyTorch\n"
             "  cairn export latest.h5 --pytorch              the same on standard output",
    .tables = {{.flags = flags}},
    .take = cairn_trained_take,
    .precision = CAIRN_PRECISION_OF_WEIGHTS,
    .once = true,
    .run = run_export,
};
