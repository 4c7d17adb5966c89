/* SPDX-License-Identifier: BSD-3-Clause
 * Keys that several optimizers have, so that each is written once: a row of the table of keys,
 * whose field has the name of the key in the optimizer's struct `type`.  A key of one optimizer
 * stands in the file of that optimizer. */
#ifndef CAIRN_OPTIM_KEYS_H
#define CAIRN_OPTIM_KEYS_H

#include <stddef.h>

#include "base/keys.h"

#define CAIRN_OPTIM_MOMENTUM(type)                                                                 \
    {                                                                                              \
        "optim.momentum", CAIRN_KEY_REAL, offsetof(type, momentum), "0", 0, 1, NULL, "momentum"    \
    }

#define CAIRN_OPTIM_BETA1(type)                                                                    \
    {                                                                                              \
        "optim.beta1", CAIRN_KEY_REAL, offsetof(type, beta1), "0.9", 0, 1, NULL,                   \
            "decay of the first moment"                                                            \
    }

#define CAIRN_OPTIM_BETA2(type)                                                                    \
    {                                                                                              \
        "optim.beta2", CAIRN_KEY_REAL, offsetof(type, beta2), "0.999", 0, 1, NULL,                 \
            "decay of the second moment"                                                           \
    }

#define CAIRN_OPTIM_EPS(type)                                                                      \
    {                                                                                              \
        "optim.eps", CAIRN_KEY_REAL, offsetof(type, eps), "1e-8", 0, 1, NULL,                      \
            "added to the root of the second moment; of lars: to the norm of g"                    \
    }

#endif
