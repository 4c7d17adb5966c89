/* SPDX-License-Identifier: BSD-3-Clause
 * Dividing rows into groups. */
#include "data/split.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/random.h"

/* The rows that are test are those with the first places of a shuffled order. */
static void begin_draw(const struct cairn_import *import, size_t n, struct cairn_sorter *draw)
{
    *draw = (struct cairn_sorter){.test_every = import->test_every,
                                  .n_test = round(import->test_fraction * (double)n)};
    cairn_order_begin(cairn_random_key(import->seed, CAIRN_RANDOM_SPLIT, 0, 0), 0, n, &draw->order);
}

static bool is_test(const struct cairn_sorter *draw, size_t row)
{
    if (draw->test_every > 0) return row % draw->test_every == 0;
    return draw->n_test > 0 && (double)cairn_order_at(&draw->order, row) < draw->n_test;
}

static cairn_status count(const struct cairn_import *import, const struct cairn_sorter *draw,
                          size_t n, size_t count[CAIRN_N_SPLITS])
{
    const size_t n_test =
        draw->test_every > 0 ? (n + draw->test_every - 1) / draw->test_every : (size_t)draw->n_test;
    const size_t n_train = n - n_test;
    if (import->n_val >= n_train)
        return cairn_fail(CAIRN_USAGE,
                          "of %zu rows %zu are for training; none is left after --val %zu", n,
                          n_train, import->n_val);
    count[CAIRN_SPLIT_TRAIN] = n_train - import->n_val;
    count[CAIRN_SPLIT_VAL] = import->n_val;
    count[CAIRN_SPLIT_TEST] = n_test;
    return CAIRN_OK;
}

cairn_status cairn_split_plan(const struct cairn_import *import, size_t n,
                              struct cairn_split_plan *out)
{
    struct cairn_split_plan plan = {0};
    struct cairn_sorter draw;
    begin_draw(import, n, &draw);
    CAIRN_TRY(count(import, &draw, n, plan.count));
    CAIRN_TRY(cairn_memory_get(n, sizeof *plan.row, "the rows", &plan.row));
    size_t next = 0;
    for (size_t i = 0; i < n; i++)
        if (!is_test(&draw, i)) plan.row[next++] = i;
    for (size_t i = 0; i < n; i++)
        if (is_test(&draw, i)) plan.row[next++] = i;
    *out = plan;
    return CAIRN_OK;
}

void cairn_split_plan_free(struct cairn_split_plan *plan)
{
    free(plan->row);
    *plan = (struct cairn_split_plan){0};
}

static cairn_status begin_divided(const struct cairn_import *import, size_t n,
                                  const struct cairn_table *like, struct cairn_writer *writer,
                                  struct cairn_sorter *out)
{
    struct cairn_sorter sorter;
    begin_draw(import, n, &sorter);
    sorter.writer = writer;
    CAIRN_TRY(count(import, &sorter, n, sorter.count));
    for (int split = 0; split < CAIRN_N_SPLITS; split++)
        CAIRN_TRY(cairn_writer_begin(writer, (enum cairn_split)split, sorter.count[split], like));
    *out = sorter;
    return CAIRN_OK;
}

cairn_status cairn_sorter_begin(const struct cairn_import *import, enum cairn_split split, size_t n,
                                const struct cairn_table *like, struct cairn_writer *writer,
                                struct cairn_sorter *out)
{
    if (split == CAIRN_SPLIT_TRAIN) return begin_divided(import, n, like, writer, out);
    CAIRN_TRY(cairn_writer_begin(writer, split, n, like));
    *out = (struct cairn_sorter){.writer = writer, .whole = true, .split = split};
    return CAIRN_OK;
}

/* Where the next row goes. */
static enum cairn_split next_split(struct cairn_sorter *sorter)
{
    if (is_test(sorter, sorter->row++)) return CAIRN_SPLIT_TEST;
    return sorter->n_train++ < sorter->count[CAIRN_SPLIT_TRAIN] ? CAIRN_SPLIT_TRAIN
                                                                : CAIRN_SPLIT_VAL;
}

cairn_status cairn_sorter_append(struct cairn_sorter *sorter, const struct cairn_table *rows)
{
    size_t first = 0;
    enum cairn_split split = CAIRN_SPLIT_TRAIN;
    if (sorter->whole) return cairn_writer_append(sorter->writer, sorter->split, rows);
    for (size_t i = 0; i < rows->n; i++) {
        const enum cairn_split next = next_split(sorter);
        if (i > first && next != split) {
            const struct cairn_table run = cairn_table_slice(rows, first, i - first);
            CAIRN_TRY(cairn_writer_append(sorter->writer, split, &run));
            first = i;
        }
        split = next;
    }
    const struct cairn_table run = cairn_table_slice(rows, first, rows->n - first);
    return cairn_writer_append(sorter->writer, split, &run);
}

cairn_status cairn_split_write(const struct cairn_import *import, const struct cairn_table *table,
                               struct cairn_writer *writer)
{
    struct cairn_sorter sorter;
    CAIRN_TRY(begin_divided(import, table->n, table, writer, &sorter));
    return cairn_sorter_append(&sorter, table);
}
