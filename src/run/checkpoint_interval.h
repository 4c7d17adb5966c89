/* SPDX-License-Identifier: BSD-3-Clause
 * What checkpoints cost, measured, and how many updates should lie between two of them.  Reads
 * no clock.  Local. */
#ifndef CAIRN_RUN_CHECKPOINT_INTERVAL_H
#define CAIRN_RUN_CHECKPOINT_INTERVAL_H

#include <stdbool.h>
#include <stdint.h>

/** Updates before the first checkpoint, which shows what one costs. */
enum { CAIRN_CHECKPOINT_INTERVAL_FIRST = 10 };

/** Times of this process.  A zeroed one has seen nothing. */
struct cairn_checkpoint_interval {
    uint64_t n_updates[2]; /* without and with a checkpoint being written beside them */
    double updates_s[2];   /* likewise */
    uint64_t n_saves;
    double stall_s; /* training stood still for them */
};

/** Record an update, and whether a checkpoint was being written beside it.  Ranks: local.
 * Errors: none. */
void cairn_checkpoint_interval_record_update(struct cairn_checkpoint_interval *interval,
                                             double update_s, bool beside);

/** Record a checkpoint.  Ranks: local.  Errors: none. */
void cairn_checkpoint_interval_record_save(struct cairn_checkpoint_interval *interval,
                                           double stall_s);

/** Seconds that a checkpoint costs the training: what it stands still, and what updates beside the
 * writing take longer; 0 before the first.  Ranks: local.  Errors: none. */
double cairn_checkpoint_interval_cost_s(const struct cairn_checkpoint_interval *interval);

/**
 * Seconds of training between two checkpoints that lose least, where one costs cost_s and the job
 * is killed every mtbf_s on average.
 *
 * Ranks   local
 * Errors  none
 * Source  Young 1974, sqrt(2 cost mtbf); Daly 2006, equation 37, which also holds where a
 * checkpoint costs much: sqrt(2 c M) (1 + sqrt(c / 2M) / 3 + (c / 2M) / 9) - c for c < 2M, else M
 */
double cairn_checkpoint_interval_daly_s(double cost_s, double mtbf_s);

/** Updates until the next checkpoint: the above, but never more than 3.5 % of the training, over
 * the interval and over the whole process.  At least 1.  Ranks: local.  Errors: none. */
uint64_t cairn_checkpoint_interval_next(const struct cairn_checkpoint_interval *interval,
                                        double mtbf_s);

#endif
