/* SPDX-License-Identifier: BSD-3-Clause
 * One head of attention over one sample, forward and backward, by panels of its T x T
 * matrix.  Compiled in two precisions (tensor/real.h).  Local. */
#ifndef CAIRN_NN_HEADS_H
#define CAIRN_NN_HEADS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/keys.h"
#include "tensor/real.h"

#define cairn_heads_room    CAIRN_R(cairn_heads_room)
#define cairn_head_forward  CAIRN_R(cairn_head_forward)
#define cairn_head_backward CAIRN_R(cairn_head_backward)

/** The key `causal`; auto: where the data are tokens. */
#define CAIRN_WORDS_CAUSAL(FIRST, NEXT)                                                            \
    FIRST(CAUSAL_AUTO, "auto") NEXT(CAUSAL_TRUE, "true") NEXT(CAUSAL_FALSE, "false")
CAIRN_CHOICE(cairn_causal, CAIRN_WORDS_CAUSAL);

/** What the heads of a layer have in common. */
struct cairn_heads {
    size_t T, D, width; /* positions, their numbers, and those of one head */
    bool causal;        /* a position sees itself and those before it; else all */
    real scale;         /* of q k^T: 1 / sqrt(width) */
    bool rounds;        /* operands of products to bfloat16, as pairs (tensor/tile.h) */
};

/** One head of one sample. */
struct cairn_head {
    real *q, *k, *v; /* [T, width], rows 3 D apart; backward puts their gradients there */
    real *o;         /* [T, width], rows D apart; in forward */
    const real *d_o; /* alike; in backward */
    real *top;       /* [T] largest s of a row, and ... */
    real *factor;    /* [T] ... 1 / the sum of its exp(s - top) */
    real *room;      /* cairn_heads_room() elements */
};

/** Elements that one head is worked in, forward or backward.  Ranks: local.  Errors: none. */
size_t cairn_heads_room(const struct cairn_heads *heads);

/** o, top and factor from q, k, v.  Ranks: local.  Errors: none. */
void cairn_head_forward(const struct cairn_heads *self, const struct cairn_head *head);

/** dq, dk, dv over q, k, v, from top, factor and d_o besides.  Ranks: local.  Errors: none. */
void cairn_head_backward(const struct cairn_heads *self, const struct cairn_head *head);

#endif
