/* SPDX-License-Identifier: BSD-3-Clause
 * A trained model on the command line: of eval, predict and sample. */
#ifndef CAIRN_CLI_TRAINED_H
#define CAIRN_CLI_TRAINED_H

#include "cairn/trained.h"
#include "cli/command.h"
#include "data/dataset.h"

/** What the command line says of it. */
struct cairn_trained_request {
    const char *checkpoint;
    const char *data; /* NULL: the file that the checkpoint was trained on */
    int split;        /* enum cairn_split */
    bool ema;         /* the moving average of the weights in place of the weights */
};

/** Its flags, for a request at `request`, a struct with this member: */
#define CAIRN_OPTION_EMA(request, member)                                                          \
    {                                                                                              \
        "--ema", NULL, CAIRN_KEY_BOOL, offsetof(request, member.ema),                              \
            .doc = "by the moving average of the weights (train.ema)"                              \
    }
#define CAIRN_OPTION_SPLIT(request, member)                                                        \
    {                                                                                              \
        "--split", .type = CAIRN_KEY_CHOICE, .offset = offsetof(request, member.split),            \
                   .doc = "the group of the dataset", .fallback = "test",                          \
                   .words = CAIRN_CHOICE_TEXT(CAIRN_WORDS_SPLIT)                                   \
    }

/** Take the checkpoint into a request whose first member this is.  Ranks: local.
 * Errors: CAIRN_USAGE: a second one. */
CAIRN_CHECKED cairn_status cairn_trained_take(void *request, const char *value);

/** What is to be opened; borrows from the request.  Ranks: local.  Errors: none. */
struct cairn_trained_settings
cairn_trained_settings_of(const struct cairn_trained_request *request);

#endif
