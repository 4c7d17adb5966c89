/* SPDX-License-Identifier: BSD-3-Clause
 * A micro-batch through a planned model: forward, loss, backward.  Allocates nothing. */
#include <math.h>

#include "base/fault.h"
#include "nn/planned.h"
#include "tensor/matmul.h"

cairn_status cairn_model_pass(struct cairn_model *model, const real *w,
                              const struct cairn_micro *micro, struct cairn_pass *out)
{
    if (micro->n > model->micro)
        return cairn_fail(CAIRN_BUG, "a micro-batch of %zu samples for a model planned for %zu",
                          micro->n, model->micro);
    *out = (struct cairn_pass){.micro = micro,
                               .w = w,
                               .params = &model->params,
                               .arena = &model->arena,
                               .workspace = cairn_arena_at(&model->arena, model->workspace_at),
                               .scratch = cairn_arena_at(&model->arena, model->scratch_at),
                               .seed = model->seed};
    for (int depth = 0; depth < CAIRN_MAX_DEPTH; depth++)
        for (int turn = 0; turn < 2; turn++)
            out->gradient[depth][turn] =
                cairn_arena_at(&model->arena, model->gradient_at[depth][turn]);
    return CAIRN_OK;
}

/* micro->x in the precision of the model, [n, n_in] */
static const real *input(struct cairn_model *model, const struct cairn_micro *micro)
{
#ifdef CAIRN_F64
    real *x = cairn_arena_at(&model->arena, model->input_at);
    for (size_t i = 0; i < micro->n * model->n_in; i++) x[i] = (real)micro->x[i];
    return x;
#else
    (void)model;
    return micro->x;
#endif
}

/* Where some samples alone have such outputs, it is their data; of all it is the weights. */
static cairn_status not_finite(const struct cairn_micro *micro, const real *h, size_t n_out,
                               double loss)
{
    size_t n_bad = 0;
    size_t first = 0;
    for (size_t i = micro->n; i-- > 0;) {
        size_t k = 0;
        while (k < n_out && isfinite(h[i * n_out + k])) k++;
        if (k == n_out) continue;
        n_bad++;
        first = i;
    }
    const char *words =
        n_bad > 0 && n_bad < micro->n ? "the first whose outputs are not is" : "the first is";
    return cairn_fail(CAIRN_NUMBERS,
                      "the loss is not finite (%g over %zu samples, %s %llu of epoch %llu); lower "
                      "optim.lr, set optim.clip_norm, or check the data",
                      loss, micro->n, words, (unsigned long long)micro->sample[first],
                      (unsigned long long)micro->epoch[first]);
}

/* Where the gradient by the outputs lies. */
static real *place_of_gradient(const struct cairn_model *model, const struct cairn_pass *pass)
{
    const struct cairn_chain *learnt = &model->learnt;
    if (!model->over_outputs) return pass->gradient[learnt->depth][0];
    return cairn_arena_at(pass->arena, learnt->layer[learnt->n_layers - 1].y_at);
}

/* The loss and its gradient by the outputs h. */
static cairn_status run_loss(struct cairn_model *model, const struct cairn_pass *pass,
                             const real *h, real *dh, struct cairn_scores *scores)
{
    const struct cairn_micro *micro = pass->micro;
    const size_t n_out = cairn_shape_count(cairn_chain_output(&model->learnt));
    struct cairn_span span = {0};
    if (pass->profile != NULL) span = cairn_profile_begin(pass->profile);
    CAIRN_TRY(model->loss->run(model->loss_self, micro, n_out, h, dh, scores));
    if (pass->profile != NULL)
        cairn_profile_end(pass->profile, span, micro->n, &pass->profile->loss);
    return CAIRN_OK;
}

cairn_status cairn_model_loss(struct cairn_model *model, const struct cairn_pass *pass, real **dh,
                              struct cairn_scores *scores)
{
    const struct cairn_micro *micro = pass->micro;
    struct cairn_scores here = {0};
    size_t n_out = cairn_shape_count(cairn_chain_output(&model->learnt));
    const real *h = cairn_chain_forward(&model->learnt, pass, input(model, micro));
    model->evaluated = h;
    if (dh != NULL) *dh = place_of_gradient(model, pass);
    CAIRN_TRY(run_loss(model, pass, h, dh == NULL ? NULL : *dh, &here));
    if (!isfinite(here.loss)) {
        h = cairn_chain_forward(&model->learnt, pass, input(model, micro)); /* dh may be over it */
        return not_finite(micro, h, n_out, here.loss);
    }
    scores->loss += here.loss;
    scores->weight += here.weight;
    scores->correct += here.correct;
    scores->count += here.count;
    return CAIRN_OK;
}

cairn_status cairn_model_gradient(struct cairn_model *model, const real *w,
                                  const struct cairn_micro *micro, struct cairn_sink *sink,
                                  struct cairn_scores *scores)
{
    struct cairn_pass pass;
    if (micro->n == 0) return CAIRN_OK;
    if (cairn_fault("nn.gradient"))
        return cairn_fail(CAIRN_NUMBERS, "the gradient is not finite (planted by CAIRN_FAULT)");
    CAIRN_TRY(cairn_model_pass(model, w, micro, &pass));
    pass.training = true;
    pass.weights = model->weights;
    pass.profile = model->profile;
    pass.sink = sink;
    real *dh = NULL;
    CAIRN_TRY(cairn_model_loss(model, &pass, &dh, scores));
    cairn_chain_backward(&model->learnt, &pass, dh, NULL);
    return CAIRN_OK;
}

void cairn_model_keep(struct cairn_model *model, size_t n)
{
    model->weights = n >= CAIRN_KEPT_FROM ? ++model->n_kept : 0;
}

cairn_status cairn_model_evaluate(struct cairn_model *model, const real *w,
                                  const struct cairn_micro *micro, struct cairn_scores *scores)
{
    struct cairn_pass pass;
    if (micro->n == 0) return CAIRN_OK;
    CAIRN_TRY(cairn_model_pass(model, w, micro, &pass));
    return cairn_model_loss(model, &pass, NULL, scores);
}

cairn_status cairn_model_outputs(struct cairn_model *model, const real *w,
                                 const struct cairn_micro *micro, const real **outputs)
{
    struct cairn_pass pass;
    CAIRN_TRY(cairn_model_pass(model, w, micro, &pass));
    *outputs = cairn_chain_forward(&model->chain, &pass, input(model, micro));
    return CAIRN_OK;
}
