/* SPDX-License-Identifier: BSD-3-Clause
 * Inside selftest/: a part, what it has to work with, and what it found. */
#ifndef CAIRN_SELFTEST_PART_H
#define CAIRN_SELFTEST_PART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/file.h"
#include "comm/exchange.h"
#include "comm/link.h"
#include "selftest/selftest.h"

enum cairn_outcome { CAIRN_OUTCOME_PASSED, CAIRN_OUTCOME_FAILED, CAIRN_OUTCOME_SKIPPED };

enum { CAIRN_SELFTEST_LINES = 12, CAIRN_SELFTEST_FIGURES = 96 };

/** What a part found; counts on rank 0. */
struct cairn_selftest_result {
    enum cairn_outcome outcome;
    cairn_status code;  /* where it failed: what the program ends with */
    char sentence[640]; /* what was found, or why not */
    double seconds;
    char line[CAIRN_SELFTEST_LINES][200]; /* below it on the page */
    size_t n_lines;
    struct cairn_selftest_figure {
        char name[48];
        double value;
    } figure[CAIRN_SELFTEST_FIGURES]; /* in the file */
    size_t n_figures;
};

/** A host as the page names it. */
struct cairn_selftest_host {
    char name[64];
};

/** What the parts have in common. */
struct cairn_selftest {
    cairn_comm *comm;
    const struct cairn_selftest_wishes *wishes;
    int rank, n_ranks;
    struct cairn_comm_node node;
    struct cairn_selftest_host *host; /* [n_ranks], on all; owned */
    double begin_s, end_s;            /* no part begins later */
    bool crowded;                     /* ranks of some node share cores: their times say little */
    double slow, least_sum, least_scaling, most_off; /* as wished, or the defaults */
    char folder[CAIRN_PATH_BYTES];                   /* where it works, the same text on all */
    cairn_status folder_st;                          /* whether rank 0 can make it; alike on all */
    char folder_why[512];                            /* why not; rank 0 */
    bool shared;            /* all ranks see what rank 0 writes there; of `files` */
    struct cairn_link link; /* what was measured, of `sums`; alike on all */
    bool link_known;
    double update_s; /* of an update of the MLP on all ranks, of `scaling`; 0: not known */
};

/** A part. */
struct cairn_selftest_part {
    const char *name;
    const char *doc; /* one sentence */
    /* Collective.  What it finds is in *out on rank 0; an error is a part that failed, except for
     * CAIRN_LOST. */
    cairn_status (*run)(struct cairn_selftest *test, struct cairn_selftest_result *out);
};

/** The registered parts; NULL after the last.  Ranks: local.  Errors: none. */
const struct cairn_selftest_part *cairn_selftest_part_at(size_t index);

/** It passes, and this is what was found, unless it has failed.  Ranks: local.  Errors: none. */
void cairn_selftest_pass(struct cairn_selftest_result *out, const char *format, ...)
    CAIRN_PRINTF(2, 3);

/** It fails; the first sentence stays.  Ranks: local.  Errors: none. */
void cairn_selftest_fail(struct cairn_selftest_result *out, cairn_status code, const char *format,
                         ...) CAIRN_PRINTF(3, 4);

/** It is left out, unless it has failed.  Ranks: local.  Errors: none. */
void cairn_selftest_skip(struct cairn_selftest_result *out, const char *format, ...)
    CAIRN_PRINTF(2, 3);

/** A line below, while there is room.  Ranks: local.  Errors: none. */
void cairn_selftest_line(struct cairn_selftest_result *out, const char *format, ...)
    CAIRN_PRINTF(2, 3);

/** A number for the file, while there is room.  Ranks: local.  Errors: none. */
void cairn_selftest_figure(struct cairn_selftest_result *out, double value, const char *format, ...)
    CAIRN_PRINTF(3, 4);

/** "ranks 2 and 3 (h2)": with the host of the first.  Ranks: local.  Errors: none. */
void cairn_selftest_who(const struct cairn_selftest *test, const int *rank, int n, char *text,
                        size_t n_bytes);

/** The name of the folder in which this process, the first rank, works below `out`.  Ranks: the
 * first.  Errors: CAIRN_USAGE: too long. */
CAIRN_CHECKED cairn_status cairn_selftest_folder(const char *out, char folder[CAIRN_PATH_BYTES]);

/** Remove what was made there, and the folder.  Ranks: the first.  Errors: none; what stays, stays.
 */
void cairn_selftest_remove(const char *folder);

/** Print the page on stdout.  Ranks: rank 0.  Errors: none; who flushes sees them. */
void cairn_selftest_print(const struct cairn_selftest *test,
                          const struct cairn_selftest_result *result);

/** The same as JSON, to be released with free().  Ranks: rank 0.  Errors: CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_selftest_json(const struct cairn_selftest *test,
                                               const struct cairn_selftest_result *result,
                                               char **text);

/** The first part that failed, or NULL.  Ranks: rank 0.  Errors: none. */
const struct cairn_selftest_result *
cairn_selftest_failure(const struct cairn_selftest_result *result);

#endif
