/* SPDX-License-Identifier: BSD-3-Clause
 * Schedules of the learning rate, and clipping of the gradient. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "optim/optim.h"
#include "optim/schedule.h"
#include "tensor/gradient.h"
#include "tensor/norm.h"

static void clip(void **state)
{
    real g[3] = {3, 4, 12};
    struct cairn_gradient gradient = {.sum = g, .divisor = 1, .factor = 1};
    (void)state;
    cairn_gradient_clip(&gradient, 13, 0);
    cairn_gradient_clip(&gradient, 13, 13);
    cairn_gradient_settle(&gradient, 3);
    assert_true(g[0] == 3 && g[1] == 4 && g[2] == 12);
    cairn_gradient_clip(&gradient, 13, 1);
    cairn_gradient_settle(&gradient, 3);
    assert_true(fabs((double)g[0] - 0.23076921701431274) <
                1e-7); /* by torch.nn.utils.clip_grad_norm_ */
    assert_true(fabs((double)g[2] - 0.923076868057251) < 1e-7);
    assert_true(cairn_norm(g, 3) <= 1);
}

struct schedule_row {
    struct cairn_schedule schedule;
    uint64_t update[5];
    double rate[5];
};

static const struct schedule_row table[] = {
    {{.decay = CAIRN_DECAY_CONSTANT, .lr = 0.5, .warmup_updates = 10},
     {0, 4, 9, 10, 1000000},
     {0.05, 0.25, 0.5, 0.5, 0.5}},
    {{.decay = CAIRN_DECAY_COSINE, .lr = 2, .total_updates = 100},
     {0, 25, 50, 100, 150},
     {2, 1 + M_SQRT1_2, 1, 0, 0}},
    {{.decay = CAIRN_DECAY_COSINE,
      .lr = 2,
      .final_factor = 0.1,
      .warmup_updates = 20,
      .total_updates = 100},
     {0, 19, 20, 60, 100},
     {0.1, 2, 2, 1.1, 0.2}},
    {{.decay = CAIRN_DECAY_LINEAR,
      .lr = 1,
      .final_factor = 0.5,
      .warmup_updates = 10,
      .total_updates = 30},
     {4, 10, 20, 25, 99},
     {0.5, 1, 0.75, 0.625, 0.5}},
    {{.decay = CAIRN_DECAY_LINEAR,
      .lr = 1,
      .warmup_updates = 10,
      .total_updates = 5}, /* all of it warm-up */
     {0, 4, 9, 10, 11},
     {0.1, 0.5, 1, 0, 0}},
    {{.decay = CAIRN_DECAY_STEP,
      .lr = 1,
      .step_factor = 0.5,
      .step_updates = 10,
      .warmup_updates = 5},
     {4, 5, 14, 15, 25},
     {1, 1, 1, 0.5, 0.25}},
    /* as torch.optim.lr_scheduler.PolynomialLR from lr - low to 0, and low more */
    {{.decay = CAIRN_DECAY_POLYNOMIAL,
      .lr = 2,
      .final_factor = 0.1,
      .power = 2,
      .warmup_updates = 20,
      .total_updates = 100},
     {19, 20, 60, 80, 100},
     {2, 2, 0.2 + 1.8 / 4, 0.2 + 1.8 / 16, 0.2}},
    {{.decay = CAIRN_DECAY_POLYNOMIAL, .lr = 1, .power = 0.5, .total_updates = 100},
     {0, 36, 75, 99, 101},
     {1, 0.8, 0.5, 0.1, 0}},
    {{.decay = CAIRN_DECAY_WSD,
      .lr = 1,
      .final_factor = 0.2,
      .power = 1,
      .warmup_updates = 10,
      .fall_updates = 40,
      .total_updates = 100},
     {4, 10, 60, 80, 100},
     {0.5, 1, 1, 0.6, 0.2}},
    {{.decay = CAIRN_DECAY_WSD,
      .lr = 1,
      .power = 2,
      .warmup_updates = 10,
      .fall_updates = 1000, /* longer than the run: all of it but the warm-up */
      .total_updates = 110},
     {9, 10, 60, 85, 110},
     {1, 1, 0.25, 0.0625, 0}},
    {{.decay = CAIRN_DECAY_MILESTONES,
      .lr = 2,
      .warmup_updates = 4,
      .n_milestones = 2,
      .milestone = {{10, 0.5}, {30, 0.25}}},
     {1, 4, 10, 29, 30},
     {1, 2, 1, 1, 0.5}},
};

static void schedules(void **state)
{
    (void)state;
    for (size_t c = 0; c < sizeof table / sizeof table[0]; c++)
        for (size_t i = 0; i < 5; i++) {
            double rate = cairn_schedule_rate(&table[c].schedule, table[c].update[i], 0, 0);
            if (fabs(rate - table[c].rate[i]) > 1e-15)
                fail_msg("row %zu, %zu: %.17g, wanted %.17g", c, i, rate, table[c].rate[i]);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clip),
        cmocka_unit_test(schedules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
