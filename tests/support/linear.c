/* SPDX-License-Identifier: BSD-3-Clause
 * Linear regression on the diabetes data, by hand. */
#include "support/linear.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "data/loader.h"
#include "data/order.h"

static const char file[] = CAIRN_SOURCE_DIR "/datasets/diabetes.h5";

static cairn_status read_all(struct cairn_dataset *dataset, struct linear *out)
{
    struct cairn_loader *loader = NULL;
    struct cairn_micro all;
    size_t n = cairn_dataset_size(dataset, CAIRN_SPLIT_TRAIN);
    const struct cairn_loader_options options = {
        .split = CAIRN_SPLIT_TRAIN, .micro = n, .memory_bytes = SIZE_MAX};
    CAIRN_TRY(cairn_loader_create(dataset, &options, &loader));
    cairn_status st = cairn_loader_read(loader, 0, n, &all);
    if (st == CAIRN_OK) st = cairn_memory_get(n * LINEAR_INPUTS, sizeof *out->x, "x", &out->x);
    if (st == CAIRN_OK) st = cairn_memory_get(n, sizeof *out->y, "y", &out->y);
    if (st == CAIRN_OK) {
        out->n = n;
        memcpy(out->x, all.x, n * LINEAR_INPUTS * sizeof *out->x);
        memcpy(out->y, all.target, n * sizeof *out->y);
    }
    cairn_loader_free(loader);
    return st;
}

bool linear_read(struct linear *out)
{
    struct cairn_dataset *dataset = NULL;
    *out = (struct linear){0};
    if (cairn_dataset_open(file, &dataset) != CAIRN_OK) return false;
    cairn_status st = read_all(dataset, out);
    cairn_dataset_close(dataset);
    return st == CAIRN_OK;
}

void linear_free(struct linear *data)
{
    free(data->x);
    free(data->y);
}

static cairn_status set(cairn_options *options, const char *assignment)
{
    char key[64] = "";
    const char *equals = strchr(assignment, '=');
    memcpy(key, assignment, (size_t)(equals - assignment));
    return cairn_options_set(options, key, equals + 1);
}

cairn_trainer *linear_trainer(cairn_comm *comm, const char *const *keys)
{
    return linear_trainer_with(comm, NULL, keys);
}

cairn_options *linear_options(bool in_memory, const char *const *keys)
{
    cairn_options *options = NULL;
    cairn_status st = cairn_options_create(&options);
    if (st == CAIRN_OK && !in_memory) st = cairn_options_set(options, "data.file", file);
    if (st == CAIRN_OK) st = cairn_options_set(options, "model", "[{type: dense, units: 1}]");
    if (st == CAIRN_OK) st = cairn_options_set(options, "loss", "squared_error");
    if (st == CAIRN_OK) st = cairn_options_set(options, "train.seed", "1");
    for (; st == CAIRN_OK && *keys != NULL; keys++) st = set(options, *keys);
    if (st == CAIRN_OK) return options;
    cairn_options_free(options);
    return NULL;
}

cairn_trainer *linear_trainer_with(cairn_comm *comm, cairn_data *data, const char *const *keys)
{
    cairn_trainer *trainer = NULL;
    cairn_options *options = linear_options(data != NULL, keys);
    if (cairn_comm_agree(comm, options == NULL ? CAIRN_USAGE : CAIRN_OK) == CAIRN_OK)
        if (cairn_trainer_open_with(options, data, comm, &trainer) != CAIRN_OK) trainer = NULL;
    cairn_options_free(options);
    return trainer;
}

void linear_weights(const cairn_trainer *trainer, double theta[LINEAR_WEIGHTS])
{
    size_t n = 0;
    const real *w = cairn_trainer_weights(trainer, &n);
    for (size_t i = 0; i < LINEAR_WEIGHTS; i++) theta[i] = n == LINEAR_WEIGHTS ? (double)w[i] : NAN;
}

void linear_add(const struct linear *data, uint64_t position, const double theta[LINEAR_WEIGHTS],
                double factor, double sum[LINEAR_WEIGHTS])
{
    uint64_t sample = cairn_order_sample(1, 0, data->n, position);
    const real *x = data->x + sample * LINEAR_INPUTS;
    double h = theta[LINEAR_INPUTS];
    for (size_t i = 0; i < LINEAR_INPUTS; i++) h += theta[i] * (double)x[i];
    double error = factor * (h - (double)data->y[sample]);
    for (size_t i = 0; i < LINEAR_INPUTS; i++) sum[i] += error * (double)x[i];
    sum[LINEAR_INPUTS] += error;
}

double linear_difference(const double a[LINEAR_WEIGHTS], const double b[LINEAR_WEIGHTS])
{
    double apart = 0;
    double size = 0;
    for (size_t i = 0; i < LINEAR_WEIGHTS; i++) {
        apart += (a[i] - b[i]) * (a[i] - b[i]);
        size += b[i] * b[i];
    }
    return sqrt(apart / size);
}

uint64_t trained_hash(cairn_trainer *t)
{
    struct cairn_update_record record;
    uint64_t hash = 0;
    while (t != NULL && !cairn_trainer_done(t))
        if (cairn_trainer_update(t, &record) != CAIRN_OK) break;
    if (t != NULL && cairn_trainer_done(t)) hash = cairn_trainer_weights_hash(t);
    cairn_trainer_close(t);
    return hash;
}
