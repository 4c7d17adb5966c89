/* SPDX-License-Identifier: BSD-3-Clause
 * A series' member of scaling.json. */
#include <math.h>
#include <stdbool.h>

#include "study/parts.h"

static const char *truth(bool is)
{
    return is ? "true" : "false";
}

static void put_way(struct cairn_json *json, const char *name, const struct cairn_alpha_beta *cost)
{
    cairn_json_open(json, name, '{');
    cairn_json_number(json, "latency_s", cost->latency_s);
    cairn_json_number(json, "s_per_byte", cost->s_per_byte);
    cairn_json_number(json, "error", cost->error);
    cairn_json_close(json, '}');
}

static void put_link(struct cairn_json *json, const struct cairn_study_predictions *made)
{
    const struct cairn_study_model *model = &made->model;
    const struct cairn_study_link *link = &model->link;
    cairn_json_open(json, "link", '{');
    cairn_json_text(json, "reason", made->sum_reason);
    cairn_json_number(json, "bytes", model->n_bytes);
    cairn_json_text(json, "way",
                    !link->known                    ? NULL
                    : link->way == CAIRN_PROBE_RING ? "ring"
                                                    : "doubling");
    if (link->known) {
        put_way(json, "ring", &link->cost[CAIRN_PROBE_RING]);
        put_way(json, "doubling", &link->cost[CAIRN_PROBE_DOUBLING]);
    }
    if (model->stated != NULL) {
        cairn_json_open(json, "stated", '{');
        cairn_json_number(json, "latency_s", model->stated->latency_s);
        cairn_json_number(json, "s_per_byte", model->stated->s_per_byte);
        cairn_json_close(json, '}');
    }
    cairn_json_close(json, '}');
}

/* A part of an update by the size of a micro-batch. */
static void put_by_size(struct cairn_json *json, const char *name,
                        const struct cairn_study_by_size *part)
{
    cairn_json_open(json, name, '{');
    static const char *const shapes[] = {
        [CAIRN_STUDY_LINE] = "line",
        [CAIRN_STUDY_CHORDS] = "chords",
        [CAIRN_STUDY_POWERS] = "curve",
    };
    cairn_json_text(json, "by", shapes[part->shape]);
    cairn_json_open(json, "sizes", '[');
    for (size_t i = 0; i < part->n; i++) {
        cairn_json_open(json, NULL, '{');
        cairn_json_number(json, "micro", part->size[i]);
        cairn_json_number(json, "seconds", part->s[i]);
        cairn_json_close(json, '}');
    }
    cairn_json_close(json, ']');
    cairn_json_close(json, '}');
}

static void put_slow(struct cairn_json *json, const struct cairn_study_slow *slow,
                     double best_micro)
{
    cairn_json_number(json, "slow", cairn_study_slow_at(slow, best_micro));
    cairn_json_open(json, "slow_sizes", '[');
    for (int i = 0; i < 2 && slow->size[1] > slow->size[0]; i++) {
        cairn_json_open(json, NULL, '{');
        cairn_json_number(json, "micro", slow->size[i]);
        cairn_json_number(json, "slow", slow->times[i]);
        cairn_json_close(json, '}');
    }
    cairn_json_close(json, ']');
}

static void put_model(struct cairn_json *json, const struct cairn_study_predictions *made)
{
    const struct cairn_study_model *model = &made->model;
    cairn_json_open(json, "parts", '{');
    cairn_json_number(json, "fixed_s", model->micro.fixed_s);
    cairn_json_number(json, "sample_s", model->micro.sample_s);
    put_by_size(json, "micro", &model->micro);
    put_by_size(json, "update", &model->update);
    cairn_json_count(json, "best_micro", model->best_micro);
    cairn_json_number(json, "overlap_s", 0);
    cairn_json_open(json, "worlds", '[');
    for (size_t i = 0; i < model->n_worlds; i++) {
        const struct cairn_study_world *world = &model->world[i];
        cairn_json_open(json, NULL, '{');
        cairn_json_number(json, "ranks", world->ranks);
        put_slow(json, &world->micro, (double)model->best_micro);
        cairn_json_number(json, "sum_s", world->sum_s);
        cairn_json_number(json, "link_sum_s", cairn_study_model_link_s(model, world->ranks));
        cairn_json_number(json, "update_s", world->update_s);
        cairn_json_number(json, "rest_s", world->rest_s);
        cairn_json_number(json, "rest_fixed_s", world->rest_fixed_s);
        cairn_json_number(json, "rest_micro_s", world->rest_micro_s);
        cairn_json_close(json, '}');
    }
    cairn_json_close(json, ']');
    cairn_json_close(json, '}');
}

static void put_points(struct cairn_json *json, const struct cairn_study_times *times,
                       const struct cairn_study_predictions *made)
{
    cairn_json_open(json, "points", '[');
    for (size_t i = 0; i < times->n; i++) {
        const struct cairn_study_time *time = &times->time[i];
        cairn_json_open(json, NULL, '{');
        cairn_json_count(json, "ranks", (uint64_t)time->ranks);
        cairn_json_count(json, "batch", time->global);
        cairn_json_count(json, "micro", time->micro);
        cairn_json_count(json, "accumulate", time->accumulate);
        cairn_json_count(json, "cells", time->n_cells);
        cairn_json_number(json, "per_update_s", time->per_update_s);
        cairn_json_number(json, "samples_per_s", (double)time->global / time->per_update_s);
        cairn_json_number(json, "data_s", time->data_s);
        cairn_json_number(json, "compute_s", time->compute_s);
        cairn_json_number(json, "sum_s", time->sum_s);
        cairn_json_number(json, "update_s", time->update_s);
        cairn_json_number(json, "rest_s", time->rest_s);
        cairn_json_number(json, "fitted_s", made->fitted_s[i]);
        cairn_json_number(json, "fitted_error", made->fitted_s[i] / time->per_update_s - 1);
        cairn_json_number(json, "held_out_s", made->held_out_s[i]);
        cairn_json_number(json, "held_out_error", made->held_out_s[i] / time->per_update_s - 1);
        cairn_json_close(json, '}');
    }
    cairn_json_close(json, ']');
}

static void put_error(struct cairn_json *json, const char *name,
                      const struct cairn_study_error *error)
{
    cairn_json_open(json, name, '{');
    cairn_json_count(json, "points", error->n);
    cairn_json_number(json, "rms", error->rms);
    cairn_json_number(json, "max", error->max);
    cairn_json_close(json, '}');
}

/* What a measured world is compared with: batch or share of a rank. */
static bool is_peer(const struct cairn_study_time *a, const struct cairn_study_time *b, bool weak)
{
    if (!weak) return a->global == b->global;
    return a->global * (uint64_t)b->ranks == b->global * (uint64_t)a->ranks;
}

/* Of the splits of one world and batch the fastest; its fellows on the fewest ranks; NULL where
 * there is only one world, or where it is not the fastest itself. */
static const struct cairn_study_time *base_of(const struct cairn_study_times *times,
                                              const struct cairn_study_time *time, bool weak)
{
    const struct cairn_study_time *base = time;
    bool several = false;
    for (size_t i = 0; i < times->n; i++) {
        const struct cairn_study_time *other = &times->time[i];
        if (!is_peer(time, other, weak)) continue;
        bool faster = other->per_update_s < base->per_update_s;
        if (other->ranks == time->ranks && other->per_update_s < time->per_update_s) return NULL;
        if (other->ranks != time->ranks) several = true;
        if (other->ranks < base->ranks || (other->ranks == base->ranks && faster)) base = other;
    }
    return several ? base : NULL;
}

static void put_efficiency(struct cairn_json *json, const char *name,
                           const struct cairn_study_times *times, bool weak)
{
    cairn_json_open(json, name, '[');
    for (size_t i = 0; i < times->n; i++) {
        const struct cairn_study_time *time = &times->time[i];
        const struct cairn_study_time *base = base_of(times, time, weak);
        if (base == NULL) continue;
        double ratio = base->per_update_s / time->per_update_s;
        double ranks = (double)time->ranks / base->ranks;
        cairn_json_open(json, NULL, '{');
        cairn_json_count(json, "batch", time->global);
        cairn_json_number(json, "batch_per_rank", (double)time->global / time->ranks);
        cairn_json_count(json, "ranks", (uint64_t)time->ranks);
        cairn_json_count(json, "base_ranks", (uint64_t)base->ranks);
        cairn_json_count(json, "micro", time->micro);
        cairn_json_count(json, "accumulate", time->accumulate);
        cairn_json_number(json, "per_update_s", time->per_update_s);
        cairn_json_number(json, "speedup", weak ? ratio * ranks : ratio);
        cairn_json_number(json, "efficiency", weak ? ratio : ratio / ranks);
        cairn_json_close(json, '}');
    }
    cairn_json_close(json, ']');
}

static struct cairn_study_value times_of(struct cairn_study_value value, double by)
{
    return (struct cairn_study_value){value.value * by, value.low * by, value.high * by};
}

static void put_prediction(struct cairn_json *json, const struct cairn_study_prediction *p,
                           const char *kind)
{
    cairn_json_open(json, NULL, '{');
    cairn_json_raw(json, "predicted", "true");
    cairn_json_text(json, "kind", kind);
    cairn_json_count(json, "ranks", (uint64_t)p->ranks);
    cairn_json_count(json, "batch", p->global);
    cairn_json_count(json, "micro", p->micro);
    cairn_json_count(json, "accumulate", p->accumulate);
    cairn_json_raw(json, "measured", truth(p->is_measured));
    cairn_json_text(json, "link", p->is_stated ? "stated" : "measured");
    if (p->reason != NULL) cairn_json_text(json, "reason", p->reason);
    cairn_study_put_value(json, "per_update_s", p->per_update_s);
    cairn_json_number(json, "efficiency", p->efficiency);
    cairn_study_put_value(json, "updates", p->updates);
    cairn_study_put_value(json, "time_to_target_s", p->to_target_s);
    cairn_study_put_value(json, "rank_hours", times_of(p->to_target_s, p->ranks / 3600.0));
    cairn_json_close(json, '}');
}

static void put_predictions(struct cairn_json *json, const struct cairn_study_predictions *made)
{
    cairn_json_open(json, "predictions", '[');
    for (size_t i = 0; i < made->n_made; i++)
        put_prediction(json, &made->made[i], made->made[i].is_weak ? "weak" : "strong");
    cairn_json_close(json, ']');
    cairn_json_open(json, "asked", '[');
    for (size_t i = 0; i < made->n_asked; i++) put_prediction(json, &made->asked[i], "asked");
    cairn_json_close(json, ']');
}

static void put_fastest(struct cairn_json *json, const struct cairn_study_predictions *made)
{
    cairn_json_text(json, "fastest_reason", made->fastest_reason);
    cairn_json_open(json, "fastest", '[');
    for (size_t i = 0; i < made->n_fastest; i++) {
        const struct cairn_study_fastest *fastest = &made->fastest[i];
        cairn_json_open(json, NULL, '{');
        cairn_json_raw(json, "predicted", "true");
        cairn_json_count(json, "ranks", (uint64_t)fastest->ranks);
        cairn_json_text(json, "link", fastest->is_stated ? "stated" : "measured");
        cairn_study_put_value(json, "batch", fastest->batch);
        cairn_study_put_value(json, "updates", fastest->updates);
        cairn_study_put_value(json, "time_to_target_s", fastest->to_target_s);
        cairn_study_put_value(json, "rank_hours",
                              times_of(fastest->to_target_s, fastest->ranks / 3600.0));
        cairn_json_close(json, '}');
    }
    cairn_json_close(json, ']');
}

void cairn_study_put_scaling(struct cairn_json *json, const char *name,
                             const struct cairn_study_times *times,
                             const struct cairn_study_predictions *predictions)
{
    cairn_json_open(json, name, '{');
    cairn_json_text(json, "reason", times->reason);
    if (times->n > 0) {
        cairn_json_text(json, "model",
                        "T = A (micro(b) slow + rest_micro_s) + sum_s + update(b) + rest_fixed_s");
        put_model(json, predictions);
        put_link(json, predictions);
        put_points(json, times, predictions);
        put_error(json, "fitted", &predictions->fitted);
        put_error(json, "held_out", &predictions->held_out);
        put_efficiency(json, "strong", times, false);
        put_efficiency(json, "weak", times, true);
        cairn_json_text(json, "interval_reason", predictions->interval_reason);
        put_predictions(json, predictions);
        put_fastest(json, predictions);
    }
    cairn_json_close(json, '}');
}
