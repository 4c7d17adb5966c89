/* SPDX-License-Identifier: BSD-3-Clause
 * Two loops that keep a processor, and then its memory, as busy as can be.  Source: Williams,
 * Waterman and Patterson 2009 (the roofline); the second is McCalpin's triad with two arrays. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O3", "fp-contract=fast") /* multiply and add are to be one instruction */
#endif
#include "tensor/peak.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/thread.h"
#include "tensor/real.h"

enum { MOST_THREADS = 1024, ROUNDS = 12, PASSES = 8, TURNS = 2000000 };

/* Sums that do not wait for each other, each a register: more than any processor has in flight,
 * fewer than it has registers. */
#define EACH(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11)
enum { N_SUMS = 12 };

#define BEGIN(i) v##i = (vector){0} + (real)i * start,
#define TURN(i)  v##i = v##i * factor + start;
#define TOTAL(i) +v##i[0]

/* A loop of TURNS times N_SUMS multiply-adds of vectors of so many bytes. */
#define LOOP(name, bytes)                                                                          \
    static real name(real start)                                                                   \
    {                                                                                              \
        typedef real vector __attribute__((vector_size(bytes)));                                   \
        const vector factor = (vector){0} + start / 2;                                             \
        vector EACH(BEGIN) rest = factor;                                                          \
        for (size_t turn = 0; turn < TURNS; turn++) {                                              \
            EACH(TURN)                                                                             \
        }                                                                                          \
        return rest[0] EACH(TOTAL);                                                                \
    }

/* The widest that this processor has, whatever the program was built for. */
LOOP(multiply_add_16, 16)
#if defined(__x86_64__) && defined(__GNUC__)
__attribute__((target("avx2,fma"))) LOOP(multiply_add_32, 32) __attribute__((target("avx512f")))
LOOP(multiply_add_64, 64)

    static double multiply_adds_s(size_t *bytes, real start, real *sum)
{
    const bool has_64 = __builtin_cpu_supports("avx512f");
    const bool has_32 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    *bytes = has_64 ? 64 : has_32 ? 32 : 16;
    const double begin_s = cairn_clock_s();
    *sum += has_64   ? multiply_add_64(start)
            : has_32 ? multiply_add_32(start)
                     : multiply_add_16(start);
    return cairn_clock_s() - begin_s;
}
#else
static double multiply_adds_s(size_t *bytes, real start, real *sum)
{
    *bytes = 16;
    const double begin_s = cairn_clock_s();
    *sum += multiply_add_16(start);
    return cairn_clock_s() - begin_s;
}
#endif

/* One thread's part; its best round counts. */
struct part {
    pthread_t thread;
    bool runs;
    struct cairn_peak peak;
};

static void measure_flops(struct cairn_peak *peak)
{
    volatile real one = 1; /* or the compiler would know all sums */
    real sum = 0;
    for (int round = 0; round < ROUNDS; round++) {
        size_t bytes = 0;
        const double s = multiply_adds_s(&bytes, one, &sum);
        const double flops = 2.0 * N_SUMS * TURNS * (double)(bytes / sizeof(real));
        if (s > 0 && flops / s > peak->flops_per_s) peak->flops_per_s = flops / s;
    }
    one = sum;
}

static void measure_bytes(struct cairn_peak *peak)
{
    const size_t n = CAIRN_PEAK_BYTES / 2 / sizeof(real);
    real *restrict x = calloc(n, sizeof *x);
    real *restrict y = calloc(n, sizeof *y);
    for (int pass = 0; pass < PASSES && x != NULL && y != NULL; pass++) {
        const double begin_s = cairn_clock_s();
        const real factor = (real)begin_s;
        if (pass == 0) /* takes the pages */
            for (size_t i = 0; i < n; i++) x[i] = y[i] = factor;
        else
            for (size_t i = 0; i < n; i++) y[i] += factor * x[i];
        const double s = cairn_clock_s() - begin_s;
        const double rate = 3.0 * (double)(n * sizeof(real)) / s;
        if (pass > 0 && s > 0 && rate > peak->bytes_per_s) peak->bytes_per_s = rate;
    }
    free(x);
    free(y);
}

static void *measure(void *context)
{
    struct part *part = context;
    measure_flops(&part->peak);
    measure_bytes(&part->peak);
    return NULL;
}

struct cairn_peak cairn_peak_measure(size_t n_threads)
{
    struct cairn_peak all = {0};
    const size_t n = n_threads < 1 ? 1 : n_threads < MOST_THREADS ? n_threads : MOST_THREADS;
    struct part *part = calloc(n, sizeof *part);
    if (part == NULL) return all;
    for (size_t i = 1; i < n; i++)
        part[i].runs = cairn_thread_start(&part[i].thread, measure, &part[i]) == 0;
    measure(&part[0]);
    for (size_t i = 0; i < n; i++) {
        if (part[i].runs) pthread_join(part[i].thread, NULL);
        all.flops_per_s += part[i].peak.flops_per_s;
        all.bytes_per_s += part[i].peak.bytes_per_s;
    }
    free(part);
    return all;
}
