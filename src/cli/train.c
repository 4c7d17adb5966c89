/* SPDX-License-Identifier: BSD-3-Clause
 * cairn train RUN.yaml: from a run file to a run folder. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/last_error.h"
#include "base/log.h"
#include "checkpoint/checkpoint.h"
#include "cli/command.h"
#include "cli/provenance.h"
#include "cli/start.h"
#include "cli/train_request.h"
#include "cluster/doctor.h"
#include "cluster/launcher.h"
#include "comm/exchange.h"
#include "comm/watchdog.h"
#include "record/terminal.h"
#include "report/end_words.h"
#include "run/own.h"
#include "setup/setup.h"

enum { PLATFORM_BYTES = 512 };

/* What a run is made of; all of it is released by close_job(). */
struct job {
    struct cairn_train_request request;
    cairn_comm *comm;
    bool main; /* rank 0 */
    struct cairn_config *config;
    struct cairn_config *before; /* of the checkpoint to go on from; rank 0 */
    char *config_text;           /* resolved */
    char platform[PLATFORM_BYTES];
    char folder[CAIRN_PATH_BYTES];
    char checkpoint[CAIRN_PATH_BYTES]; /* to go on from; "" for a fresh start */
    uint64_t data_fingerprint, init_hash;
    double deadline_s, deadline_unix_s; /* as in cairn_run_options */
    cairn_trainer *trainer;
    struct cairn_run *run;
    struct cairn_run_options planned;    /* what the config says of them */
    struct cairn_run_folder *run_folder; /* rank 0 */
};

/* runs/<name of the run file> unless --out says otherwise. */
static cairn_status choose_folder(struct job *job)
{
    if (job->request.out != NULL) return cairn_path_copy(job->request.out, job->folder);
    return cairn_start_folder("runs", job->request.run.run_file, job->folder);
}

/* Where there are no checkpoints: lines of a run that was killed before its first are made again,
 * results are not.  Rank 0. */
static cairn_status check_left(const struct job *job)
{
    const char *folder = cairn_run_folder_path(job->run_folder);
    const uint64_t every = job->planned.checkpoint_mtbf_s > 0 ? 0 : job->planned.checkpoint_every;
    const uint64_t most = every == 0 ? UINT64_MAX : 2 * every; /* the second waits for the first */
    enum cairn_run_left left = CAIRN_RUN_LEFT_NOTHING;
    CAIRN_TRY(cairn_run_folder_left(job->run_folder, most, &left));
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
static cairn_status choose_checkpoint(struct job *job)
{
    bool found = false;
    const char *resume = job->request.resume;
    const char *folder = cairn_run_folder_checkpoints(job->run_folder);
    if (job->request.overwrite)
        return cairn_run_clear(cairn_run_folder_path(job->run_folder), folder);
    CAIRN_TRY(cairn_checkpoint_newest(folder, &found, job->checkpoint));
    if (strcmp(resume, "auto") == 0) return found ? CAIRN_OK : check_left(job);
    if (found && strcmp(resume, "never") == 0)
        return cairn_fail(
            CAIRN_USAGE,
            "%s holds checkpoints; --overwrite removes them, --resume auto goes on, --out "
            "takes another folder",
            folder);
    return strcmp(resume, "never") == 0 ? check_left(job)
                                        : cairn_path_copy(resume, job->checkpoint);
}

/* A run file that changed where it matters cannot go on.  Rank 0. */
static cairn_status check_same_config(struct job *job)
{
    char *text = NULL;
    char *changed = NULL;
    cairn_status st = cairn_checkpoint_text(job->checkpoint, "/config", &text);
    if (st == CAIRN_OK)
        st = cairn_config_read(text, strlen(text), job->checkpoint, NULL, &job->before);
    if (st == CAIRN_USAGE) st = cairn_fail_in(CAIRN_DATA, "the run file in the checkpoint");
    if (st == CAIRN_OK) st = cairn_config_changed(job->config, job->before, &changed);
    if (st == CAIRN_OK && changed[0] != '\0')
        st = cairn_fail(
            CAIRN_USAGE,
            "cannot go on from %s: the run file changed: %s; take that back, or begin another run "
            "with its weights: --init %s --out NEW",
            job->checkpoint, changed, job->checkpoint);
    free(changed);
    free(text);
    return st;
}

/* The folder, its lock, and where to go on.  Rank 0. */
static cairn_status open_folder(struct job *job)
{
    CAIRN_TRY(cairn_run_folder_open(job->folder, &job->run_folder));
    CAIRN_TRY(choose_checkpoint(job));
    return job->checkpoint[0] == '\0' ? CAIRN_OK : check_same_config(job);
}

static struct cairn_run_options run_options(const struct job *job)
{
    struct cairn_run_options options = job->planned;
    options.folder = job->run_folder;
    options.deadline_s = job->deadline_s;
    options.deadline_unix_s = job->deadline_unix_s;
    options.config = job->config_text;
    options.data_fingerprint = job->data_fingerprint;
    options.platform = job->platform;
    if (job->main) options.place.folder = cairn_run_folder_checkpoints(job->run_folder);
    return options;
}

/* --resume FILE: the run's newest checkpoint is now that one, whatever the folder held.
 * Collective. */
static cairn_status adopt_checkpoint(struct job *job)
{
    uint64_t update = job->trainer->at.update;
    cairn_status st = cairn_run_save_now(job->run);
    if (st == CAIRN_OK && job->main)
        st = cairn_checkpoint_remove_later(cairn_run_folder_checkpoints(job->run_folder), update);
    return cairn_comm_agree_root(job->comm, st);
}

/* Weights made elsewhere, where there are some for this run.  Collective. */
static cairn_status begin_with(struct job *job)
{
    const char *init = job->request.init;
    if (init == NULL) return CAIRN_OK;
    CAIRN_TRY(cairn_run_init(job->trainer, init, job->request.init_partial));
    job->init_hash = cairn_trainer_weights_hash(job->trainer);
    cairn_log_info("begins with the weights of %s", init);
    return CAIRN_OK;
}

/* From the job's checkpoint.  Collective. */
static cairn_status go_on(struct job *job)
{
    CAIRN_TRY(cairn_run_resume(job->run, job->checkpoint));
    cairn_log_info("goes on from %s, update %llu%s", job->checkpoint,
                   (unsigned long long)job->trainer->at.update,
                   job->request.init == NULL ? "" : "; --init is for a fresh start and not read");
    if (job->main) cairn_setup_log_rate(job->before, job->trainer, job->checkpoint);
    if (strcmp(job->request.resume, "auto") == 0) return CAIRN_OK;
    return adopt_checkpoint(job);
}

/* Nothing is left to do, and what the folder holds is of the run that did it. */
static bool is_finished(const struct job *job)
{
    return job->checkpoint[0] != '\0' && job->trainer->done &&
           strcmp(job->request.resume, "auto") == 0;
}

/* Where the run stands: fresh or from a checkpoint; then the CSVs begin.  Collective. */
static cairn_status resume(struct job *job)
{
    cairn_status st = CAIRN_OK;
    bool from_scratch =
        job->request.overwrite; /* weights are read before the folder is cleared of them */
    if (from_scratch) CAIRN_TRY(begin_with(job));
    if (job->main) st = open_folder(job);
    st = cairn_comm_broadcast(job->comm, st, job->checkpoint, sizeof job->checkpoint);
    if (st != CAIRN_OK) return st;
    const struct cairn_run_options options = run_options(job);
    CAIRN_TRY(cairn_run_create(job->trainer, &options, &job->run));
    if (job->checkpoint[0] != '\0')
        CAIRN_TRY(go_on(job));
    else if (!from_scratch)
        CAIRN_TRY(begin_with(job));
    if (job->main)
        st = cairn_run_folder_start(job->run_folder, job->trainer->at.update, is_finished(job),
                                    job->config_text);
    return cairn_trainer_prepare(job->trainer, st);
}

/* How this start ended.  What cannot be written is a warning; the sentence of `st` stays the
 * last. */
static void end_provenance(const struct job *job, cairn_status st)
{
    struct cairn_error error;
    cairn_error_take(st, &error);
    const char *how = st == CAIRN_OK ? "done" : st == CAIRN_STOPPED ? "stopped" : "failed";
    if (cairn_run_folder_provenance_end(job->run_folder, how) == CAIRN_OK) return;
    cairn_log_warning("%s", cairn_error_text());
    (void)cairn_error_put(&error);
}

static cairn_status train(struct job *job, char **summary)
{
    const struct cairn_start about = {
        .dataset = job->trainer->parts.dataset,
        .config_text = job->config_text,
        .resumed_from = job->checkpoint,
        .init_from = job->checkpoint[0] == '\0' ? job->request.init : NULL,
        .init_hash = job->init_hash,
        .data_fingerprint = job->data_fingerprint,
        .threads = job->config->train_threads,
    };
    cairn_status st = cairn_provenance_begin(job->comm, &about, job->run_folder);
    if (st != CAIRN_OK) return st; /* there is no entry to end */
    st = cairn_run_train(job->run, summary);
    if (job->main) end_provenance(job, st);
    return st;
}

/* What data, other keys or the number of ranks decided is put into the config, to be kept: a global
 * batch that follows from the ranks must not change when the run goes on with others.  Local. */
static cairn_status resolve_config(struct cairn_config *config, const cairn_trainer *t)
{
    char global[32];
    if (!cairn_config_given(config, "loss"))
        CAIRN_TRY(cairn_config_resolve(config, "loss", cairn_model_loss_name(t->parts.model)));
    if (config->train_epochs == CAIRN_NONE && config->train_updates == CAIRN_NONE)
        CAIRN_TRY(cairn_config_resolve(config, "train.epochs", "1"));
    if (config->batch_global != CAIRN_NONE) return CAIRN_OK;
    snprintf(global, sizeof global, "%" PRIu64, t->parts.rule.global);
    CAIRN_TRY(cairn_config_resolve(config, "batch.global", global));
    return cairn_config_resolve(config, "batch.accumulate", "none");
}

/* The trainer, and before its memory is taken the quick part of `cairn doctor`.  Run files are not
 * compared there: rank 0 has read the one that counts.  Collective. */
static cairn_status make_trainer(struct job *job)
{
    struct cairn_setup_opened opened = {.dataset = NULL};
    CAIRN_TRY(cairn_setup_open(job->config, job->comm, NULL, &opened));
    cairn_start_allow_memory(job->comm, &opened.planned);
    const struct cairn_wanted wanted = cairn_start_wanted(job->config, &opened, NULL, job->folder);
    cairn_status st = cairn_doctor_start(job->comm, &wanted);
    if (st == CAIRN_OK)
        st = cairn_setup_trainer_from(job->config, job->comm, &opened, &job->trainer);
    cairn_setup_opened_close(&opened);
    return st;
}

/* Everything that can be wrong before the first update.  Collective. */
static cairn_status prepare(struct job *job, const struct cairn_arguments *arguments)
{
    cairn_status st = cairn_train_request_read(arguments, &job->request);
    if (st == CAIRN_OK && !job->request.singleton)
        st = cairn_launcher_check(&arguments->claim, job->comm);
    if (st == CAIRN_OK) st = choose_folder(job);
    CAIRN_TRY(cairn_comm_agree(job->comm, st));
    CAIRN_TRY(cairn_setup_config(job->comm, job->request.run.run_file, job->request.run.overrides,
                                 &job->config));
    if (job->main && !job->request.check)
        st = cairn_start_deadline(job->config, arguments->begin_s, &job->deadline_s,
                                  &job->deadline_unix_s);
    CAIRN_TRY(cairn_comm_agree_root(job->comm, st));
    cairn_watchdog_limit(job->comm, cairn_start_hang_timeout_s(job->config));
    CAIRN_TRY(cairn_start_allow(job->config, job->comm, CAIRN_OK));
    CAIRN_TRY(make_trainer(job));
    cairn_setup_platform(job->config, job->platform, sizeof job->platform);
    st = cairn_setup_run(job->config, job->trainer, &job->planned);
    if (st == CAIRN_OK) st = resolve_config(job->config, job->trainer);
    if (st == CAIRN_OK) st = cairn_config_print(job->config, &job->config_text);
    if (st == CAIRN_OK && job->main)
        st = cairn_dataset_fingerprint(job->trainer->parts.dataset, &job->data_fingerprint);
    return cairn_comm_agree(job->comm, st);
}

/* For people on a terminal, else for programs.  Rank 0. */
static void print_end(const struct job *job, const char *summary)
{
    int terminal = cairn_terminal_of(STDOUT_FILENO);
    if (terminal < 0)
        printf("%s", summary);
    else
        cairn_end_words(stdout, summary, job->folder);
    if (terminal >= 0) close(terminal);
}

static void close_job(struct job *job)
{
    cairn_run_free(job->run); /* waits for a checkpoint, which borrows from the others */
    cairn_trainer_close(job->trainer);
    cairn_run_folder_close(job->run_folder);
    cairn_config_free(job->config);
    cairn_config_free(job->before);
    free(job->config_text);
}

static void warn_of_data(const struct job *job)
{
    cairn_setup_log_doubts(job->config, job->trainer->parts.dataset);
}

static cairn_status run_train(const struct cairn_arguments *arguments, cairn_comm *comm)
{
    struct job job = {.comm = comm, .main = cairn_comm_rank(comm) == 0};
    char *summary = NULL;
    cairn_status st = prepare(&job, arguments);
    if (st == CAIRN_OK && job.request.check) {
        st = begin_with(&job);
        if (st == CAIRN_OK && job.main) warn_of_data(&job);
        if (st == CAIRN_OK && job.main) printf("%s is ready to run\n", job.request.run.run_file);
        close_job(&job);
        return st;
    }
    cairn_watchdog_phase(comm, CAIRN_PHASE_READY); /* half done: its time starts again */
    if (st == CAIRN_OK) st = resume(&job);
    if (st == CAIRN_OK && job.main && job.checkpoint[0] == '\0') warn_of_data(&job);
    if (st == CAIRN_OK) st = train(&job, &summary);
    cairn_watchdog_phase(comm, CAIRN_PHASE_END);
    if (summary != NULL) print_end(&job, summary);
    free(summary);
    close_job(&job);
    return st;
}

const struct cairn_command cairn_command_train = {
    .name = "train",
    .launch = "mpirun -n RANKS",
    .operands = "RUN.yaml [key=value ...]",
    .doc = "trains a model from a run file; goes on where an earlier start was stopped",
    .tables = {{.flags = cairn_train_flags}},
    .notes = "TERM, INT and USR1 stop it after the running update, with a checkpoint and exit code "
             "75.",
    .take = cairn_run_operand,
    .collective = true,
    .saves = true,
    .watched = true,
    .run = run_train,
};
