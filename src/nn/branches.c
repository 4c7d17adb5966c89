/* SPDX-License-Identifier: BSD-3-Clause
 * branches: lists of layers side by side, each given x; y is their outputs one after the other
 * along a dimension (concat) or their sum.  An empty list gives x itself.  U-Net's skips, Inception
 * and dense blocks are this.
 *
 * Names are those of a torch.nn.ModuleList of torch.nn.Sequential in the layer's place:
 * 3.0.1.weight is of layer 1 of the first list.  Joined as by torch.cat and torch.add. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nn/chain.h"
#include "tensor/kernels.h"

#define JOINS(FIRST, NEXT) FIRST(JOIN_CONCAT, "concat") NEXT(JOIN_SUM, "sum")
CAIRN_CHOICE(join, JOINS);

/* One list. */
struct branch {
    struct cairn_chain chain; /* empty: x itself */
    struct cairn_shape out;   /* of one sample */
    size_t row;               /* numbers of a sample that lie together in y; 0 for a sum */
    const real *y;            /* [n, out] of the running micro-batch */
};

struct branches {
    const struct cairn_node *of;
    int join;
    size_t dim;
    struct branch *branch; /* [n_branches], owned */
    size_t n_branches;
    size_t n_rows; /* of a sample in y, each made of a row of every branch; 1 for a sum */
    size_t depth;  /* of the lists */
    const struct branch *first; /* that is not empty */
};

static const struct cairn_key keys[] = {
    {"of", CAIRN_KEY_TREE, offsetof(struct branches, of), NULL, 0, 0, "list",
     "lists of layers, each given the same input; [] is that input itself"},
    {"join", CAIRN_KEY_CHOICE, offsetof(struct branches, join), "concat", 0, 0,
     CAIRN_CHOICE_TEXT(JOINS), "outputs one after the other along dim, or added up"},
    {"dim", CAIRN_KEY_COUNT, offsetof(struct branches, dim), "0", 0, CAIRN_MAX_DIMS - 2, NULL,
     "dimension of one sample along which they are joined; 0 is the channels of [C, H, W]"},
};

static cairn_status plan_branch(struct cairn_layer *layer, size_t i, const struct cairn_node *list,
                                struct cairn_plan *plan)
{
    struct branches *self = layer->self;
    struct branch *branch = &self->branch[i];
    char prefix[CAIRN_PARAM_NAME_BYTES + 24];
    branch->out = layer->in;
    if (list->kind == CAIRN_NODE_LIST && list->child == NULL) return CAIRN_OK;
    snprintf(prefix, sizeof prefix, "%s.%zu.", layer->name, i);
    plan->wants_dx = layer->wants_dx; /* what one branch needs is not what the next does */
    CAIRN_TRY(cairn_chain_plan(&branch->chain, list, prefix, &layer->in, plan));
    cairn_chain_plan_gradients(&branch->chain, self->first == NULL, plan);
    if (self->first == NULL) self->first = branch;
    branch->out = *cairn_chain_output(&branch->chain);
    return CAIRN_OK;
}

static cairn_status do_not_join(const struct branches *self, size_t i, const char *remedy)
{
    char first[CAIRN_SHAPE_TEXT_BYTES];
    char other[CAIRN_SHAPE_TEXT_BYTES];
    return cairn_fail(CAIRN_USAGE,
                      "the outputs of branches 0 and %zu, %s and %s, cannot be joined; %s", i,
                      cairn_shape_text(&self->branch[0].out, first),
                      cairn_shape_text(&self->branch[i].out, other), remedy);
}

static cairn_status plan_sum(struct cairn_layer *layer, struct cairn_plan *plan)
{
    struct branches *self = layer->self;
    struct branch *first = &self->branch[0];
    layer->out = first->out;
    self->n_rows = 1;
    for (size_t i = 1; i < self->n_branches; i++)
        if (!cairn_shape_same(&self->branch[i].out, &layer->out))
            return do_not_join(self, i, "a sum takes equal shapes");
    if (layer->y_at != CAIRN_ANYWHERE || first->chain.n_layers == 0) return CAIRN_OK;
    layer->y_at = cairn_chain_sum_at(&first->chain, plan);
    return CAIRN_OK;
}

static bool differ_in_dim_alone(const struct cairn_shape *a, struct cairn_shape b, size_t dim)
{
    if (dim >= (size_t)a->ndim || a->ndim != b.ndim) return false;
    b.dim[dim] = a->dim[dim];
    return cairn_shape_same(a, &b);
}

static cairn_status plan_concat(struct cairn_layer *layer, struct cairn_plan *plan)
{
    struct branches *self = layer->self;
    const struct cairn_shape *first = &self->branch[0].out;
    layer->out = *first;
    if (self->dim >= (size_t)first->ndim)
        return cairn_fail(CAIRN_USAGE, "dim is %zu, but the last dimension of one sample is %d",
                          self->dim, first->ndim - 1);
    if (plan->vocabulary > 0 && self->dim == 0 && first->ndim == 2)
        return cairn_fail(CAIRN_USAGE,
                          "dim 0 of a text is its tokens; join its features with dim: 1");
    layer->out.dim[self->dim] = 0;
    self->n_rows = 1;
    for (size_t d = 0; d < self->dim; d++) self->n_rows *= first->dim[d];
    for (size_t i = 0; i < self->n_branches; i++) {
        struct branch *branch = &self->branch[i];
        if (!differ_in_dim_alone(first, branch->out, self->dim))
            return do_not_join(self, i,
                               "only in dim may they differ; upsample or pad to the same size");
        layer->out.dim[self->dim] += branch->out.dim[self->dim];
        branch->row = cairn_shape_count(&branch->out) / self->n_rows;
    }
    for (size_t i = 0; i < self->n_branches && plan->micro * self->n_rows > 1; i++)
        if (self->branch[i].chain.n_layers > 0)
            cairn_plan_gradient(plan, self->depth, 0, cairn_shape_count(&self->branch[i].out));
    return CAIRN_OK;
}

static cairn_status plan_lists(struct cairn_layer *layer, struct cairn_plan *plan)
{
    struct branches *self = layer->self;
    size_t i = 0;
    size_t n_layers = 0;
    self->depth = plan->depth;
    for (const struct cairn_node *list = self->of->child; list != NULL; list = list->next, i++) {
        CAIRN_TRY(plan_branch(layer, i, list, plan));
        n_layers += self->branch[i].chain.n_layers;
    }
    if (n_layers == 0)
        return cairn_fail(CAIRN_USAGE, "all lists are empty; at least one has layers");
    return CAIRN_OK;
}

static cairn_status plan(struct cairn_layer *layer, struct cairn_plan *plan)
{
    struct branches *self = layer->self;
    const size_t n = cairn_node_count(self->of);
    if (self->of->kind != CAIRN_NODE_LIST || n < 2)
        return cairn_fail(CAIRN_USAGE,
                          "of is a list of at least two lists of layers, such as [[], [{type: "
                          "relu}]]");
    CAIRN_TRY(cairn_memory_get(n, sizeof *self->branch, "branches", &self->branch));
    self->n_branches = n;
    CAIRN_TRY(plan_lists(layer, plan));
    return self->join == CAIRN_JOIN_SUM ? plan_sum(layer, plan) : plan_concat(layer, plan);
}

static void release(struct cairn_layer *layer)
{
    struct branches *self = layer->self;
    for (size_t i = 0; i < self->n_branches; i++) cairn_chain_free(&self->branch[i].chain);
    free(self->branch);
}

static const struct cairn_chain *inner(const struct cairn_layer *layer, size_t index)
{
    const struct branches *self = layer->self;
    return index < self->n_branches ? &self->branch[index].chain : NULL;
}

static void init(const struct cairn_layer *layer, const struct cairn_params *params, uint64_t seed,
                 real *w)
{
    const struct branches *self = layer->self;
    for (size_t i = 0; i < self->n_branches; i++)
        cairn_chain_init(&self->branch[i].chain, params, seed, w);
}

/* The rows of a branch [n_rows, row] lie `stride` apart in y. */
static void join_rows(const struct branch *branch, size_t n_rows, size_t stride, real *y)
{
    for (size_t r = 0; r < n_rows; r++)
        memcpy(y + r * stride, branch->y + r * branch->row, branch->row * sizeof *y);
}

static void take_rows(const struct branch *branch, size_t n_rows, size_t stride, const real *dy,
                      real *out)
{
    for (size_t r = 0; r < n_rows; r++)
        memcpy(out + r * branch->row, dy + r * stride, branch->row * sizeof *out);
}

/* From dy to dx, which an empty list hands on as it is; a sum is one row. */
static void add_rows(const struct branch *branch, size_t n_rows, size_t stride, const real *dy,
                     real *dx)
{
    const size_t row = branch->row > 0 ? branch->row : stride;
    for (size_t r = 0; r < n_rows; r++) cairn_add(dx + r * row, dy + r * stride, row, dx + r * row);
}

static void forward(const struct cairn_layer *layer, const struct cairn_pass *pass)
{
    struct branches *self = layer->self;
    const size_t n = pass->micro->n;
    real *y = layer->y;
    for (size_t i = 0; i < self->n_branches; i++) {
        struct branch *branch = &self->branch[i];
        branch->y = branch->chain.n_layers > 0 ? cairn_chain_forward(&branch->chain, pass, layer->x)
                                               : layer->x;
    }
    if (self->join == CAIRN_JOIN_SUM) {
        for (size_t i = 1; i < self->n_branches; i++)
            cairn_add(i == 1 ? self->branch[0].y : y, self->branch[i].y, n * layer->n_out, y);
        return;
    }
    const size_t stride = layer->n_out / self->n_rows;
    for (size_t i = 0; i < self->n_branches; y += self->branch[i++].row)
        join_rows(&self->branch[i], n * self->n_rows, stride, y);
}

/* The dy of a branch, where it is not in one piece: there where the list inside does not begin to
 * write. */
static const real *dy_of(const struct branches *self, const struct branch *branch, size_t n,
                         const struct cairn_pass *pass, const real *dy, size_t stride)
{
    if (self->join == CAIRN_JOIN_SUM || n * self->n_rows == 1) return dy;
    real *own = pass->gradient[self->depth][0];
    take_rows(branch, n * self->n_rows, stride, dy, own);
    return own;
}

/* The first list writes dx, and what comes from the others is added. */
static void backward(const struct cairn_layer *layer, const struct cairn_pass *pass, const real *dy,
                     real *dx)
{
    struct branches *self = layer->self;
    const size_t n = pass->micro->n;
    const size_t stride = layer->n_out / self->n_rows;
    const real *rows = dy;
    for (size_t i = 0; i < self->n_branches; rows += self->branch[i++].row) {
        struct branch *branch = &self->branch[i];
        if (branch->chain.n_layers > 0) {
            const real *by = dy_of(self, branch, n, pass, rows, stride);
            by = cairn_chain_backward(&branch->chain, pass, by, dx);
            if (dx != NULL && branch != self->first) cairn_add(dx, by, n * layer->n_in, dx);
        }
    }
    rows = dy;
    for (size_t i = 0; i < self->n_branches && dx != NULL; rows += self->branch[i++].row)
        if (self->branch[i].chain.n_layers == 0)
            add_rows(&self->branch[i], n * self->n_rows, stride, rows, dx);
}

const struct cairn_layer_kind CAIRN_R(cairn_layer_branches) = {
    .size = sizeof(struct cairn_layer_kind),
    .name = "branches",
    .doc = "lists of layers side by side, their outputs joined",
    .example = "{type: branches, of: [[], [{type: dense, units: 4}, {type: tanh}]]}",
    .example_in = {1, {6}},
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .self_bytes = sizeof(struct branches),
    .flags = CAIRN_LAYER_NEEDS_X | CAIRN_LAYER_PLACED,
    .plan = plan,
    .free = release,
    .inner = inner,
    .init = init,
    .forward = forward,
    .backward = backward,
};
