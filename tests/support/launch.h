/* SPDX-License-Identifier: BSD-3-Clause
 * A planted launch, in which nothing is wrong: tests of the doctor's checks spoil it. */
#ifndef CAIRN_TESTS_SUPPORT_LAUNCH_H
#define CAIRN_TESTS_SUPPORT_LAUNCH_H

#include "cluster/doctor.h"

enum { RANKS = 4, GIGABYTE = 1000000000 };

/** Two hosts, node0 and node1, of 8 cores and 16 GB with two ranks each, on cores of their own. */
struct subject {
    struct cairn_rank_facts rank[RANKS];
    struct cairn_launch launch;
    struct cairn_findings found;
    double rate[RANKS], ahead_s[RANKS], round_s[RANKS];
};

/** Make one and release it; for cmocka. */
int subject_set_up(void **state);
int subject_tear_down(void **state);

/** Bind a rank to these cores, of one CPU each. */
void subject_bind(struct cairn_rank_facts *rank, uint64_t cpus);

/** Let one check judge; what it says is in s->found. */
void judge(struct subject *s, const char *name);

/** Fail where `part` is not in `text`. */
void holds(const char *text, const char *part);

/** Judge, and want one line of this severity with these words in it. */
void expect(struct subject *s, const char *name, enum cairn_severity severity, const char *where,
            const char *message, const char *fix);

#endif
