/* SPDX-License-Identifier: BSD-3-Clause
 * What a host reads and sets of a trainer between updates: tensors by name, learning rate, outputs.
 */
#include <string.h>

#include "comm/exchange.h"
#include "train/average.h"
#include "train/trainer.h"

static const struct cairn_param *find_tensor(const cairn_trainer *t, const char *name)
{
    for (size_t i = 0; i < t->params->n_tensors; i++)
        if (strcmp(t->params->item[i].name, name) == 0) return &t->params->item[i];
    return NULL;
}

size_t cairn_trainer_tensors(const cairn_trainer *t)
{
    return t->params->n_tensors;
}

/* Divided and clipped where it lies, from now on after every update: a host may keep the pointer.
 * A team's is settled by all its ranks in the update, or never, if that failed. */
static const cairn_real *gradient_of(const cairn_trainer *t)
{
    if (t->parts.sums.team == NULL) cairn_gradient_settle(t->gradient, t->params->n_weights);
    t->gradient->shown = true;
    return t->gradient->sum;
}

cairn_status cairn_trainer_tensor(const cairn_trainer *t, size_t i, struct cairn_tensor *out)
{
    if (i >= t->params->n_tensors)
        return cairn_fail(CAIRN_USAGE, "there is no tensor %zu; there are %zu", i,
                          t->params->n_tensors);
    const struct cairn_param *param = &t->params->item[i];
    const bool trained = i < t->params->n_items;
    const cairn_real *average = cairn_trainer_average(t);
    *out = (struct cairn_tensor){
        .name = param->name,
        .dim = param->shape.dim,
        .n_dims = (size_t)param->shape.ndim,
        .n = param->count,
        .value = t->w + param->offset,
        .gradient = trained && t->gradient != NULL ? gradient_of(t) + param->offset : NULL,
        .average = average == NULL ? NULL : average + param->offset,
    };
    return CAIRN_OK;
}

cairn_status cairn_trainer_set_tensor(cairn_trainer *t, const char *name, const cairn_real *value,
                                      size_t n)
{
    const struct cairn_param *param = find_tensor(t, name);
    cairn_status st = CAIRN_OK;
    if (param == NULL)
        st = cairn_fail(CAIRN_USAGE, "there is no tensor called %s", name);
    else if (n != param->count)
        st = cairn_fail(CAIRN_USAGE, "%s has %zu elements, not %zu", name, param->count, n);
    st = cairn_comm_agree(t->parts.comm, st);
    if (st != CAIRN_OK) return st;
    cairn_model_keep(t->parts.model, 0);
    if (cairn_comm_rank(t->parts.comm) == 0)
        memmove(t->w + param->offset, value, n * sizeof *value);
    return cairn_comm_broadcast(t->parts.comm, st, t->w + param->offset, n * sizeof *value);
}

void cairn_trainer_set_rate(cairn_trainer *t, double lr)
{
    t->given_rate = lr;
}

size_t cairn_trainer_outputs(const cairn_trainer *t)
{
    return cairn_shape_count(cairn_model_output_shape(t->parts.model));
}

cairn_status cairn_trainer_predict(cairn_trainer *t, bool average, const cairn_real *x, size_t n,
                                   cairn_real *out)
{
    const size_t micro = (size_t)t->parts.rule.micro;
    const size_t n_in = cairn_shape_count(cairn_dataset_input(t->parts.dataset));
    const size_t n_out = cairn_trainer_outputs(t);
    const cairn_real *w = average ? cairn_trainer_average(t) : t->w;
    if (w == NULL)
        return cairn_fail(CAIRN_USAGE, "there is no moving average of the weights; set train.ema");
    for (size_t done = 0; done < n; done += micro) {
        struct cairn_micro inputs;
        const real *outputs = NULL;
        const size_t here = n - done < micro ? n - done : micro;
        CAIRN_TRY(cairn_loader_inputs(t->parts.loader[CAIRN_SPLIT_TRAIN], x + done * n_in, here,
                                      &inputs));
        CAIRN_TRY(cairn_model_outputs(t->parts.model, w, &inputs, &outputs));
        memcpy(out + done * n_out, outputs, here * n_out * sizeof *out);
    }
    return CAIRN_OK;
}
