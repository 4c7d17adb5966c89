/* SPDX-License-Identifier: BSD-3-Clause
 * Whether a rank has hung. */
#include "comm/hang_timeout.h"

#include <math.h>

#include "comm/watchdog.h"

static const double NS = 1e9;
static const double LEAST_S = 600; /* as long as torch.distributed waits for NCCL */
static const double LEAST_UNMEASURED_S = 1800;
static const double TIMES_LONGEST = 20;
static const double NAPS = 2; /* a nap that took longer than so many is no nap */

/* A stage that was seen to begin and has ended where the next one began. */
static void measure(struct cairn_hang_timeout *hang, const struct cairn_phase_reading *reading)
{
    const struct cairn_phase_reading *last = &hang->last;
    if (reading->stage_ns == last->stage_ns) return;
    if (last->stage_ns != 0) {
        double took_s = (double)(reading->stage_ns - last->stage_ns) / NS - hang->missed_s;
        hang->longest_s = fmax(hang->longest_s, took_s);
        hang->measured[last->stage] = true;
    }
    hang->missed_s = 0;
}

void cairn_hang_timeout_observe(struct cairn_hang_timeout *hang,
                                const struct cairn_phase_reading *reading)
{
    double phase_s = reading->now_s - (double)reading->since_ns / NS;
    double gap_s = hang->last.now_s > 0 ? reading->now_s - hang->last.now_s : reading->nap_s;
    double seen_s = fmin(gap_s, NAPS * reading->nap_s);
    hang->missed_s += gap_s - seen_s;
    measure(hang, reading);
    if (reading->since_ns == hang->last.since_ns)
        hang->waited_s += seen_s;
    else
        hang->waited_s = fmin(phase_s, seen_s);
    if (reading->since_ns == 0) hang->waited_s = 0;
    hang->last = *reading;
}

void cairn_hang_timeout_switch(struct cairn_hang_timeout *hang)
{
    hang->last.since_ns = hang->last.stage_ns = 0;
    hang->missed_s = 0;
}

double cairn_hang_timeout_limit(const struct cairn_hang_timeout *hang, double timeout_s)
{
    const struct cairn_phase_reading *last = &hang->last;
    if (timeout_s != CAIRN_HANG_AUTO) return timeout_s;
    double own_s = last->stage_ns == 0 || last->since_ns <= last->stage_ns
                       ? 0
                       : (double)(last->since_ns - last->stage_ns) / NS;
    double least_s = hang->measured[last->stage] ? LEAST_S : LEAST_UNMEASURED_S;
    return fmax(least_s, TIMES_LONGEST * fmax(own_s - hang->missed_s, hang->longest_s));
}
