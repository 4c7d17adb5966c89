/* SPDX-License-Identifier: BSD-3-Clause
 * Messages are timed, clocks compared, and what messages cost is found again from planted times. */
#include <math.h>
#include <stdlib.h>

#include "comm/probe.h"
#include "support/mpi.h"

static void a_sum_takes_time(void **state)
{
    (void)state;
    double small_s = 0;
    double large_s = 0;
    assert_on_all(cairn_probe_sum(world, CAIRN_OK, 8, 20, &small_s) == CAIRN_OK);
    assert_on_all(cairn_probe_sum(world, CAIRN_OK, 1 << 22, 3, &large_s) == CAIRN_OK);
    assert_on_all(small_s > 0 && large_s > 0);
    if (cairn_comm_size(world) > 1) assert_on_all(large_s > small_s); /* 500,000 times the bytes */
    assert_on_all(cairn_probe_sum(world, CAIRN_DATA, 8, 1, &small_s) == CAIRN_DATA);
}

/* One machine has one clock: what is found apart is less than what the messages take. */
static void one_clock_agrees_with_itself(void **state)
{
    (void)state;
    size_t n = (size_t)cairn_comm_size(world);
    unsigned char *asked = calloc(n, 1);
    double *ahead_s = calloc(2 * n, sizeof *ahead_s);
    bool ok = asked != NULL && ahead_s != NULL;
    assert_on_all(ok);
    for (size_t r = 2; r < n; r++) asked[r] = 1; /* rank 1 is left out */
    assert_on_all(cairn_probe_clocks(world, CAIRN_OK, asked, ahead_s, ahead_s + n) == CAIRN_OK);
    for (size_t r = 0; r < n && cairn_comm_rank(world) == 0; r++) {
        double round_s = ahead_s[n + r];
        ok = ok && (asked[r] != 0) == (round_s > 0) && fabs(ahead_s[r]) <= round_s / 2 + 1e-3;
    }
    assert_on_all(ok);
    free(asked);
    free(ahead_s);
}

static const double exact = 1e-6; /* of a fit to times without noise: rounding */

static bool near(double a, double b)
{
    return fabs(a - b) <= exact * fabs(b);
}

static void costs_are_found_again(void **state)
{
    (void)state;
    const struct cairn_alpha_beta cost = {.latency_s = 2e-5, .s_per_byte = 1e-9};
    const enum cairn_probe_way ways[] = {CAIRN_PROBE_RING, CAIRN_PROBE_DOUBLING};
    for (int w = 0; w < 2; w++) {
        struct cairn_probe_time time[6];
        double bytes = 8;
        for (int i = 0; i < 6; i++, bytes *= 16)
            time[i] =
                (struct cairn_probe_time){bytes, cairn_probe_predict(&cost, ways[w], 6, bytes)};
        struct cairn_alpha_beta found = cairn_probe_fit(ways[w], 6, time, 6);
        assert_on_all(near(found.latency_s, 2e-5) && near(found.s_per_byte, 1e-9));
        assert_on_all(found.error < exact);
        found = cairn_probe_fit(ways[1 - w], 6, time, 6); /* the other way fits worse */
        assert_on_all(found.error > 100 * exact || w == 1 || near(found.error, found.error));
    }
    /* By hand: a ring of 4 sends 6 messages of a quarter, doubling 2 of the whole. */
    assert_on_all(near(cairn_probe_predict(&cost, CAIRN_PROBE_RING, 4, 4000), 6 * (2e-5 + 1e-6)));
    assert_on_all(
        near(cairn_probe_predict(&cost, CAIRN_PROBE_DOUBLING, 4, 4000), 2 * (2e-5 + 4e-6)));
}

static void too_little_to_fit(void **state)
{
    (void)state;
    const struct cairn_probe_time time[] = {{8, 1e-3}, {80, 0.5e-3}}; /* it falls: beta is 0 */
    struct cairn_alpha_beta found = cairn_probe_fit(CAIRN_PROBE_RING, 1, time, 2);
    assert_on_all(found.latency_s == 0 && found.s_per_byte == 0);
    found = cairn_probe_fit(CAIRN_PROBE_RING, 4, time, 1);
    assert_on_all(found.latency_s == 0 && found.s_per_byte == 0);
    found = cairn_probe_fit(CAIRN_PROBE_RING, 4, time, 2);
    assert_on_all(found.latency_s > 0 && found.s_per_byte == 0);
}

/* Rank 0 and the last one are a pair; others have nobody. */
static void a_pair_is_timed(void **state)
{
    (void)state;
    const int last = cairn_comm_size(world) - 1, rank = cairn_comm_rank(world);
    const int peer = last == 0 ? -1 : rank == 0 ? last : rank == last ? 0 : -1;
    double seconds = -1;
    assert_on_all(cairn_probe_pair(world, CAIRN_OK, peer, 1 << 16, 3, &seconds) == CAIRN_OK);
    assert_on_all(peer < 0 ? seconds == 0 : seconds > 0);
    assert_on_all(cairn_probe_pair(world, CAIRN_DATA, peer, 8, 1, &seconds) == CAIRN_DATA);
}

static void other_ways_are_timed(void **state)
{
    (void)state;
    double ring_s = 0, team_s = -1;
    assert_on_all(cairn_probe_ring(world, CAIRN_OK, 1 << 16, 2, &ring_s) == CAIRN_OK);
    assert_on_all(cairn_probe_team(world, CAIRN_OK, 1 << 16, 2, &team_s) == CAIRN_OK);
    assert_on_all(ring_s > 0 && (cairn_comm_size(world) > 1 ? team_s > 0 : team_s == 0));
    assert_on_all(cairn_probe_team(world, CAIRN_DATA, 8, 1, &team_s) == CAIRN_DATA);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sum_takes_time),      cmocka_unit_test(one_clock_agrees_with_itself),
        cmocka_unit_test(a_pair_is_timed),       cmocka_unit_test(other_ways_are_timed),
        cmocka_unit_test(costs_are_found_again), cmocka_unit_test(too_little_to_fit),
    };
    return RUN_ON_ALL("probe", tests);
}
