/* SPDX-License-Identifier: BSD-3-Clause
 * Through a list of layers forward and backward.  Knows no loss. */
#include "nn/chain.h"

#include <stdlib.h>
#include <string.h>

#include "nn/profile.h"

void cairn_chain_free(struct cairn_chain *chain)
{
    for (size_t i = 0; i < chain->n_layers; i++) {
        struct cairn_layer *layer = &chain->layer[i];
        if (layer->self != NULL && layer->kind->free != NULL) layer->kind->free(layer);
        free(layer->self);
    }
    free(chain->layer);
    free(chain->segment);
    *chain = (struct cairn_chain){0};
}

void cairn_chain_init(const struct cairn_chain *chain, const struct cairn_params *params,
                      uint64_t seed, real *w)
{
    for (size_t i = 0; i < chain->n_layers; i++) {
        const struct cairn_layer *layer = &chain->layer[i];
        if (layer->kind->init != NULL) layer->kind->init(layer, params, seed, w);
    }
}

const struct cairn_shape *cairn_chain_output(const struct cairn_chain *chain)
{
    return &chain->layer[chain->n_layers - 1].out;
}

const struct cairn_layer *cairn_chain_written(const struct cairn_chain *chain, size_t index)
{
    const struct cairn_layer *layer = &chain->layer[index];
    if (layer->is_early) return layer + 1;
    return index > 0 && layer[-1].is_early ? layer - 1 : layer;
}

/* The last layer that makes the output; NULL: the output is the input. */
static const struct cairn_layer *maker(const struct cairn_chain *chain)
{
    size_t i = chain->n_layers;
    while (i > 0 && (chain->layer[i - 1].kind->flags & CAIRN_LAYER_VIEW) != 0) i--;
    return i > 0 ? &chain->layer[i - 1] : NULL;
}

/* Lists inside a layer may be computed again where their output lay. */
bool cairn_chain_is_free(const struct cairn_chain *chain)
{
    const struct cairn_layer *last = maker(chain);
    return last != NULL && (last->kind->flags & (CAIRN_LAYER_NEEDS_Y | CAIRN_LAYER_PLACED)) == 0;
}

size_t cairn_chain_sum_at(const struct cairn_chain *chain, struct cairn_plan *plan)
{
    const struct cairn_layer *last = maker(chain);
    if (last != NULL && (last->kind->flags & CAIRN_LAYER_NEEDS_Y) == 0) return last->y_at;
    return cairn_plan_activation(plan, cairn_shape_count(cairn_chain_output(chain)), sizeof(real));
}

static struct cairn_span begin(const struct cairn_pass *pass)
{
    const struct cairn_span none = {0};
    return pass->profile == NULL ? none : cairn_profile_begin(pass->profile);
}

static void end_span(const struct cairn_pass *pass, struct cairn_span span,
                     const struct cairn_layer *layer, enum cairn_direction direction)
{
    if (pass->profile == NULL) return;
    cairn_profile_end(pass->profile, span, pass->micro->n,
                      &pass->profile->work[layer->number][direction]);
}

static void forward(const struct cairn_layer *layer, const struct cairn_pass *pass)
{
    const struct cairn_span span = begin(pass);
    layer->kind->forward(layer, pass);
    end_span(pass, span, layer, pass->profile == NULL ? CAIRN_FORWARD : pass->profile->forward);
}

static void again(const struct cairn_layer *layer, const struct cairn_pass *pass)
{
    const struct cairn_span span = begin(pass);
    layer->kind->again(layer, pass);
    end_span(pass, span, layer, CAIRN_RECOMPUTE);
}

static void backward(const struct cairn_layer *layer, const struct cairn_pass *pass, const real *dy,
                     real *dx)
{
    const struct cairn_span span = begin(pass);
    layer->kind->backward(layer, pass, dy, dx);
    end_span(pass, span, layer, CAIRN_BACKWARD);
}

static real *place_of(const struct cairn_chain *chain, const struct cairn_pass *pass,
                      const struct cairn_layer *layer)
{
    if (layer->y_at == CAIRN_PASSING) return pass->gradient[chain->depth][layer->turn];
    return cairn_arena_at(pass->arena, layer->y_at);
}

/* Layers first .. end - 1, from x to the output of the last. */
static const real *run(struct cairn_chain *chain, const struct cairn_pass *pass, size_t first,
                       size_t end, const real *x)
{
    for (size_t i = first; i < end; i++) {
        struct cairn_layer *layer = &chain->layer[i];
        if ((layer->kind->flags & CAIRN_LAYER_VIEW) != 0) continue;
        layer->x = x;
        layer->y = place_of(chain, pass, layer);
        if (!layer->absorbed) forward(layer, pass);
        x = layer->y;
    }
    return x;
}

const real *cairn_chain_forward(struct cairn_chain *chain, const struct cairn_pass *pass,
                                const real *x)
{
    size_t first = 0;
    for (size_t s = 0; s < chain->n_segments; s++) {
        struct cairn_segment *segment = &chain->segment[s];
        segment->x = x;
        x = run(chain, pass, first, segment->end, x);
        first = segment->end;
    }
    return run(chain, pass, first, chain->n_layers, x);
}

/* Layers end - 1 .. first; dy as in cairn_chain_backward(). */
struct backward_at {
    const real *dy;
    real *dx;  /* where the chain's is to be, or NULL */
    real *own; /* dy, once it lies in the chain's own memory */
    int turn;
};

/* The x of a layer where that was not kept: made once more, not where its dy lies. */
static void make_x(const struct cairn_chain *chain, const struct cairn_pass *pass, size_t index,
                   int turn)
{
    size_t i = index;
    if (chain->layer[index].y_at == CAIRN_PASSING) return; /* which does not read x again */
    while (i > 0 && chain->layer[i - 1].y_at == CAIRN_PASSING) i--;
    for (const real *x = NULL; i <= index; i++) {
        struct cairn_layer *layer = &chain->layer[i];
        if (x != NULL) layer->x = x;
        if (i == index) return;
        layer->turn = turn;
        x = layer->y = place_of(chain, pass, layer);
        again(layer, pass);
    }
}

/* Whether y of a layer may lie in the memory of lists inside it, or of the layer whose y it is
 * written over. */
static bool is_placed(const struct cairn_chain *chain, size_t index)
{
    const struct cairn_layer *layer = &chain->layer[index];
    if ((layer->kind->flags & CAIRN_LAYER_PLACED) != 0) return true;
    return index > 0 && layer->y == layer->x && is_placed(chain, index - 1);
}

/* Where dx of a layer may lie that is done with x: over it, unless somebody else reads it or it is
 * written again before the gradient by it is read.  NULL: nowhere. */
static real *over_x(const struct cairn_chain *chain, size_t index, real *dx)
{
    const unsigned others = CAIRN_LAYER_VIEW | CAIRN_LAYER_NEEDS_Y;
    if (index == chain->entry) return dx;
    const struct cairn_layer *before = &chain->layer[index - 1];
    if (chain->n_segments > 0 || (before->kind->flags & others) != 0) return NULL;
    return is_placed(chain, index - 1) ? NULL : before->y;
}

/* Layer `index` and the one before, which makes its x again while it walks backward: so the
 * gradient by x comes first, and that by the weights last.  False: it is to be done in another way.
 */
static bool run_two_back(const struct cairn_chain *chain, const struct cairn_pass *pass,
                         size_t index, struct backward_at *at)
{
    struct cairn_layer *layer = &chain->layer[index];
    struct cairn_layer *before = layer - 1;
    if (index == 0 || before->y_at != CAIRN_PASSING || !before->wants_dx) return false;
    if (before->kind->backward_again == NULL || layer->kind->by_input == NULL) return false;
    real *dx = over_x(chain, index - 1, at->dx);
    if (dx == NULL) return false;
    at->turn = 1 - at->turn;
    const struct cairn_span outer = begin(pass);
    real *between = pass->gradient[chain->depth][at->turn];
    layer->kind->by_input(layer, pass, at->dy, between);
    const struct cairn_span inner = begin(pass);
    before->kind->backward_again(before, pass, between, dx);
    end_span(pass, inner, before, CAIRN_BACKWARD);
    layer->x = between;
    layer->kind->backward(layer, pass, at->dy, NULL);
    end_span(pass, outer, layer, CAIRN_BACKWARD);
    at->dy = at->own = dx;
    return true;
}

static void run_back(const struct cairn_chain *chain, const struct cairn_pass *pass, size_t first,
                     size_t end, struct backward_at *at)
{
    for (size_t i = end; i-- > first && chain->layer[i].in_backward;) {
        const struct cairn_layer *layer = &chain->layer[i];
        unsigned flags = layer->kind->flags;
        if ((flags & CAIRN_LAYER_VIEW) != 0) continue;
        if (run_two_back(chain, pass, i, at)) {
            i--;
            continue;
        }
        make_x(chain, pass, i, 1 - at->turn);
        if (at->own == NULL || (flags & CAIRN_LAYER_ELEMENTWISE) == 0) {
            at->turn = 1 - at->turn;
            at->own = pass->gradient[chain->depth][at->turn];
        }
        if (i == chain->entry && at->dx != NULL) at->own = at->dx;
        backward(layer, pass, at->dy, layer->wants_dx ? at->own : NULL);
        at->dy = layer->wants_dx ? at->own : NULL;
    }
}

/* A segment forward once more, and the lists in its layers; dy lies in the other turn. */
static void run_again(struct cairn_chain *chain, const struct cairn_pass *pass, size_t s, int turn)
{
    const struct cairn_segment *segment = &chain->segment[s];
    const size_t first = s > 0 ? chain->segment[s - 1].end : 0;
    enum cairn_direction before = CAIRN_FORWARD;
    if (pass->profile != NULL) before = pass->profile->forward;
    if (pass->profile != NULL) pass->profile->forward = CAIRN_RECOMPUTE;
    for (size_t i = first; i < segment->end; i++) chain->layer[i].turn = turn;
    run(chain, pass, first, segment->end, segment->x);
    if (pass->profile != NULL) pass->profile->forward = before;
}

/* The activations of the last segment are there still; those of the others are made once more. */
const real *cairn_chain_backward(struct cairn_chain *chain, const struct cairn_pass *pass,
                                 const real *dy, real *dx)
{
    struct backward_at at = {.dy = dy, .dx = chain->hands_on ? dx : NULL};
    size_t end = chain->n_layers;
    for (size_t s = chain->n_segments; s > 0; s--) {
        const size_t first = chain->segment[s - 1].end;
        run_back(chain, pass, first, end, &at);
        end = first;
        if (!chain->layer[end - 1].in_backward) return at.dy;
        run_again(chain, pass, s - 1, 1 - at.turn);
    }
    run_back(chain, pass, 0, end, &at);
    if (at.dx != NULL && at.dy != at.dx) /* nothing but views */
        at.dy = memcpy(at.dx, at.dy, pass->micro->n * chain->layer[0].n_in * sizeof *at.dx);
    return at.dy;
}
