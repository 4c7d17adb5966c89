/* SPDX-License-Identifier: BSD-3-Clause
 * What the checks of a launch found: a list of lines, for people or as JSON.  Local. */
#ifndef CAIRN_CLUSTER_FINDINGS_H
#define CAIRN_CLUSTER_FINDINGS_H

#include <stddef.h>
#include <stdio.h>

#include "cairn/status.h"

enum cairn_severity { CAIRN_FINDING_OK, CAIRN_FINDING_WARNING, CAIRN_FINDING_ERROR };

enum { CAIRN_FINDING_WHERE_BYTES = 96, CAIRN_FINDING_TEXT_BYTES = 400 };

/** One line. */
struct cairn_finding {
    const char *check; /* its name; static */
    enum cairn_severity severity;
    char where[CAIRN_FINDING_WHERE_BYTES];  /* "node7", "rank 3 (node7)"; "" for all */
    char message[CAIRN_FINDING_TEXT_BYTES]; /* what is the matter */
    char fix[CAIRN_FINDING_TEXT_BYTES];     /* the flag or variable that mends it; "" if ok */
};

/** A list; zero it before use. */
struct cairn_findings {
    struct cairn_finding *item; /* [n], owned */
    size_t n, room;
    const char *check;          /* whose lines come now; static */
    cairn_status st;            /* memory; sticks */
    struct cairn_finding spare; /* written to where there is no memory for another */
};

/** Add a line of the check whose turn it is, with an empty `where` and `fix`; the answer is for
 * filling these in and lives until the next is added.  Ranks: local.  Errors: sticks; then the
 * answer is a line that nobody reads. */
struct cairn_finding *cairn_findings_add(struct cairn_findings *list, enum cairn_severity severity,
                                         const char *format, ...) CAIRN_PRINTF(3, 4);

/** Say where.  Ranks: local.  Errors: none. */
void cairn_finding_where(struct cairn_finding *finding, const char *format, ...) CAIRN_PRINTF(2, 3);

/** Say what mends it.  Ranks: local.  Errors: none. */
void cairn_finding_fix(struct cairn_finding *finding, const char *format, ...) CAIRN_PRINTF(2, 3);

/** "ok", "warning" or "error".  Ranks: local.  Errors: none. */
const char *cairn_severity_name(enum cairn_severity severity);

/** The first error of a list; NULL where there is none.  Ranks: local.  Errors: none. */
const struct cairn_finding *cairn_findings_error(const struct cairn_findings *list);

/** A line for each, in columns.  Ranks: local.  Errors: none; who flushes sees them. */
void cairn_findings_print(const struct cairn_findings *list, FILE *out);

/** An array of {check, severity, where, message, fix}, to be released with free().
 *  Ranks: local.  Errors: CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_findings_json(const struct cairn_findings *list, char **out);

/** Release the lines.  Ranks: local.  Errors: none. */
void cairn_findings_free(struct cairn_findings *list);

#endif
