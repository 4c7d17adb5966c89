/* SPDX-License-Identifier: BSD-3-Clause
 * Seconds as a function of the size of a micro-batch, from a few measured sizes: a straight line,
 * or, where that foretells them better, a curve through them.  Local. */
#ifndef CAIRN_STUDY_BY_SIZE_H
#define CAIRN_STUDY_BY_SIZE_H

#include <stdbool.h>
#include <stddef.h>

enum { CAIRN_STUDY_MOST_SIZES = 32 };

/** Measured sizes, and what goes between and beyond them. */
struct cairn_study_by_size {
    size_t n;
    double size[CAIRN_STUDY_MOST_SIZES]; /* samples, rising */
    double s[CAIRN_STUDY_MOST_SIZES];    /* seconds */
    double fixed_s, sample_s;            /* the line: fixed_s + size x sample_s */
    bool bends; /* else the line holds: fewer than three sizes, or it foretells them better */
};

/**
 * Find the line of the n > 0 sizes, and whether they are on a curve: each size is foretold from the
 * others by both, and the smaller of the largest errors decides.  `rises`: the line is one of least
 * squares of relative differences; else it is the middle of all, whatever the size.
 *
 * Ranks   local; allocates nothing
 * Errors  none
 */
void cairn_study_by_size_fit(struct cairn_study_by_size *curve, bool rises);

/** Seconds at this size: by the line, or between two sizes along the line through their logs and
 * beyond the last along that of the nearest two, which rises by at most a power of 1.2.
 * Ranks: local.  Errors: none. */
double cairn_study_by_size_at(const struct cairn_study_by_size *curve, double size);

#endif
