/* SPDX-License-Identifier: BSD-3-Clause
 * Windows and shares. */
#include "train/window.h"

#include "base/count.h"

static uint64_t ceiling(uint64_t a, uint64_t b)
{
    return a / b + (a % b != 0);
}

/* The first entry of the ramp behind this position; n where there is none. */
static size_t entry_behind(const struct cairn_ramp *ramp, uint64_t position)
{
    size_t i = 0;
    while (i < ramp->n && ramp->entry[i].position <= position) i++;
    return i;
}

/* The global batch on the line from one entry to the next.  Every step of it rounds monotonely, and
 * so it rises or falls like the line. */
static double on_line(const struct cairn_ramp_entry *from, uint64_t position)
{
    double first = (double)from[0].batch;
    double last = (double)from[1].batch;
    double length = (double)(from[1].position - from[0].position);
    return first + (last - first) * (double)(position - from[0].position) / length;
}

/* To the nearest multiple of b, at least one. */
static uint64_t whole_micro(const struct cairn_window_rule *rule, double batch)
{
    uint64_t n = (uint64_t)(batch / (double)rule->micro + 0.5);
    return (n > 0 ? n : 1) * rule->micro;
}

uint64_t cairn_window_batch(const struct cairn_window_rule *rule, uint64_t position)
{
    const struct cairn_ramp *ramp = &rule->ramp;
    size_t next = entry_behind(ramp, position);
    if (next == 0) return rule->global;
    const struct cairn_ramp_entry *entry = &ramp->entry[next - 1];
    bool between = ramp->linear && next < ramp->n;
    return whole_micro(rule, between ? on_line(entry, position) : (double)entry->batch);
}

/* The batch as far as it matters: one above the data has their epoch, where windows end with it. */
static uint64_t batch_that_counts(const struct cairn_window_rule *rule, uint64_t position)
{
    uint64_t batch = cairn_window_batch(rule, position);
    return rule->tail == CAIRN_TAIL_CARRY ? batch : cairn_count_least(batch, rule->n_samples);
}

/* The next position where another batch may hold; UINT64_MAX after the ramp. */
static uint64_t batch_until(const struct cairn_window_rule *rule, uint64_t position)
{
    size_t next = entry_behind(&rule->ramp, position);
    if (next == rule->ramp.n) return UINT64_MAX;
    uint64_t here = batch_that_counts(rule, position);
    uint64_t end = rule->ramp.entry[next].position;
    if (next == 0 || !rule->ramp.linear) return end;
    while (end - position > 1) { /* between two entries batches only rise or only fall: bisect */
        uint64_t middle = position + (end - position) / 2;
        if (batch_that_counts(rule, middle) == here)
            position = middle;
        else
            end = middle;
    }
    return end;
}

/* After the end of the run. */
static uint64_t run_end(const struct cairn_window_rule *rule)
{
    return cairn_count_times(rule->epochs, rule->n_samples);
}

bool cairn_window_next(const struct cairn_window_rule *rule, uint64_t update, uint64_t position,
                       struct cairn_window *out)
{
    uint64_t left = rule->n_samples - position % rule->n_samples;
    if (update >= rule->updates || position / rule->n_samples >= rule->epochs) return false;
    if (rule->tail == CAIRN_TAIL_CARRY) left = run_end(rule) - position;
    out->first = position;
    out->n = cairn_count_least(cairn_window_batch(rule, position), left);
    out->epoch = (position + out->n - 1) / rule->n_samples;
    out->n_micro = ceiling(out->n, rule->micro);
    return true;
}

/* Over what is left of an epoch where it is to be dropped. */
static uint64_t past_tail(const struct cairn_window_rule *rule, uint64_t position)
{
    uint64_t left = rule->n_samples - position % rule->n_samples;
    bool drops = rule->tail == CAIRN_TAIL_DROP && left < cairn_window_batch(rule, position);
    return drops ? position + left : position;
}

uint64_t cairn_window_after(const struct cairn_window_rule *rule, const struct cairn_window *window)
{
    return past_tail(rule, window->first + window->n);
}

uint64_t cairn_window_most(const struct cairn_window_rule *rule)
{
    uint64_t most = rule->global;
    for (size_t i = 0; i < rule->ramp.n; i++) {
        uint64_t batch = cairn_window_batch(rule, rule->ramp.entry[i].position);
        if (batch > most) most = batch;
    }
    bool ends_with_epoch = rule->tail != CAIRN_TAIL_CARRY;
    return ends_with_epoch ? cairn_count_least(most, rule->n_samples) : most;
}

uint64_t cairn_window_most_micro(const struct cairn_window_rule *rule)
{
    return ceiling(cairn_window_most(rule), rule->micro);
}

/* A stretch of the run with one global batch: at most n windows, which begin before `until`. */
struct stretch {
    uint64_t batch, until, n;
};

static void go(struct cairn_window_point *at, uint64_t updates, uint64_t samples)
{
    at->update += updates;
    at->position = cairn_count_plus(at->position, samples);
    at->samples = cairn_count_plus(at->samples, samples);
}

/* Through a stretch of windows that do not mind epochs. */
static void walk_on(const struct cairn_window_rule *rule, const struct stretch *s,
                    struct cairn_window_point *at)
{
    uint64_t n = cairn_count_least(s->n, ceiling(s->until - at->position, s->batch));
    go(at, n, cairn_count_least(cairn_count_times(n, s->batch), run_end(rule) - at->position));
}

/* Through as many whole epochs of a stretch as there are, else to the end of the epoch or of the
 * stretch. */
static void walk_epochs(const struct cairn_window_rule *rule, const struct stretch *s,
                        struct cairn_window_point *at)
{
    bool drops = rule->tail == CAIRN_TAIL_DROP && s->batch <= rule->n_samples;
    uint64_t left = rule->n_samples - at->position % rule->n_samples;
    uint64_t reach = s->until - at->position;
    uint64_t per_epoch = drops ? rule->n_samples / s->batch : ceiling(rule->n_samples, s->batch);
    uint64_t epochs = cairn_count_least(reach / rule->n_samples, s->n / per_epoch);
    if (left == rule->n_samples && epochs > 0) {
        uint64_t dropped = drops ? rule->n_samples % s->batch : 0;
        go(at, epochs * per_epoch, epochs * (rule->n_samples - dropped));
        at->position += epochs * dropped;
        return;
    }
    uint64_t n = cairn_count_least(s->n, ceiling(cairn_count_least(reach, left), s->batch));
    if (drops) n = cairn_count_least(n, left / s->batch);
    go(at, n, cairn_count_least(cairn_count_times(n, s->batch), left));
    at->position = past_tail(rule, at->position);
}

struct cairn_window_point cairn_window_walk(const struct cairn_window_rule *rule, uint64_t updates,
                                            uint64_t position)
{
    struct cairn_window_point at = {0};
    uint64_t end = cairn_count_least(position, run_end(rule));
    updates = cairn_count_least(updates, rule->updates);
    while (at.update < updates && at.position < end) {
        const struct stretch s = {
            .batch = batch_that_counts(rule, at.position),
            .until = cairn_count_least(end, batch_until(rule, at.position)),
            .n = updates - at.update,
        };
        if (rule->tail == CAIRN_TAIL_CARRY)
            walk_on(rule, &s, &at);
        else
            walk_epochs(rule, &s, &at);
    }
    return at;
}

uint64_t cairn_window_total(const struct cairn_window_rule *rule)
{
    if (rule->updates != UINT64_MAX) return rule->updates;
    if (run_end(rule) == UINT64_MAX) return UINT64_MAX;
    return cairn_window_walk(rule, UINT64_MAX, UINT64_MAX).update;
}

struct cairn_share cairn_window_share(const struct cairn_window *window, int rank, int n_ranks)
{
    uint64_t r = (uint64_t)rank;
    uint64_t n = (uint64_t)n_ranks;
    return (struct cairn_share){.first = r * window->n_micro / n,
                                .end = (r + 1) * window->n_micro / n};
}

uint64_t cairn_window_micro(const struct cairn_window_rule *rule, const struct cairn_window *window,
                            uint64_t m, size_t *n)
{
    *n = (size_t)cairn_count_least(rule->micro, window->n - m * rule->micro);
    return window->first + m * rule->micro;
}

/* The finalizer of splitmix64 (Steele, Lea, Flood 2014). */
uint32_t cairn_window_mark(uint64_t m)
{
    uint64_t z = m + UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)((z ^ z >> 31) >> 40);
}

double cairn_window_marks(const struct cairn_window *window)
{
    double sum = 0; /* whole numbers, exact for up to 2^29 of them */
    for (uint64_t m = 0; m < window->n_micro; m++) sum += cairn_window_mark(m);
    return sum;
}
