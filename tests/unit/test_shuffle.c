/* SPDX-License-Identifier: BSD-3-Clause
 * The orders of an epoch: each sample once, blocks kept together, and never changed without a new
 * name. */
#include "data/shuffle.h"
#include "support/data.h"

static void check_each_once(const struct cairn_shuffle *shuffle, uint64_t n, uint64_t epoch)
{
    struct cairn_shuffled order;
    unsigned char *seen = calloc(n, 1);
    assert_non_null(seen);
    cairn_shuffle_begin(shuffle, 7, epoch, n, &order);
    for (uint64_t p = 0; p < n; p++) {
        const uint64_t sample = cairn_shuffle_at(&order, p);
        assert_true(sample < n);
        assert_int_equal(seen[sample]++, 0);
        assert_int_equal(cairn_shuffle_find(&order, sample), p);
    }
    free(seen);
}

static void test_each_sample_once(void **state)
{
    static const uint64_t sizes[] = {1, 2, 17, 256, 1437, 4097};
    static const uint64_t blocks[] = {1, 3, 64, 4097};
    static const uint64_t windows[] = {1, 5, 100, 5000};
    (void)state;
    for (size_t i = 0; i < 6; i++) {
        check_each_once(&(struct cairn_shuffle){CAIRN_SHUFFLE_NONE, 0, 0, false}, sizes[i], i);
        check_each_once(&(struct cairn_shuffle){CAIRN_SHUFFLE_FULL, 0, 0, false}, sizes[i], i);
        for (size_t b = 0; b < 4; b++)
            for (size_t w = 0; w < 4; w++)
                check_each_once(
                    &(struct cairn_shuffle){CAIRN_SHUFFLE_BLOCKS, blocks[b], windows[w], false},
                    sizes[i], w);
    }
}

/* Samples of a window lie in no more blocks than it has room for, one more at each end. */
static void test_a_window_needs_few_blocks(void **state)
{
    enum { N = 10007, BLOCK = 50, WINDOW = 500, MOST = WINDOW / BLOCK + 2 };
    const struct cairn_shuffle shuffle = {CAIRN_SHUFFLE_BLOCKS, BLOCK, WINDOW, false};
    struct cairn_shuffled order;
    (void)state;
    cairn_shuffle_begin(&shuffle, 1, 3, N, &order);
    for (uint64_t begin = 0; begin < N; begin += WINDOW) {
        uint64_t block[MOST] = {0};
        size_t n_blocks = 0;
        for (uint64_t p = begin; p < begin + WINDOW && p < N; p++) {
            const uint64_t mine = cairn_shuffle_at(&order, p) / BLOCK;
            size_t i = 0;
            while (i < n_blocks && block[i] != mine) i++;
            if (i < n_blocks) continue;
            assert_in_range(n_blocks, 0, MOST - 1);
            block[n_blocks++] = mine;
        }
    }
}

/* Which position is asked for before does not matter: a resume goes where it likes. */
static void test_any_position_at_once(void **state)
{
    const uint64_t n = (UINT64_C(1) << 40) + 12345;
    const struct cairn_shuffle shuffle = {CAIRN_SHUFFLE_BLOCKS, 1000, 1 << 20, false};
    struct cairn_shuffled forth, back;
    uint64_t sample[100];
    (void)state;
    cairn_shuffle_begin(&shuffle, 1, 0, n, &forth);
    cairn_shuffle_begin(&shuffle, 1, 0, n, &back);
    for (uint64_t i = 0; i < 100; i++) sample[i] = cairn_shuffle_at(&forth, i * (n / 100));
    for (uint64_t i = 100; i-- > 0;)
        assert_true(cairn_shuffle_at(&back, i * (n / 100)) == sample[i]);
}

static void test_seed_and_epoch_matter(void **state)
{
    const struct cairn_shuffle shuffle = {CAIRN_SHUFFLE_BLOCKS, 10, 200, false};
    struct cairn_shuffled one, epoch, seed;
    int same_epoch = 0, same_seed = 0;
    (void)state;
    cairn_shuffle_begin(&shuffle, 1, 0, 1000, &one);
    cairn_shuffle_begin(&shuffle, 1, 1, 1000, &epoch);
    cairn_shuffle_begin(&shuffle, 2, 0, 1000, &seed);
    for (uint64_t p = 0; p < 1000; p++) {
        same_epoch += cairn_shuffle_at(&one, p) == cairn_shuffle_at(&epoch, p);
        same_seed += cairn_shuffle_at(&one, p) == cairn_shuffle_at(&seed, p);
    }
    assert_in_range(same_epoch, 0, 12);
    assert_in_range(same_seed, 0, 12);
}

static void test_the_name_and_the_way_back(void **state)
{
    static const struct cairn_shuffle orders[] = {{CAIRN_SHUFFLE_NONE, 0, 0, false},
                                                  {CAIRN_SHUFFLE_FULL, 0, 0, false},
                                                  {CAIRN_SHUFFLE_BLOCKS, 512, 16384, false}};
    static const char *const wrong[] = {"",
                                        "feistel-philox-2",
                                        "stored",
                                        "blocks-feistel-philox-1",
                                        "blocks-feistel-philox-1 block 0 window 5",
                                        "blocks-feistel-philox-1 block 5 window 6 ",
                                        "blocks-feistel-philox-1 block 5 window 6 and more",
                                        "blocks-feistel-philox-1  block +5 window 06",
                                        "blocks-feistel-philox-1 block -1 window -1 ",
                                        "blocks-feistel-philox-1 block 6 window 5"};
    char text[CAIRN_SHUFFLE_BYTES];
    struct cairn_shuffle read;
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_true(cairn_shuffle_read(cairn_shuffle_text(&orders[i], text), &read));
        assert_memory_equal(&read, &orders[i], sizeof read);
    }
    assert_string_equal(text, "blocks-feistel-philox-1 block 512 window 16384");
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(cairn_shuffle_read(wrong[i], &read));
}

static void test_the_name_promises_these_numbers(void **state)
{
    static const uint64_t wanted[5] = {589, 171, 132, 632, 1236};
    const struct cairn_shuffle shuffle = {CAIRN_SHUFFLE_BLOCKS, 32, 200, false};
    struct cairn_shuffled order;
    (void)state;
    cairn_shuffle_begin(&shuffle, 1, 2, 1437, &order);
    for (uint64_t p = 0; p < 5; p++) assert_int_equal(cairn_shuffle_at(&order, p * 300), wanted[p]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_sample_once),
        cmocka_unit_test(test_a_window_needs_few_blocks),
        cmocka_unit_test(test_any_position_at_once),
        cmocka_unit_test(test_seed_and_epoch_matter),
        cmocka_unit_test(test_the_name_and_the_way_back),
        cmocka_unit_test(test_the_name_promises_these_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
