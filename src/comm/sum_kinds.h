/* SPDX-License-Identifier: BSD-3-Clause
 * Inside comm/: the registered ways to sum, and what they share. */
#ifndef CAIRN_COMM_SUM_KINDS_H
#define CAIRN_COMM_SUM_KINDS_H

#include "comm/sum.h"
#include "comm/world.h"

#define X(name) extern const struct cairn_sum_kind cairn_sum_kind_##name;
#include "comm/sums.def"
#undef X

/** Add n elements over all ranks, in pieces that MPI can count.  Ranks: collective; the job ends
 * where MPI fails. */
void cairn_sum_allreduce(cairn_comm *comm, void *data, size_t n, size_t element_bytes,
                         MPI_Datatype type);

#endif
