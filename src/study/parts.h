/* SPDX-License-Identifier: BSD-3-Clause
 * What the files of an analysis share.  Not for others: analyse.h. */
#ifndef CAIRN_STUDY_PARTS_H
#define CAIRN_STUDY_PARTS_H

#include "record/json.h"
#include "study/fit.h"
#include "study/predict.h"

/** A member with value, low and high; what is not bounded or not known is null.  Ranks: local.
 * Errors: sticks. */
void cairn_study_put_value(struct cairn_json *json, const char *name,
                           struct cairn_study_value value);

/** Why there is no B_crit; NULL: there is.  Ranks: local.  Errors: none. */
const char *cairn_study_why_outside(const struct cairn_study_fit *fit);

/** Why the updates of a batch are not known; NULL: they are.  Ranks: local.  Errors: none. */
const char *cairn_study_why_unknown(const struct cairn_study_point *point);

/** What fit.json says of a series, in short to the log.  room: [CAIRN_STUDY_DRAWS].  Ranks: local.
 * Errors: none. */
void cairn_study_tell_fit(const struct cairn_study_series *series,
                          const struct cairn_study_fit *fit, double *room);

/** Its B_crit at a further target, likewise. */
void cairn_study_tell_target(const struct cairn_study_series *series, const char *target,
                             const struct cairn_study_fit *fit, double *room);

/** What fit.json says of a series at a target, into an open object.  room: [CAIRN_STUDY_DRAWS].
 * Ranks: local.  Errors: sticks. */
void cairn_study_put_fit(struct cairn_json *json, const struct cairn_study_series *series,
                         const struct cairn_study_fit *fit, double *room);

/** A member of scaling.json.  Ranks: local.  Errors: sticks. */
void cairn_study_put_scaling(struct cairn_json *json, const char *name,
                             const struct cairn_study_times *times,
                             const struct cairn_study_predictions *predictions);

#endif
