/* SPDX-License-Identifier: BSD-3-Clause
 * Progress for people, on stderr: one live bar on a terminal, a plain line now and then elsewhere.
 * Rank 0 only. */
#ifndef CAIRN_RECORD_PROGRESS_H
#define CAIRN_RECORD_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/** How far a run is.  At most one at a time: a log line clears its bar. */
struct cairn_progress {
    const char *unit; /* what is counted; NULL for updates */
    uint64_t total_updates;
    uint64_t first_update; /* where this process began */
    uint64_t update;       /* what was printed last ... */
    double loss, samples_per_s;
    double begin_s; /* cairn_clock_s() at the beginning */
    double next_s;  /* when the next line or redraw is due */
    int terminal;   /* its file descriptor; -1 where there is none */
    bool live;      /* a terminal, and not quiet */
    bool shown;     /* a bar stands on the line */
};

/** Begin; decides between bar and lines by the terminal and the log level.  mpirun hands stderr on
 * through a pipe: then mpirun's own stderr counts.  Ranks: local.  Errors: none. */
void cairn_progress_begin(struct cairn_progress *progress, uint64_t first_update,
                          uint64_t total_updates);

/** Say how far it is: updates, loss, samples/s, time left.  Cheap: mostly returns at once.
 *  Ranks: local; allocates nothing.  Errors: none. */
void cairn_progress_show(struct cairn_progress *progress, uint64_t update, double loss,
                         double samples_per_s);

/** The same for work of another kind than updates: `unit` names what is counted, "samples".  Shown
 * where there is a terminal, and nowhere else.  Ranks: local.  Errors: none. */
void cairn_progress_begin_of(struct cairn_progress *progress, const char *unit);
void cairn_progress_count(struct cairn_progress *progress, uint64_t done, uint64_t total);

/** Finish the line.  Ranks: local.  Errors: none. */
void cairn_progress_end(struct cairn_progress *progress);

/** The terminal at which standard output (1) or error (2) ends, to be closed; -1: a file, a pipe.
 * Below a launcher of MPI that is the launcher's: ours is a pipe to it, or a pseudo terminal
 * whatever becomes of its output.  Ranks: local.  Errors: none. */
int cairn_terminal_of(int stream);

#endif
