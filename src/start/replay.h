/* SPDX-License-Identifier: BSD-3-Clause
 * Training from one checkpoint of a run to the next once more, in a folder of its own, and
 * comparing what comes out with what was recorded. */
#ifndef CAIRN_START_REPLAY_H
#define CAIRN_START_REPLAY_H

#include "cairn/comm.h"
#include "run/run.h"

/** A span of updates between two checkpoints of a run folder, which is only read. */
struct cairn_span {
    const char *folder;
    uint64_t from, to; /* there is a checkpoint of update `to`; and of `from`, unless ... */
    bool from_scratch; /* ... the span begins with the initial weights, and then */
    bool joined;       /* the lines of its first updates are in the folder of another run */
};

enum { CAIRN_PLATFORM_BYTES = 512 };

/** How it went; on rank 0. */
struct cairn_replayed {
    char made_with[CAIRN_PLATFORM_BYTES], now[CAIRN_PLATFORM_BYTES]; /* what the bits depend on */
    struct cairn_compared compared;
    uint64_t first_line; /* update of the first line of metrics.csv that differs or is not there, by
                            the columns up to grad_norm; 0: none */
};

/**
 * Replay a span on any number of ranks.  What it writes goes to $TMPDIR or /tmp and is removed.
 *
 * Ranks   collective; the same span on all
 * Errors  the agreed one: those of a run; CAIRN_DATA: a checkpoint cannot be read, or was made with
 *         other data; CAIRN_FILES: there is no room; CAIRN_STOPPED: it was asked to stop
 */
CAIRN_CHECKED cairn_status cairn_start_replay(cairn_comm *comm, const struct cairn_span *span,
                                              struct cairn_replayed *out);

#endif
