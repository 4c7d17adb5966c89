/* SPDX-License-Identifier: BSD-3-Clause
 * The run folder: which files there are and what their lines hold.  How they are written is in
 * rows.c and base/file.c. */
#include "report/run_folder.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/own.h"
#include "report/json.h"
#include "report/lock.h"
#include "report/number.h"
#include "report/provenance.h"
#include "report/rows.h"
#include "report/run_own.h"

/* The files that a run adds lines to. */
enum { METRICS, EVAL, GRADFLOW, ACCUMULATION, N_CSVS };
static const struct {
    const char *name, *header;
} csv[N_CSVS] = {
    [METRICS] = {"metrics.csv",
                 "update,epoch,samples,batch_samples,normalizer,loss,lr,grad_norm,noise_scale,"
                 "ranks,wall_s,data_s,compute_s,reduce_s,update_s,samples_per_s,noise_scale_se,"
                 "noise_scale_updates"},
    [EVAL] = {"eval.csv", "update,epoch,samples,wall_s,split,loss,accuracy"},
    [GRADFLOW] = {"gradflow.csv", "update,layer,param,mean_abs,max_abs,norm,weight_norm,"
                                  "noise_scale,noise_scale_se,noise_scale_updates"},
    [ACCUMULATION] = {"accumulation.csv",
                      "update,micro_batches,samples,layer,param,mean_abs,max_abs,norm"},
};

struct cairn_run_folder {
    char path[CAIRN_PATH_BYTES];
    char checkpoints[CAIRN_PATH_BYTES];
    struct cairn_lock lock;
    struct cairn_rows rows[N_CSVS];
};

/* What a killed run did not finish; not the output of another command that is at work here. */
static bool is_left_over(const char *name)
{
    return cairn_file_is_unfinished_of(name, cairn_run_owns);
}

static cairn_status make(struct cairn_run_folder *folder, const char *path)
{
    CAIRN_TRY(cairn_run_check_folder(path));
    CAIRN_TRY(cairn_folder_make(path));
    char *absolute = realpath(path, NULL);
    if (absolute == NULL) return cairn_file_refused(path, "the folder cannot be found");
    cairn_status st = cairn_path_copy(absolute, folder->path);
    free(absolute);
    CAIRN_TRY(st);
    CAIRN_TRY(cairn_lock_take(&folder->lock, folder->path));
    CAIRN_TRY(cairn_path_join(folder->path, "checkpoints", folder->checkpoints));
    CAIRN_TRY(cairn_run_check_checkpoints(folder->checkpoints));
    CAIRN_TRY(cairn_folder_make(folder->checkpoints));
    /* The lock is held: nobody is at them. */
    CAIRN_TRY(cairn_folder_remove(folder->path, is_left_over));
    for (int i = 0; i < N_CSVS; i++)
        CAIRN_TRY(cairn_rows_create(&folder->rows[i], folder->path, csv[i].name));
    return CAIRN_OK;
}

cairn_status cairn_run_folder_open(const char *path, struct cairn_run_folder **out)
{
    struct cairn_run_folder *folder = NULL;
    CAIRN_TRY(cairn_memory_get(1, sizeof *folder, "the run folder", &folder));
    folder->lock.fd = -1;
    for (int i = 0; i < N_CSVS; i++) folder->rows[i].fd = -1;
    cairn_status st = make(folder, path);
    if (st == CAIRN_OK)
        *out = folder;
    else
        cairn_run_folder_close(folder);
    return st;
}

void cairn_run_folder_close(struct cairn_run_folder *folder)
{
    if (folder == NULL) return;
    for (int i = 0; i < N_CSVS; i++) cairn_rows_free(&folder->rows[i]);
    cairn_lock_give(&folder->lock);
    free(folder);
}

const char *cairn_run_folder_path(const struct cairn_run_folder *folder)
{
    return folder->path;
}

const char *cairn_run_folder_checkpoints(const struct cairn_run_folder *folder)
{
    return folder->checkpoints;
}

cairn_status cairn_run_folder_start(struct cairn_run_folder *folder, uint64_t update, bool finished,
                                    const char *config_yaml)
{
    char path[CAIRN_PATH_BYTES];
    CAIRN_TRY(cairn_path_join(folder->path, "config.yaml", path));
    if (!finished || access(path, F_OK) != 0)
        CAIRN_TRY(cairn_file_replace(path, config_yaml, strlen(config_yaml)));
    for (int i = 0; i < N_CSVS; i++)
        CAIRN_TRY(cairn_rows_start(&folder->rows[i], csv[i].header, update));
    return cairn_folder_sync(folder->path);
}

/* Times to the microsecond: the digits behind are noise. */
static double micros(double seconds)
{
    return nearbyint(seconds * 1e6) / 1e6;
}

cairn_status cairn_run_folder_metrics(struct cairn_run_folder *folder,
                                      const struct cairn_metrics *line)
{
    struct cairn_row text = {.n_bytes = 0};
    cairn_row_count(&text, line->update);
    cairn_row_count(&text, line->epoch);
    cairn_row_count(&text, line->samples);
    cairn_row_count(&text, line->batch_samples);
    cairn_row_number(&text, line->normalizer);
    cairn_row_number(&text, line->loss);
    cairn_row_number(&text, line->lr);
    cairn_row_number(&text, line->grad_norm);
    cairn_row_number(&text, line->noise_scale);
    cairn_row_count(&text, (uint64_t)line->ranks);
    cairn_row_number(&text, micros(line->wall_s));
    cairn_row_number(&text, micros(line->data_s));
    cairn_row_number(&text, micros(line->compute_s));
    cairn_row_number(&text, micros(line->reduce_s));
    cairn_row_number(&text, micros(line->update_s));
    cairn_row_number(&text, micros(line->samples_per_s));
    cairn_row_number(&text, line->noise_scale_se);
    cairn_row_number(&text, line->noise_scale_updates);
    return cairn_rows_add(&folder->rows[METRICS], &text);
}

cairn_status cairn_run_folder_eval(struct cairn_run_folder *folder,
                                   const struct cairn_eval_metrics *line)
{
    struct cairn_row text = {.n_bytes = 0};
    cairn_row_count(&text, line->update);
    cairn_row_count(&text, line->epoch);
    cairn_row_count(&text, line->samples);
    cairn_row_number(&text, micros(line->wall_s));
    cairn_row_text(&text, line->split, strlen(line->split));
    cairn_row_number(&text, line->loss);
    cairn_row_number(&text, line->accuracy);
    return cairn_rows_add(&folder->rows[EVAL], &text);
}

/* "3.body.0.weight": layer 3.body.0, param weight. */
static void add_param(struct cairn_row *text, const char *name)
{
    const char *point = strrchr(name, '.');
    const char *param = point == NULL ? name : point + 1;
    cairn_row_text(text, name, point == NULL ? 0 : (size_t)(point - name));
    cairn_row_text(text, param, strlen(param));
}

cairn_status cairn_run_folder_gradflow(struct cairn_run_folder *folder,
                                       const struct cairn_gradflow *line)
{
    struct cairn_row text = {.n_bytes = 0};
    cairn_row_count(&text, line->update);
    add_param(&text, line->param);
    cairn_row_number(&text, line->mean_abs);
    cairn_row_number(&text, line->max_abs);
    cairn_row_number(&text, line->norm);
    cairn_row_number(&text, line->weight_norm);
    cairn_row_number(&text, line->noise_scale);
    cairn_row_number(&text, line->noise_scale_se);
    cairn_row_number(&text, line->noise_scale_updates);
    return cairn_rows_add(&folder->rows[GRADFLOW], &text);
}

cairn_status cairn_run_folder_accumulation(struct cairn_run_folder *folder,
                                           const struct cairn_accumulation *line)
{
    struct cairn_row text = {.n_bytes = 0};
    cairn_row_count(&text, line->update);
    cairn_row_count(&text, line->micro_batches);
    cairn_row_count(&text, line->samples);
    add_param(&text, line->param);
    cairn_row_number(&text, line->mean_abs);
    cairn_row_number(&text, line->max_abs);
    cairn_row_number(&text, line->norm);
    return cairn_rows_add(&folder->rows[ACCUMULATION], &text);
}

/* Each file, whatever becomes of the others; the first trouble. */
static cairn_status each_file(struct cairn_run_folder *folder,
                              cairn_status (*act)(struct cairn_rows *rows))
{
    cairn_status st = CAIRN_OK;
    for (int i = 0; i < N_CSVS; i++) {
        cairn_status now = act(&folder->rows[i]);
        if (st == CAIRN_OK) st = now;
    }
    return st;
}

cairn_status cairn_run_folder_write(struct cairn_run_folder *folder)
{
    return each_file(folder, cairn_rows_write);
}

cairn_status cairn_run_folder_flush(struct cairn_run_folder *folder)
{
    return each_file(folder, cairn_rows_flush);
}

cairn_status cairn_run_folder_sync(const struct cairn_run_folder *folder)
{
    for (int i = 0; i < N_CSVS; i++) CAIRN_TRY(cairn_rows_sync(&folder->rows[i]));
    return CAIRN_OK;
}

/* "12,0,3072,1.5,test,0.25,0.9": a line of eval.csv, if it is of this split. */
static bool read_eval(const char *line, const char *split, struct cairn_eval_metrics *out)
{
    struct cairn_eval_metrics found = {.split = split, .accuracy = (double)NAN};
    char name[CAIRN_NUMBER_BYTES];
    int n = sscanf(line, "%" SCNu64 ",%" SCNu64 ",%" SCNu64 ",%lf,%31[^,],%lf,%lf", &found.update,
                   &found.epoch, &found.samples, &found.wall_s, name, &found.loss, &found.accuracy);
    if (n < 6 || strcmp(name, split) != 0) return false;
    *out = found;
    return true;
}

void cairn_run_folder_each_eval(const struct cairn_run_folder *folder, const char *split,
                                void (*visit)(void *context, const struct cairn_eval_metrics *line),
                                void *context)
{
    struct cairn_eval_metrics found;
    char *line = NULL;
    size_t room = 0;
    FILE *file = fopen(folder->rows[EVAL].path, "rb");
    if (file == NULL) return;
    while (getline(&line, &room, file) > 0)
        if (read_eval(line, split, &found)) visit(context, &found);
    free(line);
    fclose(file);
}

/* The last one of an update. */
struct last_eval {
    uint64_t update;
    bool any;
    struct cairn_eval_metrics line;
};

static void take_last(void *context, const struct cairn_eval_metrics *line)
{
    struct last_eval *last = context;
    if (line->update != last->update) return;
    last->any = true;
    last->line = *line;
}

bool cairn_run_folder_last_eval(const struct cairn_run_folder *folder, const char *split,
                                uint64_t update, struct cairn_eval_metrics *out)
{
    struct last_eval last = {.update = update};
    cairn_run_folder_each_eval(folder, split, take_last, &last);
    if (last.any) *out = last.line;
    return last.any;
}

cairn_status cairn_run_folder_provenance_begin(struct cairn_run_folder *folder,
                                               const struct cairn_fact *facts)
{
    char path[CAIRN_PATH_BYTES];
    CAIRN_TRY(cairn_path_join(folder->path, "provenance.json", path));
    return cairn_provenance_file_begin(path, facts);
}

cairn_status cairn_run_folder_provenance_end(struct cairn_run_folder *folder, const char *status)
{
    char path[CAIRN_PATH_BYTES];
    CAIRN_TRY(cairn_path_join(folder->path, "provenance.json", path));
    return cairn_provenance_file_end(path, status);
}

static cairn_status summary_text(const struct cairn_summary *summary, char **out)
{
    char hash[CAIRN_NUMBER_BYTES];
    struct cairn_json json = {0};
    snprintf(hash, sizeof hash, "%016" PRIx64, summary->weights_hash);
    cairn_json_open(&json, NULL, '{');
    cairn_json_text(&json, "status", summary->status);
    cairn_json_count(&json, "updates", summary->updates);
    cairn_json_count(&json, "epochs", summary->epochs);
    cairn_json_count(&json, "samples", summary->samples);
    cairn_json_count(&json, "ranks", (uint64_t)summary->ranks);
    cairn_json_count(&json, "micro_batch", summary->micro_batch);
    cairn_json_count(&json, "global_batch", summary->global_batch);
    cairn_json_number(&json, "train_loss", summary->train_loss);
    cairn_json_number(&json, "eval_loss", summary->eval_loss);
    cairn_json_number(&json, "eval_accuracy", summary->eval_accuracy);
    if (summary->has_ema) {
        cairn_json_number(&json, "ema_eval_loss", summary->ema_eval_loss);
        cairn_json_number(&json, "ema_eval_accuracy", summary->ema_eval_accuracy);
    }
    cairn_json_text(&json, "weights_hash", hash);
    cairn_json_number(&json, "samples_per_s", micros(summary->samples_per_s));
    cairn_json_number(&json, "wall_s", micros(summary->wall_s));
    cairn_json_number(&json, "compute_s", micros(summary->compute_s));
    cairn_json_number(&json, "reduce_s", micros(summary->reduce_s));
    cairn_json_number(&json, "data_s", micros(summary->data_s));
    cairn_json_number(&json, "checkpoint_s", micros(summary->checkpoint_s));
    cairn_json_count(&json, "checkpoints", summary->checkpoints);
    cairn_json_number(&json, "checkpoint_write_s", micros(summary->checkpoint_write_s));
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
    CAIRN_TRY(cairn_path_join(folder->path, "summary.json", path));
    CAIRN_TRY(summary_text(summary, &written));
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
    CAIRN_TRY(cairn_path_join(folder->path, "summary.json", path));
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
