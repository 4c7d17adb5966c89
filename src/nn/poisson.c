/* SPDX-License-Identifier: BSD-3-Clause
 * poisson: minus the log likelihood of counts y.  An output h is the log of the rate, or with
 * log_input: false the rate itself; for each output
 *   L = exp(h) - y h,  or  L = h - y log(h + eps)
 * and for a sample the sum over its outputs.  What is left out, log y!, does not depend on h; with
 * full: true Stirling's y log y - y + log(2 pi y) / 2 stands for it where y > 1.
 * Source: torch.nn.PoissonNLLLoss; its mean over [n, d] is this one's divided by d. */
#include <math.h>

#include "nn/each_output.h"
#include "nn/loss.h"

struct poisson {
    bool log_input, full;
    double eps;
    int reduce;
};

static const struct cairn_key keys[] = {
    {"log_input", CAIRN_KEY_BOOL, offsetof(struct poisson, log_input), "true", 0, 0, NULL,
     "outputs are logs of rates; false: rates, which must not be negative"},
    {"full", CAIRN_KEY_BOOL, offsetof(struct poisson, full), "false", 0, 0, NULL,
     "add Stirling's formula for log y!, which changes the loss and no gradient"},
    {"eps", CAIRN_KEY_REAL, offsetof(struct poisson, eps), "1e-8", 0, 1, NULL,
     "log_input: false: added to a rate before its log is taken"},
    CAIRN_REDUCE_KEY(struct poisson, reduce),
};

static double stirling(double y)
{
    const double two_pi = 6.28318530717958647692;
    return y > 1 ? y * log(y) - y + 0.5 * log(two_pi * y) : 0;
}

static double one(const void *loss, double h, double y, double *gradient)
{
    const struct poisson *self = loss;
    const double constant = self->full ? stirling(y) : 0;
    const double rate = self->log_input ? exp(h) : h + self->eps;
    *gradient = self->log_input ? rate - y : 1 - y / rate;
    return self->log_input ? rate - y * h + constant : h - y * log(rate) + constant;
}

static double predicted(const void *self, double h)
{
    return ((const struct poisson *)self)->log_input ? exp(h) : h;
}

static cairn_status plan(void *self, const struct cairn_shape *outputs,
                         const struct cairn_model_options *options)
{
    (void)self;
    return cairn_each_output_plan("poisson", outputs, options);
}

static cairn_status check_counts(const struct cairn_micro *micro, size_t k)
{
    for (size_t i = 0; i < micro->n; i++) {
        for (size_t j = 0; j < k; j++)
            if (!(micro->target[i * k + j] >= 0) && cairn_micro_weight(micro, i, j) > 0)
                return cairn_fail(CAIRN_DATA,
                                  "sample %llu: target %zu is %g, but poisson takes counts and "
                                  "rates from 0 on; use squared_error for other targets",
                                  (unsigned long long)micro->sample[i], j,
                                  (double)micro->target[i * k + j]);
    }
    return CAIRN_OK;
}

static cairn_status run(const void *self, const struct cairn_micro *micro, size_t k, const real *h,
                        real *dh, struct cairn_scores *scores)
{
    CAIRN_TRY(check_counts(micro, k));
    const struct cairn_each_output loss = {self, one, ((const struct poisson *)self)->reduce};
    cairn_each_output_run(&loss, micro, k, h, dh, scores);
    return CAIRN_OK;
}

const struct cairn_loss_kind CAIRN_R(cairn_loss_poisson) = {
    .size = sizeof(struct cairn_loss_kind),
    .name = "poisson",
    .doc = "minus the log likelihood of counts; outputs are logs of their rates; summed over d "
           "outputs: d times PyTorch's PoissonNLLLoss; for data with real targets from 0 on",
    .example = "{type: poisson, full: true}",
    .takes_targets = true,
    .over = true,
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .self_bytes = sizeof(struct poisson),
    .plan = plan,
    .predicted = predicted,
    .run = run,
};
