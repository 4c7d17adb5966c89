/* SPDX-License-Identifier: BSD-3-Clause
 * Where a rank is. */
#include "base/where.h"

#include <string.h>

#include "base/clock.h"

static const double NS = 1e9;

static uint64_t now_ns(void)
{
    return (uint64_t)(cairn_clock_s() * NS);
}

static void begin_stage(struct cairn_where *where, enum cairn_phase stage)
{
    where->stage = (int)stage;
    where->stage_ns = now_ns();
}

void cairn_where_begin(struct cairn_where *where, uint64_t update)
{
    cairn_where_enter(where, CAIRN_PHASE_OTHER);
    begin_stage(where, CAIRN_PHASE_UPDATE);
    memset(where->spent_s, 0, sizeof where->spent_s);
    where->update = update;
    where->micro = 0;
}

/* What the running phase took so far is put down. */
static void account(struct cairn_where *where)
{
    uint64_t now = now_ns();
    uint64_t since = where->since_ns;
    double spent_s = since == 0 ? 0 : (double)(now - since) / NS;
    where->spent_s[where->phase] += spent_s;
    where->total_s[where->phase] += spent_s;
    where->since_ns = now;
}

void cairn_where_enter(struct cairn_where *where, enum cairn_phase phase)
{
    account(where);
    where->phase = (int)phase;
    if (phase == CAIRN_PHASE_EVALUATE || phase == CAIRN_PHASE_SAVE) begin_stage(where, phase);
}

void cairn_where_step(struct cairn_where *where, uint64_t micro)
{
    account(where);
    where->micro = micro;
}

const char *cairn_phase_name(enum cairn_phase phase)
{
    static const char *const name[CAIRN_N_PHASES] = {
        [CAIRN_PHASE_OTHER] = "between two phases",
        [CAIRN_PHASE_START] = "starting MPI",
        [CAIRN_PHASE_READY] = "making ready",
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
