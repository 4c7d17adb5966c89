/* SPDX-License-Identifier: BSD-3-Clause
 * Draws of the layers that drop. */
#include "nn/drop.h"

#include <math.h>

#include "base/random.h"
#include "tensor/spread.h"

void cairn_drop_plan(struct cairn_drop *drop, const struct cairn_layer *layer, size_t n,
                     struct cairn_plan *plan)
{
    drop->layer = cairn_name_number(layer->name);
    drop->threshold = (uint32_t)ceil(drop->p * 0x1p24)
                      << 8; /* of the 24 bits that cairn_random_unit() uses */
    drop->scale = (real)(1.0 / (1.0 - drop->p));
    drop->n = n;
    drop->mask = cairn_plan_activation(plan, n, sizeof(uint8_t));
    drop->n_threads = cairn_threads_now();
    cairn_plan_workspace(plan, drop->n_threads * n * sizeof(uint32_t));
}

const uint32_t *cairn_drop_bits(const struct cairn_drop *drop, const struct cairn_pass *pass,
                                size_t i)
{
    const struct cairn_micro *micro = pass->micro;
    uint32_t *bits = (uint32_t *)pass->workspace + cairn_thread() * drop->n;
    uint64_t key = cairn_random_key(pass->seed, CAIRN_RANDOM_DROPOUT, drop->layer, micro->epoch[i]);
    cairn_random_fill(key, micro->sample[i], drop->n, bits);
    return bits;
}

size_t cairn_drop_threads(const struct cairn_drop *drop, size_t n_samples)
{
    return cairn_threads_for(n_samples * drop->n) == 1 ? 1 : drop->n_threads;
}
