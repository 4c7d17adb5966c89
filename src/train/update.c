/* SPDX-License-Identifier: BSD-3-Clause
 * Start reading here: one update of the weights, from files to new weights. */
#include <math.h>
#include <string.h>

#include "train/trainer.h"

/** One update of the weights from one global batch.  Collective. */
cairn_status cairn_trainer_update(cairn_trainer *t, struct cairn_update_record *out)
{
    cairn_status st = t->pending;
    bool again = false;
    do {
        cairn_trainer_zero(t);
        for (size_t i = 0; i < cairn_trainer_share(t) && st == CAIRN_OK; i++)
            st = cairn_trainer_backward(t, i);      /* file -> micro-batch -> my sum */
        st = cairn_trainer_sum(t, st, &again, out); /* my sum -> all ranks -> new weights */
    } while (st == CAIRN_OK && again); /* only with train.reproducible: a range did not fit */
    return st;
}

void cairn_trainer_zero(cairn_trainer *t)
{
    cairn_where_begin(&t->where, t->at.update + 1);
    cairn_sum_begin(t->sum);
    t->partial.n_marks = 0;
}

/** One micro-batch: read it, walk forward and backward, add to this rank's sum.  Local. */
cairn_status cairn_trainer_backward(cairn_trainer *t, size_t i)
{
    struct cairn_micro micro;
    struct cairn_scores scores = {0};
    size_t n = 0;
    if (i >= cairn_trainer_share(t))
        return cairn_fail(CAIRN_USAGE, "micro-batch %zu of a share of %zu", i,
                          cairn_trainer_share(t));
    uint64_t first = cairn_window_micro(&t->parts.rule, &t->window, t->share.first + i, &n);
    t->where.micro = i;
    cairn_where_enter(&t->where, CAIRN_PHASE_DATA);
    cairn_status st = cairn_loader_read(t->parts.loader[CAIRN_SPLIT_TRAIN], first, n, &micro);
    cairn_where_enter(&t->where, CAIRN_PHASE_COMPUTE);
    cairn_sum_begin_micro(t->sum, n);
    if (st == CAIRN_OK)
        st = cairn_loader_refused(
            t->parts.loader[CAIRN_SPLIT_TRAIN],
            cairn_model_gradient(t->parts.model, t->w, &micro, &t->sum->sink, &scores));
    if (st == CAIRN_OK) st = cairn_sum_end_micro(t->sum, &scores);
    if (st == CAIRN_OK) cairn_trainer_look_at_partial(t, i, n); /* for the noise scale */
    cairn_where_enter(&t->where, CAIRN_PHASE_OTHER);
    t->where.n_micro++;
    t->where.n_samples += n;
    return st;
}

/* By W; where W is 0 every label is masked, and the update has a zero gradient.  Weights of samples
 * may add up to more than a float holds. */
static void divide(float *g, size_t n, double w)
{
    const float divisor = (float)w;
    if (w == 0)
        memset(g, 0, n * sizeof *g);
    else if (isinf(divisor))
        for (size_t i = 0; i < n; i++) g[i] = (float)(g[i] / w);
    else
        for (size_t i = 0; i < n; i++) g[i] /= divisor;
}

/* The summed gradient -> new weights: divide once, clip, optimizer.  Local, alike on all
 * ranks. */
static cairn_status apply(cairn_trainer *t, const struct cairn_totals *totals,
                          struct cairn_update_record *out)
{
    const struct cairn_rate rate = {.now = cairn_trainer_rate(t), .before = t->at.rate};
    if (t->parts.normalize) divide(t->g, t->params->n_weights, totals->weight);
    double norm = cairn_trainer_measure(t, totals);
    if (!isfinite(norm))
        return cairn_fail(CAIRN_NUMBERS,
                          "the gradient is not finite; lower optim.lr or set optim.clip_norm");
    cairn_clip(t->g, t->params->n_weights, norm, t->parts.clip_norm);
    cairn_optim_update(t->parts.optim, rate, t->g, t->w);             /* -> new weights */
    cairn_buffers_update(t->params, t->g, (double)t->window.n, t->w); /* -> normalisation's */
    cairn_ema_update(t);                                              /* -> train.ema */
    cairn_where_enter(&t->where, CAIRN_PHASE_OTHER);
    *out = cairn_trainer_record(t, totals);
    out->lr = rate.now;
    out->grad_norm = norm;
    t->at.rate = rate.now;
    return cairn_trainer_advance(t, totals);
}

/** My sum -> the sum over all ranks -> new weights.  Collective. */
cairn_status cairn_trainer_sum(cairn_trainer *t, cairn_status st, bool *again,
                               struct cairn_update_record *out)
{
    struct cairn_totals totals = {0};
    const uint64_t epoch = t->window.epoch, update = t->at.update + 1;
    if (t->done) return cairn_fail(CAIRN_USAGE, "the run is complete: it has no further update");
    cairn_where_enter(&t->where, CAIRN_PHASE_REDUCE);
    st = cairn_sum_reduce(t->sum, st, cairn_trainer_wants_stop(t), &t->g, &totals);
    *again = st == CAIRN_OK && cairn_sum_again(t->sum);
    if (st == CAIRN_OK && !*again) st = cairn_trainer_rebalance(t); /* only with train.balance */
    cairn_where_enter(&t->where, CAIRN_PHASE_UPDATE);
    if (st == CAIRN_OK && !*again) st = apply(t, &totals, out);
    if (st == CAIRN_OK) return CAIRN_OK;
    return cairn_fail_in(st, "training, epoch %llu update %llu", (unsigned long long)epoch,
                         (unsigned long long)update);
}
