/* SPDX-License-Identifier: BSD-3-Clause
 * A hash of the bits of arrays, at the speed of memory.  Local. */
#ifndef CAIRN_TENSOR_BITS_H
#define CAIRN_TENSOR_BITS_H

#include <stddef.h>
#include <stdint.h>

/** Of [n_bytes], from a seed, say the hash of the array before.  For what is compared at once; for
 * what is kept there is XXH64.  Ranks: local.  Errors: none. */
uint64_t cairn_bits_hash(const void *bytes, size_t n_bytes, uint64_t seed);

#endif
