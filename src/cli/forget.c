/* SPDX-License-Identifier: BSD-3-Clause
 * cairn forget RUN --samples FILE: trains on from the last checkpoint before these samples were
 * used first, as if their weight had always been 0.  This is a run with data.exclude like any
 * other, in a folder of its own; what is done here is choosing where it begins. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "checkpoint/checkpoint.h"
#include "cli/past.h"
#include "cli/train.h"
#include "cluster/launcher.h"
#include "comm/exchange.h"
#include "report/run_files.h"
#include "run/excluded.h"
#include "setup/setup.h"
#include "start/start.h"

struct request {
    const char *run; /* first: cairn_single_operand() */
    const char *samples, *out;
};

static const struct cairn_option flags[] = {
    {"--samples", "FILE", CAIRN_KEY_PATH, offsetof(struct request, samples), .required = true,
     .doc = "a row of the training data on each line, as stored, counted from 0; # begins a "
            "comment"},
    {"--out", "DIR", CAIRN_KEY_PATH, offsetof(struct request, out),
     .doc = "the new run folder; default RUN-forgotten"},
    {.name = NULL},
};

/* Where the new run begins, and where it goes: found by rank 0, for all. */
struct plan {
    char folder[CAIRN_PATH_BYTES];
    char checkpoint[CAIRN_PATH_BYTES];                       /* "": the initial weights */
    char exclude[CAIRN_PATH_BYTES + sizeof "data.exclude="]; /* the key for the list there */
    char shuffle[sizeof "data.shuffle=blocks"], kernels[sizeof "train.kernels=openblas"];
    bool goes_on; /* the folder has checkpoints of an earlier start of this */
};

static cairn_status read_text(const char *path, char **text)
{
    CAIRN_TRY(cairn_file_read_given(path, text));
    if (*text != NULL) return CAIRN_OK;
    return cairn_fail(CAIRN_DATA, "%s: there is no such file", path);
}

/* The samples of FILE and those that the run left out already, as one text. */
static cairn_status read_list(const struct request *request, const struct cairn_config *config,
                              struct cairn_dataset *dataset, char **out)
{
    char *before = NULL, *more = NULL, *text = NULL;
    size_t n = 0;
    cairn_status st = read_text(request->samples, &more);
    if (st == CAIRN_OK) st = cairn_dataset_exclude(dataset, more, request->samples);
    cairn_dataset_excluded(dataset, &n);
    if (st == CAIRN_OK && n == 0)
        st = cairn_fail(CAIRN_DATA, "%s: names no sample", request->samples);
    if (st == CAIRN_OK && strcmp(config->data_exclude, CAIRN_NOTHING_EXCLUDED) != 0)
        st = read_text(config->data_exclude, &before);
    const size_t n_bytes =
        st == CAIRN_OK ? strlen(more) + (before == NULL ? 0 : strlen(before)) + 2 : 1;
    if (st == CAIRN_OK) st = cairn_memory_get(n_bytes, 1, "the samples to forget", &text);
    if (st == CAIRN_OK)
        snprintf(text, n_bytes, "%s%s%s", before == NULL ? "" : before, before == NULL ? "" : "\n",
                 more);
    if (st == CAIRN_OK) st = cairn_dataset_exclude(dataset, text, request->samples);
    free(before);
    free(more);
    if (st == CAIRN_OK)
        *out = text;
    else
        free(text);
    return st;
}

/* The newest checkpoint that such a run can go on from; "" for none. */
static cairn_status choose_checkpoint(const struct request *request,
                                      const struct cairn_config *config,
                                      const struct cairn_dataset *dataset, struct plan *plan)
{
    char folder[CAIRN_PATH_BYTES];
    uint64_t *update = NULL;
    size_t n = 0;
    cairn_status st = CAIRN_USAGE;
    CAIRN_TRY(cairn_path_join(request->run, "checkpoints", folder));
    CAIRN_TRY(cairn_checkpoint_list(folder, &update, &n));
    for (size_t i = 0; i < n && st != CAIRN_OK; i++) {
        st = cairn_checkpoint_path(folder, update[i], plan->checkpoint);
        if (st == CAIRN_OK) st = cairn_checkpoint_verify(plan->checkpoint);
        if (st == CAIRN_OK)
            st = cairn_excluded_check(dataset, config->train_seed, plan->checkpoint);
        if (st == CAIRN_DATA) cairn_log_warning("checkpoint passed over: %s", cairn_error_text());
    }
    free(update);
    if (st == CAIRN_OK) return CAIRN_OK;
    plan->checkpoint[0] = '\0';
    return cairn_past_check_initial(request->run);
}

static cairn_status choose_folder(const struct request *request, struct plan *plan)
{
    size_t n = strlen(request->run);
    while (n > 1 && request->run[n - 1] == '/') n--;
    if (request->out != NULL) return cairn_path_copy(request->out, plan->folder);
    const int written =
        snprintf(plan->folder, sizeof plan->folder, "%.*s-forgotten", (int)n, request->run);
    if (written >= 0 && (size_t)written < sizeof plan->folder) return CAIRN_OK;
    return cairn_fail(CAIRN_USAGE, "%.80s... is too long for a folder", request->run);
}

/* Whether a folder, which need not be there yet, is another one or lies in it. */
static bool lies_in(const char *folder, const char *outer)
{
    char at[CAIRN_PATH_BYTES];
    char *there = realpath(folder, NULL), *slash = NULL;
    bool found = false;
    snprintf(at, sizeof at, "%s", folder);
    while (there == NULL && (slash = strrchr(at, '/')) != NULL && slash != at) {
        *slash = '\0';
        there = realpath(at, NULL);
    }
    if (there == NULL) there = realpath(slash == NULL ? "." : "/", NULL);
    while (there != NULL && !found && (slash = strrchr(there, '/')) != NULL) {
        found = cairn_file_same(there, outer);
        *slash = '\0';
    }
    free(there);
    return found;
}

/* The list lies in the new folder, from where any start of that run reads it. */
static cairn_status write_list(const char *text, struct plan *plan)
{
    char path[CAIRN_PATH_BYTES], checkpoints[CAIRN_PATH_BYTES], last[CAIRN_PATH_BYTES];
    char *there = NULL;
    CAIRN_TRY(cairn_folder_make(plan->folder));
    char *absolute = realpath(plan->folder, NULL);
    cairn_status st = absolute == NULL
                          ? cairn_file_refused(plan->folder, "the folder cannot be found")
                          : cairn_path_join(absolute, "forgotten.txt", path);
    free(absolute);
    if (st == CAIRN_OK) st = cairn_file_read(path, &there);
    if (st == CAIRN_OK && there != NULL && strcmp(there, text) != 0)
        st = cairn_fail(CAIRN_USAGE, "%s has other samples; --out takes another folder", path);
    const bool is_new = there == NULL;
    free(there);
    CAIRN_TRY(st);
    snprintf(plan->exclude, sizeof plan->exclude, "data.exclude=%s", path);
    CAIRN_TRY(cairn_path_join(plan->folder, "checkpoints", checkpoints));
    CAIRN_TRY(cairn_checkpoint_last(checkpoints, last));
    if (is_new && (last[0] != '\0' || cairn_run_files_are_there(plan->folder)))
        return cairn_fail(CAIRN_USAGE, "%s has another run; --out takes another folder",
                          plan->folder);
    if (is_new) CAIRN_TRY(cairn_file_replace(path, text, strlen(text)));
    plan->goes_on = last[0] != '\0';
    return CAIRN_OK;
}

/* What RUN chose where a key is auto.  A run that goes on from a checkpoint takes it from there,
 * and one that was begun before keeps its own order. */
static cairn_status choose_keys(const char *newest, struct cairn_config *config, struct plan *plan)
{
    struct cairn_config *begun = NULL;
    if (plan->goes_on)
        CAIRN_TRY(cairn_past_config(plan->folder, &begun));
    else if (plan->checkpoint[0] == '\0') {
        CAIRN_TRY(cairn_start_kernels(config, NULL, newest));
        CAIRN_TRY(cairn_start_order(config, NULL, newest));
    }
    const struct cairn_config *from = begun == NULL ? config : begun;
    snprintf(plan->shuffle, sizeof plan->shuffle, "data.shuffle=%s", cairn_start_order_word(from));
    snprintf(plan->kernels, sizeof plan->kernels, "train.kernels=%s",
             cairn_start_kernels_word(config));
    cairn_config_free(begun);
    return CAIRN_OK;
}

/* Rank 0. */
static cairn_status make_plan(const struct request *request, struct plan *plan)
{
    char newest[CAIRN_PATH_BYTES];
    struct cairn_config *config = NULL;
    struct cairn_dataset *dataset = NULL;
    struct cairn_shuffle unused;
    bool known = false;
    char *text = NULL;
    CAIRN_TRY(choose_folder(request, plan));
    if (lies_in(plan->folder, request->run))
        return cairn_fail(CAIRN_USAGE,
                          "--out %s is RUN or lies in it, and RUN stays as it is; name another "
                          "folder",
                          plan->folder);
    CAIRN_TRY(cairn_past_config(request->run, &config));
    cairn_status st = cairn_past_order(request->run, config, newest, &known, &unused);
    if (st == CAIRN_OK) st = cairn_past_data(config, newest, &dataset);
    if (st == CAIRN_OK && newest[0] != '\0') /* else it would train on those again */
        st = cairn_start_excluded_then(config, dataset, newest);
    if (st == CAIRN_OK) st = read_list(request, config, dataset, &text);
    if (st == CAIRN_OK) st = choose_checkpoint(request, config, dataset, plan);
    if (st == CAIRN_OK) st = write_list(text, plan);
    if (st == CAIRN_OK) st = choose_keys(newest, config, plan);
    free(text);
    cairn_dataset_close(dataset);
    cairn_config_free(config);
    return st;
}

static void say(const struct request *request, const struct plan *plan)
{
    if (plan->goes_on)
        cairn_log_info("%s goes on", plan->folder);
    else if (plan->checkpoint[0] == '\0')
        cairn_log_info("no checkpoint of %s is from before these samples were used: from the "
                       "initial weights",
                       request->run);
    else
        cairn_log_info("%s is the last from before these samples were used", plan->checkpoint);
}

static cairn_status run_forget(const struct cairn_arguments *arguments, cairn_comm *comm)
{
    struct request request = {.run = NULL};
    struct plan plan = {.goes_on = false};
    char config[CAIRN_PATH_BYTES];
    CAIRN_TRY(cairn_arguments_read(&cairn_command_forget, arguments, &request)); /* same on all */
    if (request.run == NULL) return cairn_usage_fail(&cairn_command_forget, "which run folder?");
    CAIRN_TRY(cairn_arguments_complete(&cairn_command_forget, &request));
    CAIRN_TRY(cairn_path_join(request.run, "config.yaml", config));
    cairn_status st = cairn_comm_agree(comm, cairn_launcher_check(&arguments->claim, comm));
    if (st == CAIRN_OK && cairn_comm_rank(comm) == 0) st = make_plan(&request, &plan);
    CAIRN_TRY(cairn_comm_broadcast(comm, st, &plan, sizeof plan));
    if (cairn_comm_rank(comm) == 0) say(&request, &plan);
    const struct cairn_run_operands operands = {
        .run_file = config,
        .overrides = {plan.exclude, plan.shuffle, plan.kernels},
        .n_overrides = 3};
    struct cairn_run_settings settings = {
        .size = sizeof settings,
        .folder = plan.folder,
        .resume = plan.goes_on || plan.checkpoint[0] == '\0' ? NULL : plan.checkpoint,
    };
    return cairn_train_and_print(comm, &operands, arguments->begin_s, &settings);
}

const struct cairn_command cairn_command_forget = {
    .name = "forget",
    .launch = "mpirun -n RANKS",
    .operands = "RUN",
    .doc = "trains a run again as if some of its samples had never counted",
    .about =
        "RUN is a run folder, which stays as it is.  The new run begins with the last checkpoint "
        "that is kept from before the first of these samples was used, else with the initial "
        "weights, and ends as RUN would have ended with data in which their weight is 0: with "
        "train.reproducible, with the same bits.  Its run file has data.exclude, so that "
        "starting it again goes on without them.",
    .tables = {{.flags = flags}},
    .notes = "TERM, INT and USR1 stop it after the running update, with a checkpoint and exit code "
             "75; the same command goes on.",
    .take = cairn_single_operand,
    .precision = CAIRN_PRECISION_OF_FOLDER,
    .collective = true,
    .saves = true,
    .watched = true,
    .run = run_forget,
};
