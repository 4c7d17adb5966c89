/* SPDX-License-Identifier: BSD-3-Clause
 * Inside comm/: whether a rank has hung.  A function of times alone; watchdog.c reads the
 * clock.  Local, cannot fail. */
#ifndef CAIRN_COMM_HANG_TIMEOUT_H
#define CAIRN_COMM_HANG_TIMEOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/phase.h"

/** One reading of a rank's phase clock (base/phase.h). */
struct cairn_phase_reading {
    uint64_t since_ns, stage_ns;
    int stage;
    double now_s; /* of the same clock */
    double nap_s; /* how long the watchdog meant to sleep before it */
};

/** What all readings so far amount to.  A zeroed one is fine.  Time in which the watchdog itself
 * did not run (a suspended job, a stopped process) is not counted. */
struct cairn_hang_timeout {
    struct cairn_phase_reading last;
    double waited_s;               /* in the running phase or micro-batch */
    double missed_s;               /* of the running stage, while the watchdog did not run */
    double longest_s;              /* stage that ended */
    bool measured[CAIRN_N_PHASES]; /* a stage of this kind has ended */
};

/** Record a reading. */
void cairn_hang_timeout_observe(struct cairn_hang_timeout *hang,
                                const struct cairn_phase_reading *reading);

/** Readings now come from another clock: no stage has ended by the change. */
void cairn_hang_timeout_switch(struct cairn_hang_timeout *hang);

/**
 * How long a phase may last: `timeout_s`, or where that is CAIRN_HANG_AUTO ten minutes, half an
 * hour for a kind of stage that has not ended yet, and always 20 times the longest stage that
 * was measured and what the running one had taken before its phase began.
 */
double cairn_hang_timeout_limit(const struct cairn_hang_timeout *hang, double timeout_s);

#endif
