/* SPDX-License-Identifier: BSD-3-Clause
 * schedule.milestones: a list of [epoch, factor], or of updates or samples in place of the epoch,
 * into the schedule. */
#include <math.h>

#include "setup/setup.h"

/* An entry as it stands in the run file. */
struct milestone {
    double at, factor;
};

static const struct cairn_key fields[] = {
    {"at", CAIRN_KEY_REAL, offsetof(struct milestone, at), NULL, 0, 1e15, NULL, "where it begins"},
    {"factor", CAIRN_KEY_REAL, offsetof(struct milestone, factor), NULL, 0, 1e6, NULL,
     "of optim.lr"},
};
static const struct cairn_setup_pairs pairs = {
    "schedule.milestones", "[epoch, factor], as in [[30, 0.1], [60, 0.01]]", "a number", fields};

static cairn_status read_milestone(const struct cairn_config *config, uint64_t n_samples,
                                   const struct cairn_node *node, struct cairn_schedule *s)
{
    const bool by_epochs = config->schedule_milestones_by == CAIRN_MILESTONES_BY_EPOCHS;
    struct milestone entry = {0};
    CAIRN_TRY(cairn_setup_pair(&pairs, node, s->n_milestones, &entry));
    if (!by_epochs && entry.at != floor(entry.at))
        return cairn_fail(CAIRN_USAGE,
                          "%s: schedule.milestones entry %zu is at %g, but updates and samples are "
                          "whole numbers; for epochs leave out schedule.milestones_by",
                          cairn_node_place(node), s->n_milestones, entry.at);
    const double at = by_epochs ? round(entry.at * (double)n_samples) : entry.at;
    const struct cairn_milestone next = {at >= 0x1p63 ? (uint64_t)1 << 63 : (uint64_t)at,
                                         entry.factor};
    if (s->n_milestones > 0 && next.at <= s->milestone[s->n_milestones - 1].at)
        return cairn_fail(CAIRN_USAGE,
                          "%s: schedule.milestones entry %zu at %g does not come after the one "
                          "before; they must rise",
                          cairn_node_place(node), s->n_milestones, entry.at);
    s->milestone[s->n_milestones++] = next;
    return CAIRN_OK;
}

static cairn_status check_keys(const struct cairn_config *config, bool chosen)
{
    const struct cairn_node *list = config->schedule_milestones;
    if (!chosen && list != NULL)
        return cairn_fail(CAIRN_USAGE, "%s: schedule.milestones is for schedule.decay: milestones",
                          cairn_node_place(list));
    if (!chosen && config->schedule_milestones_by != CAIRN_MILESTONES_BY_EPOCHS)
        return cairn_fail(CAIRN_USAGE,
                          "%s: schedule.milestones_by is for schedule.decay: milestones",
                          cairn_config_place(config, "schedule.milestones_by"));
    if (chosen && list == NULL)
        return cairn_fail(CAIRN_USAGE,
                          "%s: schedule.decay: milestones needs schedule.milestones, pairs %s",
                          cairn_config_place(config, "schedule.decay"), pairs.form);
    return CAIRN_OK;
}

cairn_status cairn_setup_milestones(const struct cairn_config *config, uint64_t n_samples,
                                    struct cairn_schedule *s)
{
    const struct cairn_node *list = config->schedule_milestones;
    const bool by_updates = config->schedule_milestones_by == CAIRN_MILESTONES_BY_UPDATES;
    CAIRN_TRY(check_keys(config, s->decay == CAIRN_DECAY_MILESTONES));
    if (list == NULL) return CAIRN_OK;
    if (cairn_node_count(list) == 0 || cairn_node_count(list) > CAIRN_MAX_MILESTONES)
        return cairn_fail(CAIRN_USAGE, "%s: schedule.milestones has %zu entries, but takes 1 to %d",
                          cairn_node_place(list), cairn_node_count(list), CAIRN_MAX_MILESTONES);
    s->decay_by = by_updates ? CAIRN_COUNT_UPDATES : CAIRN_COUNT_SAMPLES;
    for (const struct cairn_node *node = list->child; node != NULL; node = node->next)
        CAIRN_TRY(read_milestone(config, n_samples, node, s));
    return CAIRN_OK;
}
