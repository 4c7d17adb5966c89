/* SPDX-License-Identifier: BSD-3-Clause
 * What a usual update of a cell takes.  A mean over all would hold those that warm up, and those
 * that were disturbed; a part's median does not add up with the others'.  Local. */
#ifndef CAIRN_STUDY_TYPICAL_H
#define CAIRN_STUDY_TYPICAL_H

#include <stddef.h>
#include <stdint.h>

enum { CAIRN_STUDY_MOST_TIMED = 256 };

/** Parts of an update of one rank, so that the largest over the ranks is what all wait for: what
 * the last one into the sum takes is the least that any spends there. */
enum cairn_study_part {
    CAIRN_STUDY_WHOLE,
    CAIRN_STUDY_DATA,
    CAIRN_STUDY_BUSY, /* data and compute */
    CAIRN_STUDY_UPDATE,
    CAIRN_STUDY_LESS_SUM, /* the time in the sum, below 0 */
    CAIRN_STUDY_N_PARTS
};

/** Updates of a cell, or of many every second, fourth, ... of them; zeroed it is empty. */
struct cairn_study_timed {
    double s[CAIRN_STUDY_MOST_TIMED][CAIRN_STUDY_N_PARTS]; /* [n], in their order */
    size_t n;
    uint64_t seen, every; /* every: 0 counts as 1 */
};

/** What is usual, in seconds; n: updates that it is from. */
struct cairn_study_typical {
    uint64_t n;
    double whole_s, data_s, compute_s, sum_s, update_s;
};

/** One more update.  Ranks: local; alike on all, so that each keeps the same ones.  Errors: none.
 */
void cairn_study_timed_add(struct cairn_study_timed *timed, const double s[CAIRN_STUDY_N_PARTS]);

/**
 * The mean over the middle half of the updates by their time, the first tenth (one at least) left
 * out; its parts add up.  Nothing of fewer than four.
 *
 * Ranks   local; to be asked once the largest over the ranks stands in `timed`
 * Errors  none
 */
struct cairn_study_typical cairn_study_typical(const struct cairn_study_timed *timed);

#endif
