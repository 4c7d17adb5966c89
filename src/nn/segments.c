/* SPDX-License-Identifier: BSD-3-Clause
 * Segments of a list of layers: costs and cuts.  How they are walked is in chain.c. */
#include "nn/segments.h"

#include <stdlib.h>
#include <string.h>

static cairn_status add_segment(struct cairn_chain *chain, size_t *room, size_t end)
{
    struct cairn_segment *more = NULL;
    if (chain->n_segments == *room) {
        *room = *room == 0 ? 8 : 2 * *room;
        CAIRN_TRY(cairn_memory_get(*room, sizeof *more, "the segments", &more));
        if (chain->n_segments > 0) memcpy(more, chain->segment, chain->n_segments * sizeof *more);
        free(chain->segment);
        chain->segment = more;
    }
    chain->segment[chain->n_segments++] = (struct cairn_segment){.end = end};
    return CAIRN_OK;
}

/* What is handed on lies before all segments.  There is no cut before a layer without cost, whose
 * output lies over the one before or in memory that is there, nor where hardly more would be freed
 * than kept. */
cairn_status cairn_segments_cut(struct cairn_chain *chain, struct cairn_plan *plan)
{
    const struct cairn_layer_costs *costs = plan->costs;
    size_t room = 0, bytes = 0, owner = 0, index = 0, n_out = 0;
    bool last = costs == NULL || costs->most == 0;
    for (size_t at = last ? 0 : costs->n_seen; !last; index++) {
        const struct cairn_layer_cost *cost = &costs->layer[at];
        const size_t kept = plan->micro * n_out * sizeof(real);
        if (bytes > 0 && cost->bytes > 0 && bytes + cost->bytes > costs->most &&
            bytes >= 2 * kept) {
            CAIRN_TRY(add_segment(chain, &room, index));
            struct cairn_segment *segment = &chain->segment[chain->n_segments - 1];
            segment->owner = owner;
            segment->kept_at = cairn_plan_activation(plan, n_out, sizeof(real));
            bytes = 0;
        }
        if (bytes == 0 || cost->has_own) owner = index;
        bytes += cost->bytes;
        n_out = cost->n_out;
        at += cost->n_within;
        last = cost->is_last;
    }
    return CAIRN_OK;
}

cairn_status cairn_costs_begin(struct cairn_plan *plan, size_t *at)
{
    struct cairn_layer_costs *costs = plan->costs;
    struct cairn_layer_cost *more = NULL;
    if (costs == NULL) return CAIRN_OK;
    *at = costs->n_seen++;
    if (costs->most > 0 || *at < costs->room) return CAIRN_OK;
    costs->room = costs->room == 0 ? 64 : 2 * costs->room;
    CAIRN_TRY(cairn_memory_get(costs->room, sizeof *more, "the layers", &more));
    if (*at > 0) memcpy(more, costs->layer, *at * sizeof *more);
    free(costs->layer);
    costs->layer = more;
    return CAIRN_OK;
}

void cairn_costs_end(struct cairn_plan *plan, size_t at, size_t bytes,
                     const struct cairn_layer *layer, bool has_own)
{
    struct cairn_layer_costs *costs = plan->costs;
    if (costs == NULL || costs->most > 0) return;
    const bool is_view = (layer->kind->flags & CAIRN_LAYER_VIEW) != 0;
    costs->layer[at] = (struct cairn_layer_cost){
        .bytes = bytes,
        .n_out = layer->n_out,
        .n_within = costs->n_seen - at,
        .has_own = !is_view && has_own,
    };
}
