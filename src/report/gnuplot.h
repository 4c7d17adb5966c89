/* SPDX-License-Identifier: BSD-3-Clause
 * gnuplot as a child process: a script in, a picture out.  Both pass through files without a name,
 * which nobody else can open and which are gone with the process, however that ends.  Knows nothing
 * of what is drawn.  Local. */
#ifndef CAIRN_REPORT_GNUPLOT_H
#define CAIRN_REPORT_GNUPLOT_H

#include <stdbool.h>
#include <stddef.h>

#include "cairn/status.h"

/** Whether gnuplot can be started.  Ranks: local.  Errors: none. */
bool cairn_gnuplot_is_there(void);

/**
 * Run gnuplot on a script and take what it writes to its standard output.  It reads no file of the
 * user's own settings.  Started by posix_spawn(), which copies no page of this process.
 *
 * script    n_script bytes; nothing in it may come from a file or a command line
 *
 * *picture  *n_picture bytes and a NUL, to be released with free()
 *
 * Ranks   local
 * Errors  CAIRN_USAGE: gnuplot is not installed; CAIRN_MEMORY; CAIRN_FILES: no room for the files;
 *         CAIRN_BUG: gnuplot does not take the script
 */
CAIRN_CHECKED cairn_status cairn_gnuplot_run(const char *script, size_t n_script, char **picture,
                                             size_t *n_picture);

#endif
