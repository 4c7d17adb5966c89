/* SPDX-License-Identifier: BSD-3-Clause
 * Inside comm/: sums that begin before the last micro-batch of a rank has ended.  The gradient of a
 * tensor is complete when that micro-batch has closed it, in a team when that of each rank has, so
 * what lies behind it in the flat block goes on its way while backward works on earlier layers.
 * Between nodes, or where it is asked for: within one a sum costs cycles, and there is no wait to
 * hide. */
#ifndef CAIRN_COMM_EARLY_H
#define CAIRN_COMM_EARLY_H

#include <stdbool.h>

#include "comm/sum.h"

/** Cut the weights into pieces, where a sum of this place may begin early.  Ranks: local; alike on
 * all.  Errors: CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_early_create(struct cairn_sum *sum,
                                              const struct cairn_sum_place *place);
void cairn_early_free(struct cairn_sum *sum);

/** Nothing has closed yet.  Ranks: local.  Errors: none. */
void cairn_early_begin(struct cairn_sum *sum);

/** The next micro-batch is the last of this rank.  Ranks: local.  Errors: none. */
void cairn_early_expect(struct cairn_sum *sum);

/** Seconds of this update in which sums were under way behind backward.  Ranks: local.
 * Errors: none. */
double cairn_early_overlap_s(const struct cairn_sum *sum);

/** What was found in this rank's part of a tensor that is complete, and may have left; NULL: it is
 * not.  Ranks: local; borrowed.  Errors: none. */
const struct cairn_whole *cairn_early_closed(const struct cairn_sum *sum, size_t param);

/** Begin what has not begun, and wait until everything is summed.  Ranks: collective; as
 * cairn_wire_sum().  Errors: none. */
void cairn_early_finish(struct cairn_sum *sum);

/** After it: whether the sum of this tensor lies where that of the kind's load does.  Ranks: local;
 * alike on all.  Errors: none. */
bool cairn_early_went_round(const struct cairn_sum *sum, size_t param);

#endif
