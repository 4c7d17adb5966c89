/* SPDX-License-Identifier: BSD-3-Clause
 * Which ranks share a node, and the order in which a ring goes round all of them. */
#include <stdlib.h>

#include "base/memory.h"
#include "comm/world.h"

struct cairn_comm_node cairn_comm_node(const cairn_comm *comm)
{
    return comm == NULL ? (struct cairn_comm_node){.n_ranks = 1, .fewest = 1, .n_nodes = 1}
                        : comm->node;
}

/* How many nodes there are, and the ranks of the smallest; count [size] is room to count in. */
static void count_nodes(struct cairn_comm_node *node, const int *first, int size, int *count)
{
    node->fewest = size;
    for (int r = 0; r < size; r++) count[first[r]]++;
    for (int r = 0; r < size; r++) {
        if (count[r] == 0) continue;
        node->n_nodes++;
        if (count[r] < node->fewest) node->fewest = count[r];
    }
}

/* The ranks that share memory, and the lowest of them for each rank in first [size], with as much
 * room after it.  Collective. */
static void find_nodes(cairn_comm *comm, int *first)
{
    struct cairn_comm_node *node = &comm->node;
    cairn_comm_check(comm,
                     MPI_Comm_split_type(comm->mpi, MPI_COMM_TYPE_SHARED, comm->rank, MPI_INFO_NULL,
                                         &comm->nodemates),
                     "MPI_Comm_split_type");
    if (comm->lost) return;
    MPI_Comm_set_errhandler(comm->nodemates, MPI_ERRORS_RETURN);
    MPI_Comm_size(comm->nodemates, &node->n_ranks);
    node->first = comm->rank;
    cairn_comm_check(comm, MPI_Bcast(&node->first, 1, MPI_INT, 0, comm->nodemates), "MPI_Bcast");
    if (comm->lost) return;
    cairn_comm_check(comm, MPI_Allgather(&node->first, 1, MPI_INT, first, 1, MPI_INT, comm->mpi),
                     "MPI_Allgather");
    MPI_Comm_rank(comm->nodemates, &node->place);
    count_nodes(node, first, comm->size, first + comm->size);
}

/* Whether rank a comes before rank b where nodes follow each other by their lowest rank. */
static bool comes_before(const int *first, int a, int b)
{
    return first[a] < first[b] || (first[a] == first[b] && a < b);
}

static void find_ring(cairn_comm *comm, const int *first)
{
    const int mine = comm->rank;
    int lowest = mine, highest = mine, before = -1, after = -1;
    for (int r = 0; r < comm->size; r++) {
        const bool precedes = comes_before(first, r, mine);
        if (comes_before(first, r, lowest)) lowest = r;
        if (comes_before(first, highest, r)) highest = r;
        if (precedes && (before < 0 || comes_before(first, before, r))) before = r;
        if (r != mine && !precedes && (after < 0 || comes_before(first, r, after))) after = r;
        comm->ring.position += precedes;
    }
    comm->ring.previous = before < 0 ? highest : before;
    comm->ring.next = after < 0 ? lowest : after;
}

cairn_status cairn_comm_find_node(cairn_comm *comm, cairn_status st)
{
    int *first = NULL;
    if (st == CAIRN_OK)
        st = cairn_memory_get((size_t)comm->size * 2, sizeof *first, "the nodes", &first);
    st = cairn_comm_agree(comm, st);
    if (st == CAIRN_OK) find_nodes(comm, first);
    if (st == CAIRN_OK && !comm->lost) find_ring(comm, first);
    free(first);
    return cairn_comm_state(comm, st);
}

void cairn_comm_release(cairn_comm *comm)
{
    if (comm->lost) return;
    cairn_shared_free_all(comm);
    cairn_comm_close(comm->rail);
    if (comm->node.n_ranks > 0) MPI_Comm_free(&comm->nodemates);
    MPI_Comm_free(&comm->mpi);
}
