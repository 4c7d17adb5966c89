/* SPDX-License-Identifier: BSD-3-Clause
 * Damage to bytes. */
#include <string.h>

#include "fuzz/fuzz.h"

uint64_t fuzz_next(struct fuzz_random *random)
{
    uint64_t z = random->state += 0x9e3779b97f4a7c15u; /* splitmix64 */
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

size_t fuzz_below(struct fuzz_random *random, size_t n)
{
    return n == 0 ? 0 : (size_t)(fuzz_next(random) % n);
}

bool fuzz_once_in(struct fuzz_random *random, size_t n)
{
    return fuzz_below(random, n) == 0;
}

/* ---- HDF5's checksum of metadata: Jenkins' lookup3 */

static uint32_t turn(uint32_t x, int k)
{
    return x << k | x >> (32 - k);
}

static void mix(uint32_t x[3])
{
    static const int by[] = {4, 6, 8, 16, 19, 4};
    for (int i = 0; i < 6; i++) {
        uint32_t *a = &x[i % 3];
        uint32_t *b = &x[(i + 1) % 3];
        uint32_t *c = &x[(i + 2) % 3];
        *a -= *c;
        *a ^= turn(*c, by[i]);
        *c += *b;
    }
}

static void finish(uint32_t x[3])
{
    static const int by[] = {14, 11, 25, 16, 4, 14, 24};
    for (int i = 0; i < 7; i++) {
        uint32_t *to = &x[(i + 2) % 3];
        uint32_t from = x[(i + 1) % 3];
        *to ^= from;
        *to -= turn(from, by[i]);
    }
}

static uint32_t lookup3(const unsigned char *bytes, size_t n)
{
    const uint32_t start = 0xdeadbeefu + (uint32_t)n;
    uint32_t x[3] = {start, start, start};
    for (; n > 12; n -= 12, bytes += 12) {
        for (size_t i = 0; i < 12; i++) x[i / 4] += (uint32_t)bytes[i] << 8 * (i % 4);
        mix(x);
    }
    if (n == 0) return x[2];
    for (size_t i = 0; i < n; i++) x[i / 4] += (uint32_t)bytes[i] << 8 * (i % 4);
    finish(x);
    return x[2];
}

static uint32_t word_at(const unsigned char *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* Blocks of metadata that end with their checksum. */
struct blocks {
    size_t n, first[512], n_bytes[512];
};

static bool begins_block(const unsigned char *at)
{
    static const char names[][5] = {"OHDR", "OCHK", "BTHD", "BTLF",   "BTIN", "FRHP",
                                    "FHDB", "FHIB", "FAHD", "FADB",   "EAHD", "EAIB",
                                    "EASB", "EADB", "FSHD", "\x89HDF"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (memcmp(at, names[i], 4) == 0) return true;
    return false;
}

static void find_blocks(const struct fuzz_file *file, struct blocks *blocks)
{
    enum { LONGEST = 4096 };
    blocks->n = 0;
    for (size_t i = 0; i + 8 < file->n && blocks->n < 512; i++) {
        if (!begins_block(file->bytes + i)) continue;
        for (size_t n = 8; n < LONGEST && i + n + 4 <= file->n; n++) {
            if (lookup3(file->bytes + i, n) != word_at(file->bytes + i + n)) continue;
            blocks->first[blocks->n] = i;
            blocks->n_bytes[blocks->n++] = n;
            break;
        }
    }
}

static void mend(const struct blocks *blocks, struct fuzz_file *file)
{
    for (size_t i = 0; i < blocks->n; i++) {
        size_t end = blocks->first[i] + blocks->n_bytes[i];
        if (end + 4 > file->n) continue;
        uint32_t sum = lookup3(file->bytes + blocks->first[i], blocks->n_bytes[i]);
        for (int k = 0; k < 4; k++) file->bytes[end + (size_t)k] = (unsigned char)(sum >> 8 * k);
    }
}

/* ---- damage */

static void put_number(struct fuzz_random *random, struct fuzz_file *file, size_t at)
{
    static const uint64_t numbers[] = {
        0,          1,          2,          7,          8,          16,         31,
        32,         33,         64,         127,        128,        255,        256,
        32767,      32768,      65535,      65536,      0x7fffffff, 0x80000000, 0xfffffff,
        0xffffffff, 1ull << 32, 1ull << 40, 1ull << 62, 1ull << 63, UINT64_MAX, UINT64_MAX - 1,
        1000000,    0xdeadbeef};
    uint64_t value = fuzz_once_in(random, 3)
                         ? fuzz_below(random, file->n)
                         : numbers[fuzz_below(random, sizeof numbers / sizeof numbers[0])];
    size_t n = (size_t)1 << fuzz_below(random, 4);
    for (size_t i = 0; i < n && at + i < file->n; i++)
        file->bytes[at + i] = (unsigned char)(value >> 8 * i);
}

static void damage_once(struct fuzz_random *random, struct fuzz_file *file, size_t at)
{
    size_t n = fuzz_below(random, 1 + fuzz_below(random, 64));
    size_t from = fuzz_below(random, file->n);
    switch (fuzz_below(random, 8)) {
    case 0: file->bytes[at] ^= (unsigned char)(1u << fuzz_below(random, 8)); break;
    case 1: file->bytes[at] = (unsigned char)fuzz_next(random); break;
    case 2: file->bytes[at] = (unsigned char)(file->bytes[at] + 1 - fuzz_below(random, 3)); break;
    case 3:
        if (at + n <= file->n) memset(file->bytes + at, fuzz_once_in(random, 2) ? 0 : 0xff, n);
        break;
    case 4:
        if (at + n <= file->n && from + n <= file->n)
            memmove(file->bytes + at, file->bytes + from, n);
        break;
    default: put_number(random, file, at);
    }
}

void fuzz_damage(struct fuzz_random *random, struct fuzz_file *file)
{
    struct blocks blocks;
    size_t n_times = 1 + fuzz_below(random, fuzz_once_in(random, 4) ? 16 : 3);
    find_blocks(file, &blocks);
    for (size_t i = 0; i < n_times && file->n > 0; i++) {
        size_t at = fuzz_below(random, file->n);
        if (blocks.n > 0 && !fuzz_once_in(random, 4)) {
            size_t block = fuzz_below(random, blocks.n);
            at = blocks.first[block] + fuzz_below(random, blocks.n_bytes[block]);
        }
        damage_once(random, file, at);
    }
    if (!fuzz_once_in(random, 8)) mend(&blocks, file);
    if (fuzz_once_in(random, 32)) file->n = fuzz_below(random, file->n + 1);
}
