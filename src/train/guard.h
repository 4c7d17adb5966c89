/* SPDX-License-Identifier: BSD-3-Clause
 * Micro-batches that are worked twice and compared bit for bit (train.guard): which they are, and
 * whose bits are wrong.  Who works and compares: observer/guard.c.
 *
 * The first micro-batches of a rank's share go into a sum that is empty, so what is there after
 * them depends on them alone: in an update whose turn it is, each rank has the first n of its share
 * hashed there, and works the first n of another rank's before, into the same memory.  So all ranks
 * do as much more at once, and no memory is needed. */
#ifndef CAIRN_TRAIN_GUARD_H
#define CAIRN_TRAIN_GUARD_H

#include <stddef.h>
#include <stdint.h>

#include "cairn/trainer.h"
#include "train/window.h"

/** What is worked twice in an update: the first n micro-batches of each share, or all it has where
 * these are fewer, again by the rank that is so many ranks further on. */
struct cairn_guard_turn {
    uint64_t n;
    int shift; /* from 1 to n_ranks - 1, another one from time to time; 0: there is one rank */
};

/** That of this window, so that on the average one in `every` is worked twice: it follows from the
 * position, so a run that is resumed goes on with it.  every > 0.  Ranks: local.  Errors: none. */
struct cairn_guard_turn cairn_guard_turn(uint64_t every, const struct cairn_window_rule *rule,
                                         const struct cairn_window *window, int n_ranks);

/** hash [n]: the first two differ.  Which of them (0 or 1) more than half of all are not like; -1:
 * neither of them alone.  Ranks: local.  Errors: none. */
int cairn_guard_odd(const uint64_t *hash, size_t n);

/** Micro-batches of another rank that this one works again in the running update.  Ranks: local.
 * Errors: none. */
size_t cairn_guard_again(const cairn_trainer *t);

/** Micro-batches of this rank that two ranks had the same bits of, since the trainer was made.
 * Ranks: local.  Errors: none. */
uint64_t cairn_guard_compared(const cairn_trainer *t);

/** The hashes differ: all ranks work once more what differs, and so find out who is wrong.  The sum
 * is lost.  Ranks: collective.  Errors: CAIRN_NUMBERS: always, with what was found; CAIRN_MEMORY,
 * and as cairn_trainer_backward(). */
CAIRN_CHECKED cairn_status cairn_guard_find(cairn_trainer *t);

#endif
