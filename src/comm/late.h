/* SPDX-License-Identifier: BSD-3-Clause
 * Inside comm/: whether a rank is late.  A function of times alone; who looks at the clock is
 * watchdog.c.  Local, cannot fail. */
#ifndef CAIRN_COMM_LATE_H
#define CAIRN_COMM_LATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/phase.h"

/** One reading of a rank's phase clock (base/phase.h). */
struct cairn_look {
    uint64_t since_ns, stage_ns;
    int stage;
    double now_s; /* of the same clock */
    double nap_s; /* how long the onlooker meant to sleep before it */
};

/** What came of all looks.  A zeroed one is fine.  Time in which the onlooker itself did not run (a
 * job that was suspended, a process that was stopped) counts for nothing. */
struct cairn_late {
    struct cairn_look last;
    double waited_s;               /* in the running phase or micro-batch */
    double missed_s;               /* of the running stage, while nobody looked */
    double longest_s;              /* stage that ended */
    bool measured[CAIRN_N_PHASES]; /* a stage of this kind has ended */
};

/** Take note of a look. */
void cairn_late_look(struct cairn_late *late, const struct cairn_look *look);

/** Those whereabouts are no longer looked at, but others: nothing of them ends by it. */
void cairn_late_turn(struct cairn_late *late);

/**
 * How long a phase may last: `timeout_s`, or where that is CAIRN_HANG_AUTO ten minutes, half an
 * hour for a kind of stage that was never seen to end, and always 20 times the longest stage that
 * was measured and what the running one had taken before its phase began.
 */
double cairn_late_limit(const struct cairn_late *late, double timeout_s);

#endif
