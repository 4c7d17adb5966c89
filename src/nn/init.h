/* SPDX-License-Identifier: BSD-3-Clause
 * Initial weights: schemes by name.  Values are float32 in both precisions, a function of seed,
 * tensor name and element. Local. */
#ifndef CAIRN_NN_INIT_H
#define CAIRN_NN_INIT_H

#include <stddef.h>
#include <stdint.h>

#include "tensor/params.h"
#include "tensor/real.h"

#define cairn_init_weight CAIRN_R(cairn_init_weight)
#define cairn_init_bias   CAIRN_R(cairn_init_bias)
#define cairn_init_table  CAIRN_R(cairn_init_table)

/** The schemes, for a key of type CHOICE: its index is the enum below. */
#define CAIRN_INIT_WORDS "pytorch he xavier zeros gpt2"

enum cairn_init_scheme {
    CAIRN_INIT_PYTORCH, /* weight and bias uniform in +-1/sqrt(fan_in), as torch.nn.Linear */
    CAIRN_INIT_HE,      /* weight normal with deviation sqrt(2/fan_in), bias 0 */
    CAIRN_INIT_XAVIER,  /* weight uniform in +-sqrt(6/(fan_in + fan_out)), bias 0 */
    CAIRN_INIT_ZEROS,   /* both 0 */
    CAIRN_INIT_GPT2,    /* weight normal with deviation 0.02, bias 0 */
};

/** The schemes of tables, whose rows are learned as they are: embeddings. */
#define CAIRN_INIT_TABLE_WORDS "pytorch gpt2 zeros"

enum cairn_table_scheme {
    CAIRN_TABLE_PYTORCH, /* normal with deviation 1, as torch.nn.Embedding */
    CAIRN_TABLE_GPT2,    /* normal with deviation 0.02 */
    CAIRN_TABLE_ZEROS,
};

/** What the schemes want to know: inputs that meet in one output, outputs that one input goes
 * to. */
struct cairn_fan {
    int scheme; /* enum cairn_init_scheme */
    size_t in, out;
};

/** Fill the range of a weight tensor in w [n_values].  Ranks: local.  Errors: none. */
void cairn_init_weight(const struct cairn_fan *fan, const struct cairn_param *param, uint64_t seed,
                       real *w);

/** Fill the range of a bias in w [n_values].  Ranks: local.  Errors: none. */
void cairn_init_bias(const struct cairn_fan *fan, const struct cairn_param *param, uint64_t seed,
                     real *w);

/** Fill a table in w [n_values], by enum cairn_table_scheme.  Ranks: local.  Errors: none. */
void cairn_init_table(int scheme, const struct cairn_param *param, uint64_t seed, real *w);

#endif
