/* SPDX-License-Identifier: BSD-3-Clause
 * Start reading here: one update of the weights, from files to new weights. */
#include <math.h>

#include "base/interrupt.h"
#include "train/guard.h"
#include "train/trainer.h"

/** One update of the weights from one global batch.  Collective. */
cairn_status cairn_trainer_update(cairn_trainer *t, struct cairn_update_record *out)
{
    bool again = false;
    cairn_status st = CAIRN_OK;
    do {
        st = cairn_trainer_accumulate(t);           /* files -> my sum */
        st = cairn_trainer_sum(t, st, &again, out); /* my sum -> all ranks -> new weights */
    } while (st == CAIRN_OK && again); /* only with train.reproducible: a range did not fit */
    return st;
}

/** Zero, then the micro-batches of this rank's share.  Local. */
cairn_status cairn_trainer_accumulate(cairn_trainer *t)
{
    cairn_status st = CAIRN_OK;
    const size_t n = cairn_trainer_share(t);
    cairn_trainer_zero(t);
    for (size_t i = 0; i < n && st == CAIRN_OK; i++) {
        cairn_sum_expect(t->sum, n - i); /* tensors of the last may leave as they come */
        st = cairn_trainer_backward(t, i);
    }
    return st;
}

/** Micro-batch m of the window: read it, or take what is fed, walk forward and backward, and the
 * gradient goes into this rank's sum.  Local. */
cairn_status cairn_trainer_add_micro(cairn_trainer *t, uint64_t m, const struct cairn_samples *fed,
                                     struct cairn_micro *micro)
{
    size_t n = 0;
    struct cairn_scores scores = {0};
    struct cairn_loader *loader = t->parts.loader[CAIRN_SPLIT_TRAIN];
    uint64_t first = cairn_window_micro(&t->parts.rule, &t->window, m, &n);
    cairn_observe_phase(t, CAIRN_PHASE_DATA);
    CAIRN_TRY(fed == NULL ? cairn_loader_read(loader, first, n, micro)
                          : cairn_loader_take(loader, first, fed, micro));
    cairn_observe_phase(t, CAIRN_PHASE_COMPUTE);
    cairn_sum_begin_micro(t->sum, n);
    CAIRN_TRY(cairn_loader_refused(
        loader, cairn_model_gradient(t->parts.model, t->w, micro, &t->sum->sink, &scores)));
    cairn_sum_mark_micro(t->sum, cairn_window_mark(m));
    return cairn_sum_end_micro(t->sum, &scores);
}

/** My sum -> the sum over all ranks.  Collective. */
cairn_status cairn_trainer_reduce(cairn_trainer *t, cairn_status st, bool *again,
                                  struct cairn_totals *totals)
{
    bool stop = cairn_interrupted();
    cairn_model_keep(t->parts.model, 0); /* its weights are about to change */
    cairn_observe_phase(t, CAIRN_PHASE_REDUCE);
    st = cairn_observe_sum(t, st, &stop);
    *again = cairn_sum_needs_range(t->sum); /* what is fed is not there when a trainer is made */
    if (*again) return cairn_sum_learn(t->sum, st);
    st = cairn_sum_reduce(t->sum, st, stop, totals);
    *again = st == CAIRN_OK && cairn_sum_again(t->sum);
    return st == CAIRN_OK && !*again ? cairn_trainer_check_sum(t, totals) : st;
}

/* The summed gradient -> new weights: divide once, clip, optimizer.  Alike on all ranks. */
static cairn_status apply(cairn_trainer *t, const struct cairn_totals *totals,
                          struct cairn_update_record *out)
{
    const struct cairn_rate rate = {.now = cairn_trainer_rate(t), .before = t->at.rate};
    const double divisor = t->parts.normalize ? totals->weight : 1;
    double norm = cairn_sum_gradient(t->sum, divisor, t->squares, &t->gradient);
    cairn_observe_summed(t, totals);
    if (!isfinite(norm))
        return cairn_fail(CAIRN_NUMBERS,
                          "the gradient is not finite; lower optim.lr or set optim.clip_norm");
    cairn_gradient_clip(t->gradient, norm, t->parts.clip_norm);
    cairn_optim_update(t->parts.optim, rate, t->gradient, t->w); /* -> weights */
    if (cairn_team_leads(t->parts.sums.team))                    /* -> averages of normalisation */
        cairn_buffers_update(t->params, t->gradient->sum, (double)t->window.n, t->w);
    CAIRN_TRY(cairn_team_wait(t->parts.sums.team)); /* from here on they are read */
    *out = cairn_trainer_record(t, totals, rate.now, norm);
    CAIRN_TRY(cairn_observe_update(t, out));
    return cairn_trainer_next_window(t, totals, rate.now);
}

/** My sum -> the sum over all ranks -> new weights.  Collective. */
cairn_status cairn_trainer_sum(cairn_trainer *t, cairn_status st, bool *again,
                               struct cairn_update_record *out)
{
    struct cairn_totals totals = {0};
    const uint64_t epoch = t->window.epoch, update = t->at.update + 1;
    if (t->done) return cairn_fail(CAIRN_USAGE, "the run is complete: it has no further update");
    st = cairn_trainer_reduce(t, st, again, &totals);
    cairn_observe_phase(t, CAIRN_PHASE_UPDATE);
    if (st == CAIRN_OK && !*again) st = apply(t, &totals, out);
    if (st == CAIRN_OK) return CAIRN_OK;
    return cairn_fail_in(st, "training, epoch %llu update %llu", (unsigned long long)epoch,
                         (unsigned long long)update);
}

/** Micro-batch i of this rank's share.  Local. */
cairn_status cairn_trainer_backward(cairn_trainer *t, size_t i)
{
    struct cairn_micro micro;
    if (i >= cairn_trainer_share(t))
        return cairn_fail(CAIRN_USAGE, "micro-batch %zu of a share of %zu", i,
                          cairn_trainer_share(t));
    CAIRN_TRY(cairn_trainer_add_micro(t, t->share.first + i, NULL, &micro));
    cairn_observe_micro(t, i, &micro);
    return CAIRN_OK;
}

/** Micro-batch m of the batch, which this rank has.  Local. */
cairn_status cairn_trainer_feed(cairn_trainer *t, uint64_t m, const struct cairn_samples *samples)
{
    struct cairn_micro micro;
    CAIRN_TRY(cairn_trainer_check_fed(t, m, samples));
    if (cairn_sum_needs_range(t->sum) && m != 0) return CAIRN_OK; /* comes again */
    CAIRN_TRY(cairn_trainer_add_micro(t, m, samples, &micro));
    cairn_observe_micro(t, t->n_fed++, &micro);
    return CAIRN_OK;
}

cairn_status cairn_trainer_prepare(cairn_trainer *t, cairn_status st)
{
    struct cairn_micro micro;
    bool ready =
        t->done || cairn_dataset_is_fed(t->parts.dataset) || !cairn_sum_needs_range(t->sum);
    if (ready) return cairn_comm_agree(t->parts.comm, st);
    cairn_sum_begin(t->sum);
    if (st == CAIRN_OK) st = cairn_trainer_add_micro(t, 0, NULL, &micro);
    cairn_observe_phase(t, CAIRN_PHASE_OTHER);
    return cairn_sum_learn(t->sum, st);
}
