/* SPDX-License-Identifier: BSD-3-Clause
 * A group of integers is a byte with the bits that were cut from the end of each, a byte with how
 * many bytes each takes, and these, lowest first. */
#include "comm/packed.h"

#include <string.h>

enum {
    GROUP = 32,
    HEAD = 2,
    WORD = 8 /* bytes that are read or written, whatever counts of them */
};

struct cut {
    unsigned shift, width; /* bits; bytes */
};

static uint64_t little_endian(uint64_t word)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return __builtin_bswap64(word);
#else
    return word;
#endif
}

/* Of numbers and the numbers below zero alike: all bits that differ from the sign. */
static struct cut cut_of(const uint64_t *q, size_t n)
{
    uint64_t any = 0, magnitude = 0;
    for (size_t i = 0; i < n; i++) {
        any |= q[i];
        magnitude |= q[i] ^ (0 - (q[i] >> 63));
    }
    if (any == 0) return (struct cut){0};
    const unsigned shift = (unsigned)__builtin_ctzll(any);
    const unsigned end = 65 - (unsigned)__builtin_clzll(magnitude | 1); /* with the sign */
    return (struct cut){shift, (end - shift + 7) / 8};
}

size_t cairn_packed_put(const uint64_t *q, size_t n, unsigned char *message)
{
    unsigned char *to = message;
    for (size_t done = 0; done < n; done += GROUP) {
        const size_t here = n - done < GROUP ? n - done : GROUP;
        const struct cut cut = cut_of(q + done, here);
        to[0] = (unsigned char)cut.shift;
        to[1] = (unsigned char)cut.width;
        to += HEAD;
        if (cut.width == 0) continue;
        for (size_t i = 0; i < here; i++) {
            const uint64_t word = little_endian(q[done + i] >> cut.shift);
            memcpy(to + i * cut.width, &word, WORD); /* the next one lies on what is too much */
        }
        to += here * cut.width;
    }
    return (size_t)(to - message);
}

/* A shift that cuts the sign as well leaves the bits of a positive number: shifted back they are
 * the same modulo 2^64. */
size_t cairn_packed_add(uint64_t *q, size_t n, const unsigned char *message)
{
    const unsigned char *from = message;
    for (size_t done = 0; done < n; done += GROUP) {
        const size_t here = n - done < GROUP ? n - done : GROUP;
        const struct cut cut = {from[0], from[1]};
        from += HEAD;
        if (cut.width == 0) continue;
        const unsigned unused = 64 - 8 * cut.width;
        const uint64_t sign = (uint64_t)1 << 63 >> unused;
        for (size_t i = 0; i < here; i++) {
            uint64_t word;
            memcpy(&word, from + i * cut.width, WORD);
            word = little_endian(word) & (UINT64_MAX >> unused);
            q[done + i] += ((word ^ sign) - sign) << cut.shift;
        }
        from += here * cut.width;
    }
    return (size_t)(from - message);
}
