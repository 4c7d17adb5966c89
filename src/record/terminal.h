/* SPDX-License-Identifier: BSD-3-Clause
 * Whether people read what is printed.  Local. */
#ifndef CAIRN_RECORD_TERMINAL_H
#define CAIRN_RECORD_TERMINAL_H

/** The terminal at which standard output (1) or error (2) ends, to be closed; -1: a file, a pipe.
 * Below a launcher of MPI that is the launcher's: ours is a pipe to it, or a pseudo terminal
 * whatever becomes of its output.  Ranks: local.  Errors: none. */
int cairn_terminal_of(int stream);

#endif
