/* SPDX-License-Identifier: BSD-3-Clause
 * From optim.groups and the names of the tensors to ranges of the flat block. */
#include "optim/groups.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* An entry as it is in the run file. */
struct group {
    const struct cairn_node *match;
    double weight_decay, lr_scale;
    bool trust_ratio;
};

static const struct cairn_key keys[] = {
    {"match", CAIRN_KEY_TREE, offsetof(struct group, match), NULL, 0, 0, "name list",
     "pattern of names of tensors, with * ? [...] as in a shell, or a list of such"},
    {"weight_decay", CAIRN_KEY_REAL, offsetof(struct group, weight_decay), "0", 0, 1e300, NULL,
     "in place of optim.weight_decay; not given: that of the others"},
    {"lr_scale", CAIRN_KEY_REAL, offsetof(struct group, lr_scale), "1", 0, 1e300, NULL,
     "times the learning rate; 0 keeps these tensors as they are"},
    {"trust_ratio", CAIRN_KEY_BOOL, offsetof(struct group, trust_ratio), "true", 0, 0, NULL,
     "of optimizers that have one: scale the step by the norms; not given: as optim.exclude_1d "
     "says"},
};

enum { N_KEYS = sizeof keys / sizeof keys[0] };

const struct cairn_key *cairn_optim_group_keys(size_t *n)
{
    *n = N_KEYS;
    return keys;
}

static cairn_status read_group(const struct cairn_node *entry, struct group *out)
{
    if (entry->kind != CAIRN_NODE_MAP)
        return cairn_fail(CAIRN_USAGE,
                          "%s: an entry of optim.groups must be a map, as in {match: '*.bias', "
                          "weight_decay: 0}",
                          cairn_node_place(entry));
    return cairn_keys_read(keys, N_KEYS, entry, NULL, "optim.groups", out);
}

/* The patterns of an entry: one scalar, or the children of a list. */
static const struct cairn_node *first_pattern(const struct cairn_node *match)
{
    return match->kind == CAIRN_NODE_LIST ? match->child : match;
}

static const struct cairn_node *next_pattern(const struct cairn_node *match,
                                             const struct cairn_node *pattern)
{
    return match->kind == CAIRN_NODE_LIST ? pattern->next : NULL;
}

/* A name with brackets matches itself, whatever a shell makes of it. */
static bool fits(const struct cairn_node *pattern, const char *name)
{
    return strcmp(pattern->text, name) == 0 || fnmatch(pattern->text, name, 0) == 0;
}

static cairn_status matches_nothing(const struct cairn_params *params,
                                    const struct cairn_node *pattern)
{
    const char **names = NULL;
    size_t found = 0;
    CAIRN_TRY(cairn_memory_get(params->n_items, sizeof *names, "the names of weights", &names));
    for (size_t i = 0; i < params->n_items; i++) names[i] = params->item[i].name;
    cairn_status st = cairn_name_find("tensor", pattern->text, names, params->n_items, &found);
    free(names);
    return cairn_fail_in(st, "%s: match in optim.groups", cairn_node_place(pattern));
}

static cairn_status check_pattern(const struct cairn_params *params,
                                  const struct cairn_node *pattern)
{
    if (pattern->kind != CAIRN_NODE_SCALAR || pattern->text[0] == '\0')
        return cairn_fail(CAIRN_USAGE,
                          "%s: match in optim.groups takes a pattern or a list of patterns",
                          cairn_node_place(pattern));
    for (size_t i = 0; i < params->n_items; i++)
        if (fits(pattern, params->item[i].name)) return CAIRN_OK;
    return matches_nothing(params, pattern);
}

static cairn_status has_no_ratio(const struct cairn_optim_kind *kind,
                                 const struct cairn_node *trust)
{
    char names[256] = "";
    const struct cairn_optim_kind *other = NULL;
    for (size_t i = 0; (other = cairn_optim_kind_at(i)) != NULL; i++) {
        size_t n = strlen(names);
        if (other->by_tensor)
            snprintf(names + n, sizeof names - n, "%s%s", n == 0 ? "" : ", ", other->name);
    }
    return cairn_fail(CAIRN_USAGE, "%s: optim.name: %s has no trust ratio; these have one: %s",
                      cairn_node_place(trust), kind->name, names);
}

static cairn_status check_group(const struct cairn_node *entry, const struct cairn_optim_kind *kind,
                                const struct cairn_params *params)
{
    struct group group;
    CAIRN_TRY(read_group(entry, &group));
    const struct cairn_node *trust = cairn_node_find(entry, "trust_ratio");
    if (trust != NULL && group.trust_ratio && !kind->by_tensor) return has_no_ratio(kind, trust);
    const struct cairn_node *pattern = first_pattern(group.match);
    if (pattern == NULL)
        return cairn_fail(CAIRN_USAGE, "%s: match in optim.groups is an empty list",
                          cairn_node_place(entry));
    for (; pattern != NULL; pattern = next_pattern(group.match, pattern))
        CAIRN_TRY(check_pattern(params, pattern));
    return CAIRN_OK;
}

static bool matches(const struct cairn_node *match, const char *name)
{
    const struct cairn_node *pattern = first_pattern(match);
    while (pattern != NULL && !fits(pattern, name)) pattern = next_pattern(match, pattern);
    return pattern != NULL;
}

/* What the first entry that matches gives takes precedence over what the range had. */
static cairn_status apply_groups(const struct cairn_node *groups, const char *name,
                                 struct cairn_optim_range *range)
{
    const struct cairn_node *entry = groups == NULL ? NULL : groups->child;
    struct group group = {0};
    for (; entry != NULL; entry = entry->next) {
        CAIRN_TRY(read_group(entry, &group));
        if (matches(group.match, name)) break;
    }
    if (entry == NULL) return CAIRN_OK;
    range->lr_scale = group.lr_scale;
    if (cairn_node_find(entry, "weight_decay") != NULL) range->weight_decay = group.weight_decay;
    if (cairn_node_find(entry, "trust_ratio") != NULL) range->trust_ratio = group.trust_ratio;
    return CAIRN_OK;
}

static cairn_status range_of(const struct cairn_optim_options *options,
                             const struct cairn_param *item, struct cairn_optim_range *out)
{
    bool excluded = options->exclude_1d && item->shape.ndim <= 1;
    *out = (struct cairn_optim_range){
        .offset = item->offset,
        .count = item->count,
        .weight_decay = excluded ? 0 : options->weight_decay,
        .lr_scale = 1,
        .trust_ratio = !excluded,
    };
    return apply_groups(options->groups, item->name, out);
}

/* Without a trust ratio only the numbers count. */
static bool alike(const struct cairn_optim_range *a, const struct cairn_optim_range *b)
{
    return a->weight_decay == b->weight_decay && a->lr_scale == b->lr_scale;
}

cairn_status cairn_optim_ranges_create(const struct cairn_optim_options *options,
                                       const struct cairn_optim_kind *kind,
                                       const struct cairn_params *params,
                                       struct cairn_optim_ranges *out)
{
    struct cairn_optim_ranges ranges = {0};
    const struct cairn_node *entry = options->groups == NULL ? NULL : options->groups->child;
    for (; entry != NULL; entry = entry->next) CAIRN_TRY(check_group(entry, kind, params));
    CAIRN_TRY(cairn_memory_get(params->n_items, sizeof *ranges.range, "the parameter groups",
                               &ranges.range));
    for (size_t i = 0; i < params->n_items; i++) {
        struct cairn_optim_range *range = &ranges.range[ranges.n];
        cairn_status st = range_of(options, &params->item[i], range);
        if (st != CAIRN_OK) {
            cairn_optim_ranges_free(&ranges);
            return st;
        }
        if (ranges.n > 0 && !kind->by_tensor && alike(range, range - 1))
            range[-1].count += range->count;
        else
            ranges.n++;
    }
    *out = ranges;
    return CAIRN_OK;
}

void cairn_optim_ranges_free(struct cairn_optim_ranges *ranges)
{
    free(ranges->range);
    *ranges = (struct cairn_optim_ranges){0};
}
