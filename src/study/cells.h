/* SPDX-License-Identifier: BSD-3-Clause
 * The cells of a study, and which of them are to be run next given how others have ended.  A cell
 * is a number: its values' places on the axes.  Functions of their arguments alone; local. */
#ifndef CAIRN_STUDY_CELLS_H
#define CAIRN_STUDY_CELLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "study/axes.h"
#include "study/table.h"

enum { CAIRN_STUDY_NAME_BYTES = 200 };

/** How a cell has ended, as far as it has. */
struct cairn_study_known {
    bool ended;
    enum cairn_study_end end;
    uint64_t updates;
};

/** How many cells the axes make, with those where a grid may grow.  Ranks: local.  Errors: none. */
size_t cairn_study_n_cells(const struct cairn_study_axes *axes);

/** How many of them the study file has.  Ranks: local.  Errors: none. */
size_t cairn_study_n_given(const struct cairn_study_axes *axes);

/** Which value of this axis the cell has.  Ranks: local.  Errors: none. */
size_t cairn_study_place(const struct cairn_study_axes *axes, size_t cell, size_t axis);

/** The cell that differs in the value of one axis.  Ranks: local.  Errors: none. */
size_t cairn_study_with(const struct cairn_study_axes *axes, size_t cell, size_t axis,
                        size_t place);

/** Its name, fit for a file: "batch.global=8,optim.lr=0.1".  Ranks: local.  Errors: none. */
void cairn_study_cell_name(const struct cairn_study_axes *axes, size_t cell,
                           char name[CAIRN_STUDY_NAME_BYTES]);

/** Whether some study could have a cell of this name.  Ranks: local.  Errors: none. */
bool cairn_study_is_cell_name(const char *name);

/** The cell with these values; false where the axes have none.  Ranks: local.  Errors: none. */
bool cairn_study_cell_find(const struct cairn_study_axes *axes, const struct cairn_study_table *in,
                           const struct cairn_study_row *row, size_t *cell);

/** Put the rows of a table in the order of their cells.  Ranks: local.  Errors: CAIRN_USAGE:
 * memory. */
CAIRN_CHECKED cairn_status cairn_study_sort(const struct cairn_study_axes *axes,
                                            struct cairn_study_table *table);

/**
 * The cells that are to be run now, the first first: all of them may be, at once and in any order.
 * None is left where the answer is 0.  Those that another one runs at the moment are among them.
 *
 * Without an axis that follows these are all cells.  With one, for each series batch after batch:
 * with the first seed from the best rate of the batch before (of the first batch: from the middle)
 * outward, until on each side two rates were worse or one diverged; beyond the ends of the grid
 * where the best lies there; then the other seeds for the best rate and for its neighbours that
 * reached the target.
 *
 * known  [cairn_study_n_cells()]
 * out    [most]
 *
 * Ranks   local
 * Errors  none
 */
size_t cairn_study_pending_cells(const struct cairn_study_axes *axes,
                                 const struct cairn_study_known *known, size_t most, size_t *out);

/** How many cells there will be at most, with those that have ended.  Ranks: local.
 * Errors: none. */
size_t cairn_study_at_most(const struct cairn_study_axes *axes,
                           const struct cairn_study_known *known);

/** Cells of one batch, over all series, that are still to be run. */
struct cairn_study_left {
    size_t about; /* a search that ends as most do */
    size_t most;
};

/** How many of each batch.  out: [values of batch.global], [1] without that axis.  Ranks: local.
 * Errors: none. */
void cairn_study_left(const struct cairn_study_axes *axes, const struct cairn_study_known *known,
                      struct cairn_study_left *out);

/**
 * The best rate at the batch and in the series of this cell: that with the fewest updates, in the
 * median over the seeds.  SIZE_MAX: none reached the target with most of the seeds that there are.
 * *at_edge: it is the last of the grid, and what lies beyond was not tried.
 *
 * Ranks   local
 * Errors  none
 */
size_t cairn_study_best_rate(const struct cairn_study_axes *axes,
                             const struct cairn_study_known *known, size_t cell, bool *at_edge);

/** With how many updates the best rate at the batch and in the series of this cell reached the
 * target, in the median over its seeds that have ended; 0: none has.  Ranks: local.
 * Errors: none. */
uint64_t cairn_study_fewest(const struct cairn_study_axes *axes,
                            const struct cairn_study_known *known, size_t cell);

/** How many updates a cell of this batch and series takes at most by what other batches took: not
 * more than a smaller batch, and not more samples than a larger one.  0: none has reached the
 * target.  Ranks: local.  Errors: none. */
uint64_t cairn_study_foreseen(const struct cairn_study_axes *axes,
                              const struct cairn_study_known *known, size_t cell);

#endif
