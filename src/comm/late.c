/* SPDX-License-Identifier: BSD-3-Clause
 * Whether a rank is late. */
#include "comm/late.h"

#include <math.h>

#include "comm/watchdog.h"

static const double NS = 1e9;
static const double LEAST_S = 600; /* as long as torch.distributed waits for NCCL */
static const double LEAST_UNMEASURED_S = 1800;
static const double TIMES_LONGEST = 20;
static const double NAPS = 2; /* a nap that took longer than so many is no nap */

/* A stage that was seen to begin and has ended where the next one began. */
static void measure(struct cairn_late *late, const struct cairn_look *look)
{
    const struct cairn_look *last = &late->last;
    if (look->stage_ns == last->stage_ns) return;
    if (last->stage_ns != 0) {
        double took_s = (double)(look->stage_ns - last->stage_ns) / NS - late->missed_s;
        late->longest_s = fmax(late->longest_s, took_s);
        late->measured[last->stage] = true;
    }
    late->missed_s = 0;
}

void cairn_late_look(struct cairn_late *late, const struct cairn_look *look)
{
    double phase_s = look->now_s - (double)look->since_ns / NS;
    double gap_s = late->last.now_s > 0 ? look->now_s - late->last.now_s : look->nap_s;
    double seen_s = fmin(gap_s, NAPS * look->nap_s);
    late->missed_s += gap_s - seen_s;
    measure(late, look);
    if (look->since_ns == late->last.since_ns)
        late->waited_s += seen_s;
    else
        late->waited_s = fmin(phase_s, seen_s);
    if (look->since_ns == 0) late->waited_s = 0;
    late->last = *look;
}

void cairn_late_turn(struct cairn_late *late)
{
    late->last.since_ns = late->last.stage_ns = 0;
    late->missed_s = 0;
}

double cairn_late_limit(const struct cairn_late *late, double timeout_s)
{
    const struct cairn_look *last = &late->last;
    if (timeout_s != CAIRN_HANG_AUTO) return timeout_s;
    double own_s = last->stage_ns == 0 || last->since_ns <= last->stage_ns
                       ? 0
                       : (double)(last->since_ns - last->stage_ns) / NS;
    double least_s = late->measured[last->stage] ? LEAST_S : LEAST_UNMEASURED_S;
    return fmax(least_s, TIMES_LONGEST * fmax(own_s - late->missed_s, late->longest_s));
}
