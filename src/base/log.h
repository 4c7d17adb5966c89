/* SPDX-License-Identifier: BSD-3-Clause
 * Lines for people, on stderr, from rank 0 only.  Not for errors (base/status) and not for results
 * (stdout). */
#ifndef CAIRN_BASE_LOG_H
#define CAIRN_BASE_LOG_H

#include "cairn/status.h"

enum cairn_log_level { CAIRN_LOG_QUIET, CAIRN_LOG_NORMAL, CAIRN_LOG_VERBOSE };

/**
 * Set how much is said; every rank but 0 is set to CAIRN_LOG_QUIET by the one who knows.
 *
 * Ranks   local
 * Errors  none
 */
void cairn_log_set_level(enum cairn_log_level level);

/** How much is said.  Ranks: local.  Errors: none. */
enum cairn_log_level cairn_log_get_level(void);

/** A line unless quiet; "cairn: " in front is for trouble.  Ranks: local.  Errors: none. */
void cairn_log_info(const char *format, ...) CAIRN_PRINTF(1, 2);

/** A line "cairn: warning: ..." even when quiet on rank 0.  Ranks: local.  Errors: none. */
void cairn_log_warning(const char *format, ...) CAIRN_PRINTF(1, 2);

/** A line only when verbose.  Ranks: local.  Errors: none. */
void cairn_log_detail(const char *format, ...) CAIRN_PRINTF(1, 2);

/**
 * Silence this rank altogether, warnings too; called once on every rank but 0.
 *
 * Ranks   local
 * Errors  none
 */
void cairn_log_mute(void);

/**
 * Called before a line is printed, to clear a live bar; NULL for none.
 *
 * Ranks   local
 * Errors  none
 */
void cairn_log_set_clear(void (*clear)(void));

#endif
