/* SPDX-License-Identifier: BSD-3-Clause
 * Linked into the program with --wrap, counts what Cairn's own objects allocate from the beginning
 * of the second update to the end of the third, metrics and the beginning of a checkpoint between
 * them included, on the thread that trains.  MPI and BLAS are
 * libraries of their own and are not seen.  Each rank writes one line to stderr after the third
 * update. */
#include <stdio.h>
#include <stdlib.h>

#include "cairn/trainer.h"

enum { FIRST = 2, LAST = 3 };

static _Thread_local size_t
    n_allocations; /* the thread that writes checkpoints is not the update */

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

void *__wrap_malloc(size_t bytes)
{
    n_allocations++;
    return __real_malloc(bytes);
}

void *__wrap_calloc(size_t n, size_t bytes)
{
    n_allocations++;
    return __real_calloc(n, bytes);
}

void *__wrap_realloc(void *block, size_t bytes)
{
    n_allocations++;
    return __real_realloc(block, bytes);
}

void *__wrap_aligned_alloc(size_t alignment, size_t bytes)
{
    n_allocations++;
    return __real_aligned_alloc(alignment, bytes);
}

int __wrap_posix_memalign(void **out, size_t alignment, size_t bytes)
{
    n_allocations++;
    return __real_posix_memalign(out, alignment, bytes);
}

char *__wrap_strdup(const char *text)
{
    n_allocations++;
    return __real_strdup(text);
}

cairn_status __wrap_cairn_trainer_update(cairn_trainer *t, struct cairn_update_record *out)
{
    static size_t n_updates;
    static size_t n_before;
    if (++n_updates == FIRST) n_before = n_allocations;
    cairn_status st = __real_cairn_trainer_update(t, out);
    if (n_updates == LAST)
        fprintf(stderr, "allocations before update %d: %zu, in updates %d to %d: %zu\n", FIRST,
                n_before, FIRST, LAST, n_allocations - n_before);
    return st;
}
