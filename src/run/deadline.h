/* SPDX-License-Identifier: BSD-3-Clause
 * Stopping in time: whether one more update and a save still fit before the end of the job, told
 * from what updates, evaluations and saves of this run took.  Rank 0 decides; the flag travels with
 * the sum.  When the job ends: cluster/deadline.h.  Local. */
#ifndef CAIRN_RUN_DEADLINE_H
#define CAIRN_RUN_DEADLINE_H

#include <stdbool.h>
#include <stddef.h>

enum { CAIRN_DEADLINE_TEXT_BYTES = 160 };

/** The end of the job and what is known of this run's pace.  A zeroed one has no end. */
struct cairn_deadline {
    double end_s;      /* of cairn_clock_s(); 0: there is none */
    double end_unix_s; /* the same of the wall clock; 0: it does not follow from that */
    double looked_s;   /* when the two were last compared */
    double update_s;   /* slowest of the recent updates; 0: there was none */
    double evaluate_s; /* slowest of the recent evaluations; 0: there was none */
    double save_s;     /* slowest save; before the first a guess */
    bool has_saved;    /* it is no guess any more */
    double begun_s;    /* of the running update; 0: none is running */
    bool evaluates;    /* due after the running update */
    bool saves;        /* likewise */
    bool keeps_best;   /* each evaluation may make a save due */
    bool writing;      /* the checkpoint before is not on the disk yet: the next waits for it */
    bool near;         /* found to be near; stays so */
    char why[CAIRN_DEADLINE_TEXT_BYTES]; /* ... with these times, for people */
};

/** Seconds from `now_s` until the running update, what is due after it, one more update and a save
 * are done, with a margin; nothing here waits or reads a clock.  Ranks: local.  Errors: none. */
double cairn_deadline_needs(const struct cairn_deadline *deadline, double now_s);

/** The same for a save alone.  Ranks: local.  Errors: none. */
double cairn_deadline_needs_save(const struct cairn_deadline *deadline);

/** Whether one more update would come too late, asked at `now_s`; `why` is then set.  Ranks: local.
 * Errors: none. */
bool cairn_deadline_is_near(struct cairn_deadline *deadline, double now_s);

/** The same in an evaluation, which is left where it leaves no time for a save.  Ranks: local.
 * Errors: none. */
bool cairn_deadline_leaves(struct cairn_deadline *deadline, double now_s);

/** Compare the wall clock with the other one, at most once a minute.  An end that turns out to be
 * earlier is taken, a later one is not: a clock that was set back gives no time.  Ranks: local.
 * Errors: none. */
void cairn_deadline_check(struct cairn_deadline *deadline, double now_s, double unix_s);

/** Record a time in *slowest: at once where it is slower, else slowly.  Ranks: local.
 * Errors: none. */
void cairn_deadline_record(double *slowest, double took_s);

/** Record what a save took, from beginning to end.  Ranks: local.  Errors: none. */
void cairn_deadline_record_save(struct cairn_deadline *deadline, double took_s);

/** What a first save of so many bytes may take, on a slow shared file system.  Ranks: local.
 * Errors: none. */
double cairn_deadline_guess_save_s(size_t n_bytes);

#endif
