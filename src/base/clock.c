/* SPDX-License-Identifier: BSD-3-Clause
 * Time.  Not for random seeds: a run is a function of its run file. */
#include "base/clock.h"

#include <time.h>

static double read_clock(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

double cairn_clock_s(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

double cairn_clock_unix_s(void)
{
    return read_clock(CLOCK_REALTIME);
}

void cairn_clock_utc(char *text)
{
    time_t now = time(NULL);
    struct tm parts;
    gmtime_r(&now, &parts);
    strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &parts);
}
