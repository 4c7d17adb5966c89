/* SPDX-License-Identifier: BSD-3-Clause
 * Memory of a node: windows of MPI, which rank 0 of the node allocates.  Freeing one is collective,
 * and who is done with one is alone: so they are kept for the next, and freed with it or with the
 * communicator. */
#include "comm/shared.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/memory.h"
#include "comm/world.h"

/* Every rank of a node has the same list, since blocks come and go on all of them together. */
struct cairn_shared_block {
    struct cairn_shared shared; /* first: what others have is the block */
    MPI_Win window;
    struct cairn_shared_block *next;
};

/* Let its whole pages be written, or only read: a mistake ends this rank, not the data of all. */
static void protect(const struct cairn_shared *shared, int how)
{
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    const uintptr_t begin = ((uintptr_t)shared->memory + page - 1) / page * page;
    const uintptr_t end = ((uintptr_t)shared->memory + shared->n_bytes) / page * page;
    if (end > begin) (void)mprotect((void *)begin, end - begin, how); /* as it was, if refused */
}

/* Whether it is so on every rank of the node. */
static bool all_of_node(cairn_comm *comm, bool here)
{
    int all = here;
    cairn_comm_check(comm, MPI_Allreduce(MPI_IN_PLACE, &all, 1, MPI_INT, MPI_MIN, comm->nodemates),
                     "MPI_Allreduce");
    return all != 0;
}

static void free_block(struct cairn_shared_block *block)
{
    protect(&block->shared, PROT_READ | PROT_WRITE);
    MPI_Win_free(&block->window);
    free(block);
}

void cairn_shared_free_all(cairn_comm *comm)
{
    while (comm->shared != NULL) {
        struct cairn_shared_block *block = comm->shared;
        comm->shared = block->next;
        free_block(block);
    }
}

/* One of this size that nobody on the node uses any more; the others that nobody uses are freed. */
static struct cairn_shared_block *take_again(cairn_comm *comm, size_t n_bytes)
{
    struct cairn_shared_block *found = NULL;
    struct cairn_shared_block **at = &comm->shared;
    while (*at != NULL && !comm->lost) {
        struct cairn_shared_block *block = *at;
        const bool unused = all_of_node(comm, !block->shared.in_use);
        const bool fits = found == NULL && block->shared.n_bytes == n_bytes;
        if (unused && fits) found = block;
        if (!unused || fits) {
            at = &block->next;
            continue;
        }
        *at = block->next;
        free_block(block);
    }
    if (found != NULL) protect(&found->shared, PROT_READ | PROT_WRITE);
    return found;
}

/* A window of n_bytes in the memory of the node's rank 0, where this rank sees it. */
static bool open_window(const cairn_comm *comm, size_t n_bytes, struct cairn_shared_block *block)
{
    struct cairn_shared *shared = &block->shared;
    MPI_Aint size = 0;
    int unit = 0;
    void *memory = NULL;
    MPI_Comm_rank(comm->nodemates, &shared->rank);
    MPI_Comm_size(comm->nodemates, &shared->n_ranks);
    if (MPI_Win_allocate_shared(shared->rank == 0 ? (MPI_Aint)n_bytes : 0, 1, MPI_INFO_NULL,
                                comm->nodemates, &memory, &block->window) != MPI_SUCCESS)
        return false;
    MPI_Win_shared_query(block->window, 0, &size, &unit, &memory);
    shared->memory = memory;
    shared->n_bytes = n_bytes;
    return true;
}

static cairn_status no_window(size_t n_bytes)
{
    return cairn_fail(CAIRN_MEMORY,
                      "MPI gives no %zu bytes of memory that the ranks of a node share; set "
                      "data.in_memory: false",
                      n_bytes);
}

/* Collective over the node. */
static cairn_status get_block(cairn_comm *comm, size_t n_bytes, struct cairn_shared_block **out)
{
    struct cairn_shared_block *block = NULL;
    *out = take_again(comm, n_bytes);
    if (*out != NULL || comm->lost) return cairn_comm_state(comm, CAIRN_OK);
    cairn_status st = cairn_memory_get(1, sizeof *block, "memory of the node", &block);
    if (!all_of_node(comm, st == CAIRN_OK)) {
        free(block);
        return st == CAIRN_OK ? no_window(n_bytes) : st;
    }
    if (!all_of_node(comm, open_window(comm, n_bytes, block))) {
        free(block);
        return no_window(n_bytes);
    }
    block->next = comm->shared;
    comm->shared = block;
    *out = block;
    return CAIRN_OK;
}

cairn_status cairn_shared_get(cairn_comm *comm, cairn_status st, size_t n_bytes,
                              struct cairn_shared **out)
{
    struct cairn_shared_block *block = NULL;
    *out = NULL;
    CAIRN_TRY(cairn_comm_agree(comm, st));
    if (comm != NULL && n_bytes > 0) st = get_block(comm, n_bytes, &block);
    if (block != NULL) {
        block->shared.in_use = true;
        *out = &block->shared;
    }
    return cairn_comm_agree(comm, st);
}

cairn_status cairn_shared_publish(cairn_comm *comm, cairn_status st, struct cairn_shared *shared)
{
    st = cairn_comm_agree(comm, st);
    if (shared == NULL) return st;
    struct cairn_shared_block *block = (struct cairn_shared_block *)shared;
    cairn_comm_check(comm, MPI_Win_fence(0, block->window), "MPI_Win_fence");
    protect(shared, PROT_READ);
    return cairn_comm_state(comm, st);
}

void cairn_shared_release(struct cairn_shared *shared)
{
    if (shared != NULL) shared->in_use = false;
}
