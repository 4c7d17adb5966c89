/* SPDX-License-Identifier: BSD-3-Clause
 * The axes of a study: which keys take which values.  Knows no run file: whether a key exists and
 * takes a value is seen where a cell becomes a config.  Local. */
#ifndef CAIRN_STUDY_AXES_H
#define CAIRN_STUDY_AXES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/tree.h"
#include "cairn/status.h"

enum {
    CAIRN_STUDY_MOST_AXES = 8,
    CAIRN_STUDY_BEYOND = 4, /* values that a grid which is followed may grow by, at each end */
    CAIRN_STUDY_MOST_CELLS = 1000000,
    CAIRN_STUDY_VALUE_BYTES = 32, /* of a number of a grid */
};

/** What an axis is to a study. */
enum cairn_study_role {
    CAIRN_STUDY_SERIES, /* each value is a series of its own */
    CAIRN_STUDY_BATCH,  /* batch.global */
    CAIRN_STUDY_RATE,   /* optim.lr */
    CAIRN_STUDY_SEED,   /* train.seed */
    CAIRN_STUDY_RANKS,  /* ranks: no key of the run file */
};

/** One axis.  Values [first, end) stand in the study file; those around them are the same grid
 * beyond its ends, where it may grow. */
struct cairn_study_axis {
    char *name; /* owned */
    enum cairn_study_role role;
    const struct cairn_node *node; /* for messages; borrowed */
    size_t n, first, end;
    char **value; /* [n] as texts; owned, as each of them */
    bool follow;  /* begin at the best of the neighbouring batch and go outward */
};

/** All of them, in the order of the study file.  A zeroed one has none. */
struct cairn_study_axes {
    size_t n;
    struct cairn_study_axis axis[CAIRN_STUDY_MOST_AXES];
};

/**
 * Read the map of axes: each a list, or {log: [from, to], n: k}, {linear: [from, to], n: k}, with
 * follow: true for optim.lr.
 *
 * map   borrowed for as long as the axes live
 *
 * Ranks   local
 * Errors  CAIRN_USAGE with the place: no map, an empty or a nested list, a value twice, a grid of
 *         the wrong form, too many axes or cells
 */
CAIRN_CHECKED cairn_status cairn_study_axes_read(const struct cairn_node *map,
                                                 struct cairn_study_axes *out);

/** Release what it holds; a zeroed one is fine.  Ranks: local.  Errors: none. */
void cairn_study_axes_free(struct cairn_study_axes *axes);

/** The axis of this role (not CAIRN_STUDY_SERIES), or NULL.  Ranks: local.  Errors: none. */
const struct cairn_study_axis *cairn_study_axis_of(const struct cairn_study_axes *axes,
                                                   enum cairn_study_role role);

#endif
