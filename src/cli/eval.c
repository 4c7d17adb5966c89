/* SPDX-License-Identifier: BSD-3-Clause
 * cairn eval CHECKPOINT: metrics of a trained model. */
#include <math.h>
#include <stdio.h>

#include "cli/command.h"
#include "cli/trained.h"

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

static cairn_status run_eval(const struct cairn_arguments *arguments, cairn_comm *comm)
{
    struct request request = {.trained = {.checkpoint = NULL}};
    cairn_trained *trained = NULL;
    double loss = 0, accuracy = 0;
    CAIRN_TRY(cairn_arguments_read(&cairn_command_eval, arguments, &request)); /* same on all */
    if (request.trained.checkpoint == NULL)
        return cairn_usage_fail(&cairn_command_eval, "which checkpoint?");
    const struct cairn_trained_settings settings = cairn_trained_settings_of(&request.trained);
    CAIRN_TRY(cairn_trained_open(comm, &settings, &trained));
    cairn_status st = cairn_trained_evaluate(trained, &loss, &accuracy);
    if (st == CAIRN_OK && cairn_comm_rank(comm) == 0) {
        printf("{\n  \"split\": \"%s%s\",\n  \"samples\": %zu,\n", settings.split,
               settings.average ? "_ema" : "", cairn_trained_samples(trained));
        print_number("loss", loss, ",\n");
        print_number("accuracy", accuracy, "\n}\n");
    }
    cairn_trained_close(trained);
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
