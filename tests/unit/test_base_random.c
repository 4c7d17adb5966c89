/* SPDX-License-Identifier: BSD-3-Clause
 * Random numbers by counting: the known answers of Philox, and that a number depends on its key and
 * place alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"

/* Random123 1.14, examples/kat_vectors: philox4x32 10 */
static void test_known_answers(void **state)
{
    static const struct {
        uint64_t key, sample, block;
        uint32_t wanted[4];
    } known[] = {
        {0, 0, 0, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {UINT64_MAX, UINT64_MAX, UINT64_MAX, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {0x299f31d0a4093822u,
         0x0370734413198a2eu,
         0x85a308d3243f6a88u,
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        uint32_t found[4];
        cairn_random_block(known[i].key, known[i].sample, known[i].block, found);
        assert_memory_equal(found, known[i].wanted, sizeof found);
    }
}

static void test_fill_is_blocks(void **state)
{
    enum { N = 203 };
    uint32_t all[N + 1];
    (void)state;
    for (size_t n = 0; n <= N; n++) {
        memset(all, 0xAB, sizeof all);
        cairn_random_fill(7, 9, n, all);
        assert_true(all[n] == 0xABABABABu);
        for (size_t e = 0; e < n; e++) {
            uint32_t block[4];
            cairn_random_block(7, 9, e / 4, block);
            assert_true(all[e] == block[e % 4]);
        }
    }
}

static void test_keys_differ(void **state)
{
    enum { N = 4 * 5 * 6 };
    uint64_t key[N];
    size_t n = 0;
    (void)state;
    for (uint64_t seed = 0; seed < 4; seed++)
        for (uint64_t a = 0; a < 5; a++)
            for (uint64_t b = 0; b < 6; b++)
                key[n++] = cairn_random_key(
                    seed, b % 2 == 0 ? CAIRN_RANDOM_INIT : CAIRN_RANDOM_ORDER, a, b / 2);
    for (size_t i = 0; i < N; i++)
        for (size_t k = 0; k < i; k++) assert_true(key[i] != key[k]);
}

static void test_unit(void **state)
{
    enum { N = 1 << 16 };
    static uint32_t bits[N];
    double sum = 0;
    (void)state;
    assert_true(cairn_random_unit(0) == 0);
    assert_true(cairn_random_unit(UINT32_MAX) < 1);
    cairn_random_fill(cairn_random_key(1, CAIRN_RANDOM_DROPOUT, 2, 3), 4, N, bits);
    for (size_t i = 0; i < N; i++) sum += (double)cairn_random_unit(bits[i]);
    assert_true(sum / N > 0.49 && sum / N < 0.51); /* nine times the standard error of the mean */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_answers),
        cmocka_unit_test(test_fill_is_blocks),
        cmocka_unit_test(test_keys_differ),
        cmocka_unit_test(test_unit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
