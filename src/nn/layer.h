/* SPDX-License-Identifier: BSD-3-Clause
 * What a layer is: one row of functions, in a file of its own, listed in nn/layers.def.  Planning
 * may fail and settles shapes, weights and memory; running does neither.  Compiled in two
 * precisions (tensor/real.h).  Local. */
#ifndef CAIRN_NN_LAYER_H
#define CAIRN_NN_LAYER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/keys.h"
#include "base/memory.h"
#include "tensor/backend.h"
#include "tensor/micro.h"
#include "tensor/params.h"
#include "tensor/real.h"
#include "tensor/sink.h"

#define cairn_layer_kind_at   CAIRN_R(cairn_layer_kind_at)
#define cairn_plan_param      CAIRN_R(cairn_plan_param)
#define cairn_plan_shared     CAIRN_R(cairn_plan_shared)
#define cairn_plan_buffer     CAIRN_R(cairn_plan_buffer)
#define cairn_pass_tensor     CAIRN_R(cairn_pass_tensor)
#define cairn_pass_open_sum   CAIRN_R(cairn_pass_open_sum)
#define cairn_plan_activation CAIRN_R(cairn_plan_activation)
#define cairn_plan_workspace  CAIRN_R(cairn_plan_workspace)
#define cairn_plan_scratch    CAIRN_R(cairn_plan_scratch)
#define cairn_plan_gradient   CAIRN_R(cairn_plan_gradient)
#define cairn_plan_flops      CAIRN_R(cairn_plan_flops)
#define cairn_name_number     CAIRN_R(cairn_name_number)
#define cairn_layer_unchanged CAIRN_R(cairn_layer_unchanged)
#define cairn_profile         CAIRN_R(cairn_profile)
#define cairn_chain           CAIRN_R(cairn_chain)

/** What the chain of layers may do with a layer's memory. */
enum cairn_layer_flags {
    CAIRN_LAYER_VIEW = 1,        /* y is x in another shape: nothing runs */
    CAIRN_LAYER_ELEMENTWISE = 2, /* y may lie over x where x is not needed, dx over dy */
    CAIRN_LAYER_NEEDS_X = 4,     /* backward reads x */
    CAIRN_LAYER_NEEDS_Y = 8,     /* backward reads y */
    CAIRN_LAYER_TOKENS =
        16,                 /* x are tokens, whole numbers below the vocabulary: first of a model */
    CAIRN_LAYER_GHOST = 32, /* y of a sample depends on the whole micro-batch in training */
    CAIRN_LAYER_PLACED = 64,   /* y may lie in the memory of lists inside it */
    CAIRN_LAYER_OVER_X = 128,  /* dx may lie over x: backward is done with x when it writes dx */
    CAIRN_LAYER_CHOOSES = 256, /* y are the largest of some x each, the first of equal ones */
    CAIRN_LAYER_RISES = 512,   /* an ELEMENTWISE one: of two x the larger has the larger y, or both
                                  have the same, 0, and the gradient by them is 0 */
};

#define CAIRN_ANYWHERE SIZE_MAX       /* in the arena */
#define CAIRN_PASSING  (SIZE_MAX - 1) /* not there: see below */

enum { CAIRN_MAX_DEPTH = 8 }; /* of lists of layers inside layers */

/** Floating-point operations of the products of one sample; a multiply-add is two.  Biases,
 * activations and what is computed twice do not count. */
struct cairn_flops {
    double forward, by_weights, by_input; /* backward has the last two */
};

/** A layer of a model. */
struct cairn_layer {
    const struct cairn_layer_kind *kind;
    char name[CAIRN_PARAM_NAME_BYTES]; /* index or name with the prefix of the list it stands in:
                                          "3.body.0" */
    void *self; /* the kind's own struct: its keys, and what its plan found; owned */
    struct cairn_shape in, out;       /* of one sample */
    size_t n_in, n_out;               /* elements of one sample */
    bool wants_dx;                    /* weights before it wait for the gradient by x */
    bool in_backward;                 /* wants_dx, or has weights itself */
    bool absorbed;                    /* the layer before writes y */
    struct cairn_flops flops;         /* set by its plan; 0: it has no products */
    size_t n_weights;                 /* elements of the weights it reads, shared ones too */
    size_t number;                    /* as layers are written */
    bool is_early;                    /* it is written after the next one of its chain */
    const struct cairn_layer *before; /* another of the model; NULL: there are no more */
    size_t y_at;   /* in the arena: [b, n_out]; while it is planned where the chain wants
                      it, or CAIRN_ANYWHERE, and a plan may choose that itself; CAIRN_PASSING:
                      among the gradients of its list, which are not there yet in forward, and
                      made again before the layer that reads it walks backward */
    int turn;      /* which of these */
    const real *x; /* [n, n_in] of the running micro-batch */
    real *y;       /* [n, n_out] */
};

/** What the activations of each layer take, in the order in which layers are planned, those of
 * lists inside layers among them.  Planned without segments, they are gathered; planned with
 * segments, none of these takes more than `most`, unless it is a single layer. */
struct cairn_layer_costs {
    struct cairn_layer_cost *layer; /* [n_seen], owned by who plans */
    size_t room;                    /* layers that it has memory for */
    size_t n_seen;                  /* layers so far */
    size_t most;                    /* bytes of a segment; 0: no segments, costs are gathered */
};

/** One of them. */
struct cairn_layer_cost {
    size_t bytes, n_out;
    size_t n_within; /* layers of lists inside it, and itself */
    bool has_own;    /* its output does not lie over its input */
    bool is_last;    /* of its list */
};

/** Code that a library made for products, each shape once. */
struct cairn_code {
    size_t bytes;
    size_t n_seen, seen[32][3]; /* shapes: rows, in, out; further ones count each time */
};

/** What planning gathers for the whole model. */
struct cairn_plan {
    size_t micro;                    /* b: the most samples of one micro-batch */
    size_t sizes[CAIRN_MICRO_SIZES]; /* of micro-batches to expect, b first; 0 after the last */
    enum cairn_backend backend;      /* of products */
    bool rounds;                     /* their operands to bfloat16 */
    bool holds;       /* several micro-batches may be put at once (struct cairn_group) ... */
    size_t most_held; /* ... and so many are, by some layer; 0: by none */
    struct cairn_params *params;     /* weights so far */
    size_t n_uses;                   /* weights of each layer so far, shared ones counted again */
    size_t n_weights;                /* elements of those of the layer that is being planned */
    size_t n_layers;                 /* so far */
    const struct cairn_layer *last;  /* of those whose list is planned, the first of a chain */
    struct cairn_arena *arena;       /* activations so far */
    size_t workspace_bytes;          /* most that one call of a layer wants for itself ... */
    struct cairn_code code;          /* of products */
    size_t scratch_bytes;            /* ... and one product in it */
    size_t vocabulary;               /* of the data's tokens; 0 where x are numbers */
    bool input_unchanged;            /* no layer so far has changed the model's input */
    bool wants_dx;                   /* a layer so far has weights */
    bool ghost;                      /* a layer so far is CAIRN_LAYER_GHOST */
    const struct cairn_node *node;   /* the layer that is being planned, as written */
    size_t depth;                    /* of the list that is being planned; 0: the model's */
    struct cairn_layer_costs *costs; /* NULL: all activations are kept */
    size_t gradient[CAIRN_MAX_DEPTH][2]; /* most elements of a sample that pass between layers */
};

struct cairn_profile; /* nn/profile.h */
struct cairn_chain;   /* nn/chain.h */

/** What one forward or backward pass works on. */
struct cairn_pass {
    const struct cairn_micro *micro;
    const real *w; /* [n_values] */
    const struct cairn_params *params;
    const struct cairn_arena *arena;
    struct cairn_sink *sink; /* in backward */
    void *workspace;         /* of the running call; layers inside a layer use the same */
    void *scratch;           /* of a product (tensor/matmul.h) in it */
    real *gradient[CAIRN_MAX_DEPTH][2]; /* gradients between the layers of a list, in turn */
    uint64_t weights; /* numbers w, equal as long as w is; 0: nothing is known of it */
    uint64_t seed;
    bool training; /* dropout drops, normalisation takes the micro-batch's own statistics */
    struct cairn_profile *profile; /* NULL: nobody asks what takes how long */
};

/** A layer's row of functions. */
struct cairn_layer_kind {
    size_t size;                   /* sizeof this struct where it was compiled */
    const char *name;              /* the layer's `type` */
    const char *doc;               /* one sentence */
    const char *example;           /* as in a run file */
    struct cairn_shape example_in; /* an input that the example takes */
    const struct cairn_key *keys;  /* besides type and name; offsets in `self` */
    size_t n_keys;
    size_t self_bytes;
    unsigned flags; /* enum cairn_layer_flags */
    /** Of a kind that is a list of other layers: write that list, from `in` and the keys in `self`;
     * the layers take its place in the chain, and their names begin with its own and a point.  Such
     * a kind has none of the functions below but `free`.  NULL: it is a layer itself.  Errors: as
     * plan. */
    cairn_status (*expand)(struct cairn_layer *layer, struct cairn_node *list);
    /** Set out from in, add weights and memory.  Errors: CAIRN_USAGE, what and what to do; the
     * caller puts place, index and type in front. */
    cairn_status (*plan)(struct cairn_layer *layer, struct cairn_plan *plan);
    /** Release what plan put into `self` besides its own bytes; NULL where that is nothing.  Also
     * called after a plan that failed, with whatever it had set.  Errors: none. */
    void (*free)(struct cairn_layer *layer);
    /** Of a planned layer that holds lists of layers: the index-th of them, which may be empty
     * where that is x itself; NULL after the last.  NULL: it holds none.  Errors: none. */
    const struct cairn_chain *(*inner)(const struct cairn_layer *layer, size_t index);
    /** Fill its weights and buffers in w [n_values]; NULL where it has none.  Errors: none. */
    void (*init)(const struct cairn_layer *layer, const struct cairn_params *params, uint64_t seed,
                 real *w);
    /** Of a planned layer whose y the next one, also planned, would write over: whether forward
     * does the next one's work as well from now on; that one's own is not called then, and its
     * backward is.  NULL: never.  Errors: none. */
    bool (*absorb)(struct cairn_layer *layer, const struct cairn_layer *next);
    /** layer->y from layer->x.  Errors: none. */
    void (*forward)(const struct cairn_layer *layer, const struct cairn_pass *pass);
    /** y once more, with the same bits, from x and what forward kept; dx of the layer after it may
     * lie there.  NULL: y is to be kept.  Errors: none. */
    void (*again)(const struct cairn_layer *layer, const struct cairn_pass *pass);
    /** Of an ELEMENTWISE one, both in a pass: dx, which may lie over x, and y over dy.  NULL: again
     * comes first.  Errors: none. */
    void (*backward_again)(const struct cairn_layer *layer, const struct cairn_pass *pass,
                           real *dy_y, real *dx);
    /** dx, where it is wanted, without x; backward, given no dx, then does the rest.  NULL: that
     * cannot be done.  Errors: none. */
    void (*by_input)(const struct cairn_layer *layer, const struct cairn_pass *pass, const real *dy,
                     real *dx);
    /** Gradients by its weights into the sink, and dx [n, n_in], unless NULL, from dy [n, n_out],
     * which stays as it is unless dx lies over it.  Errors: none. */
    void (*backward)(const struct cairn_layer *layer, const struct cairn_pass *pass, const real *dy,
                     real *dx);
};

/** The registered layers, ours before those of the host (nn/own.h); NULL after the last.
 * Ranks: local.  Errors: none. */
const struct cairn_layer_kind *cairn_layer_kind_at(size_t index);

/** Add the weight tensor <layer>.<name>; its index in *index.  Ranks: local.  Errors: as
 * cairn_params_add(). */
CAIRN_CHECKED cairn_status cairn_plan_param(struct cairn_plan *plan,
                                            const struct cairn_layer *layer, const char *name,
                                            const struct cairn_shape *shape, size_t *index);

/** Use a weight tensor of a layer before as well: backward opens it once more.  Ranks: local.
 * Errors: none. */
void cairn_plan_shared(struct cairn_plan *plan, size_t index);

/** Add the buffer <layer>.<name>, a running average (cairn_params_add_buffer()): of the `training`
 * pass, backward puts the statistic of the micro-batch times its samples into the sink.
 * Ranks: local.  Errors: as cairn_params_add_buffer(). */
CAIRN_CHECKED cairn_status cairn_plan_buffer(struct cairn_plan *plan,
                                             const struct cairn_layer *layer, const char *name,
                                             const struct cairn_shape *shape, double momentum,
                                             size_t *buffer);

/** A weight tensor in pass->w.  Ranks: local; borrowed.  Errors: none. */
const real *cairn_pass_tensor(const struct cairn_pass *pass, size_t index);

/** Open a tensor of the sink, ready to be added to: set to 0 where the sink's beta is 0.
 * Ranks: local; borrowed until it is closed.  Errors: none. */
real *cairn_pass_open_sum(const struct cairn_pass *pass, size_t index);

/** Plan memory that backward reads again, `count` elements for each sample; the answer is for
 * cairn_arena_at().  Ranks: local.  Errors: none (checked on allocation). */
size_t cairn_plan_activation(struct cairn_plan *plan, size_t count, size_t size);

/** Plan memory of one call of forward or backward: pass->workspace, shared by all layers.
 * Ranks: local.  Errors: none. */
void cairn_plan_workspace(struct cairn_plan *plan, size_t bytes);

/** Plan memory of one product: pass->scratch.  Ranks: local.  Errors: none. */
void cairn_plan_scratch(struct cairn_plan *plan, size_t bytes);

/** Plan gradients that pass between the layers of a list: at least `count` elements for each sample
 * in pass->gradient[depth][turn].  Ranks: local.  Errors: none. */
void cairn_plan_gradient(struct cairn_plan *plan, size_t depth, int turn, size_t count);

/** Add products of a layer: so many multiply-adds in forward, as many in each of the gradients by
 * weights and by x (layer->flops).  Ranks: local.  Errors: none. */
void cairn_plan_flops(struct cairn_layer *layer, double multiply_adds);

/** A number for the name of a layer or tensor, part of the key of its random numbers.
 * Ranks: local.  Errors: none. */
uint64_t cairn_name_number(const char *name);

/** The plan of a layer that keeps the shape and has neither weights nor memory.  Ranks: local.
 * Errors: none. */
cairn_status cairn_layer_unchanged(struct cairn_layer *layer, struct cairn_plan *plan);

#endif
