/* SPDX-License-Identifier: BSD-3-Clause
 * Numbers too small to be normal (base/tiny.h): optimizers and the average of the weights keep
 * none, whatever they were left with, and elsewhere they are numbers as before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <tgmath.h>

#include <cmocka.h>

#include "base/tiny.h"
#include "optim/optim.h"
#include "support/optim.h"
#include "train/average.h"

static bool is_tiny(real x)
{
    return fpclassify(x) == FP_SUBNORMAL;
}

static volatile real least =
    (real)(CAIRN_REAL_BITS == 32 ? 0x1p-126 : 0x1p-1022); /* that is normal */

static void zeros_for_a_while(void **state)
{
    (void)state;
    assert_true(is_tiny(least / 4));
    const uint64_t before = cairn_tiny_to_zero();
    volatile real quarter = least / 4;
    cairn_tiny_as_before(before);
#if defined(__SSE2__) || defined(__aarch64__)
    assert_true(quarter == 0);
#else
    (void)quarter;
#endif
    assert_true(is_tiny(least / 4));
}

/* State that remains too small to be normal makes an update four times as long on some CPUs. */
static void keeps_none(const struct cairn_optim_kind *kind, const char *keys)
{
    struct tried o = tried(kind, keys);
    struct cairn_optim *optim = NULL;
    const char *name = NULL;
    real *slot = NULL;
    real w[N] = {0}, g[N] = {0};
    if (cairn_optim_create(o.kind, &o.options, &two_tensors, &optim) != CAIRN_OK)
        fail_msg("%s", cairn_error_text());
    for (size_t i = 0; cairn_optim_slot(optim, i, &name, &slot); i++)
        for (int k = 0; k < N; k++) slot[k] = least / 4;
    optim_update(optim, (struct cairn_rate){0.1, 0.1}, g, w);
    for (size_t i = 0; cairn_optim_slot(optim, i, &name, &slot); i++)
        for (int k = 0; k < N; k++)
            if (is_tiny(slot[k]))
                fail_msg("%s %s: %s is %g", kind->name, keys, name, (double)slot[k]);
    for (int k = 0; k < N; k++) assert_false(is_tiny(w[k]));
    cairn_optim_free(optim);
    tried_free(&o);
}

static void no_optimizer_keeps_any(void **state)
{
    const struct cairn_optim_kind *kind = NULL;
    (void)state;
    for (size_t k = 0; (kind = cairn_optim_kind_at(k)) != NULL; k++)
        for (const char *const *keys = formula_of(kind)->example; *keys != NULL; keys++)
            keeps_none(kind, *keys);
    assert_true(is_tiny(least / 4));
}

static void no_average_keeps_any(void **state)
{
    real average[N], w[N] = {0};
    (void)state;
    for (int k = 0; k < N; k++) average[k] = least / 4;
    cairn_average_add(average, w, N, 0.9, false);
    for (int k = 0; k < N; k++) assert_false(is_tiny(average[k]));
    assert_true(is_tiny(least / 4));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zeros_for_a_while),
        cmocka_unit_test(no_optimizer_keeps_any),
        cmocka_unit_test(no_average_keeps_any),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
