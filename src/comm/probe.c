/* SPDX-License-Identifier: BSD-3-Clause
 * Messages timed, and clocks compared.  Not for the update: sum.c. */
#include "comm/probe.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "comm/exchange.h"
#include "comm/ring.h"
#include "comm/wire.h"
#include "comm/world.h"
#include "tensor/real.h"

enum { PINGS = 8, TAG = 71 };
enum { SMALLEST = 8, STEP = 8, LARGEST = 1 << 24, MOST_REPEATS = 20, FEWEST_REPEATS = 2 };
#define ENOUGH_S 0.25 /* a size that takes longer is the last */
#define TIMED_S  0.1  /* a size is repeated for about so long */

static void sum_once(const struct cairn_wire *wire, size_t n)
{
    if (wire->ring == NULL) {
        cairn_wire_sum(wire, 0, n);
        return;
    }
    cairn_wire_start(wire, 0, n);
    cairn_wire_finish(wire);
}

static cairn_status time_sum(cairn_comm *comm, cairn_status st, size_t n_bytes, int repeats,
                             bool round, double *seconds)
{
    struct cairn_wire wire = {.data = NULL};
    const size_t n = n_bytes / sizeof(real);
    double best_s = INFINITY;
    if (st == CAIRN_OK) st = cairn_wire_create(comm, CAIRN_WIRE_REAL, n, "a timed sum", &wire);
    const struct cairn_ring_load load = cairn_wire_reals(wire.data);
    if (st == CAIRN_OK && round) st = cairn_wire_reserve(&wire, comm, &load, 1);
    st = cairn_comm_agree(comm, st);
    for (int i = 0; i <= repeats && st == CAIRN_OK; i++) {
        cairn_comm_check(comm, MPI_Barrier(comm->mpi), "MPI_Barrier");
        double begin_s = cairn_clock_s();
        sum_once(&wire, n);
        double spent_s = cairn_clock_s() - begin_s;
        if (i > 0 && spent_s < best_s) best_s = spent_s; /* the first one warms up */
    }
    cairn_wire_free(&wire);
    if (st != CAIRN_OK) return st;
    CAIRN_TRY(cairn_comm_max(comm, CAIRN_OK, &best_s, 1));
    *seconds = best_s;
    return CAIRN_OK;
}

cairn_status cairn_probe_sum(cairn_comm *comm, cairn_status st, size_t n_bytes, int repeats,
                             double *seconds)
{
    return time_sum(comm, st, n_bytes, repeats, false, seconds);
}

cairn_status cairn_probe_ring(cairn_comm *comm, cairn_status st, size_t n_bytes, int repeats,
                              double *seconds)
{
    const bool round = cairn_comm_node(comm).n_nodes > 1;
    return time_sum(comm, st, n_bytes, repeats, round, seconds);
}

static cairn_status time_ways(cairn_comm *comm, cairn_status st, struct cairn_probe_ways *out)
{
    enum { LEAST_BYTES = 1 << 18, RANK_BYTES = 1 << 14, REPEATS = 2 };
    const size_t n = (size_t)comm->size * RANK_BYTES;
    const size_t n_bytes = n > LEAST_BYTES ? n : LEAST_BYTES;
    CAIRN_TRY(time_sum(comm, st, n_bytes, REPEATS, true, &out->ring_s));
    CAIRN_TRY(time_sum(comm, CAIRN_OK, n_bytes, REPEATS, false, &out->mpi_s));
    out->n_bytes = (double)n_bytes;
    return CAIRN_OK;
}

cairn_status cairn_probe_ways(cairn_comm *comm, cairn_status st, struct cairn_probe_ways *out)
{
    *out = (struct cairn_probe_ways){0};
    if (cairn_comm_node(comm).n_nodes < 2) return st;
    if (comm->ways.n_bytes == 0) CAIRN_TRY(time_ways(comm, st, &comm->ways));
    *out = comm->ways;
    return cairn_comm_agree(comm, st);
}

cairn_status cairn_probe_rails(cairn_comm *comm, cairn_status st, struct cairn_probe_ways *out)
{
    struct cairn_probe_ways *ways = &comm->rail_ways;
    *out = (struct cairn_probe_ways){0};
    if (cairn_comm_node(comm).n_nodes < 2) return st;
    if (ways->n_bytes == 0) {
        if (comm->rail != NULL) st = time_ways(comm->rail, st, ways);
        double most[] = {ways->n_bytes, ways->ring_s, ways->mpi_s};
        CAIRN_TRY(cairn_comm_max(comm, st, most, 3));
        *ways = (struct cairn_probe_ways){most[0], most[1], most[2]};
    }
    *out = *ways;
    return cairn_comm_agree(comm, st);
}

/* How often alpha and beta are paid. */
static void factors(enum cairn_probe_way way, int n_ranks, double n_bytes, double factor[2])
{
    double ranks = n_ranks;
    if (way == CAIRN_PROBE_RING) {
        factor[0] = 2 * (ranks - 1);
        factor[1] = 2 * (ranks - 1) / ranks * n_bytes;
    } else {
        factor[0] = ceil(log2(ranks));
        factor[1] = factor[0] * n_bytes;
    }
}

double cairn_probe_predict(const struct cairn_alpha_beta *cost, enum cairn_probe_way way,
                           int n_ranks, double n_bytes)
{
    double factor[2];
    factors(way, n_ranks, n_bytes, factor);
    return factor[0] * cost->latency_s + factor[1] * cost->s_per_byte;
}

/* Least squares of 1 = (alpha a + beta b) / t over all measured. */
static void solve(enum cairn_probe_way way, int n_ranks, const struct cairn_probe_time *measured,
                  size_t n, struct cairn_alpha_beta *out)
{
    double aa = 0, ab = 0, bb = 0, a1 = 0, b1 = 0;
    for (size_t i = 0; i < n; i++) {
        double factor[2];
        factors(way, n_ranks, measured[i].n_bytes, factor);
        double a = factor[0] / measured[i].seconds;
        double b = factor[1] / measured[i].seconds;
        aa += a * a;
        ab += a * b;
        bb += b * b;
        a1 += a;
        b1 += b;
    }
    double determinant = aa * bb - ab * ab;
    out->latency_s = determinant > 0 ? (a1 * bb - b1 * ab) / determinant : 0;
    out->s_per_byte = determinant > 0 ? (b1 * aa - a1 * ab) / determinant : 0;
    if (out->latency_s < 0) *out = (struct cairn_alpha_beta){.s_per_byte = bb > 0 ? b1 / bb : 0};
    if (out->s_per_byte < 0) *out = (struct cairn_alpha_beta){.latency_s = aa > 0 ? a1 / aa : 0};
}

struct cairn_alpha_beta cairn_probe_fit(enum cairn_probe_way way, int n_ranks,
                                        const struct cairn_probe_time *measured, size_t n)
{
    struct cairn_alpha_beta out = {0};
    if (n_ranks < 2 || n < 2) return out;
    solve(way, n_ranks, measured, n, &out);
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        double off =
            cairn_probe_predict(&out, way, n_ranks, measured[i].n_bytes) / measured[i].seconds - 1;
        sum += off * off;
    }
    out.error = sqrt(sum / (double)n);
    return out;
}

static int repeats_for(double last_s)
{
    double n = last_s > 0 ? TIMED_S / last_s : MOST_REPEATS;
    return n > MOST_REPEATS ? MOST_REPEATS : n < FEWEST_REPEATS ? FEWEST_REPEATS : (int)n;
}

cairn_status cairn_probe_network(cairn_comm *comm, cairn_status st, uint64_t n_bytes,
                                 struct cairn_network *out)
{
    uint64_t most = n_bytes > LARGEST ? LARGEST : n_bytes;
    size_t last = most < SMALLEST ? SMALLEST : (size_t)most / sizeof(real) * sizeof(real);
    double seconds = 0; /* the same on all ranks, and so is the end */
    *out = (struct cairn_network){.n = 0};
    if (comm->size < 2) return st;
    for (size_t bytes = SMALLEST; seconds < ENOUGH_S; bytes *= STEP) {
        if (bytes > last) bytes = last;
        CAIRN_TRY(cairn_probe_sum(comm, st, bytes, repeats_for(seconds * STEP), &seconds));
        out->time[out->n++] =
            (struct cairn_probe_time){.n_bytes = (double)bytes, .seconds = seconds};
        if (bytes == last) break;
    }
    out->ring = cairn_probe_fit(CAIRN_PROBE_RING, comm->size, out->time, out->n);
    out->doubling = cairn_probe_fit(CAIRN_PROBE_DOUBLING, comm->size, out->time, out->n);
    return cairn_probe_ways(comm, CAIRN_OK, &out->ways);
}

/* Rank 0 asks one rank for its time; the quickest answer is the most exact. */
static void ask(cairn_comm *comm, int other, double *ahead_s, double *round_s)
{
    *round_s = INFINITY;
    for (int i = 0; i < PINGS; i++) {
        double theirs_s = 0;
        double begin_s = cairn_clock_unix_s();
        cairn_comm_check(comm, MPI_Send(&theirs_s, 1, MPI_DOUBLE, other, TAG, comm->mpi),
                         "MPI_Send");
        cairn_comm_check(
            comm, MPI_Recv(&theirs_s, 1, MPI_DOUBLE, other, TAG, comm->mpi, MPI_STATUS_IGNORE),
            "MPI_Recv");
        double end_s = cairn_clock_unix_s();
        if (end_s - begin_s >= *round_s) continue;
        *round_s = end_s - begin_s;
        *ahead_s = theirs_s - (begin_s + end_s) / 2;
    }
}

static void answer(cairn_comm *comm)
{
    for (int i = 0; i < PINGS; i++) {
        double now_s = 0;
        cairn_comm_check(comm,
                         MPI_Recv(&now_s, 1, MPI_DOUBLE, 0, TAG, comm->mpi, MPI_STATUS_IGNORE),
                         "MPI_Recv");
        now_s = cairn_clock_unix_s();
        cairn_comm_check(comm, MPI_Send(&now_s, 1, MPI_DOUBLE, 0, TAG, comm->mpi), "MPI_Send");
    }
}

cairn_status cairn_probe_clocks(cairn_comm *comm, cairn_status st, const unsigned char *asked,
                                double *ahead_s, double *round_s)
{
    unsigned char *all = NULL;
    size_t size = (size_t)comm->size;
    if (st == CAIRN_OK) st = cairn_memory_get(size, 1, "a list of ranks", &all);
    if (st == CAIRN_OK && comm->rank == 0) memcpy(all, asked, size);
    st = cairn_comm_broadcast(comm, st, all, size);
    for (int r = 1; r < comm->size && st == CAIRN_OK; r++) {
        if (all[r] != 0 && comm->rank == 0) ask(comm, r, &ahead_s[r], &round_s[r]);
        if (all[r] != 0 && comm->rank == r) answer(comm);
    }
    free(all);
    return st;
}

int cairn_probe_openmpi(void)
{
    char version[MPI_MAX_LIBRARY_VERSION_STRING] = "";
    static const char name[] = "Open MPI v";
    int n = 0;
    MPI_Get_library_version(version, &n);
    if (strncmp(version, name, sizeof name - 1) != 0) return 0;
    return (int)strtol(version + sizeof name - 1, NULL, 10);
}
