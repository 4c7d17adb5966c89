/* SPDX-License-Identifier: BSD-3-Clause
 * A study while it runs, and its parts.  Start reading at run.c. */
#ifndef CAIRN_STUDY_RUN_RUN_H
#define CAIRN_STUDY_RUN_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "comm/link.h"
#include "config/study_file.h"
#include "setup/setup.h"
#include "study/folder.h"
#include "study/judge.h"
#include "study/predict.h"
#include "study/targets.h"

/** What is asked for; the texts are borrowed for the run. */
struct cairn_study_request {
    const char *file;             /* the study file, and ... */
    const char *const *overrides; /* ... key=value, NULL after the last */
    const char *out;              /* NULL: studies/<name of the study file> */
    bool overwrite, check;
    double begin_s; /* of the process, by cairn_clock_s() */
};

/** What an update takes, measured before the first cell.  A zeroed one was not. */
struct cairn_study_pace {
    double batch[2], update_s[2]; /* of the smallest and the largest global batch */
    double check_s;               /* an evaluation */
    double start_s;               /* of a cell: its data, model and memory */
};

/** How long the cells that are left will take; NaN: nothing is known, infinite: no bound. */
struct cairn_study_forecast {
    double about_s, most_s;
};

/** A study.  All is alike on all ranks but what is said to be rank 0's of each group. */
struct cairn_study {
    struct cairn_study_request request;
    cairn_comm *comm;  /* the world */
    cairn_comm *group; /* this rank's part of it, where cells run; owned */
    int n_groups, n_group;
    struct cairn_study_file *file;
    char *study_text, *run_text; /* the files; owned */
    size_t n_study_text, n_run_text;
    char *base_text; /* the run file as resolved, without the axes; owned */
    struct cairn_study_axes axes;
    struct cairn_study_target target;
    size_t metric; /* the score, not the loss, that its targets are of; else accuracy */
    struct cairn_study_targets targets;                      /* further ones; texts of `file` */
    struct cairn_study_split split[CAIRN_STUDY_MOST_SPLITS]; /* [n_splits] to be predicted */
    size_t n_splits;
    bool has_link;
    struct cairn_link link;       /* stated for predictions */
    struct cairn_setup_data data; /* open over all cells */
    uint64_t data_fingerprint;
    double deadline_s, deadline_unix_s; /* as in cairn_run_options; rank 0 */
    double collected_s;                 /* when the files were last written */
    double analysed_s;                  /* ... and the fits */
    struct cairn_study_pace pace;
    /* of rank 0 of each group */
    struct cairn_study_folder folder;
    struct cairn_study_table table;
    struct cairn_study_known *known; /* [n_cells]; owned */
    size_t n_before;                 /* rows that were there when it started */
    size_t n_logged;                 /* rows that were logged */
    bool logged_doubt;               /* of a claim whose job may have ended */
    size_t n_run;                    /* cells that this process ran ... */
    double starts_s;                 /* ... and the time they took that is not in their rows */
};

/** Run it: cell after cell until none is left, then its files.
 * Ranks: collective.  Errors: the agreed one; CAIRN_STOPPED: it can go on. */
CAIRN_CHECKED cairn_status cairn_study_run(const struct cairn_study_request *request,
                                           cairn_comm *comm);

/** Read the study file and the run file, and look at all that can be wrong in them.
 * Ranks: collective.  Errors: the agreed one: CAIRN_USAGE, CAIRN_DATA. */
CAIRN_CHECKED cairn_status cairn_study_prepare(struct cairn_study *study);

/** The config of a cell on so many ranks.  Ranks: local.  Errors: CAIRN_USAGE. */
CAIRN_CHECKED cairn_status cairn_study_config(const struct cairn_study *study, size_t cell,
                                              struct cairn_config **out);

/** The run file as resolved, with what all cells have, into study->base_text.  Ranks: local.
 * Errors: CAIRN_USAGE. */
CAIRN_CHECKED cairn_status cairn_study_base(struct cairn_study *study);

/** Whether there is an axis of this name.  Ranks: local.  Errors: none. */
bool cairn_study_has_axis(const struct cairn_study *study, const char *name);

/** On how many ranks a cell runs.  Ranks: local.  Errors: none. */
int cairn_study_ranks(const struct cairn_study *study, size_t cell);

/** Open the folder, see that it is of this study, and collect what is there.  Ranks: local (rank 0
 * of each group; `first`: of the world).  Errors: CAIRN_FILES; CAIRN_USAGE: another study's. */
CAIRN_CHECKED cairn_status cairn_study_open(struct cairn_study *study, bool first);

/** fit.json and scaling.json from what is known; `logs`: in short to the log, too.  Ranks: local
 * (rank 0 of the world). Errors: CAIRN_FILES; CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_study_analyse_and_write(struct cairn_study *study, bool logs);

/** keep: best: remove the run folders of cells whose rate is not the best at their batch.
 * Ranks: local (rank 0 of the world).  Errors: CAIRN_FILES. */
CAIRN_CHECKED cairn_status cairn_study_keep_best(const struct cairn_study *study);

/** Release all.  Ranks: collective. */
void cairn_study_close(struct cairn_study *study);

/** When a cell may be given up by what is known.  Ranks: local (rank 0 of each group).
 * Errors: none. */
struct cairn_judge_limits cairn_study_limits(const struct cairn_study *study, size_t cell);

/** Run one cell: its row, without `value`, in *row on rank 0 of `comm`.  Ranks: collective over
 * `comm`.  Errors: the agreed one; CAIRN_STOPPED after saving. */
CAIRN_CHECKED cairn_status cairn_study_run_cell(struct cairn_study *study, cairn_comm *comm,
                                                size_t cell,
                                                const struct cairn_judge_limits *limits,
                                                struct cairn_study_row *row);

/** Time a few updates of the smallest and the largest batch, in all groups at once.
 * Ranks: collective over the group.  Errors: the agreed one. */
CAIRN_CHECKED cairn_status cairn_study_measure(struct cairn_study *study);

/** Seconds of an update of this global batch by what was measured; NaN: nothing was.  Ranks: local.
 * Errors: none. */
double cairn_study_update_s(const struct cairn_study_pace *pace, double batch);

/** From the cells that have ended, and what was measured.  Ranks: local (rank 0 of the world).
 * Errors: none. */
struct cairn_study_forecast cairn_study_forecast(const struct cairn_study *study);

/** Say what will be done.  Ranks: local (rank 0 of the world).  Errors: none. */
void cairn_study_log_plan(const struct cairn_study *study);

/** A line for each row that was not logged.  Ranks: local (rank 0 of the world).  Errors: none. */
void cairn_study_log_rows(struct cairn_study *study);

/** A line for each batch whose best rate lies at the edge of its grid.  Ranks: local (rank 0 of the
 * world).  Errors: none. */
void cairn_study_log_edges(const struct cairn_study *study);

/** study.csv and study.h5 from what is known.  Ranks: local.  Errors: CAIRN_FILES. */
CAIRN_CHECKED cairn_status cairn_study_write(struct cairn_study *study);

#endif
