/* SPDX-License-Identifier: BSD-3-Clause
 * cairn predict CHECKPOINT --data FILE -o OUT: outputs of a trained model, one row per sample. */
#include <stdio.h>

#include "base/file.h"
#include "cli/command.h"
#include "cli/trained.h"

struct request {
    struct cairn_trained_request model;
    const char *out;
};

static const struct cairn_option flags[] = {
    {"--data", "FILE.h5", CAIRN_KEY_PATH, offsetof(struct request, model.data),
     .doc = "the dataset", .required = true},
    CAIRN_OPTION_SPLIT(struct request, model),
    CAIRN_OPTION_EMA(struct request, model),
    {"-o", "OUT.h5", CAIRN_KEY_PATH, offsetof(struct request, out),
     .doc = "gets `outputs` [n, ...] and, where there are classes, `label` [n]; of tokens "
            "[n, context]",
     .required = true},
    {.name = NULL},
};

static cairn_status read_request(const struct cairn_arguments *arguments, struct request *request)
{
    CAIRN_TRY(cairn_arguments_read(&cairn_command_predict, arguments, request));
    if (request->model.checkpoint == NULL)
        return cairn_usage_fail(&cairn_command_predict, "which checkpoint?");
    CAIRN_TRY(cairn_arguments_complete(&cairn_command_predict, request));
    if (!cairn_file_same(request->out, request->model.checkpoint) &&
        !cairn_file_is_among(request->out, request->model.data))
        return CAIRN_OK;
    return cairn_fail(CAIRN_USAGE, "-o %s is what predict reads; choose another name",
                      request->out);
}

static cairn_status run_predict(const struct cairn_arguments *arguments, cairn_comm *comm)
{
    struct request request = {.model = {.checkpoint = NULL}};
    cairn_trained *trained = NULL;
    CAIRN_TRY(read_request(arguments, &request)); /* the same words on every rank */
    struct cairn_trained_settings settings = cairn_trained_settings_of(&request.model);
    settings.outputs_only = true;
    CAIRN_TRY(cairn_trained_open(comm, &settings, &trained));
    cairn_status st = cairn_trained_write(trained, request.out);
    if (st == CAIRN_OK && cairn_comm_rank(comm) == 0)
        printf("%s: outputs of %zu samples\n", request.out, cairn_trained_samples(trained));
    cairn_trained_close(trained);
    return st;
}

const struct cairn_command cairn_command_predict = {
    .name = "predict",
    .operands = "CHECKPOINT.h5",
    .doc = "writes the outputs of a trained model, one row per sample",
    .tables = {{.flags = flags}},
    .take = cairn_trained_take,
    .precision = CAIRN_PRECISION_OF_WEIGHTS,
    .collective = true,
    .run = run_predict,
};
