/* SPDX-License-Identifier: BSD-3-Clause
 * The public run: from options to a run in its folder, fresh or from a checkpoint, and its end.
 * What a run does: run/. */
#include "cairn/run.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/host.h"
#include "base/last_error.h"
#include "base/log.h"
#include "base/memory.h"
#include "checkpoint/checkpoint.h"
#include "cluster/doctor.h"
#include "comm/exchange.h"
#include "record/run_own.h"
#include "run/own.h"
#include "start/start.h"

/* What a run is made of; all of it is released by cairn_run_close(). */
struct cairn_open_run {
    struct cairn_run_settings settings; /* its texts are gone once it is open */
    cairn_comm *comm;
    bool main;      /* rank 0 */
    double begin_s; /* of the job, of cairn_clock_s() */
    struct cairn_config *config;
    struct cairn_config *before;       /* of the checkpoint to go on from; rank 0 */
    struct cairn_setup_data data;      /* from memory, or open */
    char checkpoint[CAIRN_PATH_BYTES]; /* to go on from; "" for a fresh start */
    uint64_t init_hash;
    cairn_trainer *trainer;
    struct cairn_run *run;
    struct cairn_run_callbacks callbacks;
    struct cairn_run_options options;
    struct cairn_run_folder *folder; /* rank 0 */
    bool recorded;                   /* provenance.json has an entry that has not ended */
};

/* ---- settings */

static bool is_automatic(const struct cairn_run_settings *settings)
{
    return settings->resume == NULL || strcmp(settings->resume, "auto") == 0;
}

static bool is_never(const struct cairn_run_settings *settings)
{
    return !is_automatic(settings) && strcmp(settings->resume, "never") == 0;
}

/* Local. */
static cairn_status check_settings(const struct cairn_run_settings *settings)
{
    CAIRN_TRY(cairn_host_struct("cairn_run_settings", settings->size, sizeof *settings));
    if (settings->folder == NULL)
        return cairn_fail(CAIRN_USAGE, "a run has a folder; name one, or use cairn_trainer_open()");
    if (settings->overwrite && !is_automatic(settings))
        return cairn_fail(CAIRN_USAGE,
                          "a run that overwrites starts from the beginning: leave resume out");
    if (settings->init_partial && settings->init == NULL)
        return cairn_fail(CAIRN_USAGE, "init_partial says how to take the weights of init, which "
                                       "is not given");
    if (settings->init != NULL && !is_automatic(settings) && !is_never(settings))
        return cairn_fail(CAIRN_USAGE,
                          "a run begins with the weights of %s or goes on from %s; leave one out",
                          settings->init, settings->resume);
    return CAIRN_OK;
}

/* ---- the folder */

/* Where there are no checkpoints: lines of a run that was killed before its first are made again,
 * results are not.  Rank 0. */
static cairn_status check_left(const cairn_run *run)
{
    const char *folder = cairn_run_folder_path(run->folder);
    const struct cairn_run_options *options = &run->options;
    const uint64_t every = options->checkpoint_mtbf_s > 0 ? 0 : options->checkpoint_every;
    const uint64_t most = every == 0 ? UINT64_MAX : 2 * every; /* the second waits for the first */
    enum cairn_run_left left = CAIRN_RUN_LEFT_NOTHING;
    CAIRN_TRY(cairn_run_folder_left(run->folder, most, &left));
    switch (left) {
    case CAIRN_RUN_LEFT_NOTHING: return CAIRN_OK;
    case CAIRN_RUN_LEFT_LINES:
        cairn_log_warning("%s: the run there ended before its first checkpoint; it begins again",
                          folder);
        return CAIRN_OK;
    case CAIRN_RUN_LEFT_RESULTS: break;
    }
    return cairn_fail(CAIRN_USAGE,
                      "%s holds results of a run, but no checkpoint to go on from; --overwrite "
                      "removes them, --out takes another folder",
                      folder);
}

/* Which checkpoint to go on from.  Rank 0. */
static cairn_status choose_checkpoint(cairn_run *run)
{
    bool found = false;
    const struct cairn_run_settings *settings = &run->settings;
    const char *folder = cairn_run_folder_checkpoints(run->folder);
    if (settings->overwrite) return cairn_run_clear(cairn_run_folder_path(run->folder), folder);
    CAIRN_TRY(cairn_checkpoint_newest(folder, &found, run->checkpoint));
    if (is_automatic(settings)) return found ? CAIRN_OK : check_left(run);
    if (found && is_never(settings))
        return cairn_fail(
            CAIRN_USAGE,
            "%s holds checkpoints; --overwrite removes them, --resume auto goes on, --out "
            "takes another folder",
            folder);
    return is_never(settings) ? check_left(run)
                              : cairn_path_copy(settings->resume, run->checkpoint);
}

/* The folder, its lock, and where to go on.  Rank 0. */
static cairn_status open_folder(cairn_run *run)
{
    CAIRN_TRY(cairn_run_folder_open(run->settings.folder, &run->folder));
    CAIRN_TRY(choose_checkpoint(run));
    CAIRN_TRY(cairn_run_log_begin(cairn_run_folder_path(run->folder)));
    if (run->checkpoint[0] == '\0') return CAIRN_OK;
    return cairn_start_check_same(run->config, run->checkpoint, &run->before);
}

/* ---- from the beginning, or from a checkpoint */

/* Weights made elsewhere, where there are some for this run.  Collective. */
static cairn_status begin_with(cairn_run *run)
{
    const char *init = run->settings.init;
    if (init == NULL) return CAIRN_OK;
    CAIRN_TRY(cairn_run_init(run->trainer, init, run->settings.init_partial));
    run->init_hash = cairn_trainer_weights_hash(run->trainer);
    cairn_log_info("begins with the weights of %s", init);
    return CAIRN_OK;
}

/* From the checkpoint; one that was named is then the run's newest, whatever the folder held.
 * Collective. */
static cairn_status go_on(cairn_run *run)
{
    CAIRN_TRY(cairn_run_resume(run->run, run->checkpoint));
    cairn_log_info("goes on from %s, update %llu%s", run->checkpoint,
                   (unsigned long long)run->trainer->at.update,
                   run->settings.init == NULL ? "" : "; --init is for a fresh start and not read");
    if (run->main) cairn_setup_log_rate(run->before, run->trainer, run->checkpoint);
    if (is_automatic(&run->settings)) return CAIRN_OK;
    uint64_t update = run->trainer->at.update;
    cairn_status st = cairn_run_save_now(run->run);
    if (st == CAIRN_OK && run->main)
        st = cairn_checkpoint_remove_later(cairn_run_folder_checkpoints(run->folder), update);
    return cairn_comm_agree_root(run->comm, st);
}

/* Where the run stands: fresh or from a checkpoint; then the CSVs begin.  Collective. */
static cairn_status resume(cairn_run *run)
{
    cairn_status st = CAIRN_OK;
    bool from_scratch =
        run->settings.overwrite; /* weights are read before the folder is cleared of them */
    if (from_scratch) CAIRN_TRY(begin_with(run));
    if (run->main) st = open_folder(run);
    CAIRN_TRY(cairn_comm_broadcast(run->comm, st, run->checkpoint, sizeof run->checkpoint));
    run->options.folder = run->folder;
    if (run->main) run->options.place.folder = cairn_run_folder_checkpoints(run->folder);
    CAIRN_TRY(cairn_run_create(run->trainer, &run->options, &run->run));
    if (run->checkpoint[0] != '\0')
        CAIRN_TRY(go_on(run));
    else if (!from_scratch)
        CAIRN_TRY(begin_with(run));
    /* nothing is left to do, and what the folder holds is of the run that did it */
    bool finished =
        run->checkpoint[0] != '\0' && cairn_run_is_over(run->run) && is_automatic(&run->settings);
    if (run->main)
        st = cairn_run_folder_start(run->folder, run->trainer->at.update, finished,
                                    run->options.config);
    return cairn_trainer_prepare(run->trainer, st);
}

/* Collective. */
static cairn_status record(cairn_run *run)
{
    const struct cairn_start about = {
        .dataset = run->trainer->parts.dataset,
        .config_text = run->options.config,
        .resumed_from = run->checkpoint,
        .init_from = run->checkpoint[0] == '\0' ? run->settings.init : NULL,
        .init_hash = run->init_hash,
        .data_fingerprint = run->options.data_fingerprint,
        .threads = run->config->train_threads,
        .rounds = cairn_setup_rounds(run->config),
        .backend = cairn_model_backend(run->trainer->parts.model),
    };
    CAIRN_TRY(cairn_provenance_begin(run->comm, &about, run->folder));
    run->recorded = run->main;
    return CAIRN_OK;
}

/* How this start ended.  What cannot be written is a warning; the sentence of `st` stays the
 * last.  Rank 0. */
static void end_record(cairn_run *run, cairn_status st)
{
    struct cairn_error error;
    if (run->main && st != CAIRN_OK && st != CAIRN_STOPPED)
        cairn_log_copy("cairn: ", cairn_error_text());
    if (!run->recorded) return;
    run->recorded = false;
    cairn_error_take(st, &error);
    const char *how = st == CAIRN_OK ? "done" : st == CAIRN_STOPPED ? "stopped" : "failed";
    if (cairn_run_folder_provenance_end(run->folder, how) == CAIRN_OK) return;
    cairn_log_warning("%s", cairn_error_text());
    (void)cairn_error_put(&error);
}

/* ---- open */

/* The trainer, and before its memory is taken the quick part of `cairn doctor`.  Run files are not
 * compared there: rank 0 has read the one that counts.  Collective. */
static cairn_status make_trainer(cairn_run *run)
{
    struct cairn_opened opened = {.dataset = NULL};
    if (!run->settings.check) CAIRN_TRY(cairn_start_stage(run->config, run->comm, &run->data));
    CAIRN_TRY(cairn_start_open(run->config, run->comm, &run->data, &opened));
    cairn_start_allow_memory(run->comm, &opened.planned);
    const struct cairn_wanted wanted =
        cairn_start_wanted(run->config, &opened, NULL, run->settings.folder);
    cairn_status st = cairn_doctor_start(run->comm, &wanted);
    if (st == CAIRN_OK)
        st = cairn_start_trainer_from(run->config, run->comm, &opened, &run->trainer);
    cairn_opened_close(&opened);
    return st;
}

/* What the run does beside its updates.  Local. */
static cairn_status set_options(cairn_run *run, double deadline_s, double deadline_unix_s)
{
    struct cairn_run_options *options = &run->options;
    CAIRN_TRY(cairn_setup_run(run->config, run->trainer, options));
    CAIRN_TRY(cairn_start_origin(run->config, run->trainer));
    options->deadline_s = deadline_s;
    options->deadline_unix_s = deadline_unix_s;
    options->begun_s = run->begin_s;
    CAIRN_TRY(cairn_start_about(run->trainer, options));
    options->profile = run->settings.profile;
    options->callbacks = &run->callbacks;
    return cairn_start_follow(&run->settings.events,
                              cairn_dataset_is_fed(run->trainer->parts.dataset), &run->callbacks);
}

/* Everything that can be wrong before the first update.  Collective. */
static cairn_status prepare(cairn_run *run, const cairn_options *options)
{
    const struct cairn_run_settings *settings = &run->settings;
    double deadline_s = 0, deadline_unix_s = 0;
    cairn_status st = cairn_options_config(options, settings->data != NULL, &run->config);
    if (st == CAIRN_OK) st = cairn_start_given_data(run->config, settings->data, &run->data);
    CAIRN_TRY(cairn_comm_agree(run->comm, st));
    if (run->main && !settings->check)
        st = cairn_start_deadline(run->config, run->begin_s, &deadline_s, &deadline_unix_s);
    CAIRN_TRY(cairn_comm_agree_root(run->comm, st));
    cairn_watchdog_limit(run->comm, cairn_start_hang_timeout_s(run->config));
    CAIRN_TRY(cairn_start_allow(run->config, run->comm, CAIRN_OK));
    CAIRN_TRY(cairn_start_kernels_of_run(run->config, run->comm, settings));
    CAIRN_TRY(make_trainer(run));
    CAIRN_TRY(cairn_comm_agree(run->comm, set_options(run, deadline_s, deadline_unix_s)));
    cairn_watchdog_phase(run->comm, CAIRN_PHASE_READY); /* half done: its time starts again */
    CAIRN_TRY(settings->check ? begin_with(run) : resume(run));
    if (run->main && run->checkpoint[0] == '\0')
        cairn_start_log_doubts(run->config, run->trainer->parts.dataset);
    return settings->check ? CAIRN_OK : record(run);
}

cairn_status cairn_run_open(const cairn_options *options, cairn_comm *comm,
                            const struct cairn_run_settings *settings, cairn_run **out)
{
    const double now_s = cairn_clock_s();
    cairn_run *run = NULL;
    CAIRN_TRY(cairn_start_check_comm(comm));
    cairn_status st = check_settings(settings);
    if (st == CAIRN_OK) st = cairn_memory_get(1, sizeof *run, "the run", &run);
    st = cairn_comm_agree(comm, st);
    if (st != CAIRN_OK) {
        free(run);
        return st;
    }
    *run = (cairn_run){.settings = *settings,
                       .comm = comm,
                       .main = cairn_comm_rank(comm) == 0,
                       .begin_s = now_s - settings->before_s};
    st = prepare(run, options);
    if (st != CAIRN_OK) {
        end_record(run, st);
        cairn_run_close(run);
        return st;
    }
    *out = run;
    return CAIRN_OK;
}

/* ---- go */

cairn_trainer *cairn_run_trainer(const cairn_run *run)
{
    return run->trainer;
}

static cairn_status check_open(const cairn_run *run)
{
    if (run->run != NULL) return CAIRN_OK;
    return cairn_fail(CAIRN_USAGE, "this run was opened to be checked, and makes no update");
}

cairn_status cairn_run_step(cairn_run *run, struct cairn_update_record *record, bool *more)
{
    *more = false;
    CAIRN_TRY(check_open(run));
    cairn_status st = cairn_run_next(run->run, record, more);
    if (!*more) end_record(run, st);
    return st;
}

cairn_status cairn_run_go(cairn_run *run)
{
    struct cairn_update_record record = {0};
    cairn_status st = CAIRN_OK;
    bool more = true;
    while (st == CAIRN_OK && more) st = cairn_run_step(run, &record, &more);
    return st;
}

cairn_status cairn_run_save(cairn_run *run)
{
    CAIRN_TRY(check_open(run));
    return cairn_run_save_between(run->run);
}

const char *cairn_run_summary(const cairn_run *run)
{
    return run->run == NULL ? NULL : cairn_run_summary_text(run->run);
}

const char *cairn_start_profile(const cairn_run *run)
{
    return run->run == NULL ? NULL : cairn_run_profile_text(run->run);
}

void cairn_run_close(cairn_run *run)
{
    if (run == NULL) return;
    cairn_run_free(run->run); /* waits for a checkpoint, which borrows from the others */
    end_record(run, CAIRN_STOPPED);
    cairn_trainer_close(run->trainer);
    cairn_run_folder_close(run->folder);
    if (run->main) cairn_log_copy_end();
    cairn_setup_data_close(&run->data);
    cairn_config_free(run->config);
    cairn_config_free(run->before);
    free(run);
}
