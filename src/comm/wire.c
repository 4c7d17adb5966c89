/* SPDX-License-Identifier: BSD-3-Clause
 * The transport of a sum: MPI_Allreduce in place, for any length, or on several nodes a ring. */
#include "comm/wire.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/memory.h"
#include "comm/ring.h"
#include "comm/world.h"

enum { PIECE = 1 << 28 }; /* counts of MPI are int */
#define REAL (CAIRN_R_BITS == 64 ? MPI_DOUBLE : MPI_FLOAT)

size_t cairn_wire_element_bytes(enum cairn_wire_type type)
{
    return type == CAIRN_WIRE_REAL ? sizeof(real) : sizeof(uint64_t);
}

cairn_status cairn_wire_create(cairn_comm *comm, enum cairn_wire_type type, size_t n,
                               const char *what, struct cairn_wire *out)
{
    *out = (struct cairn_wire){.comm = comm, .type = type};
    return cairn_memory_get(n, cairn_wire_element_bytes(type), what, &out->data);
}

void cairn_wire_free(struct cairn_wire *wire)
{
    free(wire->data);
    cairn_ring_free(wire->ring);
    *wire = (struct cairn_wire){0};
}

static void *element(const struct cairn_wire *wire, size_t i)
{
    return (unsigned char *)wire->data + i * cairn_wire_element_bytes(wire->type);
}

void cairn_wire_sum(const struct cairn_wire *wire, size_t first, size_t n)
{
    const MPI_Datatype type = wire->type == CAIRN_WIRE_REAL ? REAL : MPI_UINT64_T;
    if (wire->comm == NULL) return;
    for (size_t done = 0; done < n && !wire->comm->lost; done += PIECE) {
        size_t here = n - done < PIECE ? n - done : PIECE;
        cairn_comm_check(wire->comm,
                         MPI_Allreduce(MPI_IN_PLACE, element(wire, first + done), (int)here, type,
                                       MPI_SUM, wire->comm->mpi),
                         "MPI_Allreduce of the gradient");
    }
}

/* ---- reals that go round a ring are added up where they lie */

static void *real_place(void *data, size_t first)
{
    return (real *)data + first;
}

static const void *send_reals(void *data, size_t first, size_t n, void *message, size_t *n_bytes)
{
    (void)message;
    *n_bytes = n * sizeof(real);
    return real_place(data, first);
}

static void add_reals(void *data, size_t first, size_t n, const void *message)
{
    real *restrict sum = real_place(data, first);
    const real *restrict x = message;
    for (size_t i = 0; i < n; i++) sum[i] += x[i];
}

struct cairn_ring_load cairn_wire_reals(real *data)
{
    return (struct cairn_ring_load){.context = data,
                                    .part_bytes = sizeof(real),
                                    .sum_bytes = sizeof(real),
                                    .send = send_reals,
                                    .add = add_reals,
                                    .sums = real_place};
}

cairn_status cairn_wire_reserve(struct cairn_wire *wire, cairn_comm *comm,
                                const struct cairn_ring_load *load, size_t n)
{
    return cairn_ring_create(comm, load, n, &wire->ring);
}

size_t cairn_wire_least(const struct cairn_wire *wire)
{
    enum { LEAST_BYTES = 4096 }; /* of a message */
    return LEAST_BYTES / cairn_wire_element_bytes(wire->type) * (size_t)cairn_comm_size(wire->comm);
}

void cairn_wire_start(const struct cairn_wire *wire, size_t first, size_t n)
{
    cairn_ring_start(wire->ring, first, n);
}

void cairn_wire_poll(const struct cairn_wire *wire)
{
    cairn_ring_poll(wire->ring);
}

bool cairn_wire_is_under_way(const struct cairn_wire *wire)
{
    return !cairn_ring_is_done(wire->ring);
}

void cairn_wire_finish(const struct cairn_wire *wire)
{
    cairn_ring_finish(wire->ring);
}
