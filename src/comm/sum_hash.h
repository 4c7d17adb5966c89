/* SPDX-License-Identifier: BSD-3-Clause
 * Inside comm/: the hash of what a rank has added up (cairn_sum_hash_next()). */
#ifndef CAIRN_COMM_SUM_HASH_H
#define CAIRN_COMM_SUM_HASH_H

#include "comm/sum.h"

/** What a hash weighs among the marks. */
#define CAIRN_MARK_OF_HASH 0x1p64

/** The kind is made: see what it closes.  Ranks: local.  Errors: none. */
void cairn_sum_hash_create(struct cairn_sum *sum);

/** A new update: nothing is hashed until it is asked for.  Ranks: local.  Errors: none. */
void cairn_sum_hash_begin(struct cairn_sum *sum);

#endif
