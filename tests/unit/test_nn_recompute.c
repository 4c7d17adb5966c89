/* SPDX-License-Identifier: BSD-3-Clause
 * train.recompute: what it leaves of the activations.  That bits stay is tested with each layer
 * (bench_check_recompute()). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/nn.h"

static size_t bytes_of(struct cairn_model_options *options, size_t recompute)
{
    struct cairn_model_size size;
    options->recompute = recompute;
    assert_int_equal(cairn_model_measure(options, &size), CAIRN_OK);
    return size.activation_bytes;
}

static char *text_of(const char *begin, const char *layer, int n, const char *end)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    fputs(begin, out);
    for (int i = 0; i < n; i++) fputs(layer, out);
    fputs(end, out);
    fclose(out);
    return text;
}

/* In five parts they take at most 0.35. */
static void test_24_blocks(void **state)
{
    (void)state;
    char *text = text_of("[{type: embedding, units: 64}, {type: position}, ",
                         "{type: transformer_block, heads: 4}, ", 24,
                         "{type: layernorm}, {type: dense, units: 65}]");
    struct cairn_node *tree = tree_of(text);
    struct cairn_model_options options = token_options(tree, 64, 65, 4);
    const double all = (double)bytes_of(&options, 0);
    assert_true((double)bytes_of(&options, 5) <= 0.35 * all);
    assert_true(bytes_of(&options, 1) == bytes_of(&options, 0));
    size_t before = bytes_of(&options, 0);
    for (size_t n = 2; n <= 8; n++) {
        const size_t bytes = bytes_of(&options, n);
        assert_true(bytes < before);
        before = bytes;
    }
    cairn_node_free(tree);
    free(text);
}

/* What depth adds is what segments hand on: of 400 layers of 100 numbers about 2 sqrt(400). */
static void test_square_root(void **state)
{
    (void)state;
    const struct cairn_shape in = {1, {100}};
    char *text = text_of("[", "{type: dense, units: 100}, ", 400, "{type: dense, units: 3}]");
    struct cairn_node *tree = tree_of(text);
    struct cairn_model_options options = {.layers = tree, .input = in, .n_classes = 3, .micro = 16};
    const size_t layer = 16 * 100 * sizeof(real);
    assert_true(bytes_of(&options, 0) > 400 * layer);
    assert_true(bytes_of(&options, 20) < 50 * layer);
    cairn_node_free(tree);
    free(text);
}

/* Lists inside layers are cut, too. */
static void test_skips(void **state)
{
    (void)state;
#define TWO                                                                                        \
    "{type: conv3d, channels: 8, kernel: 3, padding: same}, {type: relu}, {type: conv3d, "         \
    "channels: 8, kernel: 3, padding: same}, {type: relu}"
    struct cairn_node *tree =
        tree_of("[" TWO ", {type: branches, of: [[], [{type: maxpool, kernel: 2}, " TWO
                ", {type: branches, of: [[], [{type: maxpool, kernel: 2}, " TWO
                ", {type: upsample, factor: 2}]]}, " TWO ", {type: upsample, factor: 2}]]}, " TWO
                ", {type: conv3d, channels: 2, kernel: 1}]");
#undef TWO
    struct cairn_model_options options = {.layers = tree,
                                          .input = {4, {1, 32, 32, 32}},
                                          .n_classes = 2,
                                          .n_labels = 32 * 32 * 32,
                                          .y = {3, {32, 32, 32}},
                                          .micro = 1};
    assert_true((double)bytes_of(&options, 2) < 0.85 * (double)bytes_of(&options, 0));
    cairn_node_free(tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_24_blocks),
        cmocka_unit_test(test_square_root),
        cmocka_unit_test(test_skips),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
