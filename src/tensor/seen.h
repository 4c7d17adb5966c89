/* SPDX-License-Identifier: BSD-3-Clause
 * What a convolution sees, place by place: from its input to its output or, back, from the output
 * to the input.  Padding is nothing that is seen.  Local. */
#ifndef CAIRN_TENSOR_SEEN_H
#define CAIRN_TENSOR_SEEN_H

#include <stdbool.h>
#include <stddef.h>

#include "cairn/status.h"
#include "tensor/patches.h"

#define CAIRN_NOTHING SIZE_MAX

/** Planned once. */
struct cairn_seen {
    const struct cairn_patches *patches; /* kept */
    bool is_back;

    size_t from[CAIRN_PATCH_DIMS], to[CAIRN_PATCH_DIMS]; /* sizes */
    size_t *at[CAIRN_PATCH_DIMS]; /* [to, kernel] the place of `from` along a dimension, or
                                     CAIRN_NOTHING; owned */
};

/** A box of places. */
struct cairn_region {
    size_t first[CAIRN_PATCH_DIMS], n[CAIRN_PATCH_DIMS];
};

/** A box of places that is kept, whose rows lie in a ring: so the next box, some rows further down,
 * finds those that both have. */
struct cairn_window {
    struct cairn_region region;
    size_t rows; /* of the ring ... */
    size_t base; /* ... which begins with this one */
};

/** One place of `from` as a place of `to` sees it: through this place of the kernel. */
struct cairn_sight {
    size_t tap, place; /* both counted through, the second in a window */
};

/**
 * Plan from patches and is_back.  Free it, also after a failure.
 *
 * Ranks   local
 * Errors  CAIRN_MEMORY
 */
CAIRN_CHECKED cairn_status cairn_seen_plan(struct cairn_seen *seen);

/** Release what was planned; a zeroed one is fine.  Ranks: local.  Errors: none. */
void cairn_seen_free(struct cairn_seen *seen);

/** The smallest box that has all that a box of `to` sees.  Ranks: local.  Errors: none. */
struct cairn_region cairn_seen_by(const struct cairn_seen *seen, const struct cairn_region *to);

/** All that place i of a box of `to` sees in a window that has it, in the order of the kernel's
 * places; sights: room for all of these.  How many.  Ranks: local.  Errors: none. */
size_t cairn_seen_sights(const struct cairn_seen *seen, const struct cairn_region *to, size_t i,
                         const struct cairn_window *window, struct cairn_sight *sights);

/** Through this place of the kernel alone: the place in the window, or CAIRN_NOTHING.
 * Ranks: local.  Errors: none. */
size_t cairn_seen_through(const struct cairn_seen *seen, const struct cairn_region *to, size_t i,
                          const struct cairn_window *window, size_t tap);

/** Of a region what the one before it does not have: some rows, where both have the same planes and
 * columns, or all.  Ranks: local.  Errors: none. */
struct cairn_region cairn_region_more(const struct cairn_region *region,
                                      const struct cairn_region *before);

/* ---- boxes */

/** A size cut into boxes of n, which the last may not fill: those below each other first. */
struct cairn_boxes {
    size_t of[CAIRN_PATCH_DIMS], n[CAIRN_PATCH_DIMS];
};

/** All in one box.  Ranks: local.  Errors: none. */
struct cairn_boxes cairn_boxes_whole(const size_t size[CAIRN_PATCH_DIMS]);

/** How many there are.  Ranks: local.  Errors: none. */
size_t cairn_boxes_count(const struct cairn_boxes *boxes);

/** The i-th of them.  Ranks: local.  Errors: none. */
struct cairn_region cairn_boxes_at(const struct cairn_boxes *boxes, size_t i);

/** What the windows of boxes take, one after the other. */
struct cairn_windows {
    size_t rows;   /* most of one */
    size_t places; /* likewise, of a window with so many rows */
    size_t laid;   /* of all together, each counted once for each window that has to get it, and
                      runs of them up to a multiple of 16, which are turned at once */
};

/** Those of these boxes.  Ranks: local.  Errors: none. */
struct cairn_windows cairn_seen_windows(const struct cairn_seen *seen,
                                        const struct cairn_boxes *boxes);

/** Halve the boxes along the dimension in which least is laid then.  False: a box is one place.
 * Ranks: local.  Errors: none. */
bool cairn_seen_halve(const struct cairn_seen *seen, struct cairn_boxes *boxes);

/* ---- runs */

/** Places that lie side by side in an array, from `at` on, and in a window, from `place` on. */
struct cairn_run {
    size_t at, place, length;
};

/** The i-th run of a region of an array of such a size, in a window that has it, may be empty;
 * false: there are no more.  Ranks: local.  Errors: none. */
bool cairn_region_run(const struct cairn_region *region, const size_t size[CAIRN_PATCH_DIMS],
                      const struct cairn_window *window, size_t i, struct cairn_run *run);

#endif
