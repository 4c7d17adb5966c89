/* SPDX-License-Identifier: BSD-3-Clause
 * A planned model from inside, for the files of nn/ that run it.  Compiled in two precisions
 * (tensor/real.h). */
#ifndef CAIRN_NN_PLANNED_H
#define CAIRN_NN_PLANNED_H

#include "base/memory.h"
#include "nn/chain.h"
#include "nn/loss.h"
#include "nn/model.h"
#include "nn/profile.h"

#define cairn_model_loss CAIRN_R(cairn_model_loss)

struct cairn_model {
    struct cairn_chain chain;
    struct cairn_chain learnt; /* what the loss stands after: the chain, without a last layer that
                                  the loss contains; its layers are the chain's */
    const struct cairn_loss_kind *loss;
    void *loss_self;              /* the loss's own struct, owned */
    struct cairn_class_rows rows; /* the outputs of each label */
    real *row;                    /* [rows.k] those of one that do not lie together, owned */
    size_t n_classes;             /* they tell apart; 0 where there are real targets */
    size_t n_targets;             /* real targets of a sample; 0 where there are labels */
    bool is_text;                 /* a sample is a window of tokens, with a label each */
    bool has_positions;           /* its labels or targets lie in space */
    const real *evaluated;        /* outputs that the loss saw last, until the next pass */
    struct cairn_params params;
    struct cairn_arena arena;   /* activations, gradients by them, workspace */
    enum cairn_backend backend; /* of products */
    size_t most_held;           /* micro-batches whose operands a layer holds */
    size_t code_bytes;          /* that libraries made for it, outside the arena */
    uint64_t n_kept;            /* weights that were kept so far ... */
    uint64_t weights;  /* ... and the number of those that are now, 0 where they may change */
    size_t n_in;       /* elements of one sample */
    size_t micro;      /* b */
    bool over_outputs; /* the gradient by the outputs lies over them */
    bool ghost;        /* holds a layer that is CAIRN_LAYER_GHOST */
    const struct cairn_layer *last;         /* of all its lists, in no order; linked by `before` */
    struct cairn_profile *profile;          /* of training passes; owned; NULL: none is wanted */
    size_t gradient_at[CAIRN_MAX_DEPTH][2]; /* in the arena */
    size_t input_at;     /* in the arena: the input in double; not used in single precision */
    size_t workspace_at; /* in the arena */
    size_t scratch_at;   /* there, too */
    uint64_t seed;
};

/** What one pass of a model works on.  Ranks: local.  Errors: CAIRN_BUG: more samples than planned
 * for. */
#define cairn_model_pass CAIRN_R(cairn_model_pass)
CAIRN_CHECKED cairn_status cairn_model_pass(struct cairn_model *model, const real *w,
                                            const struct cairn_micro *micro,
                                            struct cairn_pass *out);

/** Forward and loss; unless dh is NULL, *dh becomes the gradient by the outputs, [n, n_out], which
 * lies over them where model->over_outputs.  Adds to scores.  Ranks: local.  Errors: CAIRN_NUMBERS:
 * the loss is not finite; CAIRN_DATA: a label that is not a class. */
CAIRN_CHECKED cairn_status cairn_model_loss(struct cairn_model *model,
                                            const struct cairn_pass *pass, real **dh,
                                            struct cairn_scores *scores);

#endif
