/* SPDX-License-Identifier: BSD-3-Clause
 * Where a rank is. */
#include "base/where.h"

#include <string.h>

#include "base/clock.h"

static const double NS = 1e9;

void cairn_where_begin(struct cairn_where *where, uint64_t update)
{
    cairn_where_enter(where, CAIRN_PHASE_OTHER);
    memset(where->spent_s, 0, sizeof where->spent_s);
    where->update = update;
    where->micro = 0;
}

void cairn_where_enter(struct cairn_where *where, enum cairn_phase phase)
{
    uint64_t now_ns = (uint64_t)(cairn_clock_s() * NS);
    uint64_t since_ns = where->since_ns;
    if (since_ns != 0) where->spent_s[where->phase] += (double)(now_ns - since_ns) / NS;
    where->phase = (int)phase;
    where->since_ns = now_ns;
}

const char *cairn_phase_name(enum cairn_phase phase)
{
    static const char *const name[CAIRN_N_PHASES] = {
        [CAIRN_PHASE_OTHER] = "between two phases",
        [CAIRN_PHASE_DATA] = "reading data",
        [CAIRN_PHASE_COMPUTE] = "computing a gradient",
        [CAIRN_PHASE_REDUCE] = "summing over the ranks",
        [CAIRN_PHASE_UPDATE] = "changing the weights",
        [CAIRN_PHASE_EVALUATE] = "evaluating",
        [CAIRN_PHASE_SAVE] = "saving",
    };
    return name[phase];
}
