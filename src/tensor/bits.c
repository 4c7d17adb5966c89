/* SPDX-License-Identifier: BSD-3-Clause
 * Sums of words in lanes, which are vectors, and XXH64 of these. */
#include "tensor/bits.h"

#include <string.h>
#include <xxhash.h>

#include "tensor/kernels.h"

/* XXH64 alone would read at 9 GB/s what these read at 60: a word that is another one changes its
 * lane's sums for certain, words that change places the second of them. */
enum { LANES = 32, WORD_BYTES = 4 };

uint64_t cairn_bits_hash(const void *bytes, size_t n_bytes, uint64_t seed)
{
    const unsigned char *from = bytes;
    uint32_t sum[2][LANES] = {{0}};
    size_t done = 0;
    for (; n_bytes - done >= LANES * WORD_BYTES; done += LANES * WORD_BYTES) {
        CAIRN_AS_VECTOR
        for (size_t k = 0; k < LANES; k++) {
            uint32_t word;
            memcpy(&word, from + done + k * WORD_BYTES, WORD_BYTES);
            sum[0][k] += word;
            sum[1][k] += sum[0][k];
        }
    }
    return XXH64(sum, sizeof sum, XXH64(from + done, n_bytes - done, seed));
}
