/* SPDX-License-Identifier: BSD-3-Clause
 * The lines of metrics.csv and eval.csv once more, as TensorBoard reads them: files of events in
 * the folder tensorboard/.  Each start that adds a line begins a file; those before it are cut to
 * the updates that stay.  Local. */
#ifndef CAIRN_RECORD_EVENTS_H
#define CAIRN_RECORD_EVENTS_H

#include "base/own.h"
#include "record/rows.h"
#include "record/run_folder.h"

#define CAIRN_EVENTS_FOLDER "tensorboard"

/** The file of this start. */
struct cairn_events {
    struct cairn_rows rows; /* .kept NULL: no events are wanted */
    char folder[CAIRN_PATH_BYTES];
    uint64_t update; /* that the run goes on from; 0: it begins */
};

/** Which files in that folder are our own. */
extern const struct cairn_own cairn_events_own;

/** Events are wanted; nothing is opened.  Ranks: local.  Errors: CAIRN_USAGE: path too long;
 * CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_events_create(struct cairn_events *events, const char *run);

/** Make the folder, and cut what earlier starts left to updates up to `update` (0: remove it).
 * Ranks: local.  Errors: CAIRN_FILES. */
CAIRN_CHECKED cairn_status cairn_events_start(struct cairn_events *events, uint64_t update);

/** Add a line, as cairn_rows_add() does; nothing where none are wanted.  Ranks: local.
 * Errors: CAIRN_FILES. */
CAIRN_CHECKED cairn_status cairn_events_metrics(struct cairn_events *events,
                                                const struct cairn_metrics *line);
/** Likewise; `metric` as in cairn_run_folder_evaluates().  Ranks: local.  Errors: CAIRN_FILES. */
CAIRN_CHECKED cairn_status cairn_events_eval(struct cairn_events *events,
                                             const struct cairn_eval_metrics *line,
                                             const char *const *metric);

#endif
