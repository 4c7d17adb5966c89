/* SPDX-License-Identifier: BSD-3-Clause
 * From rows to series, batches, learning rates and seeds. */
#include "study/series.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "study/statistics.h"

typedef const struct cairn_study_row *row_pointer;

/* Axes along which a series goes; the others tell series apart. */
static bool is_along(const char *axis)
{
    static const char *const along[] = {"batch.global", "optim.lr",         "train.seed",
                                        "ranks",        "batch.accumulate", "batch.micro"};
    for (size_t i = 0; i < sizeof along / sizeof along[0]; i++)
        if (strcmp(axis, along[i]) == 0) return true;
    return false;
}

/* "optim.momentum=0.9, optim.name=sgd"; the length without `out`. */
static size_t write_name(const struct cairn_study_table *table, row_pointer row, char *out,
                         size_t room)
{
    size_t n = 0;
    for (size_t i = 0; i < table->n_axes; i++) {
        if (is_along(table->axis[i])) continue;
        n += (size_t)snprintf(out != NULL ? out + n : NULL, out != NULL ? room - n : 0, "%s%s=%s",
                              n > 0 ? ", " : "", table->axis[i], row->value[i]);
    }
    if (n > 0) return n;
    return (size_t)snprintf(out, out != NULL ? room : 0, "all");
}

static cairn_status make_name(const struct cairn_study_table *table, row_pointer row, char **out)
{
    size_t room = write_name(table, row, NULL, 0) + 1;
    CAIRN_TRY(cairn_memory_get(room, 1, "the name of a series", out));
    write_name(table, row, *out, room);
    return CAIRN_OK;
}

static bool in_series(const struct cairn_study_table *table, row_pointer a, row_pointer b)
{
    for (size_t i = 0; i < table->n_axes; i++)
        if (!is_along(table->axis[i]) && strcmp(a->value[i], b->value[i]) != 0) return false;
    return true;
}

static bool can_be_used(row_pointer row)
{
    return row->global > 0 && row->lr > 0 && isfinite(row->lr);
}

static int by_batch_rate_seed(const void *a, const void *b)
{
    row_pointer x = *(const row_pointer *)a, y = *(const row_pointer *)b;
    if (x->global != y->global) return x->global > y->global ? 1 : -1;
    if (x->lr < y->lr || x->lr > y->lr) return x->lr > y->lr ? 1 : -1;
    return (x->seed > y->seed) - (x->seed < y->seed);
}

/* Ends of the rows from `i` on that are of the same batch, rate or seed. */
enum level { BATCH, RATE, SEED };

static size_t end_of(const struct cairn_study_series *series, size_t i, enum level level)
{
    size_t end = i + 1;
    for (; end < series->n_rows; end++) {
        row_pointer a = series->row[i], b = series->row[end];
        if (a->global != b->global) break;
        if (level >= RATE && (a->lr < b->lr || a->lr > b->lr)) break;
        if (level >= SEED && a->seed != b->seed) break;
    }
    return end;
}

static size_t count_seeds(const struct cairn_study_series *series, size_t begin, size_t end)
{
    size_t n = 0;
    for (size_t i = begin; i < end; i++) {
        size_t before = begin;
        while (before < i && series->row[before]->seed != series->row[i]->seed) before++;
        n += before == i;
    }
    return n;
}

/* One seed may have run on several ranks or splits: the same updates except for rounding.  The
 * median of its cells; where it is not known, more than any that was given up. */
static struct cairn_study_took of_one_seed(const row_pointer *row, size_t n, double *room)
{
    struct cairn_study_took took = {.updates = 0};
    bool failed = true;
    for (size_t i = 0; i < n; i++) {
        room[i] = row[i]->end == CAIRN_STUDY_REACHED ? fmax(1, (double)row[i]->updates) : INFINITY;
        if (isfinite(room[i]) || row[i]->end == CAIRN_STUDY_DIVERGED) continue;
        failed = false;
        took.updates = fmax(took.updates, (double)row[i]->updates);
    }
    double median = cairn_study_median(room, n);
    if (isfinite(median) || failed) return (struct cairn_study_took){.updates = median};
    took.above = true;
    return took;
}

static bool has_reached(const struct cairn_study_took *took)
{
    return isfinite(took->updates) && !took->above;
}

struct cairn_study_took cairn_study_took_median(const struct cairn_study_took *took, size_t n,
                                                size_t n_all, double most, double *room)
{
    for (size_t i = 0; i < n_all; i++)
        room[i] = i < n && has_reached(&took[i]) ? took[i].updates : INFINITY;
    double median = cairn_study_median(room, n_all);
    if (isfinite(median)) return (struct cairn_study_took){.updates = median};
    for (size_t i = 0; i < n_all; i++)
        room[i] = i >= n ? 0 : isfinite(took[i].updates) ? took[i].updates : most;
    return (struct cairn_study_took){.updates = cairn_study_median(room, n_all), .above = true};
}

/* Those that reached first, from the fewest updates on. */
static void add_seed(struct cairn_study_try *t, struct cairn_study_took took)
{
    size_t k = t->n_seeds++;
    bool reached = has_reached(&took);
    for (; k > 0 && reached; k--) {
        const struct cairn_study_took *before = &t->took[k - 1];
        if (has_reached(before) && before->updates <= took.updates) break;
        t->took[k] = *before;
    }
    t->took[k] = took;
    t->n_reached += reached;
    t->n_unknown += took.above;
}

static double median_noise(const struct cairn_study_try *t, double *room)
{
    size_t n = 0;
    for (size_t i = 0; i < t->n_rows; i++)
        if (isfinite(t->row[i]->noise_scale)) room[n++] = t->row[i]->noise_scale;
    return cairn_study_median(room, n);
}

static double median_samples(const struct cairn_study_try *t, double *room)
{
    for (size_t i = 0; i < t->n_rows; i++)
        room[i] = t->row[i]->end == CAIRN_STUDY_REACHED ? (double)t->row[i]->samples : INFINITY;
    double median = cairn_study_median(room, t->n_rows);
    return isfinite(median) ? median : NAN;
}

/* Median and range. */
static struct cairn_study_value training_time(const struct cairn_study_try *t, double *room)
{
    size_t n = 0;
    int most = 0;
    for (size_t i = 0; i < t->n_rows; i++) {
        const struct cairn_study_row *row = t->row[i];
        if (row->end != CAIRN_STUDY_REACHED || !isfinite(row->training_s) || row->ranks < most)
            continue;
        if (row->ranks > most) n = 0;
        most = row->ranks;
        room[n++] = row->training_s;
    }
    double median = cairn_study_median(room, n);
    if (n == 0) return (struct cairn_study_value){NAN, NAN, NAN};
    return (struct cairn_study_value){median, room[0], room[n - 1]};
}

/* Median over the seeds of the batch, and the range of those that reached. */
static void sum_up(struct cairn_study_try *t, size_t n_batch_seeds, double *room)
{
    t->low = t->high = NAN;
    if (t->n_reached > 0) t->low = t->took[0].updates, t->high = t->took[t->n_reached - 1].updates;
    struct cairn_study_took median =
        cairn_study_took_median(t->took, t->n_seeds, n_batch_seeds, t->high, room);
    t->median = median.above ? INFINITY : median.updates;
    t->bound = median.updates;
    t->noise_scale = median_noise(t, room);
    t->samples = median_samples(t, room);
    t->time_s = training_time(t, room);
}

static double sum_of(const struct cairn_study_try *t)
{
    double sum = 0;
    for (size_t i = 0; i < t->n_seeds; i++)
        sum += has_reached(&t->took[i]) ? t->took[i].updates : INFINITY;
    return sum;
}

/* A median that is known is better than any that is not. */
static bool is_better(const struct cairn_study_try *t, const struct cairn_study_try *than)
{
    if (!isfinite(t->median) && (t->n_reached == 0 || !(t->bound > 0))) return false;
    if (than == NULL || t->median < than->median) return true;
    if (t->median > than->median) return false;
    if (isfinite(t->median)) return sum_of(t) < sum_of(than);
    if (t->n_reached != than->n_reached) return t->n_reached > than->n_reached;
    return t->low < than->low;
}

static void take_try(struct cairn_study_series *series, struct cairn_study_point *point,
                     size_t begin, size_t end)
{
    struct cairn_study_try *t = &point->tried[point->n_tried++];
    *t = (struct cairn_study_try){.lr = series->row[begin]->lr,
                                  .row = series->row + begin,
                                  .n_rows = end - begin,
                                  .took = series->took + begin};
    for (size_t i = begin, next; i < end; i = next) {
        next = end_of(series, i, SEED);
        add_seed(t, of_one_seed(series->row + i, next - i, series->room));
    }
    sum_up(t, point->n_seeds, series->room);
    if (is_better(t, point->best)) point->best = t;
}

static void take_points(struct cairn_study_series *series)
{
    struct cairn_study_try *tried = series->tried;
    for (size_t i = 0, end; i < series->n_rows; i = end) {
        struct cairn_study_point *point = &series->point[series->n_points++];
        end = end_of(series, i, BATCH);
        *point = (struct cairn_study_point){.batch = series->row[i]->global,
                                            .n_seeds = count_seeds(series, i, end),
                                            .tried = tried};
        for (size_t j = i, next; j < end; j = next) {
            next = end_of(series, j, RATE);
            take_try(series, point, j, next);
        }
        tried += point->n_tried;
    }
}

/* A series with all rows that are like `first`. */
static cairn_status make_series(const struct cairn_study_table *table, row_pointer first,
                                struct cairn_study_series *series)
{
    size_t n = 0;
    for (size_t i = 0; i < table->n_rows; i++)
        n += can_be_used(&table->row[i]) && in_series(table, first, &table->row[i]);
    CAIRN_TRY(make_name(table, first, &series->name));
    CAIRN_TRY(cairn_memory_get(n, sizeof *series->row, "a series", &series->row));
    CAIRN_TRY(cairn_memory_get(n, sizeof *series->point, "a series", &series->point));
    CAIRN_TRY(cairn_memory_get(n, sizeof *series->tried, "a series", &series->tried));
    CAIRN_TRY(cairn_memory_get(n, sizeof *series->took, "a series", &series->took));
    CAIRN_TRY(cairn_memory_get(n, sizeof *series->room, "a series", &series->room));
    for (size_t i = 0; i < table->n_rows; i++)
        if (can_be_used(&table->row[i]) && in_series(table, first, &table->row[i]))
            series->row[series->n_rows++] = &table->row[i];
    qsort(series->row, n, sizeof *series->row, by_batch_rate_seed);
    take_points(series);
    return CAIRN_OK;
}

static bool is_known(const struct cairn_study_order *order, const struct cairn_study_table *table,
                     row_pointer row)
{
    for (size_t i = 0; i < order->n_series; i++)
        if (in_series(table, order->series[i].row[0], row)) return true;
    return false;
}

cairn_status cairn_study_order_create(const struct cairn_study_table *table,
                                      struct cairn_study_order *out)
{
    struct cairn_study_order order = {0};
    cairn_status st =
        cairn_memory_get(table->n_rows + 1, sizeof *order.series, "series", &order.series);
    for (size_t i = 0; i < table->n_rows && st == CAIRN_OK; i++) {
        row_pointer row = &table->row[i];
        if (can_be_used(row) && !is_known(&order, table, row))
            st = make_series(table, row, &order.series[order.n_series++]);
    }
    if (st != CAIRN_OK)
        cairn_study_order_free(&order);
    else
        *out = order;
    return st;
}

void cairn_study_order_free(struct cairn_study_order *order)
{
    for (size_t i = 0; i < order->n_series; i++) {
        struct cairn_study_series *series = &order->series[i];
        free(series->name);
        free((void *)series->row);
        free(series->point);
        free(series->tried);
        free(series->took);
        free(series->room);
    }
    free(order->series);
    *order = (struct cairn_study_order){0};
}

int cairn_study_point_edge(const struct cairn_study_point *point)
{
    if (point->best == NULL || point->n_tried < 2) return 0;
    if (point->best == point->tried) return -1;
    return point->best == point->tried + point->n_tried - 1 ? 1 : 0;
}

size_t cairn_study_series_ended(const struct cairn_study_series *series, enum cairn_study_end end)
{
    size_t n = 0;
    for (size_t i = 0; i < series->n_rows; i++) n += series->row[i]->end == end;
    return n;
}
