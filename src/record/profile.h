/* SPDX-License-Identifier: BSD-3-Clause
 * Where the time of a start went: profile.csv, and a table for people.  Local (rank 0). */
#ifndef CAIRN_RECORD_PROFILE_H
#define CAIRN_RECORD_PROFILE_H

#include <stddef.h>
#include <stdint.h>

#include "cairn/status.h"

/** A layer in one direction, or what a rank does besides; over all ranks. */
struct cairn_profile_line {
    const char *layer, *type; /* "" of what is no layer */
    const char *phase;        /* "forward", "backward", "recompute"; "data", "sum", ... */
    uint64_t calls;
    double total_s;         /* of all ranks together */
    double least_s, most_s; /* of a rank */
    double flops, bytes;    /* 0: unknown */
};

/** What all of it is about. */
struct cairn_profile_facts {
    int n_ranks;
    size_t threads; /* of a rank */
    int bits;       /* of a number */
    uint64_t updates;
    double peak_flops_per_s, peak_bytes_per_s; /* of a rank, measured; 0: unknown */
};

/** Write profile.csv of this run folder, whole, over that of an earlier start.  Ranks: local.
 * Errors: CAIRN_FILES; CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_profile_write(const char *folder,
                                               const struct cairn_profile_facts *facts,
                                               const struct cairn_profile_line *line, size_t n);

/** The same as a table, of many lines those that took most; released with free().  Ranks: local.
 * Errors: CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_profile_table(const struct cairn_profile_facts *facts,
                                               const struct cairn_profile_line *line, size_t n,
                                               char **text);

#endif
