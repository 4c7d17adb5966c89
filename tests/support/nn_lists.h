/* SPDX-License-Identifier: BSD-3-Clause
 * For tests of layers that hold lists of layers.  Every function ends the test where it fails. */
#ifndef CAIRN_TESTS_SUPPORT_NN_LISTS_H
#define CAIRN_TESTS_SUPPORT_NN_LISTS_H

#include "nn/model.h"

enum { LIST_SAMPLES = 5 };

/** A model of these layers that tells 3 classes apart. */
struct cairn_model_options list_options(const struct cairn_node *tree,
                                        const struct cairn_shape *in);

/** Backward against differences, and single precision against double; every weight is opened once
 * for each use. */
void list_check(const char *text, const struct cairn_shape *in);

/** That no such model can be planned, and what is said. */
void list_refused(const char *text, const struct cairn_shape *in, const char *says);

#endif
