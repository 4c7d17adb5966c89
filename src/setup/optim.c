/* SPDX-License-Identifier: BSD-3-Clause
 * From the keys optim.* to an optimizer. */
#include <stdlib.h>
#include <string.h>

#include "setup/setup.h"

/* A key that this optimizer does not read may stand there with its default only: a momentum for
 * adam is a mistake. */
static cairn_status check_uses(const struct cairn_config *config,
                               const struct cairn_optim_kind *kind)
{
    const char prefix[] = "optim.";
    size_t n = 0;
    const struct cairn_key *key = cairn_config_keys(&n);
    for (const struct cairn_key *end = key + n; key < end; key++) {
        if (strncmp(key->name, prefix, sizeof prefix - 1) != 0) continue;
        const char *name = key->name + sizeof prefix - 1;
        if (cairn_words_find("name lr clip_norm base_batch scaling exclude_1d groups", name,
                             NULL) ||
            cairn_words_find(kind->uses, name, NULL))
            continue;
        const struct cairn_node *node =
            cairn_node_find(cairn_node_find(config->tree, "optim"), name);
        if (node == NULL || strcmp(node->text, key->fallback) == 0) continue;
        if (key->type == CAIRN_KEY_REAL && strtod(node->text, NULL) == strtod(key->fallback, NULL))
            continue;
        return cairn_fail(CAIRN_USAGE,
                          "%s: %s is not used by optim.name: %s, which reads: %s clip_norm "
                          "exclude_1d groups",
                          cairn_node_place(node), key->name, kind->name, kind->uses);
    }
    return CAIRN_OK;
}

static struct cairn_optim_options read_options(const struct cairn_config *config)
{
    return (struct cairn_optim_options){
        .name = config->optim_name,
        .lr = config->optim_lr,
        .momentum = config->optim_momentum,
        .dampening = config->optim_dampening,
        .weight_decay = config->optim_weight_decay,
        .beta1 = config->optim_beta1,
        .beta2 = config->optim_beta2,
        .eps = config->optim_eps,
        .alpha = config->optim_alpha,
        .trust_coefficient = config->optim_trust_coefficient,
        .nesterov = config->optim_nesterov,
        .centered = config->optim_centered,
        .bias_correction = config->optim_bias_correction,
        .momentum_correction = config->optim_momentum_correction,
        .exclude_1d = config->optim_exclude_1d,
        .groups = config->optim_groups,
    };
}

cairn_status cairn_setup_optim_slots(const struct cairn_config *config, size_t *out)
{
    struct cairn_optim_options options = read_options(config);
    const struct cairn_optim_kind *kind = NULL;
    CAIRN_TRY_IN(cairn_optim_find(options.name, &kind), "%s: optim.name",
                 cairn_config_place(config, "optim.name"));
    *out = cairn_optim_count_slots(kind, &options);
    return CAIRN_OK;
}

cairn_status cairn_setup_optim(const struct cairn_config *config,
                               const struct cairn_scaling *scaling, uint64_t batch,
                               const struct cairn_params *params, struct cairn_optim **out)
{
    struct cairn_optim_options options = read_options(config);
    const struct cairn_optim_kind *kind = NULL;
    CAIRN_TRY_IN(cairn_optim_find(options.name, &kind), "%s: optim.name",
                 cairn_config_place(config, "optim.name"));
    CAIRN_TRY(check_uses(config, kind));
    if (kind->check != NULL)
        CAIRN_TRY_IN(kind->check(&options), "%s", cairn_config_place(config, "optim.name"));
    if (scaling->rule == CAIRN_SCALING_ADAM)
        CAIRN_TRY(cairn_setup_scaling_adam(config, scaling, batch, kind, &options));
    return cairn_optim_create(&options, params, out); /* groups know their own place */
}
