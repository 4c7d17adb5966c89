/* SPDX-License-Identifier: BSD-3-Clause
 * What a study's rows say: fits, the model of time, predictions; as JSON
 * (launch/guide/fit-json.md lists every member).  Local. */
#ifndef CAIRN_STUDY_ANALYSE_H
#define CAIRN_STUDY_ANALYSE_H

#include <stdbool.h>

#include "cairn/status.h"
#include "study/predict.h"
#include "study/targets.h"

/** What else must be known of a study. */
struct cairn_study_about {
    bool has_target; /* `reached` is of a target; else there is nothing to fit over batches */
    bool tells;      /* the fits in short to the log, too */
    const struct cairn_study_targets *targets; /* further ones; NULL: none */
    struct cairn_study_asked asked;            /* of the model of time */
};

/**
 * The texts of fit.json and scaling.json, each to be released with free().  Equal tables give equal
 * texts.  Takes about a second for a series of ten batches.
 *
 * Ranks   local (rank 0)
 * Errors  CAIRN_MEMORY
 */
CAIRN_CHECKED cairn_status cairn_study_analyse(const struct cairn_study_table *table,
                                               const struct cairn_study_about *about,
                                               char **fit_json, char **scaling_json);

#endif
