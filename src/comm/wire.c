/* SPDX-License-Identifier: BSD-3-Clause
 * The transport of a sum: MPI_Allreduce in place, for any length. */
#include "comm/wire.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/memory.h"
#include "comm/world.h"
#include "tensor/real.h"

enum { PIECE = 1 << 28 }; /* counts of MPI are int */
#define REAL (CAIRN_R_BITS == 64 ? MPI_DOUBLE : MPI_FLOAT)

static size_t element_bytes(enum cairn_wire_type type)
{
    return type == CAIRN_WIRE_REAL ? sizeof(real) : sizeof(uint64_t);
}

cairn_status cairn_wire_create(cairn_comm *comm, enum cairn_wire_type type, size_t n,
                               const char *what, struct cairn_wire *out)
{
    *out = (struct cairn_wire){.comm = comm, .type = type};
    return cairn_memory_get(n, element_bytes(type), what, &out->data);
}

void cairn_wire_free(struct cairn_wire *wire)
{
    free(wire->data);
    *wire = (struct cairn_wire){0};
}

void cairn_wire_sum(const struct cairn_wire *wire, size_t first, size_t n)
{
    const MPI_Datatype type = wire->type == CAIRN_WIRE_REAL ? REAL : MPI_UINT64_T;
    const size_t n_bytes = element_bytes(wire->type);
    unsigned char *data = (unsigned char *)wire->data + first * n_bytes;
    if (wire->comm == NULL || wire->comm->lost) return;
    for (size_t done = 0; done < n; done += PIECE) {
        size_t here = n - done < PIECE ? n - done : PIECE;
        cairn_comm_check(wire->comm,
                         MPI_Allreduce(MPI_IN_PLACE, data + done * n_bytes, (int)here, type,
                                       MPI_SUM, wire->comm->mpi),
                         "MPI_Allreduce of the gradient");
    }
}
