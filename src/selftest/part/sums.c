/* SPDX-License-Identifier: BSD-3-Clause
 * Sums over all ranks, beside what the link between neighbours gives when it carries messages both
 * ways: a ring sends 2 (P - 1) / P of what is summed over each link, and nothing can send less.
 * P counts nodes, or on one node its ranks. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/sort.h"
#include "comm/probe.h"
#include "comm/watchdog.h"
#include "selftest/links.h"
#include "selftest/part.h"

enum { MESSAGE_BYTES = 1 << 22, QUICK_BYTES = 1 << 20, REPEATS = 8, ROUNDS = 3 };

/* A link is slow that has less than this part of what the better ones have, ... */
#define SLOW_LINK       0.3
#define QUICK_SLOW_LINK 0.05
/* ... or of what the fabric should give. */
#define WRONG_LINK       0.15
#define QUICK_WRONG_LINK 0.02

/* ---- links */

/* Where this rank stands among the ends of links: the first ranks of nodes, or on one node all. */
struct ends {
    int *rank;   /* [n], owned */
    int n, mine; /* mine: of this rank; -1: it is none */
};

static cairn_status find_ends(const struct cairn_selftest *test, struct ends *ends)
{
    int *first = NULL;
    const int own = test->node.n_nodes > 1 ? test->node.first : test->rank;
    const size_t n = (size_t)test->n_ranks;
    *ends = (struct ends){.mine = -1};
    cairn_status st = cairn_memory_get(n, sizeof *first, "ends of links", &first);
    if (st == CAIRN_OK) st = cairn_memory_get(n, sizeof *ends->rank, "ends of links", &ends->rank);
    st = cairn_comm_gather_all(test->comm, st, &own, sizeof own, first);
    for (int r = 0; r < test->n_ranks && st == CAIRN_OK; r++) {
        if (first[r] != r) continue;
        if (r == test->rank) ends->mine = ends->n;
        ends->rank[ends->n++] = r;
    }
    free(first);
    return st;
}

/* Who is timed with this rank: 0-1, 2-3, ...; then 1-2, 3-4, ...; then the last with the first. */
static int peer_in(const struct ends *ends, int round)
{
    const int i = ends->mine;
    if (i < 0) return -1;
    if (round == 2 && ends->n < 3) return -1;
    if (round == 2) return i == 0 ? ends->rank[ends->n - 1] : i == ends->n - 1 ? ends->rank[0] : -1;
    const int other = (i + round) % 2 == 0 ? i + 1 : i - 1;
    return other < 0 || other >= ends->n ? -1 : ends->rank[other];
}

/* A link as its lower end saw it. */
struct timed_link {
    int32_t a, b;
    double rate; /* bytes a second in each direction; 0: there is none */
};

/* Rates, of each rank those that it is the lower end of.  Collective; `all` on rank 0. */
static cairn_status time_links(const struct cairn_selftest *test, const struct ends *ends,
                               struct timed_link *all)
{
    struct timed_link mine[ROUNDS] = {{.rate = 0}};
    const size_t n_bytes = test->wishes->quick ? QUICK_BYTES : MESSAGE_BYTES;
    for (int round = 0; round < ROUNDS; round++) {
        const int peer = peer_in(ends, round);
        double seconds = 0;
        cairn_watchdog_phase(test->comm, CAIRN_PHASE_READY);
        CAIRN_TRY(cairn_probe_pair(test->comm, CAIRN_OK, peer, n_bytes, REPEATS, &seconds));
        if (peer > test->rank)
            mine[round] = (struct timed_link){test->rank, peer, (double)n_bytes / seconds};
    }
    return cairn_comm_gather(test->comm, CAIRN_OK, mine, sizeof mine, all);
}

/* The slowest of n; *good: what the better ones have. */
static struct timed_link slowest(const struct timed_link *all, size_t n, double *rate, double *good)
{
    struct timed_link found = {.rate = 0};
    size_t n_links = 0;
    for (size_t i = 0; i < n; i++) {
        if (all[i].rate <= 0) continue;
        if (n_links == 0 || all[i].rate < found.rate) found = all[i];
        rate[n_links++] = all[i].rate;
    }
    cairn_sort_numbers(rate, n_links);
    *good = n_links == 0 ? 0 : rate[n_links * 3 / 4];
    return found;
}

static const char *setting(const char *variable)
{
    const char *text = getenv(variable);
    return text == NULL ? "not set" : text;
}

/* Rank 0.  How fast the fabric should be: as said, or the fastest interface. */
static void judge_link(const struct cairn_selftest *test, const struct timed_link *worst,
                       double good, struct cairn_selftest_result *out)
{
    const bool quick = test->wishes->quick || test->crowded;
    struct cairn_interface stated = {.bytes_per_s = 0};
    struct cairn_link said;
    if (test->node.n_nodes > 1) cairn_interface_fastest("", &stated);
    if (test->wishes->link_text != NULL &&
        cairn_link_read(test->wishes->link_text, &said) == CAIRN_OK && said.cost.s_per_byte > 0) {
        snprintf(stated.name, sizeof stated.name, "--link");
        stated.bytes_per_s = 1 / said.cost.s_per_byte;
    }
    cairn_selftest_figure(out, worst->rate, "link_bytes_per_s");
    cairn_selftest_figure(out, stated.bytes_per_s, "stated_bytes_per_s");
    cairn_selftest_line(
        out, "link     %.4g MB/s each way at the slowest, %.4g at the better ones%s%s",
        1e-6 * worst->rate, 1e-6 * good, stated.bytes_per_s > 0 ? "; stated by " : "", stated.name);
    const char *a = test->host[worst->a].name, *b = test->host[worst->b].name;
    if (worst->rate < (quick ? QUICK_SLOW_LINK : SLOW_LINK) * good)
        cairn_selftest_fail(out, CAIRN_USAGE,
                            "slow link: rank %d (%s) to rank %d (%s): %.4g MB/s, where other links "
                            "have %.4g; look at cable, switch and interface there",
                            worst->a, a, worst->b, b, 1e-6 * worst->rate, 1e-6 * good);
    if (worst->rate < (quick ? QUICK_WRONG_LINK : WRONG_LINK) * stated.bytes_per_s)
        cairn_selftest_fail(
            out, CAIRN_USAGE,
            "slow link: rank %d (%s) to rank %d (%s): %.4g MB/s, %.2g %% of the %.4g of %s; is MPI "
            "on it?  OMPI_MCA_btl_tcp_if_include (%s), UCX_NET_DEVICES (%s)",
            worst->a, a, worst->b, b, 1e-6 * worst->rate, 100 * worst->rate / stated.bytes_per_s,
            1e-6 * stated.bytes_per_s, stated.name, setting("OMPI_MCA_btl_tcp_if_include"),
            setting("UCX_NET_DEVICES"));
}

/* ---- sums */

struct times {
    double mpi_s, ring_s, team_s;
};

/* Rank 0.  What Cairn takes is the quicker of what goes over links. */
static void judge_sum(const struct cairn_selftest *test, size_t n_bytes, double rate, int n_ends,
                      const struct times *t, struct cairn_selftest_result *out)
{
    const int mib = (int)(n_bytes >> 20);
    const double least_s = 2.0 * (n_ends - 1) / n_ends * (double)n_bytes / rate;
    const double best_s = t->ring_s > 0 && t->ring_s < t->mpi_s ? t->ring_s : t->mpi_s;
    const double taken_s = test->node.n_nodes == 1 && t->team_s > 0 ? t->team_s : best_s;
    const double efficiency = least_s / taken_s;
    char ring[48] = "", team[48] = "";
    if (t->ring_s > 0) snprintf(ring, sizeof ring, ", ring %.4g ms", 1e3 * t->ring_s);
    if (t->team_s > 0) snprintf(team, sizeof team, ", in a node %.4g ms", 1e3 * t->team_s);
    cairn_selftest_line(
        out, "%3d MiB  MPI_Allreduce %.4g ms%s%s; by the link %.4g ms at the least: %.2f", mib,
        1e3 * t->mpi_s, ring, team, 1e3 * least_s, efficiency);
    cairn_selftest_figure(out, t->mpi_s, "allreduce_%d_mib_s", mib);
    cairn_selftest_figure(out, t->ring_s, "ring_%d_mib_s", mib);
    cairn_selftest_figure(out, t->team_s, "node_%d_mib_s", mib);
    cairn_selftest_figure(out, efficiency, "sum_efficiency_%d_mib", mib);
    if (efficiency < test->least_sum)
        cairn_selftest_fail(out, CAIRN_USAGE,
                            "a sum of %d MiB takes %.4g ms, where the link could do it in %.4g: "
                            "%.2f is below %.2f; OMPI_MCA_coll_tuned_use_dynamic_rules, UCX_TLS",
                            mib, 1e3 * taken_s, 1e3 * least_s, efficiency, test->least_sum);
}

/* Collective. */
static cairn_status time_sums(const struct cairn_selftest *test, double rate, int n_ends,
                              struct cairn_selftest_result *out)
{
    const size_t sizes = test->wishes->quick ? 1 : 2;
    const int repeats = test->wishes->quick ? 2 : REPEATS;
    for (size_t i = 0; i < sizes; i++) {
        const size_t n_bytes = (size_t)1 << (20 + 4 * i);
        struct times t = {0};
        cairn_watchdog_phase(test->comm, CAIRN_PHASE_READY);
        CAIRN_TRY(cairn_probe_sum(test->comm, CAIRN_OK, n_bytes, repeats, &t.mpi_s));
        if (test->node.n_nodes > 1)
            CAIRN_TRY(cairn_probe_ring(test->comm, CAIRN_OK, n_bytes, repeats, &t.ring_s));
        CAIRN_TRY(cairn_probe_team(test->comm, CAIRN_OK, n_bytes, repeats, &t.team_s));
        if (test->rank == 0) judge_sum(test, n_bytes, rate, n_ends, &t, out);
    }
    return CAIRN_OK;
}

/* For the time model, and in the words of cairn plan.  Collective. */
static cairn_status fit_link(struct cairn_selftest *test, struct cairn_selftest_result *out)
{
    struct cairn_network network;
    char text[CAIRN_LINK_BYTES];
    cairn_watchdog_phase(test->comm, CAIRN_PHASE_READY);
    CAIRN_TRY(cairn_probe_network(test->comm, CAIRN_OK, 1 << 22, &network));
    test->link = cairn_link_of(&network);
    test->link_known = true;
    cairn_link_text(&test->link, text);
    if (text[0] != '\0') cairn_selftest_line(out, "for cairn plan: --link=%s", text);
    return CAIRN_OK;
}

static cairn_status run(struct cairn_selftest *test, struct cairn_selftest_result *out)
{
    struct ends ends = {.rank = NULL};
    struct timed_link *all = NULL, worst = {.rate = 0};
    double *rate = NULL, good = 0;
    const size_t n = (size_t)test->n_ranks * ROUNDS;
    cairn_selftest_skip(out, "one rank: nothing is sent");
    if (test->n_ranks == 1) return CAIRN_OK;
    cairn_status st = find_ends(test, &ends);
    if (st == CAIRN_OK) st = cairn_memory_get(n, sizeof *all, "links", &all);
    if (st == CAIRN_OK) st = cairn_memory_get(n, sizeof *rate, "rates", &rate);
    st = cairn_comm_agree(test->comm, st);
    if (st == CAIRN_OK) st = time_links(test, &ends, all);
    if (st == CAIRN_OK && test->rank == 0) worst = slowest(all, n, rate, &good);
    if (st == CAIRN_OK && test->rank == 0) judge_link(test, &worst, good, out);
    if (st == CAIRN_OK) st = time_sums(test, worst.rate, ends.n, out);
    if (st == CAIRN_OK) st = fit_link(test, out);
    cairn_selftest_pass(out, "no link is slow; sums %s",
                        test->least_sum > 0 ? "come near to what it gives" : "are not judged");
    free(rate);
    free(all);
    free(ends.rank);
    return st;
}

const struct cairn_selftest_part cairn_selftest_sums = {
    .name = "sums",
    .doc = "links are alike and as fast as stated, and sums come near to what they give",
    .run = run,
};
