/* SPDX-License-Identifier: BSD-3-Clause
 * Small exchanges between ranks, outside the update.  Every function is collective, takes the
 * caller's status and returns the agreed one; outputs are set only where that is CAIRN_OK. */
#ifndef CAIRN_COMM_EXCHANGE_H
#define CAIRN_COMM_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cairn/comm.h"
#include "tensor/exact_sum.h"

/** Like cairn_comm_agree(), after something that the root, rank 0, did for all: the text does not
 * name the rank.  Errors: the agreed one. */
CAIRN_CHECKED cairn_status cairn_comm_agree_root(cairn_comm *comm, cairn_status st);

/** Rank 0's bytes on all ranks: data [n_bytes], of the same size everywhere.  Errors: the agreed
 * one. */
CAIRN_CHECKED cairn_status cairn_comm_broadcast(cairn_comm *comm, cairn_status st, void *data,
                                                size_t n_bytes);

/** Rank 0's block on all ranks, whatever its size: *data is taken from rank 0 (owned by it) and
 * allocated on the others; each releases its own with free().  Errors: the agreed one, memory. */
CAIRN_CHECKED cairn_status cairn_comm_broadcast_block(cairn_comm *comm, cairn_status st,
                                                      char **data, size_t *n_bytes);

/** Largest of each of the n values over the ranks.  Errors: the agreed one. */
CAIRN_CHECKED cairn_status cairn_comm_max(cairn_comm *comm, cairn_status st, double *value,
                                          size_t n);

/** Sum of exact sums over the ranks: the same bits for every number of ranks.  Errors: the agreed
 * one. */
CAIRN_CHECKED cairn_status cairn_comm_sum_exact(cairn_comm *comm, cairn_status st,
                                                struct cairn_exact_sum *sum, size_t n);

/** Sum of each of the n values over the ranks, modulo 2^64, in one exchange: where all ranks are
 * known to be well.  Errors: CAIRN_LOST. */
CAIRN_CHECKED cairn_status cairn_comm_sum_counts(cairn_comm *comm, uint64_t *value, size_t n);

/** Whether a number is the same on all ranks; *odd is the lowest rank that differs from what most
 * ranks have (-1: none). */
CAIRN_CHECKED cairn_status cairn_comm_all_equal(cairn_comm *comm, cairn_status st, uint64_t value,
                                                int *odd);

/** Fixed-size texts of all ranks, one after the other, on rank 0: all [size * n_bytes].
 * Errors: the agreed one; CAIRN_USAGE: more than MPI can count. */
CAIRN_CHECKED cairn_status cairn_comm_gather(cairn_comm *comm, cairn_status st, const void *mine,
                                             size_t n_bytes, void *all);

/** The same on every rank.  Errors: the agreed one; CAIRN_USAGE: more than MPI can count. */
CAIRN_CHECKED cairn_status cairn_comm_gather_all(cairn_comm *comm, cairn_status st,
                                                 const void *mine, size_t n_bytes, void *all);

/** The ranks that share memory with this one: those of its node, in their order. */
struct cairn_comm_node {
    int first; /* the lowest */
    int n_ranks;
    int place;   /* of this rank among them */
    int fewest;  /* ranks of the node that has the fewest */
    int n_nodes; /* of all ranks */
};

/** Which these are.  Ranks: local; NULL is one rank.  Errors: none. */
struct cairn_comm_node cairn_comm_node(const cairn_comm *comm);

/** Fixed-size texts of the lowest rank of each node, in the order of these ranks, on rank 0: all
 * [n_nodes * n_bytes].  Errors: the agreed one; CAIRN_USAGE: more than MPI can count. */
CAIRN_CHECKED cairn_status cairn_comm_gather_nodes(cairn_comm *comm, cairn_status st,
                                                   const void *mine, size_t n_bytes, void *all);

/** The first n_ranks of the world as a world of their own; *out is NULL on the others.  Close with
 * cairn_comm_close(). */
CAIRN_CHECKED cairn_status cairn_comm_subset(cairn_comm *comm, cairn_status st, int n_ranks,
                                             cairn_comm **out);

enum { CAIRN_COMM_NO_GROUP = -1 };

/** The ranks of each group (0 or more) as a world of their own, in the order of their places, equal
 * ones by rank; *out is NULL on those of CAIRN_COMM_NO_GROUP.  Close with cairn_comm_close(). */
CAIRN_CHECKED cairn_status cairn_comm_arrange(cairn_comm *comm, cairn_status st, int group,
                                              int place, cairn_comm **out);

/** Cut the world into n_groups of neighbours, as equal as can be; *out is this rank's, *group its
 * number.  Close with cairn_comm_close(). */
CAIRN_CHECKED cairn_status cairn_comm_split(cairn_comm *comm, cairn_status st, int n_groups,
                                            int *group, cairn_comm **out);

/** Agree like cairn_comm_agree(), after a wait that may be long: ranks that arrive early sleep,
 * where a barrier of MPI would keep their processors busy. */
CAIRN_CHECKED cairn_status cairn_comm_idle_barrier(cairn_comm *comm, cairn_status st);

/** Name and version of the MPI library, one line, into text.  Ranks: local.  Errors: none. */
void cairn_comm_library(char *text, size_t n_bytes);

#endif
