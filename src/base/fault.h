/* SPDX-License-Identifier: BSD-3-Clause
 * Planted faults, so that tests can see every failing spot fail.  CAIRN_FAULT=data.read@2#3 makes
 * rank 2 fail at its third data.read, #3-5 also at the next two, #3- at all from there on; @ and #
 * may be left out (every rank, first time).
 * CAIRN_FAULT=hang:data.read@2#3 makes it sleep there for ever instead, slow:data.read@2#1- for 100
 * ms each time.  base/faults.def lists the points. */
#ifndef CAIRN_BASE_FAULT_H
#define CAIRN_BASE_FAULT_H

#include <stdbool.h>

/** Tell the faults which rank this is; until then it is rank 0.  Ranks: local.  Errors: none. */
void cairn_fault_set_rank(int rank);

/** Let all points pass meanwhile, uncounted.  Ranks: local; while there is one thread.
 * Errors: none. */
void cairn_fault_pass(bool pass);

/**
 * Whether the spot `point` (listed in base/faults.def) has to fail now; errno is EIO then, as after
 * a call that failed.
 *
 * Ranks   local
 * Errors  none
 */
bool cairn_fault(const char *point);

#endif
