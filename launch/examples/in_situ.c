/* SPDX-License-Identifier: BSD-3-Clause
 * Training inside a simulation: the heat equation on a ring of patches that the ranks share, and a
 * network that learns beside it what a cell will be after the next step.  Each rank feeds the
 * patches that it owns; the weights do not depend on who owns what.
 *
 *   mpicc in_situ.c -o in_situ $(pkg-config --cflags --libs cairn)
 *   mpirun -n 4 ./in_situ blocks && mpirun -n 2 ./in_situ in-turn
 */
#include <cairn/cairn.h>
#include <cairn/mpi.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { PATCHES = 12, CELLS = 16, REACH = 2, INPUTS = 2 * REACH + 1, STEPS = 40 };

/* A patch: its cells with REACH more on both sides, as they are and as they will be. */
struct patch {
    double now[CELLS + 2 * REACH], next[CELLS];
};

static bool in_turn; /* the decomposition: patch p on rank p mod R, or in blocks */

static int owner(int p, int n_ranks)
{
    return in_turn ? p % n_ranks : p * n_ranks / PATCHES;
}

/* The edges of all neighbours.  A patch and its neighbours may be on one rank or on three. */
static void exchange(struct patch patch[PATCHES], int rank, int n_ranks, MPI_Comm world)
{
    MPI_Request request[4 * PATCHES];
    int n = 0;
    for (int p = 0; p < PATCHES; p++) {
        const int before = (p + PATCHES - 1) % PATCHES, after = (p + 1) % PATCHES;
        const int left = owner(before, n_ranks), right = owner(after, n_ranks);
        double *cell = patch[p].now;
        if (owner(p, n_ranks) != rank) continue;
        MPI_Irecv(cell, REACH, MPI_DOUBLE, left, 2 * before, world, &request[n++]);
        MPI_Irecv(cell + CELLS + REACH, REACH, MPI_DOUBLE, right, 2 * after + 1, world,
                  &request[n++]);
        MPI_Isend(cell + CELLS, REACH, MPI_DOUBLE, right, 2 * p, world, &request[n++]);
        MPI_Isend(cell + REACH, REACH, MPI_DOUBLE, left, 2 * p + 1, world, &request[n++]);
    }
    MPI_Waitall(n, request, MPI_STATUSES_IGNORE);
}

static void step(struct patch *patch)
{
    const double *u = patch->now + REACH;
    for (int i = 0; i < CELLS; i++) patch->next[i] = u[i] + 0.2 * (u[i - 1] - 2 * u[i] + u[i + 1]);
}

/* Micro-batch p is patch p: of each cell its neighbourhood, and what it will be. */
static cairn_status feed(cairn_trainer *trainer, int p, const struct patch *patch)
{
    cairn_real x[CELLS * INPUTS], target[CELLS];
    for (int i = 0; i < CELLS; i++) {
        for (int k = 0; k < INPUTS; k++) x[i * INPUTS + k] = (cairn_real)patch->now[i + k];
        target[i] = (cairn_real)patch->next[i];
    }
    const struct cairn_samples samples = {.n = CELLS, .x = x, .target = target};
    return cairn_trainer_feed(trainer, (uint64_t)p, &samples);
}

/* One update from one step of the simulation. */
static cairn_status learn(cairn_trainer *trainer, const struct patch patch[PATCHES], int rank,
                          int n_ranks, struct cairn_update_record *record)
{
    cairn_status st = CAIRN_OK;
    bool again = false;
    do {
        cairn_trainer_zero(trainer);
        for (int p = 0; p < PATCHES && st == CAIRN_OK; p++)
            if (owner(p, n_ranks) == rank) st = feed(trainer, p, &patch[p]);
        st = cairn_trainer_sum(trainer, st, &again, record);
    } while (st == CAIRN_OK && again);
    return st;
}

static cairn_status open_trainer(cairn_comm *comm, cairn_trainer **out)
{
    static const char *const keys[][2] = {
        {"model", "[{type: dense, units: 16}, {type: tanh}, {type: dense, units: 1}]"},
        {"loss", "squared_error"},
        {"batch.global", "192"}, /* PATCHES x CELLS */
        {"batch.micro", "16"},
        {"optim.name", "adam"},
        {"optim.lr", "0.01"},
        {"train.updates", "40"}, /* STEPS */
        {"train.reproducible", "true"},
    };
    static const size_t dim[] = {INPUTS};
    const struct cairn_data_form form = {
        .size = sizeof form, .dim = dim, .n_dims = 1, .n_targets = 1};
    cairn_options *options = NULL;
    cairn_data *data = NULL;
    cairn_status st = cairn_options_create(&options);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0] && st == CAIRN_OK; i++)
        st = cairn_options_set(options, keys[i][0], keys[i][1]);
    if (st == CAIRN_OK) st = cairn_data_create(&form, &data);
    if (st == CAIRN_OK) st = cairn_data_fed(data, PATCHES * CELLS);
    st = cairn_comm_agree(comm, st);
    if (st == CAIRN_OK) st = cairn_trainer_open_with(options, data, comm, out);
    cairn_data_free(data);
    cairn_options_free(options);
    return st;
}

/* The simulation, with a network beside it. */
static cairn_status simulate(cairn_trainer *trainer, MPI_Comm world,
                             struct cairn_update_record *record)
{
    static struct patch patch[PATCHES];
    int rank = 0, n_ranks = 1;
    cairn_status st = CAIRN_OK;
    MPI_Comm_rank(world, &rank);
    MPI_Comm_size(world, &n_ranks);
    for (int p = 0; p < PATCHES; p++)
        for (int i = 0; i < CELLS; i++)
            patch[p].now[i + REACH] = (double)((p * CELLS + i) * 37 % 101) / 101;
    for (int s = 0; s < STEPS && st == CAIRN_OK; s++) {
        exchange(patch, rank, n_ranks, world);
        for (int p = 0; p < PATCHES; p++)
            if (owner(p, n_ranks) == rank) step(&patch[p]);
        st = learn(trainer, patch, rank, n_ranks, record);
        for (int p = 0; p < PATCHES; p++)
            memcpy(patch[p].now + REACH, patch[p].next, sizeof patch[p].next);
    }
    return st;
}

int main(int argc, char **argv)
{
    int rank = 0;
    cairn_comm *comm = NULL;
    cairn_trainer *trainer = NULL;
    struct cairn_update_record record = {0};
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    in_turn = argc > 1 && strcmp(argv[1], "in-turn") == 0;
    cairn_status st = cairn_comm_open_on(MPI_COMM_WORLD, &comm);
    if (st == CAIRN_OK) st = open_trainer(comm, &trainer);
    if (st == CAIRN_OK) st = simulate(trainer, MPI_COMM_WORLD, &record);
    if (st != CAIRN_OK && rank == 0) fprintf(stderr, "in_situ: %s\n", cairn_error_text());
    if (st == CAIRN_OK && rank == 0)
        printf("%" PRIu64 " updates, loss %.6g, weights %016" PRIx64 "\n", record.update,
               record.loss, cairn_trainer_weights_hash(trainer));
    cairn_trainer_close(trainer);
    cairn_comm_close(comm);
    MPI_Finalize();
    return cairn_exit_code(st);
}
