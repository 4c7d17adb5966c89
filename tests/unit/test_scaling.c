/* SPDX-License-Identifier: BSD-3-Clause
 * What the rules of optim.scaling make of settings. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "optim/scaling.h"

static const double TOLERANCE = 1e-15; /* a few roundings of numbers up to 1 */

static void assert_near(double a, double b)
{
    if (fabs(a - b) > TOLERANCE * fmax(1, fabs(b))) fail_msg("%.17g, wanted %.17g", a, b);
}

static double factor(enum cairn_scaling_rule rule, double base_batch, double batch)
{
    const struct cairn_scaling scaling = {.rule = rule, .base_batch = base_batch};
    return cairn_scaling_factor(&scaling, batch);
}

static void factors(void **state)
{
    (void)state;
    assert_true(factor(CAIRN_SCALING_NONE, 0, 512) == 1);
    assert_near(factor(CAIRN_SCALING_LINEAR, 256, 8192), 32);
    assert_near(factor(CAIRN_SCALING_LINEAR, 256, 64), 0.25);
    assert_near(factor(CAIRN_SCALING_SQRT, 256, 4096), 4);
    assert_near(factor(CAIRN_SCALING_SQRT, 100, 800), 2.8284271247461903);
    assert_near(factor(CAIRN_SCALING_ADAM, 256, 4096), 4);
    assert_true(factor(CAIRN_SCALING_LINEAR, 100, 100) == 1);
}

static void adam_maps_betas_and_eps(void **state)
{
    const struct cairn_scaling scaling = {.rule = CAIRN_SCALING_ADAM, .base_batch = 64};
    struct cairn_moments moments = {.beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8};
    (void)state;
    assert_int_equal(cairn_scaling_adam(&scaling, 256, &moments), CAIRN_OK);
    assert_near(moments.beta1, 0.6);
    assert_near(moments.beta2, 0.996);
    assert_near(moments.eps * 1e8, 0.5);
    assert_int_equal(cairn_scaling_adam(&scaling, 16, &moments), CAIRN_OK); /* and back */
    assert_near(moments.beta1, 0.9);
    assert_near(moments.beta2, 0.999);
    assert_near(moments.eps * 1e8, 1);
}

static void adam_refuses_where_no_average_is_left(void **state)
{
    static const struct {
        double batch, beta1, beta2;
        const char *says;
    } wrong[] = {
        {1000, 0.9, 0.999, "k (1 - beta1) = 10 x (1 - 0.9) = 1 is not below 1"},
        {2000, 0.9, 0.999, "k (1 - beta1) = 20 x (1 - 0.9) = 2 is not below 1"},
        {2000, 0.99, 0.9, "use a batch.global below base_batch 100 / (1 - beta2) = 1000"},
        {100, 0, 0.999, "= 1 is not below 1"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const struct cairn_scaling scaling = {.rule = CAIRN_SCALING_ADAM, .base_batch = 100};
        struct cairn_moments moments = {
            .beta1 = wrong[i].beta1, .beta2 = wrong[i].beta2, .eps = 1e-8};
        assert_int_equal(cairn_scaling_adam(&scaling, wrong[i].batch, &moments), CAIRN_USAGE);
        if (strstr(cairn_error_text(), wrong[i].says) == NULL) fail_msg("%s", cairn_error_text());
        assert_true(moments.beta1 == wrong[i].beta1 && moments.beta2 == wrong[i].beta2);
    }
    const struct cairn_scaling scaling = {.rule = CAIRN_SCALING_ADAM, .base_batch = 100};
    struct cairn_moments moments = {.beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8};
    assert_int_equal(cairn_scaling_adam(&scaling, 999, &moments), CAIRN_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(factors),
        cmocka_unit_test(adam_maps_betas_and_eps),
        cmocka_unit_test(adam_refuses_where_no_average_is_left),
    };
    return cmocka_run_group_tests_name("scaling", tests, NULL, NULL);
}
