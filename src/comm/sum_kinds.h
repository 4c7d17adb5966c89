/* SPDX-License-Identifier: BSD-3-Clause
 * Inside comm/: the registered ways to sum, and what they share. */
#ifndef CAIRN_COMM_SUM_KINDS_H
#define CAIRN_COMM_SUM_KINDS_H

#include "comm/sum.h"
#include "comm/world.h"

#define X(file, name) extern const struct cairn_sum_kind cairn_sum_kind_##name;
#include "comm/sums.def"
#undef X

/** Add n elements over all ranks, in pieces that MPI can count.  Ranks: collective; the job ends
 * where MPI fails. */
void cairn_sum_allreduce(cairn_comm *comm, void *data, size_t n, size_t element_bytes,
                         MPI_Datatype type);

/** The functions of the sum in floats, for ways that differ from it in what comes before the sum
 * over the ranks; g has room after n_values for what travels.  Ranks, errors: as in struct
 * cairn_sum_kind.
 */
CAIRN_CHECKED cairn_status cairn_sum_float_create(struct cairn_sum *sum);
void cairn_sum_float_destroy(struct cairn_sum *sum);
void cairn_sum_float_begin(struct cairn_sum *sum);
const float *cairn_sum_float_partial(const struct cairn_sum *sum, size_t first, size_t n,
                                     float *block);
void cairn_sum_float_reduce(struct cairn_sum *sum);
void cairn_sum_float_finish(struct cairn_sum *sum);

#endif
