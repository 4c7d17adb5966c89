/* SPDX-License-Identifier: BSD-3-Clause
 * What the parts of cairn info share. */
#ifndef CAIRN_CLI_INFO_H
#define CAIRN_CLI_INFO_H

#include "cairn/status.h"
#include "h5/h5.h"

/** Print "  title: ...".  Ranks: local.  Errors: none. */
void cairn_info_text(const char *name, const char *text, size_t n);

/** Print "vocabulary: 65" and "characters: \\n !$&'...": control characters as C writes them.
 * Ranks: local.  Errors: none. */
void cairn_info_vocabulary(size_t vocabulary, const char *characters);

/** Describe a dataset.  Ranks: local.  Errors: CAIRN_DATA, CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_info_dataset(const char *path, struct cairn_h5 *file);

#endif
