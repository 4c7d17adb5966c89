/* SPDX-License-Identifier: BSD-3-Clause
 * val and test out of a file that has none: samples of train, picked by a keyed permutation of
 * their rows, which needs no memory and is the same in any world. */
#include <stdlib.h>

#include "base/memory.h"
#include "data/group.h"
#include "data/internal.h"

/* An epoch that no run reaches: the permutation is none of those of training. */
#define EPOCH_OF_SPLIT UINT64_MAX

static cairn_status copy_train(struct cairn_dataset *dataset, enum cairn_split split)
{
    struct cairn_group *group = &dataset->group[split];
    if (group->n_places > 0)
        return cairn_fail(CAIRN_USAGE,
                          "data.%s_fraction: the data have a group %s already; leave it "
                          "out",
                          cairn_split_name(split), cairn_split_name(split));
    return cairn_group_copy(dataset, &dataset->group[CAIRN_SPLIT_TRAIN], group);
}

cairn_status cairn_groups_part(struct cairn_dataset *dataset,
                               const struct cairn_dataset_options *options)
{
    const bool any = options->val_fraction > 0 || options->test_fraction > 0;
    if (!any) return CAIRN_OK;
    if (dataset->vocabulary > 0 || dataset->group[CAIRN_SPLIT_TRAIN].n == 0)
        return cairn_fail(CAIRN_USAGE,
                          "data.val_fraction and data.test_fraction divide x and y of train, which "
                          "%s does not have",
                          dataset->path);
    if (options->val_fraction > 0) CAIRN_TRY(copy_train(dataset, CAIRN_SPLIT_VAL));
    if (options->test_fraction > 0) CAIRN_TRY(copy_train(dataset, CAIRN_SPLIT_TEST));
    return CAIRN_OK;
}

static cairn_status pick_labels(struct cairn_group *group, const struct cairn_pick *pick)
{
    int32_t *label = NULL;
    if (group->label_owned == NULL) return CAIRN_OK;
    CAIRN_TRY(cairn_memory_get(pick->n, sizeof *label, "the labels", &label));
    for (size_t i = 0; i < pick->n; i++)
        label[i] = group->label_owned[cairn_order_at(&pick->order, pick->first + i)];
    free(group->label_owned);
    group->label = group->label_owned = label;
    return CAIRN_OK;
}

static cairn_status pick(struct cairn_group *group, const struct cairn_pick *pick)
{
    CAIRN_TRY(pick_labels(group, pick));
    cairn_rows_pick(&group->x, pick);
    cairn_rows_pick(&group->y, pick);
    cairn_rows_pick(&group->weight, pick);
    group->n = pick->n;
    return CAIRN_OK;
}

cairn_status cairn_groups_pick(struct cairn_dataset *dataset,
                               const struct cairn_dataset_options *options)
{
    static const enum cairn_split splits[] = {CAIRN_SPLIT_TEST, CAIRN_SPLIT_VAL, CAIRN_SPLIT_TRAIN};
    const size_t all = dataset->group[CAIRN_SPLIT_TRAIN].n;
    const double fraction[] = {options->test_fraction, options->val_fraction};
    struct cairn_pick part = {.n = 0};
    if (!(fraction[0] > 0) && !(fraction[1] > 0)) return CAIRN_OK;
    cairn_order_begin(options->split_seed, EPOCH_OF_SPLIT, all, &part.order);
    for (int i = 0; i < 3; i++) {
        const size_t left = all - part.first;
        const bool rest = splits[i] == CAIRN_SPLIT_TRAIN;
        if (!rest && !(fraction[i] > 0)) continue;
        part.n = rest ? left : (size_t)(fraction[i] * (double)all + 0.5);
        if (part.n == 0 || part.n > left)
            return cairn_fail(
                CAIRN_USAGE,
                "data.val_fraction and data.test_fraction leave no sample for %s of %zu "
                "in all",
                cairn_split_name(splits[i]), all);
        CAIRN_TRY(pick(&dataset->group[splits[i]], &part));
        part.first += part.n;
    }
    return CAIRN_OK;
}
