/* SPDX-License-Identifier: BSD-3-Clause
 * A list of layers from its text to shapes and memory.  The way through it is in chain.c. */
#include "nn/chain.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nn/list.h"
#include "nn/segments.h"

static cairn_status find_kind(const struct cairn_node *node, const char *prefix, size_t index,
                              const struct cairn_layer_kind **out)
{
    enum { MOST = 128 };
    const char *names[MOST];
    size_t n = 0;
    size_t found = 0;
    const struct cairn_node *type = cairn_node_find(node, "type");
    if (type == NULL || type->kind != CAIRN_NODE_SCALAR)
        return cairn_fail(CAIRN_USAGE,
                          "%s: layer %s%zu must be a map with a type, such as {type: relu}",
                          cairn_node_place(node), prefix, index);
    for (; n < MOST && cairn_layer_kind_at(n) != NULL; n++) names[n] = cairn_layer_kind_at(n)->name;
    CAIRN_TRY_IN(cairn_name_find("layer type", type->text, names, n, &found), "%s: layer %s%zu",
                 cairn_node_place(type), prefix, index);
    *out = cairn_layer_kind_at(found);
    return CAIRN_OK;
}

/* The kind of a layer that is not planned yet; NULL: it has none. */
static const struct cairn_layer_kind *kind_of(const struct cairn_node *node)
{
    const struct cairn_node *type = cairn_node_find(node, "type");
    const struct cairn_layer_kind *kind = NULL;
    if (type == NULL || type->kind != CAIRN_NODE_SCALAR) return NULL;
    for (size_t i = 0; (kind = cairn_layer_kind_at(i)) != NULL; i++)
        if (strcmp(kind->name, type->text) == 0) return kind;
    return NULL;
}

/* Not a number, which would look like an index, and without the '.' and '/' of tensor names and
 * files. */
static bool is_identifier(const char *text)
{
    if (!isalpha((unsigned char)*text) && *text != '_') return false;
    while (isalnum((unsigned char)*text) || *text == '_') text++;
    return *text == '\0';
}

static cairn_status name_layer(const struct cairn_chain *chain, size_t index,
                               const struct cairn_node *node, const char *prefix,
                               char out[CAIRN_PARAM_NAME_BYTES])
{
    const struct cairn_node *name = cairn_node_find(node, "name");
    if (name != NULL && (name->kind != CAIRN_NODE_SCALAR || !is_identifier(name->text)))
        return cairn_fail(
            CAIRN_USAGE,
            "%s: the name of layer %s%zu must be letters, digits and '_', not a digit first",
            cairn_node_place(name), prefix, index);
    int n = name != NULL ? snprintf(out, CAIRN_PARAM_NAME_BYTES, "%s%s", prefix, name->text)
                         : snprintf(out, CAIRN_PARAM_NAME_BYTES, "%s%zu", prefix, index);
    if (n >= CAIRN_PARAM_NAME_BYTES)
        return cairn_fail(CAIRN_USAGE, "%s: the name of layer %s%zu is longer than %d characters",
                          cairn_node_place(node), prefix, index, CAIRN_PARAM_NAME_BYTES - 1);
    for (size_t i = 0; i < chain->n_layers; i++)
        if (strcmp(chain->layer[i].name, out) == 0)
            return cairn_fail(CAIRN_USAGE, "%s: layers %zu and %zu are both called %s",
                              cairn_node_place(node), i, chain->n_layers, out);
    return CAIRN_OK;
}

/* Tokens are no numbers to reckon with, and numbers no tokens. */
static cairn_status check_input(const struct cairn_layer *layer, const struct cairn_node *node,
                                const struct cairn_plan *plan)
{
    bool wants = (layer->kind->flags & CAIRN_LAYER_TOKENS) != 0;
    bool has = plan->input_unchanged && plan->vocabulary > 0;
    if (wants == has) return CAIRN_OK;
    if (wants)
        return cairn_fail(CAIRN_USAGE,
                          "%s: layer %s (%s) takes tokens: it is for data with tokens, as the "
                          "first layer of the model",
                          cairn_node_place(node), layer->name, layer->kind->name);
    return cairn_fail(CAIRN_USAGE,
                      "%s: layer %s (%s): the data are tokens; begin with {type: embedding}",
                      cairn_node_place(node), layer->name, layer->kind->name);
}

/* The keys of a layer, as text for messages. */
enum { WHAT_BYTES = CAIRN_PARAM_NAME_BYTES + 64 };

static cairn_status read_kind(struct cairn_layer *layer, const struct cairn_node *node,
                              struct cairn_plan *plan, char what[WHAT_BYTES])
{
    const struct cairn_layer_kind *kind = layer->kind;
    snprintf(what, WHAT_BYTES, "layer %s (%s)", layer->name, kind->name);
    CAIRN_TRY(cairn_memory_get(1, kind->self_bytes, what, &layer->self));
    CAIRN_TRY(cairn_keys_read(kind->keys, kind->n_keys, node, "type name", what, layer->self));
    CAIRN_TRY(check_input(layer, node, plan));
    layer->n_in = cairn_shape_count(&layer->in);
    layer->wants_dx = plan->wants_dx;
    plan->node = node;
    return CAIRN_OK;
}

static cairn_status plan_kind(struct cairn_layer *layer, const struct cairn_node *node,
                              struct cairn_plan *plan)
{
    const struct cairn_layer_kind *kind = layer->kind;
    char what[WHAT_BYTES];
    CAIRN_TRY(read_kind(layer, node, plan, what));
    size_t n_uses = plan->n_uses;
    size_t depth = plan->depth;
    const size_t n_weights = plan->n_weights; /* of the layer that this one stands in */
    plan->n_weights = 0;
    layer->number = plan->n_layers++;
    cairn_status st = kind->plan(layer, plan);
    layer->n_weights = plan->n_weights;
    plan->n_weights = n_weights;
    if (st != CAIRN_OK && plan->depth > depth) return st; /* a layer inside has said where */
    CAIRN_TRY_IN(st, "%s: %s", cairn_node_place(node), what);
    layer->n_out = cairn_shape_count(&layer->out);
    layer->in_backward = layer->wants_dx || plan->n_uses > n_uses;
    plan->wants_dx = layer->in_backward;
    if ((kind->flags & CAIRN_LAYER_GHOST) != 0) plan->ghost = true;
    if ((kind->flags & CAIRN_LAYER_VIEW) == 0) plan->input_unchanged = false;
    return CAIRN_OK;
}

/* Whether y, which goes to the arena else, need not be kept: the layer makes it again from an x
 * that is kept, those that then write over it do, too, and the dx of the one after them, which
 * reads it in backward, may lie over it. */
static bool passes(const struct cairn_layer *layer, const struct cairn_node *node, size_t x_at)
{
    const unsigned needs = CAIRN_LAYER_NEEDS_X | CAIRN_LAYER_NEEDS_Y;
    const struct cairn_layer_kind *kind = layer->kind;
    if (layer->y_at != CAIRN_ANYWHERE || x_at == CAIRN_PASSING) return false;
    if (kind->again == NULL || (kind->flags & needs) != CAIRN_LAYER_NEEDS_X) return false;
    while ((node = node->next) != NULL && (kind = kind_of(node)) != NULL) {
        const bool over = (kind->flags & CAIRN_LAYER_ELEMENTWISE) != 0 &&
                          (kind->flags & CAIRN_LAYER_NEEDS_X) == 0;
        if (!over) return (kind->flags & CAIRN_LAYER_OVER_X) != 0;
        if (kind->again == NULL || (kind->flags & CAIRN_LAYER_NEEDS_Y) != 0) return false;
    }
    return false;
}

/* Where y lies.  `over`: x is in the arena and nobody reads it again, so y may be written over
 * it. */
static void place_output(struct cairn_layer *layer, struct cairn_plan *plan, size_t x_at,
                         bool *over)
{
    unsigned flags = layer->kind->flags;
    if ((flags & CAIRN_LAYER_VIEW) != 0) {
        layer->y_at = x_at;
        return;
    }
    bool in_place =
        *over && (flags & CAIRN_LAYER_ELEMENTWISE) != 0 && (flags & CAIRN_LAYER_NEEDS_X) == 0;
    if (in_place)
        layer->y_at = x_at;
    else if (layer->y_at == CAIRN_ANYWHERE)
        layer->y_at = cairn_plan_activation(plan, layer->n_out, sizeof(real));
    *over = (flags & CAIRN_LAYER_NEEDS_Y) == 0;
}

/* Whether the layer before this one, the last of the chain, does its work in forward. */
static bool is_absorbed(const struct cairn_chain *chain)
{
    struct cairn_layer *layer = &chain->layer[chain->n_layers - 1];
    if (chain->n_layers < 2 || (layer->kind->flags & CAIRN_LAYER_VIEW) != 0) return false;
    struct cairn_layer *before = layer - 1;
    return before->kind->absorb != NULL && before->y_at == layer->y_at &&
           before->kind->absorb(before, layer);
}

/* How far the planning of a chain is. */
struct progress {
    struct cairn_chain *chain;
    struct cairn_plan *plan;
    struct cairn_shape in; /* of the next layer */
    size_t room;           /* layers that chain->layer has memory for */
    size_t x_at;
    bool over;      /* the layer before may be written over; not so the input of a segment */
    size_t begin;   /* in the arena: of all segments, which lie one over the other, ... */
    size_t end;     /* ... and of the largest so far */
    size_t segment; /* that the next layer is in */
    size_t cost;    /* number of the last layer among the costs */
};

/* Each name is compared with those before it. */
enum { MOST_LAYERS = 4096 };

static cairn_status make_room(struct progress *p, const struct cairn_node *node)
{
    struct cairn_chain *chain = p->chain;
    struct cairn_layer *more = NULL;
    if (chain->n_layers < p->room) return CAIRN_OK;
    if (p->room >= MOST_LAYERS)
        return cairn_fail(CAIRN_USAGE, "%s: more than %d layers in one list",
                          cairn_node_place(node), MOST_LAYERS);
    p->room = p->room == 0 ? 8 : 2 * p->room;
    CAIRN_TRY(cairn_memory_get(p->room, sizeof *more, "the layers", &more));
    if (chain->n_layers > 0) memcpy(more, chain->layer, chain->n_layers * sizeof *more);
    free(chain->layer);
    chain->layer = more;
    return CAIRN_OK;
}

/* The next layer is the first after a segment: it lies where that began. */
static void begin_segment(struct progress *p)
{
    struct cairn_arena *arena = p->plan->arena;
    const struct cairn_chain *chain = p->chain;
    if (p->segment == chain->n_segments || chain->segment[p->segment].end != chain->n_layers)
        return;
    if (arena->planned_bytes > p->end) p->end = arena->planned_bytes;
    arena->planned_bytes = p->begin;
    p->over = false;
    p->segment++;
}

/* Where the next layer's output is to lie. */
static size_t wanted_place(const struct progress *p)
{
    const struct cairn_chain *chain = p->chain;
    if (p->segment == chain->n_segments) return CAIRN_ANYWHERE;
    const struct cairn_segment *segment = &chain->segment[p->segment];
    return segment->owner == chain->n_layers ? segment->kept_at : CAIRN_ANYWHERE;
}

static cairn_status add_list(struct progress *p, const struct cairn_node *list, const char *prefix);

/* The layers that a layer stands for, in its place. */
static cairn_status add_expanded(struct progress *p, struct cairn_layer *layer,
                                 const struct cairn_node *node)
{
    struct cairn_node *list = NULL;
    char prefix[CAIRN_PARAM_NAME_BYTES + 1];
    char what[WHAT_BYTES];
    cairn_status st = read_kind(layer, node, p->plan, what);
    if (st == CAIRN_OK) st = cairn_list_create(node, &list);
    if (st == CAIRN_OK) {
        st = layer->kind->expand(layer, list);
        if (st != CAIRN_OK) st = cairn_fail_in(st, "%s: %s", cairn_node_place(node), what);
    }
    free(layer->self);
    snprintf(prefix, sizeof prefix, "%s.", layer->name);
    if (st == CAIRN_OK) st = add_list(p, list, prefix);
    cairn_node_free(list);
    return st;
}

static cairn_status add_layer(struct progress *p, const struct cairn_node *node, const char *prefix,
                              size_t index)
{
    struct cairn_chain *chain = p->chain;
    struct cairn_layer layer = {.in = p->in};
    size_t number = 0;
    CAIRN_TRY(find_kind(node, prefix, index, &layer.kind));
    CAIRN_TRY(name_layer(chain, index, node, prefix, layer.name));
    if (layer.kind->expand != NULL) return add_expanded(p, &layer, node);
    CAIRN_TRY(make_room(p, node));
    begin_segment(p);
    layer.y_at = wanted_place(p);
    CAIRN_TRY(cairn_costs_begin(p->plan, &number));
    const size_t before = p->plan->arena->planned_bytes;
    struct cairn_layer *added = &chain->layer[chain->n_layers++];
    *added = layer;
    CAIRN_TRY(plan_kind(added, node, p->plan));
    if (passes(added, node, p->x_at)) added->y_at = CAIRN_PASSING;
    place_output(added, p->plan, p->x_at, &p->over);
    cairn_costs_end(p->plan, number, p->plan->arena->planned_bytes - before, added,
                    added->y_at != p->x_at);
    p->cost = number;
    added->absorbed = is_absorbed(chain);
    p->x_at = added->y_at;
    p->in = added->out;
    return CAIRN_OK;
}

/* Whether the layer after this one comes first: which of the x are the largest is the same before
 * and after what rises, and then there are fewer of them. */
static bool comes_after(const struct cairn_node *node)
{
    const struct cairn_layer_kind *kind = kind_of(node);
    if (kind == NULL || (kind->flags & CAIRN_LAYER_RISES) == 0 || node->next == NULL) return false;
    kind = kind_of(node->next);
    return kind != NULL && (kind->flags & CAIRN_LAYER_CHOOSES) != 0;
}

/* Such a layer, behind the one after it. */
static cairn_status add_turned(struct progress *p, const struct cairn_node *node,
                               const char *prefix, size_t index)
{
    CAIRN_TRY(add_layer(p, node->next, prefix, index + 1));
    CAIRN_TRY(add_layer(p, node, prefix, index));
    struct cairn_layer *after = &p->chain->layer[p->chain->n_layers - 1], *early = after - 1;
    const size_t number = early->number;
    early->number = after->number;
    after->number = number;
    early->is_early = true;
    return CAIRN_OK;
}

static cairn_status add_list(struct progress *p, const struct cairn_node *list, const char *prefix)
{
    size_t index = 0;
    for (const struct cairn_node *node = list->child; node != NULL; node = node->next, index++) {
        if (!comes_after(node)) {
            CAIRN_TRY(add_layer(p, node, prefix, index));
            continue;
        }
        CAIRN_TRY(add_turned(p, node, prefix, index++));
        node = node->next;
    }
    return CAIRN_OK;
}

/* What the x of a layer is made by comes to lie where its dx will. */
static void turn_passing(struct cairn_chain *chain, size_t index, int turn)
{
    for (size_t i = index; i-- > 0 && chain->layer[i].y_at == CAIRN_PASSING;)
        chain->layer[i].turn = turn;
}

/* Segments are run again while a gradient lies in either place. */
static void plan_passing(const struct cairn_chain *chain, struct cairn_plan *plan)
{
    for (size_t i = 0; i < chain->n_layers; i++) {
        const struct cairn_layer *layer = &chain->layer[i];
        if (layer->y_at != CAIRN_PASSING) continue;
        cairn_plan_gradient(plan, chain->depth, layer->turn, layer->n_out);
        if (chain->n_segments > 0)
            cairn_plan_gradient(plan, chain->depth, 1 - layer->turn, layer->n_out);
    }
}

void cairn_chain_plan_gradients(struct cairn_chain *chain, bool hands_on, struct cairn_plan *plan)
{
    chain->hands_on = hands_on;
    chain->entry = 0;
    while (chain->entry < chain->n_layers &&
           (chain->layer[chain->entry].kind->flags & CAIRN_LAYER_VIEW) != 0)
        chain->entry++;
    bool begun = false;
    int turn = 0; /* as in cairn_chain_backward() */
    for (size_t i = chain->n_layers; i-- > 0 && chain->layer[i].in_backward;) {
        const struct cairn_layer *layer = &chain->layer[i];
        if ((layer->kind->flags & CAIRN_LAYER_VIEW) != 0) continue;
        if (layer->y_at != CAIRN_PASSING) turn_passing(chain, i, 1 - turn);
        if (!begun || (layer->kind->flags & CAIRN_LAYER_ELEMENTWISE) == 0) turn = 1 - turn;
        begun = true;
        if (layer->wants_dx && !(hands_on && i == chain->entry))
            cairn_plan_gradient(plan, chain->depth, turn, layer->n_in);
    }
    plan_passing(chain, plan);
}

/* "0.body." is the prefix of layer 0's body. */
static cairn_status no_layers(const struct cairn_node *list, const char *prefix,
                              struct cairn_plan *plan)
{
    bool outermost = prefix[0] == '\0';
    plan->depth++; /* as a layer inside: the place is said here */
    return cairn_fail(CAIRN_USAGE,
                      "%s: %s%.*s is a list of layers, such as [{type: dense, units: 10}]",
                      cairn_node_place(list), outermost ? "a model" : "layer ",
                      outermost ? 0 : (int)strlen(prefix) - 1, prefix);
}

cairn_status cairn_chain_plan(struct cairn_chain *chain, const struct cairn_node *list,
                              const char *prefix, const struct cairn_shape *in,
                              struct cairn_plan *plan)
{
    if (list->kind != CAIRN_NODE_LIST || list->child == NULL) return no_layers(list, prefix, plan);
    if (plan->depth == CAIRN_MAX_DEPTH)
        return cairn_fail(CAIRN_USAGE, "lists of layers are nested more than %d deep",
                          CAIRN_MAX_DEPTH);
    struct progress progress = {.chain = chain, .plan = plan, .in = *in, .x_at = CAIRN_ANYWHERE};
    size_t n = cairn_node_count(list);
    chain->depth = plan->depth++; /* what goes wrong from here on says where */
    if (n > MOST_LAYERS)
        return cairn_fail(CAIRN_USAGE, "%s: %zu layers in one list; at most %d",
                          cairn_node_place(list), n, MOST_LAYERS);
    CAIRN_TRY(cairn_segments_cut(chain, plan));
    progress.begin = plan->arena->planned_bytes;
    CAIRN_TRY(add_list(&progress, list, prefix));
    for (size_t i = 0; i < chain->n_layers; i++) {
        chain->layer[i].before = plan->last;
        plan->last = &chain->layer[i];
    }
    plan->depth--;
    if (plan->arena->planned_bytes < progress.end) plan->arena->planned_bytes = progress.end;
    if (plan->costs != NULL && plan->costs->most == 0)
        plan->costs->layer[progress.cost].is_last = true;
    return CAIRN_OK;
}
