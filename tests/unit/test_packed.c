/* SPDX-License-Identifier: BSD-3-Clause
 * Packed integers: every one comes back, whatever lies beside it, and messages are no longer than
 * they may be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "comm/packed.h"

enum { MOST = 331 };

/* What is packed is added, and the room after the message stays ours; its bytes. */
static size_t check(const uint64_t *q, size_t n)
{
    unsigned char message[CAIRN_PACKED_BYTES * MOST + CAIRN_PACKED_ROOM + 1];
    uint64_t to[MOST + 1], wanted[MOST + 1];
    const size_t n_most = CAIRN_PACKED_BYTES * n + (n > 0);
    memset(message, 0xa5, sizeof message);
    for (size_t i = 0; i <= n; i++) to[i] = 0x0123456789abcdef * (i + 1);
    for (size_t i = 0; i <= n; i++) wanted[i] = to[i] + (i < n ? q[i] : 0);
    const size_t n_bytes = cairn_packed_put(q, n, message);
    assert_true(n_bytes <= n_most);
    assert_true(message[n_bytes + CAIRN_PACKED_ROOM] == 0xa5);
    assert_true(cairn_packed_add(to, n, message) == n_bytes);
    assert_memory_equal(to, wanted, (n + 1) * sizeof to[0]);
    return n_bytes;
}

static void test_single_integers(void **state)
{
    (void)state;
    uint64_t q[2] = {0};
    assert_true(check(q, 0) == 0);
    assert_true(check(q, 1) == 2);
    for (unsigned shift = 0; shift < 64; shift++)
        for (uint64_t value = 1; value < 512; value++) {
            q[0] = value << shift;
            (void)check(q, 1);
            q[1] = 0 - q[0];
            (void)check(q, 2);
            (void)check(q + 1, 1);
        }
    q[0] = (uint64_t)1 << 63;
    assert_true(check(q, 1) == 3);
    q[0] = UINT64_MAX;
    assert_true(check(q, 1) == 3);
}

static void test_extremes_beside_each_other(void **state)
{
    (void)state;
    static const uint64_t extreme[] = {0,
                                       1,
                                       UINT64_MAX,
                                       INT64_MAX,
                                       (uint64_t)1 << 63,
                                       ((uint64_t)1 << 63) + 1,
                                       (uint64_t)1 << 62,
                                       0 - ((uint64_t)1 << 62)};
    enum { N_EXTREME = sizeof extreme / sizeof extreme[0] };
    uint64_t q[MOST];
    for (size_t n = 1; n <= MOST; n += 11)
        for (size_t k = 0; k < N_EXTREME * N_EXTREME; k++) {
            for (size_t i = 0; i < n; i++)
                q[i] = extreme[i % 7 == 3 ? k / N_EXTREME : k % N_EXTREME];
            (void)check(q, n);
        }
}

/* Of random width and place, in groups and across them. */
static void test_all_widths(void **state)
{
    (void)state;
    uint64_t q[MOST];
    for (uint64_t draw = 0; draw < 64 * 64; draw++) {
        const unsigned width = (unsigned)(draw % 64), shift = (unsigned)(draw / 64);
        for (size_t i = 0; i < MOST; i++) {
            uint32_t bits[4];
            cairn_random_block(3, draw, i, bits);
            const uint64_t wide = ((uint64_t)bits[0] << 32 | bits[1]) >> width;
            q[i] = (bits[2] % 2 == 0 ? wide : 0 - wide) << shift;
        }
        (void)check(q, MOST);
    }
}

/* Sums of floats that differ by a factor of 2^8 have some 34 bits. */
static void test_sums_of_floats_are_short(void **state)
{
    (void)state;
    uint64_t q[MOST];
    for (size_t i = 0; i < MOST; i++) {
        q[i] = 0;
        for (uint64_t m = 0; m < 4; m++) {
            uint32_t bits[4];
            cairn_random_block(4, m, i, bits);
            const uint64_t mantissa = (bits[0] & 0xffffff) | 0x800000;
            q[i] += (bits[1] % 2 == 0 ? mantissa : 0 - mantissa) << (20 + bits[2] % 8);
        }
    }
    assert_true(check(q, MOST) <= 5 * MOST + 2 * (MOST / 32 + 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_single_integers),
        cmocka_unit_test(test_extremes_beside_each_other),
        cmocka_unit_test(test_all_widths),
        cmocka_unit_test(test_sums_of_floats_are_short),
    };
    return cmocka_run_group_tests_name("packed", tests, NULL, NULL);
}
