/* SPDX-License-Identifier: BSD-3-Clause */
#include "nn/score_blocks.h"

#include "tensor/spread.h"

enum { BLOCKS = 16, NUMBERS = 16384 /* of a block, at least: as many as are worth a thread */ };

static size_t count(const struct cairn_score_blocks *blocks)
{
    const size_t n = blocks->n * blocks->cost / NUMBERS;
    if (n <= 1) return 1;
    const size_t most = blocks->n < BLOCKS ? blocks->n : BLOCKS;
    return n < most ? n : most;
}

static void add(struct cairn_scores *scores, const struct cairn_scores *addend)
{
    scores->loss += addend->loss;
    scores->weight += addend->weight;
    scores->correct += addend->correct;
    scores->count += addend->count;
}

void cairn_score_blocks_run(const struct cairn_score_blocks *blocks, struct cairn_scores *scores)
{
    const size_t n = blocks->n;
    const size_t n_blocks = count(blocks);
    struct cairn_scores of_block[BLOCKS] = {{0}};
    /* one block, too: work asks which thread it is in, and a host may be in one of its own */
    CAIRN_SPREAD(n_blocks == 1 ? 1 : blocks->n_threads)
    for (size_t b = 0; b < n_blocks; b++)
        blocks->work(blocks->what, n * b / n_blocks, n * (b + 1) / n_blocks, &of_block[b]);
    for (size_t b = 0; b < n_blocks; b++) add(scores, &of_block[b]);
}
