/* SPDX-License-Identifier: BSD-3-Clause
 * Inside comm/: the reproducible sum's own state, and what it does in a team (sum_fixed_team.c) and
 * between nodes (sum_fixed_ring.c).  All functions are local and have no errors but where they say
 * so. */
#ifndef CAIRN_COMM_SUM_FIXED_H
#define CAIRN_COMM_SUM_FIXED_H

#include "comm/fixed_point.h"
#include "comm/ranges.h"
#include "comm/ring.h"
#include "comm/sum.h"

/** The integers of one update: buffer of a sum of this kind. */
struct cairn_fixed_sum {
    struct cairn_fixed_form form;
    uint64_t *q;      /* what this rank adds up: [n_words, n_values] */
    uint64_t *levels; /* on the wire: those of the ranges */
    bool single; /* an update has one micro-batch and one rank: what has one addend stays in g, and
                    is rounded as it would be in q when it is taken, ... */
    bool *is_round;       /* [n_tensors] ... unless that would change no bit; owned */
    unsigned char *holds; /* [ranks of the team, a line of bytes]: of each tensor, where they have
                             what they added up in this update; the team's; NULL: there is none */
    struct cairn_ranges ranges;
};

/** A tensor's place in q. */
struct cairn_fixed_place cairn_fixed_place_of(const struct cairn_sum *sum, size_t param);

/** For create().  Errors: CAIRN_BUG: the team's block is too small. */
CAIRN_CHECKED cairn_status cairn_fixed_team_create(struct cairn_sum *sum);

/** A new update: this rank holds nothing yet. */
void cairn_fixed_team_begin(struct cairn_sum *sum);

/** Whether the gradients of n micro-batches that close now stay in g, and who sums them makes
 * integers of them: one that is the last does, which saves a pass over memory.  Layers that share a
 * tensor have an addend each, and would lose all but the last. */
bool cairn_fixed_team_stays(const struct cairn_sum *sum, size_t param, size_t n_micro);

/** This rank has added to a tensor; stays: what it added is in g. */
void cairn_fixed_team_closed(struct cairn_sum *sum, size_t param, bool stays);

/** As the functions of the kind with these names; partial and take put their elements into out
 * [n]. */
void cairn_fixed_team_partial(const struct cairn_sum *sum, size_t param, size_t first, size_t n,
                              real *out);
void cairn_fixed_team_collect(const struct cairn_sum *sum, size_t param, size_t first, size_t n);
void cairn_fixed_team_take(const struct cairn_sum *sum, size_t param, size_t first, size_t n,
                           real *out);

/** What goes round between nodes: integers, packed, and their sums as the reals that they become.
 */
struct cairn_ring_load cairn_fixed_ring_load(struct cairn_sum *sum);

#endif
