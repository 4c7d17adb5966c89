/* SPDX-License-Identifier: BSD-3-Clause
 * Parameter groups: which tensors get which weight decay, learning rate and trust ratio.  Not for
 * what an optimizer does with them.  Local. */
#ifndef CAIRN_OPTIM_GROUPS_H
#define CAIRN_OPTIM_GROUPS_H

#include "base/keys.h"
#include "optim/optim.h"

/** Elements of the flat block that are treated alike. */
struct cairn_optim_range {
    size_t offset, count;
    double weight_decay;
    double lr_scale; /* times the learning rate */
    bool trust_ratio;
};

/** All weights, in their order and without gaps. */
struct cairn_optim_ranges {
    struct cairn_optim_range *range; /* [n], owned */
    size_t n;
};

/**
 * Cut the weights into ranges: the first entry of options->groups with a pattern that matches the
 * name of a tensor gives its settings, over those of exclude_1d, over the optimizer's own.
 * Neighbours with equal settings are one range, unless the kind works by tensor.
 *
 * Ranks   local
 * Errors  CAIRN_USAGE with the place: an unknown key (names the nearest), a pattern that matches no
 *         tensor, trust_ratio: true for a kind that has none; memory
 */
CAIRN_CHECKED cairn_status cairn_optim_ranges_create(const struct cairn_optim_options *options,
                                                     const struct cairn_optim_kind *kind,
                                                     const struct cairn_params *params,
                                                     struct cairn_optim_ranges *out);

/** Release them; zeroed ones are fine.  Ranks: local.  Errors: none. */
void cairn_optim_ranges_free(struct cairn_optim_ranges *ranges);

/** The keys of an entry of optim.groups, for `cairn options`; `n` in *n.  Ranks: local.
 * Errors: none. */
const struct cairn_key *cairn_optim_group_keys(size_t *n);

#endif
