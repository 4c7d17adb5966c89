/* SPDX-License-Identifier: BSD-3-Clause
 * What batch scripts for one scheduler have of their own.  Local. */
#ifndef CAIRN_CLUSTER_SCHEDULER_H
#define CAIRN_CLUSTER_SCHEDULER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "cairn/status.h"

struct cairn_job;

/** A scheduler: a row of schedulers.def. */
struct cairn_scheduler {
    const char *name;        /* as --scheduler takes it */
    const char *title;       /* as people write it */
    const char *variable;    /* set in its jobs */
    const char *command;     /* found where it is installed, and no other has it */
    const char *submit;      /* what submits a script, as far as the script's path */
    const char *prefix;      /* of a line for it in a script */
    const char *example;     /* of what may follow: the account */
    const char *launcher[3]; /* what starts ranks, the default first; NULL after the last */
    const char *end;         /* of the running job in Unix seconds, as shell has it */
    const char *shell;       /* launch/job/<name>.sh */
    bool by_itself;          /* warns the script before the end and adds to one log in all starts;
                                else the script looks at the clock and keeps the log */
    /** See whether it has what the job asks for.  NULL: it has.  Ranks: local.
     * Errors: CAIRN_USAGE. */
    cairn_status (*check)(const struct cairn_job *job);
    /** The lines of the script that it reads itself, without those of the user.  Ranks: local.
     * Errors: those of `out`. */
    void (*print)(FILE *out, const struct cairn_job *job);
};

/** The one of this name, or, for "auto", the one whose job this is, else the one that is installed,
 * else Slurm.  Ranks: local.  Errors: CAIRN_USAGE: there is none; names all. */
CAIRN_CHECKED cairn_status cairn_scheduler_find(const char *name,
                                                const struct cairn_scheduler **out);

/** The one in whose job this process runs; NULL: none is known.  Ranks: local.  Errors: none. */
const struct cairn_scheduler *cairn_scheduler_around(void);

#endif
