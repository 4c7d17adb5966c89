/* SPDX-License-Identifier: BSD-3-Clause
 * cairn eval CHECKPOINT: metrics of a trained model, or what it predicts where there are no labels.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/command.h"
#include "cli/trained.h"
#include "start/trained.h"

struct request {
    struct cairn_trained_request trained;
    bool predict_only;
};

static const struct cairn_option flags[] = {
    {"--data", "FILE.h5", CAIRN_KEY_PATH, offsetof(struct request, trained.data),
     .doc = "another dataset than the one it was trained on"},
    CAIRN_OPTION_SPLIT(struct request, trained),
    CAIRN_OPTION_EMA(struct request, trained),
    {"--predict-only", NULL, CAIRN_KEY_BOOL, offsetof(struct request, predict_only),
     .doc = "no loss and no accuracy, but how often each class is predicted: wants no labels"},
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

static void print_beginning(const struct cairn_trained_settings *settings,
                            const cairn_trained *trained)
{
    printf("{\n  \"split\": \"%s%s\",\n  \"samples\": %zu,\n", settings->split,
           settings->average ? "_ema" : "", cairn_trained_samples(trained));
}

/* Loss, accuracy and the metrics.  Collective. */
static cairn_status evaluate(const struct cairn_trained_settings *settings, cairn_comm *comm,
                             cairn_trained *trained)
{
    struct cairn_evaluated found;
    CAIRN_TRY(cairn_trained_scores(trained, &found));
    if (cairn_comm_rank(comm) != 0) return CAIRN_OK;
    print_beginning(settings, trained);
    print_number("loss", found.score[CAIRN_SCORE_LOSS], ",\n");
    print_number("accuracy", found.score[CAIRN_SCORE_ACCURACY], "");
    for (size_t i = 1; i < CAIRN_N_METRICS; i++) {
        if (!trained->metrics->choice.wanted[i]) continue;
        printf(",\n");
        print_number(cairn_metric_at(i)->name, found.score[CAIRN_SCORE_ACCURACY + i], "");
    }
    printf("\n}\n");
    return CAIRN_OK;
}

/* What needs no labels; of real targets that all samples can be predicted.  Collective. */
static cairn_status predict(const struct cairn_trained_settings *settings, cairn_comm *comm,
                            cairn_trained *trained)
{
    const size_t n = cairn_model_classes(trained->model);
    uint64_t *count = NULL;
    CAIRN_TRY(cairn_trained_count(trained, &count));
    if (cairn_comm_rank(comm) != 0) return CAIRN_OK;
    print_beginning(settings, trained);
    print_number("loss", (double)NAN, ",\n");
    print_number("accuracy", (double)NAN, n > 0 ? ",\n" : "\n}\n");
    for (size_t i = 0; i < n; i++)
        printf("%s%" PRIu64 "%s", i == 0 ? "  \"predicted\": [" : ", ", count[i],
               i + 1 == n ? "]\n}\n" : "");
    free(count);
    return CAIRN_OK;
}

static cairn_status run_eval(const struct cairn_arguments *arguments, cairn_comm *comm)
{
    struct request request = {.trained = {.checkpoint = NULL}};
    cairn_trained *trained = NULL;
    CAIRN_TRY(cairn_arguments_read(&cairn_command_eval, arguments, &request)); /* same on all */
    if (request.trained.checkpoint == NULL)
        return cairn_usage_fail(&cairn_command_eval, "which checkpoint?");
    struct cairn_trained_settings settings = cairn_trained_settings_of(&request.trained);
    settings.outputs_only = request.predict_only;
    CAIRN_TRY(cairn_trained_open(comm, &settings, &trained));
    cairn_status st = (request.predict_only ? predict : evaluate)(&settings, comm, trained);
    cairn_trained_close(trained);
    return st;
}

const struct cairn_command cairn_command_eval = {
    .name = "eval",
    .operands = "CHECKPOINT.h5",
    .doc = "prints loss, accuracy and the metrics of a trained model",
    .tables = {{.flags = flags}},
    .take = cairn_trained_take,
    .precision = CAIRN_PRECISION_OF_WEIGHTS,
    .collective = true,
    .run = run_eval,
};
