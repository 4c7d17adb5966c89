/* SPDX-License-Identifier: BSD-3-Clause
 * The phase clock. */
#include "base/phase.h"

#include <string.h>

#include "base/clock.h"

static const double NS = 1e9;

static uint64_t now_ns(void)
{
    return (uint64_t)(cairn_clock_s() * NS);
}

static void begin_stage(struct cairn_phase_clock *phases, enum cairn_phase stage)
{
    phases->stage = (int)stage;
    phases->stage_ns = now_ns();
}

void cairn_phase_begin_update(struct cairn_phase_clock *phases, uint64_t update)
{
    cairn_phase_enter(phases, CAIRN_PHASE_OTHER);
    begin_stage(phases, CAIRN_PHASE_UPDATE);
    memset(phases->spent_s, 0, sizeof phases->spent_s);
    phases->update = update;
    phases->micro = 0;
}

/* What the running phase took so far is put down. */
static void account(struct cairn_phase_clock *phases)
{
    uint64_t now = now_ns();
    uint64_t since = phases->since_ns;
    double spent_s = since == 0 ? 0 : (double)(now - since) / NS;
    phases->spent_s[phases->phase] += spent_s;
    phases->total_s[phases->phase] += spent_s;
    phases->since_ns = now;
}

void cairn_phase_enter(struct cairn_phase_clock *phases, enum cairn_phase phase)
{
    account(phases);
    phases->phase = (int)phase;
    if (phase == CAIRN_PHASE_EVALUATE || phase == CAIRN_PHASE_SAVE) begin_stage(phases, phase);
}

void cairn_phase_next_micro(struct cairn_phase_clock *phases, uint64_t micro)
{
    account(phases);
    phases->micro = micro;
}

const char *cairn_phase_name(enum cairn_phase phase)
{
    static const char *const name[CAIRN_N_PHASES] = {
        [CAIRN_PHASE_OTHER] = "between two phases",
        [CAIRN_PHASE_START] = "starting MPI",
        [CAIRN_PHASE_READY] = "preparing",
        [CAIRN_PHASE_DATA] = "reading data",
        [CAIRN_PHASE_COMPUTE] = "computing a gradient",
        [CAIRN_PHASE_REDUCE] = "summing over the ranks",
        [CAIRN_PHASE_UPDATE] = "changing the weights",
        [CAIRN_PHASE_EVALUATE] = "evaluating",
        [CAIRN_PHASE_SAVE] = "saving",
        [CAIRN_PHASE_END] = "ending",
    };
    return name[phase];
}
