/* SPDX-License-Identifier: BSD-3-Clause */
#include "start/replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/last_error.h"
#include "base/memory.h"
#include "base/own.h"
#include "cairn/run.h"
#include "checkpoint/checkpoint.h"
#include "comm/exchange.h"
#include "record/updates.h"
#include "run/own.h"
#include "start/start.h"

/* A span while it is worked. */
struct replay {
    const struct cairn_span *span;
    cairn_comm *comm;
    bool main;                     /* rank 0 */
    char place[CAIRN_PATH_BYTES];  /* where all that it writes lies; "": nothing yet */
    char config[CAIRN_PATH_BYTES]; /* the run file that its last checkpoint has, there ... */
    char folder[CAIRN_PATH_BYTES]; /* ... and its run folder */
    char from[CAIRN_PATH_BYTES];   /* checkpoints; "": it begins with the initial weights */
    char to[CAIRN_PATH_BYTES];
    uint64_t *line; /* [to - from] of the lines it wrote; owned, on rank 0 */
    uint64_t last;  /* update of the line that was compared last */
    struct cairn_replayed *out;
};

/* ---- its place, on rank 0 */

static cairn_status find_checkpoints(struct replay *replay)
{
    char folder[CAIRN_PATH_BYTES];
    const struct cairn_span *span = replay->span;
    CAIRN_TRY(cairn_path_join(span->folder, "checkpoints", folder));
    CAIRN_TRY(cairn_checkpoint_path(folder, span->to, replay->to));
    if (span->from_scratch) return CAIRN_OK;
    return cairn_checkpoint_path(folder, span->from, replay->from);
}

static cairn_status make_place(struct replay *replay)
{
    const char *top = getenv("TMPDIR");
    char place[CAIRN_PATH_BYTES];
    char *text = NULL;
    CAIRN_TRY(find_checkpoints(replay));
    CAIRN_TRY(cairn_checkpoint_text(replay->to, "/config", &text));
    cairn_status st =
        cairn_path_join(top == NULL || top[0] == '\0' ? "/tmp" : top, "cairn-audit.XXXXXX", place);
    if (st == CAIRN_OK && mkdtemp(place) == NULL) st = cairn_file_refused(place, "cannot be made");
    if (st == CAIRN_OK) memcpy(replay->place, place, sizeof place);
    if (st == CAIRN_OK) st = cairn_path_join(place, "run.yaml", replay->config);
    if (st == CAIRN_OK) st = cairn_path_join(place, "run", replay->folder);
    if (st == CAIRN_OK) st = cairn_file_replace(replay->config, text, strlen(text));
    free(text);
    return st;
}

static bool is_own_file(const char *name)
{
    return strcmp(name, "run.yaml") == 0;
}

static const struct cairn_own *own_folder(const char *name)
{
    return strcmp(name, "run") == 0 ? &cairn_run_own : NULL;
}

/* What stays, stays. */
static void remove_place(const struct replay *replay)
{
    const struct cairn_own own = {.file = is_own_file, .folder = own_folder};
    if (replay->place[0] == '\0') return;
    if (cairn_own_remove(replay->place, NULL, &own, NULL) == CAIRN_OK) rmdir(replay->place);
}

/* ---- its run */

/* What changes no weight is left out: evaluations, except for those that decide the learning rate,
 * figures, further checkpoints, and all that would end the run before the span does. */
static cairn_status set_options(const struct cairn_config *config, cairn_options *options)
{
    static const char *const set[][2] = {
        {"data.ledger", "false"},         {"log.gradflow_every", "0"},
        {"checkpoint.every", "none"},     {"checkpoint.every_updates", "0"},
        {"checkpoint.keep_best", "none"}, {"checkpoint.milestones", "none"},
        {"train.deadline", "none"},       {"train.stop", "none"},
        {"train.patience", "none"},
    };
    for (size_t i = 0; i < sizeof set / sizeof set[0]; i++)
        CAIRN_TRY(cairn_options_set(options, set[i][0], set[i][1]));
    if (config->schedule_decay != CAIRN_LR_DECAY_PLATEAU)
        CAIRN_TRY(cairn_options_set(options, "train.evaluate_every", "none"));
    CAIRN_TRY(cairn_options_set(options, "data.shuffle", cairn_start_order_word(config)));
    return cairn_options_set(options, "train.kernels", cairn_start_kernels_word(config));
}

/* Rank 0. */
static cairn_status check_same(const struct replay *replay, const struct cairn_config *config)
{
    struct cairn_config *before = NULL;
    if (replay->from[0] == '\0') return CAIRN_OK;
    const cairn_status st = cairn_start_check_same(config, replay->from, &before);
    cairn_config_free(before);
    if (st != CAIRN_USAGE) return st;
    return cairn_fail_in(CAIRN_DATA, "%s is of another run than %s", replay->to, replay->from);
}

/* Samples that are left out are those of today's file.  Rank 0. */
static cairn_status check_excluded(const struct replay *replay, const struct cairn_config *config)
{
    struct cairn_dataset *dataset = NULL;
    if (strcmp(config->data_exclude, CAIRN_NOTHING_EXCLUDED) == 0) return CAIRN_OK;
    CAIRN_TRY(cairn_setup_dataset(config, NULL, &dataset));
    const cairn_status st = cairn_start_excluded_then(config, dataset, replay->to);
    cairn_dataset_close(dataset);
    return st;
}

/* The run file of the last checkpoint: the keys that may change from start to start are those that
 * held then.  Collective. */
static cairn_status read_options(const struct replay *replay, cairn_options **out)
{
    cairn_options *options = NULL;
    struct cairn_config *config = NULL;
    CAIRN_TRY(cairn_options_read_on(replay->comm, replay->config, NULL, &options));
    cairn_status st = cairn_comm_agree(replay->comm, cairn_options_config(options, false, &config));
    if (st == CAIRN_OK && replay->main) st = check_same(replay, config);
    if (st == CAIRN_OK && replay->main) st = check_excluded(replay, config);
    st = cairn_comm_agree_root(replay->comm, st);
    if (st == CAIRN_OK) st = cairn_start_kernels(config, replay->comm, replay->to);
    if (st == CAIRN_OK && replay->from[0] == '\0')
        st = cairn_start_order(config, replay->comm, replay->to);
    if (st == CAIRN_OK) st = cairn_comm_agree(replay->comm, set_options(config, options));
    cairn_config_free(config);
    if (st == CAIRN_OK)
        *out = options;
    else
        cairn_options_free(options);
    return st;
}

/* On rank 0. */
static cairn_status compare(const struct replay *replay, cairn_trainer *t)
{
    struct cairn_replayed *out = replay->out;
    char *text = NULL;
    CAIRN_TRY(cairn_checkpoint_text(replay->to, "/progress/platform", &text));
    snprintf(out->made_with, sizeof out->made_with, "%s", text);
    snprintf(out->now, sizeof out->now, "%s", t->origin.platform);
    free(text);
    return cairn_run_compare(t, replay->to, &out->compared);
}

/* Collective. */
static cairn_status go(const struct replay *replay, cairn_run *run)
{
    struct cairn_update_record record = {.update = replay->span->from};
    cairn_status st = CAIRN_OK;
    bool more = true;
    while (st == CAIRN_OK && more && record.update < replay->span->to)
        st = cairn_run_step(run, &record, &more);
    if (st == CAIRN_OK && !more)
        st = cairn_fail(CAIRN_DATA,
                        "%s: its run file ends the run after update %llu, before its own",
                        replay->to, (unsigned long long)record.update);
    if (st == CAIRN_OK && replay->main) st = compare(replay, cairn_run_trainer(run));
    return cairn_comm_agree_root(replay->comm, st);
}

/* Once it is closed all its lines are in its files.  Collective. */
static cairn_status work(const struct replay *replay)
{
    cairn_options *options = NULL;
    cairn_run *run = NULL;
    const struct cairn_run_settings settings = {
        .size = sizeof settings,
        .folder = replay->folder,
        .resume = replay->from[0] == '\0' ? NULL : replay->from,
    };
    cairn_status st = read_options(replay, &options);
    if (st == CAIRN_OK) st = cairn_run_open(options, replay->comm, &settings, &run);
    if (st == CAIRN_OK) st = go(replay, run);
    cairn_run_close(run);
    cairn_options_free(options);
    return st;
}

/* ---- lines of metrics.csv, on rank 0 */

static bool is_inside(const struct replay *replay, uint64_t update)
{
    return update > replay->span->from && update <= replay->span->to;
}

static cairn_status keep_line(void *context, const struct cairn_update_line *line)
{
    const struct replay *replay = context;
    if (is_inside(replay, line->update))
        replay->line[line->update - replay->span->from - 1] = line->exact;
    return CAIRN_OK;
}

static cairn_status compare_line(void *context, const struct cairn_update_line *line)
{
    struct replay *replay = context;
    uint64_t *first = &replay->out->first_line;
    const bool joins = replay->span->joined && replay->last == replay->span->from;
    if (!is_inside(replay, line->update) || *first != 0) return CAIRN_OK;
    if (line->update != replay->last + 1 && !joins)
        *first = replay->last + 1;
    else if (replay->line[line->update - replay->span->from - 1] != line->exact)
        *first = line->update;
    replay->last = line->update;
    return CAIRN_OK;
}

static cairn_status compare_lines(struct replay *replay)
{
    const struct cairn_span *span = replay->span;
    replay->last = span->from;
    CAIRN_TRY(cairn_memory_get((size_t)(span->to - span->from), sizeof *replay->line,
                               "lines of metrics.csv", &replay->line));
    CAIRN_TRY(cairn_updates_each(replay->folder, keep_line, replay));
    CAIRN_TRY(cairn_updates_each(span->folder, compare_line, replay));
    if (replay->out->first_line == 0 && replay->last < span->to)
        replay->out->first_line = replay->last + 1;
    return CAIRN_OK;
}

/* The run file is gone when somebody reads of it: of the checkpoint it is a part. */
static void name_origin(const struct replay *replay, struct cairn_error *error)
{
    const struct cairn_error before = *error;
    const char *at = replay->config[0] == '\0' ? NULL : strstr(before.text, replay->config);
    if (at != NULL)
        snprintf(error->text, sizeof error->text, "%.*s%.1023s/config%.511s",
                 (int)(at - before.text), before.text, replay->to, at + strlen(replay->config));
}

cairn_status cairn_start_replay(cairn_comm *comm, const struct cairn_span *span,
                                struct cairn_replayed *out)
{
    struct cairn_replayed replayed = {.first_line = 0};
    struct replay replay = {
        .span = span, .comm = comm, .main = cairn_comm_rank(comm) == 0, .out = &replayed};
    cairn_status st = CAIRN_OK;
    if (replay.main) st = make_place(&replay);
    st = cairn_comm_broadcast(comm, st, replay.config, sizeof replay.config);
    if (st == CAIRN_OK) st = cairn_comm_broadcast(comm, st, replay.folder, sizeof replay.folder);
    if (st == CAIRN_OK) st = cairn_comm_broadcast(comm, st, replay.from, sizeof replay.from);
    if (st == CAIRN_OK) st = work(&replay);
    if (st == CAIRN_OK && replay.main) st = compare_lines(&replay);
    free(replay.line);
    if (replay.main) {
        struct cairn_error error;
        cairn_error_take(st, &error);
        name_origin(&replay, &error);
        remove_place(&replay);
        st = cairn_error_put(&error);
    }
    st = cairn_comm_agree_root(comm, st);
    if (st == CAIRN_OK) *out = replayed;
    return st;
}
