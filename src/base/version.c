/* SPDX-License-Identifier: BSD-3-Clause
 * The version, for programs that ask the library. */
#include "cairn/version.h"

const char *cairn_version(void)
{
    return CAIRN_VERSION;
}
