/* SPDX-License-Identifier: BSD-3-Clause
 * The rows of a loss, spread over the threads of a rank in blocks, whose number depends on the rows
 * alone and whose scores are added in their order.  Compiled in two precisions (tensor/real.h).
 * Local. */
#ifndef CAIRN_NN_SCORE_BLOCKS_H
#define CAIRN_NN_SCORE_BLOCKS_H

#include <stddef.h>

#include "tensor/micro.h"
#include "tensor/real.h"

#define cairn_score_blocks_run CAIRN_R(cairn_score_blocks_run)

/** Rows, and what adds those of a block to scores and writes their gradients. */
struct cairn_score_blocks {
    size_t n;         /* rows */
    size_t cost;      /* of each, in numbers */
    size_t n_threads; /* at most */
    void (*work)(const void *what, size_t first, size_t end, struct cairn_scores *scores);
    const void *what;
};

/** Work all and add to scores.  Ranks: local.  Errors: none. */
void cairn_score_blocks_run(const struct cairn_score_blocks *blocks, struct cairn_scores *scores);

#endif
