/* SPDX-License-Identifier: BSD-3-Clause
 * Checked allocation and the arena.  Not for the update, which allocates nothing. */
#define _GNU_SOURCE /* madvise */

#include "base/memory.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "base/fault.h"

enum { LARGE_BYTES = 1 << 26, HUGE_PAGE = 1 << 21 };

size_t cairn_memory_whole(size_t bytes)
{
    return (bytes + CAIRN_ALIGNMENT - 1) / CAIRN_ALIGNMENT * CAIRN_ALIGNMENT;
}

/* What this machine can still give; SIZE_MAX where it does not say. */
static size_t available_bytes(void)
{
    char line[128];
    size_t kilobytes = 0;
    FILE *file = fopen("/proc/meminfo", "r");
    if (file == NULL) return SIZE_MAX;
    while (kilobytes == 0 && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, "MemAvailable:", 13) == 0) kilobytes = strtoull(line + 13, NULL, 10);
    fclose(file);
    return kilobytes == 0 ? SIZE_MAX : kilobytes * 1024;
}

/* Linux promises more than it has and later kills the process that uses it, so large blocks are
 * checked. */
static bool is_too_much(size_t bytes)
{
    return bytes > LARGE_BYTES && bytes > available_bytes();
}

static cairn_status refuse(size_t bytes, const char *what)
{
    return cairn_fail(
        CAIRN_MEMORY,
        "memory for %s: %zu bytes are not available; use a smaller batch.micro or model", what,
        bytes);
}

cairn_status cairn_memory_check(size_t bytes, const char *what)
{
    return is_too_much(bytes) ? refuse(bytes, what) : CAIRN_OK;
}

/* A large block in huge pages where the system gives them: products read memory in long strides,
 * and the table of small pages is too small for that.  Only whole ones, so that it takes no more
 * memory. */
static void *take(size_t bytes)
{
    if (bytes < HUGE_PAGE) return aligned_alloc(CAIRN_ALIGNMENT, bytes);
    void *block = NULL;
    if (posix_memalign(&block, HUGE_PAGE, bytes) != 0) return NULL;
#ifdef MADV_HUGEPAGE
    madvise(block, bytes / HUGE_PAGE * HUGE_PAGE, MADV_HUGEPAGE);
#endif
    return block;
}

cairn_status cairn_memory_get(size_t count, size_t size, const char *what, void *out)
{
    void *block = NULL;
    if (size != 0 && count > (SIZE_MAX - CAIRN_ALIGNMENT) / size)
        return cairn_fail(CAIRN_MEMORY,
                          "memory for %s: %zu x %zu bytes is more than can be counted", what, count,
                          size);
    size_t bytes = cairn_memory_whole(count * size);
    if (bytes == 0) bytes = CAIRN_ALIGNMENT;
    if (!cairn_fault("memory.get") && !is_too_much(bytes)) block = take(bytes);
    if (block == NULL) return refuse(bytes, what);
    memset(block, 0, bytes); /* touched here, so that memory does not grow later */
    memcpy(out, &block, sizeof block);
    return CAIRN_OK;
}

void cairn_memory_settle(void)
{
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, 1 << 17); /* a threshold that is set no longer moves */
#endif
}

cairn_status cairn_memory_room(size_t n, size_t size, const char *what, void *list)
{
    void *older = NULL, *longer = NULL;
    if ((n & (n - 1)) != 0) return CAIRN_OK; /* there is room up to the next power of two */
    CAIRN_TRY(cairn_memory_get(n == 0 ? 1 : 2 * n, size, what, &longer));
    memcpy(&older, list, sizeof older);
    if (n > 0) memcpy(longer, older, n * size);
    free(older);
    memcpy(list, &longer, sizeof longer);
    return CAIRN_OK;
}

cairn_status cairn_memory_text(const char *text, char **out)
{
    size_t bytes = strlen(text) + 1;
    char *copy = NULL;
    CAIRN_TRY(cairn_memory_get(bytes, 1, "a text", &copy));
    memcpy(copy, text, bytes);
    *out = copy;
    return CAIRN_OK;
}

size_t cairn_arena_plan(struct cairn_arena *arena, size_t count, size_t size)
{
    size_t offset = arena->planned_bytes;
    int overflows = size != 0 && count > (SIZE_MAX - CAIRN_ALIGNMENT) / size;
    size_t bytes = overflows ? SIZE_MAX : cairn_memory_whole(count * size);
    arena->planned_bytes = bytes > SIZE_MAX - offset ? SIZE_MAX : offset + bytes;
    return offset;
}

cairn_status cairn_arena_allocate(struct cairn_arena *arena, const char *what)
{
    return cairn_memory_get(arena->planned_bytes, 1, what, &arena->base);
}

void *cairn_arena_at(const struct cairn_arena *arena, size_t offset)
{
    return arena->base + offset;
}

void cairn_arena_free(struct cairn_arena *arena)
{
    free(arena->base);
    *arena = (struct cairn_arena){0};
}
