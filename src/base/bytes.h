/* SPDX-License-Identifier: BSD-3-Clause
 * Amounts of memory as people write them. */
#ifndef CAIRN_BASE_BYTES_H
#define CAIRN_BASE_BYTES_H

#include <stdbool.h>

/** What is accepted, for messages. */
#define CAIRN_BYTES_FORMS "64G or 64GiB of 1024^3 bytes, 64GB of 10^9, M, K and T alike"

enum { CAIRN_AMOUNT_BYTES = 32 };

/** Read a number of bytes with or without a unit: K, M, G and T as Slurm has them, and KiB to TiB,
 * are powers of 1024, KB to TB powers of 1000.  False: it is none.  Ranks: local.  Errors: none. */
bool cairn_amount_read(const char *text, double *n_bytes);

/** The same amount in the largest unit that is exact, in `buffer` [CAIRN_AMOUNT_BYTES]; reading it
 * gives the same bytes.  Ranks: local.  Errors: none. */
const char *cairn_amount_text(double n_bytes, char *buffer);

#endif
