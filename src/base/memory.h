/* SPDX-License-Identifier: BSD-3-Clause
 * Memory: checked allocation, and an arena that is planned first and allocated once.  Not for the
 * update, which allocates nothing.  All functions are local. */
#ifndef CAIRN_BASE_MEMORY_H
#define CAIRN_BASE_MEMORY_H

#include <stddef.h>

#include "cairn/status.h"

/** Bytes to which every block is aligned: a cache line, and the widest vector. */
enum { CAIRN_ALIGNMENT = 64 };

/** Bytes up to the next multiple of CAIRN_ALIGNMENT.  Ranks: local.  Errors: none. */
size_t cairn_memory_whole(size_t bytes);

/**
 * Allocate count x size zeroed bytes, touched, aligned to CAIRN_ALIGNMENT, and store the pointer in
 * *out (any pointer type).  Release with free().
 *
 * Ranks   local
 * Errors  CAIRN_MEMORY when there is not so much memory or the product overflows; `what` names it
 */
CAIRN_CHECKED cairn_status cairn_memory_get(size_t count, size_t size, const char *what, void *out);

/**
 * Room for one item of `size` bytes more in a list of n of them, which only this makes longer: it
 * doubles at each power of two.  *list is a pointer of any type, NULL where n is 0.
 *
 * Ranks   local
 * Errors  CAIRN_MEMORY; then the list is as it was
 */
CAIRN_CHECKED cairn_status cairn_memory_room(size_t n, size_t size, const char *what, void *list);

/**
 * Whether the machine has so many bytes now, without taking any: for what is taken in pieces.
 *
 * Ranks   local
 * Errors  CAIRN_MEMORY when it has not; `what` names it
 */
CAIRN_CHECKED cairn_status cairn_memory_check(size_t bytes, const char *what);

/**
 * A copy of a text, to be released with free().
 *
 * Ranks   local
 * Errors  CAIRN_MEMORY when out of memory
 */
CAIRN_CHECKED cairn_status cairn_memory_text(const char *text, char **out);

/** Let glibc give large blocks back as soon as they are freed, so that peak memory is what was
 * planned and the same at every start; elsewhere nothing.  Ranks: local.  Errors: none. */
void cairn_memory_settle(void);

/** Blocks that live and die together: first plan every block, then allocate all of them in one
 * piece. */
struct cairn_arena {
    unsigned char *base;  /* NULL until allocated; owned */
    size_t planned_bytes; /* sum of the planned blocks, each rounded up to CAIRN_ALIGNMENT */
};

/**
 * Plan a block; the answer is its offset for cairn_arena_at().
 *
 * Ranks   local
 * Errors  none (checked on allocation)
 */
size_t cairn_arena_plan(struct cairn_arena *arena, size_t count, size_t size);

/**
 * Allocate what was planned, zeroed.
 *
 * Ranks   local
 * Errors  CAIRN_MEMORY when there is not so much memory
 */
CAIRN_CHECKED cairn_status cairn_arena_allocate(struct cairn_arena *arena, const char *what);

/** Where a planned block lies.  Ranks: local.  Errors: none. */
void *cairn_arena_at(const struct cairn_arena *arena, size_t offset);

/** Release the blocks; a zeroed arena is fine.  Ranks: local.  Errors: none. */
void cairn_arena_free(struct cairn_arena *arena);

#endif
