/* SPDX-License-Identifier: BSD-3-Clause
 * summary.json -> two lines. */
#include "report/end_words.h"

#include <jansson.h>
#include <math.h>

#include "report/run_files.h"

/* "test loss 0.0707, accuracy 0.978"; without a test group the loss of the last epoch. */
static void put_scores(FILE *out, const json_t *summary)
{
    double loss = cairn_json_get_number(summary, "eval_loss");
    double accuracy = cairn_json_get_number(summary, "eval_accuracy");
    if (isnan(loss))
        fprintf(out, "training loss %.4g", cairn_json_get_number(summary, "train_loss"));
    else
        fprintf(out, "test loss %.4g", loss);
    if (!isnan(accuracy)) fprintf(out, ", accuracy %.4g", accuracy);
}

void cairn_end_words(FILE *out, const char *summary, const char *folder)
{
    json_t *json = json_loads(summary, 0, NULL);
    const char *status = json == NULL ? NULL : cairn_json_get_text(json, "status");
    if (status == NULL) {
        fputs(summary, out);
    } else {
        double samples_per_s = cairn_json_get_number(json, "samples_per_s");
        fprintf(out, "%s: %.0f updates, %.0f epochs in %.3g s", status,
                cairn_json_get_number(json, "updates"), cairn_json_get_number(json, "epochs"),
                cairn_json_get_number(json, "wall_s"));
        if (!isnan(samples_per_s)) fprintf(out, ", %.3g samples/s", samples_per_s);
        fprintf(out, "; ");
        put_scores(out, json);
        fprintf(out, "\n%s: summary.json, metrics.csv, checkpoints/latest.h5; cairn report %s\n",
                folder, folder);
    }
    json_decref(json);
}
