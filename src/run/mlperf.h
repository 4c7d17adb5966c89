/* SPDX-License-Identifier: BSD-3-Clause
 * Inside run/: mlperf.log, the lines that MLPerf reads (log.mlperf): what the run is, and when its
 * parts begin and end.  Lines are added as things happen, those of later starts behind those of
 * earlier ones.  Rank 0; elsewhere, and where no lines are wanted, the functions do nothing.
 * Local; allocates nothing.  What the disk refuses is a warning, once, and the end of the lines. */
#ifndef CAIRN_RUN_MLPERF_H
#define CAIRN_RUN_MLPERF_H

#include <stdbool.h>
#include <stdint.h>

#include "run/run.h"

/** What has been said. */
struct cairn_mlperf {
    int fd;         /* below 0: no lines */
    uint64_t epoch; /* that has begun, the first is 1; 0: none, or it has ended */
};

/** The run begins: what it is, init_start (when the process began) and init_stop, run_start.
 * Errors: none. */
void cairn_mlperf_begin(struct cairn_run *run);

/** Around an update: epoch_start and epoch_stop, where one begins or ends with it.  Errors: none.
 */
void cairn_mlperf_before_update(struct cairn_run *run);
void cairn_mlperf_after_update(struct cairn_run *run);

/** Around an evaluation: eval_start; eval_accuracy, or eval_error, the loss, where accuracy has no
 * meaning; eval_stop.  Errors: none. */
void cairn_mlperf_before_evaluation(struct cairn_run *run);
void cairn_mlperf_evaluated(struct cairn_run *run, const struct cairn_eval_metrics *line);

/** run_stop: success where the run is complete, else aborted.  Errors: none. */
void cairn_mlperf_end(struct cairn_run *run, bool complete);

#endif
