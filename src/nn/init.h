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

/** The schemes, for a key of type CHOICE: its index is the enum below. */
#define CAIRN_INIT_WORDS "pytorch he xavier zeros"

enum cairn_init_scheme {
    CAIRN_INIT_PYTORCH, /* weight and bias uniform in +-1/sqrt(fan_in), as torch.nn.Linear */
    CAIRN_INIT_HE,      /* weight normal with deviation sqrt(2/fan_in), bias 0 */
    CAIRN_INIT_XAVIER,  /* weight uniform in +-sqrt(6/(fan_in + fan_out)), bias 0 */
    CAIRN_INIT_ZEROS,   /* both 0 */
};

/** What the schemes want to know: inputs that meet in one output, outputs that one input goes
 * to. */
struct cairn_fan {
    int scheme; /* enum cairn_init_scheme */
    size_t in, out;
};

/** Fill the range of a weight tensor in w [n_weights].  Ranks: local.  Errors: none. */
void cairn_init_weight(const struct cairn_fan *fan, const struct cairn_param *param, uint64_t seed,
                       real *w);

/** Fill the range of a bias in w [n_weights].  Ranks: local.  Errors: none. */
void cairn_init_bias(const struct cairn_fan *fan, const struct cairn_param *param, uint64_t seed,
                     real *w);

#endif
