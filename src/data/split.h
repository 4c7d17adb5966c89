/* SPDX-License-Identifier: BSD-3-Clause
 * Which row of a source goes into which group.  Local. */
#ifndef CAIRN_DATA_SPLIT_H
#define CAIRN_DATA_SPLIT_H

#include "data/format.h"
#include "data/order.h"

/** Rows by group, in the order of the source. */
struct cairn_split_plan {
    size_t *row; /* [all rows]: those of train, then val, then test; owned */
    size_t count[CAIRN_N_SPLITS];
};

/**
 * Divide n rows by the rules of an import; a fraction is exact to half a row, drawn by the seed.
 *
 * Ranks   local
 * Errors  CAIRN_USAGE: val takes all training rows; CAIRN_MEMORY
 */
CAIRN_CHECKED cairn_status cairn_split_plan(const struct cairn_import *import, size_t n,
                                            struct cairn_split_plan *out);

/** Release; a zeroed one is fine.  Ranks: local.  Errors: none. */
void cairn_split_plan_free(struct cairn_split_plan *plan);

/** Rows on their way into groups, in the order of the source. */
struct cairn_sorter {
    struct cairn_writer *writer;
    struct cairn_order order; /* of the draw */
    size_t test_every;        /* 0: by the order */
    double n_test;
    bool whole; /* all rows are of one group: */
    enum cairn_split split;
    size_t row, n_train; /* so many came, and were for training */
    size_t count[CAIRN_N_SPLITS];
};

/**
 * Begin the groups of n rows that are like those of a table (cairn_writer_begin()).  Those of train
 * are divided as cairn_split_plan() does, another group of the source stays what it is; the sorter
 * may go with the writer.
 *
 * Ranks   local
 * Errors  CAIRN_USAGE: val takes all training rows; CAIRN_FILES; CAIRN_MEMORY
 */
CAIRN_CHECKED cairn_status cairn_sorter_begin(const struct cairn_import *import,
                                              enum cairn_split split, size_t n,
                                              const struct cairn_table *like,
                                              struct cairn_writer *writer,
                                              struct cairn_sorter *out);

/** The next rows.  Ranks: local.  Errors: CAIRN_FILES. */
CAIRN_CHECKED cairn_status cairn_sorter_append(struct cairn_sorter *sorter,
                                               const struct cairn_table *rows);

/** Both for all rows at once.  Ranks: local.  Errors: as above. */
CAIRN_CHECKED cairn_status cairn_split_write(const struct cairn_import *import,
                                             const struct cairn_table *table,
                                             struct cairn_writer *writer);

#endif
