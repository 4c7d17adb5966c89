/* SPDX-License-Identifier: BSD-3-Clause
 * The model of an update's time. */
#include "study/scaling.h"

#include <math.h>

double cairn_study_slow_at(const struct cairn_study_slow *slow, double size)
{
    const double *at = slow->size, *times = slow->times;
    if (!(at[1] > at[0]) || !(size > at[0])) return times[0];
    double part = fmin(1, log(size / at[0]) / log(at[1] / at[0]));
    return times[0] + part * (times[1] - times[0]);
}

/* Two measured worlds around a number of ranks, and how far it is from one to the other along its
 * log; outside it is at the nearest. */
struct between {
    const struct cairn_study_world *a, *b;
    double part;
};

static struct between around(const struct cairn_study_model *model, double ranks)
{
    size_t i = 0;
    while (i + 1 < model->n_worlds && model->world[i + 1].ranks < ranks) i++;
    const struct cairn_study_world *a = &model->world[i];
    const struct cairn_study_world *b = i + 1 < model->n_worlds ? a + 1 : a;
    double part = b > a ? log(ranks / a->ranks) / log(b->ranks / a->ranks) : 0;
    return (struct between){a, b, fmin(1, fmax(0, part))};
}

static double mixed(const struct between *at, double a, double b)
{
    return a + at->part * (b - a);
}

static double slow_at(const struct between *at, double micro)
{
    return mixed(at, cairn_study_slow_at(&at->a->micro, micro),
                 cairn_study_slow_at(&at->b->micro, micro));
}

/* MPI takes the way that suits the size. */
static double stated_s(const struct cairn_study_model *model, double ranks)
{
    return fmin(
        cairn_probe_predict(model->stated, CAIRN_PROBE_RING, (int)ranks, model->n_bytes),
        cairn_probe_predict(model->stated, CAIRN_PROBE_DOUBLING, (int)ranks, model->n_bytes));
}

double cairn_study_model_link_s(const struct cairn_study_model *model, double ranks)
{
    const struct cairn_study_link *link = &model->link;
    double most = model->world[model->n_worlds - 1].ranks;
    if (ranks <= 1) return 0;
    if (ranks > most && model->stated != NULL) return stated_s(model, ranks);
    if (!link->known) return NAN;
    return cairn_probe_predict(&link->cost[link->way], link->way, (int)ranks, model->n_bytes);
}

double cairn_study_model_sum_s(const struct cairn_study_model *model, double ranks)
{
    for (size_t i = 0; i < model->n_worlds; i++)
        if ((int)model->world[i].ranks == (int)ranks) return model->world[i].sum_s;
    return cairn_study_model_link_s(model, ranks);
}

double cairn_study_model_update_s(const struct cairn_study_model *model, double ranks, double micro,
                                  double micro_batches)
{
    const struct between at = around(model, ranks);
    double micro_s = cairn_study_by_size_at(&model->micro, micro) * slow_at(&at, micro) +
                     mixed(&at, at.a->rest_micro_s, at.b->rest_micro_s);
    return micro_batches * micro_s + cairn_study_model_sum_s(model, ranks) +
           cairn_study_by_size_at(&model->update, micro) *
               mixed(&at, at.a->update_by, at.b->update_by) +
           mixed(&at, at.a->rest_fixed_s, at.b->rest_fixed_s);
}

double cairn_study_model_smooth_s(const struct cairn_study_model *model, double ranks, double batch)
{
    double own = batch / ranks, full = (double)model->best_micro;
    if (own <= full) return cairn_study_model_update_s(model, ranks, own, 1);
    return cairn_study_model_update_s(model, ranks, full, own / full);
}

double cairn_study_model_fastest(const struct cairn_study_model *model, double ranks, double b_crit)
{
    const struct between at = around(model, ranks);
    double full = (double)model->best_micro, most_in_one = ranks * full;
    double t0_s = cairn_study_model_sum_s(model, ranks) +
                  mixed(&at, at.a->update_s, at.b->update_s) +
                  mixed(&at, at.a->rest_fixed_s, at.b->rest_fixed_s);
    double fixed_s = model->micro.fixed_s * slow_at(&at, full) +
                     mixed(&at, at.a->rest_micro_s, at.b->rest_micro_s);
    double sample_s = model->micro.sample_s * slow_at(&at, full);
    double in_one = sqrt(b_crit * ranks * (t0_s + fixed_s) / sample_s);
    double in_several = sqrt(b_crit * ranks * t0_s / (sample_s + fixed_s / full));
    if (!isfinite(in_one)) return NAN;
    if (in_one <= most_in_one) return fmax(in_one, ranks);
    return fmax(in_several, most_in_one);
}
