/* SPDX-License-Identifier: BSD-3-Clause
 * The registry of losses. */
#include "nn/loss.h"

#include "nn/own.h"

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
    enum { N_KINDS = sizeof kinds / sizeof kinds[0] };
    return index < N_KINDS ? kinds[index] : cairn_own_loss_at(index - N_KINDS);
}
