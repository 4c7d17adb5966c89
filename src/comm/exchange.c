/* SPDX-License-Identifier: BSD-3-Clause
 * Small exchanges.  Not for gradients: sum.c. */
#include "comm/exchange.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/groups.h"
#include "base/memory.h"
#include "comm/world.h"

enum { PIECE = 1 << 30 }; /* counts of MPI are int */

static void broadcast(cairn_comm *comm, unsigned char *data, size_t n_bytes)
{
    for (size_t done = 0; done < n_bytes; done += PIECE) {
        size_t here = n_bytes - done < PIECE ? n_bytes - done : PIECE;
        cairn_comm_check(comm, MPI_Bcast(data + done, (int)here, MPI_BYTE, 0, comm->mpi),
                         "MPI_Bcast");
    }
}

cairn_status cairn_comm_broadcast(cairn_comm *comm, cairn_status st, void *data, size_t n_bytes)
{
    st = cairn_comm_agree_root(comm, st);
    if (st == CAIRN_OK) broadcast(comm, data, n_bytes);
    return cairn_comm_state(comm, st);
}

cairn_status cairn_comm_broadcast_block(cairn_comm *comm, cairn_status st, char **data,
                                        size_t *n_bytes)
{
    uint64_t size = comm->rank == 0 && st == CAIRN_OK ? *n_bytes : 0;
    char *block = comm->rank == 0 ? *data : NULL;
    st = cairn_comm_broadcast(comm, st, &size, sizeof size);
    if (st == CAIRN_OK && comm->rank != 0)
        st = cairn_memory_get(size + 1, 1, "a broadcast", &block);
    st = cairn_comm_broadcast(comm, st, block, size);
    if (st != CAIRN_OK) {
        if (comm->rank != 0) free(block);
        return st;
    }
    *data = block;
    *n_bytes = size;
    return CAIRN_OK;
}

cairn_status cairn_comm_max(cairn_comm *comm, cairn_status st, double *value, size_t n)
{
    st = cairn_comm_agree(comm, st);
    if (st == CAIRN_OK)
        cairn_comm_check(comm,
                         MPI_Allreduce(MPI_IN_PLACE, value, (int)n, MPI_DOUBLE, MPI_MAX, comm->mpi),
                         "MPI_Allreduce");
    return cairn_comm_state(comm, st);
}

cairn_status cairn_comm_sum_exact(cairn_comm *comm, cairn_status st, struct cairn_exact_sum *sum,
                                  size_t n)
{
    st = cairn_comm_agree(comm, st);
    if (st == CAIRN_OK)
        cairn_comm_check(comm,
                         MPI_Allreduce(MPI_IN_PLACE, sum, (int)(CAIRN_EXACT_WORDS * n), MPI_INT64_T,
                                       MPI_SUM, comm->mpi),
                         "MPI_Allreduce");
    return cairn_comm_state(comm, st);
}

cairn_status cairn_comm_sum_counts(cairn_comm *comm, uint64_t *value, size_t n)
{
    cairn_comm_check(comm,
                     MPI_Allreduce(MPI_IN_PLACE, value, (int)n, MPI_UINT64_T, MPI_SUM, comm->mpi),
                     "MPI_Allreduce");
    return cairn_comm_state(comm, CAIRN_OK);
}

static int by_value(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a;
    const uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* The first rank that has another value than most have; of values that as many have, the lowest
 * rank's is taken for right. */
static cairn_status first_odd(const uint64_t *value, size_t n, int *odd)
{
    struct cairn_groups groups = {0};
    size_t best = 0;
    cairn_status st = cairn_groups_make(value, n, sizeof *value, by_value, &groups);
    for (size_t g = 1; g < groups.n_groups; g++)
        if (groups.begin[g + 1] - groups.begin[g] > groups.begin[best + 1] - groups.begin[best])
            best = g;
    if (st == CAIRN_OK) *odd = (int)groups.item[groups.begin[best == 0 ? 1 : 0]];
    cairn_groups_free(&groups);
    return st;
}

/* They differ: who is the odd one out? */
static cairn_status find_odd(cairn_comm *comm, uint64_t value, int *odd)
{
    uint64_t *all = NULL;
    cairn_status st =
        cairn_memory_get((size_t)comm->size, sizeof *all, "a comparison of ranks", &all);
    st = cairn_comm_agree(comm, st);
    if (st == CAIRN_OK) {
        cairn_comm_check(comm,
                         MPI_Allgather(&value, 1, MPI_UINT64_T, all, 1, MPI_UINT64_T, comm->mpi),
                         "MPI_Allgather");
        st = cairn_comm_state(comm, st);
        if (st == CAIRN_OK) st = first_odd(all, (size_t)comm->size, odd);
        st = cairn_comm_agree(comm, st);
    }
    free(all);
    return st;
}

cairn_status cairn_comm_all_equal(cairn_comm *comm, cairn_status st, uint64_t value, int *odd)
{
    uint64_t largest[2] = {value, ~value}; /* so the second tells of the least */
    st = cairn_comm_agree(comm, st);
    if (st != CAIRN_OK) return st;
    cairn_comm_check(comm,
                     MPI_Allreduce(MPI_IN_PLACE, largest, 2, MPI_UINT64_T, MPI_MAX, comm->mpi),
                     "MPI_Allreduce");
    CAIRN_TRY(cairn_comm_state(comm, CAIRN_OK));
    *odd = -1;
    return largest[0] == ~largest[1] ? CAIRN_OK : find_odd(comm, value, odd);
}

/* Whether all ranks are well, and so many bytes can be collected from each. */
static cairn_status agree_to_gather(cairn_comm *comm, cairn_status st, size_t n_bytes)
{
    if (st == CAIRN_OK && n_bytes > INT_MAX)
        st = cairn_fail(CAIRN_USAGE,
                        "%zu bytes are too many to be collected from each rank at once", n_bytes);
    return cairn_comm_agree(comm, st);
}

cairn_status cairn_comm_gather(cairn_comm *comm, cairn_status st, const void *mine, size_t n_bytes,
                               void *all)
{
    st = agree_to_gather(comm, st, n_bytes);
    if (st == CAIRN_OK)
        cairn_comm_check(
            comm,
            MPI_Gather(mine, (int)n_bytes, MPI_BYTE, all, (int)n_bytes, MPI_BYTE, 0, comm->mpi),
            "MPI_Gather");
    return cairn_comm_state(comm, st);
}

cairn_status cairn_comm_gather_all(cairn_comm *comm, cairn_status st, const void *mine,
                                   size_t n_bytes, void *all)
{
    st = agree_to_gather(comm, st, n_bytes);
    if (st == CAIRN_OK)
        cairn_comm_check(
            comm,
            MPI_Allgather(mine, (int)n_bytes, MPI_BYTE, all, (int)n_bytes, MPI_BYTE, comm->mpi),
            "MPI_Allgather");
    return cairn_comm_state(comm, st);
}

cairn_status cairn_comm_gather_nodes(cairn_comm *comm, cairn_status st, const void *mine,
                                     size_t n_bytes, void *all)
{
    const int color = comm->node.first == comm->rank ? 0 : MPI_UNDEFINED;
    MPI_Comm firsts = MPI_COMM_NULL;
    st = agree_to_gather(comm, st, n_bytes);
    if (st != CAIRN_OK) return st;
    cairn_comm_check(comm, MPI_Comm_split(comm->mpi, color, comm->rank, &firsts), "MPI_Comm_split");
    if (comm->lost || firsts == MPI_COMM_NULL) return cairn_comm_state(comm, st);
    cairn_comm_check(
        comm, MPI_Gather(mine, (int)n_bytes, MPI_BYTE, all, (int)n_bytes, MPI_BYTE, 0, firsts),
        "MPI_Gather");
    if (!comm->lost) MPI_Comm_free(&firsts);
    return cairn_comm_state(comm, st);
}

void cairn_comm_library(char *text, size_t n_bytes)
{
    char version[MPI_MAX_LIBRARY_VERSION_STRING] = "";
    int n = 0;
    MPI_Get_library_version(version, &n);
    version[strcspn(version, ",\n")] = '\0'; /* "Open MPI v4.1.4" and much more */
    snprintf(text, n_bytes, "%s", version);
}
