/* SPDX-License-Identifier: BSD-3-Clause
 * What a sum over the ranks of a node costs: MPI_Allreduce in place, the ranks of a team adding up
 * their parts where they lie, and the same into the block of each rank.  In turn,
 * medians of microseconds and of the paired ratios.  Not a test:
 *
 *   mpirun -n 2 build/release/tests/bench_sum [ROUNDS]
 */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "cairn/cairn.h"
#include "comm/addends.h"
#include "comm/team.h"
#include "comm/world.h"

enum { MOST_ROUNDS = 1000, BLOCK = 2048, N_WAYS = 3 };

struct bench {
    cairn_comm *comm;
    struct cairn_team *team;
    struct cairn_addends addends;
    real *mine, *out, *copy; /* [n]; out: the first rank's block */
    size_t n;
};

static void by_mpi(const struct bench *b)
{
    MPI_Allreduce(MPI_IN_PLACE, b->copy, (int)b->n, CAIRN_R_BITS == 64 ? MPI_DOUBLE : MPI_FLOAT,
                  MPI_SUM, b->comm->mpi);
}

/* This rank's part of the sum, block by block; each then into the blocks of the first n ranks. */
static void sum_part(const struct bench *b, size_t n_ranks)
{
    const struct cairn_part part = cairn_team_part(b->team);
    const size_t end = cairn_part_end(part, b->n);
    cairn_team_wait(b->team); /* all have added up */
    for (size_t i = cairn_part_begin(part, b->n); i < end; i += BLOCK) {
        const size_t n = end - i < BLOCK ? end - i : BLOCK;
        cairn_addends_sum(&b->addends, CAIRN_WIRE_REAL, i, n, b->out + i);
        for (size_t rank = 1; rank < n_ranks; rank++)
            memcpy(b->out + rank * b->n + i, b->out + i, n * sizeof *b->out);
    }
    cairn_team_wait(b->team);
}

static void by_team(const struct bench *b)
{
    sum_part(b, 1);
}

static void by_team_to_all(const struct bench *b)
{
    sum_part(b, b->addends.n);
}

static double time_of(const struct bench *b, void (*way)(const struct bench *b))
{
    for (size_t i = 0; i < b->n; i++) b->mine[i] = b->copy[i] = 1;
    MPI_Barrier(b->comm->mpi);
    const double begin_s = cairn_clock_s();
    way(b);
    double s = cairn_clock_s() - begin_s;
    MPI_Allreduce(MPI_IN_PLACE, &s, 1, MPI_DOUBLE, MPI_MAX, b->comm->mpi);
    const real *sum = way == by_team_to_all ? b->mine : b->out;
    if (sum[b->n / 2] != (real)cairn_comm_size(b->comm) && way != by_mpi) exit(1);
    return s;
}

static int by_size(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static double median(double *x, size_t n)
{
    qsort(x, n, sizeof *x, by_size);
    return x[n / 2];
}

static void run(const struct bench *b, size_t rounds)
{
    static void (*const ways[N_WAYS])(const struct bench *b) = {by_mpi, by_team, by_team_to_all};
    static double s[N_WAYS][MOST_ROUNDS], ratio[N_WAYS][MOST_ROUNDS];
    for (size_t r = 0; r < rounds; r++)
        for (int way = 0; way < N_WAYS; way++) {
            s[way][r] = time_of(b, ways[way]);
            ratio[way][r] = s[0][r] / s[way][r];
        }
    if (cairn_comm_rank(b->comm) != 0) return;
    printf("%3zu MiB  MPI_Allreduce %7.0f us  team, in place %7.0f us, %4.1f times faster  team, "
           "to all %7.0f us, %4.1f times faster\n",
           b->n * sizeof(real) >> 20, 1e6 * median(s[0], rounds), 1e6 * median(s[1], rounds),
           median(ratio[1], rounds), 1e6 * median(s[2], rounds), median(ratio[2], rounds));
}

static cairn_status bench(cairn_comm *comm, size_t n_bytes, size_t rounds)
{
    struct bench b = {.comm = comm, .n = n_bytes / sizeof(real)};
    const size_t n_ranks = (size_t)cairn_comm_size(comm);
    cairn_status st = cairn_team_create(comm, CAIRN_OK, n_ranks * n_bytes, true, &b.team);
    if (st == CAIRN_OK)
        st = cairn_team_take(b.team, n_ranks, n_bytes, "the sums", &b.addends.memory);
    if (st == CAIRN_OK) st = cairn_memory_get(b.n, sizeof *b.copy, "a copy", &b.copy);
    if (st != CAIRN_OK) return st;
    b.addends.n = n_ranks;
    b.addends.stride = n_bytes;
    b.out = (real *)(void *)b.addends.memory;
    b.mine = b.out + cairn_team_place(b.team).index * b.n;
    run(&b, rounds);
    free(b.copy);
    cairn_team_free(b.team);
    return CAIRN_OK;
}

int main(int argc, char **argv)
{
    static const size_t mib[] = {2, 16, 64};
    const size_t asked = argc > 1 ? (size_t)strtoul(argv[1], NULL, 10) : 30;
    const size_t rounds = asked < 1 || asked > MOST_ROUNDS ? 30 : asked;
    cairn_comm *comm = NULL;
    cairn_status st = cairn_comm_open(&comm);
    for (size_t i = 0; i < sizeof mib / sizeof mib[0] && st == CAIRN_OK; i++)
        st = bench(comm, mib[i] << 20, rounds);
    if (st != CAIRN_OK) fprintf(stderr, "bench_sum: %s\n", cairn_error_text());
    cairn_comm_close(comm);
    return (int)st;
}
