/* SPDX-License-Identifier: BSD-3-Clause
 * A layer, a loss and an optimizer of a host's own. */
#include "support/own_kinds.h"

#include <math.h>

struct powers {
    bool is_wrong;
};

struct brier {
    double factor;
};

struct soft_sign {
    double beta1, softness;
};

#define real    cairn_real
#define NAME(f) f
#include "support/own_pass.h"
#undef real
#undef NAME
#define real    double
#define NAME(f) f##_double
#include "support/own_pass.h"

static cairn_status plan(void *self, struct cairn_own_plan *plan)
{
    (void)self;
    if (plan->in.n_dims != 1)
        return cairn_fail(CAIRN_USAGE, "takes rows; put {type: flatten} before it");
    plan->out.dim[0] = 2 * plan->in.dim[0];
    plan->n_weights = 2;
    plan->weight[0] = (struct cairn_own_weight){.name = "a", .shape = plan->in, .value = 1};
    plan->weight[1] = (struct cairn_own_weight){.name = "b", .shape = plan->in, .spread = 0.5};
    plan->kept = plan->scratch = plan->in.dim[0];
    return CAIRN_OK;
}

static const struct cairn_key powers_keys[] = {
    {"wrong", CAIRN_KEY_BOOL, offsetof(struct powers, is_wrong), "false", 0, 0, NULL,
     "give a wrong gradient"},
};

const struct cairn_own_layer own_powers = {
    .size = sizeof(struct cairn_own_layer),
    .name = "powers",
    .doc = "a x and b x^2",
    .keys = powers_keys,
    .n_keys = 1,
    .self_bytes = sizeof(struct powers),
    .plan = plan,
    .forward = powers_forward,
    .backward = powers_backward,
    .forward_double = powers_forward_double,
    .backward_double = powers_backward_double,
};

static const struct cairn_key brier_keys[] = {
    {"factor", CAIRN_KEY_REAL, offsetof(struct brier, factor), "1", 0, 10, NULL, "of the loss"},
};

const struct cairn_own_loss own_brier = {
    .size = sizeof(struct cairn_own_loss),
    .name = "brier",
    .doc = "half the squared distance to the class",
    .keys = brier_keys,
    .n_keys = 1,
    .self_bytes = sizeof(struct brier),
    .takes_classes = true,
    .takes_targets = true,
    .loss = brier,
    .loss_double = brier_double,
};

static void update(const void *self, const struct cairn_optim_step *step)
{
    const struct soft_sign *own = self;
    cairn_real *m = step->slot[0];
    for (size_t i = 0; i < step->n; i++) {
        m[i] = (cairn_real)(own->beta1 * (double)m[i] + (1 - own->beta1) * (double)step->g[i]);
        step->w[i] -=
            (cairn_real)(step->rate.now * (double)m[i] / (fabs((double)m[i]) + own->softness));
    }
}

static const struct cairn_key soft_sign_keys[] = {
    {"optim.beta1", CAIRN_KEY_REAL, offsetof(struct soft_sign, beta1), "0.9", 0, 1, NULL,
     "decay of the first moment"},
    {"optim.softness", CAIRN_KEY_REAL, offsetof(struct soft_sign, softness), "0.01", 0, 1, NULL,
     "where a gradient is small"},
};

const struct cairn_optim_kind own_soft_sign = {
    .size = sizeof(struct cairn_optim_kind),
    .name = "soft_sign",
    .doc = "the mean gradient over its size and softness",
    .keys = soft_sign_keys,
    .n_keys = 2,
    .self_bytes = sizeof(struct soft_sign),
    .slots = {"exp_avg"},
    .update = update,
};
