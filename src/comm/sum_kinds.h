/* SPDX-License-Identifier: BSD-3-Clause
 * Inside comm/: the registered ways to sum, and what they share. */
#ifndef CAIRN_COMM_SUM_KINDS_H
#define CAIRN_COMM_SUM_KINDS_H

#include "comm/sum.h"
#include "comm/world.h"

#define X(file, name) extern const struct cairn_sum_kind cairn_sum_kind_##name;
#include "comm/sums.def"
#undef X

/** In a team on several nodes: narrow the values [*first, *end) to this rank's part of them, and
 * put what the ranks of the node have added up of these into `added`.  Both are bounds of tensors,
 * and all of the team have closed what lies between.  Ranks: local.  Errors: none. */
void cairn_sum_collect(const struct cairn_sum *sum, size_t *first, size_t *end);

/** For the kind's create(): take the wire, on which n_planes of the kind's most_planes are used,
 * n_besides elements of its own follow, and in the end what all kinds send; and with a team its
 * memory.  Then sum->added is there, and with a team sum->g and sum->out.  Ranks: local.  Errors:
 * CAIRN_MEMORY.
 */
CAIRN_CHECKED cairn_status cairn_sum_take_wire(struct cairn_sum *sum, size_t n_planes,
                                               size_t n_besides);

/** Cut the gradient into the pieces that cairn_sum_gradient() works on.  Ranks: local.
 * Errors: CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_sum_cut(struct cairn_sum *sum);

/** For the kind's place(): the place of this tensor from now on.  Ranks: local.  Errors: none. */
struct cairn_place *cairn_sum_place(struct cairn_sum *sum, size_t param, struct cairn_place place);

/** For the kind's close(): whether this tensor was put into its place.  Ranks: local.
 * Errors: none. */
bool cairn_sum_placed(struct cairn_sum *sum, size_t param);

/** What their figures take of a team's block.  Ranks: local.  Errors: none. */
size_t cairn_sum_figures_bytes(const struct cairn_params *params, size_t n_ranks);

/** The plain sum's functions, for ways that differ from it in what comes before the sum over the
 * ranks; g is what is added up.  Ranks, errors: as in struct cairn_sum_kind.
 */
CAIRN_CHECKED cairn_status cairn_sum_float_create(struct cairn_sum *sum);
void cairn_sum_float_ready(struct cairn_sum *sum);
const real *cairn_sum_float_partial(const struct cairn_sum *sum, size_t param, size_t first,
                                    size_t n, real *block);
void cairn_sum_float_collect(const struct cairn_sum *sum, size_t param, size_t first, size_t n);
void cairn_sum_float_take(const struct cairn_sum *sum, size_t param, size_t first, size_t n);

#endif
