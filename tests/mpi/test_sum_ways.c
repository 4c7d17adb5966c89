/* SPDX-License-Identifier: BSD-3-Clause
 * The ways in which ranks sum, against one MPI_Allreduce when all is there: early, while the last
 * micro-batch is still closing tensors, as between nodes; and in teams that share memory, of one
 * node and of two.  Several pieces, a tensor that layers share, a buffer, ranks without work, ranks
 * in trouble. */
#include "support/mpi.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tgmath.h>

#include "base/random.h"
#include "comm/exchange.h"
#include "comm/sum.h"
#include "comm/world.h"
#include "support/sum.h"
#include "train/window.h"

enum { N_TENSORS = 5, SHARED = 2 };
static const size_t count[N_TENSORS] = {70000, 3000, 65000, 9, 70001};

static struct cairn_params params;

static int set_up(void **state)
{
    (void)state;
    size_t index = 0;
    char name[8];
    for (size_t p = 0; p < N_TENSORS; p++) {
        const struct cairn_shape shape = {.ndim = 1, .dim = {count[p]}};
        snprintf(name, sizeof name, "t%zu", p);
        if (cairn_params_add(&params, name, &shape, &index) != CAIRN_OK) return 1;
    }
    const struct cairn_shape shape = {.ndim = 1, .dim = {100}};
    params.item[SHARED].n_uses = 2;
    return cairn_params_add_buffer(&params, "mean", &shape, 0.1, &index) != CAIRN_OK;
}

enum { MOST_MICRO = 20 };

static bool extreme;                  /* which of two sets of gradients is summed */
static real *gradient[2][MOST_MICRO]; /* [n_values] of each micro-batch; made when asked for */

static int tear_down(void **state)
{
    (void)state;
    for (int m = 0; m < 2 * MOST_MICRO; m++) {
        free(gradient[m / MOST_MICRO][m % MOST_MICRO]);
        gradient[m / MOST_MICRO][m % MOST_MICRO] = NULL;
    }
    cairn_params_free(&params);
    return 0;
}

static real element(uint64_t m, size_t i)
{
    uint32_t bits[4];
    cairn_random_block(7, m, i, bits);
    return ldexp((real)cairn_random_unit(bits[0]) - (real)0.5, (int)(bits[1] % 24) - 30);
}

/* All that a range below 1 takes, of either sign in all micro-batches or of changing ones, beside
 * nothing and nearly nothing. */
static real extreme_element(uint64_t m, size_t i)
{
    const real largest = 1 - (real)(CAIRN_R_BITS == 64 ? 0x1p-53 : 0x1p-24);
    const real sign = i / 4 % 3 == 0 ? 1 : i / 4 % 3 == 1 ? -1 : (real)(m % 2) * 2 - 1;
    return i % 4 == 2 ? 0 : ldexp(sign * largest, i % 4 == 3 ? -60 : 0);
}

static const real *gradient_of(uint64_t m)
{
    real **x = &gradient[extreme][m];
    if (*x != NULL) return *x;
    *x = malloc(params.n_values * sizeof **x);
    assert_non_null(*x);
    for (size_t i = 0; i < params.n_values; i++)
        (*x)[i] = extreme ? extreme_element(m, i) : element(m, i);
    return *x;
}

static void put(struct cairn_sum *sum, uint64_t m, size_t p)
{
    const struct cairn_param *item = &params.item[p];
    const real *x = gradient_of(m) + item->offset;
    real *place = sum->sink.open(&sum->sink, p);
    const bool adds = cairn_sink_beta(&sum->sink, p) != 0;
    for (size_t i = 0; i < item->count; i++) place[i] = (adds ? place[i] : 0) + x[i];
    sum->sink.close(&sum->sink, p);
}

/* The shared tensor also by the last layer, as where a first and a last layer are tied. */
static void put_all(struct cairn_sum *sum, uint64_t m)
{
    put(sum, m, SHARED);
    for (size_t p = params.n_tensors; p-- > 0;) put(sum, m, p);
}

struct outcome {
    real *g; /* [n_values]; owned */
    double squares[N_TENSORS];
    struct cairn_magnitudes magnitudes[N_TENSORS]; /* on rank 0, who alone wants them */
    struct cairn_totals totals;
    struct cairn_magnitudes partial[N_TENSORS]; /* of this rank's own sum, where shown */
    uint64_t hash;                              /* of what this rank added up, where hashed */
    size_t n_closed;                            /* pieces that could go before the reduction */
    cairn_status status;
};

enum way { LATE, EARLY, TEAM, LASTING_TEAM, TEAMS };

struct trial {
    const char *kind;
    enum cairn_noise noise;
    size_t n_micro;
    enum way way;
    bool shown, extreme, hashed;
    int broken; /* this rank is in trouble; -1: none */
    enum cairn_overlap overlap;
    size_t bucket_bytes;
};

static struct cairn_share share_of(const struct trial *trial)
{
    const struct cairn_window window = {.n_micro = trial->n_micro};
    return cairn_window_share(&window, cairn_comm_rank(world), cairn_comm_size(world));
}

/* This rank's micro-batches, and the reduction. */
static cairn_status add_up(struct cairn_sum *sum, const struct trial *trial, real **g,
                           struct outcome *out)
{
    const struct cairn_share share = share_of(trial);
    const struct cairn_scores scores = {.loss = 0.1, .weight = 5, .correct = 1, .count = 4};
    cairn_status st = CAIRN_OK;
    cairn_sum_begin(sum);
    if (trial->shown) cairn_sum_show_partials(sum);
    if (cairn_comm_rank(world) == 0) cairn_sum_want_magnitudes(sum, out->magnitudes);
    for (uint64_t m = share.first; m < share.end && st == CAIRN_OK; m++) {
        if (m + 1 == share.end && trial->hashed) cairn_sum_hash_next(sum);
        cairn_sum_expect(sum, share.end - m);
        cairn_sum_begin_micro(sum, 5);
        put_all(sum, m);
        st = cairn_sum_end_micro(sum, &scores);
        if (trial->broken == cairn_comm_rank(world)) st = cairn_fail(CAIRN_DATA, "broken");
    }
    if (st == CAIRN_OK && share.end > share.first) cairn_sum_unit(sum, 5);
    for (size_t p = 0; p < N_TENSORS && trial->shown; p++)
        out->partial[p] = cairn_sum_partial(sum, p);
    out->n_closed = sum->early.n_closed;
    if (trial->hashed) out->hash = cairn_sum_hash(sum);
    return sum_reduce(sum, st, false, g, &out->totals);
}

/* Ranks 0 and 1 become a node, and those from 2 on another. */
static void pretend_two_nodes(struct cairn_comm *comm)
{
    const int half = comm->rank < 2 ? 0 : 1;
    MPI_Comm_split(comm->mpi, half, comm->rank, &comm->nodemates);
    comm->node.n_nodes = 2;
    comm->node.place = comm->rank - 2 * half;
    comm->node.fewest = comm->size == 3 ? 1 : 2;
    comm->node.n_ranks = half == 1 ? comm->size - 2 : 2;
}

/* A sum that is made the trial's way, and its team. */
static cairn_status make(cairn_comm *comm, const struct trial *trial, struct cairn_team **team,
                         struct cairn_sum **sum)
{
    struct cairn_sum_place place = {.comm = comm,
                                    .lasting = trial->way == LASTING_TEAM,
                                    .overlap = trial->overlap,
                                    .bucket_bytes = trial->bucket_bytes};
    const int n_nodes = comm->node.n_nodes;
    cairn_status st = CAIRN_OK;
    if (trial->way >= TEAM) {
        const size_t n_bytes =
            cairn_sum_team_bytes(trial->kind, &params, (size_t)comm->node.n_ranks, place.lasting);
        st = cairn_team_create(comm, CAIRN_OK, n_bytes, true, &place.team);
    }
    if (trial->way == EARLY) comm->node.n_nodes = 2;
    if (st == CAIRN_OK)
        st = cairn_sum_create_in(&place, trial->kind, trial->noise, &params, trial->n_micro, sum);
    comm->node.n_nodes = n_nodes;
    *team = place.team;
    return st;
}

static struct outcome try_on(cairn_comm *comm, const struct trial *trial)
{
    struct outcome out = {.g = NULL};
    struct cairn_sum *sum = NULL;
    struct cairn_team *team = NULL;
    real *g = NULL;
    extreme = trial->extreme;
    out.status = make(comm, trial, &team, &sum);
    assert_on_all(out.status == CAIRN_OK);
    if (cairn_sum_needs_range(sum)) {
        cairn_sum_begin(sum);
        put_all(sum, 0);
        assert_on_all(cairn_sum_learn(sum, CAIRN_OK) == CAIRN_OK);
        for (size_t p = 0; p < params.n_tensors && extreme; p++) sum->range[p].top = 0;
    }
    for (int turn = 0; turn < 2; turn++) { /* what was there before leaves no trace */
        out.status = add_up(sum, trial, &g, &out);
        if (out.status != CAIRN_OK) break;
        assert_on_all(!cairn_sum_again(sum));
    }
    if (out.status == CAIRN_OK) {
        out.g = malloc(params.n_values * sizeof *g);
        assert_on_all(out.g != NULL);
        memcpy(out.g, g, params.n_values * sizeof *g);
        if (out.totals.squares != NULL) memcpy(out.squares, out.totals.squares, sizeof out.squares);
    }
    cairn_sum_free(sum);
    cairn_team_free(team);
    return out;
}

static struct outcome try(const struct trial *trial)
{
    struct cairn_comm *part = NULL;
    if (trial->way != TEAMS) return try_on(world, trial);
    assert_on_all(cairn_comm_subset(world, CAIRN_OK, cairn_comm_size(world), &part) == CAIRN_OK);
    pretend_two_nodes(part);
    struct outcome out = try_on(part, trial);
    free(out.g);
    out = try_on(part, trial); /* a second team finds what the first one did */
    cairn_comm_close(part);
    return out;
}

/* Integers have the same bits; floats, of at most 2^-5 here, come in another order. */
static void assert_alike(const struct outcome *a, const struct outcome *b, bool bits)
{
    double apart = 0;
    for (size_t i = 0; i < params.n_values; i++)
        apart = fmax(apart, fabs((double)a->g[i] - (double)b->g[i]));
    assert_on_all(apart <= (bits ? 0 : 4e-9));
    for (size_t p = 0; p < N_TENSORS; p++)
        assert_on_all(fabs(a->squares[p] - b->squares[p]) <= 1e-12 * a->squares[p]);
    for (size_t p = 0; p < N_TENSORS; p++) {
        const struct cairn_magnitudes *x = &a->magnitudes[p], *y = &b->magnitudes[p];
        assert_on_all(fabs(x->mean_abs - y->mean_abs) <= 1e-6 * x->mean_abs &&
                      fabs(x->max_abs - y->max_abs) <= 1e-6 * x->max_abs &&
                      fabs(x->norm - y->norm) <= 1e-6 * x->norm);
    }
    assert_on_all(a->totals.loss == b->totals.loss && a->totals.weight == b->totals.weight &&
                  a->totals.n_units == b->totals.n_units);
}

static const struct trial trials[] = {
    {"float", CAIRN_NOISE_RANK, 7, .broken = -1},
    {"float", CAIRN_NOISE_OFF, 2, .broken = -1},
    {"float_per_micro", CAIRN_NOISE_MICRO, 7, .broken = -1},
    {"fixed", CAIRN_NOISE_RANK, 7, .broken = -1},
    {"fixed", CAIRN_NOISE_MICRO, 2, .broken = -1}, /* ranks without work */
    {"fixed", CAIRN_NOISE_OFF, 20, .broken = -1},  /* two words */
    {"fixed", CAIRN_NOISE_OFF, 16, .broken = -1, .extreme = true},
    {"fixed", CAIRN_NOISE_OFF, 17, .broken = -1, .extreme = true},
};
enum { N_TRIALS = sizeof trials / sizeof trials[0] };

static void early_sums_are_those_of_late_ones(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_TRIALS; i++) {
        struct trial trial = trials[i];
        const struct cairn_share share = share_of(&trial);
        const size_t wanted = share.end > share.first ? 3 : 0;
        trial.shown = true;
        struct outcome late = try(&trial);
        trial.way = EARLY;
        struct outcome shown = try(&trial);
        trial.shown = false;
        struct outcome early = try(&trial);
        assert_on_all(late.n_closed == 0 && early.n_closed == wanted && shown.n_closed == wanted);
        assert_alike(&late, &early, strcmp(trial.kind, "fixed") == 0);
        assert_alike(&late, &shown, strcmp(trial.kind, "fixed") == 0);
        assert_on_all(memcmp(late.partial, shown.partial, sizeof late.partial) == 0);
        free(late.g);
        free(early.g);
        free(shown.g);
    }
}

/* Whatever begins early, and how much of it together: the same bits. */
static void buckets_change_no_bit(void **state)
{
    static const struct {
        enum way way;
        enum cairn_overlap overlap;
        size_t bucket_bytes, n_closed;
    } wanted[] = {
        {EARLY, CAIRN_OVERLAP_OFF, 0, 0},
        {LATE, CAIRN_OVERLAP_AUTO, 0, 0},
        {LATE, CAIRN_OVERLAP_ON, 0, 3},
        {EARLY, CAIRN_OVERLAP_AUTO, 1, 4}, /* but not 9 elements by themselves */
        {EARLY, CAIRN_OVERLAP_AUTO, 125000 * sizeof(real), 1},
        {EARLY, CAIRN_OVERLAP_ON, (size_t)1 << 40, 0},
        {TEAMS, CAIRN_OVERLAP_OFF, 0, 0},
        {TEAMS, CAIRN_OVERLAP_AUTO, 0, 3},
        {TEAMS, CAIRN_OVERLAP_ON, 1, 4},
    };
    (void)state;
    struct trial trial = {"fixed", CAIRN_NOISE_RANK, 7, .broken = -1};
    struct outcome late = try(&trial);
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        const bool alone = wanted[i].way == LATE && cairn_comm_size(world) == 1;
        if (wanted[i].way == TEAMS && cairn_comm_size(world) < 3) continue;
        trial.way = wanted[i].way;
        trial.overlap = wanted[i].overlap;
        trial.bucket_bytes = wanted[i].bucket_bytes;
        struct outcome out = try(&trial);
        assert_on_all(out.n_closed == (alone ? 0 : wanted[i].n_closed));
        assert_alike(&late, &out, true);
        free(out.g);
    }
    free(late.g);
}

/* Two nodes take three ranks. */
static int most_way(void)
{
    return cairn_comm_size(world) > 2 ? TEAMS : LASTING_TEAM;
}

static void teams_sum_as_mpi_does(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_TRIALS; i++) {
        const bool bits = strcmp(trials[i].kind, "fixed") == 0;
        struct trial trial = trials[i];
        const struct cairn_share share = share_of(&trial);
        const size_t wanted = share.end > share.first ? 3 : 0;
        trial.shown = true;
        struct outcome late = try(&trial);
        for (int way = TEAM; way <= most_way(); way++) {
            trial.way = (enum way)way;
            for (int shown = 0; shown < 2; shown++) {
                trial.shown = shown == 1;
                struct outcome team = try(&trial);
                assert_on_all(team.n_closed == (way == TEAMS ? wanted : 0));
                assert_alike(&late, &team, bits);
                if (trial.shown)
                    assert_on_all(memcmp(late.partial, team.partial, sizeof late.partial) == 0);
                free(team.g);
            }
        }
        free(late.g);
    }
}

/* As train.guard asks: of what a rank has added up, though parts of it have left. */
static void hashes_are_those_of_late_sums(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_TRIALS; i++) {
        struct trial trial = trials[i];
        const struct cairn_share share = share_of(&trial);
        const size_t wanted = share.end > share.first ? 3 : 0;
        trial.hashed = true;
        struct outcome late = try(&trial);
        for (int way = EARLY; way <= most_way(); way++) {
            trial.way = (enum way)way;
            struct outcome out = try(&trial);
            assert_on_all(out.n_closed == (way == EARLY || way == TEAMS ? wanted : 0));
            assert_on_all(out.hash == late.hash);
            free(out.g);
        }
        free(late.g);
    }
}

static void trouble_reaches_all(void **state)
{
    (void)state;
    for (int way = EARLY; way <= most_way(); way++) {
        const struct trial trial = {"fixed", CAIRN_NOISE_OFF, 7, (enum way)way, .broken = 0};
        struct outcome out = try(&trial);
        assert_on_all(out.status == CAIRN_DATA);
        const struct trial next = {"fixed", CAIRN_NOISE_OFF, 7, (enum way)way, .broken = -1};
        out = try(&next);
        assert_on_all(out.status == CAIRN_OK);
        free(out.g);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(early_sums_are_those_of_late_ones, set_up, tear_down),
        cmocka_unit_test_setup_teardown(buckets_change_no_bit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(teams_sum_as_mpi_does, set_up, tear_down),
        cmocka_unit_test_setup_teardown(hashes_are_those_of_late_sums, set_up, tear_down),
        cmocka_unit_test_setup_teardown(trouble_reaches_all, set_up, tear_down),
    };
    return RUN_ON_ALL("sum_ways", tests);
}
