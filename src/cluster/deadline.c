/* SPDX-License-Identifier: BSD-3-Clause
 * The end of the job, from the environment. */
#include "cluster/deadline.h"

#include <stdlib.h>
#include <string.h>

static const char *const variables[] = {"CAIRN_DEADLINE", "SLURM_JOB_END_TIME"};
static const char advice[] =
    "in the batch script: export CAIRN_DEADLINE=$(date -d \"$(squeue -h -j $SLURM_JOB_ID -o %e)\" "
    "+%s); or give train.deadline a span of time";

/* Before 2001 or far from now nothing ends: those are other numbers, seconds of the job, say. */
static const double FIRST_S = 1e9, LAST_S = 1e11;

cairn_status cairn_job_end(double *unix_s)
{
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        const char *text = getenv(variables[i]);
        if (text == NULL || text[0] == '\0') continue;
        size_t n = strspn(text, "0123456789");
        double value = n > 0 && n < 16 && text[n] == '\0' ? strtod(text, NULL) : 0;
        if (value < FIRST_S || value > LAST_S)
            return cairn_fail(CAIRN_USAGE,
                              "train.deadline: %s is '%.64s' and no time in Unix seconds; %s",
                              variables[i], text, advice);
        *unix_s = value;
        return CAIRN_OK;
    }
    return cairn_fail(CAIRN_USAGE, "train.deadline: slurm needs the end of the job; %s", advice);
}
