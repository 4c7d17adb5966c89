/* SPDX-License-Identifier: BSD-3-Clause
 * Ranks that wait sleep.  Open MPI's ranks go round while they wait, and where there are more ranks
 * than processors they call sched_yield() meanwhile: dozens of them, from tests side by side, leave
 * little to the few that have something to do. Preloaded for the tests alone
 * (tests/CMakeLists.txt): 3 ranks on 2 busy processors took a third of the time. */
#define _POSIX_C_SOURCE 200809L
#include <time.h>

int sched_yield(void);

int sched_yield(void)
{
    static _Thread_local unsigned n_calls;
    const struct timespec moment = {.tv_nsec = 20000};
    if (++n_calls % 8 == 0) nanosleep(&moment, NULL);
    return 0;
}
