/* SPDX-License-Identifier: BSD-3-Clause
 * cairn verify --ledger DIR: every sample was used exactly once per epoch. */
#ifndef CAIRN_CLI_VERIFY_LEDGER_H
#define CAIRN_CLI_VERIFY_LEDGER_H

#include "cairn/status.h"

/** Prove it from the ledger of a run folder, and print what holds.  Ranks: local (rank 0).
 * Errors: CAIRN_NUMBERS: it does not hold; CAIRN_DATA: there is no ledger, it is damaged, or has
 * not all updates; CAIRN_USAGE: no run folder; CAIRN_FILES; CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_verify_ledger(const char *folder);

#endif
