/* SPDX-License-Identifier: BSD-3-Clause
 * Every way to do a convolution gives the same but for rounding, whether it would be taken or not,
 * and the bits of ours depend neither on threads nor on how many samples are worked in one call.
 * The same of rounded operands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/patches.h"
#include "support/threads.h"
#include "tensor/backend.h"
#include "tensor/bf16.h"
#include "tensor/conv.h"
#include "tensor/threads.h"

#define X(name) extern const struct cairn_conv_kind cairn_##name;
#include "tensor/convs.def"
#undef X

enum { MICRO = 9, MANY = 41 /* more than a block of tiles has rows */ };

static size_t micro = MICRO; /* that a convolution is planned for */

/* Sizes that the table of patches has not: more channels than a tile has columns, more places than
 * are worked at a time, groups of several. */
static const struct patch_sizes more[] = {
    {{40, 12, 12}, 70, 1, {5, 5}, {1, 1}, {0, 0}, {0, 0}, NULL, {0}},
    {{16, 28, 28}, 16, 1, {3, 3}, {1, 1}, {1, 1}, {1, 1}, NULL, {0}},
    {{66, 5, 5}, 34, 2, {3, 3}, {2, 2}, {1, 1}, {1, 1}, NULL, {0}},
    {{9, 17, 33}, 8, 1, {3, 3}, {1, 1}, {1, 1}, {1, 1}, NULL, {0}},
    {{50, 6, 6, 6}, 3, 1, {3, 3, 3}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, NULL, {0}},
    {{3, 70}, 65, 1, {9}, {1}, {4}, {4}, NULL, {2}},
    {{2, 64, 33}, 3, 1, {32, 2}, {1, 1}, {16, 0}, {15, 0}, NULL, {0}},
};

static struct cairn_conv convolution(const struct patch_sizes *sizes)
{
    const struct patch_sizes s = patch_whole(*sizes);
    struct cairn_conv conv = {.channels = s.channels, .n_groups = s.groups, .micro = micro};
    struct cairn_patches *patches = &conv.patches;
    patches->n_dims = patch_n_dims(sizes);
    patches->channels = s.in[0];
    for (size_t i = 0; i < DIMS; i++) { /* those that are not there come first here */
        const size_t d = (i + DIMS - patches->n_dims) % DIMS;
        const size_t dilation = s.dilation[i] > 0 ? s.dilation[i] : 1;
        patches->in[d] = s.in[i + 1];
        patches->kernel[d] = s.kernel[i];
        patches->stride[d] = s.stride[i];
        patches->dilation[d] = dilation;
        patches->before[d] = s.before[i];
        patches->after[d] = s.after[i];
        patches->padded[d] = s.before[i] + s.in[i + 1] + s.after[i];
        patches->out[d] = (patches->padded[d] - (s.kernel[i] - 1) * dilation - 1) / s.stride[i] + 1;
    }
    return conv;
}

/* What one way makes of the same numbers. */
struct results {
    real *y, *dx, *dw, *db;
};

static void free_results(struct results *results)
{
    free(results->y), free(results->dx), free(results->dw), free(results->db);
}

/* How: operands rounded by the convolution, or before it. */
enum how { AS_THEY_ARE, ROUNDED, ROUNDED_BEFORE };

static real *operand(size_t n, size_t seed, enum how how)
{
    real *x = patch_numbers(n, seed);
    if (how == ROUNDED_BEFORE) cairn_bf16_reals(x, n, x);
    return x;
}

static struct results run(const struct cairn_conv_kind *kind, const struct patch_sizes *sizes,
                          size_t n, size_t at_once, enum how how)
{
    struct cairn_conv conv = convolution(sizes);
    conv.rounds = how == ROUNDED;
    const struct cairn_patches *patches = &conv.patches;
    const size_t n_in = patches->channels * cairn_patches_count(patches->in);
    const size_t n_out = conv.channels * cairn_patches_count(patches->out);
    const size_t n_w =
        conv.channels * patches->channels / conv.n_groups * cairn_patches_count(patches->kernel);
    struct results to = {patch_numbers(n * n_out, 5), patch_numbers(n * n_in, 6),
                         patch_numbers(n_w, 7), patch_numbers(conv.channels, 8)};
    real *x = operand(n * n_in, 1, how), *dy = operand(n * n_out, 2, how),
         *w = operand(n_w, 3, how), *bias = patch_numbers(conv.channels, 4);
    assert_int_equal(cairn_conv_plan_by(&conv, kind), CAIRN_OK);
    void *workspace = aligned_alloc(64, (conv.workspace_bytes + 63) / 64 * 64);
    assert_non_null(workspace);
    memset(workspace, 0xff, conv.workspace_bytes); /* what is not a number */
    for (size_t s = 0; s < n; s += at_once) {
        const struct cairn_conv_job job = {.n = n - s < at_once ? n - s : at_once,
                                           .x = x + s * n_in,
                                           .w = w,
                                           .bias = bias,
                                           .y = to.y + s * n_out,
                                           .dy = dy + s * n_out,
                                           .dx = to.dx + s * n_in,
                                           .dw = to.dw,
                                           .dbias = to.db,
                                           .beta = s == 0 ? (real)0.5 : 1,
                                           .workspace = workspace};
        cairn_conv_forward(&conv, &job);
        cairn_conv_by_data(&conv, &job);
        cairn_conv_by_weights(&conv, &job);
    }
    cairn_conv_free(&conv);
    free(workspace), free(x), free(dy), free(w), free(bias);
    return to;
}

static void assert_close(const char *what, const real *a, const real *b, size_t n)
{
    double *doubles = patch_zeros(n);
    for (size_t i = 0; i < n; i++) doubles[i] = (double)b[i];
    patch_assert_close(what, "a convolution", a, doubles, n);
    free(doubles);
}

/* A kind against im2col. */
static void check_kind(const struct cairn_conv_kind *kind, const struct patch_sizes *sizes,
                       size_t n, enum how how)
{
    const struct cairn_conv conv = convolution(sizes);
    const struct cairn_patches *patches = &conv.patches;
    const size_t n_y = n * conv.channels * cairn_patches_count(patches->out);
    const size_t n_dx = n * patches->channels * cairn_patches_count(patches->in);
    const size_t n_w =
        conv.channels * patches->channels / conv.n_groups * cairn_patches_count(patches->kernel);
    struct results want =
        run(&cairn_conv_im2col, sizes, n, n, how == ROUNDED ? ROUNDED_BEFORE : how);
    struct results one = run(kind, sizes, n, n, how);
    struct results single = run(kind, sizes, n, 1, how);
    assert_close("y", one.y, want.y, n_y);
    assert_close("dx", one.dx, want.dx, n_dx);
    assert_close("dw", one.dw, want.dw, n_w);
    if (how == AS_THEY_ARE) assert_close("db", one.db, want.db, conv.channels);
    assert_close("dw of one sample at a time", single.dw, want.dw, n_w);
    if (kind != &cairn_conv_im2col) { /* alike however many there are */
        assert_memory_equal(single.y, one.y, n_y * sizeof(real));
        assert_memory_equal(single.dx, one.dx, n_dx * sizeof(real));
    }
    free_results(&want), free_results(&one), free_results(&single);
}

static void check(const struct patch_sizes *sizes, size_t n, enum how how)
{
    check_kind(&cairn_conv_direct, sizes, n, how);
}

static void check_all(enum how how)
{
    for (size_t i = 0; i < PATCH_TABLE; i++) {
        const struct cairn_shape in = patch_shape(&patch_table[i]);
        check(&patch_table[i], cairn_shape_count(&in) > 20000 ? 2 : MICRO, how);
    }
    for (size_t i = 0; i < sizeof more / sizeof more[0]; i++) check(&more[i], MICRO, how);
}

static void test_all_ways_agree(void **state)
{
    (void)state;
    check_all(AS_THEY_ARE);
}

static void test_operands_are_rounded(void **state)
{
    (void)state;
    check_all(ROUNDED);
}

/* Bit for bit, all but the gradient by the bias. */
static void assert_same(const struct cairn_conv *conv, const struct results *a,
                        const struct results *b)
{
    const struct cairn_patches *patches = &conv->patches;
    assert_memory_equal(a->y, b->y,
                        micro * conv->channels * cairn_patches_count(patches->out) * sizeof(real));
    assert_memory_equal(
        a->dx, b->dx, micro * patches->channels * cairn_patches_count(patches->in) * sizeof(real));
    assert_memory_equal(a->dw, b->dw,
                        conv->channels * patches->channels / conv->n_groups *
                            cairn_patches_count(patches->kernel) * sizeof(real));
}

/* A kind that does not round is given rounded operands; dy of the bias is not one. */
static void test_operands_are_rounded_before(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof more / sizeof more[0]; i++) {
        const struct cairn_conv conv = convolution(&more[i]);
        struct results before = run(&cairn_conv_im2col, &more[i], MICRO, MICRO, ROUNDED_BEFORE);
        struct results rounded = run(&cairn_conv_im2col, &more[i], MICRO, MICRO, ROUNDED);
        struct results plain = run(&cairn_conv_im2col, &more[i], MICRO, MICRO, AS_THEY_ARE);
        assert_same(&conv, &before, &rounded);
        assert_memory_equal(plain.db, rounded.db, conv.channels * sizeof(real));
        free_results(&before), free_results(&rounded), free_results(&plain);
    }
}

/* For the tiles of AMX: channels that fill no block, of both sides; padding that the last output
 * does not see, on one side, or wider than the kernel; strides, some longer than the kernel, and
 * dilations that are a multiple of them or not; planes; many samples at a time, and one; and so few
 * channels that places of the kernel are channels. */
static const struct patch_sizes of_many_channels[] = {
    {{40, 12, 12}, 70, 1, {5, 5}, {1, 1}, {0, 0}, {0, 0}, NULL, {0}},
    {{16, 28, 28}, 16, 1, {3, 3}, {1, 1}, {1, 1}, {1, 1}, NULL, {0}},
    {{33, 9, 14}, 17, 1, {3, 2}, {2, 3}, {1, 0}, {1, 1}, NULL, {0}},
    {{18, 70}, 33, 1, {5}, {1}, {4}, {4}, NULL, {2}},
    {{24, 40}, 16, 1, {3}, {2}, {3}, {0}, NULL, {2}},
    {{24, 41}, 16, 1, {3}, {4}, {1}, {2}, NULL, {3}},
    {{24, 6, 7, 8}, 16, 1, {3, 3, 1}, {1, 2, 1}, {1, 1, 0}, {1, 1, 0}, NULL, {0}},
    {{17, 9, 5, 7}, 65, 1, {2, 3, 3}, {2, 1, 2}, {0, 1, 1}, {1, 1, 1}, NULL, {0}},
    {{16, 7, 7}, 16, 1, {1, 1}, {1, 1}, {0, 0}, {0, 0}, NULL, {0}},
    {{20, 9, 9}, 16, 1, {1, 1}, {2, 3}, {1, 2}, {2, 1}, NULL, {0}},
    {{64, 60, 60}, 32, 1, {3, 3}, {1, 1}, {1, 1}, {1, 1}, NULL, {0}},
    {{1, 28, 28}, 33, 1, {5, 5}, {1, 1}, {0, 0}, {0, 0}, NULL, {0}},
    {{3, 17, 16}, 20, 1, {3, 4}, {2, 3}, {1, 0}, {1, 2}, NULL, {0}},
    {{15, 40}, 16, 1, {3}, {2}, {3}, {0}, NULL, {3}},
    {{4, 6, 7, 8}, 16, 1, {3, 3, 1}, {1, 2, 1}, {1, 1, 0}, {1, 1, 0}, NULL, {0}},
};

/* A kind of them against im2col, and one thread against three. */
static void check_tiles(const struct cairn_conv_kind *kind, const struct patch_sizes *sizes,
                        enum how how)
{
    const bool threads = cairn_threads_openmp() && threads_use(3);
    const struct cairn_conv conv = convolution(sizes);
    assert_true(threads_use(1));
    check_kind(kind, sizes, micro, how);
    struct results one = run(kind, sizes, micro, micro, how);
    if (threads) assert_true(threads_use(3));
    struct results three = run(kind, sizes, micro, micro, how);
    assert_same(&conv, &one, &three);
    assert_true(threads_use(1));
    free_results(&one), free_results(&three);
}

static void test_tiles_of_places(void **state)
{
    (void)state;
    if (!cairn_backend_is_there(CAIRN_BACKEND_AMX)) skip();
    for (size_t i = 0; i < sizeof of_many_channels / sizeof of_many_channels[0]; i++) {
        const struct patch_sizes *sizes = &of_many_channels[i];
        struct cairn_conv conv = convolution(sizes);
        conv.backend = CAIRN_BACKEND_AMX;
        assert_int_equal(cairn_conv_amx.takes(&conv), sizes->in[1] == 60); /* whole tiles */
        conv.rounds = true;
        assert_true(cairn_conv_amx.takes(&conv));
        check_tiles(&cairn_conv_amx, sizes, ROUNDED);
        check_tiles(&cairn_conv_amx, sizes, AS_THEY_ARE);
    }
    struct cairn_conv large = convolution(&(struct patch_sizes){
        {4, 32, 32, 32}, 16, 1, {3, 3, 3}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, NULL, {0}});
    large.backend = CAIRN_BACKEND_AMX;
    large.rounds = true;
    assert_false(cairn_conv_amx.takes(&large));
}

/* So many channels that not all of them are worked at a time; so many places that a box has few of
 * them, by planes, rows and columns; kernels that see nothing from some places, or whole planes. */
static const struct patch_sizes of_many_samples[] = {
    {{300, 5, 5}, 40, 1, {3, 3}, {1, 1}, {1, 1}, {1, 1}, NULL, {0}},
    {{40, 4, 6}, 270, 1, {3, 3}, {1, 2}, {1, 1}, {1, 1}, NULL, {0}},
    {{96, 30, 50}, 40, 1, {3, 3}, {1, 1}, {1, 1}, {1, 1}, NULL, {0}},
    {{64, 300}, 32, 1, {7}, {1}, {3}, {3}, NULL, {0}},
    {{32, 9, 10, 24}, 33, 1, {3, 3, 3}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, NULL, {0}},
    {{20, 4, 4}, 32, 1, {1, 1}, {1, 1}, {2, 2}, {2, 2}, NULL, {0}},
    {{8, 4, 4}, 8, 1, {4, 4}, {4, 4}, {0, 0}, {0, 0}, NULL, {0}},
    {{64, 1, 4}, 64, 1, {2, 3}, {1, 1}, {1, 0}, {1, 0}, NULL, {2, 1}}, /* nothing but padding */
};

static void test_tiles_of_samples(void **state)
{
    (void)state;
    static const enum how hows[] = {AS_THEY_ARE, ROUNDED};
    if (!cairn_backend_is_there(CAIRN_BACKEND_AMX)) skip();
    for (size_t i = 0; i < sizeof of_many_channels / sizeof of_many_channels[0]; i++)
        check_tiles(&cairn_conv_samples, &of_many_channels[i], hows[i % 2]);
    micro = MANY;
    for (size_t i = 0; i < 2 * (sizeof of_many_samples / sizeof of_many_samples[0]); i++)
        check_tiles(&cairn_conv_samples, &of_many_samples[i / 2], hows[i % 2]);
    micro = MICRO;
}

/* Where tiles are filled, places few and kernels large. */
static void test_who_takes_samples(void **state)
{
    (void)state;
    if (!cairn_backend_is_there(CAIRN_BACKEND_AMX)) skip();
    struct cairn_conv conv = convolution(&of_many_channels[0]); /* 40 to 70 channels, 5 x 5 */
    conv.backend = CAIRN_BACKEND_AMX;
    assert_false(cairn_conv_samples.takes(&conv)); /* 9 samples */
    conv.channels = conv.patches.channels = conv.micro = 64;
    assert_true(cairn_conv_samples.takes(&conv));
    conv.backend = CAIRN_BACKEND_OPENBLAS;
    assert_false(cairn_conv_samples.takes(&conv));
    conv.backend = CAIRN_BACKEND_AMX;
    conv.n_groups = 2;
    assert_false(cairn_conv_samples.takes(&conv));
    conv.n_groups = 1;
    conv.channels = 8;
    assert_false(cairn_conv_samples.takes(&conv));
    conv = convolution(&(struct patch_sizes){
        {64, 160000}, 64, 1, {700}, {320}, {0}, {0}, NULL, {0}}); /* takes seconds to plan */
    conv.backend = CAIRN_BACKEND_AMX;
    conv.micro = 64;
    assert_false(cairn_conv_samples.takes(&conv));
}

static void test_threads_do_not_show(void **state)
{
    (void)state;
    if (!cairn_threads_openmp() || !threads_use(3)) skip();
    for (size_t i = 0; i < sizeof more / sizeof more[0]; i++) {
        const struct cairn_conv conv = convolution(&more[i]);
        const enum how how = i % 2 == 0 ? ROUNDED : AS_THEY_ARE;
        assert_true(threads_use(1));
        struct results one = run(&cairn_conv_direct, &more[i], MICRO, MICRO, how);
        assert_true(threads_use(3));
        struct results three = run(&cairn_conv_direct, &more[i], MICRO, MICRO, how);
        assert_same(&conv, &one, &three);
        assert_memory_equal(one.db, three.db, conv.channels * sizeof(real));
        free_results(&one), free_results(&three);
    }
    assert_true(threads_use(1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_ways_agree),
        cmocka_unit_test(test_operands_are_rounded),
        cmocka_unit_test(test_operands_are_rounded_before),
        cmocka_unit_test(test_tiles_of_places),
        cmocka_unit_test(test_tiles_of_samples),
        cmocka_unit_test(test_who_takes_samples),
        cmocka_unit_test(test_threads_do_not_show),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
