/* SPDX-License-Identifier: BSD-3-Clause
 * TERM, INT and USR1 set a flag that the next sum carries to all ranks
 * (launch/guide/contract.md 6).  A second TERM or INT ends the process at once; two in the same
 * twentieth of a second are one. */
#ifndef CAIRN_BASE_INTERRUPT_H
#define CAIRN_BASE_INTERRUPT_H

#include <stdbool.h>

/** Catch the signals from here on.  Ranks: local.  Errors: none. */
void cairn_interrupt_catch(void);

/**
 * Take no more notice of them.  For the way out, when the outcome is agreed: a launcher that kills
 * the step on the first rank that ends with other than 0 (srun -K, mpirun) must not change the code
 * of the others.
 *
 * Ranks   local
 * Errors  none
 */
void cairn_interrupt_ignore(void);

/** Whether this rank was asked to stop.  Ranks: local.  Errors: none. */
bool cairn_interrupted(void);

#endif
