/* SPDX-License-Identifier: BSD-3-Clause
 * Keeping an error while something else is done that may fail as well.  Local. */
#ifndef CAIRN_BASE_LAST_ERROR_H
#define CAIRN_BASE_LAST_ERROR_H

#include "cairn/status.h"

enum { CAIRN_ERROR_TEXT_BYTES = 2048 };

/** A status with its sentence. */
struct cairn_error {
    cairn_status st;
    char text[CAIRN_ERROR_TEXT_BYTES];
};

/** Keep st and this thread's last error, which stays what it is.  Ranks: local.  Errors: none. */
void cairn_error_take(cairn_status st, struct cairn_error *out);

/** Make it the last error again; the answer is its status.  Ranks: local.  Errors: that one. */
cairn_status cairn_error_put(const struct cairn_error *error);

#endif
