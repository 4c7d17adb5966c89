/* SPDX-License-Identifier: BSD-3-Clause
 * The compiler's vectors, for sources that are made of them (tile.c, dots.c, turn.c).  Local. */
#ifndef CAIRN_TENSOR_VECTORS_H
#define CAIRN_TENSOR_VECTORS_H

#include "tensor/tile.h"

#if defined(__AVX512F__)
#include <immintrin.h>
#endif

/* -std=c11 forbids gcc to fuse products and sums.  Clang does so, but has to be held back from
 * cutting vectors of 64 bytes in two and from loading all rows first, for which there is no room.
 */
#if defined(__clang__)
#define UNROLLED _Pragma("clang loop unroll(full)")
#define WIDE     __attribute__((min_vector_width(8 * CAIRN_TILE_BYTES)))
#else
#pragma GCC optimize("fp-contract=fast")
#define UNROLLED _Pragma("GCC unroll 16")
#define WIDE
#endif
#if defined(__clang__) && defined(__x86_64__)
#define BEFORE_THE_NEXT(sum) __asm__ volatile("" : "+v"(sum) : : "memory")
#else
#define BEFORE_THE_NEXT(sum) (void)0
#endif

/* Read by the last of some products, it keeps its register: gcc would put that product's sum there
 * and move it back in each turn of the loop. */
#if defined(__x86_64__) && !defined(__clang__)
#define STILL_NEEDED(x) __asm__("" : : "v"(x))
#else
#define STILL_NEEDED(x) (void)0
#endif

/* Used several times, it is loaded once: gcc would read it from memory in each product. */
#if defined(__x86_64__)
#define LOADED(x) __asm__("" : "+v"(x))
#else
#define LOADED(x) (void)0
#endif

typedef real vector
    __attribute__((vector_size(CAIRN_TILE_BYTES), aligned(sizeof(real)), may_alias));

/* sum + a * b of pairs of bfloat16; a pair in each lane. */
#if CAIRN_TILE_PAIRS
#define ADD_PAIRS(sum, a, b) (vector) _mm512_dpbf16_ps((__m512)(sum), (__m512bh)(a), (__m512bh)(b))
#define IN_EACH_LANE(x)      (vector) _mm512_set1_ps(x)
#else
#define ADD_PAIRS(sum, a, b) ((void)(a), (sum))
#define IN_EACH_LANE(x)      (x)
#endif

/* Of two vectors laid end to end, the first halves in turn, and the second halves. */
#if CAIRN_TILE_BYTES / (CAIRN_R_BITS / 8) == 16
#define CAIRN_FIRST  0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define CAIRN_SECOND 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#elif CAIRN_TILE_BYTES / (CAIRN_R_BITS / 8) == 8
#define CAIRN_FIRST  0, 8, 1, 9, 2, 10, 3, 11
#define CAIRN_SECOND 4, 12, 5, 13, 6, 14, 7, 15
#elif CAIRN_TILE_BYTES / (CAIRN_R_BITS / 8) == 4
#define CAIRN_FIRST  0, 4, 1, 5
#define CAIRN_SECOND 2, 6, 3, 7
#else
#define CAIRN_FIRST  0, 2
#define CAIRN_SECOND 1, 3
#endif
#if defined(__clang__) || __GNUC__ >= 12
#define SHUFFLED(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#if CAIRN_R_BITS == 64
typedef long long lanes __attribute__((vector_size(CAIRN_TILE_BYTES)));
#else
typedef int lanes __attribute__((vector_size(CAIRN_TILE_BYTES)));
#endif
#define SHUFFLED(a, b, ...) __builtin_shuffle(a, b, (lanes){__VA_ARGS__})
#endif
#define FIRST_HALVES(a, b)  SHUFFLED(a, b, CAIRN_FIRST)
#define SECOND_HALVES(a, b) SHUFFLED(a, b, CAIRN_SECOND)

#endif
