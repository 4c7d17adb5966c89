/* SPDX-License-Identifier: BSD-3-Clause
 * Time.  Not for random seeds: a run is a function of its run file. */
#include "base/clock.h"

#include <time.h>

double cairn_clock_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void cairn_clock_utc(char *text)
{
    time_t now = time(NULL);
    struct tm parts;
    gmtime_r(&now, &parts);
    strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &parts);
}
