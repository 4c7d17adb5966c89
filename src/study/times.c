/* SPDX-License-Identifier: BSD-3-Clause
 * The parts of an update's time, from the rows. */
#include "study/times.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/memory.h"
#include "comm/sum.h"
#include "study/statistics.h"

typedef const struct cairn_study_row *row_pointer;

static bool is_time(double s)
{
    return isfinite(s) && s >= 0;
}

static bool can_be_used(row_pointer row)
{
    return row->end != CAIRN_STUDY_DIVERGED && row->updates > 0 && row->ranks > 0 &&
           row->micro > 0 && row->accumulate > 0 && isfinite(row->training_s) &&
           row->training_s > 0 && is_time(row->data_s) && is_time(row->compute_s) &&
           row->compute_s > 0 && is_time(row->reduce_s) && is_time(row->update_s);
}

static int order_of(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int by_world(const void *a, const void *b)
{
    row_pointer x = *(const row_pointer *)a, y = *(const row_pointer *)b;
    if (x->ranks != y->ranks) return x->ranks > y->ranks ? 1 : -1;
    if (x->global != y->global) return order_of(x->global, y->global);
    if (x->micro != y->micro) return order_of(x->micro, y->micro);
    return order_of(x->accumulate, y->accumulate);
}

double cairn_study_own(uint64_t global, uint64_t micro, uint64_t accumulate, int ranks)
{
    uint64_t n_micro = global / micro + (global % micro != 0);
    uint64_t last = global - (n_micro - 1) * micro;
    bool alone = ranks == 1 || n_micro % (uint64_t)ranks == 1;
    double full = (double)(accumulate * micro);
    double samples = alone ? full - (double)(micro - last) : full;
    return fmin(samples, (double)global) / (double)accumulate;
}

bool cairn_study_is_costly(enum cairn_study_step step, uint64_t global, uint64_t micro, int ranks)
{
    size_t n_micro = (size_t)(global / micro + (global % micro != 0));
    switch (step) {
    case CAIRN_STUDY_STEP_WORDS:
        return cairn_sum_cost("fixed", n_micro).wire_bytes > cairn_sum_cost("fixed", 1).wire_bytes;
    case CAIRN_STUDY_STEP_NOISE:
        return cairn_noise_auto(n_micro, (size_t)ranks) == CAIRN_NOISE_MICRO;
    default: return false;
    }
}

static enum cairn_study_step step_of(row_pointer row)
{
    if (row->sum_bytes >= cairn_sum_cost("fixed", 1).wire_bytes) return CAIRN_STUDY_STEP_WORDS;
    return row->noise_auto != 0 ? CAIRN_STUDY_STEP_NOISE : CAIRN_STUDY_NO_STEP;
}

/* Sums over all updates of a cell, those that warm up among them: what earlier versions kept.  The
 * slowest rank comes last into the sum and waits for nobody, so what the other parts leave of its
 * time bounds the sum where reduce_s is that of a rank that waited. */
static void take_totals(row_pointer row, struct cairn_study_time *out)
{
    double n = (double)row->updates;
    double full = (double)row->samples / (n * (double)row->global);
    if (!(full > 0) || full > 1) full = 1;
    double busy_s = row->data_s + row->compute_s + row->update_s;
    double left_s = fmax(0, row->training_s - busy_s);
    double sum_s = fmin(row->reduce_s, left_s);
    out->micro_batches = (double)row->accumulate * full;
    out->per_update_s = row->training_s / n;
    out->data_s = row->data_s / n;
    out->compute_s = row->compute_s / n;
    out->sum_s = sum_s / n;
    out->update_s = row->update_s / n;
    out->rest_s = (left_s - sum_s) / n;
}

static void take_typical(row_pointer row, struct cairn_study_time *out)
{
    double busy_s = row->typical_data_s + row->typical_compute_s + row->typical_update_s;
    out->micro_batches = (double)row->accumulate;
    out->per_update_s = row->typical_s;
    out->data_s = row->typical_data_s;
    out->compute_s = row->typical_compute_s;
    out->sum_s = row->typical_sum_s;
    out->update_s = row->typical_update_s;
    out->rest_s = fmax(0, row->typical_s - busy_s - row->typical_sum_s);
}

static bool has_typical(row_pointer row)
{
    return row->timed_updates > 0 && isfinite(row->typical_s) && row->typical_s > 0 &&
           is_time(row->typical_data_s) && is_time(row->typical_compute_s) &&
           row->typical_compute_s > 0 && is_time(row->typical_sum_s) &&
           is_time(row->typical_update_s);
}

static struct cairn_study_time of_cell(row_pointer row)
{
    struct cairn_study_time out = {
        .ranks = row->ranks,
        .global = row->global,
        .micro = row->micro,
        .accumulate = row->accumulate,
        .own = cairn_study_own(row->global, row->micro, row->accumulate, row->ranks),
        .n_bytes =
            (double)(row->sum_bytes > 0 ? row->sum_bytes : sizeof(float)) * (double)row->n_weights,
        .is_costly = cairn_study_is_costly(step_of(row), row->global, row->micro, row->ranks),
    };
    if (has_typical(row))
        take_typical(row, &out);
    else
        take_totals(row, &out);
    out.micro_s = (out.data_s + out.compute_s) / out.micro_batches;
    return out;
}

static double middle(const row_pointer *row, size_t n, size_t member, double *room)
{
    for (size_t i = 0; i < n; i++) {
        struct cairn_study_time cell = of_cell(row[i]);
        room[i] = *(const double *)((const char *)&cell + member);
    }
    return cairn_study_median(room, n);
}

static struct cairn_study_time of_cells(const row_pointer *row, size_t n, double *room)
{
    static const size_t members[] = {
        offsetof(struct cairn_study_time, micro_batches),
        offsetof(struct cairn_study_time, per_update_s),
        offsetof(struct cairn_study_time, data_s),
        offsetof(struct cairn_study_time, compute_s),
        offsetof(struct cairn_study_time, micro_s),
        offsetof(struct cairn_study_time, sum_s),
        offsetof(struct cairn_study_time, update_s),
        offsetof(struct cairn_study_time, rest_s),
    };
    struct cairn_study_time out = of_cell(row[0]);
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        *(double *)((char *)&out + members[i]) = middle(row, n, members[i], room);
    out.n_cells = n;
    return out;
}

cairn_status cairn_study_times_create(const struct cairn_study_series *series,
                                      struct cairn_study_times *out)
{
    struct cairn_study_times times = {0};
    row_pointer *row = NULL;
    double *room = NULL;
    size_t n = 0;
    cairn_status st = cairn_memory_get(series->n_rows, sizeof *row, "times", &row);
    if (st == CAIRN_OK) st = cairn_memory_get(series->n_rows, sizeof *room, "times", &room);
    if (st == CAIRN_OK)
        st = cairn_memory_get(series->n_rows, sizeof *times.time, "times", &times.time);
    for (size_t i = 0; i < series->n_rows && st == CAIRN_OK; i++)
        if (can_be_used(series->row[i])) row[n++] = series->row[i];
    if (n > 0) qsort((void *)row, n, sizeof *row, by_world);
    for (size_t i = 0, end; i < n; i = end) {
        times.n_bytes = fmax(times.n_bytes, of_cell(row[i]).n_bytes);
        if (step_of(row[i]) != CAIRN_STUDY_NO_STEP) times.step = step_of(row[i]);
        for (end = i + 1; end < n && by_world(&row[i], &row[end]) == 0;) end++;
        times.time[times.n++] = of_cells(row + i, end - i, room);
    }
    if (times.n == 0) times.reason = "no cell has times that can be used";
    free((void *)row);
    free(room);
    if (st != CAIRN_OK)
        cairn_study_times_free(&times);
    else
        *out = times;
    return st;
}

void cairn_study_times_free(struct cairn_study_times *times)
{
    free(times->time);
    *times = (struct cairn_study_times){0};
}
