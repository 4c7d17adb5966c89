/* SPDX-License-Identifier: BSD-3-Clause
 * The registry of losses. */
#include "nn/loss.h"

#define X(name) extern const struct cairn_loss_kind CAIRN_R(cairn_loss_##name);
#include "nn/losses.def"
#undef X

const struct cairn_loss_kind *cairn_loss_kind_at(size_t index)
{
    static const struct cairn_loss_kind *const kinds[] = {
#define X(name) &CAIRN_R(cairn_loss_##name),
#include "nn/losses.def"
#undef X
    };
    return index < sizeof kinds / sizeof kinds[0] ? kinds[index] : NULL;
}
