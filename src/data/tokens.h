/* SPDX-License-Identifier: BSD-3-Clause
 * Groups of tokens: opening them, and windows of them as samples.  Not for other modules.  Local.
 *
 * Window i of t tokens with a context of C owns tokens [i C, i C + C) as x and the tokens one
 * further as labels, so N = ceil((t - 1) / C) windows use each token but the last once as x and
 * each but the first once as label.  The last window may be short: it is filled with token 0 whose
 * label has the weight 0. */
#ifndef CAIRN_DATA_TOKENS_H
#define CAIRN_DATA_TOKENS_H

#include "data/internal.h"

/** Check the array `tokens` of a group and read its vocabulary.  Ranks: local.
 * Errors: CAIRN_DATA. */
CAIRN_CHECKED cairn_status cairn_tokens_open(struct cairn_dataset *dataset,
                                             struct cairn_group *group);

/** Read /characters, where the file has it.  Ranks: local.  Errors: CAIRN_DATA: not so many as the
 * vocabulary, no UTF-8. */
CAIRN_CHECKED cairn_status cairn_tokens_read_characters(struct cairn_dataset *dataset);

/** The type in which tokens are held: as stored where that is unsigned; other whole numbers as
 * int32, whose negative ones are above any vocabulary; reals as reals.  Ranks: local.  Errors:
 * none. */
enum cairn_h5_type cairn_tokens_held_type(const struct cairn_rows *rows);

/** Token i of an array, which is known.  Ranks: local.  Errors: none. */
size_t cairn_token(enum cairn_h5_type type, const void *token, size_t i);

/** The index of the first of n tokens that is not below the vocabulary; n where all are.
 * Ranks: local.  Errors: none. */
size_t cairn_first_unknown_token(enum cairn_h5_type type, const void *token, size_t n,
                                 size_t vocabulary);

/** n tokens of the host's, given as reals, to `out`.  Ranks: local.  Errors: CAIRN_DATA: one that
 * is no whole number below the vocabulary. */
CAIRN_CHECKED cairn_status cairn_tokens_copy(const struct cairn_dataset *dataset, const real *token,
                                             size_t n, real *out);

/** What a window is made from. */
struct cairn_window_of {
    enum cairn_h5_type type;
    const void *token;  /* [n] of type: those of the window and its last label */
    const real *weight; /* [n] of the tokens as labels; NULL for 1 */
    size_t n, context;  /* 2 to C + 1; C */
};

/**
 * One window: x and labels with their weights; after a short one token 0 and the weight 0.
 *
 * Shapes  x, label, label_weight: [C]
 * Ranks   local
 * Errors  none
 */
void cairn_tokens_convert(const struct cairn_window_of *from, real *x, int32_t *label,
                          real *label_weight);

#endif
