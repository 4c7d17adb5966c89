/* SPDX-License-Identifier: BSD-3-Clause
 * The watchdog of a process: a thread that sleeps, looks where the training thread is
 * (base/phase.h), and ends the process with CAIRN_LOST where a phase lasts too long.  Every rank
 * has one and no two of them talk, for what they would talk over may be what hangs: a rank that
 * waits in a sum for another is late too, so all that live print their line at about the same time.
 * Never calls MPI.  How long is too long: hang_timeout.h. */
#ifndef CAIRN_COMM_WATCHDOG_H
#define CAIRN_COMM_WATCHDOG_H

#include <stdint.h>

#include "base/phase.h"
#include "cairn/comm.h"

/** A timeout that follows from the times that were measured. */
#define CAIRN_HANG_AUTO 0.0

struct cairn_watchdog;

/** A start, from before MPI begins to the first update: who this is as far as a launcher says it
 * (size 0: it does not), and how long the start may stand at one thing; INFINITY: for ever. */
struct cairn_watched_start {
    int rank, size;
    double limit_s;
};

/** Begin to watch the calling thread, before MPI starts.  NULL where the system gives no thread:
 * then nobody watches, which every function below takes.  Ranks: local.  Errors: none. */
struct cairn_watchdog *cairn_watchdog_start(const struct cairn_watched_start *start);

/** Ask this function how many processes were killed for memory here: now, and again where a rank is
 * missed, so that it can be said why.  Ranks: local.  Errors: none. */
void cairn_watchdog_ask(struct cairn_watchdog *dog, uint64_t (*killed)(void));

/** End the thread, and release.  Ranks: local.  Errors: none. */
void cairn_watchdog_stop(struct cairn_watchdog *dog);

/** From here on it knows its rank, and the functions below find it by `comm`.  Ranks: local.
 * Errors: none. */
void cairn_watchdog_join(struct cairn_watchdog *dog, cairn_comm *comm);

/** How long a phase may last: seconds, CAIRN_HANG_AUTO, or INFINITY for no limit.  With
 * CAIRN_HANG_AUTO the start keeps its own limit.  Ranks: local.  Errors: none. */
void cairn_watchdog_limit(const cairn_comm *comm, double timeout_s);

/** What comes of the start may take so much longer at one thing: there is much to read, say. Ranks:
 * local.  Errors: none. */
void cairn_watchdog_allow(const cairn_comm *comm, double seconds);

/** The process, outside of training, is in this phase now.  Ranks: local.  Errors: none. */
void cairn_watchdog_phase(const cairn_comm *comm, enum cairn_phase phase);

/** Look there from here on, the start being over; NULL: at the phases of the process again.
 * Ranks: local.  Errors: none. */
void cairn_watchdog_watch(const cairn_comm *comm, const struct cairn_phase_clock *phases);

#endif
