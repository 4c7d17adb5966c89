/* SPDX-License-Identifier: BSD-3-Clause
 * Initial weights: schemes by name.  Values are float32 in both precisions, a function of seed,
 * tensor name and element. Local. */
#ifndef CAIRN_NN_INIT_H
#define CAIRN_NN_INIT_H

#include <stddef.h>
#include <stdint.h>

#include "base/keys.h"
#include "tensor/params.h"
#include "tensor/real.h"

#define cairn_fan_of      CAIRN_R(cairn_fan_of)
#define cairn_init_weight CAIRN_R(cairn_init_weight)
#define cairn_init_bias   CAIRN_R(cairn_init_bias)
#define cairn_init_table  CAIRN_R(cairn_init_table)
#define cairn_init_around CAIRN_R(cairn_init_around)

/** The schemes, for a key of type CHOICE:
 *   pytorch  weight and bias uniform in +-1/sqrt(fan_in), as torch.nn.Linear
 *   he       weight normal with deviation sqrt(2/fan_in), bias 0
 *   xavier   weight uniform in +-sqrt(6/(fan_in + fan_out)), bias 0
 *   zeros    both 0
 *   gpt2     weight normal with deviation 0.02, bias 0 */
#define CAIRN_WORDS_INIT(FIRST, NEXT)                                                              \
    FIRST(INIT_PYTORCH, "pytorch")                                                                 \
    NEXT(INIT_HE, "he")                                                                            \
    NEXT(INIT_XAVIER, "xavier") NEXT(INIT_ZEROS, "zeros") NEXT(INIT_GPT2, "gpt2")
CAIRN_CHOICE(cairn_init_scheme, CAIRN_WORDS_INIT);

/** The schemes of tables, whose rows are learned as they are, embeddings:
 *   pytorch  normal with deviation 1, as torch.nn.Embedding
 *   gpt2     normal with deviation 0.02
 *   zeros */
#define CAIRN_WORDS_TABLE(FIRST, NEXT)                                                             \
    FIRST(TABLE_PYTORCH, "pytorch") NEXT(TABLE_GPT2, "gpt2") NEXT(TABLE_ZEROS, "zeros")
CAIRN_CHOICE(cairn_table_scheme, CAIRN_WORDS_TABLE);

/** What the schemes want to know: inputs that meet in one output, outputs that one input goes
 * to. */
struct cairn_fan {
    int scheme; /* enum cairn_init_scheme */
    size_t in, out;
};

/** That of a weight [a, b, kernel] of any number of dimensions, as PyTorch and Keras count it: b
 * times the kernel, and a times the kernel, whatever the groups.  Ranks: local.  Errors: none. */
struct cairn_fan cairn_fan_of(int scheme, const struct cairn_param *weight);

/** Fill the range of a weight tensor in w [n_values].  Ranks: local.  Errors: none. */
void cairn_init_weight(const struct cairn_fan *fan, const struct cairn_param *param, uint64_t seed,
                       real *w);

/** Fill the range of a bias in w [n_values].  Ranks: local.  Errors: none. */
void cairn_init_bias(const struct cairn_fan *fan, const struct cairn_param *param, uint64_t seed,
                     real *w);

/** Fill a table in w [n_values], by enum cairn_table_scheme.  Ranks: local.  Errors: none. */
void cairn_init_table(int scheme, const struct cairn_param *param, uint64_t seed, real *w);

/** Fill the range of a tensor in w [n_values], uniform in value +- spread.  Ranks: local.
 * Errors: none. */
void cairn_init_around(double value, double spread, const struct cairn_param *param, uint64_t seed,
                       real *w);

#endif
