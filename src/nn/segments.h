/* SPDX-License-Identifier: BSD-3-Clause
 * Segments of a list of layers (train.recompute): what layers cost, and where the list is cut.
 * Compiled in two precisions (tensor/real.h).  Local. */
#ifndef CAIRN_NN_SEGMENTS_H
#define CAIRN_NN_SEGMENTS_H

#include "nn/chain.h"

#define cairn_segments_cut CAIRN_R(cairn_segments_cut)
#define cairn_costs_begin  CAIRN_R(cairn_costs_begin)
#define cairn_costs_end    CAIRN_R(cairn_costs_end)

/** Where the segments of a chain end, by the costs of its layers, the next that are planned; what
 * they hand on to the next is kept for backward, which begins them with it, and is planned here.
 * Ranks: local.  Errors: CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_segments_cut(struct cairn_chain *chain, struct cairn_plan *plan);

/** What is planned from now on to cairn_costs_end() is the layer's of this number, *at.
 * Ranks: local.  Errors: CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_costs_begin(struct cairn_plan *plan, size_t *at);

/** It took so many bytes; has_own: its output does not lie over its input.  Ranks: local.
 * Errors: none. */
void cairn_costs_end(struct cairn_plan *plan, size_t at, size_t bytes,
                     const struct cairn_layer *layer, bool has_own);

#endif
