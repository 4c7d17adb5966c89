/* SPDX-License-Identifier: BSD-3-Clause
 * The command line of cairn train.  Local. */
#ifndef CAIRN_CLI_TRAIN_REQUEST_H
#define CAIRN_CLI_TRAIN_REQUEST_H

#include <stdbool.h>

#include "cli/command.h"

/** What it says; the texts are borrowed from it. */
struct cairn_train_request {
    struct cairn_run_operands run;
    const char *out;    /* NULL: runs/<name of the run file> */
    const char *resume; /* auto, never or a file */
    const char *init;   /* weights made elsewhere; NULL: random ones */
    bool init_partial, overwrite, check, singleton;
};

extern const struct cairn_option cairn_train_flags[];

/** Read it.  Ranks: local.  Errors: CAIRN_USAGE: unknown options, no run file, options that do not
 * go together. */
CAIRN_CHECKED cairn_status cairn_train_request_read(const struct cairn_arguments *arguments,
                                                    struct cairn_train_request *request);

#endif
