/* SPDX-License-Identifier: BSD-3-Clause
 * cairn eval CHECKPOINT: metrics of a trained model. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/trained.h"
#include "train/evaluate.h"

struct request {
    struct cairn_trained_request trained;
};

static const struct cairn_option flags[] = {
    {"--data", "FILE.h5", CAIRN_KEY_PATH, offsetof(struct request, trained.data),
     .doc = "another dataset than the one it was trained on"},
    CAIRN_OPTION_SPLIT(struct request, trained),
    CAIRN_OPTION_EMA(struct request, trained),
    {.name = NULL},
};

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
    struct request request = {.trained = {.checkpoint = NULL}};
    struct cairn_trained trained;
    struct cairn_scores scores;
    bool left = false; /* never: nothing asks it to be */
    CAIRN_TRY(cairn_arguments_read(&cairn_command_eval, arguments, &request)); /* same on all */
    if (request.trained.checkpoint == NULL)
        return cairn_usage_fail(&cairn_command_eval, "which checkpoint?");
    CAIRN_TRY(cairn_trained_open(comm, &request.trained, &trained));
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
    .operands = "CHECKPOINT.h5",
    .doc = "prints loss and accuracy of a trained model",
    .tables = {{.flags = flags}},
    .take = cairn_trained_take,
    .collective = true,
    .run = run_eval,
};
