/* SPDX-License-Identifier: BSD-3-Clause
 * Whether this rank wants the run to stop: it was asked to by a signal, or the end of the job is
 * near.  Told to all ranks with the sum of an update, so that all stop after the same one. */
#include "base/clock.h"
#include "base/interrupt.h"
#include "run/inside.h"

bool cairn_run_wants_stop(struct cairn_run *run)
{
    if (cairn_interrupted()) return true;
    if (run->deadline.end_s == 0) return false;
    double now_s = cairn_clock_s();
    cairn_deadline_check(&run->deadline, now_s, cairn_clock_unix_s());
    return cairn_deadline_is_near(&run->deadline, now_s);
}

bool cairn_run_wants_leave(const void *context)
{
    const struct cairn_run *run = context;
    const struct cairn_deadline *deadline = &run->deadline;
    if (cairn_interrupted()) return true;
    return deadline->end_s != 0 &&
           cairn_clock_s() + cairn_deadline_needs_save(deadline) > deadline->end_s;
}

static cairn_status before_sum(void *context, bool *stop)
{
    struct cairn_run *run = context;
    if (cairn_run_wants_stop(run)) *stop = true;
    return run->pending;
}

const struct cairn_observer cairn_run_observer = {.name = "run", .before_sum = before_sum};
