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

/* The parts of an update. */
enum part { MICRO, SUM, UPDATE, REST };

static double part_of(const struct cairn_study_measured *m, enum part part)
{
    switch (part) {
    case MICRO: return m->time->micro_s * m->micro;
    case SUM: return m->time->sum_s * m->sum;
    case UPDATE: return m->time->update_s * m->rest;
    default: return m->time->rest_s * m->rest;
    }
}

/* A size counts once, with its median: a point that was disturbed shall not bend the line. */
static void fit_part(const struct cairn_study_measured *measured, size_t n, double *room,
                     enum part part, struct cairn_study_by_size *out)
{
    out->n = 0;
    for (uint64_t micro = next_micro(measured, n, 0); micro > 0 && out->n < CAIRN_STUDY_MOST_SIZES;
         micro = next_micro(measured, n, micro)) {
        size_t here = 0;
        for (size_t i = 0; i < n; i++)
            if (measured[i].time->own == micro) room[here++] = part_of(&measured[i], part);
        out->size[out->n] = (double)micro;
        out->s[out->n++] = cairn_study_median(room, here);
    }
    cairn_study_by_size_fit(out, part == MICRO);
}

static void fit_curves(const struct cairn_study_measured *measured, size_t n, double *room,
                       struct cairn_study_model *out)
{
    fit_part(measured, n, room, MICRO, &out->micro);
    fit_part(measured, n, room, UPDATE, &out->update);
    fit_part(measured, n, room, REST, &out->rest);
    double least_s = INFINITY;
    for (size_t i = 0; i < out->micro.n; i++) {
        double sample_s = out->micro.s[i] / out->micro.size[i];
        if (sample_s >= least_s) continue;
        least_s = sample_s;
        out->best_micro = (uint64_t)out->micro.size[i];
    }
}

/* The points of one world. */
struct points {
    const struct cairn_study_measured *measured;
    size_t n;
    int ranks;
    double *room; /* [n] */
};

/* The median of a part, or of what it is times its curve. */
static double middle(const struct points *points, enum part part,
                     const struct cairn_study_by_size *curve)
{
    size_t here = 0;
    for (size_t i = 0; i < points->n; i++) {
        const struct cairn_study_measured *m = &points->measured[i];
        if (m->time->ranks != points->ranks) continue;
        double of_curve = curve == NULL ? 1 : cairn_study_by_size_at(curve, (double)m->time->own);
        points->room[here++] = of_curve > 0 ? part_of(m, part) / of_curve : 1;
    }
    return cairn_study_median(points->room, here);
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
        const struct points points = {measured, n, (int)next, room};
        world->slow = middle(&points, MICRO, &out->micro);
        world->sum_s = middle(&points, SUM, NULL);
        world->update_s = middle(&points, UPDATE, NULL);
        world->rest_s = middle(&points, REST, NULL);
        world->update_by = middle(&points, UPDATE, &out->update);
        world->rest_by = middle(&points, REST, &out->rest);
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
    fit_curves(measured, n, room, out);
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
        .update_by = a->update_by + part * (b->update_by - a->update_by),
        .rest_by = a->rest_by + part * (b->rest_by - a->rest_by),
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
    return micro_batches * cairn_study_by_size_at(&model->micro, micro) * world.slow +
           cairn_study_model_sum_s(model, ranks) +
           cairn_study_by_size_at(&model->update, micro) * world.update_by +
           cairn_study_by_size_at(&model->rest, micro) * world.rest_by;
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
    double fixed_s = model->micro.fixed_s * world.slow;
    double sample_s = model->micro.sample_s * world.slow;
    double in_one = sqrt(b_crit * ranks * (t0_s + fixed_s) / sample_s);
    double in_several = sqrt(b_crit * ranks * t0_s / (sample_s + fixed_s / full));
    if (!isfinite(in_one)) return NAN;
    if (in_one <= most_in_one) return fmax(in_one, ranks);
    return fmax(in_several, most_in_one);
}
