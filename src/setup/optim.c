/* SPDX-License-Identifier: BSD-3-Clause
 * From the keys optim.* to an optimizer. */
#include <string.h>

#include "setup/setup.h"

static cairn_status not_used(const struct cairn_config *config, const struct cairn_key *key,
                             const struct cairn_optim_kind *kind)
{
    char uses[256];
    cairn_optim_uses(kind, uses, sizeof uses);
    return cairn_fail(CAIRN_USAGE,
                      "%s: %s is not used by optim.name: %s, which reads: %s clip_norm exclude_1d "
                      "groups",
                      cairn_config_place(config, key->name), key->name, kind->name, uses);
}

static bool has_default(const struct cairn_config *config, const struct cairn_config_walk *walk)
{
    char buffers[2][CAIRN_KEY_TEXT_BYTES];
    const char *fallback = walk->key->fallback;
    const struct cairn_node *node = cairn_node_find(config->tree, "optim");
    node = cairn_node_find(node, strchr(walk->key->name, '.') + 1);
    if (walk->key->type == CAIRN_KEY_TREE)
        return node->kind == CAIRN_NODE_SCALAR && strcmp(node->text, fallback) == 0;
    const char *text = cairn_config_text(config, walk, buffers[0]);
    cairn_status st = cairn_key_value(walk->key, NULL, buffers[1], &fallback);
    return st == CAIRN_OK && text != NULL && strcmp(text, fallback) == 0;
}

/* A key of another optimizer may only be given with its default: a momentum for adam is a
 * mistake. */
static cairn_status check_uses(const struct cairn_config *config,
                               const struct cairn_optim_kind *kind)
{
    struct cairn_config_walk walk = {0};
    while (cairn_config_next(&walk)) {
        const struct cairn_key *key = walk.key;
        bool is_foreign = walk.of_kind && strncmp(key->name, "optim.", 6) == 0 &&
                          !cairn_optim_has_key(kind, key->name);
        if (!is_foreign || !cairn_config_given(config, key->name)) continue;
        if (!has_default(config, &walk)) return not_used(config, key, kind);
    }
    return CAIRN_OK;
}

/* The optimizer that the run file names, and what it is given. */
static cairn_status read_options(const struct cairn_config *config,
                                 const struct cairn_optim_kind **kind,
                                 struct cairn_optim_options *out)
{
    *out = (struct cairn_optim_options){
        .weight_decay = config->optim_weight_decay,
        .exclude_1d = config->optim_exclude_1d,
        .groups = config->optim_groups,
        .own = cairn_node_find(config->tree, "optim"),
        .placed_later = true,
    };
    CAIRN_TRY_IN(cairn_optim_find(config->optim_name, kind), "%s: optim.name",
                 cairn_config_place(config, "optim.name"));
    return CAIRN_OK;
}

cairn_status cairn_setup_optim_slots(const struct cairn_config *config, size_t *out)
{
    struct cairn_optim_options options;
    const struct cairn_optim_kind *kind = NULL;
    CAIRN_TRY(read_options(config, &kind, &options));
    return cairn_optim_count_slots(kind, &options, out);
}

cairn_status cairn_setup_optim(const struct cairn_config *config,
                               const struct cairn_scaling *scaling, uint64_t batch,
                               const struct cairn_params *params, struct cairn_optim **out)
{
    struct cairn_optim_options options;
    const struct cairn_optim_kind *kind = NULL;
    struct cairn_optim *optim = NULL;
    CAIRN_TRY(read_options(config, &kind, &options));
    CAIRN_TRY(check_uses(config, kind));
    CAIRN_TRY(cairn_optim_create(kind, &options, params, &optim));
    cairn_status st = CAIRN_OK;
    if (scaling->rule == CAIRN_SCALING_ADAM)
        st = cairn_setup_scaling_adam(config, scaling, batch, optim);
    if (st != CAIRN_OK)
        cairn_optim_free(optim);
    else
        *out = optim;
    return st;
}
