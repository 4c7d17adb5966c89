/* SPDX-License-Identifier: BSD-3-Clause
 * The whole update of an MLP 784-512-256-10 from a held uint8 dataset: how much of it lies outside
 * matrix products, and what a key costs: `bench_update reproducible` or `bench_update noise`, the
 * noise scale from ranks.  Not a test: launch/bench runs it, on a quiet machine.  The two ways take
 * turns, round by round; cairn_gemm is wrapped by the linker and timed. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "cairn/cairn.h"
#include "comm/exchange.h"
#include "data/writer.h"
#include "tensor/blas.h"

enum { N_SAMPLES = 8192, PIXELS = 784, CLASSES = 10, ROUNDS = 15, WARM_UP = 2 };

/* One round lasts about as long for every shape: so many micro-batches of each rank. */
enum { MICROS_OF_A_ROUND = 32 };

static const char layers[] =
    "[{type: dense, units: 512}, {type: relu}, {type: dense, units: 256}, {type: relu}, "
    "{type: dense, units: 10}]";

static double gemm_s;

void __real_cairn_gemm(const struct cairn_gemm *job);
void __wrap_cairn_gemm(const struct cairn_gemm *job);

void __wrap_cairn_gemm(const struct cairn_gemm *job)
{
    double begin_s = cairn_clock_s();
    __real_cairn_gemm(job);
    gemm_s += cairn_clock_s() - begin_s;
}

static cairn_status write_samples(const char *path, uint8_t *x, int32_t *label)
{
    struct cairn_writer *writer = NULL;
    const struct cairn_about about = {.title = "noise"};
    const struct cairn_table table = {.n = N_SAMPLES,
                                      .input = {1, {PIXELS}},
                                      .x_type = CAIRN_H5_U8,
                                      .x = x,
                                      .scale = 1 / 255.0,
                                      .label = label};
    for (size_t i = 0; i < (size_t)N_SAMPLES * PIXELS; i++) x[i] = (uint8_t)(i * 2654435761u >> 13);
    for (size_t i = 0; i < N_SAMPLES; i++) label[i] = (int32_t)(i * 7 / 3 % CLASSES);
    CAIRN_TRY(cairn_writer_create(path, true, &about, &writer));
    cairn_status st = cairn_writer_group(writer, CAIRN_SPLIT_TRAIN, &table);
    if (st == CAIRN_OK) st = cairn_writer_finish(writer);
    cairn_writer_free(writer);
    return st;
}

static cairn_status make_data(const char *path)
{
    uint8_t *x = NULL;
    int32_t *label = NULL;
    cairn_status st = cairn_memory_get(N_SAMPLES, PIXELS, "samples", &x);
    if (st == CAIRN_OK) st = cairn_memory_get(N_SAMPLES, sizeof *label, "labels", &label);
    if (st == CAIRN_OK) st = write_samples(path, x, label);
    free(x);
    free(label);
    return st;
}

struct shape {
    int micro, accumulate;
};

/* A key, and its value in the two ways that are compared. */
struct compared {
    const char *name, *key, *value[2];
};

static cairn_status open_trainer(cairn_comm *comm, const char *path, const struct shape *shape,
                                 const struct compared *compared, int way, cairn_trainer **out)
{
    char micro[16];
    char global[16];
    snprintf(micro, sizeof micro, "%d", shape->micro);
    snprintf(global, sizeof global, "%d", shape->micro * shape->accumulate * cairn_comm_size(comm));
    const char *const set[][2] = {{"data.file", path},
                                  {"model", layers},
                                  {"batch.global", global},
                                  {"batch.micro", micro},
                                  {"optim.lr", "0.01"},
                                  {"optim.momentum", "0.9"},
                                  {"batch.tail", "carry"},
                                  {"train.updates", "1e9"},
                                  {"data.in_memory", "true"},
                                  {"train.noise", "off"},
                                  {compared->key, compared->value[way]}};
    cairn_options *options = NULL;
    cairn_status st = cairn_options_create(&options);
    for (size_t i = 0; i < sizeof set / sizeof set[0] && st == CAIRN_OK; i++)
        st = cairn_options_set(options, set[i][0], set[i][1]);
    if (st == CAIRN_OK) st = cairn_trainer_open(options, comm, out);
    cairn_options_free(options);
    return st;
}

/* Seconds of one update, and of the products in it, as the mean of a round. */
struct cost {
    double update_s, gemm_s;
};

static cairn_status round_of(cairn_trainer *trainer, int n_updates, struct cost *out)
{
    struct cairn_update_record record;
    cairn_status st = CAIRN_OK;
    gemm_s = 0;
    double begin_s = cairn_clock_s();
    for (int i = 0; i < n_updates && st == CAIRN_OK; i++)
        st = cairn_trainer_update(trainer, &record);
    *out = (struct cost){.update_s = (cairn_clock_s() - begin_s) / n_updates,
                         .gemm_s = gemm_s / n_updates};
    return st;
}

static int by_value(const void *a, const void *b)
{
    const double *x = a;
    const double *y = b;
    return (*x > *y) - (*x < *y);
}

static double median(const double *values)
{
    double sorted[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) sorted[i] = values[i];
    qsort(sorted, ROUNDS, sizeof *sorted, by_value);
    return sorted[ROUNDS / 2];
}

static void print(const cairn_comm *comm, const struct shape *shape, struct cost cost[2][ROUNDS])
{
    double ratio[ROUNDS];
    double best_ms[2];
    double outside[2][ROUNDS];
    if (cairn_comm_rank(comm) != 0) return;
    for (int way = 0; way < 2; way++) {
        best_ms[way] = 1e3 * cost[way][0].update_s;
        for (int i = 0; i < ROUNDS; i++) {
            const struct cost *c = &cost[way][i];
            if (1e3 * c->update_s < best_ms[way]) best_ms[way] = 1e3 * c->update_s;
            outside[way][i] = 100 * (1 - c->gemm_s / c->update_s);
        }
    }
    for (int i = 0; i < ROUNDS; i++) ratio[i] = cost[1][i].update_s / cost[0][i].update_s;
    printf("%5d %4d %4d %12.3f %8.1f %12.3f %8.1f %9.3f %9.3f\n", cairn_comm_size(comm),
           shape->micro, shape->accumulate, best_ms[0], median(outside[0]), best_ms[1],
           median(outside[1]), median(ratio), best_ms[1] / best_ms[0]);
    fflush(stdout);
}

static cairn_status measure(cairn_comm *comm, const char *path, const struct shape *shape,
                            const struct compared *compared)
{
    struct cost cost[2][ROUNDS];
    struct cost unused;
    cairn_trainer *trainer[2] = {NULL, NULL};
    int n_updates = MICROS_OF_A_ROUND / shape->accumulate;
    cairn_status st = CAIRN_OK;
    for (int way = 0; way < 2 && st == CAIRN_OK; way++)
        st = open_trainer(comm, path, shape, compared, way, &trainer[way]);
    for (int way = 0; way < 2 && st == CAIRN_OK; way++)
        st = round_of(trainer[way], WARM_UP, &unused);
    for (int i = 0; i < ROUNDS && st == CAIRN_OK; i++)
        for (int way = 0; way < 2 && st == CAIRN_OK; way++)
            st = round_of(trainer[way], n_updates, &cost[way][i]);
    if (st == CAIRN_OK) print(comm, shape, cost);
    cairn_trainer_close(trainer[0]);
    cairn_trainer_close(trainer[1]);
    return st;
}

int main(int argc, char **argv)
{
    static const struct shape shapes[] = {{64, 16}, {32, 1},  {32, 4},  {32, 16},
                                          {128, 1}, {128, 4}, {128, 16}};
    static const struct compared reproducible = {
        "reproducible", "train.reproducible", {"false", "true"}};
    static const struct compared noise = {"noise: rank", "train.noise", {"off", "rank"}};
    const struct compared *compared =
        argc > 1 && strcmp(argv[1], "noise") == 0 ? &noise : &reproducible;
    cairn_comm *comm = NULL;
    char path[64];
    cairn_log_set_level(CAIRN_LOG_QUIET);
    if (cairn_comm_open(&comm) != CAIRN_OK) return 1;
    snprintf(path, sizeof path, "/tmp/cairn-bench-%ld.h5", (long)getpid());
    bool first = cairn_comm_rank(comm) == 0;
    cairn_status st = first ? make_data(path) : CAIRN_OK;
    st = cairn_comm_broadcast(comm, st, path, sizeof path);
    if (first)
        printf("%s\nranks    b    A   without ms outside%%      with ms outside%%     ratio of "
               "fastest\n",
               compared->name);
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0] && st == CAIRN_OK; i++)
        st = measure(comm, path, &shapes[i], compared);
    if (first) remove(path);
    if (st != CAIRN_OK && first) fprintf(stderr, "bench_update: %s\n", cairn_error_text());
    cairn_comm_close(comm);
    return (int)st;
}
