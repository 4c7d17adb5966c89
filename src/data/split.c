/* SPDX-License-Identifier: BSD-3-Clause
 * Dividing rows into groups. */
#include "data/split.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "data/order.h"

/* How the rows that are test are drawn: those with the first places of a shuffled order. */
struct draw {
    struct cairn_order order;
    size_t test_every; /* 0: by the order */
    double n_test;
};

static struct draw begin_draw(const struct cairn_import *import, size_t n)
{
    struct draw draw = {.test_every = import->test_every,
                        .n_test = round(import->test_fraction * (double)n)};
    cairn_order_begin(cairn_random_key(import->seed, CAIRN_RANDOM_SPLIT, 0, 0), 0, n, &draw.order);
    return draw;
}

static bool is_test(const struct draw *draw, size_t row)
{
    if (draw->test_every > 0) return row % draw->test_every == 0;
    return (double)cairn_order_at(&draw->order, row) < draw->n_test;
}

cairn_status cairn_split_plan(const struct cairn_import *import, size_t n,
                              struct cairn_split_plan *out)
{
    struct cairn_split_plan plan = {0};
    struct draw draw = begin_draw(import, n);
    CAIRN_TRY(cairn_memory_get(n, sizeof *plan.row, "the rows", &plan.row));
    size_t n_train = 0;
    for (size_t i = 0; i < n; i++)
        if (!is_test(&draw, i)) plan.row[n_train++] = i;
    size_t next = n_train;
    for (size_t i = 0; i < n; i++)
        if (is_test(&draw, i)) plan.row[next++] = i;
    if (import->n_val >= n_train) {
        free(plan.row);
        return cairn_fail(CAIRN_USAGE,
                          "of %zu rows %zu are for training; none is left after --val %zu", n,
                          n_train, import->n_val);
    }
    plan.count[CAIRN_SPLIT_TRAIN] = n_train - import->n_val;
    plan.count[CAIRN_SPLIT_VAL] = import->n_val;
    plan.count[CAIRN_SPLIT_TEST] = n - n_train;
    *out = plan;
    return CAIRN_OK;
}

void cairn_split_plan_free(struct cairn_split_plan *plan)
{
    free(plan->row);
    *plan = (struct cairn_split_plan){0};
}

/* The rows [n] of an array [.., row_bytes], or NULL where there is no array. */
static cairn_status select_rows(const void *from, size_t row_bytes, const size_t *row, size_t n,
                                unsigned char **out)
{
    unsigned char *to = NULL;
    *out = NULL;
    if (from == NULL) return CAIRN_OK;
    CAIRN_TRY(cairn_memory_get(n, row_bytes, "the rows", &to));
    for (size_t i = 0; i < n; i++)
        memcpy(to + i * row_bytes, (const unsigned char *)from + row[i] * row_bytes, row_bytes);
    *out = to;
    return CAIRN_OK;
}

static cairn_status write_group(const struct cairn_table *table, enum cairn_split split,
                                const size_t *row, size_t n, struct cairn_writer *writer)
{
    const struct cairn_h5_form element = {.type = table->x_type};
    size_t x_bytes = cairn_shape_count(&table->input) * cairn_h5_element_bytes(&element);
    unsigned char *x = NULL;
    unsigned char *label = NULL;
    unsigned char *target = NULL;
    cairn_status st = select_rows(table->x, x_bytes, row, n, &x);
    if (st == CAIRN_OK) st = select_rows(table->label, sizeof *table->label, row, n, &label);
    if (st == CAIRN_OK)
        st = select_rows(table->target, table->n_targets * sizeof *table->target, row, n, &target);
    struct cairn_table group = *table;
    group.n = n;
    group.x = x;
    group.label = (const int32_t *)(const void *)label;
    group.target = (const real *)(const void *)target;
    if (st == CAIRN_OK) st = cairn_writer_group(writer, split, &group);
    free(target);
    free(label);
    free(x);
    return st;
}

cairn_status cairn_split_write(const struct cairn_split_plan *plan, const struct cairn_table *table,
                               struct cairn_writer *writer)
{
    const size_t *row = plan->row;
    for (int split = 0; split < CAIRN_N_SPLITS; split++) {
        CAIRN_TRY(write_group(table, (enum cairn_split)split, row, plan->count[split], writer));
        row += plan->count[split];
    }
    return CAIRN_OK;
}
