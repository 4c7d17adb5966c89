/* SPDX-License-Identifier: BSD-3-Clause
 * Linked into the program with --wrap, counts what Cairn's own objects allocate from the beginning
 * of the second update to the end of the third, metrics and the beginning of a checkpoint between
 * them included, on the thread that trains.  MPI and BLAS are
 * libraries of their own and are not seen.  Each rank writes one line to stderr after the third
 * update; and, before the second, one with the bytes that all threads hold then, and the most
 * that they held. */
#include <malloc.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "train/trainer.h"

enum { FIRST = 2, LAST = 3 };

static _Thread_local size_t
    n_allocations;                   /* the thread that writes checkpoints is not the update */
static atomic_llong held, most_held; /* bytes; a block of a library that we free counts less */

void __real_free(void *block);
void __wrap_free(void *block);
void *__real_malloc(size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__real_calloc(size_t n, size_t bytes);
void *__wrap_calloc(size_t n, size_t bytes);
void *__real_realloc(void *block, size_t bytes);
void *__wrap_realloc(void *block, size_t bytes);
void *__real_aligned_alloc(size_t alignment, size_t bytes);
void *__wrap_aligned_alloc(size_t alignment, size_t bytes);
int __real_posix_memalign(void **out, size_t alignment, size_t bytes);
int __wrap_posix_memalign(void **out, size_t alignment, size_t bytes);
char *__real_strdup(const char *text);
char *__wrap_strdup(const char *text);
cairn_status __real_cairn_trainer_update(cairn_trainer *t, struct cairn_update_record *out);
cairn_status __wrap_cairn_trainer_update(cairn_trainer *t, struct cairn_update_record *out);

/* A block comes, or goes; the calls below say how often. */
static void hold(void *block, int sign)
{
    const long long bytes = sign * (long long)malloc_usable_size(block);
    const long long now = atomic_fetch_add(&held, bytes) + bytes;
    long long most = atomic_load(&most_held);
    while (now > most && !atomic_compare_exchange_weak(&most_held, &most, now)) {
    }
}

static void *taken(void *block)
{
    n_allocations++;
    hold(block, 1);
    return block;
}

void __wrap_free(void *block)
{
    hold(block, -1);
    __real_free(block);
}

void *__wrap_malloc(size_t bytes)
{
    return taken(__real_malloc(bytes));
}

void *__wrap_calloc(size_t n, size_t bytes)
{
    return taken(__real_calloc(n, bytes));
}

void *__wrap_realloc(void *block, size_t bytes)
{
    hold(block, -1);
    return taken(__real_realloc(block, bytes));
}

void *__wrap_aligned_alloc(size_t alignment, size_t bytes)
{
    return taken(__real_aligned_alloc(alignment, bytes));
}

int __wrap_posix_memalign(void **out, size_t alignment, size_t bytes)
{
    const int code = __real_posix_memalign(out, alignment, bytes);
    if (code == 0) (void)taken(*out);
    return code;
}

char *__wrap_strdup(const char *text)
{
    return taken(__real_strdup(text));
}

cairn_status __wrap_cairn_trainer_update(cairn_trainer *t, struct cairn_update_record *out)
{
    static size_t n_updates;
    static size_t n_before;
    if (++n_updates == FIRST) {
        n_before = n_allocations;
        fprintf(stderr, "bytes of rank %d before update %d: %lld, most %lld\n",
                cairn_comm_rank(t->parts.comm), FIRST, atomic_load(&held), atomic_load(&most_held));
    }
    cairn_status st = __real_cairn_trainer_update(t, out);
    if (n_updates == LAST)
        fprintf(stderr, "allocations before update %d: %zu, in updates %d to %d: %zu\n", FIRST,
                n_before, FIRST, LAST, n_allocations - n_before);
    return st;
}
