/* SPDX-License-Identifier: BSD-3-Clause
 * Whether this rank wants the run to stop: it was asked to by a signal, or the end of the job is
 * near.  That all stop after the same update is the sum's business. */
#include "base/clock.h"
#include "base/interrupt.h"
#include "train/trainer.h"

bool cairn_trainer_wants_stop(cairn_trainer *t)
{
    if (cairn_interrupted()) return true;
    if (t->deadline.end_s == 0) return false;
    double now_s = cairn_clock_s();
    cairn_deadline_look(&t->deadline, now_s, cairn_clock_unix_s());
    return cairn_deadline_is_near(&t->deadline, now_s);
}

bool cairn_trainer_wants_leave(const cairn_trainer *t)
{
    const struct cairn_deadline *deadline = &t->deadline;
    if (cairn_interrupted()) return true;
    return deadline->end_s != 0 &&
           cairn_clock_s() + cairn_deadline_needs_save(deadline) > deadline->end_s;
}

void cairn_trainer_catch_signals(void)
{
    cairn_interrupt_catch();
}
