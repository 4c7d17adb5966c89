/* SPDX-License-Identifier: BSD-3-Clause
 * The noise scale of a multi-layer perceptron, exactly: the gradient of each single sample is
 * worked out in double.  For a dense layer that is delta input^T with the bias's delta, so
 * |g_i|^2 = sum over the layers |delta|^2 (|input|^2 + 1). */
#ifndef TESTS_SUPPORT_NOISE_ORACLE_H
#define TESTS_SUPPORT_NOISE_ORACLE_H

#include "cairn/cairn.h"

/* The perceptron: dense 12, relu, dense 10 on 64 numbers. */
enum { N_IN = 64, HIDDEN = 12, N_OUT = 10 };

/* S and |mu|^2 over the training set, worked sample by sample. */
struct oracle {
    double noise, signal;
};

/* A trainer of these keys and values [n]; NULL: there is none. */
cairn_trainer *noise_oracle_open(cairn_comm *comm, const char *const keys[][2], size_t n);

/* Of the trainer's weights as they are; false: its data cannot be read. */
bool noise_oracle_ask(cairn_trainer *t, struct oracle *out);

#endif
