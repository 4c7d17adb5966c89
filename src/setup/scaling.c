/* SPDX-License-Identifier: BSD-3-Clause
 * optim.scaling: what the settings found for optim.base_batch become for the global batch. */
#include <inttypes.h>
#include <stdio.h>

#include "base/log.h"
#include "setup/setup.h"

static const enum cairn_scaling_rule rule_of[] = {
    [CAIRN_LR_SCALING_NONE] = CAIRN_SCALING_NONE,
    [CAIRN_LR_SCALING_LINEAR] = CAIRN_SCALING_LINEAR,
    [CAIRN_LR_SCALING_SQRT] = CAIRN_SCALING_SQRT,
    [CAIRN_LR_SCALING_ADAM] = CAIRN_SCALING_ADAM,
};

cairn_status cairn_setup_scaling(const struct cairn_config *config,
                                 const struct cairn_window_rule *rule, struct cairn_scaling *out)
{
    struct cairn_scaling scaling = {.rule = rule_of[config->optim_scaling]};
    bool scales = scaling.rule != CAIRN_SCALING_NONE;
    const char *place = cairn_config_place(config, scales ? "optim.scaling" : "optim.base_batch");
    if (scales && config->optim_base_batch == CAIRN_NONE)
        return cairn_fail(CAIRN_USAGE,
                          "%s: optim.scaling needs optim.base_batch, the global batch that "
                          "optim.lr was found for",
                          place);
    if (!scales && config->optim_base_batch != CAIRN_NONE)
        return cairn_fail(CAIRN_USAGE,
                          "%s: optim.base_batch does nothing by itself; set optim.scaling to "
                          "linear, sqrt or adam",
                          place);
    if (scales && config->batch_normalize == CAIRN_NORMALIZE_SUM)
        return cairn_fail(CAIRN_USAGE,
                          "%s: with batch.normalize: sum the gradient grows with the batch "
                          "already, which is the linear rule; use normalize: mean, or leave out "
                          "optim.scaling",
                          place);
    if (scaling.rule == CAIRN_SCALING_ADAM && rule->ramp.n > 0)
        return cairn_fail(CAIRN_USAGE,
                          "%s: optim.scaling: adam wants one global batch, since it changes what "
                          "the averages mean; with batch.ramp use sqrt or linear",
                          place);
    if (scales) scaling.base_batch = (double)config->optim_base_batch;
    *out = scaling;
    return CAIRN_OK;
}

cairn_status cairn_setup_scaling_adam(const struct cairn_config *config,
                                      const struct cairn_scaling *scaling, uint64_t batch,
                                      struct cairn_optim *optim)
{
    const char *place = cairn_config_place(config, "optim.scaling");
    double *beta1 = cairn_optim_real(optim, "optim.beta1");
    double *beta2 = cairn_optim_real(optim, "optim.beta2");
    double *eps = cairn_optim_real(optim, "optim.eps");
    if (beta1 == NULL || beta2 == NULL)
        return cairn_fail(CAIRN_USAGE,
                          "%s: optim.scaling: adam is for optimizers with beta1 and beta2, and "
                          "%s has none; use linear or sqrt",
                          place, cairn_optim_name(optim));
    struct cairn_moments moments = {*beta1, *beta2, eps == NULL ? 0 : *eps};
    CAIRN_TRY_IN(cairn_scaling_adam(scaling, (double)batch, &moments), "%s: optim.scaling: adam",
                 place);
    *beta1 = moments.beta1;
    *beta2 = moments.beta2;
    if (eps != NULL) *eps = moments.eps;
    return CAIRN_OK;
}

/* What the rule adam makes of the rest, after the learning rate. */
static void adam_text(const struct cairn_config *config, const struct cairn_scaling *scaling,
                      double batch, char *text, size_t n_bytes)
{
    const struct cairn_moments before = {cairn_config_real(config, "optim.beta1"),
                                         cairn_config_real(config, "optim.beta2"),
                                         cairn_config_real(config, "optim.eps")};
    struct cairn_moments now = before;
    text[0] = '\0';
    if (scaling->rule != CAIRN_SCALING_ADAM) return;
    if (cairn_scaling_adam(scaling, batch, &now) != CAIRN_OK) return; /* was refused before */
    snprintf(text, n_bytes, ", beta1 %.6g -> %.6g, beta2 %.6g -> %.6g, eps %.3g -> %.3g",
             before.beta1, now.beta1, before.beta2, now.beta2, before.eps, now.eps);
}

void cairn_setup_tell_scaling(const struct cairn_config *config,
                              const struct cairn_scaling *scaling,
                              const struct cairn_window_rule *rule)
{
    static const char *const names[] = {"none", "linear", "sqrt", "adam"};
    char text[256];
    double first = (double)cairn_window_batch(rule, 0);
    double rate = config->optim_lr * cairn_scaling_factor(scaling, first);
    if (scaling->rule == CAIRN_SCALING_NONE) return;
    if (rule->ramp.n == 0) {
        adam_text(config, scaling, first, text, sizeof text);
    } else {
        uint64_t end = rule->ramp.entry[rule->ramp.n - 1].position;
        double last = (double)cairn_window_batch(rule, end);
        snprintf(text, sizeof text, "; at the end of batch.ramp k = %.4g, lr %.6g -> %.3g",
                 last / scaling->base_batch, config->optim_lr,
                 config->optim_lr * cairn_scaling_factor(scaling, last));
    }
    cairn_log_info("optim.scaling %s: k = %.4g, lr %.6g -> %.3g%s", names[scaling->rule],
                   first / scaling->base_batch, config->optim_lr, rate, text);
}
