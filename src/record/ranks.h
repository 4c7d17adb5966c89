/* SPDX-License-Identifier: BSD-3-Clause
 * The table of ranks at the end of a start: ranks.csv, and lines on stderr that name the slow ones.
 * Local (rank 0). */
#ifndef CAIRN_RECORD_RANKS_H
#define CAIRN_RECORD_RANKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cairn/status.h"

enum { CAIRN_RANK_HOST_BYTES = 64 };

/** What a rank did in this start of the run. */
struct cairn_rank_line {
    int rank;
    char host[CAIRN_RANK_HOST_BYTES];
    uint64_t micro_batches, samples; /* worked for training */
    double data_s, compute_s;
    double wait_s;   /* of reduce_s: what the rank spent in sums beyond the rank that spent least */
    double reduce_s; /* sums over the ranks, the waiting for the others included */
    double update_s, evaluate_s, save_s;
    uint64_t peak_rss_bytes;
};

/** Whether there is a ranks.csv.  Ranks: local.  Errors: none. */
bool cairn_ranks_are_there(const char *folder);

/** Write ranks.csv of this run folder, whole, over that of an earlier start.  Ranks: local.
 * Errors: CAIRN_FILES; CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_ranks_write(const char *folder, const struct cairn_rank_line *line,
                                             size_t n);

/** Seconds of computing per micro-batch; 0 where there was none.  Ranks: local.  Errors: none. */
double cairn_rank_pace_s(const struct cairn_rank_line *line);

/** Sort by pace, the fastest first, and give the median pace of those that worked.  Ranks: local.
 * Errors: none. */
double cairn_ranks_sort(struct cairn_rank_line *line, size_t n);

/** How many times slower than the median this rank is, where that is worth a line: more than 1.2
 * times, and at least a second of the run; else 0.  Ranks: local.  Errors: none. */
double cairn_rank_slower(const struct cairn_rank_line *line, double median_s);

/** Print the table, of many ranks the slowest and the fastest, and a line for each that is slow;
 * changes the order.  Nothing for a single rank, or when quiet.  Ranks: local.  Errors: none. */
void cairn_ranks_show(struct cairn_rank_line *line, size_t n);

#endif
