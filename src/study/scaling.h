/* SPDX-License-Identifier: BSD-3-Clause
 * The time of an update as a formula of ranks, global batch and micro-batch:
 * T = A t_micro(b) + T_sum(R) + T_update + T_rest, of which some is there for each micro-batch. The
 * sum begins after the last micro-batch, so nothing of it is hidden.  Local. */
#ifndef CAIRN_STUDY_SCALING_H
#define CAIRN_STUDY_SCALING_H

#include <stdbool.h>

#include "comm/probe.h"
#include "study/by_size.h"
#include "study/times.h"

enum { CAIRN_STUDY_MOST_WORLDS = 64 };

/** How many times slower, by the size of a micro-batch: between the smallest and the largest that
 * were measured along the log of the size, beyond them as there. */
struct cairn_study_slow {
    double size[2], times[2];
};

/** What was measured at one number of ranks; medians. */
struct cairn_study_world {
    double ranks;
    struct cairn_study_slow micro; /* times the curve of t_micro: cores that share memory */
    double sum_s, update_s, rest_s;
    double update_by;                  /* times its curve */
    double rest_fixed_s, rest_micro_s; /* rest_s of an update, and of each micro-batch */
};

/** What a sum over the ranks costs. */
struct cairn_study_link {
    bool known;
    enum cairn_probe_way way;
    struct cairn_alpha_beta cost[2]; /* by way; `error` says how it fits */
};

/** The model. */
struct cairn_study_model {
    /* by b, as in the world with most sizes; what others have is divided by their times */
    struct cairn_study_by_size micro, update;
    struct cairn_study_world world[CAIRN_STUDY_MOST_WORLDS]; /* by rising ranks */
    size_t n_worlds;
    struct cairn_study_link link;
    const struct cairn_alpha_beta *stated; /* for more ranks than were measured; NULL: none */
    double n_bytes;
    uint64_t best_micro; /* measured, with the least time per sample */
};

/** One measured time for a fit, its parts multiplied by these; 1: as measured. */
struct cairn_study_measured {
    const struct cairn_study_time *time;
    double micro, sum, rest;
};

/**
 * Fit the model to n > 0 measured times: curves by the size of a micro-batch, what the worlds are
 * slower by, alpha and beta of a ring and of recursive doubling likewise over all worlds of several
 * ranks, at least two sizes of them; the way with the smaller error is taken.  Of more than
 * CAIRN_STUDY_MOST_WORLDS worlds the smallest.  room: [n].
 *
 * Ranks   local; allocates nothing
 * Errors  none
 */
void cairn_study_model_fit(const struct cairn_study_measured *measured, size_t n, double *room,
                           struct cairn_study_model *out);

/** How many times slower micro-batches of this size are.  Ranks: local.  Errors: none. */
double cairn_study_slow_at(const struct cairn_study_slow *slow, double size);

/** Seconds of one sum over so many ranks by the link: the stated one beyond the measured worlds,
 * where there is one, else the fitted one; NaN where there is none, 0 on one rank.  Ranks: local.
 * Errors: none. */
double cairn_study_model_link_s(const struct cairn_study_model *model, double ranks);

/** Seconds of one sum: as measured in a measured world, else by the link.  Ranks: local.
 * Errors: none. */
double cairn_study_model_sum_s(const struct cairn_study_model *model, double ranks);

/** Seconds of an update of so many micro-batches of b samples on the slowest rank.  Ranks: local.
 * Errors: none. */
double cairn_study_model_update_s(const struct cairn_study_model *model, double ranks, double micro,
                                  double micro_batches);

/** Seconds of an update of any global batch, cut as evenly as can be with at most best_micro
 * samples in a micro-batch and not rounded to whole ones: T0 + B t / R, T0 and t by piece.  Ranks:
 * local. Errors: none. */
double cairn_study_model_smooth_s(const struct cairn_study_model *model, double ranks,
                                  double batch);

/**
 * The global batch that reaches a target soonest on so many ranks.  T(B) = S_min (1 + B_crit / B)
 * (T0 + B t / R) has its derivative 0 at B* = sqrt(B_crit R T0 / t); below one micro-batch for each
 * rank T0 holds its fixed time and t is sample_s, above it t is the time per sample of full ones.
 * At least a sample for each rank.  NaN where the sum is not known.
 *
 * Ranks   local
 * Errors  none
 */
double cairn_study_model_fastest(const struct cairn_study_model *model, double ranks,
                                 double b_crit);

#endif
