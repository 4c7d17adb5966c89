/* SPDX-License-Identifier: BSD-3-Clause
 * Standard output, where the results of a command go. */
#ifndef CAIRN_CLI_OUTPUT_H
#define CAIRN_CLI_OUTPUT_H

#include "cairn/status.h"

/**
 * Bring out what was printed.  main does it at the end of each command.
 *
 * A reader that has gone away, as `| head` does, has seen what it wanted and is not an error;
 * whether it goes before or after the last line is chance, which must not change the exit code.
 * ferror(stdout) shows it to a command that prints without end.
 *
 * Ranks   local
 * Errors  CAIRN_FILES: refused, now or since the process began
 */
CAIRN_CHECKED cairn_status cairn_output_flush(void);

#endif
