/* SPDX-License-Identifier: BSD-3-Clause
 * Linear regression on the diabetes data, worked in double beside the program: what the tests of
 * the update's arithmetic compare with.  Every function is the same on every rank. */
#ifndef CAIRN_TESTS_SUPPORT_LINEAR_H
#define CAIRN_TESTS_SUPPORT_LINEAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cairn/cairn.h"
#include "tensor/real.h"

enum { LINEAR_INPUTS = 10, LINEAR_WEIGHTS = LINEAR_INPUTS + 1 };

/** The training set. */
struct linear {
    size_t n;
    real *x; /* [n, LINEAR_INPUTS] */
    real *y; /* [n] */
};

/** Read it; false where it cannot be read. */
bool linear_read(struct linear *out);
void linear_free(struct linear *data);

/** Options of {dense, units: 1} on it, with these keys; the file unless the samples are in memory.
 * NULL where they are wrong. */
cairn_options *linear_options(bool in_memory, const char *const *keys);

/** A trainer of {dense, units: 1} on it, squared error, plain SGD; NULL where it cannot be made.
 * `keys` are "batch.global=64", ..., NULL after the last. */
cairn_trainer *linear_trainer(cairn_comm *comm, const char *const *keys);

/** The same with samples from memory; data NULL: those of the file. */
cairn_trainer *linear_trainer_with(cairn_comm *comm, cairn_data *data, const char *const *keys);

/** Train any trainer to its end and close it: the hash of its weights, 0 where that fails. */
uint64_t trained_hash(cairn_trainer *t);

/** Its weights: ten, then the bias. */
void linear_weights(const cairn_trainer *trainer, double theta[LINEAR_WEIGHTS]);

/** sum[] += factor * (h(x) - y) * (x, 1): the gradient of 1/2 |h(x) - y|^2 for the sample at this
 * position of epoch 0's order, seed 1. */
void linear_add(const struct linear *data, uint64_t position, const double theta[LINEAR_WEIGHTS],
                double factor, double sum[LINEAR_WEIGHTS]);

/** |a - b| / |b|. */
double linear_difference(const double a[LINEAR_WEIGHTS], const double b[LINEAR_WEIGHTS]);

#endif
