/* SPDX-License-Identifier: BSD-3-Clause
 * Lines for people, from rank 0 only; where they go is up to the host (cairn/host.h).  Not for
 * errors (base/status) and not for results (stdout). */
#ifndef CAIRN_BASE_LOG_H
#define CAIRN_BASE_LOG_H

#include <stdbool.h>

#include "cairn/host.h"
#include "cairn/status.h"

/** The least important kind of message that is said. */
enum cairn_log_level {
    CAIRN_LOG_QUIET = CAIRN_MESSAGE_WARNING,
    CAIRN_LOG_NORMAL = CAIRN_MESSAGE_INFO,
    CAIRN_LOG_VERBOSE = CAIRN_MESSAGE_DETAIL
};

/**
 * Set how much is said; every rank but 0 is set to CAIRN_LOG_QUIET by the one who knows.
 *
 * Ranks   local
 * Errors  none
 */
void cairn_log_set_level(enum cairn_log_level level);

/** How much is said.  Ranks: local.  Errors: none. */
enum cairn_log_level cairn_log_get_level(void);

/** A line unless quiet.  Ranks: local.  Errors: none. */
void cairn_log_info(const char *format, ...) CAIRN_PRINTF(1, 2);

/** A warning, even when quiet on rank 0.  Ranks: local.  Errors: none. */
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

/** The host's sink for messages, NULL for none.  Ranks: local.  Errors: none. */
void cairn_log_set_sink(void (*sink)(void *context, enum cairn_message kind, const char *line),
                        void *context);

/** Copy lines to the end of a file, with the time (UTC) in front: those that are said from now on,
 * and the first ones of before.  A file that is there and does not begin so is somebody else's and
 * stays as it is.  Ranks: local.  Errors: none; a file that is refused is a warning. */
void cairn_log_copy_to(const char *path);

/** A line for the copy alone, with `before` in front.  Ranks: local; allocates nothing.
 * Errors: none. */
void cairn_log_copy(const char *before, const char *line);

/** Copy no more; what was said before is forgotten.  Ranks: local.  Errors: none. */
void cairn_log_copy_end(void);

/** Whether the file of this name in an open folder is such a copy.  Ranks: local.  Errors: none. */
bool cairn_log_is_copy(int folder, const char *name);

/** While it is wanted, information is not said: it is for the copy alone, on muted ranks too.  Not
 * where all is said (CAIRN_LOG_VERBOSE).  Ranks: local.  Errors: none. */
void cairn_log_hide(bool wanted);

/** Whether there is a copy.  Ranks: local.  Errors: none. */
bool cairn_log_has_copy(void);

/** What stands before a message of this kind.  Ranks: local.  Errors: none. */
const char *cairn_log_before(enum cairn_message kind);

/**
 * Called before a line is printed, to clear a live bar; NULL for none.
 *
 * Ranks   local
 * Errors  none
 */
void cairn_log_set_clear(void (*clear)(void));

#endif
