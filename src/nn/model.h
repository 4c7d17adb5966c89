/* SPDX-License-Identifier: BSD-3-Clause
 * A model: a list of layers and a loss, planned for one size of micro-batch.  Knows micro-batches,
 * not where they come from; knows nothing of ranks, sums and optimizers.  Compiled in two
 * precisions (tensor/real.h).  Local. */
#ifndef CAIRN_NN_MODEL_H
#define CAIRN_NN_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/tree.h"
#include "cairn/status.h"
#include "tensor/backend.h"
#include "tensor/micro.h"
#include "tensor/params.h"
#include "tensor/real.h"
#include "tensor/sink.h"

#define cairn_model          CAIRN_R(cairn_model)
#define cairn_model_create   CAIRN_R(cairn_model_create)
#define cairn_model_measure  CAIRN_R(cairn_model_measure)
#define cairn_model_size     CAIRN_R(cairn_model_size)
#define cairn_model_free     CAIRN_R(cairn_model_free)
#define cairn_model_init     CAIRN_R(cairn_model_init)
#define cairn_model_gradient CAIRN_R(cairn_model_gradient)
#define cairn_model_evaluate CAIRN_R(cairn_model_evaluate)
#define cairn_model_outputs  CAIRN_R(cairn_model_outputs)

/** What a model is made from. */
struct cairn_model_options {
    const struct cairn_node *layers; /* the list `model` of the run file; borrowed while planning */
    const struct cairn_node *loss;   /* the value of `loss`: a name, or a map with type and keys */
    struct cairn_shape input;        /* of one sample */
    const char *unlabelled; /* the loss that it was learnt by, where there are no labels now
                               and it is asked for outputs alone; n_classes says whether
                               they are classes */
    int unlabelled_dim;     /* then the dimension of classes (nn/class_rows.h) where labels
                               have positions; else CAIRN_CLASS_DIM_AUTO */
    size_t n_targets;       /* real targets per sample; 0 where the data has classes */
    size_t n_classes;       /* largest label + 1; 0 where the data has real targets */
    size_t n_labels;        /* of one sample: 1, or one for each token or position (0 is 1) */
    struct cairn_shape y;   /* of the labels or targets of one sample; ndim 0: in a row */
    size_t vocabulary;      /* x are tokens below this; 0: x are numbers */
    size_t micro;           /* b: the largest micro-batch it will see */
    size_t
        sizes[CAIRN_MICRO_SIZES]; /* of micro-batches that it is to be fast for; 0 after the last */
    enum cairn_backend backend;   /* of products */
    bool rounds;                  /* operands of products to bfloat16 */
    bool holds;       /* layers may hold operands of several micro-batches (tensor/sink.h) */
    size_t recompute; /* N: activations are computed again in backward, in segments of at
                         most an N-th of them; 0, 1: all are kept */
    uint64_t seed;    /* of init and dropout */
};

struct cairn_class_rows;
#define cairn_chain CAIRN_R(cairn_chain)
struct cairn_chain;

/** A planned model.  Fields are for reading. */
struct cairn_model;

/**
 * Plan a model and allocate all that it needs to run.  loss NULL is cross_entropy for classes and
 * squared_error for real targets.  Free with cairn_model_free(), for which NULL is fine.
 *
 * Ranks   local; equal options give equal models
 * Errors  CAIRN_USAGE with the place, the layer's index and type: unknown layer, loss or key (names
 * the nearest), shapes that do not fit each other or the data, memory
 */
CAIRN_CHECKED cairn_status cairn_model_create(const struct cairn_model_options *options,
                                              struct cairn_model **out);

/** How large a model is. */
struct cairn_model_size {
    size_t n_weights, n_values; /* as in struct cairn_params */
    size_t n_shared;            /* weights of tensors that several layers share */
    size_t activation_bytes;    /* of one micro-batch, with workspace and what layers hold */
    size_t code_bytes;          /* that libraries make for it */
};

/** Plan a model as above, but take no memory for activations, however many there are.
 * Ranks: local.  Errors: as above, except for memory. */
CAIRN_CHECKED cairn_status cairn_model_measure(const struct cairn_model_options *options,
                                               struct cairn_model_size *out);

/** Release a model.  Ranks: local.  Errors: none. */
void cairn_model_free(struct cairn_model *model);

/** Of how many micro-batches some layer holds operands, at most; 0: none does.  Ranks: local.
 * Errors: none. */
#define cairn_model_most_held CAIRN_R(cairn_model_most_held)
size_t cairn_model_most_held(const struct cairn_model *model);

/** The names and shapes of the weights and of the buffers after them.  Ranks: local; borrowed from
 * the model.  Errors: none. */
#define cairn_model_params CAIRN_R(cairn_model_params)
const struct cairn_params *cairn_model_params(const struct cairn_model *model);

/** Its layers (nn/chain.h).  Ranks: local; borrowed.  Errors: none. */
#define cairn_model_layers CAIRN_R(cairn_model_layers)
const struct cairn_chain *cairn_model_layers(const struct cairn_model *model);

/** Shape of the outputs of one sample.  Ranks: local; borrowed.  Errors: none. */
#define cairn_model_output_shape CAIRN_R(cairn_model_output_shape)
const struct cairn_shape *cairn_model_output_shape(const struct cairn_model *model);

/** Name of the loss, also where it was chosen by the data.  Ranks: local.  Errors: none. */
#define cairn_model_loss_name CAIRN_R(cairn_model_loss_name)
const char *cairn_model_loss_name(const struct cairn_model *model);

/** Whether the value of `loss` is one that takes a single real target for the number of a class.
 * Ranks: local.  Errors: none. */
#define cairn_model_loss_names_classes CAIRN_R(cairn_model_loss_names_classes)
bool cairn_model_loss_names_classes(const struct cairn_node *loss);

/** The label that has no part in the loss; INT64_MIN, which no label is, where every one has.
 * Ranks: local.  Errors: none. */
#define cairn_model_ignored_label CAIRN_R(cairn_model_ignored_label)
int64_t cairn_model_ignored_label(const struct cairn_model *model);

/** How many classes the outputs of one label tell apart; 0 where the data has real targets.
 * Ranks: local.  Errors: none. */
#define cairn_model_classes CAIRN_R(cairn_model_classes)
size_t cairn_model_classes(const struct cairn_model *model);

/** Where the outputs of each label of a sample lie: how many labels it has, and whether their
 * classes come first.  Ranks: local; borrowed.  Errors: none. */
#define cairn_model_rows CAIRN_R(cairn_model_rows)
const struct cairn_class_rows *cairn_model_rows(const struct cairn_model *model);

/** Shape of the labels of one sample; ndim 0: it has one.  Ranks: local.  Errors: none. */
#define cairn_model_label_shape CAIRN_R(cairn_model_label_shape)
struct cairn_shape cairn_model_label_shape(const struct cairn_model *model);

/** The classes that the model's outputs h of one sample stand for, where there are classes, one for
 * each label.  Shapes: h: [n_out], class: [rows.n].  Ranks: local.  Errors: none. */
#define cairn_model_classes_of CAIRN_R(cairn_model_classes_of)
void cairn_model_classes_of(const struct cairn_model *model, const real *h, int32_t *class_of);

/** Whether several whole numbers of a sample, in the shape options->y, are labels of positions for
 * this loss and model rather than targets; one that cannot be planned has none.  Ranks: local.
 * Errors: none. */
#define cairn_model_wants_labels CAIRN_R(cairn_model_wants_labels)
bool cairn_model_wants_labels(const struct cairn_model_options *options);

/** Whether the loss counts correct classes or answers, so that accuracy has a meaning.  Ranks:
 * local. Errors: none. */
#define cairn_model_has_accuracy CAIRN_R(cairn_model_has_accuracy)
bool cairn_model_has_accuracy(const struct cairn_model *model);

/** Whether a layer takes statistics of the whole micro-batch in training (ghost batch
 * normalisation): then the gradient is a sum over micro-batches, but not over samples, and depends
 * on b.  Ranks: local.  Errors: none. */
#define cairn_model_is_ghost CAIRN_R(cairn_model_is_ghost)
bool cairn_model_is_ghost(const struct cairn_model *model);

/** Who multiplies its matrices.  Ranks: local.  Errors: none. */
#define cairn_model_backend CAIRN_R(cairn_model_backend)
enum cairn_backend cairn_model_backend(const struct cairn_model *model);

/** Bytes of activations and workspace held for the micro-batch.  Ranks: local.  Errors: none. */
#define cairn_model_activation_bytes CAIRN_R(cairn_model_activation_bytes)
size_t cairn_model_activation_bytes(const struct cairn_model *model);

/** Fill w [n_values] with initial weights and buffers: a function of seed, tensor name and element.
 * Ranks: local.  Errors: none. */
void cairn_model_init(const struct cairn_model *model, real *w);

/**
 * Forward and backward: put the gradient of sum w_i L_i by each weight tensor into the sink, last
 * layer first, and add to scores.  An empty micro-batch (n is 0) does nothing and does not touch
 * the sink; nor does a micro-batch whose loss fails.
 *
 * Ranks   local
 * Errors  CAIRN_NUMBERS: the loss is not finite; CAIRN_DATA: a label or target that the loss does
 *         not take; CAIRN_BUG: more samples than planned for
 */
CAIRN_CHECKED cairn_status cairn_model_gradient(struct cairn_model *model, const real *w,
                                                const struct cairn_micro *micro,
                                                struct cairn_sink *sink,
                                                struct cairn_scores *scores);

/** The next n calls of cairn_model_gradient() have the same weights w, which products may keep in a
 * layout of their own; 0: nothing is known of them from now on.  Changes no bit.  Ranks: local.
 * Errors: none. */
#define cairn_model_keep CAIRN_R(cairn_model_keep)
void cairn_model_keep(struct cairn_model *model, size_t n);

/** Forward only, without dropout and with running averages: add to scores.  Ranks: local.
 * Errors: as cairn_model_gradient(). */
CAIRN_CHECKED cairn_status cairn_model_evaluate(struct cairn_model *model, const real *w,
                                                const struct cairn_micro *micro,
                                                struct cairn_scores *scores);

/** Forward only: outputs [micro->n, n_out], kept in the model until its next call.  Ranks: local.
 * Errors: CAIRN_BUG: more samples than planned for. */
CAIRN_CHECKED cairn_status cairn_model_outputs(struct cairn_model *model, const real *w,
                                               const struct cairn_micro *micro,
                                               const real **outputs);

#endif
