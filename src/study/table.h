/* SPDX-License-Identifier: BSD-3-Clause
 * What a study has found: a row for each cell that has ended, with the values of its axes.  What is
 * fitted and predicted starts from here, and nothing in here knows how a cell was run.  Local. */
#ifndef CAIRN_STUDY_TABLE_H
#define CAIRN_STUDY_TABLE_H

#include <stddef.h>
#include <stdint.h>

/** How a cell ended. */
enum cairn_study_end {
    CAIRN_STUDY_REACHED,  /* the target; where there is none, the end of its budget */
    CAIRN_STUDY_BUDGET,   /* its budget was spent before */
    CAIRN_STUDY_BEATEN,   /* hopeless beside a cell of the same batch, and ended early */
    CAIRN_STUDY_DIVERGED, /* numbers failed */
};

/** One cell. */
struct cairn_study_row {
    char **value; /* [n_axes], as texts; owned */
    enum cairn_study_end end;
    uint64_t updates, samples; /* until it ended */
    double wall_s, final_loss; /* final_loss: of the last evaluation */
    double noise_scale;        /* samples, over its updates; NaN: none */
    /* what it ran as */
    int ranks;
    uint64_t global, micro, accumulate; /* B, b, A: the most micro-batches of a rank */
    uint64_t seed, n_weights;
    double lr;
    /* seconds over all updates, of the slowest rank; without evaluations and checkpoints */
    double training_s, data_s, compute_s, reduce_s, update_s;
};

/** All cells that have ended.  Axes are dotted keys, `ranks`, in the order of the study file. */
struct cairn_study_table {
    size_t n_axes, n_rows;
    char **axis;                 /* [n_axes]; owned */
    struct cairn_study_row *row; /* [n_rows]; owned */
};

#endif
