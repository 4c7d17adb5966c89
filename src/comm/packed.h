/* SPDX-License-Identifier: BSD-3-Clause
 * Inside comm/: integers of 64 bits as a message that is as short as they allow.  Groups of them
 * share the bytes that the largest needs, once the zeros are cut that all of them end with: sums
 * of a few floats have some 30 to 40 bits between, wherever these lie.  Nothing is lost.  Local. */
#ifndef CAIRN_COMM_PACKED_H
#define CAIRN_COMM_PACKED_H

#include <stddef.h>
#include <stdint.h>

enum {
    CAIRN_PACKED_BYTES = 9, /* the most that an integer of many takes, its part of what a group
                               begins with included */
    CAIRN_PACKED_ROOM = 16  /* bytes that are touched beyond the end of a message */
};

/** Put q [n] into a message; the answer is its bytes.  Ranks: local.  Errors: none. */
size_t cairn_packed_put(const uint64_t *q, size_t n, unsigned char *message);

/** Add those of a message to q [n], modulo 2^64; the answer is its bytes.  Ranks: local.
 * Errors: none. */
size_t cairn_packed_add(uint64_t *q, size_t n, const unsigned char *message);

#endif
