/* SPDX-License-Identifier: BSD-3-Clause
 * Seconds as a function of the size of a micro-batch, from a few measured sizes: a straight line,
 * or a curve through them where they are on none.  Local. */
#ifndef CAIRN_STUDY_BY_SIZE_H
#define CAIRN_STUDY_BY_SIZE_H

#include <stdbool.h>
#include <stddef.h>

enum { CAIRN_STUDY_MOST_SIZES = 32 };

/** What goes between and beyond the measured sizes. */
enum cairn_study_shape {
    CAIRN_STUDY_LINE,   /* one line for all */
    CAIRN_STUDY_CHORDS, /* straight from size to size */
    CAIRN_STUDY_POWERS, /* straight between their logs */
};

/** Measured sizes, and their curve. */
struct cairn_study_by_size {
    size_t n;
    double size[CAIRN_STUDY_MOST_SIZES]; /* samples, rising */
    double s[CAIRN_STUDY_MOST_SIZES];    /* seconds */
    double fixed_s, sample_s;            /* the line: fixed_s + size x sample_s */
    enum cairn_study_shape shape;
};

/**
 * Find the line of the n > 0 sizes, and their shape: a line where all sizes are within 3 % of it;
 * else that which predicts best each size between the others from these, by its largest error.
 * `rises`: the line is one of least squares of relative differences; else it is the middle of all,
 * whatever the size.
 *
 * Ranks   local; allocates nothing
 * Errors  none
 */
void cairn_study_by_size_fit(struct cairn_study_by_size *curve, bool rises);

/** Seconds at this size.  Beyond the last sizes as between the nearest two: not falling, on chords
 * not below 0 at size 0, and above the largest no steeper than a power of 1.2.  Ranks: local.
 * Errors: none. */
double cairn_study_by_size_at(const struct cairn_study_by_size *curve, double size);

#endif
