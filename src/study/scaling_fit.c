/* SPDX-License-Identifier: BSD-3-Clause
 * From measured times to the model of an update's time. */
#include <math.h>
#include <stdbool.h>

#include "study/scaling.h"
#include "study/statistics.h"

/* Sizes nearer to each other than this say nothing of how what is slow changes. */
#define APART 1.5

/* The parts of an update. */
enum part { MICRO, SUM, UPDATE, REST };

/* What is measured, or the points of one world of it. */
struct points {
    const struct cairn_study_measured *measured;
    size_t n;
    double ranks; /* 0: of all worlds */
    double *room; /* [n] */
};

static bool is_there(const struct points *points, size_t i)
{
    return points->ranks == 0 || points->measured[i].time->ranks == (int)points->ranks;
}

static double part_of(const struct cairn_study_measured *m, enum part part)
{
    switch (part) {
    case MICRO: return m->time->micro_s * m->micro;
    case SUM: return m->time->sum_s * m->sum;
    case UPDATE: return m->time->update_s * m->rest;
    default: return m->time->rest_s * m->rest;
    }
}

/* The next larger size of a micro-batch; 0: there is none. */
static double next_size(const struct points *points, double last)
{
    double next = 0;
    for (size_t i = 0; i < points->n; i++) {
        double own = points->measured[i].time->own;
        if (is_there(points, i) && own > last && (next == 0 || own < next)) next = own;
    }
    return next;
}

static size_t count_sizes(const struct points *points)
{
    size_t n = 0;
    for (double size = next_size(points, 0); size > 0; size = next_size(points, size)) n++;
    return n;
}

/* ---- what a world is slower by */

static double times_of(const struct cairn_study_world *world, enum part part, double size)
{
    return part == MICRO ? cairn_study_slow_at(&world->micro, size) : world->update_by;
}

/* The median of a part over what it is by a curve; size 0: of all sizes; curve NULL: of the part.
 */
static double middle(const struct points *points, enum part part,
                     const struct cairn_study_by_size *curve, double size)
{
    size_t here = 0;
    for (size_t i = 0; i < points->n; i++) {
        const struct cairn_study_measured *m = &points->measured[i];
        if (!is_there(points, i) || (size > 0 && m->time->own != size)) continue;
        double by = curve == NULL ? 1 : cairn_study_by_size_at(curve, m->time->own);
        points->room[here++] = by > 0 ? part_of(m, part) / by : 1;
    }
    return cairn_study_median(points->room, here);
}

/* A line along the log of the size through the medians of the sizes; one number where they are too
 * close. */
static struct cairn_study_slow slow_of(const struct points *points,
                                       const struct cairn_study_by_size *curve)
{
    double n = 0, x = 0, y = 0, xx = 0, xy = 0, size[2] = {0};
    for (double at = next_size(points, 0); at > 0; at = next_size(points, at)) {
        double log_size = log(at), times = middle(points, MICRO, curve, at);
        if (n == 0) size[0] = at;
        size[1] = at;
        n++;
        x += log_size;
        y += times;
        xx += log_size * log_size;
        xy += log_size * times;
    }
    double all = middle(points, MICRO, curve, 0);
    struct cairn_study_slow out = {{size[0], size[1]}, {all, all}};
    if (size[1] < APART * size[0]) return out;
    double rise = (n * xy - x * y) / (n * xx - x * x);
    for (int i = 0; i < 2; i++) out.times[i] = y / n + rise * (log(size[i]) - x / n);
    bool positive = out.times[0] > 0 && out.times[1] > 0;
    return positive ? out : (struct cairn_study_slow){{size[0], size[1]}, {all, all}};
}

/* ---- curves by the size */

/* A size counts once, with its median: a point that was disturbed shall not bend the curve.
 * Divided by what the worlds are slower by, so that they may have measured other sizes. */
static void fit_curve(const struct points *points, enum part part,
                      const struct cairn_study_model *model, struct cairn_study_by_size *out)
{
    out->n = 0;
    for (double size = next_size(points, 0); size > 0 && out->n < CAIRN_STUDY_MOST_SIZES;
         size = next_size(points, size)) {
        size_t here = 0;
        for (size_t i = 0; i < points->n; i++) {
            const struct cairn_study_measured *m = &points->measured[i];
            if (!is_there(points, i) || m->time->own != size) continue;
            double times = 1;
            for (size_t w = 0; w < model->n_worlds; w++)
                if (m->time->ranks == (int)model->world[w].ranks)
                    times = times_of(&model->world[w], part, size);
            points->room[here++] = times > 0 ? part_of(m, part) / times : part_of(m, part);
        }
        out->size[out->n] = size;
        out->s[out->n++] = cairn_study_median(points->room, here);
    }
    cairn_study_by_size_fit(out, part == MICRO);
}

/* The first that has most sizes: what the others are slower by is measured against it. */
static size_t find_base(const struct points *all, const struct cairn_study_model *model)
{
    size_t base = 0, most = 0;
    for (size_t w = 0; w < model->n_worlds; w++) {
        const struct points here = {all->measured, all->n, model->world[w].ranks, all->room};
        size_t n = count_sizes(&here);
        if (n > most) base = w;
        if (n > most) most = n;
    }
    return base;
}

static void fit_part(const struct points *all, size_t base, enum part part,
                     struct cairn_study_model *model, struct cairn_study_by_size *out)
{
    const struct cairn_study_model none = {.n_worlds = 0};
    const struct points first = {all->measured, all->n, model->world[base].ranks, all->room};
    fit_curve(&first, part, &none, out);
    for (size_t w = 0; w < model->n_worlds; w++) {
        struct cairn_study_world *world = &model->world[w];
        const struct points here = {all->measured, all->n, world->ranks, all->room};
        if (part == MICRO)
            world->micro = w == base ? (struct cairn_study_slow){{0}, {1, 1}} : slow_of(&here, out);
        else
            world->update_by = w == base ? 1 : middle(&here, part, out, 0);
    }
    fit_curve(all, part, model, out);
}

static void find_best_micro(const struct points *all, struct cairn_study_model *model)
{
    double least_s = INFINITY;
    model->best_micro = 1;
    for (size_t i = 0; i < all->n; i++) {
        const struct cairn_study_time *time = all->measured[i].time;
        uint64_t size = time->own < (double)time->micro ? (uint64_t)floor(time->own) : time->micro;
        if (size == 0) continue;
        double sample_s = cairn_study_by_size_at(&model->micro, (double)size) / (double)size;
        if (sample_s >= least_s) continue;
        least_s = sample_s;
        model->best_micro = size;
    }
}

/* What of the rest is there for each micro-batch.  Differences count by the time of the update, of
 * which the rest is a small part, and may be none. */
static void split_rest(const struct points *points, struct cairn_study_world *world)
{
    struct cairn_study_costs costs = {0};
    double cost[2];
    for (size_t i = 0; i < points->n; i++) {
        const struct cairn_study_measured *m = &points->measured[i];
        if (!is_there(points, i)) continue;
        cairn_study_costs_add_by(&costs, m->time->micro_batches, 1, part_of(m, REST),
                                 m->time->per_update_s);
    }
    cairn_study_costs_solve(&costs, cost);
    world->rest_micro_s = cost[0];
    world->rest_fixed_s = cost[1];
}

static void take_worlds(const struct points *all, struct cairn_study_model *out)
{
    double last = 0;
    out->n_worlds = 0;
    while (out->n_worlds < CAIRN_STUDY_MOST_WORLDS) {
        double next = INFINITY;
        for (size_t i = 0; i < all->n; i++)
            if (all->measured[i].time->ranks > last)
                next = fmin(next, all->measured[i].time->ranks);
        if (!isfinite(next)) break;
        struct cairn_study_world *world = &out->world[out->n_worlds++];
        const struct points here = {all->measured, all->n, next, all->room};
        *world = (struct cairn_study_world){.ranks = last = next};
        world->sum_s = middle(&here, SUM, NULL, 0);
        world->update_s = middle(&here, UPDATE, NULL, 0);
        world->rest_s = middle(&here, REST, NULL, 0);
        split_rest(&here, world);
    }
}

/* ---- what a sum costs */

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
        cairn_study_costs_add(
            &costs, cairn_probe_predict(&unit[0], way, (int)world->ranks, model->n_bytes),
            cairn_probe_predict(&unit[1], way, (int)world->ranks, model->n_bytes), world->sum_s);
    }
    cairn_study_costs_solve(&costs, cost);
    *out = (struct cairn_alpha_beta){.latency_s = cost[0], .s_per_byte = cost[1]};
    for (size_t i = 0; i < model->n_worlds; i++) {
        const struct cairn_study_world *world = &model->world[i];
        if (!has_sum(world)) continue;
        double off =
            cairn_probe_predict(out, way, (int)world->ranks, model->n_bytes) / world->sum_s - 1;
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
    const struct points all = {measured, n, 0, room};
    take_worlds(&all, out);
    size_t base = find_base(&all, out);
    fit_part(&all, base, MICRO, out, &out->micro);
    fit_part(&all, base, UPDATE, out, &out->update);
    find_best_micro(&all, out);
    fit_link(out);
}
