/* SPDX-License-Identifier: BSD-3-Clause
 * What a study has found: a row for each cell that has ended, with the values of its axes.  What is
 * fitted and predicted starts from here, and nothing in here knows how a cell was run.  Local. */
#ifndef CAIRN_STUDY_TABLE_H
#define CAIRN_STUDY_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cairn/status.h"

/** How a cell ended. */
enum cairn_study_end {
    CAIRN_STUDY_REACHED,  /* the target; where there is none, the end of its budget */
    CAIRN_STUDY_BUDGET,   /* its budget was spent before */
    CAIRN_STUDY_BEATEN,   /* hopeless beside a cell of the same batch, and ended early */
    CAIRN_STUDY_STALLED,  /* neither score nor loss got better for long, and ended early */
    CAIRN_STUDY_DIVERGED, /* numbers failed */
};

/** What a check of a cell has found. */
struct cairn_study_check {
    uint64_t update;
    double loss;
    double accuracy; /* or the metric that targets are of; NaN: none */
};

/** One cell. */
struct cairn_study_row {
    char **value; /* [n_axes], as texts; owned */
    enum cairn_study_end end;
    uint64_t updates, samples; /* until the target, or until it ended */
    double wall_s, final_loss; /* final_loss: of the last evaluation */
    double noise_scale;        /* samples, over its updates; NaN: none */
    /* what it ran as */
    int ranks;
    uint64_t global, micro, accumulate; /* B, b, A: the most micro-batches of a rank */
    uint64_t seed, n_weights;
    double lr;
    /* seconds over these updates, of the slowest rank; without evaluations and checkpoints */
    double training_s, data_s, compute_s, reduce_s, update_s;
    /* a usual update of B samples: the mean over the middle half of `timed_updates` that were kept;
     * 0: none of earlier versions.  Of the rank that was last into the sum, which waits for none */
    uint64_t timed_updates;
    uint64_t sum_bytes;  /* for each weight, between the ranks; 0: none of earlier versions */
    uint64_t noise_auto; /* 1: train.noise: auto without train.reproducible */
    double typical_s, typical_data_s, typical_compute_s, typical_sum_s, typical_update_s;
    struct cairn_study_check
        *check; /* [n_checks] until it ended; none of earlier versions; owned */
    size_t n_checks;
};

/** All cells that have ended.  Axes are dotted keys, `ranks`, in the order of the study file. */
struct cairn_study_table {
    size_t n_axes, n_rows;
    char **axis;                 /* [n_axes]; owned */
    struct cairn_study_row *row; /* [n_rows]; owned */
};

/** "reached", "budget", "beaten", "stalled" or "diverged".  Ranks: local.  Errors: none. */
const char *cairn_study_end_name(enum cairn_study_end end);

/** Release what a row of so many axes holds; a zeroed one is fine.  Ranks: local.  Errors: none. */
void cairn_study_row_free(struct cairn_study_row *row, size_t n_axes);

/** Release all; a zeroed one is fine.  Ranks: local.  Errors: none. */
void cairn_study_table_free(struct cairn_study_table *table);

/** Take the names of the axes into an empty table.  Ranks: local.  Errors: CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_study_table_begin(struct cairn_study_table *table, size_t n_axes,
                                                   const char *const *axis);

/** Add a row, taken also on failure.  Ranks: local.  Errors: CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_study_table_add(struct cairn_study_table *table,
                                                 struct cairn_study_row *row);

/**
 * The result of one cell, as a file of lines "key value"; whole or not there.
 *
 * Ranks   local
 * Errors  CAIRN_FILES; CAIRN_MEMORY
 */
CAIRN_CHECKED cairn_status cairn_study_row_write(const char *path,
                                                 const struct cairn_study_table *axes,
                                                 const struct cairn_study_row *row);

/**
 * Read one and add it, if its axes are those of the table; *found: it was there and is.
 *
 * Ranks   local
 * Errors  CAIRN_DATA: not such a file; CAIRN_FILES; CAIRN_MEMORY
 */
CAIRN_CHECKED cairn_status cairn_study_row_read(const char *path, struct cairn_study_table *table,
                                                bool *found);

/** study.csv (launch/guide/contract.md 5): a line per cell.  Whole or not there.  Ranks: local.
 * Errors: CAIRN_FILES; CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_study_csv_write(const char *path,
                                                 const struct cairn_study_table *table);

/** What study.h5 holds besides; NULL: it does not. */
struct cairn_study_texts {
    const char *study; /* the study file */
    const char *run;   /* the run file as resolved, without the axes */
};

/** Add a check to a row.  Ranks: local.  Errors: CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_study_row_check(struct cairn_study_row *row,
                                                 const struct cairn_study_check *check);

/** study.h5: /axes/<axis> as texts, their order in its attribute `names`, /cells/<column> as
 * numbers, /cells/end, /study and /run as texts; of all checks the row, as `cell`, and what it
 * found in /checks/<column>.  Whole or not there.  Ranks: local.  Errors:
 * CAIRN_FILES; CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_study_h5_write(const char *path,
                                                const struct cairn_study_table *table,
                                                const struct cairn_study_texts *texts);

/** Read it into an empty table.  Ranks: local.  Errors: CAIRN_DATA: missing, damaged, no study;
 * CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_study_h5_read(const char *path, struct cairn_study_table *table);

#endif
