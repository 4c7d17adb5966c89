/* SPDX-License-Identifier: BSD-3-Clause
 * For tests of layers: one layer by itself, with given x, weights and dy.  Every function ends the
 * test where it fails. */
#ifndef CAIRN_TESTS_SUPPORT_ALONE_H
#define CAIRN_TESTS_SUPPORT_ALONE_H

#include "base/tree.h"
#include "nn/chain.h"

/** A planned layer, its weights, and where its gradient goes. */
struct alone {
    struct cairn_sink sink; /* first: its functions turn it back into the whole; beta is 0 */
    struct cairn_node *list;
    struct cairn_params params;
    struct cairn_arena arena;
    struct cairn_chain chain;
    struct cairn_plan plan;
    struct cairn_micro micro;
    struct cairn_pass pass;
    real *w, *g; /* [n_values] */
    real *dx;    /* [n, n_in], as of the last alone_backward() */
};

/** The layer in `text`, "{type: relu}", for `micro` samples of this shape, with initial weights.
 * Release with alone_free(). */
struct alone *alone_make(const char *text, const struct cairn_shape *in, size_t micro);
void alone_free(struct alone *alone);

/** y [n, n_out] from x [n, n_in]. */
const real *alone_forward(struct alone *alone, size_t n, const real *x);

/** g and dx, from dy [n, n_out] and what forward left. */
void alone_backward(struct alone *alone, const real *dy);

/** Its shape of outputs, and the numbers of one sample. */
const struct cairn_shape *alone_out(const struct alone *alone);
size_t alone_n_out(const struct alone *alone);

#endif
