/* SPDX-License-Identifier: BSD-3-Clause
 * Which outputs of a sample belong to one label: its row of k classes.  Outputs are [positions, k],
 * as those of tokens, or [k, positions], as channels; the losses see rows, a few of which are put
 * together at a time where they do not lie so.  Compiled in two precisions (tensor/real.h).
 * Local. */
#ifndef CAIRN_NN_CLASS_ROWS_H
#define CAIRN_NN_CLASS_ROWS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/keys.h"
#include "cairn/status.h"
#include "tensor/micro.h"
#include "tensor/real.h"
#include "tensor/shape.h"

#define cairn_class_rows_fit     CAIRN_R(cairn_class_rows_fit)
#define cairn_class_rows_at      CAIRN_R(cairn_class_rows_at)
#define cairn_class_rows_plan    CAIRN_R(cairn_class_rows_plan)
#define cairn_class_rows_get     CAIRN_R(cairn_class_rows_get)
#define cairn_class_rows_targets CAIRN_R(cairn_class_rows_targets)
#define cairn_class_rows_put     CAIRN_R(cairn_class_rows_put)
#define cairn_class_rows_weight  CAIRN_R(cairn_class_rows_weight)

#define CAIRN_WORDS_CLASS_DIM(FIRST, NEXT)                                                         \
    FIRST(CLASS_DIM_AUTO, "auto") NEXT(CLASS_DIM_FIRST, "first") NEXT(CLASS_DIM_LAST, "last")
CAIRN_CHOICE(cairn_class_dim, CAIRN_WORDS_CLASS_DIM);

/** The key `class_dim` of a loss, whose field in its struct is an int. */
#define CAIRN_CLASS_DIM_KEY(type, field)                                                           \
    {                                                                                              \
        "class_dim", CAIRN_KEY_CHOICE, offsetof(type, field), "auto", 0, 0,                        \
            CAIRN_CHOICE_TEXT(CAIRN_WORDS_CLASS_DIM),                                              \
            "dimension of a sample's outputs that counts classes, where labels have positions: "   \
            "first, as in PyTorch, last, as of tokens, or whichever fits"                          \
    }

struct cairn_model_options;

/** Where the rows of a sample lie. */
struct cairn_class_rows {
    size_t k, n; /* classes; rows of a sample */
    bool first;  /* outputs are [k, n]; else [n, k] */
};

enum { CAIRN_ROWS_AT_ONCE = 16 }; /* a cache line of floats of each class */

/** Whether whole numbers y of a sample are labels to outputs of this shape, one for each row of at
 * least two classes, rather than a target for each output; also where several dimensions of them
 * are neither.  Ranks: local.  Errors: none. */
bool cairn_class_rows_fit(const struct cairn_shape *outputs, const struct cairn_shape *y);

/** The rows of outputs whose first or last dimension counts classes.  Ranks: local.
 * Errors: none. */
struct cairn_class_rows cairn_class_rows_at(const struct cairn_shape *outputs, bool first);

/** "classes first" or "classes last", as a checkpoint says it, and back: enum cairn_class_dim, auto
 * for other words.  Ranks: local.  Errors: none. */
#define cairn_class_dim_name  CAIRN_R(cairn_class_dim_name)
#define cairn_class_dim_named CAIRN_R(cairn_class_dim_named)
const char *cairn_class_dim_name(bool first);
int cairn_class_dim_named(const char *words);

/** Find the rows by the labels or, where there are none, by probabilities of classes.  dim: enum
 * cairn_class_dim.  Ranks: local.  Errors: CAIRN_USAGE: they do not fit, or it is not clear which
 * dimension is meant, and what to do. */
CAIRN_CHECKED cairn_status cairn_class_rows_plan(const char *loss, int dim,
                                                 const struct cairn_shape *outputs,
                                                 const struct cairn_model_options *options,
                                                 struct cairn_class_rows *out);

/** The weight of a row of sample i: its label's, the sample's, or of targets of their own weights
 * the mean of the row's.  Ranks: local.  Errors: none. */
double cairn_class_rows_weight(const struct cairn_class_rows *rows, const struct cairn_micro *micro,
                               size_t i, size_t row);

/** Rows [begin, begin + count) of one sample's values, as [count, k]: where they are, or in room
 * [CAIRN_ROWS_AT_ONCE, k], which takes as many.  Ranks: local.  Errors: none. */
const real *cairn_class_rows_get(const struct cairn_class_rows *rows, const real *values,
                                 size_t begin, size_t count, real *room);

/** The same of targets.  Ranks: local.  Errors: none. */
const cairn_real *cairn_class_rows_targets(const struct cairn_class_rows *rows,
                                           const cairn_real *values, size_t begin, size_t count,
                                           cairn_real *room);

/** Put rows from `room` to where they belong in values; nothing where they lie there.
 * Ranks: local.  Errors: none. */
void cairn_class_rows_put(const struct cairn_class_rows *rows, const real *room, size_t begin,
                          size_t count, real *values);

#endif
