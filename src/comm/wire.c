/* SPDX-License-Identifier: BSD-3-Clause
 * The transport of a sum: MPI_Allreduce and MPI_Iallreduce in place, for any length. */
#include "comm/wire.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/memory.h"
#include "comm/world.h"
#include "tensor/real.h"

enum { PIECE = 1 << 28 }; /* counts of MPI are int */
#define REAL (CAIRN_R_BITS == 64 ? MPI_DOUBLE : MPI_FLOAT)

struct cairn_wire_begun {
    size_t n;
    MPI_Request request[];
};

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
    free(wire->begun);
    *wire = (struct cairn_wire){0};
}

/* Elements [first, first + n), piece by piece, waiting for each or not.  Collective. */
static void sum_range(const struct cairn_wire *wire, size_t first, size_t n, bool wait)
{
    const MPI_Datatype type = wire->type == CAIRN_WIRE_REAL ? REAL : MPI_UINT64_T;
    const size_t n_bytes = element_bytes(wire->type);
    unsigned char *data = (unsigned char *)wire->data + first * n_bytes;
    cairn_comm *comm = wire->comm;
    if (comm == NULL) return;
    for (size_t done = 0; done < n && !comm->lost; done += PIECE) {
        void *here = data + done * n_bytes;
        int count = (int)(n - done < PIECE ? n - done : PIECE);
        cairn_comm_check(comm,
                         wait ? MPI_Allreduce(MPI_IN_PLACE, here, count, type, MPI_SUM, comm->mpi)
                              : MPI_Iallreduce(MPI_IN_PLACE, here, count, type, MPI_SUM, comm->mpi,
                                               &wire->begun->request[wire->begun->n++]),
                         wait ? "MPI_Allreduce of the gradient" : "MPI_Iallreduce of the gradient");
    }
}

void cairn_wire_sum(const struct cairn_wire *wire, size_t first, size_t n)
{
    sum_range(wire, first, n, true);
}

cairn_status cairn_wire_reserve(struct cairn_wire *wire, size_t n, size_t n_most)
{
    const size_t n_requests = n * (n_most / PIECE + 1);
    return cairn_memory_get(1, sizeof *wire->begun + n_requests * sizeof(MPI_Request),
                            "sums under way", &wire->begun);
}

void cairn_wire_start(const struct cairn_wire *wire, size_t first, size_t n)
{
    sum_range(wire, first, n, false);
}

void cairn_wire_poll(const struct cairn_wire *wire)
{
    int all = 0;
    if (wire->begun->n == 0 || wire->comm->lost) return;
    cairn_comm_check(
        wire->comm,
        MPI_Testall((int)wire->begun->n, wire->begun->request, &all, MPI_STATUSES_IGNORE),
        "MPI_Testall");
}

void cairn_wire_finish(const struct cairn_wire *wire)
{
    if (!wire->comm->lost)
        cairn_comm_check(
            wire->comm, MPI_Waitall((int)wire->begun->n, wire->begun->request, MPI_STATUSES_IGNORE),
            "MPI_Waitall");
    wire->begun->n = 0;
}
