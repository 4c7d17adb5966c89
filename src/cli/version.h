/* SPDX-License-Identifier: BSD-3-Clause
 * Versions of Cairn and of what it stands on.  Local. */
#ifndef CAIRN_CLI_VERSION_H
#define CAIRN_CLI_VERSION_H

/** Print them to stdout.  Ranks: local.  Errors: none. */
void cairn_version_print(void);

#endif
