/* SPDX-License-Identifier: BSD-3-Clause
 * One cell: from its config to its row. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/last_error.h"
#include "base/log.h"
#include "comm/exchange.h"
#include "record/run_own.h"
#include "setup/setup.h"
#include "start/start.h"
#include "study/run/run.h"
#include "study/typical.h"

enum { PLATFORM_BYTES = 512 };

/* A cell that is killed repeats at most about so much: those that take less leave no checkpoint. */
static const double SAVE_EVERY_S = 60;
/* Between two looks at what others have found. */
static const double LOOK_EVERY_S = 0.5;

/* A cell while it runs; released by close_cell(). */
struct cell {
    struct cairn_study *study;
    cairn_comm *comm;
    size_t number;
    bool main, brief; /* brief: no run folder is to stay */
    struct cairn_config *config;
    char *config_text;
    char platform[PLATFORM_BYTES];
    cairn_trainer *trainer;
    struct cairn_run *run;
    struct cairn_run_callbacks callbacks;
    char path[CAIRN_PATH_BYTES];       /* of the run folder ... */
    struct cairn_run_folder *folder;   /* ... on rank 0 */
    char checkpoint[CAIRN_PATH_BYTES]; /* to go on from; "": none */
    struct cairn_judge judge;
    /* what was seen */
    enum cairn_verdict verdict;
    struct cairn_eval_metrics last; /* check, where there was one; its split is gone */
    struct cairn_study_row seen;    /* all checks, and nothing else */
    cairn_status kept;              /* whether there was memory for them */
    double noise;                   /* of the newest update that has one */
    struct cairn_study_timed timed; /* updates of B samples */
    double training_s;              /* until the last update */
    double saved_s, looked_s;       /* rank 0 */
};

/* ---- watching the run: alike on all ranks */

static bool evaluate_due(void *context, uint64_t update)
{
    const struct cell *c = context;
    return cairn_judge_is_due(&c->judge, update);
}

/* What rank 0 alone knows: its clock, and what others have found meanwhile. */
struct news {
    bool saves;
    struct cairn_judge_limits limits;
};

struct cairn_judge_limits cairn_study_limits(const struct cairn_study *study, size_t cell)
{
    return cairn_judge_limits_of(cairn_study_fewest(&study->axes, study->known, cell),
                                 cairn_study_foreseen(&study->axes, study->known, cell));
}

/* Rank 0.  A folder that cannot be read now is read after the cell, and then it is an error. */
static struct news look_around(struct cell *c)
{
    double now_s = cairn_clock_s();
    struct cairn_study *study = c->study;
    struct news news = {.saves = now_s > c->saved_s + SAVE_EVERY_S, .limits = c->judge.limits};
    if (news.saves) c->saved_s = now_s;
    if (now_s < c->looked_s + LOOK_EVERY_S) return news;
    c->looked_s = now_s;
    if (cairn_study_folder_collect(&study->folder, &study->table, &study->axes, study->known) ==
        CAIRN_OK)
        news.limits = cairn_study_limits(study, c->number);
    return news;
}

static void take_scores(struct cell *c, const struct cairn_eval_metrics *line)
{
    const double metric = cairn_run_score(line, c->study->metric);
    const struct cairn_study_check check = {line->update, line->loss, metric};
    c->last = *line;
    if (c->kept == CAIRN_OK) c->kept = cairn_study_row_check(&c->seen, &check);
    c->verdict = cairn_judge_observe(&c->judge, line->update, line->loss, metric);
}

static enum cairn_run_action on_evaluation(void *context, const struct cairn_eval_metrics *line)
{
    struct cell *c = context;
    struct news news = {.saves = false};
    take_scores(c, line);
    if (c->verdict != CAIRN_VERDICT_NONE) return CAIRN_RUN_END;
    if (c->main) news = look_around(c);
    if (cairn_comm_broadcast(c->comm, CAIRN_OK, &news, sizeof news) != CAIRN_OK)
        return CAIRN_RUN_CONTINUE;
    c->judge.limits = news.limits;
    return news.saves ? CAIRN_RUN_SAVE : CAIRN_RUN_CONTINUE;
}

/* What was timed so far moves on; the tail of an epoch is not an update of B samples. */
static void take_times(struct cell *c, const struct cairn_update_record *record)
{
    const cairn_trainer *t = c->trainer;
    double before_s = c->training_s;
    c->training_s = cairn_run_times(c->run)->training_s;
    if (record->batch_samples != cairn_window_batch(&t->parts.rule, 0)) return;
    cairn_study_timed_add(&c->timed, (double[CAIRN_STUDY_N_PARTS]){
                                         [CAIRN_STUDY_WHOLE] = c->training_s - before_s,
                                         [CAIRN_STUDY_DATA] = record->data_s,
                                         [CAIRN_STUDY_BUSY] = record->data_s + record->compute_s,
                                         [CAIRN_STUDY_UPDATE] = record->update_s,
                                         [CAIRN_STUDY_LESS_SUM] = -record->reduce_s,
                                     });
}

/* The noise scale of a cell is the last one: over the end of its run. */
static void on_update(void *context, const struct cairn_update_record *record)
{
    struct cell *c = context;
    take_times(c, record);
    if (isfinite(record->noise_scale)) c->noise = record->noise_scale;
}

/* ---- its parts */

/* The line of an error, which ends the cell or the study. */
static cairn_status log_error(const struct cell *c, cairn_status st)
{
    if (c->main && st != CAIRN_OK && st != CAIRN_STOPPED)
        cairn_log_copy("cairn: ", cairn_error_text());
    return st;
}

static cairn_status make_config(struct cell *c)
{
    CAIRN_TRY(cairn_study_config(c->study, c->number, &c->config));
    return cairn_config_print(c->config, &c->config_text);
}

/* Rank 0. */
static cairn_status open_folder(struct cell *c)
{
    bool found = false;
    CAIRN_TRY(cairn_study_cell_folder(&c->study->folder, &c->study->axes, c->number, c->path));
    CAIRN_TRY(cairn_run_folder_open(c->path, &c->folder));
    if (!c->brief) CAIRN_TRY(cairn_run_log_begin(c->path));
    return cairn_checkpoint_newest(cairn_run_folder_checkpoints(c->folder), &found, c->checkpoint);
}

static cairn_status make_options(struct cell *c, struct cairn_run_options *options)
{
    const struct cairn_config *config = c->config;
    CAIRN_TRY(cairn_setup_run(config, c->trainer, options));
    bool asked = cairn_config_given(config, "checkpoint.every_updates") ||
                 cairn_config_given(config, "checkpoint.every");
    if (c->brief || !asked) {
        options->checkpoint_every = 0;
        options->checkpoint_mtbf_s = 0;
        options->keep_best = CAIRN_SCORE_NONE;
    }
    if (c->brief) options->gradflow_every = 0;
    options->brief = c->brief;
    options->folder = c->folder;
    options->callbacks = &c->callbacks;
    options->deadline_s = c->study->deadline_s;
    options->deadline_unix_s = c->study->deadline_unix_s;
    options->config = c->config_text;
    options->data_fingerprint = c->study->data_fingerprint;
    options->platform = c->platform;
    if (c->main) options->place.folder = cairn_run_folder_checkpoints(c->folder);
    return CAIRN_OK;
}

/* Checks of the processes before; they say when the next is due, and how a run ended that is
 * through and lacks its result alone. */
struct checks {
    size_t n;
    struct cairn_eval_metrics *line;
};

static void take_check(void *context, const struct cairn_eval_metrics *line)
{
    struct checks *checks = context;
    size_t n = checks->n;
    if ((n & (n - 1)) == 0) { /* room for a power of two */
        struct cairn_eval_metrics *more =
            realloc(checks->line, (n == 0 ? 1 : 2 * n) * sizeof *checks->line);
        if (more == NULL) return;
        checks->line = more;
    }
    checks->line[checks->n++] = *line;
}

/* Collective. */
static cairn_status recall_checks(struct cell *c)
{
    struct checks checks = {.n = 0};
    bool val = c->trainer->parts.loader[CAIRN_SPLIT_VAL] != NULL;
    const char *split = cairn_split_name(val ? CAIRN_SPLIT_VAL : CAIRN_SPLIT_TEST);
    cairn_status st = CAIRN_OK;
    if (c->main) st = cairn_run_folder_each_eval(c->folder, split, take_check, &checks);
    size_t n_bytes = checks.n * sizeof *checks.line;
    char *block = (char *)checks.line;
    st = cairn_comm_broadcast_block(c->comm, st, &block, &n_bytes);
    checks.line = (struct cairn_eval_metrics *)(void *)block;
    checks.n = n_bytes / sizeof *checks.line;
    for (size_t i = 0; i < checks.n && st == CAIRN_OK; i++) take_scores(c, &checks.line[i]);
    free(block);
    return st;
}

/* Everything before the first update.  Collective. */
static cairn_status prepare(struct cell *c)
{
    struct cairn_run_options options = {.folder = NULL};
    cairn_status st = cairn_comm_agree(c->comm, make_config(c));
    if (st == CAIRN_OK && c->main) st = open_folder(c);
    st = cairn_comm_broadcast(c->comm, st, c->checkpoint, sizeof c->checkpoint);
    if (st == CAIRN_OK) st = cairn_start_kernels(c->config, c->comm, c->checkpoint);
    if (st == CAIRN_OK) st = cairn_start_trainer(c->config, c->comm, &c->study->data, &c->trainer);
    if (st != CAIRN_OK) return st;
    cairn_start_platform(c->config, c->platform, sizeof c->platform);
    c->judge.budget = cairn_window_total(&c->trainer->parts.rule);
    st = cairn_comm_agree(c->comm, make_options(c, &options));
    if (st == CAIRN_OK) st = cairn_run_create(c->trainer, &options, &c->run);
    if (st == CAIRN_OK && c->checkpoint[0] != '\0') st = cairn_run_resume(c->run, c->checkpoint);
    if (st != CAIRN_OK) return st;
    bool finished = c->checkpoint[0] != '\0' && c->trainer->done;
    if (c->main)
        st = cairn_run_folder_start(c->folder, c->trainer->at.update, finished, c->config_text);
    st = cairn_trainer_prepare(c->trainer, st);
    return st == CAIRN_OK && c->checkpoint[0] != '\0' ? recall_checks(c) : st;
}

static cairn_status begin_provenance(struct cell *c)
{
    const struct cairn_start about = {
        .dataset = c->trainer->parts.dataset,
        .config_text = c->config_text,
        .resumed_from = c->checkpoint,
        .data_fingerprint = c->study->data_fingerprint,
        .threads = c->config->train_threads,
        .rounds = cairn_setup_rounds(c->config),
        .backend = cairn_model_backend(c->trainer->parts.model),
    };
    return c->brief ? CAIRN_OK : cairn_provenance_begin(c->comm, &about, c->folder);
}

/* Numbers that failed are a result of this cell, unless it was the replicas that drifted apart:
 * then a node is at fault.  Collective. */
static cairn_status judge_failure(struct cell *c)
{
    struct cairn_error error;
    int odd = -1;
    cairn_error_take(CAIRN_NUMBERS, &error);
    CAIRN_TRY(
        cairn_comm_all_equal(c->comm, CAIRN_OK, cairn_trainer_weights_hash(c->trainer), &odd));
    if (odd >= 0) return cairn_error_put(&error);
    c->verdict = CAIRN_VERDICT_DIVERGED;
    return CAIRN_OK;
}

static cairn_status train(struct cell *c)
{
    CAIRN_TRY(begin_provenance(c));
    c->training_s = cairn_run_times(c->run)->training_s;
    cairn_status st = log_error(c, cairn_run_train(c->run));
    if (st == CAIRN_NUMBERS) st = judge_failure(c);
    if (c->main && !c->brief &&
        cairn_run_folder_provenance_end(c->folder, st == CAIRN_OK ? "done" : "stopped") != CAIRN_OK)
        cairn_log_warning("%s", cairn_error_text());
    return st;
}

/* ---- its row */

static enum cairn_study_end end_of(const struct cell *c)
{
    switch (c->verdict) {
    case CAIRN_VERDICT_REACHED: return CAIRN_STUDY_REACHED;
    case CAIRN_VERDICT_BEATEN: return CAIRN_STUDY_BEATEN;
    case CAIRN_VERDICT_STALLED: return CAIRN_STUDY_STALLED;
    case CAIRN_VERDICT_DIVERGED: return CAIRN_STUDY_DIVERGED;
    case CAIRN_VERDICT_NONE: break;
    }
    return c->judge.target.any ? CAIRN_STUDY_BUDGET : CAIRN_STUDY_REACHED;
}

/* That the target was reached is seen a little later. */
static double part_to_target(const struct cell *c)
{
    if (c->verdict != CAIRN_VERDICT_REACHED || c->trainer->at.update == 0) return 1;
    return (double)c->judge.reached / (double)c->trainer->at.update;
}

/* Collective: times are those of the slowest rank. */
static cairn_status make_row(struct cell *c, struct cairn_study_row *row)
{
    struct cairn_times times = *cairn_run_times(c->run);
    const cairn_trainer *t = c->trainer;
    const struct cairn_window_rule *rule = &t->parts.rule;
    CAIRN_TRY(cairn_comm_max(c->comm, c->kept, &times.wall_s, sizeof times / sizeof(double)));
    CAIRN_TRY(cairn_comm_max(c->comm, CAIRN_OK, c->timed.s[0], c->timed.n * CAIRN_STUDY_N_PARTS));
    const struct cairn_study_typical typical = cairn_study_typical(&c->timed);
    uint64_t ranks = (uint64_t)cairn_comm_size(c->comm);
    uint64_t global = cairn_window_batch(rule, t->at.position);
    uint64_t n_micro = (global + rule->micro - 1) / rule->micro;
    bool checked = c->seen.n_checks > 0;
    const bool reproducible = c->config->train_reproducible;
    double part = part_to_target(c);
    *row = (struct cairn_study_row){
        .end = end_of(c),
        .updates = (uint64_t)llround(part * (double)t->at.update),
        .samples = (uint64_t)llround(part * (double)t->at.samples),
        .wall_s = part * (checked ? c->last.wall_s : times.training_s),
        .final_loss = checked ? c->last.loss : (double)NAN,
        .noise_scale = c->noise,
        .ranks = (int)ranks,
        .global = global,
        .micro = rule->micro,
        .accumulate = (n_micro + ranks - 1) / ranks,
        .seed = t->parts.seed,
        .n_weights = t->params->n_weights,
        .lr = c->config->optim_lr,
        .training_s = part * times.training_s,
        .data_s = part * times.data_s,
        .compute_s = part * times.compute_s,
        .reduce_s = part * times.reduce_s,
        .update_s = part * times.update_s,
        .timed_updates = typical.n,
        .sum_bytes = cairn_sum_cost(reproducible ? "fixed" : "float", n_micro).wire_bytes,
        .noise_auto = !reproducible && c->config->train_noise == 0, /* the first word is auto */
        .typical_s = typical.whole_s,
        .typical_data_s = typical.data_s,
        .typical_compute_s = typical.compute_s,
        .typical_sum_s = typical.sum_s,
        .typical_update_s = typical.update_s,
        .check = c->seen.check,
        .n_checks = c->seen.n_checks,
    };
    c->seen.check = NULL;
    return CAIRN_OK;
}

static void close_cell(struct cell *c)
{
    cairn_run_free(c->run);
    cairn_trainer_close(c->trainer);
    cairn_run_folder_close(c->folder);
    cairn_log_copy_end();
    cairn_config_free(c->config);
    cairn_study_row_free(&c->seen, 0);
    free(c->config_text);
}

cairn_status cairn_study_run_cell(struct cairn_study *study, cairn_comm *comm, size_t cell,
                                  const struct cairn_judge_limits *limits,
                                  struct cairn_study_row *row)
{
    struct cell c = {
        .noise = (double)NAN,
        .study = study,
        .comm = comm,
        .number = cell,
        .main = cairn_comm_rank(comm) == 0,
        .brief = study->file->keep == CAIRN_STUDY_KEEP_NONE,
        .saved_s = cairn_clock_s(),
        .judge = {.target = study->target,
                  .check_every =
                      study->file->check_every == CAIRN_STUDY_AUTO ? 0 : study->file->check_every,
                  .limits = *limits},
    };
    c.callbacks = (struct cairn_run_callbacks){.evaluate_due = evaluate_due,
                                               .on_evaluation = on_evaluation,
                                               .on_update = on_update,
                                               .context = &c};
    cairn_log_copy_end(); /* what the study says is nothing of a cell's */
    cairn_log_hide(true);
    cairn_status st = log_error(&c, prepare(&c));
    if (st == CAIRN_OK) st = train(&c);
    if (st == CAIRN_OK) st = make_row(&c, row);
    close_cell(&c);
    cairn_log_hide(false);
    if (st == CAIRN_OK && c.brief && c.main)
        st = cairn_study_cell_remove(&study->folder, &study->axes, cell);
    return cairn_comm_agree_root(comm, st);
}
