/* SPDX-License-Identifier: BSD-3-Clause
 * Messages between two ranks, both ways at once, as neighbours in a ring send them. */
#include <limits.h>
#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "comm/probe.h"
#include "comm/world.h"

enum { TAG = 72 };

/* Both directions of the link work. */
static double exchange_s(cairn_comm *comm, int peer, size_t n_bytes, char *block)
{
    const double begin_s = cairn_clock_s();
    cairn_comm_check(comm,
                     MPI_Sendrecv(block, (int)n_bytes, MPI_BYTE, peer, TAG, block + n_bytes,
                                  (int)n_bytes, MPI_BYTE, peer, TAG, comm->mpi, MPI_STATUS_IGNORE),
                     "MPI_Sendrecv");
    return cairn_clock_s() - begin_s;
}

cairn_status cairn_probe_pair(cairn_comm *comm, cairn_status st, int peer, size_t n_bytes,
                              int repeats, double *seconds)
{
    char *block = NULL;
    double best_s = INFINITY;
    if (st == CAIRN_OK && n_bytes > INT_MAX)
        st = cairn_fail(CAIRN_BUG, "a message of %zu bytes", n_bytes);
    if (st == CAIRN_OK && peer >= 0) st = cairn_memory_get(2, n_bytes, "a timed message", &block);
    st = cairn_comm_agree(comm, st);
    for (int i = 0; i <= repeats && peer >= 0 && st == CAIRN_OK; i++) {
        const double spent_s = exchange_s(comm, peer, n_bytes, block);
        if (i > 0 && spent_s < best_s) best_s = spent_s; /* the first one warms up */
        st = cairn_comm_state(comm, st);
    }
    free(block);
    st = cairn_comm_agree(comm, st);
    if (st == CAIRN_OK) *seconds = peer >= 0 ? best_s : 0;
    return st;
}
