/* SPDX-License-Identifier: BSD-3-Clause
 * What layers, losses, metrics, optimizers and schedules are called in PyTorch and Keras.  Local.
 */
#ifndef CAIRN_CLI_NAMES_H
#define CAIRN_CLI_NAMES_H

#include <stdbool.h>
#include <stddef.h>

enum cairn_named_kind {
    CAIRN_NAMED_LAYER,
    CAIRN_NAMED_LOSS,
    CAIRN_NAMED_METRIC,
    CAIRN_NAMED_OPTIMIZER,
    CAIRN_NAMED_SCHEDULE
};

/** A row of names.def. */
struct cairn_named {
    enum cairn_named_kind kind;
    const char *ours;            /* a registered name; of a schedule the value of schedule.decay */
    const char *pytorch, *keras; /* "Conv1d, Conv3d"; "" where there is none */
    const char *note;            /* Markdown */
};

/** The rows, NULL after the last.  Ranks: local.  Errors: none. */
const struct cairn_named *cairn_named_at(size_t index);

/** Whether `word` is one of theirs, in capitals or not, with or without its module ("nn.Linear").
 * Ranks: local.  Errors: none. */
bool cairn_named_is(const struct cairn_named *row, const char *word);

#endif
