/* SPDX-License-Identifier: BSD-3-Clause
 * Memory of a node: windows of MPI, which rank 0 of the node allocates.  Freeing one is collective,
 * and who is done with one is alone: so they are kept for the next, and freed with it or with the
 * communicator. */
#define _GNU_SOURCE /* madvise */
#include "comm/shared.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/count.h"
#include "base/memory.h"
#include "comm/world.h"

enum { WINDOW_MORE = 1 << 20 }; /* of a window besides its bytes: what MPI notes in it */

/* Every rank of a node has the same list, since blocks come and go on all of them together. */
struct cairn_shared_block {
    struct cairn_shared shared; /* first: what others have is the block */
    MPI_Win window;
    struct cairn_shared_block *next;
};

/* Open MPI keeps windows in files of this folder, unless it is told another. */
static const char *folder_of_windows(void)
{
    const char *other = getenv("OMPI_MCA_osc_sm_backing_directory");
    return other != NULL ? other : "/dev/shm";
}

uint64_t cairn_shared_room(const char *root)
{
    char path[4096];
    struct statvfs folder;
    snprintf(path, sizeof path, "%s%s", root, folder_of_windows());
    return statvfs(path, &folder) == 0 ? (uint64_t)folder.f_bavail * folder.f_frsize : 0;
}

uint64_t cairn_shared_takes(uint64_t n_bytes)
{
    return cairn_count_plus(n_bytes, n_bytes / 16 + WINDOW_MORE);
}

uint64_t cairn_shared_unused(const cairn_comm *comm)
{
    uint64_t n_bytes = 0;
    const struct cairn_shared_block *block = comm == NULL ? NULL : comm->shared;
    for (; block != NULL; block = block->next)
        if (!block->shared.in_use) n_bytes += block->shared.n_bytes;
    return n_bytes;
}

/* Let its whole pages be written, or only read: a mistake ends this rank, not the data of all. */
static void protect(const struct cairn_shared *shared, int how)
{
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    const uintptr_t begin = ((uintptr_t)shared->memory + page - 1) / page * page;
    const uintptr_t end = ((uintptr_t)shared->memory + shared->n_bytes) / page * page;
    if (end > begin) (void)mprotect((void *)begin, end - begin, how); /* as it was, if refused */
}

/* Map all of it now: training meets no page that is not there, and a rank's size does not depend on
 * which samples it had. */
static void touch(const struct cairn_shared *shared)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const volatile unsigned char *memory = shared->memory;
    for (size_t at = 0; at < shared->n_bytes; at += page) (void)memory[at];
}

/* Take its pages now, each rank a part of them: who writes a page for which there is no room any
 * more is killed.  An old kernel cannot say. */
static bool take_pages(const struct cairn_shared *shared)
{
#ifdef MADV_POPULATE_WRITE
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    const uintptr_t first = (uintptr_t)shared->memory / page;
    const uintptr_t n = ((uintptr_t)shared->memory + shared->n_bytes - 1) / page - first + 1;
    const uintptr_t begin = first + n * (uintptr_t)shared->rank / (uintptr_t)shared->n_ranks;
    const uintptr_t end = first + n * ((uintptr_t)shared->rank + 1) / (uintptr_t)shared->n_ranks;
    if (end > begin)
        return madvise((void *)(begin * page), (end - begin) * page, MADV_POPULATE_WRITE) == 0 ||
               errno == EINVAL;
#else
    (void)shared;
#endif
    return true;
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
    MPI_Win_set_errhandler(block->window, MPI_ERRORS_RETURN);
    MPI_Win_shared_query(block->window, 0, &size, &unit, &memory);
    shared->memory = memory;
    shared->n_bytes = n_bytes;
    return true;
}

static cairn_status no_window(size_t n_bytes, const char *instead)
{
    return cairn_fail(CAIRN_MEMORY,
                      "there is no room in %s for the %zu bytes that the ranks of a node share; "
                      "make it larger, or set %s",
                      folder_of_windows(), n_bytes, instead);
}

/* Collective over the node. */
static cairn_status get_block(cairn_comm *comm, size_t n_bytes, const char *instead,
                              struct cairn_shared_block **out)
{
    struct cairn_shared_block *block = NULL;
    *out = take_again(comm, n_bytes);
    if (*out != NULL || comm->lost) return cairn_comm_state(comm, CAIRN_OK);
    cairn_status st = cairn_memory_get(1, sizeof *block, "memory of the node", &block);
    /* Without room rank 0 of the node gives up within MPI, and the others wait for it there. */
    const bool room = cairn_shared_room("") >= cairn_shared_takes(n_bytes);
    if (!all_of_node(comm, st == CAIRN_OK && room)) {
        free(block);
        return st == CAIRN_OK ? no_window(n_bytes, instead) : st;
    }
    if (!all_of_node(comm, open_window(comm, n_bytes, block))) {
        free(block);
        return no_window(n_bytes, instead);
    }
    if (!all_of_node(comm, take_pages(&block->shared))) {
        free_block(block);
        return no_window(n_bytes, instead);
    }
    block->next = comm->shared;
    comm->shared = block;
    *out = block;
    return CAIRN_OK;
}

cairn_status cairn_shared_get(cairn_comm *comm, cairn_status st, size_t n_bytes,
                              const char *instead, struct cairn_shared **out)
{
    struct cairn_shared_block *block = NULL;
    *out = NULL;
    CAIRN_TRY(cairn_comm_agree(comm, st));
    if (comm != NULL && n_bytes > 0) st = get_block(comm, n_bytes, instead, &block);
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
    if (!comm->lost) touch(shared);
    return cairn_comm_state(comm, st);
}

void cairn_shared_release(struct cairn_shared *shared)
{
    if (shared != NULL) shared->in_use = false;
}
