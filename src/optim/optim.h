/* SPDX-License-Identifier: BSD-3-Clause
 * Optimizers: from the mean gradient to new weights.  One file and one line in optimizers.def each.
 * Local: equal inputs on all ranks keep equal weights. */
#ifndef CAIRN_OPTIM_OPTIM_H
#define CAIRN_OPTIM_OPTIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/tree.h"
#include "cairn/status.h"
#include "tensor/params.h"

enum { CAIRN_MAX_SLOTS = 4 };

/** Every number an optimizer can be given; each uses what its `uses` names. */
struct cairn_optim_options {
    const char *name; /* in optimizers.def */
    double lr, momentum, dampening, weight_decay, beta1, beta2, eps, alpha, trust_coefficient;
    bool nesterov, centered, bias_correction, momentum_correction;
    bool exclude_1d;                 /* no decay and no trust ratio for tensors of one dimension */
    const struct cairn_node *groups; /* list of optim/groups.h, read on creation; NULL: none */
};

/** The learning rate of an update, and of the update before; 0: there was none. */
struct cairn_rate {
    double now, before;
};

/** What one call of an update works on: tensors that lie one behind the other and are treated
 * alike; a single one where the kind works by tensor.  Arrays are [n]. */
struct cairn_optim_step {
    size_t n;
    float *w;
    const float *g; /* the mean (or sum) over the global batch, clipped */
    float *slot[CAIRN_MAX_SLOTS];
    double weight_decay;
    bool trust_ratio;       /* of a kind that works by tensor: scale the step by the norms */
    struct cairn_rate rate; /* of these tensors */
    uint64_t t;             /* the first update is 1 */
};

/** An optimizer: one row of functions. */
struct cairn_optim_kind {
    size_t size; /* sizeof this struct where it was compiled */
    const char *name;
    const char *doc;                    /* one sentence */
    const char *uses;                   /* keys of optim it reads, separated by blanks */
    const char *slots[CAIRN_MAX_SLOTS]; /* names of its state, as in PyTorch: momentum_buffer,
                                           exp_avg, exp_avg_sq */
    bool by_tensor;                     /* it takes norms of tensors, and gets one at a time */
    cairn_status (*check)(
        const struct cairn_optim_options *options); /* CAIRN_USAGE; NULL: all is fine */
    bool (*needs_slot)(const struct cairn_optim_options *options, int slot); /* NULL: all */
    void (*update)(const struct cairn_optim_options *options, const struct cairn_optim_step *step);
};

/** The registered optimizers; NULL behind the last.  Ranks: local.  Errors: none. */
const struct cairn_optim_kind *cairn_optim_kind_at(size_t index);

/** The one of this name.  Ranks: local.  Errors: CAIRN_USAGE: there is none; names the nearest. */
CAIRN_CHECKED cairn_status cairn_optim_find(const char *name, const struct cairn_optim_kind **out);

/** How many blocks [n_weights] of state these options need.  Ranks: local.  Errors: none. */
size_t cairn_optim_count_slots(const struct cairn_optim_kind *kind,
                               const struct cairn_optim_options *options);

struct cairn_optim;

/** Allocate state for the weights of `params`, which must outlive it.  Ranks: local.  Errors:
 * CAIRN_USAGE: unknown name (names the nearest), bad combination (nesterov without momentum or with
 * dampening, beta of 1), groups that are wrong or match no tensor, memory. */
CAIRN_CHECKED cairn_status cairn_optim_create(const struct cairn_optim_options *options,
                                              const struct cairn_params *params,
                                              struct cairn_optim **out);

/** Release it; NULL is fine.  Ranks: local.  Errors: none. */
void cairn_optim_free(struct cairn_optim *optim);

/** Change every weight once.  Ranks: local.
 * Errors: none; g was found finite when it was summed. */
void cairn_optim_update(struct cairn_optim *optim, struct cairn_rate rate, const float *g,
                        float *w);

/** State for checkpoints: slot `index` has this name and block [n_weights]; false behind the last.
 * Borrowed. Slots that the options make superfluous are not there.  Ranks: local.  Errors: none. */
bool cairn_optim_slot(struct cairn_optim *optim, size_t index, const char **name, float **block);

/** Updates so far.  Ranks: local.  Errors: none. */
uint64_t cairn_optim_count(const struct cairn_optim *optim);

/** Go on from update t, on resume.  Ranks: local.  Errors: none. */
void cairn_optim_set_count(struct cairn_optim *optim, uint64_t t);

/** Divide g [n] by W, the sum of the samples' weights, which may be more than a float holds; where
 * W is 0 every label is masked, and g becomes 0.  Ranks: local.  Errors: none. */
void cairn_divide(float *g, size_t n, double w);

/** Scale g [n], whose norm is known, so that it is at most `limit` (0: leave it).  Ranks: local.
 * Errors: none.  As torch.nn.utils.clip_grad_norm_. */
void cairn_clip(float *g, size_t n, double norm, double limit);

#endif
