/* SPDX-License-Identifier: BSD-3-Clause
 * The phase clock: what a rank is doing (phase, update, micro-batch), and since when.  How long a
 * phase took is known when the next begins.  Written by the training thread; another thread may
 * read it at any time.  Local. */
#ifndef CAIRN_BASE_PHASE_H
#define CAIRN_BASE_PHASE_H

#include <stdatomic.h>
#include <stdint.h>

/** What a rank is doing.  Names: cairn_phase_name(). */
enum cairn_phase {
    CAIRN_PHASE_OTHER, /* what has no phase of its own: the caller's loop, say */
    CAIRN_PHASE_START, /* of MPI */
    CAIRN_PHASE_READY, /* from the run file to the first update */
    CAIRN_PHASE_DATA,
    CAIRN_PHASE_COMPUTE,
    CAIRN_PHASE_REDUCE,
    CAIRN_PHASE_UPDATE,
    CAIRN_PHASE_EVALUATE,
    CAIRN_PHASE_SAVE,
    CAIRN_PHASE_END, /* of the process */
    CAIRN_N_PHASES
};

/** A rank's phase clock.  A zeroed one is fine.  A stage is an update with what follows it, an
 * evaluation or a save. */
struct cairn_phase_clock {
    _Atomic uint64_t since_ns; /* of cairn_clock_s(); 0: nothing has begun */
    _Atomic uint64_t update;   /* the running one, from 1; 0: none yet */
    _Atomic uint64_t micro;    /* of this rank's share, from 0 */
    _Atomic int phase;
    _Atomic uint64_t stage_ns; /* when the running stage began; 0: none has */
    _Atomic int stage;         /* CAIRN_PHASE_UPDATE, _EVALUATE or _SAVE */
    /* the training thread's own: */
    double spent_s[CAIRN_N_PHASES]; /* since cairn_phase_begin_update() */
    double total_s[CAIRN_N_PHASES]; /* since the first phase */
    uint64_t n_micro, n_samples;    /* worked since then, for training */
};

/** An update begins: nothing was spent on it yet.  Ranks: local.  Errors: none. */
void cairn_phase_begin_update(struct cairn_phase_clock *phases, uint64_t update);

/** The phase before ends here, this one begins.  Ranks: local.  Errors: none. */
void cairn_phase_enter(struct cairn_phase_clock *phases, enum cairn_phase phase);

/** The same phase goes on with its next micro-batch.  Ranks: local.  Errors: none. */
void cairn_phase_next_micro(struct cairn_phase_clock *phases, uint64_t micro);

/** "reading data", for a message.  Ranks: local.  Errors: none. */
const char *cairn_phase_name(enum cairn_phase phase);

#endif
