/* SPDX-License-Identifier: BSD-3-Clause
 * Which samples an update was given, as the loader handed them to the model: counted and hashed,
 * for each epoch that they are of (data.ledger).  Proven by `cairn verify --ledger`. */
#ifndef CAIRN_TRAIN_LEDGER_H
#define CAIRN_TRAIN_LEDGER_H

#include <stddef.h>
#include <stdint.h>

#include "base/random.h"
#include "cairn/trainer.h"

/** The samples of one epoch in one update, over all ranks. */
struct cairn_ledger_part {
    uint64_t epoch;
    uint64_t first; /* position of the first that is due, in the epochs laid end to end */
    uint64_t samples, hash;
};

/** What a row of an epoch adds to the hash.  Sums modulo 2^64 do not depend on the order, and those
 * of two sets of rows are the same by chance only, one in 2^64.  Ranks: local.  Errors: none. */
static inline uint64_t cairn_ledger_hash(uint64_t epoch, uint64_t row)
{
    return cairn_random_key(0, CAIRN_RANDOM_LEDGER, epoch, row);
}

/** The parts [*n] of the last update, borrowed; NULL without data.ledger.  Ranks: local; alike on
 * all.  Errors: none. */
const struct cairn_ledger_part *cairn_trainer_ledger(const cairn_trainer *t, size_t *n);

#endif
