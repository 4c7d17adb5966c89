/* SPDX-License-Identifier: BSD-3-Clause
 * Random optimizers, each with the keys that it says it reads. */
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "fuzz/valid.h"
#include "optim/groups.h"
#include "optim/optim.h"

/* Nesterov's momentum wants momentum and no dampening. */
static void write_momentum(struct valid *run)
{
    double momentum = valid_once_in(run, 3) ? 0 : valid_real(run, 0.1, 0.97);
    bool nesterov = momentum > 0.1 && valid_once_in(run, 2);
    fprintf(run->out, ", momentum: %.3g, nesterov: %s", momentum, nesterov ? "true" : "false");
    if (!nesterov && valid_once_in(run, 2))
        fprintf(run->out, ", dampening: %.3g", valid_real(run, 0, 0.9));
}

static void write_key(struct valid *run, const struct cairn_key *key,
                      const struct cairn_optim_kind *kind)
{
    bool has_nesterov = cairn_optim_has_key(kind, "optim.nesterov");
    if (has_nesterov && cairn_words_find("optim.momentum optim.dampening", key->name, NULL)) return;
    if (strcmp(key->name, "optim.nesterov") == 0)
        write_momentum(run);
    else
        valid_write_key(run, key);
}

static void write_pattern(struct valid *run)
{
    const struct valid_name *name = &run->name[fuzz_below(&run->random, run->n_names)];
    bool biases = name->has_bias && valid_once_in(run, 2);
    if (biases && valid_once_in(run, 2))
        fprintf(run->out, "'*.bias'");
    else if (biases)
        fprintf(run->out, "%s.bias", name->text);
    else
        fprintf(run->out, "'%s.*'", name->text);
}

/* One entry: which tensors, and keys of groups.h. */
static void write_group(struct valid *run, const struct cairn_optim_kind *kind)
{
    size_t n_keys = 0;
    const struct cairn_key *keys = cairn_optim_group_keys(&n_keys);
    fprintf(run->out, "{match: [");
    for (size_t n = valid_count(run, 1, 2); n > 0; n--) {
        write_pattern(run);
        fprintf(run->out, n > 1 ? ", " : "]");
    }
    for (size_t i = 0; i < n_keys; i++) {
        if (strcmp(keys[i].name, "match") == 0 || valid_once_in(run, 2)) continue;
        if (strcmp(keys[i].name, "lr_scale") == 0)
            fprintf(run->out, ", lr_scale: %.3g",
                    valid_once_in(run, 4) ? 0 : valid_real(run, 0.1, 3));
        else if (strcmp(keys[i].name, "trust_ratio") == 0 && !kind->by_tensor)
            fprintf(run->out, ", trust_ratio: false");
        else
            valid_write_key(run, &keys[i]);
    }
    fprintf(run->out, "}");
}

/* optim.scaling, where the rest allows it. */
static void write_scaling(struct valid *run, const struct cairn_optim_kind *kind, size_t global,
                          bool has_ramp)
{
    bool adam = !has_ramp && cairn_optim_has_key(kind, "optim.beta1") &&
                cairn_optim_has_key(kind, "optim.beta2") && valid_once_in(run, 2);
    size_t base = adam ? valid_count(run, global + 1, 2 * global) : valid_count(run, 1, 3 * global);
    fprintf(run->out, ", base_batch: %zu, scaling: %s", base,
            adam                    ? "adam"
            : valid_once_in(run, 2) ? "linear"
                                    : "sqrt");
}

void valid_write_optim(struct valid *run, size_t global, bool has_ramp, bool sums)
{
    size_t n_kinds = 0;
    while (cairn_optim_kind_at(n_kinds) != NULL) n_kinds++;
    const struct cairn_optim_kind *kind = cairn_optim_kind_at(fuzz_below(&run->random, n_kinds));
    double lr = valid_once_in(run, 15) ? valid_scale(run, 1, 1e4) : valid_scale(run, 1e-4, 0.3);
    if (sums) lr /= (double)global;
    fprintf(run->out, "optim: {name: %s, lr: %.4g", kind->name, lr);
    valid_write_key(run, cairn_config_key("optim.weight_decay"));
    for (size_t i = 0; i < kind->n_keys; i++) write_key(run, &kind->keys[i], kind);
    if (valid_once_in(run, 3)) fprintf(run->out, ", exclude_1d: false");
    if (valid_once_in(run, 3)) fprintf(run->out, ", clip_norm: %.4g", valid_scale(run, 1e-2, 10));
    if (!sums && valid_once_in(run, 3)) write_scaling(run, kind, global, has_ramp);
    if (run->n_names > 0 && valid_once_in(run, 2)) {
        fprintf(run->out, ", groups: [");
        for (size_t n = valid_count(run, 1, 3); n > 0; n--) {
            write_group(run, kind);
            fprintf(run->out, n > 1 ? ", " : "]");
        }
    }
    fprintf(run->out, "}\n");
}

static void check_keys(const struct cairn_optim_kind *kind)
{
    for (size_t i = 0; i < kind->n_keys; i++)
        if (!valid_knows(&kind->keys[i])) valid_unknown("key", kind->keys[i].name, kind->name);
}

void valid_check_optim(void)
{
    size_t n = 0;
    const struct cairn_key *group = cairn_optim_group_keys(&n);
    for (size_t i = 0; cairn_optim_kind_at(i) != NULL; i++) check_keys(cairn_optim_kind_at(i));
    for (size_t i = 0; i < n; i++)
        if (!cairn_words_find("match lr_scale", group[i].name, NULL) && !valid_knows(&group[i]))
            valid_unknown("key", group[i].name, "optim.groups");
}
