/* SPDX-License-Identifier: BSD-3-Clause
 * The registry of convolutions. */
#include "tensor/conv.h"

#define X(name) extern const struct cairn_conv_kind CAIRN_R(cairn_##name);
#include "tensor/convs.def"
#undef X

static const struct cairn_conv_kind *const kinds[] = {
#define X(name) &CAIRN_R(cairn_##name),
#include "tensor/convs.def"
#undef X
};

cairn_status cairn_conv_plan(struct cairn_conv *conv)
{
    size_t i = 0;
    while (kinds[i]->takes != NULL && !kinds[i]->takes(conv)) i++;
    conv->kind = kinds[i];
    return conv->kind->plan(conv);
}

void cairn_conv_free(struct cairn_conv *conv)
{
    if (conv->kind != NULL) conv->kind->free(conv);
    *conv = (struct cairn_conv){0};
}

void cairn_conv_forward(const struct cairn_conv *conv, const struct cairn_conv_job *job)
{
    conv->kind->forward(conv, job);
}

void cairn_conv_by_data(const struct cairn_conv *conv, const struct cairn_conv_job *job)
{
    conv->kind->by_data(conv, job);
}

void cairn_conv_by_weights(const struct cairn_conv *conv, const struct cairn_conv_job *job)
{
    conv->kind->by_weights(conv, job);
}
