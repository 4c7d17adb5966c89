/* SPDX-License-Identifier: BSD-3-Clause
 * What messages between the ranks cost, and how far their clocks are apart; measured before a run
 * or by hand, never during an update. */
#ifndef CAIRN_COMM_PROBE_H
#define CAIRN_COMM_PROBE_H

#include <stddef.h>
#include <stdint.h>

#include "cairn/comm.h"

/** What a sum over all ranks took. */
struct cairn_probe_time {
    double n_bytes, seconds;
};

/** What a message costs: alpha + beta x bytes. */
struct cairn_alpha_beta {
    double latency_s;  /* alpha */
    double s_per_byte; /* beta */
    double error;      /* root of the mean squared relative difference from what was measured */
};

/** How an allreduce may go about it; each gives other messages for the same bytes. */
enum cairn_probe_way {
    CAIRN_PROBE_RING,     /* 2 (P - 1) messages of n / P bytes */
    CAIRN_PROBE_DOUBLING, /* log2(P) messages of n bytes */
};

/**
 * Time an MPI_Allreduce of floats.
 *
 * n_bytes  of each rank, a multiple of 4
 * repeats  how often; the quickest counts, as it was least disturbed
 *
 * Ranks   collective
 * Errors  the agreed one; memory
 */
CAIRN_CHECKED cairn_status cairn_probe_sum(cairn_comm *comm, cairn_status st, size_t n_bytes,
                                           int repeats, double *seconds);

/**
 * Time the same sum round the ring that sums between nodes go (comm/ring.h); by MPI on one node.
 *
 * Ranks   collective
 * Errors  the agreed one; memory
 */
CAIRN_CHECKED cairn_status cairn_probe_ring(cairn_comm *comm, cairn_status st, size_t n_bytes,
                                            int repeats, double *seconds);

/**
 * Time the same sum as the ranks of a node make it where they share memory (comm.sum: node),
 * without what nodes then send to each other.  0 seconds: some node has a single rank, or no room
 * for it.
 *
 * Ranks   collective
 * Errors  the agreed one; memory
 */
CAIRN_CHECKED cairn_status cairn_probe_team(cairn_comm *comm, cairn_status st, size_t n_bytes,
                                            int repeats, double *seconds);

/**
 * Time messages to and fro at once, the quickest of `repeats`, between pairs of ranks, all pairs at
 * the same time.
 *
 * peer     of this rank, whose peer this one is; -1: it has none, and its time is 0
 *
 * Ranks    collective
 * Errors   the agreed one; memory
 */
CAIRN_CHECKED cairn_status cairn_probe_pair(cairn_comm *comm, cairn_status st, int peer,
                                            size_t n_bytes, int repeats, double *seconds);

/** The time that this way takes for n bytes on n_ranks ranks.  Ranks: local.  Errors: none. */
double cairn_probe_predict(const struct cairn_alpha_beta *cost, enum cairn_probe_way way,
                           int n_ranks, double n_bytes);

/**
 * Alpha and beta of this way from n measured sums on n_ranks ranks: least squares of the relative
 * differences, so that small messages count like large ones; neither is below 0.  All zero on one
 * rank and for fewer than two sizes.
 *
 * Ranks   local
 * Errors  none
 * Source  Thakur, Rabenseifner and Gropp 2005 (the costs of both ways)
 */
struct cairn_alpha_beta cairn_probe_fit(enum cairn_probe_way way, int n_ranks,
                                        const struct cairn_probe_time *measured, size_t n);

enum { CAIRN_MOST_SIZES = 16 };

/** What a sum between nodes takes: as sums of an update go round (comm/ring.h), and by MPI. */
struct cairn_probe_ways {
    double n_bytes, ring_s, mpi_s;
};

/**
 * Time both for a few messages, once for a world: from then on its sums go the quicker way.  All
 * zero on one node.
 *
 * Ranks   collective
 * Errors  the agreed one; memory
 */
CAIRN_CHECKED cairn_status cairn_probe_ways(cairn_comm *comm, cairn_status st,
                                            struct cairn_probe_ways *out);

/** The same where the ranks of each node are a team (comm/team.h), whose parts are summed side by
 * side: for the slowest of them.  Ranks, errors: as above, alike on all. */
CAIRN_CHECKED cairn_status cairn_probe_rails(cairn_comm *comm, cairn_status st,
                                             struct cairn_probe_ways *out);

/** What messages cost. */
struct cairn_network {
    struct cairn_probe_time time[CAIRN_MOST_SIZES]; /* [n], rising sizes */
    size_t n;
    struct cairn_alpha_beta ring, doubling;
    struct cairn_probe_ways ways;
};

/**
 * Time sums of rising sizes, up to n_bytes or where they take long, and fit both ways to them.
 * Empty on one rank.
 *
 * Ranks   collective
 * Errors  the agreed one; memory
 */
CAIRN_CHECKED cairn_status cairn_probe_network(cairn_comm *comm, cairn_status st, uint64_t n_bytes,
                                               struct cairn_network *out);

/**
 * How far the wall clocks of some ranks are ahead of rank 0's, by messages to and fro.
 *
 * asked   [size] on rank 0: whether the rank is asked; rank 0 itself never is
 * ahead_s [size] on rank 0: set where asked, exact to half of ...
 * round_s [size] on rank 0: ... the quickest message to and fro
 *
 * Ranks   collective; takes a few messages for each that is asked
 * Errors  the agreed one; memory
 */
CAIRN_CHECKED cairn_status cairn_probe_clocks(cairn_comm *comm, cairn_status st,
                                              const unsigned char *asked, double *ahead_s,
                                              double *round_s);

/** What the program's MPI calls itself: whether it is Open MPI, and its major version; 0 where it
 * is another.  Ranks: local.  Errors: none. */
int cairn_probe_openmpi(void);

#endif
