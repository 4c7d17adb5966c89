/* SPDX-License-Identifier: BSD-3-Clause
 * The end of a cell. */
#include "study/judge.h"

#include <math.h>
#include <string.h>

#include "nn/metric/metric.h"

bool cairn_study_target_is_loss(const struct cairn_study_target *target)
{
    return target->goal.score == CAIRN_SCORE_LOSS;
}

/* No loss is below 0: every cell would work off its budget. */
cairn_status cairn_study_target_read(const char *text, struct cairn_study_target *out)
{
    struct cairn_study_target target = {.any = true};
    CAIRN_TRY(cairn_goal_read(text, &target.goal));
    if (cairn_study_target_is_loss(&target) && target.goal.below &&
        !cairn_goal_is_met(&target.goal, 0))
        return cairn_fail(CAIRN_USAGE, "'%s' cannot be reached: no loss is below 0", text);
    *out = target;
    return CAIRN_OK;
}

struct cairn_judge_limits cairn_judge_limits_of(uint64_t fewest, uint64_t foreseen)
{
    return (struct cairn_judge_limits){
        .beaten_at = (uint64_t)ceil(CAIRN_STUDY_BEATEN_BY * (double)fewest),
        .stalls_from = (uint64_t)ceil(CAIRN_STUDY_BEATEN_BY * (double)foreseen),
    };
}

/* Whether so many updates are beyond a limit. */
static bool is_past(uint64_t limit, uint64_t update)
{
    return limit > 0 && update >= limit;
}

static bool is_last(const struct cairn_judge *judge, uint64_t update)
{
    return update >= judge->budget || is_past(judge->limits.beaten_at, update);
}

bool cairn_judge_is_due(const struct cairn_judge *judge, uint64_t update)
{
    if (is_last(judge, update)) return true;
    if (!judge->target.any) return false;
    if (judge->check_every > 0 && update % judge->check_every != 0) return false;
    return update >= judge->next;
}

/* What falls along a learning curve; the target's is likewise. */
static double error_of(const struct cairn_study_target *target, double score)
{
    const bool is_loss = cairn_study_target_is_loss(target);
    const double most =
        is_loss ? HUGE_VAL : cairn_metric_at(target->goal.score - CAIRN_SCORE_ACCURACY)->most;
    if (target->goal.below) return score;
    return isfinite(most) ? most - score : -score;
}

/* How many times the target's error this is. */
static double distance(const struct cairn_study_target *target, double error)
{
    double wanted = error_of(target, target->goal.value);
    return wanted > 0 && error > wanted ? error / wanted : 1;
}

static uint64_t next_check(const struct cairn_judge *judge, uint64_t update, double far)
{
    double part = pow(far / CAIRN_STUDY_NOISE, 1 / CAIRN_STUDY_STEEPEST) - 1;
    double more = (double)judge->n_checks - CAIRN_STUDY_CHECKS;
    double least = CAIRN_STUDY_CHECK * exp2(fmax(0, more) / CAIRN_STUDY_MORE_CHECKS);
    part = fmin(fmax(part, least), CAIRN_STUDY_FARTHEST);
    if (judge->check_every > 0) part = CAIRN_STUDY_CLOSEST;
    uint64_t step = (uint64_t)(part * (double)update);
    return update + (step > 1 ? step : 1);
}

/* Where the mean begins: with fewer than three checks it would be a single one's. */
static double mean_begin(const struct cairn_judge *judge, size_t last)
{
    double end = judge->recent[last].update, begin = end - fmax(1, CAIRN_STUDY_TRAILING * end);
    double third = judge->recent[last > 1 ? last - 2 : 0].update;
    third = fmax(third, (1 - CAIRN_STUDY_TRAILING_MOST) * end);
    return fmax(fmin(begin, third), judge->recent[0].update);
}

/* The mean of the scores over the last updates, straight from check to check.  A mean over more
 * than its part trails by more: it stands where one over its part would. */
static struct cairn_judge_score trailing_mean(const struct cairn_judge *judge)
{
    size_t n = judge->n_checks < CAIRN_STUDY_RECENT ? judge->n_checks : CAIRN_STUDY_RECENT;
    size_t last = n - 1;
    double end = judge->recent[last].update, begin = mean_begin(judge, last);
    double area = 0;
    if (!(end > begin)) return judge->recent[last];
    for (size_t i = last; i > 0 && judge->recent[i].update > begin; i--) {
        double u = judge->recent[i - 1].update, to = judge->recent[i].update;
        double score = judge->recent[i - 1].score, to_score = judge->recent[i].score;
        if (!(to > u)) continue; /* the same, made again by a later start */
        double from = fmax(u, begin);
        double from_score = score + (to_score - score) * (from - u) / (to - u);
        area += (to - from) * (from_score + to_score) / 2;
    }
    double at = (begin + end + CAIRN_STUDY_TRAILING * end) / 2;
    return (struct cairn_judge_score){.update = fmin(at, end), .score = area / (end - begin)};
}

/* One more score; the update at which the mean crossed the target, 0 where it has not. */
static uint64_t take_score(struct cairn_judge *judge, uint64_t update, double score)
{
    size_t n = judge->n_checks++;
    struct cairn_judge_score before = judge->mean;
    if (n >= CAIRN_STUDY_RECENT) {
        n = CAIRN_STUDY_RECENT - 1;
        memmove(judge->recent, judge->recent + 1, n * sizeof judge->recent[0]);
    }
    judge->recent[n] = (struct cairn_judge_score){(double)update, score};
    judge->mean = trailing_mean(judge);
    double at = judge->mean.update, mean = judge->mean.score;
    if (!cairn_goal_is_met(&judge->target.goal, mean)) return 0;
    if (n > 0)
        at = before.update + (at - before.update) * (judge->target.goal.value - before.score) /
                                 (mean - before.score);
    return at > 1 && at < (double)update ? (uint64_t)llround(at) : update;
}

enum cairn_verdict cairn_judge_observe(struct cairn_judge *judge, uint64_t update, double loss,
                                       double metric)
{
    const double score = cairn_study_target_is_loss(&judge->target) ? loss : metric;
    if (!isfinite(loss)) return CAIRN_VERDICT_DIVERGED;
    if (!judge->target.any) return CAIRN_VERDICT_NONE;
    judge->reached = take_score(judge, update, score);
    if (judge->reached > 0) return CAIRN_VERDICT_REACHED;
    double error = error_of(&judge->target, score);
    judge->next = next_check(judge, update, distance(&judge->target, error));
    bool first = judge->best_update == 0;
    if (first || error < judge->best || loss < judge->best_loss) judge->best_update = update;
    judge->best = first ? error : fmin(error, judge->best);
    judge->best_loss = first ? loss : fmin(loss, judge->best_loss);
    if (update >= judge->budget) return CAIRN_VERDICT_NONE;
    if (is_past(judge->limits.beaten_at, update)) return CAIRN_VERDICT_BEATEN;
    bool stalls = is_past(judge->limits.stalls_from, update) &&
                  update / CAIRN_STUDY_STALLS >= judge->best_update;
    return stalls ? CAIRN_VERDICT_STALLED : CAIRN_VERDICT_NONE;
}
