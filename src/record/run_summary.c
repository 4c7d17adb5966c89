/* SPDX-License-Identifier: BSD-3-Clause
 * summary.json of a run folder. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "record/json.h"
#include "record/number.h"
#include "record/run_folder.h"

/* "eval_loss", "eval_accuracy" and the metrics, after a prefix. */
static void put_scores(struct cairn_json *json, const char *prefix,
                       const struct cairn_eval_metrics *scores,
                       const char *const metric[CAIRN_MOST_METRICS])
{
    char name[64];
    snprintf(name, sizeof name, "%seval_loss", prefix);
    cairn_json_number(json, name, scores->loss);
    snprintf(name, sizeof name, "%seval_accuracy", prefix);
    cairn_json_number(json, name, scores->accuracy);
    for (int i = 0; i < CAIRN_MOST_METRICS; i++) {
        if (metric[i] == NULL) continue;
        snprintf(name, sizeof name, "%seval_%.40s", prefix, metric[i]);
        cairn_json_number(json, name, scores->more[i]);
    }
}

static cairn_status summary_text(const struct cairn_summary *summary,
                                 const char *const metric[CAIRN_MOST_METRICS], char **out)
{
    char hash[CAIRN_NUMBER_BYTES];
    struct cairn_json json = {0};
    snprintf(hash, sizeof hash, "%016" PRIx64, summary->weights_hash);
    cairn_json_open(&json, NULL, '{');
    cairn_json_text(&json, "status", summary->status);
    if (summary->stopped_by != NULL) cairn_json_text(&json, "stopped_by", summary->stopped_by);
    cairn_json_count(&json, "updates", summary->updates);
    cairn_json_count(&json, "epochs", summary->epochs);
    cairn_json_count(&json, "samples", summary->samples);
    cairn_json_count(&json, "ranks", (uint64_t)summary->ranks);
    cairn_json_count(&json, "micro_batch", summary->micro_batch);
    cairn_json_count(&json, "global_batch", summary->global_batch);
    cairn_json_number(&json, "train_loss", summary->train_loss);
    put_scores(&json, "", &summary->eval, metric);
    if (summary->has_ema) put_scores(&json, "ema_", &summary->ema, metric);
    cairn_json_text(&json, "weights_hash", hash);
    cairn_json_number(&json, "samples_per_s", cairn_number_micros(summary->samples_per_s));
    cairn_json_number(&json, "wall_s", cairn_number_micros(summary->wall_s));
    cairn_json_number(&json, "compute_s", cairn_number_micros(summary->compute_s));
    cairn_json_number(&json, "reduce_s", cairn_number_micros(summary->reduce_s));
    cairn_json_number(&json, "data_s", cairn_number_micros(summary->data_s));
    cairn_json_number(&json, "checkpoint_s", cairn_number_micros(summary->checkpoint_s));
    cairn_json_count(&json, "checkpoints", summary->checkpoints);
    cairn_json_number(&json, "checkpoint_write_s",
                      cairn_number_micros(summary->checkpoint_write_s));
    if (summary->is_guarded)
        cairn_json_count(&json, "guarded_micro_batches", summary->guarded_micro_batches);
    cairn_json_count(&json, "peak_rss_bytes", summary->peak_rss_bytes);
    cairn_json_count(&json, "n_parameters", summary->n_parameters);
    cairn_json_close(&json, '}');
    return cairn_json_take(&json, out);
}

cairn_status cairn_run_folder_summary(struct cairn_run_folder *folder,
                                      const struct cairn_summary *summary, char **text)
{
    char *written = NULL;
    char path[CAIRN_PATH_BYTES];
    CAIRN_TRY(cairn_path_join(cairn_run_folder_path(folder), "summary.json", path));
    CAIRN_TRY(summary_text(summary, cairn_run_folder_metric_names(folder), &written));
    cairn_status st = cairn_file_replace(path, written, strlen(written));
    if (st == CAIRN_OK && text != NULL)
        *text = written;
    else
        free(written);
    return st;
}

cairn_status cairn_run_folder_summary_before(const struct cairn_run_folder *folder,
                                             uint64_t updates, uint64_t weights_hash, char **text)
{
    char path[CAIRN_PATH_BYTES];
    char count[64];
    char hash[64];
    char *found = NULL;
    *text = NULL;
    CAIRN_TRY(cairn_path_join(cairn_run_folder_path(folder), "summary.json", path));
    CAIRN_TRY(cairn_file_read(path, &found));
    if (found == NULL) return CAIRN_OK;
    snprintf(count, sizeof count, "\"updates\": %" PRIu64 ",", updates);
    snprintf(hash, sizeof hash, "\"weights_hash\": \"%016" PRIx64 "\"", weights_hash);
    if (strstr(found, "\"status\": \"done\"") != NULL && strstr(found, count) != NULL &&
        strstr(found, hash) != NULL)
        *text = found;
    else
        free(found);
    return CAIRN_OK;
}
