/* SPDX-License-Identifier: BSD-3-Clause
 * Training inside a simulation: in_situ.c in C++, with owners for what is opened and an exception
 * for a status that is not OK, and with the same weights.
 *
 *   mpicxx in_situ.cpp -o in_situ $(pkg-config --cflags --libs cairn)
 *   mpirun -n 4 ./in_situ blocks && mpirun -n 2 ./in_situ in-turn
 */
#include <cairn/cairn.h>
#include <cairn/mpi.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

constexpr int patches = 12, cells = 16, reach = 2, inputs = 2 * reach + 1, steps = 40;

/* What is on all ranks alike once Cairn has agreed on it. */
struct failure : std::runtime_error {
    cairn_status status;
    explicit failure(cairn_status st) : std::runtime_error(cairn_error_text()), status(st) {}
};

static void must(cairn_status st)
{
    if (st != CAIRN_OK) throw failure(st);
}

template <class T> using owned = std::unique_ptr<T, void (*)(T *)>;

/* A patch: its cells with `reach` more on both sides, as they are and as they will be. */
struct patch {
    std::array<double, cells + 2 * reach> now;
    std::array<double, cells> next;

    void step()
    {
        const double *u = now.data() + reach;
        for (int i = 0; i < cells; i++) next[i] = u[i] + 0.2 * (u[i - 1] - 2 * u[i] + u[i + 1]);
    }
};

/* The ring of patches and who owns them: patch p is on rank p mod R, or they are in blocks. */
struct simulation {
    std::vector<patch> ring = std::vector<patch>(patches);
    bool in_turn;
    int rank, n_ranks;

    int owner(int p) const { return in_turn ? p % n_ranks : p * n_ranks / patches; }
    bool is_mine(int p) const { return owner(p) == rank; }

    /* The edges of all neighbours.  A patch and its neighbours may be on one rank or on three. */
    void exchange()
    {
        std::vector<MPI_Request> request;
        const auto next = [&request]() { return &request.emplace_back(); };
        request.reserve(4 * patches);
        for (int p = 0; p < patches; p++) {
            const int before = (p + patches - 1) % patches, after = (p + 1) % patches;
            const int left = owner(before), right = owner(after);
            double *cell = ring[p].now.data();
            if (!is_mine(p)) continue;
            MPI_Irecv(cell, reach, MPI_DOUBLE, left, 2 * before, MPI_COMM_WORLD, next());
            MPI_Irecv(cell + cells + reach, reach, MPI_DOUBLE, right, 2 * after + 1, MPI_COMM_WORLD,
                      next());
            MPI_Isend(cell + cells, reach, MPI_DOUBLE, right, 2 * p, MPI_COMM_WORLD, next());
            MPI_Isend(cell + reach, reach, MPI_DOUBLE, left, 2 * p + 1, MPI_COMM_WORLD, next());
        }
        MPI_Waitall(static_cast<int>(request.size()), request.data(), MPI_STATUSES_IGNORE);
    }
};

/* Micro-batch p is patch p: of each cell its neighbourhood, and what it will be. */
static cairn_status feed(cairn_trainer *trainer, int p, const patch &patch)
{
    std::array<cairn_real, cells * inputs> x;
    std::array<cairn_real, cells> target;
    for (int i = 0; i < cells; i++) {
        for (int k = 0; k < inputs; k++)
            x[i * inputs + k] = static_cast<cairn_real>(patch.now[i + k]);
        target[i] = static_cast<cairn_real>(patch.next[i]);
    }
    cairn_samples samples{};
    samples.n = cells;
    samples.x = x.data();
    samples.target = target.data();
    return cairn_trainer_feed(trainer, static_cast<uint64_t>(p), &samples);
}

/* One update from one step of the simulation.  No exception before cairn_trainer_sum(): the others
 * wait there. */
static void learn(cairn_trainer *trainer, const simulation &heat, cairn_update_record *record)
{
    bool again = false;
    do {
        cairn_status st = CAIRN_OK;
        cairn_trainer_zero(trainer);
        for (int p = 0; p < patches && st == CAIRN_OK; p++)
            if (heat.is_mine(p)) st = feed(trainer, p, heat.ring[p]);
        must(cairn_trainer_sum(trainer, st, &again, record));
    } while (again);
}

static cairn_trainer *open_trainer(cairn_comm *comm)
{
    const std::pair<const char *, const char *> keys[] = {
        {"model", "[{type: dense, units: 16}, {type: tanh}, {type: dense, units: 1}]"},
        {"loss", "squared_error"},
        {"batch.global", "192"}, /* patches x cells */
        {"batch.micro", "16"},
        {"optim.name", "adam"},
        {"optim.lr", "0.01"},
        {"train.updates", "40"}, /* steps */
        {"train.reproducible", "true"},
    };
    const size_t dim[] = {inputs};
    cairn_data_form form{};
    form.size = sizeof form;
    form.dim = dim;
    form.n_dims = 1;
    form.n_targets = 1;
    cairn_options *o = nullptr;
    cairn_data *d = nullptr;
    cairn_trainer *trainer = nullptr;
    must(cairn_options_create(&o));
    const owned<cairn_options> options(o, cairn_options_free);
    for (const auto &key : keys) must(cairn_options_set(o, key.first, key.second));
    must(cairn_data_create(&form, &d));
    const owned<cairn_data> data(d, cairn_data_free);
    must(cairn_data_fed(d, patches * cells));
    must(cairn_trainer_open_with(o, d, comm, &trainer));
    return trainer;
}

static void simulate(cairn_comm *comm, bool in_turn)
{
    const owned<cairn_trainer> trainer(open_trainer(comm), cairn_trainer_close);
    cairn_update_record record{};
    simulation heat{};
    heat.in_turn = in_turn;
    heat.rank = cairn_comm_rank(comm);
    heat.n_ranks = cairn_comm_size(comm);
    for (int i = 0; i < patches * cells; i++)
        heat.ring[i / cells].now[i % cells + reach] = static_cast<double>(i * 37 % 101) / 101;
    for (int s = 0; s < steps; s++) {
        heat.exchange();
        for (int p = 0; p < patches; p++)
            if (heat.is_mine(p)) heat.ring[p].step();
        learn(trainer.get(), heat, &record);
        for (patch &patch : heat.ring)
            std::copy(patch.next.begin(), patch.next.end(), patch.now.begin() + reach);
    }
    if (heat.rank == 0)
        std::printf("%llu updates, loss %.6g, weights %016llx\n",
                    static_cast<unsigned long long>(record.update), record.loss,
                    static_cast<unsigned long long>(cairn_trainer_weights_hash(trainer.get())));
}

int main(int argc, char **argv)
{
    int code = 0;
    MPI_Init(&argc, &argv);
    try {
        cairn_comm *c = nullptr;
        must(cairn_comm_open_on(MPI_COMM_WORLD, &c));
        const owned<cairn_comm> comm(c, cairn_comm_close);
        simulate(c, argc > 1 && std::string(argv[1]) == "in-turn");
    } catch (const failure &e) {
        int rank = 0;
        MPI_Comm_rank(MPI_COMM_WORLD, &rank);
        if (rank == 0) std::fprintf(stderr, "in_situ: %s\n", e.what());
        code = cairn_exit_code(e.status);
    }
    MPI_Finalize();
    return code;
}
