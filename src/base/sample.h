/* SPDX-License-Identifier: BSD-3-Clause
 * Telling files apart by a part of them.  Local. */
#ifndef CAIRN_BASE_SAMPLE_H
#define CAIRN_BASE_SAMPLE_H

#include <stdint.h>

/** A hash of an open file's size, beginning and end, never 0; 0: it cannot be read.  Where it is
 * read next stays as it was.  Ranks: local.  Errors: none. */
uint64_t cairn_file_sample(int fd);

#endif
