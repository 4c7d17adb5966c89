/* SPDX-License-Identifier: BSD-3-Clause
 * For tests of losses: one alone, without a model, and four samples for it.  Every function ends
 * the test where it fails. */
#ifndef CAIRN_TESTS_SUPPORT_LOSS_H
#define CAIRN_TESTS_SUPPORT_LOSS_H

#include "nn/loss.h"

enum { LOSS_ROWS = 4, LOSS_K = 3 };

/** Outputs, labels and targets from 0 to 1 of the samples 10 to 13. */
extern const real loss_outputs[LOSS_ROWS * LOSS_K], loss_targets[LOSS_ROWS * LOSS_K];
extern const int32_t loss_labels[LOSS_ROWS];
extern const uint64_t loss_numbers[LOSS_ROWS];

/** A planned loss. */
struct alone {
    const struct cairn_loss_kind *kind;
    struct cairn_node *tree;
    void *self;
};

/** Plan the loss of this text, a map with a type. */
struct alone loss_make(const char *text, const struct cairn_shape *outputs,
                       const struct cairn_model_options *options);

/** The same for classes (2: told apart by one output), or for LOSS_K targets. */
struct alone loss_of_classes(const char *text, size_t n_classes);
struct alone loss_of_targets(const char *text);
void loss_free(struct alone *loss);

/** Its run(). */
cairn_status loss_run(const struct alone *loss, const struct cairn_micro *micro, size_t k,
                      const real *h, real *dh, struct cairn_scores *scores);

#endif
