/* SPDX-License-Identifier: BSD-3-Clause
 * Where the time of an update went, for each world, batch and split that a series has; medians over
 * its cells.  Local. */
#ifndef CAIRN_STUDY_TIMES_H
#define CAIRN_STUDY_TIMES_H

#include <stdbool.h>

#include "cairn/status.h"
#include "study/series.h"

/** Of how many micro-batches an update is decides how they are added up, and above a step each of
 * them costs more. */
enum cairn_study_step {
    CAIRN_STUDY_NO_STEP,
    CAIRN_STUDY_STEP_WORDS, /* train.reproducible: sums of two words for a weight */
    CAIRN_STUDY_STEP_NOISE, /* train.noise: auto looks at micro-batches, not at ranks */
};

/** Seconds per update at one (ranks, B, b, A). */
struct cairn_study_time {
    int ranks;
    uint64_t global, micro, accumulate;
    double own; /* samples of a micro-batch of the slowest rank, on average: b, or less */
    size_t n_cells;
    double
        micro_batches; /* of the slowest rank per update: A, less where an epoch's tail is short */
    double per_update_s; /* all of it */
    double data_s, compute_s;
    double micro_s;  /* data and compute of one micro-batch */
    double sum_s;    /* the sum over the ranks, without what the slowest rank waited for others */
    double update_s; /* the optimizer */
    double rest_s;   /* what remains */
    double n_bytes;  /* that are summed between the ranks */
    bool is_costly;  /* cairn_study_is_costly() */
};

/** All of a series, by ranks, B, b, A. */
struct cairn_study_times {
    struct cairn_study_time *time; /* [n] owned */
    size_t n;
    double n_bytes; /* of the sum, the most of all times */
    enum cairn_study_step step;
    const char *reason; /* why there is none; else NULL */
};

/**
 * Samples of a micro-batch of the rank that has most work, on average over its A micro-batches of
 * an update: b, or less where it alone has A of them and the last one is short.
 *
 * Ranks   local
 * Errors  none
 */
double cairn_study_own(uint64_t global, uint64_t micro, uint64_t accumulate, int ranks);

/** Whether an update that is cut so lies above the step.  Ranks: local.  Errors: none. */
bool cairn_study_is_costly(enum cairn_study_step step, uint64_t global, uint64_t micro, int ranks);

/**
 * Sort out the times of a series.  A cell that diverged, made no update or has a time that is not a
 * number above 0 does not count.
 *
 * Ranks   local
 * Errors  CAIRN_MEMORY
 */
CAIRN_CHECKED cairn_status cairn_study_times_create(const struct cairn_study_series *series,
                                                    struct cairn_study_times *out);

/** Release them; zeroed ones are fine.  Ranks: local.  Errors: none. */
void cairn_study_times_free(struct cairn_study_times *times);

#endif
