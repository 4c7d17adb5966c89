/* SPDX-License-Identifier: BSD-3-Clause
 * Reading ledger.csv, which a run writes with data.ledger.  Local. */
#ifndef CAIRN_RECORD_LEDGER_H
#define CAIRN_RECORD_LEDGER_H

#include <stddef.h>

#include "record/run_folder.h"

#define CAIRN_LEDGER_HEADER "update,epoch,first,samples,hash,epoch_samples"

/** All whole lines of a ledger, in their order; *lines to be released with free().  One that a
 * killed run did not finish, the last, is left out.  Ranks: local.  Errors: CAIRN_DATA: there is
 * none, or it is damaged; CAIRN_FILES; CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_ledger_read(const char *path, struct cairn_ledger_line **lines,
                                             size_t *n);

#endif
