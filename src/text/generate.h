/* SPDX-License-Identifier: BSD-3-Clause
 * Text from a language model, token after token.  Knows tokens, not what they stand for.  Local. */
#ifndef CAIRN_TEXT_GENERATE_H
#define CAIRN_TEXT_GENERATE_H

#include <stddef.h>
#include <stdint.h>

#include "cairn/status.h"
#include "nn/model.h"

/** How a token is drawn. */
struct cairn_generate_options {
    struct cairn_model *model; /* for a micro-batch of 1; borrowed, as is ... */
    const real *w;             /* [n_values] */
    size_t context;            /* C: tokens that the model sees */
    size_t vocabulary;
    double temperature; /* outputs are divided by it; 0: always the most likely token */
    size_t top_k;       /* only the so many most likely ones; 0: all */
    uint64_t seed;
};

struct cairn_generator;

/**
 * Begin a text without tokens.  The model is tried with texts that differ after a token: a model
 * whose outputs before it differ too cannot write.
 *
 * Ranks   local
 * Errors  CAIRN_DATA: not causal, no outputs for the vocabulary; CAIRN_MEMORY
 */
CAIRN_CHECKED cairn_status cairn_generate_begin(const struct cairn_generate_options *options,
                                                struct cairn_generator **out);

/** Release; NULL is fine.  Ranks: local.  Errors: none. */
void cairn_generate_end(struct cairn_generator *generator);

/** Put a token after the others.  Ranks: local.  Errors: none. */
void cairn_generate_put(struct cairn_generator *generator, size_t token);

/** Draw the token that follows the last C, of which there must be one, and put it after them.
 * Ranks: local.  Errors: CAIRN_NUMBERS: outputs that are not finite. */
CAIRN_CHECKED cairn_status cairn_generate_next(struct cairn_generator *generator, size_t *token);

/** An output and the token it stands for. */
struct cairn_likely {
    real h;
    size_t token;
};

/**
 * Draw from softmax(h / temperature) over the top_k largest (0: all; of equal ones the first).
 *
 * u       in [0, 1): the random number; not read where temperature is 0
 * likely  room for n
 *
 * Shapes  h: [n], finite
 * Ranks   local
 * Errors  none
 */
size_t cairn_generate_draw(const real *h, size_t n, const struct cairn_generate_options *options,
                           double u, struct cairn_likely *likely);

#endif
