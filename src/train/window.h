/* SPDX-License-Identifier: BSD-3-Clause
 * Which samples an update owns (launch/guide/contract.md 2.1, 2.2, 2.6).  Positions count from the
 * start of the run, epochs laid end to end.  Plain arithmetic: local, cannot fail. */
#ifndef CAIRN_TRAIN_WINDOW_H
#define CAIRN_TRAIN_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cairn_tail { CAIRN_TAIL_EXACT, CAIRN_TAIL_DROP, CAIRN_TAIL_CARRY };

enum { CAIRN_MAX_RAMP = 64 };

/** A global batch that changes along the run, by position: the same in every world and after any
 * resume. */
struct cairn_ramp {
    size_t n;    /* entries; 0: there is no ramp */
    bool linear; /* between two entries; else an entry holds until the next */
    struct cairn_ramp_entry {
        uint64_t position, batch; /* from this position on, this global batch; positions rise */
    } entry[CAIRN_MAX_RAMP];
};

/** What decides about windows.  Either epochs or updates ends the run; the other is UINT64_MAX. */
struct cairn_window_rule {
    uint64_t n_samples; /* N: of the training set */
    uint64_t global;    /* B; with a ramp, before its first entry */
    uint64_t micro;     /* b */
    enum cairn_tail tail;
    uint64_t epochs, updates; /* of the whole run */
    struct cairn_ramp ramp;
};

/** The samples of one update: positions [first, first + n). */
struct cairn_window {
    uint64_t first, n;
    uint64_t epoch;   /* of its last sample; the first is 0 */
    uint64_t n_micro; /* M: micro-batches */
};

/** How far a run is. */
struct cairn_window_point {
    uint64_t update;   /* updates done */
    uint64_t position; /* reached, tails that were dropped included */
    uint64_t samples;  /* used */
};

/** A range of micro-batches [first, end) of one window. */
struct cairn_share {
    uint64_t first, end;
};

/** A window that is to come, and this rank's share of it. */
struct cairn_foreseen {
    uint64_t update;
    struct cairn_window window;
    struct cairn_share share;
};

/** B of an update that begins at `position`, before an epoch or the run cuts it short: `global`, or
 * what the ramp says, rounded to whole micro-batches. */
uint64_t cairn_window_batch(const struct cairn_window_rule *rule, uint64_t position);

/** The window of the next update, `update` being done and `position` reached; false: the run is
 * complete. */
bool cairn_window_next(const struct cairn_window_rule *rule, uint64_t update, uint64_t position,
                       struct cairn_window *out);

/** The position after a window; passes over a tail that is dropped. */
uint64_t cairn_window_after(const struct cairn_window_rule *rule,
                            const struct cairn_window *window);

/** The most samples that a window has, in a run of any length. */
uint64_t cairn_window_most(const struct cairn_window_rule *rule);

/** The most micro-batches that a window has, in a run of any length. */
uint64_t cairn_window_most_micro(const struct cairn_window_rule *rule);

/** Where a run stands when it has done `updates`, has reached `position`, or is complete, whichever
 * comes first.  Its time grows with the batches of the ramp, not with the updates. */
struct cairn_window_point cairn_window_walk(const struct cairn_window_rule *rule, uint64_t updates,
                                            uint64_t position);

/** Updates of the whole run; UINT64_MAX where they are too many to be counted. */
uint64_t cairn_window_total(const struct cairn_window_rule *rule);

/** The micro-batches of one rank: [r M / R, (r + 1) M / R). */
struct cairn_share cairn_window_share(const struct cairn_window *window, int rank, int n_ranks);

/** A number below 2^24 for micro-batch m, and the sum of those of a window: where as many
 * micro-batches were added and their marks have that sum, each was added once. */
uint32_t cairn_window_mark(uint64_t m);
double cairn_window_marks(const struct cairn_window *window);

/** Positions of micro-batch m: *n of them from the answer on; only the last may be short. */
uint64_t cairn_window_micro(const struct cairn_window_rule *rule, const struct cairn_window *window,
                            uint64_t m, size_t *n);

#endif
