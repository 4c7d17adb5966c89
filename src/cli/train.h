/* SPDX-License-Identifier: BSD-3-Clause
 * A run on the command line: of train and forget. */
#ifndef CAIRN_CLI_TRAIN_H
#define CAIRN_CLI_TRAIN_H

#include "cairn/run.h"
#include "cli/command.h"

/** The run of a run file, or a look at it with settings->check, and its summary on standard output.
 * begin_s: of this process, from which settings->before_s follows.  Ranks: collective.  Errors: the
 * agreed one: those of the run. */
CAIRN_CHECKED cairn_status cairn_train_and_print(cairn_comm *comm,
                                                 const struct cairn_run_operands *operands,
                                                 double begin_s,
                                                 struct cairn_run_settings *settings);

#endif
