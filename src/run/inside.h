/* SPDX-License-Identifier: BSD-3-Clause
 * Inside run/: a run in progress, and its parts.  Collective functions unless they say otherwise.
 * Start reading at run.c. */
#ifndef CAIRN_RUN_INSIDE_H
#define CAIRN_RUN_INSIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "cairn/status.h"
#include "record/progress.h"
#include "run/checkpoint_interval.h"
#include "run/deadline.h"
#include "run/mlperf.h"
#include "run/ranks.h"
#include "run/run.h"
#include "run/snapshot.h"

/** An evaluation on test. */
struct cairn_tested {
    uint64_t update;                  /* UINT64_MAX: there was none */
    struct cairn_eval_metrics scores; /* the rest of it is not kept */
};

/** Which weights are evaluated: those that are trained, and their moving average. */
enum cairn_which { CAIRN_TRAINED, CAIRN_AVERAGED, CAIRN_N_WHICH };

/** A run in progress. */
struct cairn_run {
    cairn_trainer *t;
    struct cairn_run_options options;
    bool root;            /* rank 0, which reports */
    bool resumed;         /* t->at is what a checkpoint holds */
    cairn_status pending; /* this rank's trouble outside an update; rides in the
                             next sum */
    struct cairn_progress progress;
    struct cairn_mlperf mlperf;
    double begin_s;                            /* of this process */
    uint64_t first;                            /* updates that were done when it began */
    double wall_before_s;                      /* of the processes before */
    struct cairn_times times;                  /* in the whole run */
    struct cairn_deadline deadline;            /* of the job; rank 0 */
    struct cairn_flow *flow;                   /* rank 0, where gradflow.csv is written; owned */
    struct cairn_snapshot snapshot;            /* what checkpoints hold and who writes them */
    uint64_t saved_update;                     /* of the newest checkpoint that is written, known to
                                                  rank 0; UINT64_MAX: none yet */
    struct cairn_checkpoint_interval interval; /* what checkpoints cost; rank 0's decides ... */
    uint64_t next_save;                        /* ... after which update the next is due */
    uint64_t logged_interval;                  /* updates; 0: nothing was said yet */
    bool save_again;                           /* its lines were refused; alike on all ranks */
    bool refused;                            /* the one begun last was, and has a copy still; rank 0
                                              */
    uint64_t warned_update;                  /* of the checkpoint whose refusal was said last */
    bool is_best;                            /* the last update's scores are; not saved yet */
    enum cairn_run_action action;            /* after the last evaluation */
    double best_score;                       /* higher is better; rank 0's counts */
    double kept_score;                       /* that of best.h5; rank 0 */
    double written_score;                    /* that of the one being written, where it is to be
                                                best.h5, else NAN; rank 0 */
    uint64_t best_update;                    /* of the process before; rank 0 */
    double stall_s;                          /* for the checkpoint that was begun last */
    uint64_t n_beside;                       /* updates that went on while it was written */
    struct cairn_tested test[CAIRN_N_WHICH]; /* the last ones */
    struct cairn_plateau_state waited;       /* what train.patience has seen */
    const char *over_by;                     /* the key that ended the run; NULL: none yet */
    struct cairn_wait_histogram waits;       /* for the other ranks, in this process */
    bool begun, ended;                       /* alike on all ranks, ... */
    bool complete;                           /* ... with nothing left to do when it began, ... */
    bool stop;                               /* ... asked to stop */
    char *summary;                           /* of the end; rank 0; owned */
    char *profile;                           /* the table of layers; likewise */
};

/** Whether this rank wants the run to stop after the running update: by a signal, or because one
 * more would not be done before the deadline.  Ranks: local.  Errors: none. */
bool cairn_run_wants_stop(struct cairn_run *run);

/** Whether an evaluation of this run (context) should be left now, because of a signal or because a
 * save has only just the time.  Ranks: local.  Errors: none. */
bool cairn_run_wants_leave(void *context);

/** Everything before the first update, once: what the process before left, its missed evaluation.
 * Ranks: collective.  Errors: the agreed one. */
CAIRN_CHECKED cairn_status cairn_run_begin(struct cairn_run *run);

/** Brings what the run has to say into the sums: its trouble, and that it wants to stop. */
extern const struct cairn_observer cairn_run_observer;

/** Seconds since the start of the run, over all its processes.  Ranks: local.  Errors: none. */
double cairn_run_wall_s(const struct cairn_run *run);

/** Trouble of rank 0 with its files: it travels with the next sum.  Ranks: local.  Errors: none. */
void cairn_run_report(struct cairn_run *run, cairn_status st);

/** The lines of an update.  Ranks: local (rank 0).  Errors: none; they travel. */
void cairn_run_report_update(struct cairn_run *run, const struct cairn_update_record *record,
                             double update_wall_s);

/** How many of enum cairn_which there are.  Ranks: local.  Errors: none. */
enum cairn_which cairn_run_n_which(const struct cairn_run *run);

/** Take the end of the job and a guess of what a save takes.  Ranks: local.  Errors: none. */
void cairn_run_take_deadline(struct cairn_run *run);

/** The group that is evaluated while the run goes on; CAIRN_N_SPLITS: there is none.  Ranks: local.
 * Errors: none. */
enum cairn_split cairn_run_split(const struct cairn_run *run);

/** One line of eval.csv.  *left becomes true, and there is no line, where a rank wants the run to
 * stop before it is done.  Ranks: collective.  Errors: the agreed one. */
CAIRN_CHECKED cairn_status cairn_run_evaluate_one(struct cairn_run *run, enum cairn_split split,
                                                  enum cairn_which which, bool *left);

/** The weights, and their average where there is one.  Ranks: collective.  Errors: as above. */
CAIRN_CHECKED cairn_status cairn_run_evaluate(struct cairn_run *run, bool *left);

/** The same, except for what stands in eval.csv already.  Ranks: collective.  Errors: as above. */
CAIRN_CHECKED cairn_status cairn_run_evaluate_missed(struct cairn_run *run, bool *left);

/** What the process before evaluated after its last checkpoint: its scores on rank 0, that it did
 * on all.  Ranks: collective.  Errors: the agreed one. */
CAIRN_CHECKED cairn_status cairn_run_recall_evaluation(struct cairn_run *run);

/** Times of the slowest rank: some ranks of a small batch have no micro-batch at all.
 * Ranks: collective.  Errors: the agreed one. */
CAIRN_CHECKED cairn_status cairn_run_share_times(struct cairn_run *run, cairn_status st);

/** Begin a checkpoint of the last update; waits for the one before, where that is still being
 * written.  Ranks: collective.  Errors: as cairn_snapshot_begin(); CAIRN_FILES: lines of updates
 * cannot be written. */
CAIRN_CHECKED cairn_status cairn_run_begin_save(struct cairn_run *run);

/** The weights are about to change: wait, where a checkpoint is being written from them.
 * Ranks: local.  Errors: none. */
void cairn_run_take_back(struct cairn_run *run);

/** Record what became of the last checkpoint, where that is known: in mid-run one that could
 * not be written is a warning, and is begun again.  Ranks: local (rank 0).  Errors: none; they
 * travel. */
void cairn_run_check_writer(struct cairn_run *run);

/** A run that failed lets a checkpoint be written to its end; the last error stays.  Ranks: local.
 * Errors: none. */
void cairn_run_let_finish(struct cairn_run *run);

/** Whether a checkpoint is due after this update, whatever its scores will be.  Ranks: local, alike
 * on all.  Errors: none. */
bool cairn_run_save_is_due(const struct cairn_run *run, uint64_t update);

/** Say what the checkpoints of this process cost.  Ranks: local (rank 0).  Errors: none. */
void cairn_run_log_saves(const struct cairn_run *run);

/** Whether these scores are the best of those that are kept: then the next checkpoint is the best
 * one.  Ranks: collective.  Errors: the agreed one. */
CAIRN_CHECKED cairn_status cairn_run_judge(struct cairn_run *run,
                                           const struct cairn_eval_metrics *line);

/** What the scores of the trained weights on val mean for the run and its learning rate.
 * Ranks: local, alike on all.  Errors: none. */
void cairn_run_decide(struct cairn_run *run, const struct cairn_eval_metrics *line);

/** The same by the line of the process before, where there is one of the checkpoint's update.
 * Ranks: collective.  Errors: the agreed one; CAIRN_FILES: it cannot be read. */
CAIRN_CHECKED cairn_status cairn_run_recall_decision(struct cairn_run *run);

/** What became of the checkpoint that was written last: where it was to be the best one and is not
 * there, the one before still is.  Ranks: local (rank 0).  Errors: none. */
void cairn_run_record_best(struct cairn_run *run, bool written);

/** The best checkpoint is gone with all others.  Ranks: local (rank 0).  Errors: none. */
void cairn_run_forget_best(struct cairn_run *run);

/** What is best among the checkpoints of the process before, and best.h5 at it.
 * Ranks: collective.  Errors: the agreed one; CAIRN_FILES: no link can be made. */
CAIRN_CHECKED cairn_status cairn_run_recall_best(struct cairn_run *run);

/** Put right what the process before left, whatever ended it, and recall what it knew: its scores,
 * its best checkpoint, the links.  Ranks: collective.  Errors: the agreed one. */
CAIRN_CHECKED cairn_status cairn_run_recall(struct cairn_run *run);

/** See that there is a checkpoint of the last update.  Ranks: collective.  Errors: the agreed one;
 * CAIRN_FILES: it cannot be written. */
CAIRN_CHECKED cairn_status cairn_run_save_last(struct cairn_run *run);

/** ranks.csv and the table on stderr: what each rank did in this start; where that was no update,
 * the ones of an earlier start stay.  Ranks: collective.
 * Errors: the agreed one: CAIRN_FILES, memory. */
CAIRN_CHECKED cairn_status cairn_run_write_ranks(const struct cairn_run *run);

/** Seconds that this rank waited in sums of this start (struct cairn_rank_line).
 * Ranks: collective.  Errors: the agreed one. */
CAIRN_CHECKED cairn_status cairn_run_find_wait(const struct cairn_run *run, double *wait_s);

/** profile.csv and run->profile, with options.profile: where the time of this start went; where
 * that was no update, those of an earlier start stay.  Takes 0.1 s to measure what the machine can
 * do.  Ranks: collective.  Errors: the agreed one: CAIRN_FILES, memory. */
CAIRN_CHECKED cairn_status cairn_run_write_profile(struct cairn_run *run);

/** A run that was complete before this start, with the lines of its end, keeps its summary: *text
 * on rank 0, *found on all. Ranks: collective.  Errors: the agreed one. */
CAIRN_CHECKED cairn_status cairn_run_find_summary(const struct cairn_run *run, char **text,
                                                  bool *found);

/** The end of a run, complete or stopped: a checkpoint of the last update, the test set, the
 * summary.  *stopped becomes true where the run is to stop before the test set is through.
 * Ranks: collective.  Errors: the agreed one. */
CAIRN_CHECKED cairn_status cairn_run_finish(struct cairn_run *run, bool *stopped, char **summary);

/** Say that the run stopped, and why.  Ranks: local.  Errors: none. */
void cairn_run_log_stop(const struct cairn_run *run);

struct cairn_run;

/** Watch the run's trainer after the first update and every options.gradflow_every.  Ranks: local
 * (rank 0).  Errors: memory. */
CAIRN_CHECKED cairn_status cairn_flow_create(struct cairn_run *run);

/** The lines of the last update, where there are any; after it, so that writing them is not part of
 * its time.  Ranks: local (rank 0).  Errors: none; they travel. */
void cairn_flow_report(struct cairn_run *run);

/** Ranks: local.  Errors: none. */
void cairn_flow_free(struct cairn_run *run);

#endif
