/* SPDX-License-Identifier: BSD-3-Clause
 * One global batch in some split, against double precision. */
#include "train/verify.h"

#include <math.h>

cairn_status cairn_verify_gradient(cairn_trainer *t, struct cairn_totals *out)
{
    bool again = false;
    if (t->done)
        return cairn_fail(CAIRN_USAGE, "a run of 0 updates has no batch; set train.updates=1");
    cairn_status st = cairn_trainer_prepare(t, CAIRN_OK);
    if (st != CAIRN_OK) return st;
    do {
        st = cairn_trainer_accumulate(t);
        st = cairn_trainer_reduce(t, st, &again, out);
    } while (st == CAIRN_OK && again);
    if (st == CAIRN_OK) (void)cairn_sum_gradient(t->sum, 1, t->squares, &t->gradient);
    return st;
}

enum { SLICES = 64 }; /* of a batch, which show the size of what is added up */

cairn_status cairn_verify_reference(cairn_trainer *t, struct cairn_reference *reference)
{
    const struct cairn_window *window = &t->window;
    uint64_t slice = t->parts.rule.micro;
    if (!cairn_model_is_ghost(t->parts.model) && slice > window->n / SLICES + 1)
        slice = window->n / SLICES + 1;
    cairn_reference_begin(reference, t->w);
    for (uint64_t done = 0; done < window->n; done += slice) {
        struct cairn_micro micro;
        uint64_t n = window->n - done < slice ? window->n - done : slice;
        CAIRN_TRY(cairn_loader_read(t->parts.loader[CAIRN_SPLIT_TRAIN], window->first + done,
                                    (size_t)n, &micro));
        CAIRN_TRY(cairn_reference_add(reference, &micro));
    }
    return CAIRN_OK;
}

/* apart / largest; 0 where nothing is apart, whatever the scale. */
static double relative(double apart, double largest)
{
    return apart == 0 ? 0 : apart / largest;
}

/* The larger one; what is not a number counts as larger than all, where fmax() would drop it. */
static double worse(double a, double b)
{
    return a > b || isnan(a) ? a : b;
}

static double largest_of(const double *x, size_t n)
{
    double largest = 0;
    for (size_t i = 0; i < n; i++) largest = fmax(largest, fabs(x[i]));
    return largest;
}

/* The tensors [first, end): the largest of max |a - b| / max size, the sizes being sums of
 * |addend|, since the sum itself may be 0 except for rounding.  A tensor may also have no gradient
 * within each sample, as a bias whose mean is taken off again: so none is measured against less
 * than a hundredth of the largest of all. */
static double difference(const struct cairn_params *params, size_t first, size_t end, const real *a,
                         const struct cairn_reference *reference)
{
    const double floor_of_all = 1e-2;
    const double *size = cairn_reference_sizes(reference);
    struct cairn_scores scores;
    const double *b = cairn_reference_gradient(reference, &scores);
    double worst = 0;
    double of_all = 0;
    for (size_t t = first; t < end; t++)
        of_all = fmax(of_all, largest_of(size + params->item[t].offset, params->item[t].count));
    for (size_t t = first; t < end; t++) {
        const struct cairn_param *item = &params->item[t];
        double largest = largest_of(size + item->offset, item->count);
        double apart = 0;
        for (size_t i = item->offset; i < item->offset + item->count; i++)
            apart = worse(apart, fabs((double)a[i] - b[i]));
        worst = worse(worst, relative(apart, fmax(largest, floor_of_all * of_all)));
    }
    return worst;
}

struct cairn_difference cairn_verify_compare(const cairn_trainer *t,
                                             const struct cairn_totals *totals,
                                             const struct cairn_reference *reference)
{
    struct cairn_scores scores;
    size_t n_items = t->params->n_items;
    const real *g = t->gradient->sum;
    (void)cairn_reference_gradient(reference, &scores);
    struct cairn_difference out = {
        .loss = relative(fabs(totals->loss - scores.loss), fabs(scores.loss)),
        .gradient = difference(t->params, 0, n_items, g, reference),
        .bits = cairn_params_hash(g, t->params->n_values),
        .loss_value = totals->loss / totals->weight,
    };
    /* what the running averages take, likewise */
    out.gradient =
        worse(out.gradient, difference(t->params, n_items, t->params->n_tensors, g, reference));
    return out;
}
