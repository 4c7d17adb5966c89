/* SPDX-License-Identifier: BSD-3-Clause
 * Who follows a public run: from the functions of its host to those that a run calls. */
#include "start/start.h"

static void on_scores(void *context, const struct cairn_eval_metrics *line)
{
    const struct cairn_run_events *events = context;
    const struct cairn_run_scores scores = {.update = line->update,
                                            .split = line->split,
                                            .loss = line->loss,
                                            .accuracy = line->accuracy};
    if (events->evaluated != NULL) events->evaluated(events->context, &scores);
}

static void on_update(void *context, const struct cairn_update_record *record)
{
    const struct cairn_run_events *events = context;
    if (events->updated != NULL) events->updated(events->context, record);
}

static void on_saved(void *context, uint64_t update)
{
    const struct cairn_run_events *events = context;
    if (events->saved != NULL) events->saved(events->context, update);
}

static bool wants_stop(void *context)
{
    const struct cairn_run_events *events = context;
    return events->stops != NULL && events->stops(events->context);
}

static cairn_status feed(void *context, cairn_trainer *t)
{
    const struct cairn_run_events *events = context;
    return events->feed(events->context, t);
}

cairn_status cairn_start_follow(struct cairn_run_events *events, bool fed,
                                struct cairn_run_callbacks *out)
{
    const bool feeds = events->feed != NULL;
    if (fed != feeds)
        return cairn_fail(CAIRN_USAGE, fed ? "the samples are fed, and events.feed is not given"
                                           : "events.feed is for samples that are fed, and these "
                                             "are not");
    *out = (struct cairn_run_callbacks){.on_scores = on_scores,
                                        .on_update = on_update,
                                        .on_saved = on_saved,
                                        .wants_stop = wants_stop,
                                        .feed = fed ? feed : NULL,
                                        .context = events};
    return CAIRN_OK;
}
