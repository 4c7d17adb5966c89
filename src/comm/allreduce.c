/* SPDX-License-Identifier: BSD-3-Clause
 * MPI_Allreduce for any length. */
#include "comm/sum_kinds.h"

enum { PIECE = 1 << 28 }; /* counts of MPI are int */

void cairn_sum_allreduce(cairn_comm *comm, void *data, size_t n, size_t element_bytes,
                         MPI_Datatype type)
{
    unsigned char *bytes = data;
    if (comm == NULL) return; /* a rank alone */
    for (size_t done = 0; done < n; done += PIECE) {
        size_t here = n - done < PIECE ? n - done : PIECE;
        cairn_comm_check(comm,
                         MPI_Allreduce(MPI_IN_PLACE, bytes + done * element_bytes, (int)here, type,
                                       MPI_SUM, comm->mpi),
                         "MPI_Allreduce of the gradient");
    }
}
