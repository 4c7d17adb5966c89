/* SPDX-License-Identifier: BSD-3-Clause
 * Planted faults.  The environment is read at each point only while CAIRN_FAULT is set; else one
 * getenv at start. */
#include "base/fault.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char HANG[] = "hang:", SLOW[] = "slow:";

static const struct timespec slow_by = {.tv_nsec = 100000000};

static int this_rank;
static bool passes;
static atomic_long n_seen;

void cairn_fault_set_rank(int rank)
{
    this_rank = rank;
}

void cairn_fault_pass(bool pass)
{
    passes = pass;
}

static const char *planted(void)
{
    static atomic_int known; /* 0 not looked, 1 none, 2 one */
    int state = atomic_load(&known);
    if (state == 0) {
        state = getenv("CAIRN_FAULT") == NULL ? 1 : 2;
        atomic_store(&known, state);
    }
    return state == 1 ? NULL : getenv("CAIRN_FAULT");
}

/* "#3": the third; "#3-5": from the third to the fifth; "#3-": from the third on; nothing: the
 * first.
 */
static bool is_among(const char *count, long seen)
{
    char *end = NULL;
    if (count == NULL) return seen == 1;
    long first = strtol(count + 1, &end, 10);
    if (*end != '-') return seen == first;
    return seen >= first && (end[1] == '\0' || seen <= strtol(end + 1, NULL, 10));
}

bool cairn_fault(const char *point)
{
    const char *fault = planted();
    if (fault == NULL || passes) return false;
    bool hangs = strncmp(fault, HANG, sizeof HANG - 1) == 0;
    bool slows = strncmp(fault, SLOW, sizeof SLOW - 1) == 0;
    if (hangs || slows) fault += sizeof HANG - 1; /* as long as the other */
    size_t n = strcspn(fault, "@#");
    if (strlen(point) != n || strncmp(fault, point, n) != 0) return false;
    const char *rank = strchr(fault, '@');
    if (rank != NULL && strtol(rank + 1, NULL, 10) != this_rank) return false;
    bool fails = is_among(strchr(fault, '#'), atomic_fetch_add(&n_seen, 1) + 1);
    while (fails && hangs) pause(); /* for ever, whatever signals come */
    if (fails && slows) nanosleep(&slow_by, NULL);
    fails = fails && !slows;
    if (fails) errno = EIO;
    return fails;
}
