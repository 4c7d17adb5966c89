/* SPDX-License-Identifier: BSD-3-Clause
 * The model of an update's time. */
#include "study/scaling.h"

#include <math.h>
#include <stdbool.h>

#include "study/statistics.h"

static double seconds_by(const struct cairn_alpha_beta *cost, enum cairn_probe_way way,
                         double ranks, double n_bytes)
{
    return ranks > 1 ? cairn_probe_predict(cost, way, (int)ranks, n_bytes) : 0;
}

/* The next larger size of a micro-batch; 0: there is none. */
static uint64_t next_micro(const struct cairn_study_measured *measured, size_t n, uint64_t last)
{
    uint64_t next = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t micro = measured[i].time->own;
        if (micro > last && (next == 0 || micro < next)) next = micro;
    }
    return next;
}

/* A size counts once, with its median: a point that was disturbed shall not bend the line. */
static void fit_micro(const struct cairn_study_measured *measured, size_t n, double *room,
                      struct cairn_study_model *out)
{
    struct cairn_study_costs costs = {0};
    double cost[2], least_s = INFINITY;
    for (uint64_t micro = next_micro(measured, n, 0); micro > 0;
         micro = next_micro(measured, n, micro)) {
        size_t here = 0;
        for (size_t i = 0; i < n; i++)
            if (measured[i].time->own == micro)
                room[here++] = measured[i].time->micro_s * measured[i].micro;
        double micro_s = cairn_study_median(room, here);
        cairn_study_costs_add(&costs, 1, (double)micro, micro_s);
        if (micro_s / (double)micro < least_s) {
            least_s = micro_s / (double)micro;
            out->best_micro = micro;
        }
    }
    cairn_study_costs_solve(&costs, cost);
    out->fixed_s = cost[0];
    out->sample_s = cost[1];
}

/* What a world is asked for. */
enum part { SLOW, SUM, UPDATE, REST };

static double part_of(const struct cairn_study_measured *m, const struct cairn_study_model *model,
                      enum part part)
{
    const struct cairn_study_time *time = m->time;
    double line_s = model->fixed_s + (double)time->own * model->sample_s;
    switch (part) {
    case SLOW: return line_s > 0 ? time->micro_s * m->micro / line_s : 1;
    case SUM: return time->sum_s * m->sum;
    case UPDATE: return time->update_s * m->rest;
    default: return time->rest_s * m->rest;
    }
}

static double middle(const struct cairn_study_measured *measured, size_t n,
                     const struct cairn_study_model *model, enum part part, double *room)
{
    double ranks = model->world[model->n_worlds].ranks;
    size_t here = 0;
    for (size_t i = 0; i < n; i++)
        if (measured[i].time->ranks == (int)ranks)
            room[here++] = part_of(&measured[i], model, part);
    return cairn_study_median(room, here);
}

static void take_worlds(const struct cairn_study_measured *measured, size_t n, double *room,
                        struct cairn_study_model *out)
{
    double last = 0;
    while (out->n_worlds < CAIRN_STUDY_MOST_WORLDS) {
        double next = INFINITY;
        for (size_t i = 0; i < n; i++)
            if (measured[i].time->ranks > last) next = fmin(next, measured[i].time->ranks);
        if (!isfinite(next)) break;
        struct cairn_study_world *world = &out->world[out->n_worlds];
        world->ranks = last = next;
        world->slow = middle(measured, n, out, SLOW, room);
        world->sum_s = middle(measured, n, out, SUM, room);
        world->update_s = middle(measured, n, out, UPDATE, room);
        world->rest_s = middle(measured, n, out, REST, room);
        out->n_worlds++;
    }
}

static bool has_sum(const struct cairn_study_world *world)
{
    return world->ranks > 1 && world->sum_s > 0;
}

/* One way over all worlds of several ranks; how many those are. */
static size_t fit_way(struct cairn_study_model *model, enum cairn_probe_way way)
{
    static const struct cairn_alpha_beta unit[2] = {{.latency_s = 1}, {.s_per_byte = 1}};
    struct cairn_alpha_beta *out = &model->link.cost[way];
    struct cairn_study_costs costs = {0};
    double cost[2], squares = 0;
    size_t n = 0;
    for (size_t i = 0; i < model->n_worlds; i++) {
        const struct cairn_study_world *world = &model->world[i];
        if (!has_sum(world)) continue;
        cairn_study_costs_add(&costs, seconds_by(&unit[0], way, world->ranks, model->n_bytes),
                              seconds_by(&unit[1], way, world->ranks, model->n_bytes),
                              world->sum_s);
    }
    cairn_study_costs_solve(&costs, cost);
    *out = (struct cairn_alpha_beta){.latency_s = cost[0], .s_per_byte = cost[1]};
    for (size_t i = 0; i < model->n_worlds; i++) {
        const struct cairn_study_world *world = &model->world[i];
        if (!has_sum(world)) continue;
        double off = seconds_by(out, way, world->ranks, model->n_bytes) / world->sum_s - 1;
        squares += off * off;
        n++;
    }
    out->error = n > 0 ? sqrt(squares / (double)n) : NAN;
    return n;
}

static void fit_link(struct cairn_study_model *model)
{
    struct cairn_study_link *link = &model->link;
    size_t n = fit_way(model, CAIRN_PROBE_RING);
    fit_way(model, CAIRN_PROBE_DOUBLING);
    bool doubling = link->cost[CAIRN_PROBE_DOUBLING].error < link->cost[CAIRN_PROBE_RING].error;
    link->known = n >= 2 && model->n_bytes > 0;
    link->way = doubling ? CAIRN_PROBE_DOUBLING : CAIRN_PROBE_RING;
}

void cairn_study_model_fit(const struct cairn_study_measured *measured, size_t n, double *room,
                           struct cairn_study_model *out)
{
    out->n_worlds = 0;
    fit_micro(measured, n, room, out);
    take_worlds(measured, n, room, out);
    fit_link(out);
}

/* Between two worlds along the log of the ranks; outside as in the nearest. */
static struct cairn_study_world world_at(const struct cairn_study_model *model, double ranks)
{
    size_t i = 0;
    while (i + 1 < model->n_worlds && model->world[i + 1].ranks < ranks) i++;
    const struct cairn_study_world *a = &model->world[i];
    const struct cairn_study_world *b = i + 1 < model->n_worlds ? a + 1 : a;
    double part = b > a ? log(ranks / a->ranks) / log(b->ranks / a->ranks) : 0;
    part = fmin(1, fmax(0, part));
    return (struct cairn_study_world){
        .ranks = ranks,
        .slow = a->slow + part * (b->slow - a->slow),
        .update_s = a->update_s + part * (b->update_s - a->update_s),
        .rest_s = a->rest_s + part * (b->rest_s - a->rest_s),
    };
}

/* MPI takes the way that suits the size. */
static double stated_s(const struct cairn_study_model *model, double ranks)
{
    return fmin(seconds_by(model->stated, CAIRN_PROBE_RING, ranks, model->n_bytes),
                seconds_by(model->stated, CAIRN_PROBE_DOUBLING, ranks, model->n_bytes));
}

double cairn_study_model_link_s(const struct cairn_study_model *model, double ranks)
{
    const struct cairn_study_link *link = &model->link;
    double most = model->world[model->n_worlds - 1].ranks;
    if (ranks <= 1) return 0;
    if (ranks > most && model->stated != NULL) return stated_s(model, ranks);
    return link->known ? seconds_by(&link->cost[link->way], link->way, ranks, model->n_bytes) : NAN;
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
    struct cairn_study_world world = world_at(model, ranks);
    double micro_s = (model->fixed_s + micro * model->sample_s) * world.slow;
    return micro_batches * micro_s + cairn_study_model_sum_s(model, ranks) + world.update_s +
           world.rest_s;
}

double cairn_study_model_smooth_s(const struct cairn_study_model *model, double ranks, double batch)
{
    double own = batch / ranks, full = (double)model->best_micro;
    if (own <= full) return cairn_study_model_update_s(model, ranks, own, 1);
    return cairn_study_model_update_s(model, ranks, full, own / full);
}

double cairn_study_model_fastest(const struct cairn_study_model *model, double ranks, double b_crit)
{
    struct cairn_study_world world = world_at(model, ranks);
    double full = (double)model->best_micro, most_in_one = ranks * full;
    double t0_s = cairn_study_model_sum_s(model, ranks) + world.update_s + world.rest_s;
    double fixed_s = model->fixed_s * world.slow, sample_s = model->sample_s * world.slow;
    double in_one = sqrt(b_crit * ranks * (t0_s + fixed_s) / sample_s);
    double in_several = sqrt(b_crit * ranks * t0_s / (sample_s + fixed_s / full));
    if (!isfinite(in_one)) return NAN;
    if (in_one <= most_in_one) return fmax(in_one, ranks);
    return fmax(in_several, most_in_one);
}
