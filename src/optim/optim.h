/* SPDX-License-Identifier: BSD-3-Clause
 * Optimizers: from the mean gradient to new weights.  One file and one line in optimizers.def each.
 * Local: equal inputs on all ranks keep equal weights. */
#ifndef CAIRN_OPTIM_OPTIM_H
#define CAIRN_OPTIM_OPTIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/keys.h"
#include "base/part.h"
#include "base/tree.h"
#include "cairn/optim.h"
#include "cairn/status.h"
#include "tensor/gradient.h"
#include "tensor/params.h"
#include "tensor/real.h"

/** What every optimizer is given.  The trees are read on creation and not kept. */
struct cairn_optim_options {
    double weight_decay;
    bool exclude_1d;                 /* no decay and no trust ratio for tensors of one dimension */
    const struct cairn_node *groups; /* list of optim/groups.h; NULL: none */
    const struct cairn_node *own; /* map with the kind's own keys, maybe among others: the section
                                     optim; NULL: their defaults */
    bool placed_later;            /* its state has no memory before cairn_optim_place() */
};

/** The registered optimizers, ours before those of the host (cairn/optim.h); NULL after the last.
 * Ranks: local.  Errors: none. */
const struct cairn_optim_kind *cairn_optim_kind_at(size_t index);

/** Put one of the host's after them; its table is copied.  False: there is no room.  Ranks: local.
 * Errors: none. */
bool cairn_optim_enter(const struct cairn_optim_kind *kind);

/** The one of this name.  Ranks: local.  Errors: CAIRN_USAGE: there is none; names the nearest. */
CAIRN_CHECKED cairn_status cairn_optim_find(const char *name, const struct cairn_optim_kind **out);

/** The keys that the registered optimizers have for themselves.  Ranks: local.  Errors: none. */
extern const struct cairn_key_section cairn_optim_section;

/** Whether it has a key of its own by this name, "optim.momentum".  Ranks: local.  Errors: none. */
bool cairn_optim_has_key(const struct cairn_optim_kind *kind, const char *name);

/** What it reads of the section optim to change a weight: "lr weight_decay momentum", into
 * text [n_bytes].  Ranks: local.  Errors: none. */
void cairn_optim_uses(const struct cairn_optim_kind *kind, char *text, size_t n_bytes);

/** How many blocks [n_weights] of state these options need.  Ranks: local.  Errors: CAIRN_USAGE: a
 * wrong value, with its place; memory. */
CAIRN_CHECKED cairn_status cairn_optim_count_slots(const struct cairn_optim_kind *kind,
                                                   const struct cairn_optim_options *options,
                                                   size_t *out);

struct cairn_optim;

/** Read the kind's own keys and allocate state for the weights of `params`; kind and params must
 * outlive it.  The kind need not be registered.  Ranks: local.  Errors: CAIRN_USAGE: a wrong value,
 * bad combination (nesterov without momentum or with dampening, beta of 1), groups that are wrong
 * or match no tensor; memory. */
CAIRN_CHECKED cairn_status cairn_optim_create(const struct cairn_optim_kind *kind,
                                              const struct cairn_optim_options *options,
                                              const struct cairn_params *params,
                                              struct cairn_optim **out);

/** Bytes of its state.  Ranks: local.  Errors: none. */
size_t cairn_optim_bytes(const struct cairn_optim *optim);

/** Put its state into this memory, zeros and aligned, or where that is NULL into its own, and
 * change from now on this part of the weights alone.  Once, after placed_later.  Ranks: local.
 * Errors: CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_optim_place(struct cairn_optim *optim, struct cairn_part part,
                                             void *memory);

/** Whether ranks may change a part of the weights each: a kind of the host may keep more than its
 * slots.  Ranks: local.  Errors: none. */
bool cairn_optim_can_share(const struct cairn_optim *optim);

/** Release it; NULL is fine.  Ranks: local.  Errors: none. */
void cairn_optim_free(struct cairn_optim *optim);

/** Change every weight of its part once.  The gradient is divided and clipped on the way; kinds of
 * the host, and those that take norms, have it settled first.  Ranks: local. Errors: none; it was
 * found finite when it was summed. */
void cairn_optim_update(struct cairn_optim *optim, struct cairn_rate rate,
                        struct cairn_gradient *gradient, real *w);

/** State for checkpoints: slot `index` has this name and block [n_weights]; false after the last.
 * Borrowed. Slots that the options make superfluous are not there.  Ranks: local.  Errors: none. */
bool cairn_optim_slot(struct cairn_optim *optim, size_t index, const char **name, real **block);

/** Its name in optimizers.def.  Ranks: local.  Errors: none. */
const char *cairn_optim_name(const struct cairn_optim *optim);

/** The number of a key of its own ("optim.beta1"), which may be changed; NULL: it has no such key.
 * Ranks: local.  Errors: none. */
double *cairn_optim_real(const struct cairn_optim *optim, const char *key);

/** Updates so far.  Ranks: local.  Errors: none. */
uint64_t cairn_optim_count(const struct cairn_optim *optim);

/** Go on from update t, on resume.  Ranks: local.  Errors: none. */
void cairn_optim_set_count(struct cairn_optim *optim, uint64_t t);

#endif
