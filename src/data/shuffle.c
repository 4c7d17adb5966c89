/* SPDX-License-Identifier: BSD-3-Clause
 * The orders of an epoch.  A change here is a new name: checkpoints hold positions of them. */
#include "data/shuffle.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/random.h"

#define STORED "stored-1"
#define BLOCKS "blocks-feistel-philox-1"

const char *cairn_shuffle_text(const struct cairn_shuffle *shuffle, char *text)
{
    const char *name = shuffle->kind == CAIRN_SHUFFLE_NONE ? STORED : CAIRN_ORDER_NAME;
    if (shuffle->kind == CAIRN_SHUFFLE_BLOCKS)
        snprintf(text, CAIRN_SHUFFLE_BYTES, BLOCKS " block %" PRIu64 " window %" PRIu64,
                 shuffle->block, shuffle->window);
    else
        snprintf(text, CAIRN_SHUFFLE_BYTES, "%s", name);
    return text;
}

bool cairn_shuffle_read(const char *text, struct cairn_shuffle *out)
{
    char same[CAIRN_SHUFFLE_BYTES];
    *out = (struct cairn_shuffle){.kind = CAIRN_SHUFFLE_NONE};
    if (strcmp(text, STORED) == 0) return true;
    out->kind = CAIRN_SHUFFLE_FULL;
    if (strcmp(text, CAIRN_ORDER_NAME) == 0) return true;
    out->kind = CAIRN_SHUFFLE_BLOCKS;
    return sscanf(text, BLOCKS " block %" SCNu64 " window %" SCNu64, &out->block, &out->window) ==
               2 &&
           strcmp(cairn_shuffle_text(out, same), text) == 0 && out->block > 0 &&
           out->window >= out->block;
}

static uint64_t n_blocks(const struct cairn_shuffled *of)
{
    return (of->n - 1) / of->shuffle.block + 1;
}

void cairn_shuffle_begin(const struct cairn_shuffle *shuffle, uint64_t seed, uint64_t epoch,
                         uint64_t n, struct cairn_shuffled *out)
{
    *out = (struct cairn_shuffled){
        .shuffle = *shuffle, .seed = seed, .epoch = epoch, .n = n, .window = UINT64_MAX};
    if (shuffle->kind == CAIRN_SHUFFLE_FULL) cairn_order_begin(seed, epoch, n, &out->order);
    if (shuffle->kind != CAIRN_SHUFFLE_BLOCKS) return;
    cairn_order_with(cairn_random_key(seed, CAIRN_RANDOM_BLOCKS, epoch, 0), n_blocks(out),
                     &out->order);
    out->short_at = cairn_order_find(&out->order, n_blocks(out) - 1);
}

uint64_t cairn_shuffle_in_blocks(const struct cairn_shuffled *of, uint64_t place)
{
    const uint64_t block = of->shuffle.block;
    if (of->shuffle.kind != CAIRN_SHUFFLE_BLOCKS) return place;
    const uint64_t missing = n_blocks(of) * block - of->n; /* from the last block */
    if (place >= (of->short_at + 1) * block - missing) place += missing;
    return cairn_order_at(&of->order, place / block) * block + place % block;
}

/* The first place of the window that this one is in, whose order is then `inner`. */
static uint64_t enter_window(struct cairn_shuffled *of, uint64_t place)
{
    const uint64_t first = place - place % of->shuffle.window;
    if (of->window != first) {
        const uint64_t left = of->n - first;
        cairn_order_with(cairn_random_key(of->seed, CAIRN_RANDOM_WINDOW, of->epoch, first),
                         left < of->shuffle.window ? left : of->shuffle.window, &of->inner);
        of->window = first;
    }
    return first;
}

uint64_t cairn_shuffle_at(struct cairn_shuffled *of, uint64_t position)
{
    if (of->shuffle.kind == CAIRN_SHUFFLE_NONE) return position;
    if (of->shuffle.kind == CAIRN_SHUFFLE_FULL) return cairn_order_at(&of->order, position);
    const uint64_t first = enter_window(of, position);
    return cairn_shuffle_in_blocks(of, first + cairn_order_at(&of->inner, position - first));
}

uint64_t cairn_shuffle_find(struct cairn_shuffled *of, uint64_t sample)
{
    const uint64_t block = of->shuffle.block;
    if (of->shuffle.kind == CAIRN_SHUFFLE_NONE) return sample;
    if (of->shuffle.kind == CAIRN_SHUFFLE_FULL) return cairn_order_find(&of->order, sample);
    uint64_t place = cairn_order_find(&of->order, sample / block) * block + sample % block;
    if (place >= (of->short_at + 1) * block) place -= n_blocks(of) * block - of->n;
    const uint64_t first = enter_window(of, place);
    return first + cairn_order_find(&of->inner, place - first);
}
