/* SPDX-License-Identifier: BSD-3-Clause
 * The plan itself: sizes of micro-batches are timed, and every number of ranks gets its rows. */
#include "plan/plan.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "cluster/launch.h"
#include "plan/benchmark.h"
#include "plan/recompute.h"

const struct cairn_plan_row *cairn_plan_first(const struct cairn_plan *plan)
{
    const struct cairn_plan_row *row = plan->row;
    while (row->why[0] != '\0') row++;
    return row;
}

/* What is open while the plan is made. */
struct work {
    struct cairn_plan *plan;
    struct cairn_dataset *dataset;
    size_t n_samples;
    uint64_t first_ranks;          /* the fewest that the batch can be cut for, and ... */
    struct cairn_window_rule rule; /* ... the batch on them */
};

static struct cairn_room room_for(const struct cairn_plan *plan, uint64_t n_ranks)
{
    const uint64_t n = n_ranks < plan->per_node ? n_ranks : plan->per_node;
    const struct cairn_node_ranks ranks = {.n = n, .n_group = n}; /* that have nothing yet */
    struct cairn_room room = cairn_room(&plan->memory, &ranks, plan->program);
    room.several = n_ranks > 1;
    return room;
}

/* The batch on so many ranks, and how large it is; false, and why: the keys do not fit. */
static bool find_batch(const struct work *work, uint64_t n_ranks, struct cairn_window_rule *rule,
                       char *why, size_t n_bytes)
{
    cairn_status st = cairn_setup_batch(work->plan->config, (int)n_ranks, work->n_samples, rule);
    if (st != CAIRN_OK) snprintf(why, n_bytes, "%s", cairn_error_text());
    return st == CAIRN_OK;
}

static uint64_t batch_of(const struct work *work, const struct cairn_window_rule *rule)
{
    uint64_t batch = cairn_window_batch(rule, 0);
    return batch < work->n_samples ? batch : work->n_samples;
}

static cairn_status decide_recompute(struct work *work)
{
    struct cairn_plan *plan = work->plan;
    const struct cairn_candidate_job job = {plan->config, work->dataset, &work->rule, &plan->room};
    uint64_t micro = work->rule.micro;
    if (plan->is_auto) CAIRN_TRY(cairn_micro_least(&job, &micro));
    plan->decided = *plan->config;
    CAIRN_TRY(cairn_recompute_that_fits(&job, micro, &plan->decided.train_recompute));
    plan->config = &plan->decided;
    return CAIRN_OK;
}

/* All the sizes that the rows may want: timed, or with --memory only planned. */
static cairn_status find_candidates(struct work *work)
{
    struct cairn_plan *plan = work->plan;
    const bool timed = plan->is_timed;
    struct cairn_window_rule rule[CAIRN_PLAN_MOST_RANKS];
    bool possible[CAIRN_PLAN_MOST_RANKS];
    char why[512];
    uint64_t most = 0;
    for (size_t i = plan->n_ranks; i-- > 0;) {
        possible[i] = find_batch(work, plan->ranks[i], &rule[i], why, sizeof why);
        if (!possible[i]) continue;
        uint64_t share = cairn_micro_most(batch_of(work, &rule[i]), plan->ranks[i]);
        if (share > most) most = share;
        work->first_ranks = plan->ranks[i];
        work->rule = rule[i];
    }
    if (most == 0) return cairn_fail(CAIRN_USAGE, "%s", why);
    plan->room = room_for(plan, work->first_ranks); /* the fewest ranks leave most room */
    CAIRN_TRY(decide_recompute(work));
    const struct cairn_candidate_job job = {plan->config, work->dataset, &work->rule, &plan->room};
    if (timed) CAIRN_TRY(cairn_micro_candidates(&job, most, &plan->candidates));
    if (plan->is_auto && !timed) {
        uint64_t least = 1;
        CAIRN_TRY(cairn_micro_least(&job, &least));
        return cairn_micro_add(&job, least, false, &plan->candidates);
    }
    for (size_t i = 0; i < plan->n_ranks && !plan->is_auto; i++)
        if (possible[i]) CAIRN_TRY(cairn_micro_add(&job, rule[i].micro, timed, &plan->candidates));
    return CAIRN_OK;
}

static const struct cairn_candidate *find_size(const struct cairn_plan *plan, uint64_t micro)
{
    for (size_t i = 0; i < plan->candidates.n; i++)
        if (plan->candidates.item[i].micro == micro) return &plan->candidates.item[i];
    return NULL;
}

/* Samples per second on one rank with the same choice of micro-batch; NaN: not possible. */
static double rate_of_one(const struct work *work, const struct cairn_costs *costs, bool chosen)
{
    const struct cairn_plan *plan = work->plan;
    struct cairn_window_rule rule;
    char why[256];
    if (!find_batch(work, 1, &rule, why, sizeof why)) return NAN;
    struct cairn_room room = room_for(plan, 1);
    uint64_t batch = batch_of(work, &rule);
    const struct cairn_candidate *best = cairn_micro_fastest(&plan->candidates, batch, &room);
    uint64_t micro = chosen ? (best == NULL ? 0 : best->micro) : rule.micro;
    if (micro == 0) return NAN;
    return cairn_predicted_update(costs, 1, batch, micro).samples_per_s;
}

static void add_row(const struct work *work, const struct cairn_costs *costs,
                    const struct cairn_candidate *size, const struct cairn_plan_row *like,
                    bool given)
{
    struct cairn_plan *plan = work->plan;
    struct cairn_plan_row *row = &plan->row[plan->n_rows++];
    struct cairn_room room = room_for(plan, like->n_ranks);
    *row = *like;
    row->predicted =
        cairn_predicted_update(costs, like->n_ranks, like->predicted.batch, size->micro);
    row->efficiency =
        row->predicted.samples_per_s / (double)like->n_ranks / rate_of_one(work, costs, !given);
    row->node_ranks = room.n_ranks;
    row->node_bytes = cairn_room_node_bytes(&room, &size->need[room.several]);
    row->fit = cairn_room_fit(&room, &size->need[room.several]);
}

/* The rows of one number of ranks: as the run file has it, and as auto would. */
static void add_rows(const struct work *work, const struct cairn_costs *costs, uint64_t n_ranks)
{
    struct cairn_plan *plan = work->plan;
    struct cairn_plan_row like = {.n_ranks = n_ranks};
    struct cairn_window_rule rule;
    if (!find_batch(work, n_ranks, &rule, like.why, sizeof like.why)) {
        plan->row[plan->n_rows++] = like;
        return;
    }
    struct cairn_room room = room_for(plan, n_ranks);
    like.predicted.batch = batch_of(work, &rule);
    like.most_batch = plan->is_auto ? like.predicted.batch : cairn_window_most(&rule);
    uint64_t most = cairn_micro_most(like.predicted.batch, n_ranks);
    const struct cairn_candidate *best = cairn_micro_fastest(&plan->candidates, most, &room);
    const struct cairn_candidate *given = find_size(plan, rule.micro);
    if (given == NULL && best == NULL) given = &plan->candidates.item[0];
    like.is_chosen = given != NULL && given == best;
    if (given != NULL) add_row(work, costs, given, &like, !plan->is_auto);
    like.is_chosen = true;
    if (best != NULL && best != given) add_row(work, costs, best, &like, false);
}

/* Time what does not depend on the number of ranks, for micro-batches of b. */
static cairn_status time_rest(const struct work *work, size_t micro)
{
    struct cairn_plan *plan = work->plan;
    CAIRN_TRY(
        cairn_benchmark_update(plan->config, work->dataset, &work->rule, micro, &plan->update_s));
    return cairn_benchmark_data(plan->config, work->dataset, micro, &plan->data_sample_s);
}

/* The micro-batch on the fewest ranks. */
static const struct cairn_candidate *first_size(const struct work *work)
{
    const struct cairn_plan *plan = work->plan;
    const struct cairn_candidate *given = find_size(plan, work->rule.micro);
    uint64_t most = cairn_micro_most(batch_of(work, &work->rule), work->first_ranks);
    if (given == NULL) given = cairn_micro_fastest(&plan->candidates, most, &plan->room);
    return given == NULL ? &plan->candidates.item[0] : given;
}

/* By a pass that keeps all activations, where there is room for that. */
static cairn_status time_price(const struct work *work, const struct cairn_candidate *size)
{
    struct cairn_plan *plan = work->plan;
    struct cairn_config config = *plan->config;
    struct cairn_planned planned;
    double pass_s = NAN;
    bool ghost = false;
    config.train_recompute = 0;
    CAIRN_TRY(cairn_planned_for(&config, work->dataset, &work->rule, size->micro, false, &planned));
    const struct cairn_need need = cairn_need(&planned, plan->program);
    if (cairn_room_fit(&plan->room, &need) != CAIRN_FITS) return CAIRN_OK;
    CAIRN_TRY(cairn_benchmark_pass(&config, work->dataset, &work->rule, (size_t)size->micro,
                                   &pass_s, &ghost));
    plan->recompute_price = size->pass_s / pass_s;
    return CAIRN_OK;
}

static cairn_status make_rows(const struct work *work)
{
    struct cairn_plan *plan = work->plan;
    const struct cairn_candidate *size = first_size(work);
    CAIRN_TRY(cairn_planned_for(plan->config, work->dataset, &work->rule, size->micro,
                                plan->ranks[plan->n_ranks - 1] > 1, &plan->planned));
    const struct cairn_need need = cairn_need(&plan->planned, plan->program);
    plan->held = cairn_room_groups_held(&plan->room, &need);
    cairn_planned_hold(&plan->planned, plan->held);
    plan->recompute_price = NAN;
    if (!isnan(size->pass_s)) CAIRN_TRY(time_rest(work, (size_t)size->micro));
    if (!isnan(size->pass_s) && plan->planned.recompute > 0) CAIRN_TRY(time_price(work, size));
    const struct cairn_costs costs = {
        .passes = &plan->candidates,
        .data_sample_s = plan->data_sample_s,
        .update_s = plan->update_s,
        .wire_bytes = (double)plan->planned.on_wire,
        .link = plan->link,
    };
    for (size_t i = 0; i < plan->n_ranks; i++) add_rows(work, &costs, plan->ranks[i]);
    return CAIRN_OK;
}

cairn_status cairn_plan_make(struct cairn_plan *plan)
{
    struct work work = {.plan = plan};
    CAIRN_TRY(cairn_setup_dataset(plan->config, NULL, &work.dataset));
    cairn_status st = cairn_setup_check_train(work.dataset);
    work.n_samples = cairn_dataset_size(work.dataset, CAIRN_SPLIT_TRAIN);
    if (st == CAIRN_OK) st = find_candidates(&work);
    if (st == CAIRN_OK) st = make_rows(&work);
    cairn_dataset_close(work.dataset);
    return st;
}

/* What would fit in this room, in place of micro-batches of this size. */
static cairn_status advise(const struct cairn_plan *plan, const struct cairn_room *room,
                           uint64_t n_ranks, uint64_t micro, char *text, size_t n_bytes)
{
    struct cairn_dataset *dataset = NULL;
    struct cairn_window_rule rule;
    struct cairn_config config = *plan->config;
    size_t recompute = 0;
    uint64_t fits = 0;
    CAIRN_TRY(cairn_setup_dataset(plan->config, NULL, &dataset));
    cairn_status st = cairn_setup_batch(plan->config, (int)n_ranks,
                                        cairn_dataset_size(dataset, CAIRN_SPLIT_TRAIN), &rule);
    const struct cairn_candidate_job job = {&config, dataset, &rule, room};
    if (st == CAIRN_OK) st = cairn_micro_largest_that_fits(&job, micro, &fits);
    config.train_recompute = CAIRN_KEY_WORD(CAIRN_RECOMPUTE_AUTO);
    if (st == CAIRN_OK) st = cairn_recompute_that_fits(&job, micro, &recompute);
    config.train_recompute = recompute;
    if (st == CAIRN_OK) st = cairn_micro_largest_that_fits(&job, micro + 1, &micro);
    cairn_dataset_close(dataset);
    int n = fits == 0 ? 0 : snprintf(text, n_bytes, "batch.micro=%" PRIu64 " would fit", fits);
    text[n] = '\0';
    if (micro > fits)
        snprintf(text + n, n_bytes - (size_t)n,
                 "%sbatch.micro=%" PRIu64 " %s with train.recompute=%zu", n > 0 ? ", " : "", micro,
                 n > 0 ? "even" : "would fit", recompute);
    return st;
}

cairn_status cairn_plan_refuse(const struct cairn_plan *plan, const struct cairn_plan_row *row)
{
    char need[32], limit[32], excess[32], advice[128];
    struct cairn_room room = room_for(plan, row->n_ranks);
    const char *whose = NULL;
    CAIRN_TRY(advise(plan, &room, row->n_ranks, row->predicted.micro, advice, sizeof advice));
    const struct cairn_candidate *size = find_size(plan, row->predicted.micro);
    const uint64_t most = cairn_room_exceeded(&room, &size->need[room.several], &whose);
    cairn_bytes_text(row->node_bytes, need);
    cairn_bytes_text(most, limit);
    cairn_bytes_text(row->node_bytes - most, excess);
    return cairn_fail(
        CAIRN_USAGE, "%" PRIu64 " rank%s of a node take%s %s, and %s %s: %s too much; %s",
        row->node_ranks, row->node_ranks == 1 ? "" : "s", row->node_ranks == 1 ? "s" : "", need,
        whose, limit, excess,
        advice[0] != '\0' ? advice
                          : "no batch.micro would fit: use a smaller model, fewer ranks per "
                            "node, or data.in_memory=false");
}
