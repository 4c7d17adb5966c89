/* SPDX-License-Identifier: BSD-3-Clause
 * What feeding costs against the update of `cairn train` on the same samples: two trainers of one
 * model, one reads a file and one is fed, updated in turn, for rounds of a few updates; the ratio
 * of each pair of rounds, and the median of these.  Weights are compared at the end.  Not a test:
 *
 *   mpirun -n 2 build/release/tests/bench_feed [ROUNDS]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/random.h"
#include "cairn/cairn.h"
#include "data/order.h"
#include "data/writer.h"

enum { N = 4096, INPUTS = 64, CLASSES = 10, MICRO = 32, GLOBAL = 512, SEED = 1 };
enum { UPDATES = N / GLOBAL, MOST_ROUNDS = 1000 }; /* a round is an epoch */

static cairn_real x[N][INPUTS];
static int32_t label[N];
static const char file[] = "bench_feed.h5"; /* in the working folder */

static cairn_status write_file(void)
{
    const struct cairn_about about = {.title = "bench"};
    const struct cairn_table table = {
        .n = N, .input = {1, {INPUTS}}, .x_type = CAIRN_H5_REAL, .x = x, .label = label};
    struct cairn_writer *writer = NULL;
    CAIRN_TRY(cairn_writer_create(file, true, &about, &writer));
    cairn_status st = cairn_writer_group(writer, CAIRN_SPLIT_TRAIN, &table);
    if (st == CAIRN_OK) st = cairn_writer_finish(writer);
    cairn_writer_free(writer);
    return st;
}

static void draw(void)
{
    for (size_t i = 0; i < N; i++) {
        uint32_t bits[INPUTS];
        cairn_random_fill(7, i, INPUTS, bits);
        for (size_t k = 0; k < INPUTS; k++)
            x[i][k] = 2 * (cairn_real)cairn_random_unit(bits[k]) - 1;
        label[i] = (int32_t)(bits[0] % CLASSES);
    }
}

static cairn_status set_keys(cairn_options *options, size_t rounds)
{
    static const char *const keys[][2] = {
        {"model", "[{type: dense, units: 128}, {type: relu}, {type: dense, units: 10}]"},
        {"batch.global", "512"},
        {"batch.micro", "32"},
        {"optim.momentum", "0.9"},
        {"train.evaluate_every", "none"},
        {"train.reproducible", "true"},
        {"train.noise", "off"},
        {"train.seed", "1"},
    };
    char epochs[32];
    snprintf(epochs, sizeof epochs, "%zu", rounds);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        CAIRN_TRY(cairn_options_set(options, keys[i][0], keys[i][1]));
    CAIRN_TRY(cairn_options_set(options, "data.file", file));
    return cairn_options_set(options, "train.epochs", epochs);
}

/* The trainer that reads, and the one that is fed. */
static cairn_status open_both(cairn_comm *comm, size_t rounds, cairn_trainer *out[2])
{
    static const size_t dim[] = {INPUTS};
    const struct cairn_data_form form = {
        .size = sizeof form, .dim = dim, .n_dims = 1, .n_classes = CLASSES};
    cairn_options *options = NULL;
    cairn_data *data = NULL;
    cairn_status st = cairn_comm_rank(comm) == 0 ? write_file() : CAIRN_OK;
    if (st == CAIRN_OK) st = cairn_options_create(&options);
    if (st == CAIRN_OK) st = set_keys(options, rounds);
    if (st == CAIRN_OK) st = cairn_data_create(&form, &data);
    if (st == CAIRN_OK) st = cairn_data_fed(data, N);
    st = cairn_comm_agree(comm, st);
    if (st == CAIRN_OK) st = cairn_trainer_open(options, comm, &out[0]);
    if (st == CAIRN_OK) st = cairn_trainer_open_with(options, data, comm, &out[1]);
    cairn_data_free(data);
    cairn_options_free(options);
    return st;
}

/* The samples of one update as a host has them at hand: not timed. */
struct hand {
    cairn_real x[GLOBAL][INPUTS];
    int32_t label[GLOBAL];
    uint64_t number[GLOBAL];
};

static void take(cairn_trainer *t, struct hand *hand)
{
    uint64_t first = 0, n = 0, n_micro = 0;
    if (cairn_trainer_batch(t, &first, &n, &n_micro) != CAIRN_OK) return;
    for (size_t i = 0; i < n; i++) {
        const uint64_t sample = cairn_order_sample(SEED, (first + i) / N, N, (first + i) % N);
        memcpy(hand->x[i], x[sample], sizeof hand->x[i]);
        hand->label[i] = label[sample];
        hand->number[i] = sample;
    }
}

static cairn_status feed(cairn_comm *comm, cairn_trainer *t, const struct hand *hand)
{
    const size_t n_micro = GLOBAL / MICRO, n_ranks = (size_t)cairn_comm_size(comm);
    const size_t rank = (size_t)cairn_comm_rank(comm);
    struct cairn_update_record record;
    cairn_status st = CAIRN_OK;
    bool again = false;
    do {
        cairn_trainer_zero(t);
        for (size_t m = rank * n_micro / n_ranks;
             m < (rank + 1) * n_micro / n_ranks && st == CAIRN_OK; m++) {
            const size_t at = m * MICRO;
            const struct cairn_samples samples = {.n = MICRO,
                                                  .x = hand->x[at],
                                                  .label = &hand->label[at],
                                                  .number = &hand->number[at]};
            st = cairn_trainer_feed(t, m, &samples);
        }
        st = cairn_trainer_sum(t, st, &again, &record);
    } while (st == CAIRN_OK && again);
    return st;
}

/* One round of the trainer that reads (0) or is fed (1), in seconds; below 0: it failed. */
static double round_of(cairn_comm *comm, cairn_trainer *t, int is_fed)
{
    static struct hand hand;
    struct cairn_update_record record;
    double sum = 0;
    for (int u = 0; u < UPDATES; u++) {
        if (is_fed != 0) take(t, &hand);
        if (cairn_comm_agree(comm, CAIRN_OK) != CAIRN_OK) return -1; /* begin together */
        const double start = cairn_clock_s();
        cairn_status st = is_fed != 0 ? feed(comm, t, &hand) : cairn_trainer_update(t, &record);
        sum += cairn_clock_s() - start;
        if (st != CAIRN_OK) return -1;
    }
    return sum;
}

static int by_value(const void *a, const void *b)
{
    const double p = *(const double *)a, q = *(const double *)b;
    return (p > q) - (p < q);
}

static bool measure(cairn_comm *comm, cairn_trainer *both[2], size_t rounds)
{
    static double ratio[MOST_ROUNDS];
    for (size_t r = 0; r < rounds; r++) {
        double taken[2];
        for (int k = 0; k < 2; k++) {
            const int which = (int)((r + (size_t)k) % 2); /* each begins as often as the other */
            taken[which] = round_of(comm, both[which], which);
            if (taken[which] < 0) return false;
        }
        ratio[r] = taken[1] / taken[0];
    }
    const uint64_t read = cairn_trainer_weights_hash(both[0]);
    const uint64_t fed = cairn_trainer_weights_hash(both[1]);
    qsort(ratio, rounds, sizeof ratio[0], by_value);
    if (cairn_comm_rank(comm) == 0)
        printf("fed / read: median %.4f, quartiles %.4f %.4f of %zu rounds of %d updates; weights "
               "%016" PRIx64 " and %016" PRIx64 "\n",
               ratio[rounds / 2], ratio[rounds / 4], ratio[rounds - 1 - rounds / 4], rounds,
               UPDATES, read, fed);
    return read == fed;
}

int main(int argc, char **argv)
{
    size_t rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 101;
    cairn_comm *comm = NULL;
    cairn_trainer *both[2] = {NULL, NULL};
    bool good = false;
    if (rounds < 1 || rounds > MOST_ROUNDS) rounds = 101;
    draw();
    cairn_status st = cairn_comm_open(&comm);
    if (st == CAIRN_OK) st = open_both(comm, rounds, both);
    if (st == CAIRN_OK) good = measure(comm, both, rounds);
    if (!good && cairn_comm_rank(comm) == 0) fprintf(stderr, "%s\n", cairn_error_text());
    cairn_trainer_close(both[0]);
    cairn_trainer_close(both[1]);
    if (cairn_comm_rank(comm) == 0) unlink(file);
    cairn_comm_close(comm);
    return good ? 0 : 1;
}
