/* SPDX-License-Identifier: BSD-3-Clause
 * The same cells at other targets. */
#include "study/targets.h"

#include <math.h>

#include "base/memory.h"

bool cairn_study_target_is_easier(const struct cairn_study_target *target,
                                  const struct cairn_study_target *hardest)
{
    const struct cairn_goal *a = &target->goal, *b = &hardest->goal;
    if (a->score != b->score || a->below != b->below) return false;
    return a->below ? a->value > b->value : a->value < b->value;
}

/* The update at which the checks of a row reach the target; 0: they do not. */
static uint64_t reached_at(const struct cairn_study_row *row,
                           const struct cairn_study_target *target)
{
    struct cairn_judge judge = {.target = *target, .budget = UINT64_MAX};
    for (size_t i = 0; i < row->n_checks; i++) {
        const struct cairn_study_check *check = &row->check[i];
        if (cairn_judge_observe(&judge, check->update, check->loss, check->accuracy) ==
            CAIRN_VERDICT_REACHED)
            return judge.reached;
    }
    return 0;
}

/* Until so many updates, of those that it has. */
static void cut(struct cairn_study_row *row, uint64_t updates)
{
    double part = (double)updates / (double)row->updates;
    if (!(part < 1)) return;
    row->updates = updates;
    row->samples = (uint64_t)llround(part * (double)row->samples);
    row->wall_s *= part;
    row->training_s *= part;
    row->data_s *= part;
    row->compute_s *= part;
    row->reduce_s *= part;
    row->update_s *= part;
}

cairn_status cairn_study_at_target(const struct cairn_study_table *table,
                                   const struct cairn_study_target *target,
                                   struct cairn_study_table *out)
{
    *out = *table;
    out->n_rows = 0;
    out->row = NULL;
    CAIRN_TRY(cairn_memory_get(table->n_rows + 1, sizeof *out->row, "rows", &out->row));
    for (size_t r = 0; r < table->n_rows; r++) {
        struct cairn_study_row row = table->row[r];
        uint64_t reached = reached_at(&row, target);
        if (row.n_checks == 0) continue;
        if (reached > 0) cut(&row, reached);
        if (reached > 0)
            row.end = CAIRN_STUDY_REACHED;
        else if (row.end == CAIRN_STUDY_REACHED)
            row.end = CAIRN_STUDY_BUDGET;
        out->row[out->n_rows++] = row;
    }
    return CAIRN_OK;
}
