/* SPDX-License-Identifier: BSD-3-Clause
 * cairn eval CHECKPOINT: metrics of a trained model. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/trained.h"
#include "train/evaluate.h"

static cairn_status read_request(const struct cairn_arguments *arguments,
                                 struct cairn_trained_request *request)
{
    int position = 0;
    const char *name = NULL;
    const char *value = NULL;
    for (;;) {
        CAIRN_TRY(
            cairn_arguments_next(arguments, "--data= --split= --ema", &position, &name, &value));
        if (name == NULL && value == NULL) break;
        CAIRN_TRY(cairn_trained_take(request, name, value));
    }
    if (request->checkpoint != NULL) return CAIRN_OK;
    return cairn_fail(CAIRN_USAGE, "which checkpoint? usage: cairn eval CHECKPOINT.h5");
}

/* A number of the JSON text; null where it has no meaning. */
static void print_number(const char *name, double value, const char *end)
{
    if (isfinite(value))
        printf("  \"%s\": %.17g%s", name, value, end);
    else
        printf("  \"%s\": null%s", name, end);
}

static void print_scores(const struct cairn_trained *trained, const struct cairn_scores *scores)
{
    printf("{\n  \"split\": \"%s%s\",\n  \"samples\": %zu,\n", cairn_split_name(trained->split),
           trained->ema ? "_ema" : "", trained->n_samples);
    print_number("loss", scores->loss / scores->weight, ",\n");
    bool has_accuracy = cairn_model_has_accuracy(trained->model);
    print_number("accuracy", has_accuracy ? scores->correct / scores->count : (double)NAN, "\n}\n");
}

static cairn_status run_eval(const struct cairn_arguments *arguments, cairn_comm *comm)
{
    struct cairn_trained_request request = {.split = "test"};
    struct cairn_trained trained;
    struct cairn_scores scores;
    bool left = false;                            /* never: nothing asks it to be */
    CAIRN_TRY(read_request(arguments, &request)); /* the same words on every rank */
    CAIRN_TRY(cairn_trained_open(comm, &request, &trained));
    const struct cairn_evaluation evaluation = {.comm = comm,
                                                .model = trained.model,
                                                .w = trained.w,
                                                .loader = trained.loader,
                                                .n_samples = trained.n_samples,
                                                .micro = trained.micro};
    cairn_status st = cairn_evaluate(&evaluation, &scores, &left);
    if (st == CAIRN_OK && cairn_comm_rank(comm) == 0) print_scores(&trained, &scores);
    cairn_trained_close(&trained);
    return st;
}

const struct cairn_command cairn_command_eval = {
    .name = "eval",
    .usage = "cairn eval CHECKPOINT.h5 [--data FILE.h5] [--split train|val|test] [--ema]",
    .doc = "prints loss and accuracy of a trained model",
    .help = "\n  --data FILE.h5  another dataset than the one it was trained on\n"
            "  --split NAME    the group to evaluate on; default test\n"
            "  --ema           by the moving average of the weights (train.ema)\n",
    .collective = true,
    .run = run_eval,
};
